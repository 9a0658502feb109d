// Calls, members, indexes and optional chains; places that are assigned or changed.

import RunnelSyntax

extension FunctionCompiler {
  /// Compiles a call, member, index or chain.
  func access(_ value: Expression, into target: Int) {
    let span = value.span
    switch value.kind {
    case .chain(let inner):
      let outer = (chainExits, chainResult)
      let mark = builder.nextRegister
      let result = builder.allocate()
      chainExits = []
      chainResult = result
      access(inner, into: result)
      builder.patch(chainExits)
      (chainExits, chainResult) = outer
      builder.span = span
      builder.emit(.take, target, result)
      builder.free(from: mark)
    case .member(let base, let name, let nameSpan, let optional):
      member(base, name, nameSpan, optional, into: target)
    case .index(let base, let index, let optional):
      self.index(base, index, optional, into: target, span: span)
    case .call(let callee, let arguments, _):
      call(callee, arguments, into: target, span: span)
    default: expression(value, into: target)
    }
  }

  private func member(
    _ base: Expression, _ name: String, _ nameSpan: Span, _ optional: Bool, into target: Int
  ) {
    if !optional, case .name(let root) = base.kind {
      switch module.resolution.meanings[Int(root.id)] {
      case .variable(let variable):
        if case .module(let interface) = variable.kind, let global = interface.members[name] {
          builder.emit(.getGlobalChecked, target, immediate: global)
          return
        }
      case .builtin:
        if let builtin = builtin(base, name) {
          builder.loadBuiltin(builtin, into: target)
          return
        }
      default: break
      }
    }
    let mark = builder.nextRegister
    let register = linkBase(base)
    builder.span = nameSpan
    let key = builder.string(name)
    builder.emit(optional ? .getFieldOptional : .getField, target, register, key)
    if optional { exitChain(target) }
    builder.free(from: mark)
  }

  /// The full name of what `base.name` is, where the base is a built-in namespace that has it.
  private func builtin(_ base: Expression, _ name: String) -> String? {
    guard case .name(let root) = base.kind,
      case .builtin(let namespace) = module.resolution.meanings[Int(root.id)]
    else { return nil }
    let full = namespace + "." + name
    return module.builtins.isGlobal(full) ? full : nil
  }

  /// The base of a link. Links of one chain give their nil to one register, so they are not taken in place.
  private func linkBase(_ base: Expression) -> Int {
    switch base.kind {
    case .call, .member, .index:
      let register = builder.allocate()
      access(base, into: register)
      return register
    default: return operand(base)
    }
  }

  /// Inside a chain: where a `?.` found nil, the whole chain is nil. The value is in `register`.
  private func exitChain(_ register: Int) {
    let goOn = builder.jump(.jumpIfNotNil, register)
    builder.emit(.loadNil, chainResult ?? register)
    chainExits.append(builder.jump())
    builder.patch(goOn)
  }

  private func index(_ base: Expression, _ index: Expression, _ optional: Bool, into target: Int, span: Span)
  {
    let mark = builder.nextRegister
    if case .range(let lower, let upper, let inclusive) = index.kind {
      let register = linkBase(base)
      let bounds = builder.allocate(2)
      if let lower { expression(lower, into: bounds) } else { builder.emit(.loadNil, bounds) }
      if let upper { expression(upper, into: bounds + 1) } else { builder.emit(.loadNil, bounds + 1) }
      builder.span = span
      builder.emit(.slice, target, register, bounds, flag: (inclusive ? 1 : 0) | (optional ? 2 : 0))
    } else {
      let register: Int
      if mayAssign(index) {
        register = builder.allocate()
        expression(base, into: register)
      } else {
        register = linkBase(base)
      }
      let key = operand(index)
      builder.span = span
      builder.emit(optional ? .getIndexOptional : .getIndex, target, register, key)
    }
    if optional { exitChain(target) }
    builder.free(from: mark)
  }

  // MARK: Calls

  private func call(_ callee: Expression, _ arguments: [Argument], into target: Int, span: Span) {
    let mark = builder.nextRegister
    if case .member(let base, let name, let nameSpan, let optional) = callee.kind, !isStaticMember(base, name)
    {
      methodCall(base, name, nameSpan, optional, arguments, into: target, span: span)
    } else {
      let window = callWindow(target)
      let known = knownCallee(callee, arguments)
      if known == nil { access(callee, into: window) }
      let shape = self.arguments(arguments)
      builder.span = span
      switch known {
      case .current: builder.emit(.callSelf, window, arguments.count)
      case .register(let register): builder.emit(.callOf, window, arguments.count, register)
      case .builtin(let name): builder.emit(.callBuiltin, window, arguments.count, builder.builtin(name))
      case nil:
        if let shape {
          builder.emit(.callShape, window, builder.shape(shape))
        } else {
          builder.emit(.call, window, arguments.count)
        }
      }
      move(window, to: target)
    }
    builder.free(from: mark)
  }

  /// Where a call's registers begin: at its target, if that is the topmost register and no variable can be seen through it.
  private func callWindow(_ target: Int) -> Int {
    target == builder.nextRegister - 1 && target != assignedRegister ? target : builder.allocate()
  }

