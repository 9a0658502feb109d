// A syntax tree as text, for `runnel inspect --ast` and for tests: S-expressions, short ones on one line, long
// ones with their parts below each other.

/// Writes syntax trees down.
public enum SyntaxTreeDumper {
  /// The whole tree: a form for each statement.
  ///
  /// The output grows with the tree; the recursion with its height, which the parser bounds.
  public static func dump(_ tree: SyntaxTree) -> String {
    var out = ""
    if let documentation = tree.documentation { out += "(documentation \(quoted(documentation)))\n" }
    for statement in tree.statements { out += node(statement).text(indentation: 0) + "\n" }
    return out
  }

  /// One expression.
  public static func dump(_ expression: Expression) -> String { node(expression).text(indentation: 0) }

  /// A text in double quotes, with escapes for what cannot be seen.
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          out += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }
}

/// What is written: an atom, or a head with parts.
private indirect enum Node {
  case atom(String)
  case form(String, [Node])

  /// As wide as a line may be before its parts stand below each other.
  private static let width = 100

  func text(indentation: Int) -> String {
    if let line = line(budget: Self.width - indentation) { return line }
    guard case .form(let head, let parts) = self else { return "" }
    var out = "(" + head
    // Leading atoms stay with the head.
    var rest = parts[...]
    while case .atom(let text)? = rest.first {
      out += " " + text
      rest = rest.dropFirst()
    }
    let margin = "\n" + String(repeating: " ", count: indentation + 2)
    for part in rest { out += margin + part.text(indentation: indentation + 2) }
    return out + ")"
  }

  /// The node on one line, or nil if it takes more columns than there are.
  private func line(budget: Int) -> String? {
    switch self {
    case .atom(let text): return text
    case .form(let head, let parts):
      var out = "(" + head
      for part in parts {
        guard out.utf8.count < budget, let text = part.line(budget: budget - out.utf8.count - 2) else {
          return nil
        }
        out += " " + text
      }
      return out.utf8.count < budget ? out + ")" : nil
    }
  }
}

extension SyntaxTreeDumper {
  // MARK: - Statements

  private static func node(_ statement: Statement) -> Node {
    switch statement.kind {
    case .expression(let expression): return node(expression)
    case .declaration(let mutable, let pattern, let value, let documentation):
      return .form(mutable ? "var" : "let", documented(documentation) + [node(pattern), node(value)])
    case .assignment(let target, let operation, _, let value):
      return .form((operation?.rawValue ?? "") + "=", [node(target), node(value)])
    case .function(let function): return node(function)
    case .yield(let value, let spread): return .form(spread ? "yield..." : "yield", [node(value)])
    case .defer(let cleanup):
      var parts: [Node] = []
      if cleanup.onError { parts.append(.atom("error")) }
      if let name = cleanup.errorName { parts.append(.atom(name.text)) }
      if let grace = cleanup.grace { parts.append(.form("within", [node(grace)])) }
      return .form("defer", parts + [node(cleanup.body)])
    case .import(let path, _, let name): return .form("import", [.atom(quoted(path)), .atom(name.text)])
    case .errorKind(let name, let parent, let documentation):
      return .form(
        "error", documented(documentation) + [.atom(name.text)] + (parent.map { [.atom($0.text)] } ?? []))
    case .assert(let condition, let message, _):
      return .form("assert", [node(condition)] + (message.map { [node($0)] } ?? []))
    case .test(let name, let body): return .form("test", [node(name), node(body)])
    case .invalid: return .atom("invalid")
    }
  }

  private static func documented(_ text: String?) -> [Node] {
    text.map { [.form("##", [.atom(quoted($0))])] } ?? []
  }

  private static func node(_ block: Block) -> Node { .form("block", block.statements.map(node)) }

  private static func node(_ body: Body) -> Node {
    switch body {
    case .block(let block): node(block)
    case .expression(let expression): node(expression)
    }
  }

  private static func node(_ function: FunctionNode) -> Node {
    var parts = documented(function.documentation)
    if let name = function.name { parts.append(.atom(name.text)) }
    parts.append(.form("parameters", function.parameters.map(node)))
    parts.append(node(function.body))
    let head = function.form == .lambda ? "lambda" : "fn"
    return .form(function.isGenerator ? head + "*" : head, parts)
  }

  private static func node(_ parameter: Parameter) -> Node {
    let pattern = parameter.isRest ? .form("...", [node(parameter.pattern)]) : node(parameter.pattern)
    guard let value = parameter.defaultValue else { return pattern }
    return .form("=", [pattern, node(value)])
  }

  // MARK: - Expressions

