// Errors as values. An error belongs to one strand at a time: what crosses to another strand (an awaited
// task's error) is a copy, so that `note` and `suppressed` are never written by two.

public import RunnelSyntax

/// One line of a trace: a place in a script, and the function it is in.
public struct TraceEntry: Sendable {
  public enum Role: Sendable {
    case raised
    case called
    case spawned
    case awaited
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
}

/// An error.
public final class ErrorObject: Object, @unchecked Sendable {
  public let kind: ErrorKind
  public internal(set) var message: String
  /// What it was raised with, by name.
  public internal(set) var data: MapStorage
  public internal(set) var cause: ErrorObject?
  public internal(set) var notes: [String] = []
  public internal(set) var suppressed: [ErrorObject] = []
  /// Where it was raised and through which calls and tasks it came, innermost first; empty until raised.
  public internal(set) var trace: [TraceEntry] = []
  /// What a `retry` that it left had tried: each attempt's error, nil where `until` refused the value.
  var attempts: [Value]?
  /// Only for `ErrorKind.exit`: the exit status.
  var exitCode: Int = 0

  public init(
    _ kind: ErrorKind, _ message: String, data: MapStorage = MapStorage(), cause: ErrorObject? = nil
  ) {
    self.kind = kind
    self.message = message
    self.data = data
    self.cause = cause
    super.init(tag: .error)
  }

  public override var typeName: String { "error" }

  deinit {
    if data.holdsContainers { Teardown.release(&data) }
    if cause != nil || !suppressed.isEmpty {
      var others = suppressed.map { Value.object($0) }
      if let cause { others.append(.object(cause)) }
      cause = nil
      suppressed = []
      Teardown.release(&others)
    }
  }

  /// `Kind: message`, or the kind alone where there is no message.
  public var summary: String { message.isEmpty ? kind.name : "\(kind.name): \(message)" }

  /// A copy for another strand.
  func copied() -> ErrorObject {
    let copy = ErrorObject(kind, message, data: data, cause: cause)
    copy.notes = notes
    copy.suppressed = suppressed
    copy.trace = trace
    copy.attempts = attempts
    copy.exitCode = exitCode
    return copy
  }
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
