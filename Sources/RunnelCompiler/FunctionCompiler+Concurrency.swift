// Tasks: `spawn` and `gather`. Pipelines and commands.

import RunnelSyntax

extension FunctionCompiler {
  func compileSpawn(_ node: SpawnNode, into target: Int, isDiscarded: Bool, span: Span) {
    let mark = builder.nextRegister
    let window = builder.allocate()
    for value in [node.name, node.scope, node.executor] {
      guard let value else { continue }
      expression(value, into: builder.allocate())
    }
    taskClosure(node.functionID, node.body, name: "task", into: window)
    builder.span = span
    let descriptor = SpawnDescriptor(
      isDetached: node.isDetached, isService: node.isService, hasName: node.name != nil,
      hasScope: node.scope != nil, hasExecutor: node.executor != nil, isDiscarded: isDiscarded)
    builder.emit(.spawn, window, builder.spawn(descriptor))
    builder.emit(.take, target, window)
    builder.free(from: mark)
  }

  func compileGather(_ mode: GatherMode, _ value: Expression, into target: Int, span: Span) {
    let mark = builder.nextRegister
    let window = builder.allocate()
    expression(value, into: window)
    builder.span = span
    builder.emit(.gather, window, mode.number)
    builder.emit(.take, target, window)
    builder.free(from: mark)
  }

  func compileGatherFor(_ node: GatherForNode, into target: Int, span: Span) {
    let mark = builder.nextRegister
    let window = builder.allocate(4)
    streamOperand(node.source, into: window)
    for (clause, register) in [(node.limit, window + 2), (node.executor, window + 3)] {
      if let clause {
        expression(clause, into: register)
      } else {
        builder.emit(.loadNil, register)
      }
    }
    taskClosure(node.functionID, .block(node.body), patterns: node.patterns, name: "gather", into: window + 1)
    builder.span = span
    builder.emit(.gatherFor, window, node.mode.number, flag: node.patterns.count == 2 ? 1 : 0)
    builder.emit(.take, target, window)
    builder.free(from: mark)
  }

  // MARK: Pipelines

  /// What becomes of a pipeline's last stage.
  enum PipelineUse {
    /// A stream becomes a list; a command's output its text.
    case value
    /// As a statement: a command's output is inherited.
    case discard
    /// Read item by item by a loop.
    case stream
  }

  func compilePipeline(_ stages: [Expression], into target: Int, use: PipelineUse) {
    let mark = builder.nextRegister
    let span = builder.span
    let stages = joinCommands(stages)
    let window = builder.allocate(2)
    if stages.count == 1, case .command(let node) = stages[0].kind {
      // Commands only: one pipeline of the kernel's.
      compileCommand(node, use: use, into: window, span: span)
      builder.emit(.take, target, window)
      builder.free(from: mark)
      return
    }
    // The stream so far is in `window + 1`, where the next stage finds its first argument.
    if case .command(let node) = unwrapped(stages[0]).kind, node.form == .capture {
      commandSource(node, into: window + 1, isRaw: takesBytes(stages[1]))
    } else {
      expression(stages[0], into: window + 1)
    }
    builder.span = stages[0].span
    builder.emit(.pipeSource, window + 1, window + 1)
    for (position, stage) in stages.dropFirst().enumerated() {
      let next = position + 2 < stages.count ? stages[position + 2] : nil
      compileStage(stage, before: next, window: window, use: use)
      if next != nil { builder.emit(.pipeSource, window + 1, window, flag: 1) }
    }
    builder.emit(.pipeSource, window, window, flag: 2)
    builder.span = span
    if use != .stream { builder.emit(.pipeCollect, window) }
    builder.emit(.take, target, window)
    builder.free(from: mark)
  }

  /// Whether a stage takes a command's output as it is, not as lines (language.md §14.4).
  private func takesBytes(_ stage: Expression) -> Bool {
    switch unwrapped(stage).kind {
    case .call(let callee, _, _): return takesBytes(callee)
    case .name(let name):
      guard case .builtin(let builtin) = module.resolution.meanings[Int(name.id)] else { return false }
      return ["bytes", "text", "json", "csv"].contains(builtin)
    default: return false
    }
  }

  /// Neighbouring commands become one command of several stages: between them bytes flow in the kernel.
  private func joinCommands(_ stages: [Expression]) -> [Expression] {
    var result: [Expression] = []
    var commands: [CommandNode] = []
    func endCommands() {
      guard let first = commands.first, let last = commands.last else { return }
      let joined = CommandNode(
        form: .capture, stages: commands.flatMap(\.stages), span: first.span.union(last.span))
      result.append(Expression(.command(joined), span: joined.span))
      commands = []
    }
    for stage in stages {
      if case .command(let node) = stage.kind, node.form == .capture {
        commands.append(node)
      } else {
        endCommands()
        result.append(stage)
      }
    }
    endCommands()
    return result
  }