  private static func node(_ expression: Expression) -> Node {
    switch expression.kind {
    case .nil: return .atom("nil")
    case .bool(let value): return .atom(value ? "true" : "false")
    case .int(let value): return .atom(String(value))
    case .float(let value): return .atom(String(value))
    case .duration(let value): return .atom("\(value)ns")
    case .string(let literal): return node(literal)
    case .list(let elements):
      return .form("list", elements.map { $0.isSpread ? .form("...", [node($0.value)]) : node($0.value) })
    case .map(let entries):
      return .form(
        "map",
        entries.map {
          switch $0 {
          case .pair(let key, let value): .form(":", [node(key), node(value)])
          case .spread(let value): .form("...", [node(value)])
          }
        })
    case .name(let name): return .atom(name.text)
    case .paren(let inner): return .form("paren", [node(inner)])
    case .call(let callee, let arguments, _): return .form("call", [node(callee)] + arguments.map(node))
    case .member(let base, let name, _, let optional):
      return .form(optional ? "?." : ".", [node(base), .atom(name)])
    case .index(let base, let index, let optional):
      return .form(optional ? "?[]" : "[]", [node(base), node(index)])
    case .chain(let inner): return .form("chain", [node(inner)])
    case .range(let lower, let upper, let inclusive):
      return .form(inclusive ? "..=" : "..", [bound(lower.map(node)), bound(upper.map(node))])
    case .unary(let operation, let operand): return .form(operation == .not ? "not" : "-", [node(operand)])
    case .binary(let operation, let left, let right, _):
      return .form(operation.rawValue, [node(left), node(right)])
    case .isKind(let value, let kind): return .form("is", [node(value), .atom(kind.text)])
    case .await(let operand): return .form("await", [node(operand)])
    case .pipeline(let stages): return .form("|", stages.map(node))
    case .command(let command): return node(command)
    case .return(let value): return .form("return", value.map { [node($0)] } ?? [])
    case .break: return .atom("break")
    case .continue: return .atom("continue")
    case .raise(let error, let cause):
      return .form("raise", [node(error)] + (cause.map { [.form("from", [node($0)])] } ?? []))
    case .function(let function): return node(function)
    case .invalid: return .atom("invalid")
    default: return controlNode(expression)
    }
  }

  private static func bound(_ node: Node?) -> Node { node ?? .atom("_") }

  private static func node(_ argument: Argument) -> Node {
    switch argument.kind {
    case .positional: node(argument.value)
    case .spread: .form("...", [node(argument.value)])
    case .keyword(let name): .form(":", [.atom(name), node(argument.value)])
    }
  }

  private static func node(_ literal: StringLiteral) -> Node {
    if let text = literal.plainText { return .atom(quoted(text)) }
    return .form(
      "string",
      literal.parts.map {
        switch $0 {
        case .text(let text): .atom(quoted(text))
        case .interpolation(let value, let format, _):
          format.map { .form("format", [node(value), .atom(quoted($0))]) } ?? node(value)
        }
      })
  }

  /// The forms that have bodies.
  private static func controlNode(_ expression: Expression) -> Node {
    switch expression.kind {
    case .if(let arms, let otherwise):
      var parts: [Node] = []
      for arm in arms { parts += [node(arm.condition), node(arm.body)] }
      return .form("if", parts + (otherwise.map { [.form("else", [node($0)])] } ?? []))
    case .match(let value, let arms):
      return .form(
        "match",
        [node(value)]
          + arms.map {
            .form(
              "=>", [node($0.pattern)] + ($0.guard.map { [.form("if", [node($0)])] } ?? []) + [node($0.body)])
          })
    case .while(let condition, let body): return .form("while", [node(condition), node(body)])
    case .for(let patterns, let source, let body):
      return .form("for", [.form("in", patterns.map(node) + [node(source)]), node(body)])
    case .try(let attempt): return node(attempt)
    case .with(let resource, let name, let body):
      return .form("with", [node(resource)] + named(name) + [node(body)])
    case .scope(let name, let body): return .form("scope", named(name) + [node(body)])
    case .spawn(let spawn): return node(spawn)
    case .gather(let mode, let value): return .form("gather", [.atom(mode.rawValue), node(value)])
    case .gatherFor(let gather):
      return .form(
        "gather-for",
        [.atom(gather.mode.rawValue), .form("in", gather.patterns.map(node) + [node(gather.source)])]
          + clause("limit", gather.limit) + clause("on", gather.executor) + [node(gather.body)])
    case .timeout(let duration, let body, let otherwise):
      return .form(
        "timeout", [node(duration), node(body)] + (otherwise.map { [.form("else", [node($0)])] } ?? []))
    case .shield(let body): return .form("shield", [node(body)])
    case .retry(let retry): return node(retry)
    default: return .atom("?")
    }
  }

