// Branches, loops, `try`, and the forms that are scopes.

import RunnelSyntax

extension FunctionCompiler {
  func compileIf(_ arms: [ConditionalArm], _ otherwise: Block?, into target: Int?) {
    var ends: [Patch] = []
    for (position, arm) in arms.enumerated() {
      let failures = jumpIfFalse(arm.condition)
      block(arm.body, into: target)
      let isLast = position == arms.count - 1 && otherwise == nil && target == nil
      if !isLast { ends.append(builder.jump()) }
      builder.patch(failures)
    }
    if let otherwise {
      block(otherwise, into: target)
    } else if let target {
      builder.emit(.loadNil, target)
    }
    builder.patch(ends)
  }

  // MARK: Loops

  private func newLoop() -> Loop {
    loopCount += 1
    return Loop(id: loopCount)
  }

  func compileWhile(_ condition: Expression, _ body: Block) {
    let loop = newLoop()
    frames.append(.loop(loop))
    let start = builder.position
    let failures = jumpIfFalse(condition)
    block(body, into: nil)
    builder.patch(loop.continues, to: builder.position)
    builder.span = condition.span
    builder.jump(.loop, to: start)
    builder.patch(failures)
    frames.removeLast()
    builder.patch(loop.breaks)
  }

  func compileFor(_ patterns: [Pattern], _ source: Expression, _ body: Block) {
    if patterns.count == 1, case .range(let lower?, let upper?, let inclusive) = unwrapped(source).kind {
      return compileRangeLoop(patterns[0], lower, upper, inclusive, body, span: source.span)
    }
    loop(over: source, isPair: patterns.count == 2) { item in
      for (position, pattern) in patterns.enumerated() { bindLoopVariable(pattern, from: item + position) }
      block(body, into: nil)
    }
  }

  /// A loop variable lives in the register that the iterator fills, unless it is captured and changes.
  private func bindLoopVariable(_ pattern: Pattern, from register: Int) {
    if case .bind(let name) = pattern.kind, let variable = module.resolution.declarations[Int(name.id)],
      !isGlobal(variable), !variable.needsCell
    {
      variable.storage = .register(register)
    } else {
      destructure(pattern, from: register)
    }
  }

  private func compileRangeLoop(
    _ pattern: Pattern, _ lower: Expression, _ upper: Expression, _ inclusive: Bool, _ body: Block, span: Span
  ) {
    let mark = builder.nextRegister
    let iterator = builder.allocate(3)
    let item = builder.allocate()
    expression(lower, into: iterator)
    expression(upper, into: iterator + 1)
    builder.span = span
    builder.emit(.rangePrepare, iterator, flag: inclusive ? 1 : 0)
    let loop = newLoop()
    frames.append(.loop(loop))
    let start = builder.position
    let done = builder.emit(.rangeNext, iterator, item)
    let inner = builder.nextRegister
    bindLoopVariable(pattern, from: item)
    block(body, into: nil)
    builder.free(from: inner)
    builder.patch(loop.continues)
    builder.span = span
    builder.jump(.loop, to: start)
    builder.patch(done)
    frames.removeLast()
    builder.patch(loop.breaks)
    builder.free(from: mark)
  }

  /// A loop over anything that can be iterated; a stream is closed however the loop is left.
  func loop(over source: Expression, isPair: Bool, _ body: (_ item: Int) -> Void) {
    let mark = builder.nextRegister
    let iterator = builder.allocate(3)
    let item = builder.allocate(2)
    streamOperand(source, into: iterator)
    let span = source.span
    builder.span = span
    builder.emit(.iteratorPrepare, iterator, flag: isPair ? 1 : 0)
    region(
      body: {
        let loop = newLoop()
        frames.append(.loop(loop))
        let start = builder.position
        builder.span = span
        let done = builder.emit(.iteratorNext, iterator, item, flag: isPair ? 1 : 0)
        let inner = builder.nextRegister
        body(item)
        builder.free(from: inner)
        builder.patch(loop.continues)
        builder.span = span
        builder.jump(.loop, to: start)
        builder.patch(done)
        frames.removeLast()
        builder.patch(loop.breaks)
      },
      cleanup: { _ in
        builder.span = span
        builder.emit(.iteratorClose, iterator)
      })
    builder.free(from: mark)
  }

