// Expressions, functions and the forms that are scopes or tasks.

import RunnelSyntax

extension Resolver {
  mutating func resolve(_ expression: Expression) {
    switch expression.kind {
    case .nil, .bool, .int, .float, .duration, .invalid: break
    case .string(let literal): resolve(literal)
    case .list(let elements):
      for element in elements { resolve(element.value) }
    case .map(let entries):
      for entry in entries {
        switch entry {
        case .pair(let key, let value):
          resolve(key)
          resolve(value)
        case .spread(let value): resolve(value)
        }
      }
    case .name(let name): use(name)
    case .paren(let inner), .chain(let inner), .await(let inner), .unary(_, let inner), .isKind(let inner, _):
      resolve(inner)
      if case .isKind(_, let path) = expression.kind { useKind(path) }
    case .call(let callee, let arguments, _):
      resolve(callee)
      for argument in arguments { resolve(argument.value) }
    case .member(let base, let name, let span, _):
      resolve(base)
      checkMember(base, name, span)
    case .index(let base, let index, _):
      resolve(base)
      resolve(index)
    case .range(let lower, let upper, _):
      if let lower { resolve(lower) }
      if let upper { resolve(upper) }
    case .binary(_, let left, let right, _):
      resolve(left)
      resolve(right)
    case .if(let arms, let otherwise):
      for arm in arms {
        resolve(arm.condition)
        resolve(arm.body)
      }
      if let otherwise { resolve(otherwise) }
    case .match(let subject, let arms):
      resolve(subject)
      for arm in arms {
        openBlock()
        declare([arm.pattern], as: .bound("bound by a pattern"))
        if let condition = arm.guard { resolve(condition) }
        resolve(arm.body)
        closeBlock()
      }
      warnOfUnreachable(arms)
    case .while(let condition, let body):
      resolve(condition)
      inContext(.loop) { $0.resolve(body) }
    case .for(let patterns, let source, let body):
      resolve(source)
      openBlock()
      declare(patterns, as: .bound("a loop's variable"))
      inContext(.loop) { $0.resolve(body) }
      closeBlock()
    case .try(let node): resolve(node)
    case .with(let value, let name, let body):
      resolve(value)
      openBlock()
      if let name { declare(name, as: .bound("what `with` closes")) }
      inContext(.scoped("with")) { $0.resolve(body) }
      closeBlock()
    case .scope(let name, let body):
      openBlock()
      if let name { declare(name, as: .bound("the scope")) }
      inContext(.scoped("scope")) { $0.resolve(body) }
      closeBlock()
    case .function(let node): resolveFunction(node, isSnapshot: false, selfVariable: nil)
    case .spawn(let node):
      if let name = node.name { resolve(name) }
      if let scope = node.scope { resolve(scope) }
      if let executor = node.executor { resolve(executor) }
      resolveTask(node.functionID, form: "spawn") { $0.resolve(node.body) }
    case .gather(_, let value): resolve(value)
    case .gatherFor(let node):
      resolve(node.source)
      if let limit = node.limit { resolve(limit) }
      if let executor = node.executor { resolve(executor) }
      resolveTask(node.functionID, form: "gather") { resolver in
        resolver.declare(node.patterns, as: .bound("a loop's variable"))
        resolver.resolve(node.body)
      }
    case .timeout(let duration, let body, let otherwise):
      resolve(duration)
      inContext(.scoped("timeout")) { $0.resolve(body) }
      if let otherwise { resolve(otherwise) }
    case .shield(let body): inContext(.scoped("shield")) { $0.resolve(body) }
    case .retry(let node): resolve(node, at: expression.span)
    case .command(let command): resolve(command)
    case .pipeline(let stages): resolvePipeline(stages)
    case .return(let value):
      checkReturn(expression.span)
      if let value { resolve(value) }
    case .break: checkLoopJump("break", expression.span)
    case .continue: checkLoopJump("continue", expression.span)
    case .raise(let error, let cause):
      resolve(error)
      if let cause { resolve(cause) }
    }
  }

  /// `lib.name`: known to be a member or not before anything runs.
  private mutating func checkMember(_ base: Expression, _ name: String, _ span: Span) {
    warnOfShadowing(in: base, member: name)
    guard case .name(let root) = base.kind, case .variable(let variable) = resolution.meanings[Int(root.id)],
      case .module(let module) = variable.kind, module.members[name] == nil, !isFull(of: .error)
    else { return }
    let nearest = NearestName.suggest(for: name, among: Array(module.members.keys))
    report(
      .notAMember, span, "module `\(root.text)` has no member `\(name)`",
      hint: nearest.map { "did you mean `\(root.text).\($0)`?" }
        ?? "its members are its top-level `let`s, functions and error kinds")
  }

  mutating func resolve(_ literal: StringLiteral) {
    for part in literal.parts {
      if case .interpolation(let expression, _, _) = part { resolve(expression) }
    }
  }

  private mutating func resolve(_ node: TryNode) {
    resolve(node.body)
    for clause in node.catches {
      for kind in clause.kinds { useKind(kind) }
      openBlock()
      if let name = clause.name { declare(name, as: .bound("the error that was caught")) }
      if let condition = clause.condition { resolve(condition) }
      if clause.kinds.contains(where: { $0.text == "Cancelled" }) {
        inContext(.cleanup("catch Cancelled")) { $0.resolve(clause.body) }
      } else {
        resolve(clause.body)
      }
      closeBlock()
    }
    warnOfUnreachable(node.catches)
    if let grace = node.grace { resolve(grace) }
    if let cleanup = node.finally { inContext(.cleanup("finally")) { $0.resolve(cleanup) } }
  }

