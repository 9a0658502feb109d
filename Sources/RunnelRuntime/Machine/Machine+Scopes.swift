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
    case .timeout:
      guard case .duration(let limit) = operand.pointee else {
        throw Raised(
          .typeError, "`timeout` takes a duration, not \(operand.pointee.typeName); write `timeout 5s`")
      }
      begin(timeout: limit)
    }
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
    let (deadline, overflow) = scheduler.clock.now().addingReportingOverflow(Int64(max(limit, 0)))
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
  func scopeForOwning() -> Scope {
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

  /// If tasks of a scope have not ended: how to wait for them. A body that failed stops them first.
  func joinWait(_ scope: Scope, failing: Bool) -> MachineExit? {
    let interpreter = interpreter
    if scope.live.isEmpty {
      if !scope.failed.isEmpty { interpreter.settle(scope) }
      return nil
    }
    if failing { interpreter.cancel(scope, .failure) }
    return .wait { strand throws(Raised) in
      await interpreter.join(scope, from: strand)
      return .nil
    }
  }

  /// The failure of its tasks that a scope raises when its body has not failed itself.
  func failure(of scope: Scope) -> ErrorObject? {
    guard let failure = scope.failure else { return nil }
    for error in scope.suppressed where error !== failure { failure.suppressed.append(error) }
    scope.suppressed = []
    return failure
  }

  /// What a scope raises whose body was left by an error.
  func outcome(of scope: Scope, failingWith error: ErrorObject) -> ErrorObject {
    if error.kind === ErrorKind.exit { return error }
    // The body was stopped because a task failed: that failure is the scope's.
    if error.kind === ErrorKind.cancelled, let failure = failure(of: scope), !isStopped(beyond: scope) {
      return failure
    }
    if let failure = scope.failure, failure !== error { error.suppressed.append(failure) }
    for other in scope.suppressed where other !== error { error.suppressed.append(other) }
    scope.suppressed = []
    return error
  }

  /// Whether something outside a scope stops this task.
  private func isStopped(beyond scope: Scope) -> Bool {
    guard let parent = scope.parent else { return false }
    return interpreter.tree.withLock {
      Scope.cancellation(reaching: parent, now: interpreter.scheduler.clock.now()) != nil
    }
  }

  /// If closing what a scope opened takes time (commands that run are to be stopped): begins it, and gives how to wait
  /// for its end. `close` does the rest.
  func closingWait(_ scope: Scope) -> MachineExit? {
    guard !scope.resources.isEmpty else { return nil }
    let ending = scope.resources.filter(\.takesTimeToEnd)
    guard !ending.isEmpty else { return nil }
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
    interpreter.tree.withLock { scope.hasEnded = true }
    var failure: ErrorObject?
    for resource in scope.resources.reversed() {
      do throws(Raised) {
        try resource.closeRaising()
      } catch {
        if let failure { failure.suppressed.append(error.error) } else { failure = error.error }
      }
    }
    scope.resources = []
    if fiber.scopes.last === scope { fiber.scopes.removeLast() }
    if scope.form == .shield || scope.form == .cleanup { strand.rearm() }
    return failure
  }

  /// Resources that stand in a scope's value pass to the scope around it (language.md §6.8).
  func pass(resourcesOf scope: Scope, in value: Value) {
    guard !scope.resources.isEmpty else { return }
    var found: Set<ObjectIdentifier> = []
    Self.collectResources(value, &found, depth: 0)
    guard !found.isEmpty else { return }
    let outer = scope.parent
    for resource in scope.resources where found.contains(ObjectIdentifier(resource)) {
      outer?.resources.append(resource)
    }
    scope.resources.removeAll { found.contains(ObjectIdentifier($0)) }
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
    if let wait = joinWait(scope, failing: isFailing) {
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
    } else if let failure = failure(of: scope) {
      completion[0] = .int(1)
      completion[1] = .object(failure)
    }
    // It has been raised.
    scope.failure = nil
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
      let error = completion[1].error, error.kind !== ErrorKind.exit, !isStopped(beyond: scope)
    else { return }
    let timeout = ErrorObject(.timeout, "timed out after \(Formatting.duration(scope.limit))")
    timeout.data.set(.string("after"), .duration(scope.limit))
    timeout.trace = error.trace
    if error.kind === ErrorKind.cancelled {
      timeout.suppressed = error.suppressed
    } else {
      timeout.suppressed = [error]
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
    let now = interpreter.scheduler.clock.now()
    let outer = fiber.innermostScope
    let cause = interpreter.tree.withLock { Scope.cancellation(reaching: outer, now: now) }
    let cleanup = open(.cleanup)
    if case .duration(let own) = grace {
      if cause != nil {
        cleanup.graceEnd = now.addingReportingOverflow(Int64(max(own, 0))).partialValue
        strand.scheduleInterrupt(at: cleanup.graceEnd ?? now)
      }
    } else if !grace.isNil {
      throw Raised(.typeError, "`within` takes a duration, not \(grace.typeName)")
    } else if let cause {
      strand.startGrace(of: cleanup, cause: cause, now: now)
    }
    if cause != nil { strand.rearm() }
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
    let failure = failure(of: scope)
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
    if let unwritten = close(scope) { raised.suppressed.append(unwritten) }
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

extension Interpreter {
  /// Tasks that failed unobserved in a scope whose tasks have all ended: the first failure is the scope's.
  func settle(_ scope: Scope) {
    tree.withLock { raiseUnobserved(scope) }
  }
}