  /// What a loop reads: a pipeline is read item by item, and a command's output line by line (language.md §14.2).
  func streamOperand(_ source: Expression, into target: Int) {
    switch unwrapped(source).kind {
    case .pipeline(let stages): compilePipeline(stages, into: target, use: .stream)
    case .command(let node) where node.form == .capture: commandSource(node, into: target)
    default: expression(source, into: target)
    }
  }

  // MARK: try

  func compileTry(_ node: TryNode, into target: Int?) {
    guard let cleanup = node.finally else { return compileCatches(node, into: target) }
    let mark = builder.nextRegister
    let grace = node.grace.map { graceOperand($0) }
    region(
      body: { compileCatches(node, into: target) },
      cleanup: { completion in
        builder.span = cleanup.span
        cleanupBody(cleanup, completion: completion, grace: grace)
      }, failure: .cleanupFail)
    builder.free(from: mark)
  }

  private func compileCatches(_ node: TryNode, into target: Int?) {
    guard !node.catches.isEmpty else { return block(node.body, into: target) }
    let mark = builder.nextRegister
    let error = builder.allocate()
    let start = builder.position
    block(node.body, into: target)
    let end = builder.position
    var ends = [builder.jump()]
    builder.addHandler(from: start, to: end, target: builder.position, register: error, isCompletion: false)
    for clause in node.catches {
      let clauseMark = builder.nextRegister
      builder.span = clause.span
      let isCleanup = clause.kinds.contains { $0.text == "Cancelled" }
      var misses = testKinds(clause.kinds, error)
      if let name = clause.name { bind(name, from: error) }
      if let condition = clause.condition { misses += jumpIfFalse(condition) }
      if isCleanup {
        catchCancelled(clause, error, into: target)
      } else {
        block(clause.body, into: target)
      }
      ends.append(builder.jump())
      builder.patch(misses)
      builder.free(from: clauseMark)
    }
    builder.emit(.reraise, error)
    builder.patch(ends)
    builder.free(from: mark)
  }

  /// Gives the jumps taken where the error is of none of the kinds.
  private func testKinds(_ kinds: [KindPath], _ error: Int) -> [Patch] {
    if kinds.isEmpty { return [builder.jump(.jumpUnlessCatchable, error)] }
    var matched: [Patch] = []
    var misses: [Patch] = []
    for (position, path) in kinds.enumerated() {
      let register = builder.allocate()
      kind(path, into: register)
      let miss = builder.emit(.jumpUnlessKind, error, register)
      builder.free(from: register)
      if position == kinds.count - 1 {
        misses.append(miss)
      } else {
        matched.append(builder.jump())
        builder.patch(miss)
      }
    }
    builder.patch(matched)
    return misses
  }

  /// `catch Cancelled` is cleanup, at whose end `Cancelled` goes on (language.md §5); beside it other kinds may be
  /// caught by the same clause as usual.
  private func catchCancelled(_ clause: TryNode.Catch, _ error: Int, into target: Int?) {
    let kindRegister = builder.allocate()
    builder.loadBuiltin("Cancelled", into: kindRegister)
    let other = builder.emit(.jumpUnlessKind, error, kindRegister)
    region(
      body: { builder.emit(.reraise, error) },
      cleanup: { completion in cleanupBody(clause.body, completion: completion, grace: nil) },
      failure: .cleanupFail)
    builder.patch(other)
    if clause.kinds.count > 1 { block(clause.body, into: target) }
  }

  // MARK: Scopes

  func compileScope(_ name: Identifier?, _ body: Block, into target: Int?) {
    let mark = builder.nextRegister
    let handle = builder.allocate()
    builder.emit(.scopeEnter, handle, Int(ScopeForm.plain.rawValue), flag: 1)
    if let name { bind(name, from: handle) }
    scopeRegion(.block(body), into: target)
    builder.free(from: mark)
  }

  func compileTest(_ body: Block) {
    let handle = builder.allocate()
    builder.emit(.scopeEnter, handle, Int(ScopeForm.test.rawValue))
    scopeRegion(.block(body), into: nil)
  }

