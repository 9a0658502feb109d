// Statements and blocks: lists of statements, where the parser recovers; declarations; the statements that
// begin with a word of their own.

extension Parser {
  /// Statements up to the `}` of the block that `opening` began, or to the end of the text. Never throws: what
  /// is broken becomes an `invalid` statement, and its diagnostic has been reported.
  mutating func parseStatements(into statements: inout [Statement], opening: Span?) {
    let mark = self.mark
    while true {
      while accept(.semicolon) {}
      if token.kind == .endOfFile { return }
      if at(.rightBrace) {
        if opening != nil { return }
        _ = fail(
          .unexpectedBracket, "this `}` closes nothing",
          hint: "remove it, or look for a block above that is closed too early")
        advance()
        continue
      }
      let start = index
      do throws(SyntaxFailure) {
        statements.append(try parseStatement())
        if !token.newlineBefore, !at(.semicolon), !at(.rightBrace), token.kind != .endOfFile {
          throw endOfStatementExpected(after: statements.last)
        }
      } catch {
        restore(mark)
        let place = tokens[start].start
        synchronize(from: start)
        statements.append(Statement(.invalid, span: span(from: place)))
        // Whatever happens, the list gets on.
        if index == start, !at(.rightBrace) || opening == nil { skipToken() }
      }
    }
  }

  /// `{ … }` as a body.
  mutating func parseBlock(
    _ owner: @autoclosure () -> String = "a body"
  ) throws(SyntaxFailure) -> Block {
    guard at(.leftBrace) else { throw bodyExpected(owner()) }
    let opening = token.span
    let outer = mark
    try enter()
    advance()
    context = .block
    tallness = 0
    var statements: [Statement] = []
    parseStatements(into: &statements, opening: opening)
    context = outer.context
    guard accept(.rightBrace) else {
      if isAborted { throw SyntaxFailure() }
      throw fail(
        .unclosedBracket, at: opening, "this `{` is never closed",
        hint: "close the block with `}`; its indentation may show where one is missing")
    }
    depth -= 1
    tallness = max(outer.tallness, tallness + 1)
    if tallness > Self.heightLimit { try grow() }
    return Block(statements, span: span(from: opening.start))
  }

  /// `expected { … }`, with what people write instead.
  mutating func bodyExpected(_ owner: String = "a body") -> SyntaxFailure {
    if at(.assign) {
      return fail(
        .assignmentAsCondition, "`=` assigns, so it cannot stand in a condition", hint: "compare with `==`")
    }
    if at(.colon) {
      return fail(
        .expectedBody, "expected \(owner) in braces, found `:`",
        hint: "write `{ … }`: indentation means nothing here")
    }
    if token.kind == .name {
      let word = text(of: token)
      if word == "then" || word == "do" {
        return fail(
          .foreignSyntax, "expected \(owner) in braces, found `\(word)`",
          hint: "write `{ … }`, without `\(word)`")
      }
    }
    return unexpected("\(owner) in braces, `{ … }`", .expectedBody)
  }

  private mutating func parseStatement() throws(SyntaxFailure) -> Statement {
    let start = token.start
    switch token.keyword {
    case .let, .var: return try parseDeclaration()
    case .fn where peek().kind == .name || peek().kind == .keyword: return try parseFunctionDeclaration()
    case .yield:
      advance()
      yields = true
      let spread = accept(.spread)
      let value = try parseExpression()
      return Statement(.yield(value, spread: spread), span: span(from: start))
    case .defer: return try parseDefer()
    case .import: return try parseImport()
    case nil where token.kind == .name:
      if let statement = try parseWordStatement() { return statement }
    default: break
    }
    return try parseExpressionStatement()
  }

  private mutating func parseExpressionStatement() throws(SyntaxFailure) -> Statement {
    let start = token.start
    if at(.floorSlash)
      || at(.slash) && (peek().symbol == .slash || peek().symbol == .star || peek().symbol == .power)
    {
      throw foreignComment()
    }
    let first = index
    let expression = try parseExpression()
    guard !isEnded, let symbol = token.symbol, let operation = Self.assignment(symbol) else {
      return Statement(.expression(expression), span: span(from: start))
    }
    if !isPlace(expression) {
      throw fail(
        .notAssignable, at: expression.span, "`\(excerpt(expression.span))` cannot be assigned",
        hint: assignmentHint(expression, first))
    }
    let operatorSpan = token.span
    advance()
    let value = try parseExpression()
    return Statement(
      .assignment(target: expression, operation: operation, operatorSpan: operatorSpan, value: value),
      span: span(from: start))
  }

