// Compiles one function: its parameters, its body, and the exits that lead out of its loops and regions.
//
// A *region* is a stretch of code with cleanup: `finally`, `defer`, the end of a scope, of a `with`, of a
// loop over a stream. Whatever way it is left, control passes its cleanup once. The way is noted in two
// registers, the *completion*: 0 normally, 1 by an error, from 2 on an exit that the compiler numbered
// (`return`, `break`, another attempt); `dispatch` goes on accordingly. So cleanup is compiled once, and an
// exit through several regions goes from one to the next outer.

import RunnelSyntax

final class FunctionCompiler {
  let module: ModuleCompiler
  let scope: FunctionScope
  var builder = FunctionBuilder()
  /// Loops and regions around the place being compiled, outermost first.
  var frames: [ExitFrame] = []
  /// Where `?.` of the chain being compiled goes when it finds nil.
  var chainExits: [Patch] = []
  /// The register that gets that nil.
  var chainResult: Int?
  /// Variables whose register was given out before their value is there.
  var reserved: Set<ObjectIdentifier> = []
  /// From the ends of `else` bodies to where their form ends.
  var elseEnds: [Patch] = []
  /// How many parameters the function has, if none has a default or takes the rest.
  var plainParameterCount: Int?
  /// Parameters that their one use takes.
  var usedOnce: Set<ObjectIdentifier> = []
  /// The variable's register that an assignment writes to: its old value may still be read.
  var assignedRegister: Int?
  /// The first register of the innermost `retry` whose body is being compiled: variables below it are put back when
  /// an attempt fails.
  var attemptState: Int?
  /// The error kinds under those of a module that is not imported yet, by the module's variable.
  var waitingKinds: [ObjectIdentifier: [Statement]] = [:]
  /// For numbering loops.
  var loopCount = 0

  init(module: ModuleCompiler, scope: FunctionScope) {
    self.module = module
    self.scope = scope
  }

  // MARK: Functions

  func compileTopLevel(_ tree: SyntaxTree) -> FunctionCode {
    let result = builder.allocate()
    builder.emit(.loadNil, result)
    if module.options.isInteractive, case .expression(let last)? = tree.statements.last?.kind {
      block(tree.statements.dropLast(), into: nil, body: .function)
      expression(last, into: result)
    } else {
      block(statements(of: tree)[...], into: nil, body: .function)
    }
    builder.emit(.return_, result)
    return finish(name: "module", span: Span(0, tree.source.bytes.count), parameters: .init(), isScope: true)
  }

  /// What the top level does: where a test is to run, its statements and then the test, so within what the top level has
  /// opened, spawned and deferred.
  private func statements(of tree: SyntaxTree) -> [Statement] {
    guard let number = module.options.test else { return tree.statements }
    func isTest(_ statement: Statement) -> Bool { if case .test = statement.kind { true } else { false } }
    let tests = tree.statements.filter(isTest)
    return tree.statements.filter { !isTest($0) } + (tests.indices.contains(number) ? [tests[number]] : [])
  }

  func compileFunction(_ node: FunctionNode) -> FunctionCode {
    builder.span = node.span
    if node.parameters.allSatisfy({ $0.defaultValue == nil && !$0.isRest }), !node.isGenerator {
      plainParameterCount = node.parameters.count
    }
    let parameters = compileParameters(node.parameters)
    if node.isGenerator { builder.emit(.makeGenerator) }
    switch node.body {
    case .expression(let value):
      if plainParameterCount != nil { usedOnce = parametersUsedOnce(in: value) }
      compileReturn(of: value)
    case .block(let body):
      returnBlock(body.statements[...], role: node.form == .function ? .function : .none)
    }
    return finish(
      name: node.name?.text ?? (node.form == .lambda ? "lambda" : "function"), span: node.span,
      parameters: parameters, isGenerator: node.isGenerator, isScope: node.form == .function,
      documentation: node.documentation)
  }

  /// A task's body: a function without parameters, or with those that a `gather … for` binds.
  func compileTask(_ body: Body, patterns: [Pattern] = [], name: String) -> FunctionCode {
    builder.span = body.span
    let parameters = compileParameters(
      patterns.map { Parameter(pattern: $0, defaultValue: nil, isRest: false) })
    let result = builder.allocate()
    switch body {
    case .expression(let value): expression(value, into: result)
    case .block(let body): block(body.statements[...], into: result, body: .function)
    }
    builder.span = body.span
    builder.emit(.return_, result)
    return finish(name: name, span: body.span, parameters: parameters, isScope: true)
  }

