// The tree of scopes and tasks: spawning, ending, cancelling. One lock guards it all: each operation touches a few
// nodes, and what is frequent (checkpoints of tasks that nobody has interrupted) takes no lock.

import RunnelScheduler

extension Interpreter {
  /// Begins a task of a scope. The scope may be one that is being stopped: then the task meets the cancellation at
  /// its first checkpoint (language.md §6).
  func spawn(
    _ closure: Closure, arguments: [Value] = [], in scope: Scope, from strand: Strand, name: String?,
    isService: Bool = false, isDetached: Bool = false, isDiscarded: Bool = false
  ) throws(Raised) -> TaskObject {
    try spawn(
      closure, arguments: arguments, in: scope, origin: SpawnOrigin(strand), name: name, isService: isService,
      isDetached: isDetached, isDiscarded: isDiscarded)
  }

  func spawn(
    _ closure: Closure, arguments: [Value] = [], in scope: Scope, origin: SpawnOrigin, name: String?,
    isService: Bool = false, isDetached: Bool = false, isDiscarded: Bool = false
  ) throws(Raised) -> TaskObject {
    let task = TaskObject(
      id: nextTaskID(), name: name, scope: scope, isService: isService, isDetached: isDetached,
      interpreter: self)
    task.isDiscarded = isDiscarded
    task.place = origin.place
    let child = Strand(interpreter: self, task: task, context: origin.context)
    let machine = Machine(strand: child, globals: origin.globals, ownsGlobals: false)
    child.prepare(machine)
    task.strand = child
    let isOpen = tree.withLock { () -> Bool in
      guard !scope.hasEnded else { return false }
      scope.live[task.id] = task
      return true
    }
    guard isOpen else { throw Raised(.valueError, "cannot spawn in a scope that has ended") }
    machine.begin(closure, arguments: arguments)
    if Scope.cancellation(beyondShields: scope) != nil { child.rearm() }
    Task(executorPreference: scheduler) {
      let result = await child.drive()
      self.finish(task, result)
    }
    return task
  }

  private func finish(_ task: TaskObject, _ result: Result<Value, Raised>) {
    let scope = task.scope
    let waiters = tree.withLock { () -> [Waiter] in
      scope.live[task.id] = nil
      let waiters: [Waiter]
      switch result {
      case .success(let value):
        waiters = task.finish(.ok(value))
      case .failure(let raised) where raised.error.kind === ErrorKind.cancelled:
        waiters = task.finish(.cancelled(reason: task.strand?.root.cancelReason?.given))
      case .failure(let raised):
        let error = raised.error
        if error.kind === ErrorKind.exit { requestExit(error) }
        if let entry = task.place?.entry(.spawned, task: task.label) { error.trace.append(entry) }
        waiters = task.finish(.failed(error))
        noteFailure(of: task, error, hasWaiters: !waiters.isEmpty)
      }
      return waiters
    }
    for waiter in waiters { answer(waiter, with: task) }
    for action in tree.withLock({ () -> [@Sendable () -> Void] in
      defer { task.onEnd = [] }
      return task.onEnd
    }) { action() }
    let joiner = tree.withLock { () -> Waiter? in
      defer { scope.joiner = nil }
      return scope.joiner
    }
    joiner?.resume(with: .nil)
  }

  /// Under the tree lock.
  private func noteFailure(of task: TaskObject, _ error: ErrorObject, hasWaiters: Bool) {
    let scope = task.scope
    if hasWaiters || task.isObserved {
      task.isObserved = true
    } else if scope.form == .session, scope.cancelReason == nil {
      scope.failed.append(task)
    } else if scope.cancelReason != nil || scope.failure != nil {
      scope.suppressed.append(error)
      task.isObserved = true
    } else if task.isDiscarded || scope.isJoining {
      task.isObserved = true
      scope.failure = error
      cancelLocked(scope, .failure)
    } else {
      scope.failed.append(task)
    }
  }

  private func answer(_ waiter: Waiter, with task: TaskObject) {
    switch tree.withLock({ task.outcome() }) {
    case .value(let value)?: waiter.resume(with: value)
    case .failure(let error)?: waiter.resume(raising: error)
    default: break
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

  /// Interrupts every strand that runs something in a scope.
  func interruptAll(in scope: Scope) {
    scope.strand.interrupt()
    for task in scope.live.values { if let strand = task.strand { interruptAll(in: strand.root) } }
    for inner in scope.strand.openScopes where inner !== scope && scope.holds(inner) {
      for task in inner.live.values { if let strand = task.strand { interruptAll(in: strand.root) } }
    }
  }

  /// Waits until the tasks of a scope have ended; services are stopped when all others have.
  func join(_ scope: Scope, from strand: Strand) async {
    while true {
      let isDone = tree.withLock { () -> Bool in
        scope.isJoining = true
        raiseUnobserved(scope)
        if scope.live.isEmpty { return true }
        if scope.live.values.allSatisfy(\.isService) {
          for task in scope.live.values {
            if let strand = task.strand { cancelLocked(strand.root, .byHand(nil)) }
          }
        }
        return false
      }
      if isDone { return }
      await strand.waitUninterrupted(WaitDescription("the end of its tasks")) { waiter in
        let isDone = tree.withLock { () -> Bool in
          scope.joiner = waiter
          return scope.live.isEmpty
        }
        if isDone { waiter.resume(with: .nil) }
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
    scope.failure = error
    for other in scope.failed.dropFirst() {
      if case .failed(let error) = other.state { scope.suppressed.append(error) }
      other.isObserved = true
    }
    scope.failed = []
    if !scope.live.isEmpty { cancelLocked(scope, .failure) }
  }

  /// Waits for a task's result.
  func await(_ task: TaskObject, from strand: Strand) async throws(Raised) -> Value {
    let known = tree.withLock { task.outcome() }
    switch known {
    case .value(let value): return value
    case .failure(let error): throw Raised(error)
    default: break
    }
    guard task.strand !== strand else {
      throw Raised(.deadlock, "\(strand.label) awaits itself")
    }
    return try await strand.wait(WaitDescription("task \(task.id)")) { waiter in
      let known = tree.withLock { () -> Waiter.Outcome? in
        if let outcome = task.outcome() { return outcome }
        task.waiters.append(waiter)
        return nil
      }
      switch known {
      case .value(let value): waiter.resume(with: value)
      case .failure(let error): waiter.resume(raising: error)
      default: break
      }
      return { self.tree.withLock { task.waiters.removeAll { $0 === waiter } } }
    }
  }
}

extension Strand {
  /// The scopes that its fibers have open.
  var openScopes: [Scope] {
    guard let machine else { return [root] }
    var scopes = machine.fiber.scopes
    var fiber = machine.fiber.reader
    while let outer = fiber {
      scopes += outer.scopes
      fiber = outer.reader
    }
    return scopes
  }
}
