// Scopes begun and ended by the running code, and cleanup (language.md §5, §6, §9, §10).

import RunnelCompiler
import RunnelScheduler

extension Machine {
  private var interpreter: Interpreter { strand.interpreter }

  // MARK: Beginning

  func scopeEnter(_ operand: UnsafeMutablePointer<Value>, _ instruction: Instruction) throws(Raised) {
    // A task that is being stopped enters no form.
    if strand.isInterrupted { try strand.checkpoint() }
    let form = ScopeForm(rawValue: UInt8(truncatingIfNeeded: instruction.b)) ?? .plain
    switch form {
    case .plain:
      let scope = open(.plain)
      if instruction.flag == 1 { operand.pointee = .object(ScopeObject(scope)) }
    case .shield: open(.shield)
    case .with: open(.with)
    case .attempt: open(.attempt)
    case .test: open(.test)
    case .timeout:
      guard case .duration(let limit) = operand.pointee else {
        throw Raised(
          .typeError, "`timeout` takes a duration, not \(operand.pointee.typeName); write `timeout 5s`")
      }
      begin(timeout: limit)
    }
  }

  /// The innermost scope, a `with`, holds a lock or a permit.
  func scopeHold(_ value: Value) {
    guard case .object(let object) = value, object.tag.isHeldByWith else { return }
    fiber.scopes.last?.held = object as? HoldableObject
  }

  @discardableResult
  func open(_ form: Scope.Form) -> Scope {
    let scope = Scope(form, parent: fiber.innermostScope, strand: strand, frameDepth: fiber.frameCount)
    fiber.scopes.append(scope)
    return scope
  }

  private func begin(timeout limit: Int) {
    let scope = open(.timeout)
    scope.limit = limit
    let scheduler = interpreter.scheduler
    let (deadline, overflow) = scheduler.now.addingReportingOverflow(Int64(max(limit, 0)))
    guard !overflow else { return }
    scope.deadline = deadline
    if limit <= 0 {
      interpreter.cancel(scope, .deadline)
      strand.rearm()
      return
    }
    scope.timer = scheduler.schedule(at: deadline) { [interpreter] in interpreter.cancel(scope, .deadline) }
  }

  /// The scope that what is spawned or opened now belongs to: the innermost that is running. The running function is
  /// one, or the function that the running lambda was called by; its scope is begun when it is needed.
  func scopeForOwning() -> Scope { scopeForOwning(in: fiber) }

  /// The same for a fiber that waits for what the running one gives.
  func scopeForOwning(in fiber: Fiber) -> Scope {
    var index = fiber.frameCount - 1
    while index > 0, !fiber.frames[index].function.takeUnretainedValue().isScope { index -= 1 }
    let depth = index + 1
    if let last = fiber.scopes.last, last.frameDepth >= depth { return last }
    if index == 0, fiber.scopes.isEmpty, !fiber.frames[0].function.takeUnretainedValue().isScope {
      return fiber.outerScope
    }
    let scope = Scope(.function, parent: fiber.innermostScope, strand: strand, frameDepth: depth)
    fiber.scopes.append(scope)
    fiber.frames[index].flags.insert(.hasScope)
    return scope
  }

  // MARK: Ending

  /// If tasks of a scope have not ended: how to wait for them, after which this is to be asked again. A body that failed stops
  /// them first.
  /// - Parameter sealing: if there are none, no more can be spawned in it.
  func joinWait(_ scope: Scope, failing: Bool, sealing: Bool = true) -> MachineExit? {
    let interpreter = interpreter
    let mustWait = interpreter.tree.withLock { () -> Bool in
      guard !scope.live.isEmpty else {
        // The first of those that failed unobserved is the scope's failure.
        if !scope.failed.isEmpty { interpreter.raiseUnobserved(scope) }
        if sealing { scope.hasEnded = true }
        return false
      }
      if failing { interpreter.cancelLocked(scope, .failure) }
      scope.isJoining = true
      scope.hasWaited = true
      interpreter.raiseUnobserved(scope)
      // Services are stopped when all others have ended.
      if scope.hasOnlyServices {
        scope.hasStoppedServices = true
        for task in scope.live.all {
          if let strand = task.strand { interpreter.cancelLocked(strand.root, .byHand(nil)) }
        }
      }
      return true
    }
    guard mustWait else { return nil }
    return .park(
      .other(WaitDescription("the end of its tasks", on: .tasks(of: scope)), isInterruptible: false) {
        waiter in
        let isDone = interpreter.tree.withLock { () -> Bool in
          // Where the others have ended since the look above, services are to be stopped: it is to be asked again.
          guard !scope.live.isEmpty, !scope.hasOnlyServices || scope.hasStoppedServices else { return true }
          scope.joiner = waiter
          return false
        }
        if isDone { waiter.resume(with: .nil) }
        return {}
      })
  }

