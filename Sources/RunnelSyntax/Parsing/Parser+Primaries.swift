// What an expression is made of: names, literals, parentheses, lists, maps, and the forms that begin with a
// keyword.

extension Parser {
  mutating func parsePrimary() throws(SyntaxFailure) -> Expression {
    switch token.kind {
    case .name:
      if isScope { return try parseScope() }
      let name = takeIdentifier()
      return Expression(.name(name), span: name.span)
    case .keyword: return try parseKeywordForm()
    case .symbol: return try parseBracketed()
    case .int, .float, .duration: return try parseNumber()
    case .stringStart:
      let literal = try parseStringLiteral()
      return Expression(.string(literal), span: literal.span)
    case .commandStart: return try parseCommand()
    default: throw expressionExpected()
    }
  }

  mutating func parseNumber() throws(SyntaxFailure) -> Expression {
    let span = token.span
    let value = list.numbers[Int(token.link)]
    switch token.kind {
    case .float:
      advance()
      return Expression(.float(Double(bitPattern: value)), span: span)
    case .duration:
      advance()
      return Expression(.duration(Int64(truncatingIfNeeded: value)), span: span)
    default:
      guard value <= UInt64(Int64.max) else {
        throw fail(
          .numberTooLarge, "the number does not fit in 64 bits",
          hint: "an int goes up to 9223372036854775807; `1e19` is a float")
      }
      advance()
      return Expression(.int(Int64(value)), span: span)
    }
  }

  private mutating func parseBracketed() throws(SyntaxFailure) -> Expression {
    switch token.symbol {
    case .leftParen: return try parseParenthesized()
    case .leftBracket: return try parseList()
    case .leftBrace:
      if context.contains(.noMap) {
        let opening = token.span
        let failure = fail(
          .mapInHead, at: opening, "a map in a head stands in parentheses, since `{` begins the body there",
          hint: "write `({…})`")
        // Its braces are not the body's, if another `{` follows on the line.
        if !isAborted, hasBraceOnLine(after: Int(token.link)) { skipToken() }
        throw failure
      }
      return try parseMap()
    default: throw expressionExpected()
    }
  }

  private func hasBraceOnLine(after index: Int) -> Bool {
    var position = index + 1
    while index > 0, position < tokens.count, !tokens[position].newlineBefore {
      if tokens[position].symbol == .leftBrace { return true }
      position += 1
    }
    return false
  }

  private mutating func parseParenthesized() throws(SyntaxFailure) -> Expression {
    let opening = token.span
    advance()
    if at(.rightParen) {
      throw fail(
        .expectedExpression, "expected an expression in the parentheses",
        hint: "`()` is no value, write `nil`; a lambda without parameters is `() => …`")
    }
    let outer = context
    context = .brackets
    let inner = try parseExpression()
    if at(.comma) {
      throw fail(
        .expectedToken, "expected `)`, found `,`", labels: [.init(opening, "opened here")],
        hint: "there are no tuples: write a list, `[a, b]`; a lambda is `(a, b) => …`")
    }
    try expectClosing(.rightParen, of: opening, separator: false)
    context = outer
    return Expression(.paren(inner), span: span(from: opening.start))
  }

  private mutating func parseList() throws(SyntaxFailure) -> Expression {
    let opening = token.span
    advance()
    let outer = context
    context = .brackets
    var elements: [ListElement] = []
    while !at(.rightBracket) {
      let isSpread = accept(.spread)
      elements.append(ListElement(isSpread: isSpread, value: try parseExpression()))
      if at(keyword: .for) {
        throw fail(
          .foreignSyntax, "there are no comprehensions", hint: "write `xs.map(x => …)` or `xs.filter(x => …)`"
        )
      }
      if !accept(.comma) { break }
    }
    try expectClosing(.rightBracket, of: opening)
    context = outer
    return Expression(.list(elements), span: span(from: opening.start))
  }

  // MARK: - Maps

  private mutating func parseMap() throws(SyntaxFailure) -> Expression {
    let opening = token.span
    advance()
    let outer = context
    context = .brackets
    var entries: [MapEntry] = []
    while !at(.rightBrace) {
      entries.append(try parseMapEntry(opening))
      if !accept(.comma) { break }
    }
    try expectClosing(.rightBrace, of: opening)
    context = outer
    return Expression(.map(entries), span: span(from: opening.start))
  }