  /// A callee that need not be loaded for a call whose arguments are all by position.
  private enum KnownCallee {
    /// The function itself, by its own name, with an argument for each of its parameters.
    case current
    /// A variable that never changes, so its register keeps the function during the call.
    case register(Int)
    case builtin(String)
  }

  private func knownCallee(_ callee: Expression, _ arguments: [Argument]) -> KnownCallee? {
    guard arguments.allSatisfy({ if case .positional = $0.kind { true } else { false } }) else { return nil }
    if case .member(let base, let name, _, false) = callee.kind, let builtin = builtin(base, name) {
      return .builtin(builtin)
    }
    guard case .name(let name) = callee.kind else { return nil }
    switch module.resolution.meanings[Int(name.id)] {
    case .current: return arguments.count == plainParameterCount ? .current : nil
    case .variable(let variable):
      guard variable.function === scope, !variable.isMutable, case .register(let register) = variable.storage
      else { return nil }
      return .register(register)
    case .builtin(let name): return .builtin(name)
    case .unknown: return nil
    }
  }

  private func move(_ register: Int, to target: Int) {
    if register != target { builder.emit(.take, target, register) }
  }

  /// `lib.f` and `fs.read` are known values, not methods.
  func isStaticMember(_ base: Expression, _ name: String) -> Bool {
    guard case .name(let root) = base.kind else { return false }
    switch module.resolution.meanings[Int(root.id)] {
    case .variable(let variable): if case .module = variable.kind { return true } else { return false }
    case .builtin: return builtin(base, name) != nil
    default: return false
    }
  }

  /// Evaluates arguments into the registers that follow; gives their shape unless all are positional.
  func arguments(_ arguments: [Argument]) -> CallShape? {
    let first = builder.allocate(arguments.count)
    var isPlain = true
    let shape = arguments.enumerated().map { position, argument in
      expression(argument.value, into: first + position)
      switch argument.kind {
      case .positional: return CallShape.Argument.positional
      case .spread:
        isPlain = false
        return .spread
      case .keyword(let name):
        isPlain = false
        return .keyword(name)
      }
    }
    return isPlain ? nil : CallShape(arguments: shape)
  }

  private func methodCall(
    _ base: Expression, _ name: String, _ nameSpan: Span, _ optional: Bool, _ arguments: [Argument],
    into target: Int, span: Span
  ) {
    if !optional, MutatingMethods.names.contains(name), let place = place(base) {
      return placeCall(place, name, arguments, into: target, span: span)
    }
    let window = callWindow(target)
    access(base, into: window)
    if optional { exitChain(window) }
    let shape = self.arguments(arguments)
    builder.span = span
    if let shape {
      builder.emit(
        .callMethodShape, window, builder.shape(shape), builder.string(name), flag: optional ? 1 : 0)
    } else {
      builder.emit(.callMethod, window, arguments.count, builder.string(name), flag: optional ? 1 : 0)
    }
    if optional { exitChain(window) }
    move(window, to: target)
  }

  // MARK: Places

  /// A place: a variable and the steps into what it holds.
  struct Place {
    let base: PlaceDescriptor.Base
    let steps: [(step: PlaceDescriptor.Step, index: Expression?)]
    let isEnvironment: Bool
  }

  /// The place that an expression names, if it goes through a `var` of this task.
  func place(_ expression: Expression) -> Place? {
    var steps: [(step: PlaceDescriptor.Step, index: Expression?)] = []
    var current = expression
    while true {
      switch current.kind {
      case .member(let base, let name, _, false):
        steps.append((.field(name), nil))
        current = base
        continue
      case .index(let base, let index, false):
        if case .range = index.kind { return nil }
        steps.append((.index, index))
        current = base
        continue
      case .name(let name):
        guard let base = placeBase(name) else { return nil }
        if case .environment = base { return Place(base: base, steps: steps.reversed(), isEnvironment: true) }
        return Place(base: base, steps: steps.reversed(), isEnvironment: false)
      default: return nil
      }
    }
  }

  private func placeBase(_ name: Identifier) -> PlaceDescriptor.Base? {
    switch module.resolution.meanings[Int(name.id)] {
    case .builtin("env"): return .environment
    case .variable(let variable):
      guard variable.isMutable else { return nil }
      switch variable.storage {
      case .global(let number): return .global(number)
      case .register(let register) where variable.function === scope: return .register(register)
      case .cell(let cell) where variable.function === scope: return .cell(cell)
      default:
        guard variable.needsCell, !scope.hasCopy(of: variable) else { return nil }
        return .upvalueCell(scope.captureIndex(of: variable))
      }
    default: return nil
    }
  }

  /// Evaluates a place's indexes into consecutive registers; gives the first.
  private func keys(of place: Place) -> Int {
    let indexes = place.steps.compactMap(\.index)
    let first = builder.allocate(max(indexes.count, 1))
    for (position, index) in indexes.enumerated() { expression(index, into: first + position) }
    return first
  }

