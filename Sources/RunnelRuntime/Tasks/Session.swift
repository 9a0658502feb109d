// Code that comes in pieces and shares one world: the lines of the REPL, the top level and the calls of an embedded
// script. Each piece runs in a strand of its own, to its end. Top-level names and what a top level opens belong to the
// session, and so does what a line of the REPL spawns (language.md §16).
//
// Safety: a session belongs to one thread at a time, the one that calls it.

import RunnelCompiler
import RunnelScheduler
public import RunnelSyntax
import RunnelSystem

/// A world in which code is run piece by piece.
public final class Session: @unchecked Sendable {
  /// How a piece ended.
  public enum Outcome: Sendable {
    /// The value of its last expression, or of the call.
    case value(Value)
    case failed(ErrorObject)
    /// `interrupt` stopped it.
    case cancelled
    /// `exit(n)`, or 141 where the reader of standard output has gone.
    case exit(Int32)
    /// It does not parse or resolve.
    case invalid([Diagnostic])
  }

  public let interpreter: Interpreter
  private var loader: ProgramLoader
  private var globals = GlobalTable(count: 0)
  /// Stands for the session: its root scope is what lines spawn into.
  private let home: Strand
  /// Owns the cells that lines make, so that a later line may touch what an earlier one captured.
  private let owner: Int
  /// The piece that runs.
  private var running: Strand?
  private var interruptCount = 0
  private var isClosing = false
  private var signals: SignalWatcher?

  /// A session without names of its own.
  /// - Parameter globals: what the host gives by name, beside the library and `args`.
  public init(options: InterpreterOptions = InterpreterOptions(), globals: [String: Value] = [:]) {
    let interpreter = Interpreter(options: options, isSession: true)
    self.interpreter = interpreter
    let arguments = Value.list(options.arguments.map { .string($0) })
    loader = ProgramLoader(globals: globals.merging(["args": arguments]) { given, _ in given })
    let context = TaskContext(
      environment: Interpreter.processEnvironment(), directory: (try? Files.currentDirectory()) ?? "/",
      output: .standard)
    home = Strand(interpreter: interpreter, context: context, parent: nil)
    owner = Fiber(globals: self.globals, ownsGlobals: true, outerScope: home.root, registerCapacity: 1).id
    interpreter.mainStrand = home
    interpreter.onSignal = { [unowned self] signal in if signal == 2 { interrupt() } }
  }

  // MARK: Running

  /// Compiles a text and runs it.
  /// - Parameters:
  ///   - path: its file, which imports are relative to; nil for the current directory.
  ///   - isLine: a line of the REPL: what its top level spawns belongs to the session. Else the text ends when its tasks
  ///     have, as a script does.
  public func run(_ source: SourceFile, path: String? = nil, isLine: Bool) -> Outcome {
    let names = loader.layout.sessionNames
    loader.diagnostics = []
    let interface = loader.load(
      source, path: ProgramLoader.fullPath(path), options: CompileOptions(isInteractive: true))
    let errors = loader.diagnostics.filter { $0.severity == .error }
    guard interface != nil, errors.isEmpty, let main = loader.modules.last else {
      loader.layout.restore(names) { [globals] in $0 < globals.count && !globals.values[$0].isMissing }
      return .invalid(errors)
    }
    interpreter.modules = loader.modules
    interpreter.globalNames = loader.layout.globalNames
    main.hasRun = true
    let strand = Strand(
      interpreter: interpreter, context: home.context, parent: home.root,
      spawnScope: isLine ? home.root : nil, resourceScope: home.root)
    let outcome = drive(strand, Closure(main.functions[0], upvalues: []), [])
    if case .value = outcome { return outcome }
    loader.layout.restore(names) { [globals] in !globals.values[$0].isMissing }
    return outcome
  }

