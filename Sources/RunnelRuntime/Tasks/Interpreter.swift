// What all strands of a script share: options, output, the scheduler, the tree of tasks.

import RunnelCompiler
public import RunnelScheduler
public import RunnelSystem
import Synchronization

/// How a script is run.
public struct InterpreterOptions: Sendable {
  /// The script's arguments, `args`.
  public var arguments: [String] = []
  /// What `sys.executable` gives; nil: the program that runs.
  public var executable: String?
  /// A `runnel` of the same version, for process tasks; nil: there are none.
  public var workerProgram: String?
  /// For `workerProgram`: the program that runs, where that is `runnel` itself.
  public static let ownProgram = WorkerProcess.ownProgram
  /// The script's path as `sys.script` gives it; nil for `-c`, standard input and the REPL.
  public var script: String?
  /// Nanoseconds for all cleanup of one unwinding.
  public var grace: Int64 = 5_000_000_000
  /// Nanoseconds between SIGTERM and SIGKILL for a command.
  public var killGrace: Int64 = 2_000_000_000
  /// How many bytes a captured output may have.
  public var captureLimit = 256 << 20
  /// Makes `random`, `shuffle`, `sample` and jitter give the same numbers at each run, and on one worker draws the order in
  /// which tasks run from it. (Not in a session, which goes by turns.)
  public var seed: UInt64?
  /// On how many threads tasks run at the same time; nil for one on each core. A session has one.
  public var workers: Int?
  /// Time stands still while anything runs, and jumps when everything waits for it.
  public var hasVirtualTime = false
  /// From which level on the log is written.
  public var logLevel = LogLevel.info
  public var logFormat = LogFormat.text
  /// Whether what scopes had to close is noted (`Interpreter.leaks`).
  public var findsLeaks = false
  /// Takes what the script writes, instead of the process's own descriptors: 1 or 2, and the bytes, which are good
  /// for the call only. Commands write to the descriptors all the same.
  public var output: (@Sendable (Int32, UnsafeRawBufferPointer) -> Void)?

  public init() {}
}

public final class Interpreter: @unchecked Sendable {
  public let options: InterpreterOptions
  public let reactor: Reactor
  public let scheduler: Scheduler
  let pool: BlockingPool
  let output: OutputWriter
  /// What `random` and its kin draw from; guarded by `randomLock`.
  private var random: RandomSource
  private let randomLock = Lock()
  /// What the script's commands share.
  let commands = CommandRegistry()
  /// Its worker processes, and the numbers by which they know its error kinds.
  let workers = WorkerRegistry()
  let kinds = KindNumbers()
  /// What reports call the main task, and what the log does. Changed only while nothing runs.
  var mainLabel = "the script"
  var mainName: String?
  let machines = MachinePool()
  /// What scopes had to close because the script did not; nil if nobody wants to know.
  public let leaks: LeakList?
  /// Guards the tree of scopes and tasks.
  let tree = Lock()
  private let lastTaskID = Atomic<Int>(0)
  private let lastStageID = Atomic<Int>(0)
  private let lastLockID = Atomic<Int>(0)
  /// Under the tree lock.
  var unobserved = UnobservedFailures()
  /// The program's modules, by number. Only the main strand adds to them, before code that uses them runs; in a session tasks on
  /// threads of their own may look at them meanwhile.
  public internal(set) var modules: [LoadedModule] {
    get { programLock.withLock { allModules } }
    set { programLock.withLock { allModules = newValue } }
  }
  /// The names of the globals, by number.
  var globalNames: [String] {
    get { programLock.withLock { allGlobalNames } }
    set { programLock.withLock { allGlobalNames = newValue } }
  }
  private let programLock = Lock()
  private var allModules: [LoadedModule] = []
  private var allGlobalNames: [String] = []
  /// The script's own `##` comment.
  var documentation: String? { modules.last?.code.documentation }
  /// The main strand, while a script runs.
  var mainStrand: Strand?
  /// In a session: what a signal does, instead of stopping the script.
  var onSignal: ((Int32) -> Void)?
  /// The signal that is stopping the script, 0 if none is.
  private let stopping = Atomic<Int32>(0)
  var stopSignal: Int32? {
    let signal = stopping.load(ordering: .acquiring)
    return signal == 0 ? nil : signal
  }

  /// Notes what is stopping the script. Says false if something was already.
  func beginStopping(for signal: Int32) -> Bool {
    stopping.compareExchange(expected: 0, desired: signal, ordering: .acquiringAndReleasing).exchanged
  }

  /// In a session, for the next line.
  func forgetStopping() { stopping.store(0, ordering: .releasing) }

  /// - Parameter isSession: it runs pieces of code one after another, on the thread that calls it alone.
  public init(options: InterpreterOptions = InterpreterOptions(), isSession: Bool = false) {
    self.options = options
    let reactor = Reactor()
    self.reactor = reactor
    let scheduler = Scheduler(
      clock: options.hasVirtualTime ? VirtualClock() : RealClock(), poller: reactor,
      workerCount: isSession ? 1 : options.workers ?? SystemInfo.processorCount,
      seed: isSession ? nil : options.seed)
    self.scheduler = scheduler
    pool = BlockingPool(scheduler: scheduler)
    output = OutputWriter(sink: options.output)
    leaks = options.findsLeaks ? LeakList() : nil
    random = options.seed.map { RandomSource(seed: $0) } ?? RandomSource()
  }

  /// Begins the row of random numbers anew.
  func seed(_ seed: UInt64) { randomLock.withLock { random = RandomSource(seed: seed) } }

  func withRandom<Result>(_ body: (inout RandomSource) -> Result) -> Result {
    randomLock.withLock { body(&random) }
  }

  /// Tasks that the script does not see have numbers of their own: those that it sees do not depend on how fast things go.
  func nextStageID() -> Int { lastStageID.wrappingSubtract(1, ordering: .relaxed).newValue }

  func nextLockID() -> Int { lastLockID.wrappingAdd(1, ordering: .relaxed).newValue }

  func nextTaskID() -> Int { lastTaskID.wrappingAdd(1, ordering: .relaxed).newValue }

  /// Writes a text to standard output or error, whole.
  public func write(_ text: String, toError: Bool = false) { output.write(text, toError: toError) }
}