  private func placeCall(
    _ place: Place, _ name: String, _ arguments: [Argument], into target: Int, span: Span
  ) {
    let window = callWindow(target)
    let indexes = place.steps.compactMap(\.index)
    let first = builder.allocate(indexes.count)
    for (position, index) in indexes.enumerated() { expression(index, into: first + position) }
    let shape = self.arguments(arguments)
    builder.span = span
    let descriptor = PlaceDescriptor(
      base: place.base, steps: place.steps.map(\.step), method: name, argumentCount: arguments.count,
      shape: shape)
    builder.emit(.placeCall, window, builder.place(descriptor))
    move(window, to: target)
  }

  func assignment(
    _ target: Expression, _ operation: BinaryOperator?, _ operatorSpan: Span, _ value: Expression
  ) {
    if case .name(let name) = target.kind { return assign(name, operation, operatorSpan, value) }
    guard let place = place(target) else { return }
    let span = builder.span
    let descriptor = PlaceDescriptor(base: place.base, steps: place.steps.map(\.step))
    if let operation {
      let keys = keys(of: place)
      let number = builder.place(descriptor)
      let register = builder.allocate()
      builder.span = target.span
      builder.emit(.placeGet, keys, number, register)
      apply(operation, register, value, into: register, span: operatorSpan)
      builder.span = target.span
      builder.emit(.placeSet, keys, number, register)
      return
    }
    let register = builder.allocate()
    expression(value, into: register)
    if case .register(let base) = place.base, place.steps.count == 1 {
      switch place.steps[0].step {
      case .field(let name):
        builder.span = span
        builder.emit(.setField, base, builder.string(name), register)
      case .index:
        guard let index = place.steps[0].index else { return }
        let key = operand(index)
        builder.span = target.span
        builder.emit(.setIndex, base, key, register)
      }
      return
    }
    let keys = keys(of: place)
    builder.span = target.span
    builder.emit(.placeSet, keys, builder.place(descriptor), register)
  }

  /// `target = left op value`, with the small ints in the instruction.
  private func apply(
    _ operation: BinaryOperator, _ left: Int, _ value: Expression, into target: Int, span: Span
  ) {
    if let immediate = smallInt(value), operation == .add || operation == .subtract {
      builder.span = span
      builder.emit(.addImmediate, target, left, operation == .subtract ? -immediate : immediate)
      return
    }
    let right = operand(value)
    builder.span = span
    builder.emit(arithmetic(operation), target, left, right)
  }

  private func assign(
    _ name: Identifier, _ operation: BinaryOperator?, _ operatorSpan: Span, _ value: Expression
  ) {
    guard case .variable(let variable) = module.resolution.meanings[Int(name.id)] else { return }
    if case .register(let register) = variable.storage, variable.function === scope {
      keepBeforeAssigning(register, operation)
      if let operation {
        if mayAssign(value) {
          let right = builder.allocate()
          let left = builder.allocate()
          builder.emit(.move, left, register)
          expression(value, into: right)
          builder.span = operatorSpan
          builder.emit(arithmetic(operation), register, left, right)
        } else {
          apply(operation, register, value, into: register, span: operatorSpan)
        }
      } else if writesOnce(value) {
        let outer = assignedRegister
        assignedRegister = register
        expression(value, into: register)
        assignedRegister = outer
      } else {
        let result = builder.allocate()
        expression(value, into: result)
        builder.emit(.take, register, result)
      }
      return
    }
    let result = builder.allocate()
    if let operation {
      load(variable, into: result)
      apply(operation, result, value, into: result, span: operatorSpan)
    } else {
      expression(value, into: result)
    }
    builder.span = name.span
    store(variable, from: result)
  }

  /// In an attempt of `retry`, a variable from outside it is about to be assigned.
  private func keepBeforeAssigning(_ register: Int, _ operation: BinaryOperator?) {
    guard let attemptState, register < attemptState else { return }
    builder.emit(.keepRegister, register, flag: operation == .add ? 1 : 0)
  }

  /// Whether an expression reads all it needs before it writes its result.
  private func writesOnce(_ value: Expression) -> Bool {
    switch value.kind {
    case .nil, .bool, .int, .float, .duration, .name, .function, .list, .map: true
    case .binary(let operation, _, _, _):
      switch operation {
      case .and, .or, .coalesce: false
      default: true
      }
    case .string, .unary, .range, .isKind, .call, .index, .member: true
    case .paren(let inner): writesOnce(inner)
    default: false
    }
  }

  /// Moves what is in a register of its own into a variable: it must not stay there, where it would make the next change
  /// of the variable copy it.
  private func store(_ variable: Variable, from register: Int) {
    switch variable.storage {
    case .global(let number): builder.emit(.setGlobal, register, immediate: number, flag: 1)
    case .register(let own) where variable.function === scope: builder.emit(.take, own, register)
    case .cell(let cell) where variable.function === scope: builder.emit(.setCell, cell, register, flag: 1)
    default: builder.emit(.setUpvalueCell, register, scope.captureIndex(of: variable), flag: 1)
    }
  }
}
