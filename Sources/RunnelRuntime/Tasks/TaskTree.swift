// The tree of scopes and tasks: spawning, ending, cancelling. One lock guards it all: each operation touches a few
// nodes, and what is frequent (checkpoints of tasks that nobody has interrupted) takes no lock.

import RunnelScheduler

extension Interpreter {
  /// Begins a task of a scope. The scope may be one that is being stopped: then the task meets the cancellation at
  /// its first checkpoint (language.md §6).
  func spawn(
    _ closure: Closure, arguments: [Value] = [], in scope: Scope, from strand: Strand,
    place: CodePlace? = nil,
    name: String?, isService: Bool = false, isDetached: Bool = false, isDiscarded: Bool = false
  ) throws(Raised) -> TaskObject {
    try spawn(
      closure, arguments: arguments, in: scope, strand.context, strand.machine.fiber.globals, place: place,
      name: name, isService: isService, isDetached: isDetached, isDiscarded: isDiscarded)
  }

  /// As the other, with what the task takes from its spawner.
  func spawn(
    _ closure: Closure, arguments: [Value], in scope: Scope, _ context: TaskContext, _ globals: GlobalTable,
    seat: TaskSeat? = nil, place: CodePlace? = nil, isHidden: Bool = false, name: String?,
    isService: Bool = false, isDetached: Bool = false, isDiscarded: Bool = false
  ) throws(Raised) -> TaskObject {
    let task = TaskObject(
      id: isHidden ? nextStageID() : nextTaskID(), name: name, scope: scope, isService: isService,
      isDetached: isDetached,
      interpreter: self)
    task.isDiscarded = isDiscarded
    task.place = place
    let child = Strand(interpreter: self, task: task, context: context)
    child.seat = seat
    let machine = machines.machine(
      for: child, globals: globals, registers: Machine.registers(for: closure, arguments.count))
    machine.begin(closure, arguments: arguments)
    try start(task, child, machine)
    return task
  }

  /// Begins the task in which a stage goes on that its reader has run so far. It is a service: a scope that ends does not wait
  /// for a stage that nobody reads.
  func spawn(
    stage: Fiber, into buffer: StageBuffer, in scope: Scope, from strand: Strand
  ) throws(Raised) -> TaskObject {
    let task = TaskObject(
      id: nextStageID(), name: nil, scope: scope, isService: true, isDetached: false, interpreter: self)
    // Its failure is raised in its reader.
    task.isObserved = true
    let child = Strand(interpreter: self, task: task, context: strand.context, stage: buffer)
    try start(task, child, Machine(strand: child, stage: stage))
    return task
  }

  private func start(_ task: TaskObject, _ child: Strand, _ machine: Machine) throws(Raised) {
    let scope = task.scope
    child.prepare(machine)
    task.strand = child
    let isOpen = tree.withLock { () -> Bool in
      guard !scope.hasEnded else { return false }
      if scope.live.isEmpty { scope.strand.busyScopes.append(scope) }
      scope.live.add(task)
      if task.isService {
        scope.serviceCount += 1
        scope.hasStoppedServices = false
      }
      if Scope.cancellation(beyondShields: scope) != nil { child.rearm() }
      return true
    }
    guard isOpen else {
      // They hold each other.
      task.strand = nil
      child.seat?.leave()
      throw Raised(.valueError, "cannot spawn in a scope that has ended")
    }
    if let seat = child.seat { seat.begin(child) } else { scheduler.enqueue(child) }
  }

  /// A task has ended.
  func finish(_ task: TaskObject, _ result: Result<Value, Raised>) {
    let scope = task.scope
    var isForgotten = false
    let listeners = tree.withLock { () -> TaskObject.Listeners in
      let listeners: TaskObject.Listeners
      switch result {
      case .success(let value):
        listeners = task.finish(.ok(value))
      case .failure(let raised) where raised.error.kind === ErrorKind.cancelled:
        listeners = task.finish(
          .cancelled(
            reason: task.strand?.root.cancelReason?.given, suppressed: raised.error.suppressed))
        // What nobody had observed in it when it was stopped.
        if isStopping(scope) { scope.suppressed += raised.error.suppressed }
      case .failure(let raised):
        let error = raised.error
        error.add(place: { task.place?.entry(.spawned, task: task.label) })
        listeners = task.finish(.failed(error))
        // Here, since who has been given up at this moment has not observed it.
        noteFailure(of: task, error, isTaken: listeners.answer { .failure(error.copied()) })
      }
      // Nobody waits at the end of the scope, and nothing else is to be begun: it may be forgotten at once.
      isForgotten = scope.joiner == nil && !listeners.hasCalls
      if isForgotten { forget(task, in: scope) }
      return listeners
    }
    switch result {
    case .success(let value): _ = listeners.answer { .value(value) }
    case .failure(let raised) where raised.error.kind === ErrorKind.cancelled:
      _ = listeners.answer { tree.withLock { task.outcome() } }
    case .failure: break
    }
    listeners.performActions()
    // Last, so that the scope does not end before what its task's end leads to has begun.
    if !isForgotten {
      let joiner = tree.withLock { () -> Waiter? in
        forget(task, in: scope)
        guard scope.hasOnlyServices else { return nil }
        defer { scope.joiner = nil }
        return scope.joiner
      }
      joiner?.resume(with: .nil)
    }
    if scope.form == .session { scheduler.wakeRunner() }
  }