  /// A body that is one expression: what it gives is returned without a copy.
  private func compileReturn(of value: Expression) {
    let register = operand(value)
    builder.emit(.return_, register)
  }

  /// A block whose value the function returns. Branches at its end return by themselves, without a jump to a common end.
  private func returnBlock(_ statements: ArraySlice<Statement>, role: BlockRole) {
    let hasDefer = statements.contains { if case .defer = $0.kind { true } else { false } }
    guard !hasDefer, let last = statements.last, case .expression(let value) = last.kind else {
      let result = builder.allocate()
      block(statements, into: result, body: role)
      builder.emit(.return_, result)
      builder.free(from: result)
      return
    }
    let mark = builder.nextRegister
    block(statements, into: nil, body: role) { [self] in
      builder.span = value.span
      if case .if(let arms, let otherwise?) = value.kind {
        for arm in arms {
          let failures = jumpIfFalse(arm.condition)
          returnBlock(arm.body.statements[...], role: .none)
          builder.patch(failures)
        }
        returnBlock(otherwise.statements[...], role: .none)
      } else {
        compileReturn(of: value)
      }
    }
    builder.free(from: mark)
  }

  private func compileParameters(_ parameters: [Parameter]) -> FunctionCode.Parameters {
    var result = FunctionCode.Parameters()
    let first = builder.allocate(parameters.count)
    for (position, parameter) in parameters.enumerated() {
      if case .bind(let name) = parameter.pattern.kind {
        result.names.append(name.text)
      } else {
        result.names.append(nil)
      }
      if parameter.isRest {
        result.hasRest = true
      } else if parameter.defaultValue == nil {
        result.required = position + 1
      }
    }
    for (position, parameter) in parameters.enumerated() {
      let register = first + position
      builder.span = parameter.pattern.span
      if let value = parameter.defaultValue {
        let given = builder.jump(.jumpIfGiven, register)
        expression(value, into: register)
        builder.patch(given)
      }
      switch parameter.pattern.kind {
      case .bind(let name):
        guard let variable = module.resolution.declarations[Int(name.id)] else { continue }
        if variable.needsCell {
          builder.emit(.makeCell, register)
          variable.storage = .cell(register)
        } else {
          variable.storage = .register(register)
        }
      default: destructure(parameter.pattern, from: register)
      }
    }
    return result
  }

  private func finish(
    name: String, span: Span, parameters: FunctionCode.Parameters, isGenerator: Bool = false, isScope: Bool,
    documentation: String? = nil
  ) -> FunctionCode {
    builder.finish()
    if let (limit, place) = builder.overflow {
      let what =
        switch limit {
        case .registers: "this function needs more than \(FunctionBuilder.registerLimit) registers here"
        case .operands: "this function names more than 65536 different members, commands or assertions here"
        }
      module.report(
        .functionTooLarge, place, what, hint: "move parts of it into functions or modules of their own")
    }
    return FunctionCode(
      name: name, instructions: builder.instructions, constants: builder.constants, spans: builder.spans,
      registerCount: builder.registerCount, parameters: parameters, captures: captureSources(),
      captureNames: scope.captures.map(\.variable.name),
      handlers: builder.handlers, isGenerator: isGenerator, isScope: isScope, documentation: documentation,
      span: span)
  }

  /// Where each captured value comes from, seen from the function around.
  private func captureSources() -> [FunctionCode.Capture] {
    scope.captures.map { variable, source in
      switch source {
      case .current: return .current
      case .upvalue(let index):
        // The function around has a cell unless it has only a copy itself.
        let isCell = variable.needsCell && !(scope.parent?.hasCopy(of: variable) ?? false)
        return isCell && scope.isSnapshot ? .snapshotOfUpvalue(index) : .upvalue(index)
      case .local:
        switch variable.storage {
        case .cell(let register):
          return scope.isSnapshot ? .snapshotOfRegister(register) : .register(register)
        case .register(let register): return .register(register)
        case .global, .unassigned: return .register(0)
        }
      }
    }
  }

  /// Emits a closure of a function that is compiled now.
  func closure(_ node: FunctionNode, into target: Int) {
    guard let scope = module.resolution.functions[Int(node.id)] else { return }
    let number = module.reserveFunction()
    module.functions[number] = FunctionCompiler(module: module, scope: scope).compileFunction(node)
    builder.emit(.closure, target, immediate: number)
  }

  func taskClosure(_ id: Int32, _ body: Body, patterns: [Pattern] = [], name: String, into target: Int) {
    guard let scope = module.resolution.functions[Int(id)] else { return }
    let number = module.reserveFunction()
    module.functions[number] = FunctionCompiler(module: module, scope: scope)
      .compileTask(body, patterns: patterns, name: name)
    builder.emit(.closure, target, immediate: number)
  }

