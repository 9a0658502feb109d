// Errors as values. What an error is never changes; what has happened to it (where it has been, what was suppressed on its
// account) does, and scripts may share one error between tasks: so that part is under a lock. What crosses to another strand by
// itself (an awaited task's error) is a copy, so that the traces of two tasks do not mix.

import RunnelScheduler
public import RunnelSyntax
import Synchronization

/// One line of a trace: a place in a script, and the function it is in.
public struct TraceEntry: Sendable {
  public enum Role: Sendable {
    case raised
    case called
    case spawned
    case awaited
    /// The stage of a pipeline that failed; `function` is its text.
    case stage
  }
  public let role: Role
  public let function: String
  public let source: SourceFile
  public let span: Span
  /// For `spawned`: what reports call the task.
  public let task: String?

  public init(role: Role, function: String, source: SourceFile, span: Span, task: String? = nil) {
    self.role = role
    self.task = task
    self.function = function
    self.source = source
    self.span = span
  }

  /// The same place in another role.
  func with(role: Role) -> TraceEntry {
    TraceEntry(role: role, function: function, source: source, span: span, task: task)
  }
}

/// An error.
///
/// `@unchecked Sendable`: `history` is protected by `lock`; `data` and `exitCode` are set by whoever makes it, before anybody
/// else knows it.
public final class ErrorObject: Object, @unchecked Sendable {
  public let kind: ErrorKind
  public let message: String
  /// What it was raised with, by name.
  public internal(set) var data: MapStorage
  /// The same for all copies of an error, and for no other.
  private let identity: Int
  private static let lastIdentity = Atomic<Int>(0)
  /// Only for `ErrorKind.exit`: the exit status.
  var exitCode: Int = 0

  private struct History {
    var cause: ErrorObject?
    var notes: [String] = []
    var suppressed: [ErrorObject] = []
    var trace: [TraceEntry] = []
    var attempts: [Value]?
  }
  private let lock = Lock()
  private var history = History()

  /// More places than these are not noted.
  private static let traceLimit = 40

  public init(
    _ kind: ErrorKind, _ message: String, data: MapStorage = MapStorage(), cause: ErrorObject? = nil
  ) {
    self.kind = kind
    self.message = message
    self.data = data
    identity = Self.lastIdentity.wrappingAdd(1, ordering: .relaxed).newValue
    history.cause = cause
    super.init(tag: .error)
  }

  private init(copy error: ErrorObject) {
    kind = error.kind
    message = error.message
    data = error.data
    identity = error.identity
    exitCode = error.exitCode
    history = error.lock.withLock { error.history }
    super.init(tag: .error)
  }

  // MARK: What has happened to it

  public var cause: ErrorObject? { lock.withLock { history.cause } }
  public var notes: [String] { lock.withLock { history.notes } }
  /// Errors that were raised while this one passed.
  public var suppressed: [ErrorObject] { lock.withLock { history.suppressed } }
  /// Where it was raised and through which calls and tasks it came, innermost first; empty until raised.
  public var trace: [TraceEntry] { lock.withLock { history.trace } }
  /// What a `retry` that it left had tried: each attempt's error, nil where `until` refused the value.
  var attempts: [Value]? { lock.withLock { history.attempts } }
  var hasTrace: Bool { lock.withLock { !history.trace.isEmpty } }

  func set(cause: ErrorObject) {
    // What was there before is let go of outside the lock, as below.
    let before = lock.withLock { () -> ErrorObject? in
      defer { history.cause = cause }
      return history.cause
    }
    withExtendedLifetime(before) {}
  }

  func set(attempts: [Value]) {
    let before = lock.withLock { () -> [Value]? in
      defer { history.attempts = attempts }
      return history.attempts
    }
    withExtendedLifetime(before) {}
  }

  func add(note: String) { lock.withLock { history.notes.append(note) } }

  func add(suppressed error: ErrorObject) {
    // One failure may come on two ways, as a task's and as that of who awaits it: it is not raised beside itself.
    guard error.identity != identity else { return }
    lock.withLock { history.suppressed.append(error) }
  }

  /// Notes a place that it has passed through. It is asked for only if there is room.
  func add(place: () -> TraceEntry?) {
    guard lock.withLock({ history.trace.count < Self.traceLimit }), let entry = place() else { return }
    lock.withLock { history.trace.append(entry) }
  }

  /// Notes the stage that it came from, if it comes from no stage yet.
  func add(stage: () -> TraceEntry?) {
    guard !lock.withLock({ history.trace.contains { $0.role == .stage } }) else { return }
    add(place: stage)
  }

  /// Takes over where another has been, which it stands for from now on.
  func takeTrace(of other: ErrorObject) {
    let trace = other.trace
    lock.withLock { history.trace = trace }
  }

  public override var typeName: String { "error" }

  deinit {
    if data.holdsContainers { Teardown.release(&data) }
    if history.cause != nil || !history.suppressed.isEmpty {
      var others = history.suppressed.map { Value.object($0) }
      if let cause = history.cause { others.append(.object(cause)) }
      history.cause = nil
      history.suppressed = []
      Teardown.release(&others)
    }
  }

  /// `Kind: message`, or the kind alone where there is no message.
  public var summary: String { message.isEmpty ? kind.name : "\(kind.name): \(message)" }

  /// A copy for another strand.
  func copied() -> ErrorObject { ErrorObject(copy: self) }
}

/// How native code raises an error of the language.
public struct Raised: Error {
  public let error: ErrorObject

  public init(_ error: ErrorObject) { self.error = error }

  public init(_ kind: ErrorKind, _ message: String) {
    error = ErrorObject(kind, message)
  }

  /// With fields that scripts read as `e.path` and the like.
  public init(_ kind: ErrorKind, _ message: String, data: KeyValuePairs<String, Value>) {
    var storage = MapStorage()
    for (key, value) in data { storage.set(.string(key), value) }
    error = ErrorObject(kind, message, data: storage)
  }
}