  /// A scope has a task less. Under the tree lock.
  private func forget(_ task: TaskObject, in scope: Scope) {
    scope.live.remove(task)
    if task.isService { scope.serviceCount -= 1 }
    guard scope.live.isEmpty else { return }
    let strand = scope.strand
    if strand.busyScopes.last === scope {
      strand.busyScopes.removeLast()
    } else {
      strand.busyScopes.removeAll { $0 === scope }
    }
  }

  /// Under the tree lock.
  private func noteFailure(of task: TaskObject, _ error: ErrorObject, isTaken: Bool) {
    let scope = task.scope
    if error.kind === ErrorKind.exit, scope.form != .session {
      // `exit` ends the script whether or not anybody asks for this task's result: it goes up scope by scope, with cleanup.
      task.isObserved = true
      guard scope.failure?.kind !== ErrorKind.exit else { return }
      scope.failure = error
      cancelLocked(scope, .failure)
    } else if isTaken || task.isObserved {
      task.isObserved = true
    } else if scope.form == .session, scope.cancelReason == nil {
      scope.failed.append(task)
    } else if isStopping(scope) {
      scope.suppressed.append(error.copied())
      task.isObserved = true
    } else if task.isDiscarded || scope.isJoining {
      task.isObserved = true
      scope.failure = error.copied()
      cancelLocked(scope, .failure)
    } else {
      scope.failed.append(task)
      unobserved.add(task)
      announceLater(task, error)
    }
  }

  /// Whether a scope is being stopped, by a failure in it or from further out: then its tasks' errors are what comes of that.
  /// Under the tree lock.
  private func isStopping(_ scope: Scope) -> Bool {
    scope.failure != nil || scope.cancelReason != nil
      || Scope.cancellation(reaching: scope, now: scheduler.now) != nil
  }

  /// A failure that nobody has observed for ten seconds is said, once: what waits for it may wait for long (language.md §6.4).
  private func announceLater(_ task: TaskObject, _ error: ErrorObject) {
    let due = scheduler.now.addingReportingOverflow(10_000_000_000)
    guard !due.overflow else { return }
    // The scheduler, and with it the timer, does not outlive the interpreter.
    scheduler.schedule(at: due.partialValue, wakesNobody: true) { [unowned self] in
      let isUnobserved = tree.withLock { !task.isObserved && !task.scope.hasEnded }
      guard isUnobserved else { return }
      write("[\(task.label)] failed, and nobody has asked for its result: \(error.summary)\n", toError: true)
    }
  }

  /// Stops a scope: what runs in it gets `Cancelled` at its next checkpoint. Says whether it was the first to ask.
  @discardableResult
  func cancel(_ scope: Scope, _ reason: CancelReason) -> Bool {
    tree.withLock { cancelLocked(scope, reason) }
  }

  @discardableResult
  func cancelLocked(_ scope: Scope, _ reason: CancelReason) -> Bool {
    guard scope.cancelReason == nil, !scope.hasEnded else { return false }
    scope.cancelReason = reason
    interruptAll(in: scope)
    return true
  }

  /// Interrupts every strand that runs something in a scope. Under the tree lock.
  func interruptAll(in scope: Scope) {
    // A list of what is left to do: tasks may be nested as deeply as they like.
    var scopes: [Scope] = [scope]
    while let scope = scopes.popLast() {
      scope.strand.interrupt()
      for busy in scope.strand.busyScopes where scope.holds(busy) {
        for task in busy.live.all { if let strand = task.strand { scopes.append(strand.root) } }
      }
    }
  }

  /// While a scope waits at its end, a failure that nobody has observed ends it at once. Under the tree lock.
  func raiseUnobserved(_ scope: Scope) {
    scope.failed.removeAll(where: \.isObserved)
    guard let first = scope.failed.first, scope.failure == nil, scope.cancelReason == nil,
      case .failed(let error) = first.state
    else { return }
    first.isObserved = true
    scope.failure = error.copied()
    for other in scope.failed.dropFirst() {
      if case .failed(let error) = other.state { scope.suppressed.append(error.copied()) }
      other.isObserved = true
    }
    scope.failed = []
    if !scope.live.isEmpty { cancelLocked(scope, .failure) }
  }

  /// Calls something when a task has ended: at once if it has.
  /// - Parameter observing: its failure reaches whoever asks.
  func whenEnded(_ task: TaskObject, observing: Bool = false, _ action: @escaping @Sendable () -> Void) {
    let hasEnded = tree.withLock { () -> Bool in
      if observing { task.isObserved = true }
      if task.isRunning { task.listeners.add(.call(action)) }
      return !task.isRunning
    }
    if hasEnded { action() }
  }

  /// Has a waiter resumed with a task's result: at once if it has ended.
  func arm(_ waiter: Waiter, forEndOf task: TaskObject, _ strand: Strand) {
    tree.withLock {
      guard task.isRunning else {
        // Who has been given up meanwhile has not observed it.
        let wasObserved = task.isObserved
        if let outcome = task.outcome(), !waiter.resume(with: outcome) { task.isObserved = wasObserved }
        return
      }
      task.listeners.add(waiter)
      if task.strand?.isWaiting == true { breakCircleLocked(closedBy: strand, waiter) }
    }
  }

  func disarm(_ waiter: Waiter, forEndOf task: TaskObject) {
    tree.withLock { task.listeners.remove(waiter) }
  }
}