  /// Takes the failures of a scope's tasks out of it: the one that stopped it, and the others, those among them that nobody has
  /// observed.
  private func failures(of scope: Scope) -> (first: ErrorObject?, others: [ErrorObject]) {
    // Nobody writes to a sealed scope any more: mostly there is nothing, and no need for the lock.
    if scope.hasEnded, scope.failure == nil, scope.suppressed.isEmpty, scope.failed.isEmpty {
      return (nil, [])
    }
    return interpreter.tree.withLock {
      defer {
        scope.failure = nil
        scope.suppressed = []
        scope.failed = []
      }
      let unobserved = scope.failed.compactMap { task -> ErrorObject? in
        guard !task.isObserved else { return nil }
        task.isObserved = true
        return task.failure?.copied()
      }
      return (scope.failure, unobserved + scope.suppressed)
    }
  }

  /// What a scope raises whose body has ended normally: the failure of a task, or what stopped the scope while it waited for its
  /// tasks. Until these have ended so has it not (language.md §6.1).
  func failureAtEnd(of scope: Scope) -> ErrorObject? {
    let hasWaited = scope.hasWaited
    scope.hasWaited = false
    var (failure, others) = failures(of: scope)
    if failure == nil, hasWaited || !others.isEmpty {
      do throws(Raised) {
        try strand.checkpoint()
      } catch {
        failure = error.error
      }
    }
    // Errors without anything that has stopped the scope: the first of them is what has failed.
    if failure == nil, !others.isEmpty { failure = others.removeFirst() }
    for other in others where other !== failure { failure?.add(suppressed: other) }
    return failure
  }

  /// What a scope raises whose body was left by an error.
  func outcome(of scope: Scope, failingWith error: ErrorObject) -> ErrorObject {
    if error.kind === ErrorKind.exit { return error }
    let (failure, others) = failures(of: scope)
    // The body was stopped because a task failed: that failure is the scope's.
    if error.kind === ErrorKind.cancelled, let failure, !goesOn(error, beyond: scope) {
      for other in others + error.suppressed where other !== failure { failure.add(suppressed: other) }
      return failure
    }
    if let failure, failure !== error { error.add(suppressed: failure) }
    for other in others where other !== error { error.add(suppressed: other) }
    return error
  }

  /// Whether something outside a scope stops what runs in it. What a shield holds back does not. A `Cancelled` that leaves the
  /// scope is then on account of that: whoever was the cause when it was raised.
  private func goesOn(_ error: ErrorObject, beyond scope: Scope) -> Bool {
    interpreter.tree.withLock {
      guard let cause = Scope.cancellation(reaching: scope, now: interpreter.scheduler.now), cause !== scope
      else { return false }
      if error.kind === ErrorKind.cancelled { cause.wasDelivered = true }
      return true
    }
  }

  /// If closing what a scope opened takes time (commands that run are to be stopped): begins it, and gives how to wait
  /// for its end. `close` does the rest.
  func closingWait(_ scope: Scope) -> MachineExit? {
    if scope.ownsNothing { return nil }
    let ending = scope.owned.filter(\.takesTimeToEnd)
    guard !ending.isEmpty else { return nil }
    noteLeaks(ending, in: scope)
    for resource in ending.reversed() { resource.close() }
    return .wait { _ throws(Raised) in
      for resource in ending { await resource.waitForEnd() }
      return .nil
    }
  }

