// Expressions: values into registers, conditions into jumps.

import RunnelSyntax

extension FunctionCompiler {
  /// Compiles an expression whose value is dropped.
  func discard(_ value: Expression) {
    builder.span = value.span
    let mark = builder.nextRegister
    switch value.kind {
    case .if(let arms, let otherwise): compileIf(arms, otherwise, into: nil)
    case .match(let subject, let arms): compileMatch(subject, arms, into: nil, span: value.span)
    case .while(let condition, let body): compileWhile(condition, body)
    case .for(let patterns, let source, let body): compileFor(patterns, source, body)
    case .try(let node): compileTry(node, into: nil)
    case .with(let resource, let name, let body): compileWith(resource, name, body, into: nil)
    case .scope(let name, let body): compileScope(name, body, into: nil)
    case .timeout(let duration, let body, let otherwise):
      compileTimeout(duration, body, otherwise, into: nil, span: value.span)
    case .shield(let body): compileShield(body, into: nil)
    case .retry(let node): compileRetry(node, into: nil, span: value.span)
    case .paren(let inner): discard(inner)
    case .spawn(let node): compileSpawn(node, into: builder.allocate(), isDiscarded: true, span: value.span)
    case .pipeline(let stages): compilePipeline(stages, into: builder.allocate(), use: .discard)
    case .command(let node):
      compileCommand(node, into: builder.allocate(), span: value.span)
    default: expression(value, into: builder.allocate())
    }
    builder.free(from: mark)
  }

  /// A register that holds the value: the variable's own where it is one, else a new temporary.
  func operand(_ value: Expression) -> Int {
    switch value.kind {
    case .paren(let inner): return operand(inner)
    case .name(let name):
      if case .variable(let variable) = module.resolution.meanings[Int(name.id)],
        variable.function === scope, case .register(let register) = variable.storage
      {
        return register
      }
    default: break
    }
    let register = builder.allocate()
    expression(value, into: register)
    return register
  }

  /// As `operand`, for a value that must not change while `later` is evaluated.
  func stableOperand(_ value: Expression, before later: Expression) -> Int {
    if mayAssign(later) {
      let register = builder.allocate()
      expression(value, into: register)
      return register
    }
    return operand(value)
  }

  /// Whether evaluating an expression may assign a variable of this function: blocks may.
  func mayAssign(_ value: Expression) -> Bool {
    switch value.kind {
    case .nil, .bool, .int, .float, .duration, .name, .function, .break, .continue: false
    case .string(let literal):
      literal.parts.contains { part in
        if case .interpolation(let inner, _, _) = part { mayAssign(inner) } else { false }
      }
    case .paren(let inner), .chain(let inner), .unary(_, let inner), .await(let inner), .isKind(let inner, _),
      .member(let inner, _, _, _):
      mayAssign(inner)
    case .binary(_, let left, let right, _), .index(let left, let right, _):
      mayAssign(left) || mayAssign(right)
    case .call(let callee, let arguments, _):
      isMutatingCall(callee) || mayAssign(callee) || arguments.contains { mayAssign($0.value) }
    case .list(let items): items.contains { mayAssign($0.value) }
    default: true
    }
  }

  private func isMutatingCall(_ callee: Expression) -> Bool {
    if case .member(_, let name, _, _) = callee.kind { return MutatingMethods.names.contains(name) }
    return false
  }

