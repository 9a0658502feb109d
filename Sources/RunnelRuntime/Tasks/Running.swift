// Running a program: the main strand, signals, the end of the script and its exit status.

import Glibc
import RunnelCompiler
import RunnelScheduler
import RunnelSyntax
import RunnelSystem
import Synchronization

/// How a script has ended.
public struct ScriptEnd: Sendable {
  /// Exit status as language.md §5 gives it.
  public let status: Int32
  /// What to show on standard error, if anything.
  public let report: ErrorObject?
  /// The value of the last expression, for the REPL.
  public let value: Value
  /// It was ended by `exit`: with where that was.
  public var exit: ErrorObject?
}

extension Interpreter {
  /// Runs a program to its end, on this thread.
  public func run(_ program: LoadedProgram) -> ScriptEnd {
    modules = program.modules
    globalNames = program.globalNames
    guard let main = program.modules.last else { return ScriptEnd(status: 2, report: nil, value: .nil) }
    main.hasRun = true
    let globals = GlobalTable(count: program.globalCount)
    return run(Closure(main.functions[0], upvalues: []), globals: globals)
  }

  func run(_ closure: Closure, globals: GlobalTable) -> ScriptEnd {
    let context = TaskContext(
      environment: Self.processEnvironment(), directory: (try? Files.currentDirectory()) ?? "/",
      output: .standard)
    let strand = Strand(interpreter: self, task: nil, context: context)
    let machine = Machine(strand: strand, globals: globals, ownsGlobals: true)
    strand.prepare(machine)
    mainStrand = strand
    machine.begin(closure, arguments: [])
    let signals = watchSignals()
    // Nobody reads what it prints: it is to stop as if SIGPIPE had said so.
    // (Nothing refers weakly to the interpreter: that would make each of its retains dear.)
    output.onBroken = { [unowned self] in stop(for: SIGPIPE) }
    defer {
      signals.reset()
      output.onBroken = nil
    }
    let outcome = OutcomeBox(scheduler)
    scheduler.setQuiescentAction { [unowned self] in endStandstill(of: strand) }
    // Before the script waits for people, time or the world, all see what it has printed.
    scheduler.setRestAction { [unowned self] in output.flush() }
    strand.start(outcome.set)
    var result = outcome.wait()
    scheduler.setQuiescentAction(nil)
    scheduler.setRestAction(nil)
    mainStrand = nil
    output.flush()
    do throws(Raised) {
      try output.raiseFailure()
    } catch {
      // What was printed last did not come out: that is how the script has failed, unless it has failed anyway.
      if case .failure(let raised) = result, raised.error.kind !== ErrorKind.exit {
        raised.error.add(suppressed: error.error)
      } else {
        result = .failure(error)
      }
    }
    return end(result)
  }

  /// The variables by name, since the order in which a process got them says nothing.
  static func processEnvironment() -> MapStorage {
    var storage = MapStorage()
    for (name, value) in SystemInfo.environment().sorted(by: { $0.name < $1.name }) {
      storage.set(.string(name), .string(value))
    }
    return storage
  }

  /// SIGINT, SIGTERM and SIGHUP cancel the script; a second SIGINT ends it at once; SIGQUIT shows its tasks (language.md §10.5).
  private func watchSignals() -> SignalWatcher {
    let watcher = SignalWatcher(reactor: reactor)
    try? watcher.start([SIGINT, SIGTERM, SIGHUP, SIGQUIT]) { [unowned self] number in
      if number == SIGQUIT { reportTasks() } else { stop(for: number) }
    }
    return watcher
  }

  /// A signal asks the script to stop.
  /// - Parameter isSecondHand: it reached a command that had the terminal, and perhaps the script as well: so it is no second one.
  func stop(for signal: Int32, isSecondHand: Bool = false) {
    if let onSignal { return onSignal(signal) }
    if !beginStopping(for: signal), signal == 2, !isSecondHand {
      commands.killAll()
      workers.killAll()
      output.flush()
      ProcessEnd.now(128 + signal)
    }
    if let root = mainStrand?.root { cancel(root, .signal(signal)) }
  }

  /// Asks the script to stop, as SIGTERM does, from any thread.
  /// - Parameter action: gets the tree of its tasks as it is just before, on a worker.
  public func stop(showing action: @escaping @Sendable (_ tree: String) -> Void) {
    // The scheduler, and with it the timer, does not outlive the interpreter.
    scheduler.schedule(at: 0) { [unowned self] in
      action(taskTree)
      stop(for: SIGTERM)
    }
  }

  private func end(_ result: Result<Value, Raised>) -> ScriptEnd {
    if output.isBroken || isForLackOfReader(result) {
      return ScriptEnd(status: 141, report: nil, value: .nil)
    }
    switch result {
    case .success(let value):
      if let stopSignal { return ScriptEnd(status: 128 + stopSignal, report: nil, value: .nil) }
      return ScriptEnd(status: 0, report: nil, value: value)
    case .failure(let raised):
      let error = raised.error
      if error.kind === ErrorKind.exit {
        return ScriptEnd(status: Int32(error.exitCode), report: nil, value: .nil, exit: error)
      }
      if error.kind === ErrorKind.cancelled, let stopSignal {
        return ScriptEnd(status: 128 + stopSignal, report: nil, value: .nil)
      }
      return ScriptEnd(status: Self.status(of: error), report: error, value: .nil)
    }
  }

  /// Whether a command failed because it wrote to the script's own standard output, whose reader has gone.
  private func isForLackOfReader(_ result: Result<Value, Raised>) -> Bool {
    guard case .failure(let raised) = result, raised.error.kind.isKind(of: .exitError),
      Self.status(of: raised.error) == 128 + SIGPIPE
    else { return false }
    return DescriptorIO.hasLostReader(1)
  }

  /// The exit status of an uncaught error.
  private static func status(of error: ErrorObject) -> Int32 {
    if error.kind.isKind(of: .exitError), case .int(let code)? = error.data["code"] {
      return Int32(code & 0xFF)
    }
    if error.kind.isKind(of: .timeout) { return 124 }
    return 1
  }
}

/// A strand's result, for the thread that runs the scheduler.
///
/// `@unchecked Sendable`: `result` is written once, before `isSet`, and read after it.
final class OutcomeBox: @unchecked Sendable {
  private let scheduler: Scheduler
  private var result: Result<Value, Raised>?
  private let isSet = Atomic<Bool>(false)

  init(_ scheduler: Scheduler) { self.scheduler = scheduler }

  func set(_ result: Result<Value, Raised>) {
    self.result = result
    isSet.store(true, ordering: .releasing)
    scheduler.wakeRunner()
  }

  /// Runs the scheduler on this thread until there is a result.
  func wait() -> Result<Value, Raised> {
    scheduler.run(until: { isSet.load(ordering: .acquiring) })
    return result ?? .success(.nil)
  }
}
