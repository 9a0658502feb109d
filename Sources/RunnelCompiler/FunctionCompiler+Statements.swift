// Blocks and statements.

import RunnelSyntax

extension FunctionCompiler {
  /// What a block is the body of: tasks of a scope have ended before the `defer`s of its body run (language.md §6.1).
  enum BlockRole {
    case none
    /// A function, a task, the script: the running function is the scope.
    case function
    /// A form that is a scope.
    case scope
  }

  func block(_ block: Block, into target: Int?, body role: BlockRole = .none) {
    self.block(block.statements[...], into: target, body: role)
  }

  /// Compiles a block; its last expression's value goes to `target`, or is dropped.
  /// - Parameter last: compiles the last statement in another way.
  func block(
    _ statements: ArraySlice<Statement>, into target: Int?, body role: BlockRole = .none,
    last: (() -> Void)? = nil
  ) {
    let mark = builder.nextRegister
    hoist(statements)
    if let last {
      rest(of: statements.dropLast(), into: nil, body: role)
      last()
    } else {
      rest(of: statements, into: target, body: role)
    }
    builder.free(from: mark)
  }

  /// What a block has from its beginning: its error kinds, cells of what may be captured before it has a value, the
  /// functions that are used before their place.
  private func hoist(_ statements: ArraySlice<Statement>) {
    var functions: [(FunctionNode, Variable)] = []
    var kinds: [Statement] = []
    var imports: Set<ObjectIdentifier> = []
    for statement in statements {
      switch statement.kind {
      case .import(_, _, let name):
        if let variable = module.resolution.declarations[Int(name.id)] {
          imports.insert(ObjectIdentifier(variable))
        }
      case .errorKind: kinds.append(statement)
      case .declaration(_, let pattern, _, _):
        for name in pattern.boundNames { hoistCell(name) }
      case .function(let node):
        guard let name = node.name, let variable = module.resolution.declarations[Int(name.id)] else {
          continue
        }
        if variable.isTopLevel {
          functions.append((node, variable))
        } else {
          hoistCell(name)
          if variable.isHoisted { functions.append((node, variable)) }
        }
      default: break
      }
    }
    compileErrorKinds(kinds, imports)
    for (node, variable) in functions { define(node, variable) }
  }

  /// Makes the kinds of a block, each after the one that it is a sub-kind of. (The resolver has refused circles.) Those
  /// under a kind of a module that the block imports are made when it is.
  private func compileErrorKinds(_ kinds: [Statement], _ imports: Set<ObjectIdentifier>) {
    var positions: [ObjectIdentifier: Int] = [:]
    for (position, statement) in kinds.enumerated() {
      guard case .errorKind(let name, _, _) = statement.kind,
        let variable = module.resolution.declarations[Int(name.id)]
      else { continue }
      positions[ObjectIdentifier(variable)] = position
    }
    /// What stands first in the name of a kind's parent: a kind or a module.
    func parent(of position: Int) -> ObjectIdentifier? {
      guard case .errorKind(_, let path?, _) = kinds[position].kind, let first = path.parts.first,
        case .variable(let variable) = module.resolution.meanings[Int(first.id)]
      else { return nil }
      return ObjectIdentifier(variable)
    }
    var isPlaced = [Bool](repeating: false, count: kinds.count)
    var awaited = [ObjectIdentifier?](repeating: nil, count: kinds.count)
    for position in kinds.indices {
      var line: [Int] = []
      var next: Int? = position
      while let current = next, !isPlaced[current] {
        isPlaced[current] = true
        line.append(current)
        next = parent(of: current).flatMap { positions[$0] }
      }
      for current in line.reversed() {
        if let parent = parent(of: current) {
          awaited[current] = imports.contains(parent) ? parent : positions[parent].flatMap { awaited[$0] }
        }
        if let module = awaited[current] {
          waitingKinds[module, default: []].append(kinds[current])
        } else {
          compileErrorKind(kinds[current])
        }
      }
    }
  }

  private func hoistCell(_ name: Identifier) {
    guard let variable = module.resolution.declarations[Int(name.id)], variable.mayBeUninitialised,
      variable.needsCell, !isGlobal(variable)
    else { return }
    let register = builder.allocate()
    builder.emit(.loadMissing, register)
    builder.emit(.makeCell, register)
    variable.storage = .cell(register)
  }