  func expression(_ value: Expression, into target: Int) {
    builder.span = value.span
    switch value.kind {
    case .nil: builder.emit(.loadNil, target)
    case .bool(let flag): builder.emit(.loadBool, target, flag ? 1 : 0)
    case .int(let number):
      if let small = Int32(exactly: number) {
        builder.loadInt(target, Int(small))
      } else {
        builder.load(.int(number), key: "i\(number)", into: target)
      }
    case .float(let number):
      builder.load(.float(number), key: "f\(number.bitPattern)", into: target)
    case .duration(let number):
      builder.load(.duration(number), key: "d\(number)", into: target)
    case .string(let literal): string(literal, into: target)
    case .list(let elements): list(elements, into: target)
    case .map(let entries): map(entries, into: target)
    case .name(let name): self.name(name, into: target)
    case .paren(let inner): expression(inner, into: target)
    case .call, .member, .index, .chain: access(value, into: target)
    case .range(let lower, let upper, let inclusive):
      guard let lower, let upper else { return }
      let mark = builder.nextRegister
      let first = stableOperand(lower, before: upper)
      let second = operand(upper)
      builder.span = value.span
      builder.emit(.makeRange, target, first, second, flag: inclusive ? 1 : 0)
      builder.free(from: mark)
    case .unary(let operation, let inner): unary(operation, inner, into: target, span: value.span)
    case .binary(let operation, let left, let right, let span):
      binary(operation, left, right, span, into: target, whole: value)
    case .isKind(let inner, let path):
      let mark = builder.nextRegister
      let subject = operand(inner)
      let register = builder.allocate()
      kind(path, into: register)
      builder.span = value.span
      builder.emit(.isKind, target, subject, register)
      builder.free(from: mark)
    case .await(let inner):
      let mark = builder.nextRegister
      let task = operand(inner)
      builder.span = value.span
      builder.emit(.await, target, task)
      builder.free(from: mark)
    case .if(let arms, let otherwise): viaTemporary(target) { compileIf(arms, otherwise, into: $0) }
    case .match(let subject, let arms):
      viaTemporary(target) { compileMatch(subject, arms, into: $0, span: value.span) }
    case .while, .for:
      discard(value)
      builder.emit(.loadNil, target)
    case .try(let node): viaTemporary(target) { compileTry(node, into: $0) }
    case .with(let resource, let name, let body):
      viaTemporary(target) { compileWith(resource, name, body, into: $0) }
    case .scope(let name, let body): viaTemporary(target) { compileScope(name, body, into: $0) }
    case .function(let node): closure(node, into: target)
    case .spawn(let node): compileSpawn(node, into: target, isDiscarded: false, span: value.span)
    case .gather(let mode, let inner): compileGather(mode, inner, into: target, span: value.span)
    case .gatherFor(let node): compileGatherFor(node, into: target, span: value.span)
    case .timeout(let duration, let body, let otherwise):
      viaTemporary(target) { compileTimeout(duration, body, otherwise, into: $0, span: value.span) }
    case .shield(let body): viaTemporary(target) { compileShield(body, into: $0) }
    case .retry(let node): viaTemporary(target) { compileRetry(node, into: $0, span: value.span) }
    case .command(let node): compileCommand(node, into: target, span: value.span)
    case .pipeline(let stages): compilePipeline(stages, into: target, use: .value)
    case .return(let result): compileReturn(result)
    case .break:
      if let loop = innermostLoop { emitExit(.breakLoop(loop), from: frames.count) }
    case .continue:
      if let loop = innermostLoop { emitExit(.continueLoop(loop), from: frames.count) }
    case .raise(let error, let cause): compileRaise(error, cause, span: value.span)
    case .invalid: builder.emit(.loadNil, target)
    }
  }

  /// A form whose parts may write its result before others have read the old value gets a register of its own.
  private func viaTemporary(_ target: Int, _ form: (Int) -> Void) {
    if target == builder.nextRegister - 1 { return form(target) }
    let span = builder.span
    let mark = builder.nextRegister
    let temporary = builder.allocate()
    form(temporary)
    builder.span = span
    builder.emit(.take, target, temporary)
    builder.free(from: mark)
  }

  private func compileReturn(_ result: Expression?) {
    let mark = builder.nextRegister
    let register: Int
    if let result {
      register = operand(result)
    } else {
      register = builder.allocate()
      builder.emit(.loadNil, register)
    }
    emitExit(.returnValue, from: frames.count, value: register)
    builder.free(from: mark)
  }