  /// Calls one of the session's top-level functions; nil if there is none of that name.
  public func call(_ name: String, _ arguments: [Value]) -> Outcome? {
    guard let value = value(named: name), let closure = value.closure else { return nil }
    let function = closure.function
    guard arguments.count >= function.requiredCount, arguments.count <= function.maximumArguments else {
      let names = function.code.parameters.names.map { $0 ?? "…" }.joined(separator: ", ")
      return .failed(ErrorObject(.arityError, "`\(name)(\(names))` was given \(arguments.count) arguments"))
    }
    var given = arguments
    let positional = function.hasRest ? function.parameterCount - 1 : function.parameterCount
    while given.count < positional { given.append(.missing) }
    if function.hasRest {
      let rest = Array(given[positional...])
      given.removeSubrange(positional...)
      given.append(.list(rest))
    }
    return drive(Strand(interpreter: interpreter, context: home.context, parent: home.root), closure, given)
  }

  private func drive(_ strand: Strand, _ closure: Closure, _ arguments: [Value]) -> Outcome {
    if globals.count < loader.layout.globalCount {
      globals = GlobalTable(copying: globals, count: loader.layout.globalCount)
    }
    let machine = Machine(strand: strand, globals: globals, ownsGlobals: true, owner: owner)
    strand.prepare(machine)
    let fiber = machine.fiber
    machine.begin(closure, arguments: arguments)
    let box = OutcomeBox(interpreter.scheduler)
    running = strand
    interruptCount = 0
    // Between two pieces nothing need be ready: the next may wake what waits.
    interpreter.scheduler.setQuiescentAction { [interpreter] in interpreter.endStandstill(of: strand) }
    strand.start(box.set)
    let result = box.wait()
    interpreter.scheduler.setQuiescentAction(nil)
    running = nil
    // What the line changed holds for the next ones: variables, `env`, `cd`.
    globals = fiber.globals
    home.takeContext(of: strand)
    interpreter.output.flush()
    interpreter.forgetStopping()
    return outcome(result)
  }

  private func outcome(_ result: Result<Value, Raised>) -> Outcome {
    if interpreter.output.isBroken { return .exit(141) }
    switch result {
    case .success(let value): return .value(value)
    case .failure(let raised):
      let error = raised.error
      if error.kind === ErrorKind.exit { return .exit(Int32(truncatingIfNeeded: error.exitCode)) }
      if error.kind === ErrorKind.cancelled, interruptCount > 0 { return .cancelled }
      return .failed(error)
    }
  }

  // MARK: While nothing runs

  /// Lets background tasks run, until the answer is yes; it is asked before every step.
  public func idle(until isDone: () -> Bool) { interpreter.scheduler.run(until: isDone) }

  /// How many tasks of the session have not ended.
  public var liveTaskCount: Int { interpreter.tree.withLock { home.root.live.count } }

  /// The failures of background tasks that nobody has taken notice of, each once, oldest first.
  public func takeFailures() -> [BackgroundFailure] {
    interpreter.tree.withLock {
      defer { home.root.failed = [] }
      return home.root.failed.compactMap { task in
        guard !task.isObserved, case .failed(let error) = task.state else { return nil }
        return BackgroundFailure(taskID: task.id, name: task.name, error: error)
      }
    }
  }

  // MARK: Stopping

  /// Stops the running piece: with its cleanup at first, at once when it is asked again.
  public func interrupt() {
    guard let scope = running?.root ?? (isClosing ? home.root : nil) else { return }
    interruptCount += 1
    stop(scope, isForced: interruptCount > 1 || isClosing)
  }

  private func stop(_ scope: Scope, isForced: Bool) {
    guard isForced else {
      interpreter.cancel(scope, .signal(2))
      return
    }
    interpreter.tree.withLock {
      if scope.cancelReason == nil { scope.cancelReason = .signal(2) }
      scope.isForced = true
      interpreter.interruptAll(in: scope)
    }
    interpreter.workers.kill(in: scope)
  }