  func isGlobal(_ variable: Variable) -> Bool {
    if case .global = variable.storage { return true }
    return false
  }

  /// The statements of a block. What follows a `defer` is a region, whose cleanup is the defer's body; the regions
  /// end with the block, the last first. (A list of them, not a call in a call: a block may have thousands.)
  private func rest(of statements: ArraySlice<Statement>, into target: Int?, body role: BlockRole) {
    var deferred: [(node: DeferNode, grace: Int?, region: Region)] = []
    for (index, statement) in zip(statements.indices, statements) {
      builder.span = statement.span
      if case .defer(let node) = statement.kind {
        let grace = node.grace.map { graceOperand($0) }
        deferred.append((node, grace, openRegion()))
        if index == statements.endIndex - 1, let target { builder.emit(.loadNil, target) }
        continue
      }
      let isLast = index == statements.endIndex - 1
      if isLast, let target {
        if case .expression(let value) = statement.kind {
          expression(value, into: target)
        } else {
          self.statement(statement)
          builder.emit(.loadNil, target)
        }
      } else {
        self.statement(statement)
      }
    }
    if statements.isEmpty, let target { builder.emit(.loadNil, target) }
    while let (node, grace, region) = deferred.popLast() {
      close(
        region,
        cleanup: { completion in
          switch role {
          case .none: break
          case .function: builder.emit(.frameJoin, completion)
          case .scope: builder.emit(.scopeJoin, completion)
          }
          let skip = node.onError ? builder.jump(.jumpUnlessFailed, completion) : nil
          cleanupBody(node.body, completion: completion, grace: grace, errorName: node.errorName)
          if let skip { builder.patch(skip) }
        }, failure: .cleanupFail)
    }
  }

  func graceOperand(_ grace: Expression) -> Int {
    let register = builder.allocate()
    expression(grace, into: register)
    return register
  }

  /// The body of a `defer` or `finally`.
  func cleanupBody(_ body: Block, completion: Int, grace: Int?, errorName: Identifier? = nil) {
    builder.emit(.cleanupEnter, completion, grace ?? 0, flag: grace == nil ? 0 : 1)
    let mark = builder.nextRegister
    if let errorName { bind(errorName, from: completion + 1) }
    block(body, into: nil, body: .scope)
    builder.free(from: mark)
    builder.emit(.cleanupEnd, completion)
  }

  // MARK: Statements

  func statement(_ statement: Statement) {
    builder.span = statement.span
    let mark = builder.nextRegister
    switch statement.kind {
    case .expression(let value):
      discard(value)
      builder.free(from: mark)
    case .declaration(_, let pattern, let value, _):
      compileDeclaration(pattern, value)
    case .assignment(let target, let operation, let operatorSpan, let value):
      assignment(target, operation, operatorSpan, value)
      builder.free(from: mark)
    case .function(let node):
      guard let name = node.name, let variable = module.resolution.declarations[Int(name.id)],
        !variable.isTopLevel, !variable.isHoisted
      else { return }
      define(node, variable)
    case .yield(let value, let spread):
      if spread {
        yieldAll(value)
      } else {
        let register = builder.allocate()
        expression(value, into: register)
        builder.span = statement.span
        builder.emit(.yield, register)
      }
      builder.free(from: mark)
    case .defer: break
    case .import(_, _, let name):
      compileImport(name)
    case .errorKind: break  // made when the block begins, or a module is imported
    case .assert(let condition, let message, let text):
      compileAssert(condition, message, text)
      builder.free(from: mark)
    case .test(_, let body):
      // Where one is to run, the others are not among the statements (`statements(of:)`).
      guard module.options.test != nil else { break }
      compileTest(body)
      builder.free(from: mark)
    case .invalid: break
    }
  }