  private func compileRaise(_ error: Expression, _ cause: Expression?, span: Span) {
    let mark = builder.nextRegister
    let register = operand(error)
    if let cause {
      let causeRegister = operand(cause)
      builder.span = span
      builder.emit(.raiseFrom, register, causeRegister)
    } else {
      builder.span = span
      builder.emit(.raise, register)
    }
    builder.free(from: mark)
  }

  // MARK: Names

  func name(_ name: Identifier, into target: Int) {
    switch module.resolution.meanings[Int(name.id)] {
    case .variable(let variable): load(variable, into: target)
    case .current: builder.emit(.loadSelf, target)
    case .builtin(let builtin): builder.loadBuiltin(builtin, into: target)
    case .unknown: builder.emit(.loadNil, target)
    }
  }

  func load(_ variable: Variable, into target: Int) {
    if case .module(let interface) = variable.kind {
      builder.load(.module(interface.index), key: "m\(interface.index)", into: target)
      return
    }
    switch variable.storage {
    case .global(let number):
      let isSure =
        isHoistedValue(variable)
        || (variable.isDeclaredBefore(builder.span) && scope === module.resolution.main
          && !module.options.isInteractive)
      builder.emit(isSure ? .getGlobal : .getGlobalChecked, target, immediate: number)
      return
    case .register(let register) where variable.function === scope:
      if register != target {
        builder.emit(usedOnce.contains(ObjectIdentifier(variable)) ? .take : .move, target, register)
      }
      return
    case .cell(let cell) where variable.function === scope:
      builder.emit(.getCell, target, cell)
    case .unassigned where variable.function === scope:
      builder.emit(.loadNil, target)
    default:
      if scope.selfVariable === variable {
        builder.emit(.loadSelf, target)
        return
      }
      let index = scope.captureIndex(of: variable)
      if variable.needsCell && !scope.hasCopy(of: variable) {
        builder.emit(.getUpvalueCell, target, index)
      } else {
        builder.emit(.getUpvalue, target, index)
      }
    }
    if variable.mayBeUninitialised {
      builder.emit(.checkInitialised, target, builder.string(variable.name))
    }
  }

  /// Functions and error kinds of the top level have their value before anything else runs, but for kinds that wait for
  /// an import.
  private func isHoistedValue(_ variable: Variable) -> Bool {
    guard variable.isTopLevel, !module.options.isInteractive else { return false }
    switch variable.kind {
    case .function: return true
    case .errorKind: return !variable.isSubKind
    default: return false
    }
  }

  // MARK: Operators

  private func unary(_ operation: UnaryOperator, _ inner: Expression, into target: Int, span: Span) {
    if operation == .negate {
      switch inner.kind {
      case .int(let number) where number != Int64.min && Int32(exactly: -number) != nil:
        return builder.loadInt(target, Int(-number))
      case .float(let number):
        return expression(Expression(.float(-number), span: span), into: target)
      default: break
      }
    }
    let mark = builder.nextRegister
    let register = operand(inner)
    builder.span = span
    builder.emit(operation == .negate ? .negate : .not, target, register)
    builder.free(from: mark)
  }

  private func binary(
    _ operation: BinaryOperator, _ left: Expression, _ right: Expression, _ span: Span, into target: Int,
    whole: Expression
  ) {
    switch operation {
    case .and, .or:
      viaTemporary(target) { result in
        let failures = jumpIfFalse(whole)
        builder.emit(.loadBool, result, 1)
        let over = builder.jump()
        builder.patch(failures)
        builder.emit(.loadBool, result, 0)
        builder.patch(over)
      }
    case .coalesce:
      viaTemporary(target) { result in
        expression(left, into: result)
        let over = builder.jump(.jumpIfNotNil, result)
        expression(right, into: result)
        builder.patch(over)
      }
    default:
      let mark = builder.nextRegister
      if let immediate = smallInt(right), let opcode = immediateForm(operation) {
        let register = operand(left)
        builder.span = whole.span
        builder.emit(opcode, target, register, operation == .subtract ? -immediate : immediate)
      } else {
        let first = stableOperand(left, before: right)
        let second = operand(right)
        builder.span = whole.span
        if isComparison(operation) {
          compare(operation, left: first, right: second, into: target)
        } else {
          builder.emit(arithmetic(operation), target, first, second)
        }
      }
      builder.free(from: mark)
    }
  }

