// What to say when the text is another language's: the parser's knowledge of habits, apart from the grammar.

extension Parser {
  /// A statement should have ended here.
  mutating func endOfStatementExpected(after statement: Statement?) -> SyntaxFailure {
    // `fro x in xs {`: a word that is no keyword, and then something that cannot follow a name.
    if let statement, case .expression(let expression) = statement.kind,
      case .name(let name) = expression.kind
    {
      if let advice = ForeignWords.advice[name.text] {
        return fail(.foreignSyntax, at: name.span, "`\(name.text)` is no keyword", hint: advice)
      }
      if let keyword = NearestName.suggest(for: name.text, among: Self.statementWords) {
        return fail(
          .expectedEndOfStatement, at: name.span, "`\(name.text)` is no keyword",
          hint: "did you mean `\(keyword)`?")
      }
    }
    if at(.assign) {
      return fail(
        .expectedEndOfStatement, "expected the end of the statement, found `=`",
        hint: "an assignment is a statement of its own; to compare, write `==`")
    }
    if at(.arrow) {
      return fail(
        .expectedEndOfStatement, "a lambda's parameters are a name or stand in parentheses",
        hint: "write `x => …` or `(a, b) => …`; `([a, b]) => …` takes a list apart")
    }
    if at(keyword: .else) {
      return fail(
        .expectedEndOfStatement, "this `else` belongs to nothing before it",
        hint: "`else` follows the `}` of an `if`, `timeout` or `retry`")
    }
    if at(.leftBrace) {
      return fail(
        .expectedEndOfStatement, "expected the end of the statement, found `{`",
        hint: "there are no trailing closures: pass a function in the parentheses, `f(x => …)`")
    }
    if at(.rightParen) || at(.rightBracket) {
      return fail(
        .unexpectedBracket, "this `\(text(of: token))` closes nothing", hint: "remove it, or open it before")
    }
    let hint: String? =
      switch token.kind {
      case .name, .keyword, .stringStart, .int, .float, .duration, .commandStart:
        "begin a new line, or put `;` between two statements"
      default: nil
      }
    return unexpected("the end of the statement", .expectedEndOfStatement, hint: hint)
  }

  /// An operand is missing.
  mutating func expressionExpected() -> SyntaxFailure {
    let previous = index > 0 ? tokens[index - 1] : token
    var labels: [Diagnostic.Label] = []
    if index > 0, let symbol = previous.symbol, Self.infix(of: symbol) != nil || symbol == .assign {
      labels = [.init(previous.span, "needs a value after it")]
    }
    switch token.keyword {
    case .let, .var, .defer, .import, .yield:
      let word = text(of: token)
      return fail(
        .statementAsExpression, "`\(word)` is a statement, so it cannot be a value",
        labels: labels, hint: "put it on a line of its own, or in a block: `{ \(word) … }`")
    case .else, .catch, .finally:
      let owner = at(keyword: .else) ? "`if`, `timeout` or `retry`" : "`try`"
      return fail(
        .expectedExpression, "this `\(text(of: token))` belongs to no \(owner) before it", labels: labels)
    case .not:
      return fail(
        .unaryNeedsParentheses, "`not` binds looser than the operator before it", labels: labels,
        hint: "put it in parentheses: `(not …)`")
    default: break
    }
    switch token.symbol {
    case .range, .closedRange: return openRange(token.span)
    case .plus:
      if previous.symbol == .plus, previous.end == token.start {
        return fail(
          .foreignSyntax, at: previous.span.union(token.span), "there is no `++`", hint: "write `x += 1`")
      }
      return fail(
        .expectedExpression, "there is no `+` before a number", labels: labels, hint: "leave it out")
    case .floorSlash: return foreignComment()
    case .rightParen, .rightBracket, .rightBrace:
      if labels.isEmpty, previous.newlineBefore == false, index == 0 {
        return fail(.unexpectedBracket, "this `\(text(of: token))` closes nothing")
      }
    case .dot where peek().kind == .int:
      return fail(.expectedExpression, "a number begins with a digit", hint: "write `0.\(text(of: peek()))`")
    default: break
    }
    return unexpected("an expression", .expectedExpression, labels: labels)
  }

  mutating func foreignComment() -> SyntaxFailure {
    // What follows is prose: to its end it is one mistake.
    let failure = fail(
      .foreignSyntax, "a comment begins with `#`", hint: "write `# …`; `//` divides and rounds down")
    repeat { advance() } while token.kind != .endOfFile && !token.newlineBefore
    return failure
  }

  mutating func openRange(_ span: Span) -> SyntaxFailure {
    fail(
      .openRange, at: span, "an open range stands only inside `[ ]` and in patterns",
      hint: "write both bounds, as in `0..10`; an endless loop is `while true { … }`")
  }

  /// A hint for a token of other languages, where something else was expected.
  func foreignHint() -> String? {
    if token.kind == .name { return ForeignWords.advice[text(of: token)] }
    if at(.floorSlash) { return "a comment begins with `#`" }
    return nil
  }

  /// The words that statements begin with.
  static let statementWords: [String] = [
    "let", "var", "fn", "return", "if", "while", "for", "break", "continue", "match", "try", "raise", "defer",
    "with", "import", "yield", "spawn", "await", "gather", "shield", "retry", "timeout", "error", "test",
    "assert",
    "scope", "not",
  ]
}