  /// What a symbol assigns with, or nil if it does not assign.
  private static func assignment(_ symbol: Symbol) -> BinaryOperator?? {
    switch symbol {
    case .assign: .some(nil)
    case .plusAssign: .add
    case .minusAssign: .subtract
    case .starAssign: .multiply
    case .slashAssign: .divide
    case .floorAssign: .floorDivide
    case .percentAssign: .remainder
    case .powerAssign: .power
    default: nil
    }
  }

  /// A variable, or a part of something: what assigning could change.
  private func isPlace(_ expression: Expression) -> Bool {
    switch expression.kind {
    case .name, .invalid: true
    case .paren(let inner): isPlace(inner)
    case .member(_, _, _, let optional): !optional
    case .index(_, _, let optional): !optional
    default: false
    }
  }

  private func assignmentHint(_ expression: Expression, _ first: Int) -> String {
    switch expression.kind {
    case .chain: "only what is there can be assigned: test it first, and write `.` and `[`"
    case .list, .map: "to take a value apart, declare new names: `let [a, b] = …`"
    case .call: "the result of a call is a value of its own; bind it with `var` to change it"
    case .binary: "to compare, write `==`"
    default: "a variable, a field `a.b` and an item `a[i]` can be assigned"
    }
  }

  func excerpt(_ span: Span) -> String {
    let text = source.text(of: span)
    let line = text.prefix { !$0.isNewline }
    return line.count > 40 || line.count < text.count ? line.prefix(40) + "…" : String(line)
  }

  // MARK: - Declarations

  private mutating func parseDeclaration() throws(SyntaxFailure) -> Statement {
    let documentation = takeDocumentation()
    let start = token.start
    let isMutable = at(keyword: .var)
    let word = isMutable ? "var" : "let"
    advance()
    let pattern = try parsePattern(inArm: false)
    guard accept(.assign) else {
      if at(.colon) {
        throw fail(
          .foreignSyntax, "expected `=`, found `:`",
          hint: "variables have no declared types: `\(word) name = value`")
      }
      if at(.comma) {
        throw fail(
          .expectedToken, "expected `=`, found `,`",
          hint: "declare each by itself, or take a list apart: `\(word) [a, b] = …`")
      }
      if token.newlineBefore || at(.semicolon) || at(.rightBrace) {
        throw fail(
          .expectedToken, at: Span(Int(previousEnd), Int(previousEnd)), "a `\(word)` needs a value",
          hint: "write `= nil` if there is none yet")
      }
      throw unexpected("`=`")
    }
    let value = try parseExpression()
    return Statement(
      .declaration(mutable: isMutable, pattern, value, documentation: documentation), span: span(from: start))
  }

  private mutating func parseFunctionDeclaration() throws(SyntaxFailure) -> Statement {
    let documentation = takeDocumentation()
    let start = token.start
    advance()
    let name = try expectName("a function's name")
    let id = newFunctionID()
    let outer = mark
    let outerYields = yields
    let statementStart = index
    var parameters: [Parameter] = []
    do throws(SyntaxFailure) {
      parameters = try parseParameters()
      if !at(.leftBrace) { throw functionBodyExpected() }
    } catch {
      restore(outer)
      guard !isAborted, skipToFunctionBody(from: statementStart) else { throw error }
    }
    yields = false
    let body = try parseBlock("a function's body")
    let isGenerator = yields
    yields = outerYields
    let node = FunctionNode(
      id: id, form: .function, name: name, parameters: parameters, body: .block(body),
      isGenerator: isGenerator,
      documentation: documentation, span: span(from: start))
    return Statement(.function(node), span: span(from: start))
  }

  private mutating func functionBodyExpected() -> SyntaxFailure {
    if at(.arrow) || at(.assign) {
      return fail(
        .expectedBody, "the body of a `fn` stands in braces",
        hint: "write `fn name(…) { … }`; `(a, b) => …` is a lambda")
    }
    if at(.minus), peek().symbol == .greater || at(.colon) {
      return fail(.foreignSyntax, "functions have no declared types", hint: "write `fn name(…) { … }`")
    }
    return bodyExpected("a function's body")
  }

  private mutating func skipToFunctionBody(from start: Int) -> Bool {
    move(to: start)
    while token.kind != .endOfFile, !token.newlineBefore, !at(.rightBrace), !at(.semicolon) {
      if at(.leftBrace) { return true }
      skipToken()
    }
    return false
  }