  /// A literal int that fits sixteen signed bits, also when negated.
  func smallInt(_ value: Expression) -> Int? {
    switch value.kind {
    case .int(let number) where number > -32_000 && number < 32_000: Int(number)
    case .unary(.negate, let inner): smallInt(inner).map { -$0 }
    case .paren(let inner): smallInt(inner)
    default: nil
    }
  }

  private func immediateForm(_ operation: BinaryOperator) -> Opcode? {
    switch operation {
    case .add, .subtract: .addImmediate
    case .multiply: .multiplyImmediate
    case .remainder: .remainderImmediate
    case .floorDivide: .floorDivideImmediate
    default: nil
    }
  }

  func arithmetic(_ operation: BinaryOperator) -> Opcode {
    switch operation {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .floorDivide: .floorDivide
    case .remainder: .remainder
    default: .power
    }
  }

  func compare(_ operation: BinaryOperator, left: Int, right: Int, into target: Int) {
    switch operation {
    case .equal: builder.emit(.equal, target, left, right)
    case .notEqual: builder.emit(.notEqual, target, left, right)
    case .less: builder.emit(.less, target, left, right)
    case .lessOrEqual: builder.emit(.lessOrEqual, target, left, right)
    case .greater: builder.emit(.less, target, right, left, flag: 1)
    case .greaterOrEqual: builder.emit(.lessOrEqual, target, right, left, flag: 1)
    case .in: builder.emit(.contains, target, left, right)
    default: builder.emit(.contains, target, left, right, flag: 1)
    }
  }

  // MARK: Conditions

  /// Compiles a condition; gives the jumps that are taken where it is false.
  func jumpIfFalse(_ condition: Expression) -> [Patch] {
    builder.span = condition.span
    switch condition.kind {
    case .paren(let inner): return jumpIfFalse(inner)
    case .bool(true): return []
    case .unary(.not, let inner): return jumpIfTrue(inner)
    case .binary(.and, let left, let right, _): return jumpIfFalse(left) + jumpIfFalse(right)
    case .binary(.or, let left, let right, _):
      let taken = jumpIfTrue(left)
      let failures = jumpIfFalse(right)
      builder.patch(taken)
      return failures
    case .binary(let operation, let left, let right, _):
      if let jump = compareAndJump(operation, left, right, span: condition.span) { return [jump] }
    default: break
    }
    let mark = builder.nextRegister
    let register = operand(condition)
    builder.free(from: mark)
    builder.span = condition.span
    return [builder.jump(.jumpIfFalse, register)]
  }

  /// Gives the jumps that are taken where a condition is true.
  func jumpIfTrue(_ condition: Expression) -> [Patch] {
    builder.span = condition.span
    switch condition.kind {
    case .paren(let inner): return jumpIfTrue(inner)
    case .unary(.not, let inner): return jumpIfFalse(inner)
    case .binary(.or, let left, let right, _): return jumpIfTrue(left) + jumpIfTrue(right)
    case .binary(.and, let left, let right, _):
      let failures = jumpIfFalse(left)
      let taken = jumpIfTrue(right)
      builder.patch(failures)
      return taken
    default:
      let mark = builder.nextRegister
      let register = operand(condition)
      builder.free(from: mark)
      builder.span = condition.span
      return [builder.jump(.jumpIfTrue, register)]
    }
  }