  /// A scope has ended: what it opened is closed.
  /// - Returns: the first failure to write what was left, the others suppressed in it.
  func close(_ scope: Scope) -> ErrorObject? {
    if let timer = scope.timer { interpreter.scheduler.cancelTimer(timer) }
    scope.held?.giveBack(by: scope.strand)
    scope.held = nil
    if scope.form == .cleanup, let timer = interpreter.tree.withLock({ scope.graceTimer.take() }) {
      interpreter.scheduler.cancelTimer(timer)
    }
    var failure: ErrorObject?
    if !scope.ownsNothing {
      let resources = scope.disown()
      noteLeaks(resources, in: scope)
      for resource in resources.reversed() {
        do throws(Raised) {
          try resource.closeRaising()
        } catch {
          if let failure { failure.add(suppressed: error.error) } else { failure = error.error }
        }
      }
    }
    if fiber.scopes.last === scope { fiber.scopes.removeLast() }
    if scope.form == .shield || scope.form == .cleanup { strand.rearm() }
    return failure
  }

  /// Resources that stand in a scope's value pass to the scope around it (language.md §6.8).
  func pass(resourcesOf scope: Scope, in value: Value) {
    guard !scope.ownsNothing, let outer = scope.parent else { return }
    var found: Set<ObjectIdentifier> = []
    Self.collectResources(value, &found, depth: 0)
    guard !found.isEmpty else { return }
    for resource in scope.disown(found) { outer.own(resource) }
  }

  private static func collectResources(_ value: Value, _ found: inout Set<ObjectIdentifier>, depth: Int) {
    guard depth < nestingLimit, case .object(let object) = value else { return }
    switch object.tag {
    case .list:
      for item in unsafeDowncast(object, to: ListObject.self).items {
        collectResources(item, &found, depth: depth + 1)
      }
    case .map:
      for (_, item) in unsafeDowncast(object, to: MapObject.self).storage {
        collectResources(item, &found, depth: depth + 1)
      }
    default: if object is ResourceObject { found.insert(ObjectIdentifier(object)) }
    }
  }

  /// Before the `defer`s of a scope's body: its tasks end first.
  func scopeJoin(_ completion: UnsafeMutablePointer<Value>, ofFrame: Bool) -> MachineExit? {
    guard let scope = fiber.scopes.last, scope.frameDepth == fiber.frameCount else { return nil }
    if ofFrame {
      guard fiber.frames[fiber.frameCount - 1].flags.contains(.hasScope) else { return nil }
    }
    var isFailing = false
    if case .int(1) = completion[0] { isFailing = true }
    if let wait = joinWait(scope, failing: isFailing, sealing: false) {
      resumption = .again
      return wait
    }
    settle(completion, scope)
    skipInstruction()
    return nil
  }

  /// The instruction is done: it was to run again only if it had to wait.
  private func skipInstruction() { fiber.frames[fiber.frameCount - 1].pc += 1 }

  /// What the end of a scope's tasks makes of its completion.
  private func settle(_ completion: UnsafeMutablePointer<Value>, _ scope: Scope) {
    if case .int(1) = completion[0], let error = completion[1].error {
      completion[1] = .object(outcome(of: scope, failingWith: error))
    } else if let failure = failureAtEnd(of: scope) {
      completion[0] = .int(1)
      completion[1] = .object(failure)
    }
  }

  /// Ends the innermost scope under a completion.
  func scopeEnd(
    _ completion: UnsafeMutablePointer<Value>, _ value: UnsafeMutablePointer<Value>, _ flag: UInt8
  ) -> MachineExit? {
    guard let scope = fiber.scopes.last else {
      skipInstruction()
      return nil
    }
    var isFailing = false
    if case .int(1) = completion[0] { isFailing = true }
    if let wait = joinWait(scope, failing: isFailing) {
      resumption = .again
      return wait
    }
    settle(completion, scope)
    if case .int(1) = completion[0] {
    } else {
      pass(resourcesOf: scope, in: completion[0].isZero ? value.pointee : completion[1])
    }
    if let wait = closingWait(scope) {
      resumption = .again
      return wait
    }
    if let failure = close(scope) { suppress(completion, .object(failure)) }
    switch scope.form {
    case .timeout: endTimeout(scope, completion, hasElse: flag & 1 != 0)
    case .shield: endShield(scope, completion)
    case .attempt: endAttempt(scope, completion)
    default: break
    }
    skipInstruction()
    return nil
  }