  private mutating func parseMapEntry(_ opening: Span) throws(SyntaxFailure) -> MapEntry {
    if accept(.spread) { return .spread(try parseExpression()) }
    let start = token.start
    let key: Expression
    switch token.kind {
    case .name where peek().symbol == .comma || peek().symbol == .rightBrace:
      let name = takeIdentifier()
      return .pair(key: plainKey(name.text, name.span), value: Expression(.name(name), span: name.span))
    case .name, .keyword:
      guard peek().symbol == .colon else { throw blockWhereMap(opening) }
      key = plainKey(text(of: token), token.span)
      advance()
    case .stringStart:
      let literal = try parseStringLiteral()
      key = Expression(.string(literal), span: literal.span)
    case .int, .float, .duration:
      key = try parseNumber()
    default:
      if at(.leftBracket) {
        let bracket = token.span
        advance()
        let outer = context
        context = .brackets
        key = try parseExpression()
        try expectClosing(.rightBracket, of: bracket, separator: false)
        context = outer
      } else if at(.leftParen) {
        throw fail(
          .badMapKey, "a computed key stands in brackets", hint: "write `{[key]: value}`")
      } else {
        throw blockWhereMap(opening)
      }
    }
    guard accept(.colon) else {
      if at(.assign) {
        throw fail(.badMapKey, "expected `:`, found `=`", hint: "a map's entry is written `key: value`")
      }
      throw unexpected(
        "`:` and a value", .badMapKey, labels: [.init(span(from: start), "the key")])
    }
    return .pair(key: key, value: try parseExpression())
  }

  func plainKey(_ text: String, _ span: Span) -> Expression {
    Expression(
      .string(StringLiteral(parts: text.isEmpty ? [] : [.text(text)], span: span)), span: span)
  }

  /// What stands after `{` is no key: perhaps a block was meant.
  private mutating func blockWhereMap(_ opening: Span) -> SyntaxFailure {
    unexpected(
      "a map's key", .badMapKey, labels: [.init(opening, "a `{` in an expression begins a map")],
      hint: "keys are names, strings, numbers and `[…]`; a block by itself is written `scope { … }`")
  }

  // MARK: - Forms with a keyword

  private mutating func parseKeywordForm() throws(SyntaxFailure) -> Expression {
    let start = token.start
    switch token.keyword {
    case .nil: return simple(.nil)
    case .true: return simple(.bool(true))
    case .false: return simple(.bool(false))
    case .break: return simple(.break)
    case .continue: return simple(.continue)
    case .return:
      advance()
      let value = isValueAhead ? try parseExpression() : nil
      return Expression(.return(value), span: span(from: start))
    case .raise: return try parseRaise()
    case .fn: return try parseFunction()
    case .if: return try parseIf()
    case .match: return try parseMatch()
    case .while: return try parseWhile()
    case .for: return try parseFor()
    case .try: return try parseTry()
    case .with: return try parseWith()
    case .spawn: return try parseSpawn()
    case .gather: return try parseGather()
    case .timeout: return try parseTimeout()
    case .shield: return try parseShield()
    case .retry: return try parseRetry()
    default: throw expressionExpected()
    }
  }

  private mutating func simple(_ kind: ExpressionKind) -> Expression {
    let span = token.span
    advance()
    return Expression(kind, span: span)
  }

  /// After `return`: a value begins on the same line.
  private var isValueAhead: Bool {
    if token.newlineBefore { return false }
    switch token.kind {
    case .endOfFile, .interpolationEnd, .format: return false
    case .symbol:
      switch token.symbol {
      case .rightBrace, .rightParen, .rightBracket, .semicolon, .comma, .colon, .pipe: return false
      default: return true
      }
    case .keyword:
      switch token.keyword {
      case .else, .catch, .finally: return false
      default: return true
      }
    default: return true
    }
  }

  private mutating func parseRaise() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    let error = try parseExpression()
    var cause: Expression?
    if at(word: .from), !token.newlineBefore || !context.contains(.lines) {
      advance()
      cause = try parseExpression()
    }
    return Expression(.raise(error, from: cause), span: span(from: start))
  }

  /// `fn (a, b) { … }`
  private mutating func parseFunction() throws(SyntaxFailure) -> Expression {
    let start = token.start
    let id = newFunctionID()
    advance()
    let outerYields = yields
    yields = false
    let parameters = try parseParameters()
    let body = try parseBlock("a function's body")
    let node = FunctionNode(
      id: id, form: .function, name: nil, parameters: parameters, body: .block(body), isGenerator: yields,
      documentation: nil, span: span(from: start))
    yields = outerYields
    return Expression(.function(node), span: span(from: start))
  }
}