  /// A comparison and the jump taken where it does not hold, in one instruction.
  private func compareAndJump(
    _ operation: BinaryOperator, _ left: Expression, _ right: Expression, span: Span
  ) -> Patch? {
    let mark = builder.nextRegister
    defer { builder.free(from: mark) }
    if let immediate = smallInt(right) {
      let opcode: Opcode
      switch operation {
      case .less: opcode = .jumpUnlessLessImmediate
      case .lessOrEqual: opcode = .jumpUnlessLessOrEqualImmediate
      case .greater: opcode = .jumpUnlessGreaterImmediate
      case .greaterOrEqual: opcode = .jumpUnlessGreaterOrEqualImmediate
      case .equal: opcode = .jumpUnlessEqualImmediate
      case .notEqual: opcode = .jumpIfEqualImmediate
      default: return nil
      }
      let register = operand(left)
      builder.span = span
      return builder.emit(opcode, register, immediate & 0xFFFF)
    }
    switch operation {
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual: break
    default: return nil
    }
    let first = stableOperand(left, before: right)
    let second = operand(right)
    builder.span = span
    switch operation {
    case .less: return builder.emit(.jumpUnlessLess, first, second)
    case .lessOrEqual: return builder.emit(.jumpUnlessLessOrEqual, first, second)
    case .greater: return builder.emit(.jumpUnlessLess, second, first, flag: 1)
    case .greaterOrEqual: return builder.emit(.jumpUnlessLessOrEqual, second, first, flag: 1)
    case .equal: return builder.emit(.jumpUnlessEqual, first, second)
    default: return builder.emit(.jumpIfEqual, first, second)
    }
  }

  // MARK: Literals

  private func string(_ literal: StringLiteral, into target: Int) {
    if let text = literal.plainText {
      builder.loadString(text, into: target)
      return
    }
    let mark = builder.nextRegister
    let first = builder.allocate(literal.parts.count)
    for (position, part) in literal.parts.enumerated() {
      switch part {
      case .text(let text):
        builder.loadString(text, into: first + position)
      case .interpolation(let inner, let format, let formatSpan):
        expression(inner, into: first + position)
        if let format {
          builder.span = formatSpan
          builder.emit(.format, first + position, first + position, builder.string(format))
        }
      }
    }
    builder.span = literal.span
    builder.emit(.makeString, target, first, literal.parts.count)
    builder.free(from: mark)
  }

  private func list(_ elements: [ListElement], into target: Int) {
    let mark = builder.nextRegister
    let span = builder.span
    let hasSpread = elements.contains { $0.isSpread }
    if !hasSpread && elements.count <= 64 {
      let first = builder.allocate(max(elements.count, 1))
      for (position, element) in elements.enumerated() { expression(element.value, into: first + position) }
      builder.span = span
      builder.emit(.makeList, target, first, elements.count)
    } else {
      let list = builder.allocate()
      builder.emit(.makeList, list, list, 0)
      for element in elements {
        let inner = builder.nextRegister
        if element.isSpread {
          loop(over: element.value, isPair: false) { builder.emit(.listAppend, list, $0) }
        } else {
          let value = builder.allocate()
          expression(element.value, into: value)
          builder.emit(.listAppend, list, value)
        }
        builder.free(from: inner)
      }
      builder.emit(.take, target, list)
    }
    builder.free(from: mark)
  }

  private func map(_ entries: [MapEntry], into target: Int) {
    let mark = builder.nextRegister
    let map = builder.allocate()
    builder.emit(.makeMap, map)
    for entry in entries {
      let inner = builder.nextRegister
      switch entry {
      case .spread(let value):
        let register = operand(value)
        builder.span = value.span
        builder.emit(.mapSpread, map, register)
      case .pair(let key, let value):
        if case .string(let literal) = key.kind, let text = literal.plainText {
          let register = builder.allocate()
          expression(value, into: register)
          builder.span = key.span
          builder.emit(.mapSetName, map, builder.string(text), register)
        } else {
          let keyRegister = builder.allocate()
          expression(key, into: keyRegister)
          let register = builder.allocate()
          expression(value, into: register)
          builder.span = key.span
          builder.emit(.mapSet, map, keyRegister, register)
        }
      }
      builder.free(from: inner)
    }
    builder.emit(.take, target, map)
    builder.free(from: mark)
  }
}

extension Variable {
  /// Whether a place of its own module comes after its declaration.
  func isDeclaredBefore(_ place: Span) -> Bool { span.end <= place.start }
}