  // MARK: Exits and regions

  /// A way out of a region, other than its end.
  enum Exit: Equatable {
    case breakLoop(Int)
    case continueLoop(Int)
    case returnValue
    /// To a place that the form itself knows: another attempt, an `else`.
    case form(Int)
  }

  final class Region {
    let completion: Int
    var exits: [Exit]
    var jumps: [Patch] = []
    /// Where it begins: the number of its first instruction, and the place in the text.
    let start: Int
    let span: Span

    init(completion: Int, exits: [Exit], start: Int, span: Span) {
      self.completion = completion
      self.exits = exits
      self.start = start
      self.span = span
    }

    /// The completion's number for an exit.
    func number(of exit: Exit) -> Int {
      if let index = exits.firstIndex(of: exit) { return index + 2 }
      exits.append(exit)
      return exits.count + 1
    }
  }

  final class Loop {
    let id: Int
    var breaks: [Patch] = []
    var continues: [Patch] = []

    init(id: Int) { self.id = id }
  }

  enum ExitFrame {
    case loop(Loop)
    case region(Region)
  }

  /// Leaves through everything around, from the frame at `level` outwards. For `return` the value is in `value`.
  func emitExit(_ exit: Exit, from level: Int, value: Int = 0) {
    for position in stride(from: level - 1, through: 0, by: -1) {
      switch frames[position] {
      case .region(let region):
        if exit == .returnValue { builder.emit(.move, region.completion + 1, value) }
        builder.loadInt(region.completion, region.number(of: exit))
        region.jumps.append(builder.jump())
        return
      case .loop(let loop):
        if exit == .breakLoop(loop.id) {
          loop.breaks.append(builder.jump())
          return
        }
        if exit == .continueLoop(loop.id) {
          loop.continues.append(builder.jump())
          return
        }
      }
    }
    if exit == .returnValue { builder.emit(.return_, value) }
  }

  /// The innermost loop's number.
  var innermostLoop: Int? {
    for frame in frames.reversed() { if case .loop(let loop) = frame { return loop.id } }
    return nil
  }

  /// Compiles a region.
  /// - Parameters:
  ///   - formExits: exits that the form itself takes: completions from 2 on go to the places they give.
  ///   - failure: how an error raised by the cleanup joins the completion.
  func region(
    body: () -> Void, cleanup: (_ completion: Int) -> Void, failure: Opcode = .suppress,
    formExits: [(_ completion: Int) -> Void] = []
  ) {
    let region = openRegion(formExits: formExits.count)
    body()
    close(region, cleanup: cleanup, failure: failure, formExits: formExits)
  }

  /// Begins a region at this place.
  func openRegion(formExits: Int = 0) -> Region {
    let region = Region(
      completion: builder.allocate(2), exits: (0..<formExits).map { .form($0) }, start: builder.position,
      span: builder.span)
    frames.append(.region(region))
    return region
  }

  /// Ends the innermost region, with its cleanup.
  func close(
    _ region: Region, cleanup: (_ completion: Int) -> Void, failure: Opcode = .suppress,
    formExits: [(_ completion: Int) -> Void] = []
  ) {
    let completion = region.completion
    frames.removeLast()
    builder.span = region.span
    builder.loadInt(completion, 0)
    let end = builder.position
    builder.patch(region.jumps)
    builder.addHandler(from: region.start, to: end, target: end, register: completion, isCompletion: true)
    cleanup(completion)
    builder.span = region.span
    // An error of the cleanup itself joins what passes.
    let error = builder.allocate()
    let afterCleanup = builder.jump()
    builder.addHandler(
      from: end, to: builder.position, target: builder.position, register: error, isCompletion: false)
    builder.emit(failure, completion, error)
    builder.patch(afterCleanup)
    dispatch(region, formExits: formExits)
    builder.free(from: completion)
  }

  private func dispatch(_ region: Region, formExits: [(_ completion: Int) -> Void]) {
    builder.emit(.dispatch, region.completion, region.exits.count)
    let jumps = region.exits.map { _ in builder.jump() }
    guard !jumps.isEmpty else { return }
    let over = builder.jump()
    for (jump, exit) in zip(jumps, region.exits) {
      builder.patch(jump)
      if case .form(let index) = exit {
        formExits[index](region.completion)
      } else {
        emitExit(exit, from: frames.count, value: region.completion + 1)
      }
    }
    builder.patch(over)
  }
}