  /// `(a, b = 1, [c, d], ...rest)`
  mutating func parseParameters() throws(SyntaxFailure) -> [Parameter] {
    let opening = token.span
    guard accept(.leftParen) else {
      if token.kind == .name, tokens[index - 1].keyword == .fn {
        throw fail(
          .expectedToken, "a `fn` that is a value has no name", hint: "leave the name out: `fn (…) { … }`")
      }
      throw unexpected("`(` and the parameters")
    }
    let outer = context
    context = .brackets
    var parameters: [Parameter] = []
    while !at(.rightParen) {
      if let last = parameters.last, last.isRest {
        throw fail(
          .restNotLast, at: last.pattern.span, "a `...` parameter takes all that is left, so it stands last")
      }
      let isRest = accept(.spread)
      let pattern = try parseSinglePattern(inArm: false)
      if isRest, !isName(pattern) {
        throw fail(.badParameter, at: pattern.span, "after `...` a parameter is a plain name")
      }
      if at(.colon) {
        throw fail(
          .foreignSyntax, "parameters have no declared types",
          hint: "write the name alone; `name = value` gives a default")
      }
      var defaultValue: Expression?
      if accept(.assign) {
        if isRest {
          throw fail(.badParameter, at: pattern.span, "a `...` parameter has no default: it is empty")
        }
        defaultValue = try parseExpression()
      }
      parameters.append(Parameter(pattern: pattern, defaultValue: defaultValue, isRest: isRest))
      if !accept(.comma) { break }
    }
    try expectClosing(.rightParen, of: opening)
    context = outer
    return parameters
  }

  private func isName(_ pattern: Pattern) -> Bool {
    switch pattern.kind {
    case .bind, .wildcard: true
    default: false
    }
  }

  private mutating func parseDefer() throws(SyntaxFailure) -> Statement {
    let start = token.start
    advance()
    let onError = accept(word: .error)
    var name: Identifier?
    if onError, accept(keyword: .as) { name = try expectName("the error's name") }
    let grace = try parseGrace()
    guard at(.leftBrace) else {
      throw fail(
        .expectedBody, "`defer` takes a block, found \(describe(token))", hint: "write `defer { … }`")
    }
    let body = try parseBlock()
    return Statement(
      .defer(DeferNode(body: body, onError: onError, errorName: name, grace: grace)), span: span(from: start))
  }

  /// `within D` before the block of a cleanup.
  mutating func parseGrace() throws(SyntaxFailure) -> Expression? {
    guard accept(word: .within) else { return nil }
    let outer = context
    context = .head
    let grace = try parseOperand()
    context = outer
    return grace
  }

  private mutating func parseImport() throws(SyntaxFailure) -> Statement {
    let start = token.start
    advance()
    guard token.kind == .stringStart else {
      throw unexpected(
        "a module's path in quotes", .expectedString, hint: "write `import \"./lib.rnl\" as lib`")
    }
    let path = try parseStringLiteral()
    guard let plain = path.plainText else {
      throw fail(.expectedString, at: path.span, "a module's path is a plain string, without interpolations")
    }
    guard accept(keyword: .as) else {
      throw unexpected(
        "`as` and a name",
        hint: "write `import \"\(plain)\" as name`: a module's members are reached by its name")
    }
    let name = try expectName("a module's name")
    return Statement(.import(path: plain, pathSpan: path.span, name: name), span: span(from: start))
  }

  // MARK: - Statements with words that are names elsewhere

  /// `assert …`, `error Name`, `test "…" { }`; nil where the word is a name.
  private mutating func parseWordStatement() throws(SyntaxFailure) -> Statement? {
    let next = peek()
    guard !next.newlineBefore else { return nil }
    let start = token.start
    if at(word: .assert), beginsAssertion(next) {
      advance()
      let conditionStart = token.start
      let condition = try parseExpression()
      let text = source.text(of: span(from: conditionStart))
      var message: Expression?
      if accept(.comma) { message = try parseExpression() }
      return Statement(.assert(condition: condition, message: message, text: text), span: span(from: start))
    }
    if at(word: .error), next.kind == .name {
      let documentation = takeDocumentation()
      advance()
      let name = try expectName("an error kind's name")
      let parent = accept(keyword: .is) ? try parseKindPath() : nil
      return Statement(
        .errorKind(name: name, parent: parent, documentation: documentation), span: span(from: start))
    }
    if at(word: .test), next.kind == .stringStart {
      advance()
      let name = try parseStringLiteral()
      let body = try parseBlock("a test's body")
      return Statement(.test(name: name, body: body), span: span(from: start))
    }
    return nil
  }

  /// After the word `assert`: what could not go on with a variable of that name.
  private func beginsAssertion(_ token: Token) -> Bool {
    switch token.kind {
    case .name, .int, .float, .duration, .stringStart, .commandStart: true
    case .symbol: token.symbol == .leftParen || token.symbol == .leftBracket
    case .keyword:
      switch token.keyword {
      case .in, .is, .and, .or, .as, .else, .catch, .finally: false
      default: true
      }
    default: false
    }
  }
}