  /// Its own deadline, unless something further out stops the task as well (language.md §9.2).
  private func endTimeout(_ scope: Scope, _ completion: UnsafeMutablePointer<Value>, hasElse: Bool) {
    guard case .deadline? = scope.cancelReason, scope.wasDelivered, case .int(1) = completion[0],
      let error = completion[1].error, error.kind !== ErrorKind.exit, !goesOn(error, beyond: scope)
    else { return }
    let timeout = ErrorObject(.timeout, "timed out after \(Formatting.duration(scope.limit))")
    timeout.data.set(.string("after"), .duration(scope.limit))
    timeout.takeTrace(of: error)
    for other in error.kind === ErrorKind.cancelled ? error.suppressed : [error] {
      timeout.add(suppressed: other)
    }
    completion[1] = .object(timeout)
    if hasElse { completion[0] = .int(2) }
  }

  /// What a shield held back is delivered at its end; an error of its body goes on instead.
  private func endShield(_ scope: Scope, _ completion: UnsafeMutablePointer<Value>) {
    if case .int(1) = completion[0] { return }
    do throws(Raised) {
      try strand.checkpoint()
    } catch {
      completion[0] = .int(1)
      completion[1] = .object(error.error)
    }
  }

  // MARK: Cleanup

  func cleanupEnter(_ grace: Value) throws(Raised) {
    var own: Int64?
    switch grace {
    case .nil: break
    case .duration(let duration): own = Int64(max(duration, 0))
    default: throw Raised(.typeError, "`within` takes a duration, not \(grace.typeName)")
    }
    let now = interpreter.scheduler.now
    let outer = fiber.innermostScope
    let cleanup = open(.cleanup)
    cleanup.ownGrace = own
    cleanup.isUnbounded = fiber.frames[fiber.frameCount - 1].function.takeUnretainedValue().isPrelude
    let isStopping = interpreter.tree.withLock { () -> Bool in
      guard let cause = Scope.cancellation(reaching: outer, now: now) else { return false }
      strand.startGrace(of: cleanup, cause: cause, now: now)
      return true
    }
    if isStopping { strand.rearm() }
  }

  func cleanupEnd(_ completion: UnsafeMutablePointer<Value>) -> MachineExit? {
    guard let scope = fiber.scopes.last, scope.form == .cleanup else {
      skipInstruction()
      return nil
    }
    if let wait = joinWait(scope, failing: false) ?? closingWait(scope) {
      resumption = .again
      return wait
    }
    let failure = failureAtEnd(of: scope)
    let unwritten = close(scope)
    if let failure { suppress(completion, .object(failure)) }
    if let unwritten { suppress(completion, .object(unwritten)) }
    skipInstruction()
    return nil
  }

  func cleanupFail(_ completion: UnsafeMutablePointer<Value>, _ value: UnsafeMutablePointer<Value>)
    -> MachineExit?
  {
    guard let error = value.pointee.error else {
      skipInstruction()
      return nil
    }
    guard let scope = fiber.scopes.last, scope.form == .cleanup, scope.frameDepth == fiber.frameCount else {
      // Raised before the cleanup had begun, or after it had ended.
      suppress(completion, value.pointee)
      skipInstruction()
      return nil
    }
    if let wait = joinWait(scope, failing: true) ?? closingWait(scope) {
      resumption = .again
      return wait
    }
    let raised = outcome(of: scope, failingWith: error)
    if let unwritten = close(scope) { raised.add(suppressed: unwritten) }
    suppress(completion, .object(raised))
    skipInstruction()
    return nil
  }
}

extension Value {
  var isZero: Bool {
    if case .int(0) = self { return true }
    return false
  }
}
