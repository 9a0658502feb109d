// What all strands of a script share: options, output, the scheduler, the tree of tasks.

public import RunnelScheduler
public import RunnelSystem
import RunnelCompiler
import Synchronization

/// How a script is run.
public struct InterpreterOptions: Sendable {
  /// The script's arguments, `args`.
  public var arguments: [String] = []
  /// The script's path as `sys.script` gives it.
  public var script = ""
  /// Nanoseconds for all cleanup of one unwinding.
  public var grace: Int64 = 5_000_000_000
  /// Nanoseconds between SIGTERM and SIGKILL for a command.
  public var killGrace: Int64 = 2_000_000_000
  /// How many bytes a captured output may have.
  public var captureLimit = 256 << 20
  public var seed: UInt64?
  /// `debug info warn error`.
  public var logLevel = "info"
  public var logFormat = "text"

  public init() {}
}

public final class Interpreter: @unchecked Sendable {
  public let options: InterpreterOptions
  public let reactor: Reactor
  public let scheduler: Scheduler
  let pool: BlockingPool
  let output: OutputWriter
  /// What the script's commands share.
  let commands = CommandRegistry()
  /// Guards the tree of scopes and tasks.
  let tree = Lock()
  private let lastTaskID = Atomic<Int>(0)
  /// The program's modules, by number. Only the main strand adds to it, before code that uses them runs.
  public internal(set) var modules: [LoadedModule] = []
  /// The script's own `##` comment.
  var documentation: String? { modules.last?.code.documentation }
  /// The main strand, while a script runs.
  var mainStrand: Strand?
  /// The signal that is stopping the script.
  var stopSignal: Int32?
  private(set) var exitRequest: ErrorObject?

  public init(options: InterpreterOptions = InterpreterOptions()) {
    self.options = options
    let reactor = Reactor()
    self.reactor = reactor
    let scheduler = Scheduler(clock: RealClock(), poller: reactor)
    self.scheduler = scheduler
    pool = BlockingPool(scheduler: scheduler)
    output = OutputWriter()
  }

  /// The names of the globals, by number.
  var globalNames: [String] = []

  func nextTaskID() -> Int { lastTaskID.wrappingAdd(1, ordering: .relaxed).newValue }

  /// `exit(n)` in a task ends the whole script: the main strand is stopped and raises it. Under the tree lock.
  func requestExit(_ error: ErrorObject) {
    if exitRequest == nil { exitRequest = error }
  }

  /// Writes a text to standard output or error, whole.
  public func write(_ text: String, toError: Bool = false) { output.write(text, toError: toError) }
}
