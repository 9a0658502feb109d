// Where a task runs (language.md §6, "spawn on"): as an ordinary task, on a thread of its own, in a process of its own, or in one
// of a pool of either. What a script says after `on` becomes an `Executor`; the rest of the runtime asks for nothing else.

import RunnelScheduler

/// An executor, read from a value.
enum Executor: @unchecked Sendable {
  case task
  case thread
  case process
  case threads(ThreadPool)
  case processes(ProcessPool)

  var isTask: Bool { if case .task = self { true } else { false } }

  /// Raises `TypeError` for what is none, `ValueError` for a pool that is closed.
  init(_ value: Value) throws(Raised) {
    if let kind = value.object(.executor, as: ExecutorObject.self) {
      switch kind.kind {
      case .task: self = .task
      case .thread: self = .thread
      case .process: self = .process
      }
    } else if let pool = value.object(.pool, as: ExecutorPool.self) {
      try pool.requireOpen()
      self = pool.executor
    } else {
      throw Raised(
        .typeError,
        "`on` takes an executor, not \(value.typeName): `task`, `thread`, `process` or `pool(process, 4)`")
    }
  }
}

/// `task`, `thread` and `process` as values.
final class ExecutorObject: Object, @unchecked Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case task, thread, process
  }

  let kind: Kind

  private init(_ kind: Kind) {
    self.kind = kind
    super.init(tag: .executor)
  }

  override var typeName: String { "executor" }

  private static let task = ExecutorObject(.task)
  private static let thread = ExecutorObject(.thread)
  private static let process = ExecutorObject(.process)

  /// The one of a kind.
  static func of(_ kind: Kind) -> ExecutorObject {
    switch kind {
    case .task: task
    case .thread: thread
    case .process: process
    }
  }

  /// The one of a global name, nil if that names none.
  static func named(_ name: String) -> ExecutorObject? { Kind(rawValue: name).map(of) }
}

/// What threads or processes tasks run on one after another: a resource, closed by `with` or at its scope's end.
class ExecutorPool: ResourceObject, @unchecked Sendable {
  /// How many there are at most.
  let size: Int

  init(size: Int) {
    self.size = size
    super.init(tag: .pool)
  }

  override var typeName: String { "pool" }

  /// It, for `on`.
  var executor: Executor { .task }

  func requireOpen() throws(Raised) {
    if isClosed { throw Raised(.valueError, "the pool is closed: nothing can be spawned on it") }
  }

  /// What waits for its turn when the pool is closed gets.
  static var closedMeanwhile: ErrorObject {
    ErrorObject(.valueError, "the pool was closed before this task had its turn on it")
  }
}

extension Interpreter {
  /// Begins a task of a scope, on an executor. Raises `TransferError` for what cannot be sent to a process, `LimitError` where the
  /// system has no thread to give.
  func spawn(
    _ closure: Closure, arguments: [Value] = [], in scope: Scope, from strand: Strand, on executor: Executor,
    place: CodePlace? = nil, name: String?, isService: Bool = false, isDetached: Bool = false,
    isDiscarded: Bool = false
  ) throws(Raised) -> TaskObject {
    var (closure, arguments) = (closure, arguments)
    var seat: TaskSeat?
    switch executor {
    case .task: break
    case .thread: seat = ThreadSeat(own: try ThreadPool.start(scheduler))
    case .threads(let pool): seat = ThreadSeat(in: pool)
    case .process:
      arguments = [.object(try RemoteWork(closure, arguments, from: strand, pool: nil))]
      closure = try PreludeCode.closure(named: "__work_elsewhere")
    case .processes(let pool):
      let work = try RemoteWork(closure, arguments, from: strand, pool: pool)
      seat = WorkerSeat(work, in: pool)
      arguments = [.object(work)]
      closure = try PreludeCode.closure(named: "__work_elsewhere")
    }
    return try spawn(
      closure, arguments: arguments, in: scope, strand.context, strand.machine.fiber.globals, seat: seat,
      place: place,
      name: name, isService: isService, isDetached: isDetached, isDiscarded: isDiscarded)
  }
}