  /// The body of a form that is a scope, and its end.
  private func scopeRegion(
    _ body: Body, into target: Int?, hasElse: Bool = false, formExits: [(_ completion: Int) -> Void] = []
  ) {
    let result = target ?? builder.allocate()
    region(
      body: { self.body(body, into: result, role: .scope) },
      cleanup: { completion in
        builder.emit(.scopeEnd, completion, result, flag: hasElse ? 1 : 0)
      }, formExits: formExits)
  }

  func compileShield(_ body: Body, into target: Int?) {
    let mark = builder.nextRegister
    let handle = builder.allocate()
    builder.emit(.scopeEnter, handle, Int(ScopeForm.shield.rawValue))
    scopeRegion(body, into: target)
    builder.free(from: mark)
  }

  func compileTimeout(_ duration: Expression, _ body: Body, _ otherwise: Body?, into target: Int?, span: Span)
  {
    let mark = builder.nextRegister
    let limit = builder.allocate()
    expression(duration, into: limit)
    builder.span = span
    builder.emit(.scopeEnter, limit, Int(ScopeForm.timeout.rawValue))
    let exits = otherwise.map { [elseExit($0, into: target)] } ?? []
    let outerEnds = elseEnds
    elseEnds = []
    scopeRegion(body, into: target, hasElse: otherwise != nil, formExits: exits)
    builder.patch(elseEnds)
    elseEnds = outerEnds
    builder.free(from: mark)
  }

  private func elseExit(_ body: Body, into target: Int?) -> (Int) -> Void {
    { [self] _ in
      // The region's registers are still in use here: its dispatch is being compiled.
      self.body(body, into: target)
      elseEnds.append(builder.jump())
    }
  }

  func compileWith(_ resource: Expression, _ name: Identifier?, _ body: Block, into target: Int?) {
    let mark = builder.nextRegister
    let value = builder.allocate()
    let window = builder.allocate(2)
    builder.loadBuiltin("__enter", into: window)
    expression(resource, into: window + 1)
    builder.span = resource.span
    builder.emit(.call, window, 1)
    builder.emit(.take, value, window)
    builder.free(from: window)
    if let name { bind(name, from: value) }
    let handle = builder.allocate()
    builder.emit(.scopeEnter, handle, Int(ScopeForm.with.rawValue))
    let result = target ?? builder.allocate()
    region(
      body: {
        takeHold(of: value, span: resource.span)
        block(body, into: result, body: .scope)
      },
      cleanup: { completion in
        builder.span = resource.span
        builder.emit(.scopeEnd, completion, result)
        builder.emit(.cleanupEnter, completion)
        let call = builder.allocate(2)
        builder.loadBuiltin("__leave", into: call)
        builder.emit(.move, call + 1, value)
        builder.emit(.call, call, 1)
        builder.emit(.cleanupEnd, completion)
      }, failure: .cleanupFail)
    builder.free(from: mark)
  }

  /// A lock is taken within the scope, which gives it back: nothing can come between.
  private func takeHold(of value: Int, span: Span) {
    builder.span = span
    let window = builder.allocate(2)
    builder.loadBuiltin("__take_hold", into: window)
    builder.emit(.move, window + 1, value)
    builder.emit(.call, window, 1)
    builder.emit(.scopeHold, value)
    builder.free(from: window)
  }

  // MARK: retry