  /// Calls a stage: the stream is in `window + 1`, its result goes to `window`.
  private func compileStage(_ stage: Expression, before next: Expression?, window: Int, use: PipelineUse) {
    builder.span = stage.span
    switch stage.kind {
    case .paren(let inner): compileStage(inner, before: next, window: window, use: use)
    case .command(let node):
      let role: CommandRole =
        if let next { takesBytes(next) ? .rawStage : .stage } else {
          switch use {
          case .stream: .stage
          case .discard: .inherit
          case .value: .capture
          }
        }
      let values = builder.allocate()
      builder.emit(.take, values, window + 1)
      let descriptor = command(node)
      builder.span = stage.span
      builder.emit(
        .commandStage, values, builder.constant(.command(descriptor), key: nil), flag: role.rawValue)
      builder.emit(.take, window, values)
      builder.free(from: values)
    case .call(let callee, let arguments, _):
      if case .member(let base, let name, _, false) = callee.kind, !isStaticMember(base, name) {
        // A method as a stage: the stream is its first argument.
        let call = builder.allocate(2)
        access(base, into: call)
        builder.emit(.take, call + 1, window + 1)
        let shape = self.arguments(arguments)
        builder.span = stage.span
        emitStageCall(method: name, call, shape, arguments.count)
        builder.emit(.take, window, call)
        builder.free(from: call)
      } else {
        access(callee, into: window)
        let shape = self.arguments(arguments)
        builder.span = stage.span
        emitStageCall(method: nil, window, shape, arguments.count)
        builder.free(from: window + 2)
      }
    default:
      expression(stage, into: window)
      builder.span = stage.span
      builder.emit(.call, window, 1)
    }
  }

  private func emitStageCall(method: String?, _ window: Int, _ shape: CallShape?, _ count: Int) {
    let shape = shape.map {
      builder.shape(CallShape(arguments: [.positional] + $0.arguments))
    }
    switch (method, shape) {
    case (nil, nil): builder.emit(.call, window, count + 1)
    case (nil, let shape?): builder.emit(.callShape, window, shape)
    case (let name?, nil): builder.emit(.callMethod, window, count + 1, builder.string(name))
    case (let name?, let shape?): builder.emit(.callMethodShape, window, shape, builder.string(name))
    }
  }

  // MARK: Commands

  func compileCommand(_ node: CommandNode, into target: Int, span: Span) {
    compileCommand(node, use: .value, into: target, span: span)
  }

  private func compileCommand(_ node: CommandNode, use: PipelineUse, into target: Int, span: Span) {
    if use == .stream { return commandSource(node, into: target) }
    var node = node
    // As a statement of its own a pipeline of captures writes to stdout.
    if use == .discard, node.form == .capture, node.stages.count > 1 { node.form = .statement }
    let mark = builder.nextRegister
    let window = builder.allocate()
    let descriptor = command(node)
    builder.span = span
    builder.emit(.runCommand, window, builder.constant(.command(descriptor), key: nil))
    builder.emit(.take, target, window)
    builder.free(from: mark)
  }

  func commandSource(_ node: CommandNode, into target: Int, isRaw: Bool = false) {
    let mark = builder.nextRegister
    let window = builder.allocate()
    let descriptor = command(node)
    builder.span = node.span
    builder.emit(
      .commandSource, window, builder.constant(.command(descriptor), key: nil), flag: isRaw ? 1 : 0)
    builder.emit(.take, target, window)
    builder.free(from: mark)
  }

  /// Evaluates the interpolations of a command into consecutive registers.
  private func command(_ node: CommandNode) -> CommandDescriptor {
    var stages: [CommandDescriptor.Stage] = []
    for stage in node.stages {
      let environment = stage.environment.map { (name: $0.name, value: word($0.value)) }
      let words = stage.words.map { word($0) }
      let redirects = stage.redirects.map { redirect -> CommandDescriptor.Redirect in
        switch redirect {
        case .input(let file): .input(word(file))
        case .output(let file, let append): .output(word(file), append: append)
        case .error(let file, let append): .error(word(file), append: append)
        case .errorToOutput: .errorToOutput
        case .outputToError: .outputToError
        }
      }
      stages.append(
        CommandDescriptor.Stage(
          environment: environment, words: words, redirects: redirects,
          text: module.tree.source.text(of: stage.span)))
    }
    return CommandDescriptor(form: node.form, stages: stages)
  }

  private func word(_ word: CommandWord) -> CommandDescriptor.Word {
    CommandDescriptor.Word(
      parts: word.parts.map { part in
        switch part {
        case .bare(let text): return .bare(text)
        case .quoted(let text): return .quoted(text)
        case .interpolation(let value):
          expression(value, into: builder.allocate())
          return .value
        }
      })
  }
}

extension GatherMode {
  /// Its operand in `gather` and `gatherFor`.
  var number: Int {
    switch self {
    case .all: 0
    case .settled: 1
    case .any: 2
    case .race: 3
    }
  }
}