  private mutating func resolve(_ node: RetryNode, at span: Span) {
    resolve(node.count)
    switch node.backoff {
    case .backoff(let value), .every(let value): resolve(value)
    case nil: break
    }
    if let jitter = node.jitter { resolve(jitter) }
    if let within = node.within { resolve(within) }
    openBlock()
    let attempt = declareAttempt(at: span)
    if let filter = node.filter {
      for kind in filter.kinds { useKind(kind) }
      openBlock()
      if let name = filter.name { declare(name, as: .bound("the error")) }
      if let condition = filter.condition { resolve(condition) }
      closeBlock()
    }
    if let until = node.until { resolve(until) }
    inContext(.scoped("retry")) { $0.resolve(node.body) }
    closeBlock()
    resolution.attempts[span.start] = attempt
    if let body = node.elseBody {
      openBlock()
      if let name = node.elseName { declare(name, as: .bound("the error")) }
      resolve(body)
      closeBlock()
    }
  }

  // MARK: Functions and tasks

  @discardableResult
  mutating func resolveFunction(_ node: FunctionNode, isSnapshot: Bool, selfVariable: Variable?)
    -> FunctionScope
  {
    let scope = FunctionScope(id: Int(node.id), parent: function, isSnapshot: isSnapshot)
    scope.selfVariable = selfVariable
    resolution.functions[Int(node.id)] = scope
    let outer = function
    let outerContexts = contexts
    function = scope
    contexts = [.function]
    openBlock()
    checkNames(of: node.parameters.map(\.pattern))
    for parameter in node.parameters {
      if let value = parameter.defaultValue { resolve(value) }
      declare(parameter.pattern, as: .parameter)
    }
    switch node.body {
    case .block(let block): resolve(block)
    case .expression(let expression): resolve(expression)
    }
    closeBlock()
    contexts = outerContexts
    function = outer
    return scope
  }

  private mutating func resolveTask(_ id: Int32, form: String, _ body: (inout Resolver) -> Void) {
    let scope = FunctionScope(id: Int(id), parent: function, isSnapshot: true)
    resolution.functions[Int(id)] = scope
    let outer = function
    function = scope
    openBlock()
    inContext(.task(form), body)
    closeBlock()
    function = outer
  }

  // MARK: Pipelines and commands

  private mutating func resolvePipeline(_ stages: [Expression]) {
    for (position, stage) in stages.enumerated() {
      if position == 0 {
        resolve(stage)
      } else {
        resolveStage(stage, isLast: position == stages.count - 1)
      }
    }
  }

  /// A stage's lambdas run in a task of its own, with copies of what they capture; a sink's do not
  /// (language.md §14.1). What comes last is a stage all the same if it is the library's.
  private mutating func resolveStage(_ stage: Expression, isLast: Bool) {
    switch stage.kind {
    case .call(let callee, let arguments, _):
      resolve(callee)
      warnOfShadowing(in: callee)
      var isTask = !isLast
      if isLast, case .name(let name) = callee.kind,
        case .builtin(let builtin) = resolution.meanings[Int(name.id)]
      {
        isTask = builtins.isStage(builtin)
      }
      for argument in arguments {
        if let node = functionLiteral(argument.value) {
          resolveFunction(node, isSnapshot: isTask, selfVariable: nil)
        } else {
          resolve(argument.value)
        }
      }
    case .function(let node): resolveFunction(node, isSnapshot: !isLast, selfVariable: nil)
    case .paren(let inner): resolveStage(inner, isLast: isLast)
    default:
      resolve(stage)
      warnOfShadowing(in: stage)
    }
  }

  /// A name that stands where scripts mostly mean the library's, after `|` or before `.`, but means one of the script's
  /// own (language.md §15).
  private mutating func warnOfShadowing(in expression: Expression, member: String? = nil) {
    guard case .name(let name) = expression.kind, !isPrelude,
      builtins.isGlobal(member.map { name.text + "." + $0 } ?? name.text)
    else { return }
    let variable: Variable
    switch resolution.meanings[Int(name.id)] {
    case .variable(let found), .current(let found): variable = found
    default: return
    }
    let what = member.map { "`\(name.text).\($0)`" } ?? "`\(name.text)`"
    report(
      .shadowedGlobal, name.span, severity: .warning,
      "\(what) is not the library's here: a name of the script shadows it",
      labels: [Diagnostic.Label(variable.span, "declared here")],
      hint: "give it a name of its own if the library's is meant")
  }

  private mutating func resolve(_ command: CommandNode) {
    for stage in command.stages {
      for (_, value) in stage.environment { resolve(value) }
      for word in stage.words { resolve(word) }
      for redirect in stage.redirects {
        switch redirect {
        case .input(let word), .output(let word, _), .error(let word, _): resolve(word)
        case .errorToOutput, .outputToError: break
        }
      }
    }
  }

  private mutating func resolve(_ word: CommandWord) {
    for part in word.parts {
      if case .interpolation(let expression) = part { resolve(expression) }
    }
  }
}

/// The methods that change the variable they go through, on some type.
enum MutatingMethods {
  static let names: Set<String> = [
    "push", "pop", "insert", "remove_at", "remove", "clear", "extend", "sort", "reverse", "shuffle", "update",
    "set_default",
  ]
}