  /// Catches signals for the whole session. SIGINT, and what else is given, comes to the handler; it may `interrupt`.
  public func watchSignals(_ numbers: [Int32], _ handler: @escaping @Sendable (Int32) -> Void) {
    interpreter.onSignal = handler
    let watcher = SignalWatcher(reactor: interpreter.reactor)
    try? watcher.start(numbers, handler: handler)
    signals = watcher
  }

  /// Called before anything is written while nothing runs: the prompt is in the way then.
  public func beforeWriting(_ action: (@Sendable () -> Void)?) { interpreter.output.onWriting = action }

  /// Sees to it that what is written next begins a line of the terminal: the prompt.
  /// - Parameter canWrap: the terminal goes on in the next line when one is full.
  public func beginLine(canWrap: Bool) { interpreter.output.beginLine(canWrap: canWrap) }

  /// Stops what still runs, waits for its cleanup, and closes what the session opened. What could not be written any more
  /// is said on standard error: nobody is left to raise it to (language.md §1.1).
  public func close() {
    guard let root = home.root else { return }
    isClosing = true
    interpreter.cancel(root, .byHand(nil))
    interpreter.scheduler.run(until: interpreter.haveEnded(tasksOf: root))
    let resources = Array(root.disown().reversed())
    for resource in resources {
      do throws(Raised) {
        try resource.closeRaising()
      } catch {
        interpreter.write("[\(resource.label)] failed: \(error.error.summary)\n", toError: true)
      }
    }
    let ending = resources.filter(\.takesTimeToEnd)
    if !ending.isEmpty {
      let box = OutcomeBox(interpreter.scheduler)
      Task(executorPreference: interpreter.scheduler) {
        for resource in ending { await resource.waitForEnd() }
        box.set(.success(.nil))
      }
      _ = box.wait()
    }
    root.hasEnded = true
    interpreter.output.flush()
    signals?.reset()
  }

  // MARK: Names

  /// The value of one of the session's names.
  public func value(named name: String) -> Value? {
    guard let global = loader.layout.sessionGlobals.first(where: { $0.name == name })?.global,
      global < globals.count, !globals.values[global].isMissing
    else { return nil }
    return globals.values[global]
  }

  /// Every name that a line may begin with: the session's, the library's (`fs.read` with its namespace), the kinds'.
  public var names: [String] {
    let builtins = Builtins.names
    let globals = builtins.globals.filter { !$0.hasPrefix("__") }
    return Array(Set(loader.layout.sessionGlobals.map(\.name)).union(globals).union(builtins.kinds))
  }

  /// What may stand after `name.`: the methods of the value's type, a map's keys that are names.
  public func members(of name: String) -> [String] {
    guard let value = value(named: name) else { return [] }
    var members = Library.methodNames(of: value.typeName)
    if let map = value.map {
      for (key, _) in map.storage { if let text = key.string?.text { members.append(text) } }
    }
    return members
  }

  /// A value as the REPL shows it: as `repr` gives it, cut where it is very long.
  public static func text(of value: Value) -> String { brief(value, limit: 100_000) }
}

/// A task of a session that failed with nobody waiting for it.
public struct BackgroundFailure: Sendable {
  public let taskID: Int
  public let name: String?
  public let error: ErrorObject

  /// `[task 3 "name"] failed: Kind: message`.
  public var line: String {
    "[task \(taskID)\(name.map { " \"\($0)\"" } ?? "")] failed: \(error.summary)"
  }

  /// The status, if it has "failed" by `exit(n)`.
  public var exitStatus: Int32? {
    error.kind === ErrorKind.exit ? Int32(truncatingIfNeeded: error.exitCode) : nil
  }
}

extension Interpreter {
  /// Asks whether the tasks of a scope have ended.
  fileprivate func haveEnded(tasksOf scope: Scope) -> () -> Bool {
    { self.tree.withLock { scope.live.isEmpty } }
  }
}