  private static func named(_ name: Identifier?) -> [Node] { name.map { [.atom($0.text)] } ?? [] }

  private static func clause(_ word: String, _ operand: Expression?) -> [Node] {
    operand.map { [.form(word, [node($0)])] } ?? []
  }

  private static func node(_ attempt: TryNode) -> Node {
    var parts = [node(attempt.body)]
    for handler in attempt.catches {
      let kinds = handler.kinds.map { Node.atom($0.text) }
      let name: [Node] = handler.name.map { [.form("as", [.atom($0.text)])] } ?? []
      parts.append(.form("catch", kinds + name + clause("if", handler.condition) + [node(handler.body)]))
    }
    if let finally = attempt.finally {
      parts.append(.form("finally", clause("within", attempt.grace) + [node(finally)]))
    }
    return .form("try", parts)
  }

  private static func node(_ spawn: SpawnNode) -> Node {
    var parts: [Node] = []
    if spawn.isDetached { parts.append(.atom("detached")) }
    if spawn.isService { parts.append(.atom("service")) }
    parts += clause("as", spawn.name) + clause("in", spawn.scope) + clause("on", spawn.executor)
    return .form("spawn", parts + [node(spawn.body)])
  }

  private static func node(_ retry: RetryNode) -> Node {
    var parts = [node(retry.count)]
    switch retry.backoff {
    case .backoff(let wait): parts += clause("backoff", wait)
    case .every(let wait): parts += clause("every", wait)
    case nil: break
    }
    parts += clause("jitter", retry.jitter) + clause("within", retry.within)
    if let filter = retry.filter {
      let kinds = filter.kinds.map { Node.atom($0.text) }
      let name: [Node] = filter.name.map { [.form("as", [.atom($0.text)])] } ?? []
      parts.append(.form("on", kinds + name + clause("if", filter.condition)))
    }
    parts += clause("until", retry.until)
    parts.append(node(retry.body))
    if let otherwise = retry.elseBody {
      parts.append(.form("else", named(retry.elseName) + [node(otherwise)]))
    }
    return .form("retry", parts)
  }

  // MARK: - Patterns

  private static func node(_ pattern: Pattern) -> Node {
    switch pattern.kind {
    case .wildcard: return .atom("_")
    case .bind(let name): return .atom(name.text)
    case .literal(let literal): return node(literal)
    case .range(let lower, let upper, let inclusive):
      return .form(inclusive ? "..=" : "..", [bound(lower.map(node)), bound(upper.map(node))])
    case .type(let name): return .form("type", [.atom(name)])
    case .errorKind(let kind, let fields):
      return .form("kind", [.atom(kind.text)] + (fields.map { [node($0)] } ?? []))
    case .list(let items, let rest): return .form("list", items.map(node) + spread(rest))
    case .map(let map): return node(map)
    case .alternatives(let patterns): return .form("|", patterns.map(node))
    case .named(let pattern, let name): return .form("as", [node(pattern), .atom(name.text)])
    case .invalid: return .atom("invalid")
    }
  }

  private static func node(_ map: MapPattern) -> Node {
    .form(
      "map", map.entries.map { .form(":", [.atom(quoted($0.key)), node($0.pattern)]) } + spread(map.rest))
  }

  private static func spread(_ rest: Identifier?) -> [Node] {
    rest.map { [.form("...", [.atom($0.text)])] } ?? []
  }

  // MARK: - Commands

  private static func node(_ command: CommandNode) -> Node {
    let head =
      switch command.form {
      case .statement: "$"
      case .capture: "$()"
      case .ask: "$?()"
      }
    return .form(
      head,
      command.stages.map { stage in
        .form(
          "run",
          stage.environment.map { .form("env", [.atom($0.name), node($0.value)]) } + stage.words.map(node)
            + stage.redirects.map(node))
      })
  }

  private static func node(_ word: CommandWord) -> Node {
    let parts: [Node] = word.parts.map {
      switch $0 {
      case .bare(let text): .atom(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? text : quoted(text))
      case .quoted(let text): .atom(quoted(text))
      case .interpolation(let value): .form("{}", [node(value)])
      }
    }
    return parts.count == 1 ? parts[0] : .form("word", parts)
  }

  private static func node(_ redirect: CommandRedirect) -> Node {
    switch redirect {
    case .input(let file): .form("<", [node(file)])
    case .output(let file, let append): .form(append ? ">>" : ">", [node(file)])
    case .error(let file, let append): .form(append ? "2>>" : "2>", [node(file)])
    case .errorToOutput: .atom("2>&1")
    case .outputToError: .atom(">&2")
    }
  }
}