  func compileRetry(_ node: RetryNode, into target: Int?, span: Span) {
    let mark = builder.nextRegister
    let state = builder.allocate(4)
    expression(node.count, into: state)
    var flags: RetryFlags = []
    switch node.backoff {
    case .backoff(let value): expression(value, into: state + 1)
    case .every(let value):
      expression(value, into: state + 1)
      flags.insert(.every)
    case nil: builder.emit(.loadNil, state + 1)
    }
    if let jitter = node.jitter {
      expression(jitter, into: state + 2)
    } else {
      builder.emit(.loadNil, state + 2)
    }
    if let within = node.within {
      expression(within, into: state + 3)
    } else {
      builder.emit(.loadNil, state + 3)
    }
    if node.filter != nil { flags.insert(.filtered) }
    if node.elseBody != nil { flags.insert(.hasElse) }
    builder.span = span
    builder.emit(.retryBegin, state, flag: flags.rawValue)
    let attempt = builder.allocate()
    let until = node.until.map { value in
      let register = builder.allocate()
      expression(value, into: register)
      return register
    }
    if let variable = module.resolution.attempts[span.start] { variable.storage = .register(attempt) }
    let result = target ?? builder.allocate()
    let again = builder.position
    builder.span = span
    builder.emit(.retryAttempt, state, attempt)
    var exits: [(Int) -> Void] = [{ [self] _ in builder.jump(.loop, to: again) }]
    if let body = node.elseBody {
      exits.append { [self] completion in
        if let name = node.elseName { bind(name, from: completion + 1) }
        self.body(body, into: result)
        elseEnds.append(builder.jump())
      }
    }
    let outerEnds = elseEnds
    elseEnds = []
    region(
      body: {
        let outer = attemptState
        attemptState = state
        body(node.body, into: result, role: .scope)
        if let until { checkUntil(until, state, result, span) }
        attemptState = outer
      },
      cleanup: { completion in
        builder.span = span
        builder.emit(.scopeEnd, completion, result)
        let succeeded = builder.jump(.jumpUnlessFailed, completion)
        afterFailure(node, state: state, completion: completion)
        builder.patch(succeeded)
      }, failure: .replaceCompletion, formExits: exits)
    builder.patch(elseEnds)
    elseEnds = outerEnds
    builder.free(from: mark)
  }

  /// `until`: a value that does not satisfy it makes the attempt a failed one. It is asked when the attempt's tasks have ended.
  private func checkUntil(_ until: Int, _ state: Int, _ result: Int, _ span: Span) {
    let completion = builder.allocate(2)
    builder.emit(.loadInt, completion, immediate: 0)
    builder.emit(.scopeJoin, completion)
    let haveEnded = builder.jump(.jumpUnlessFailed, completion)
    builder.emit(.reraise, completion + 1)
    builder.patch(haveEnded)
    builder.free(from: completion)
    let window = builder.allocate(2)
    builder.emit(.move, window, until)
    builder.emit(.move, window + 1, result)
    builder.span = span
    builder.emit(.retryAsk, state, flag: 1)
    builder.emit(.call, window, 1)
    builder.emit(.retryAsk, state)
    let refused = builder.jump(.jumpIfFalse, window)
    let over = builder.jump()
    builder.patch(refused)
    builder.emit(.retryRefuse, state, result)
    builder.patch(over)
    builder.free(from: window)
  }

  /// Decides whether a failed attempt is retried, and waits.
  private func afterFailure(_ node: RetryNode, state: Int, completion: Int) {
    let mark = builder.nextRegister
    defer { builder.free(from: mark) }
    let error = completion + 1
    var misses: [Patch] = []
    if let filter = node.filter {
      // What `until` has refused is no error that `on` could name.
      let isRefused = builder.allocate()
      builder.emit(.retryIsRefused, isRefused, state, error)
      let refused = builder.jump(.jumpIfTrue, isRefused)
      defer { builder.patch(refused) }
      misses = testKinds(filter.kinds, error)
      if let name = filter.name { bind(name, from: error) }
      if let condition = filter.condition { misses += jumpIfFalse(condition) }
    }
    let wait = builder.allocate(3)
    builder.emit(.loadNil, wait)
    if case .backoff(let value) = node.backoff, mayBeFunction(value) {
      // A function gives the wait: f(error, number).
      builder.emit(.retryWait, state, completion, wait)
      let plain = builder.jump(.jumpIfNil, wait)
      builder.emit(.call, wait, 2)
      builder.patch(plain)
    }
    builder.emit(.retryFailed, state, completion, wait)
    let over = builder.jump()
    builder.patch(misses)
    builder.emit(.retryGiveUp, state, completion)
    builder.patch(over)
    builder.free(from: mark)
  }

  private func mayBeFunction(_ value: Expression) -> Bool {
    switch unwrapped(value).kind {
    case .duration, .range: false
    default: true
    }
  }
}