  private func compileDeclaration(_ pattern: Pattern, _ value: Expression) {
    if case .bind(let name) = pattern.kind, let variable = module.resolution.declarations[Int(name.id)],
      !isGlobal(variable), !variable.needsCell
    {
      // The value goes straight to the variable's register, which the value itself cannot see yet.
      let register = builder.allocate()
      expression(value, into: register)
      variable.storage = .register(register)
      return
    }
    // Registers of the names lie below the temporaries of the value.
    for name in pattern.boundNames { reserveName(name) }
    let mark = builder.nextRegister
    let register = builder.allocate()
    expression(value, into: register)
    builder.span = pattern.span
    destructure(pattern, from: register)
    // Left here, the value would not be the variable's alone, and its first change would copy it.
    builder.emit(.loadNil, register)
    builder.free(from: mark)
  }

  private func define(_ node: FunctionNode, _ variable: Variable) {
    builder.span = node.span
    switch variable.storage {
    case .global(let number):
      let mark = builder.nextRegister
      let register = builder.allocate()
      closure(node, into: register)
      builder.emit(.setGlobal, register, immediate: number)
      builder.free(from: mark)
    case .cell(let cell):
      let mark = builder.nextRegister
      let register = builder.allocate()
      closure(node, into: register)
      builder.emit(.setCell, cell, register)
      builder.free(from: mark)
    case .register(let register):
      closure(node, into: register)
    case .unassigned:
      let register = builder.allocate()
      closure(node, into: register)
      variable.storage = .register(register)
    }
  }

  private func compileImport(_ name: Identifier) {
    guard let interface = module.resolution.imports[name.span.start],
      let variable = module.resolution.declarations[Int(name.id)]
    else { return }
    if case .global(let number) = variable.storage {
      let register = builder.allocate()
      builder.emit(.importModule, register, immediate: interface.index)
      builder.emit(.setGlobal, register, immediate: number)
      builder.free(from: register)
    } else {
      let register = builder.allocate()
      builder.emit(.importModule, register, immediate: interface.index)
      builder.free(from: register)
    }
    for statement in waitingKinds.removeValue(forKey: ObjectIdentifier(variable)) ?? [] {
      compileErrorKind(statement)
    }
  }

  private func compileErrorKind(_ statement: Statement) {
    guard case .errorKind(let name, let parent, _) = statement.kind,
      let variable = module.resolution.declarations[Int(name.id)]
    else { return }
    builder.span = statement.span
    let register = builder.allocate()
    if let parent {
      kind(parent, into: register)
    } else {
      builder.loadBuiltin("Error", into: register)
    }
    builder.emit(.defineKind, register, builder.string(name.text), register)
    switch variable.storage {
    case .global(let number):
      builder.emit(.setGlobal, register, immediate: number)
      builder.free(from: register)
    default:
      variable.storage = .register(register)
      if variable.needsCell {
        builder.emit(.makeCell, register)
        variable.storage = .cell(register)
      }
    }
  }

  private func compileAssert(_ condition: Expression, _ message: Expression?, _ text: String) {
    let span = builder.span
    let base = builder.allocate(3)
    var comparison: String?
    var failed: [Patch] = []
    if case .binary(let operation, let left, let right, _) = unwrapped(condition).kind,
      isComparison(operation)
    {
      comparison = operation.rawValue
      expression(left, into: base + 1)
      expression(right, into: base + 2)
      builder.span = span
      let result = builder.allocate()
      compare(operation, left: base + 1, right: base + 2, into: result)
      failed.append(builder.jump(.jumpIfFalse, result))
    } else {
      failed = jumpIfFalse(condition)
    }
    let passed = builder.jump()
    builder.patch(failed)
    if let message { expression(message, into: base) } else { builder.emit(.loadNil, base) }
    builder.span = condition.span
    let descriptor = AssertDescriptor(text: text, comparison: comparison)
    let key = "a\(comparison ?? "") \(text)"
    builder.emit(.raiseAssertion, base, builder.constant(.assertion(descriptor), key: key))
    builder.patch(passed)
  }

  /// `yield ...xs`: every item as it comes.
  private func yieldAll(_ source: Expression) {
    loop(over: source, isPair: false) { item in
      builder.emit(.yield, item)
    }
  }

  func unwrapped(_ expression: Expression) -> Expression {
    if case .paren(let inner) = expression.kind { return unwrapped(inner) }
    return expression
  }

  func isComparison(_ operation: BinaryOperator) -> Bool {
    switch operation {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .in, .notIn: true
    default: false
    }
  }
}
