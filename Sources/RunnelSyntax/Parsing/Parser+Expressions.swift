// Expressions: lambdas, pipelines, operators by precedence, calls and members (language.md §4).

extension Parser {
  /// How tightly operators bind, the loosest first.
  enum Precedence: Int {
    case or, and, not, comparison, coalesce, range, sum, product, unary

    var next: Precedence { Precedence(rawValue: rawValue + 1) ?? .unary }
  }

  /// What a token is between two operands.
  struct Infix {
    var precedence: Precedence
    var kind: Kind

    enum Kind {
      case binary(BinaryOperator)
      case range(inclusive: Bool)
      case isKind
      /// `not in`: two tokens.
      case notIn
    }
  }

  /// The table of the operators that are symbols.
  static func infix(of symbol: Symbol) -> Infix? {
    switch symbol {
    case .equal: Infix(precedence: .comparison, kind: .binary(.equal))
    case .notEqual: Infix(precedence: .comparison, kind: .binary(.notEqual))
    case .less: Infix(precedence: .comparison, kind: .binary(.less))
    case .lessOrEqual: Infix(precedence: .comparison, kind: .binary(.lessOrEqual))
    case .greater: Infix(precedence: .comparison, kind: .binary(.greater))
    case .greaterOrEqual: Infix(precedence: .comparison, kind: .binary(.greaterOrEqual))
    case .coalesce: Infix(precedence: .coalesce, kind: .binary(.coalesce))
    case .range: Infix(precedence: .range, kind: .range(inclusive: false))
    case .closedRange: Infix(precedence: .range, kind: .range(inclusive: true))
    case .plus: Infix(precedence: .sum, kind: .binary(.add))
    case .minus: Infix(precedence: .sum, kind: .binary(.subtract))
    case .star: Infix(precedence: .product, kind: .binary(.multiply))
    case .slash: Infix(precedence: .product, kind: .binary(.divide))
    case .floorSlash: Infix(precedence: .product, kind: .binary(.floorDivide))
    case .percent: Infix(precedence: .product, kind: .binary(.remainder))
    // Tighter than a unary operator before it: see `parseUnary`.
    case .power: Infix(precedence: .unary, kind: .binary(.power))
    default: nil
    }
  }

  private var infix: Infix? {
    switch token.kind {
    case .symbol: return token.symbol.flatMap(Self.infix(of:))
    case .keyword:
      switch token.keyword {
      case .or: return Infix(precedence: .or, kind: .binary(.or))
      case .and: return Infix(precedence: .and, kind: .binary(.and))
      case .in: return Infix(precedence: .comparison, kind: .binary(.in))
      case .is: return Infix(precedence: .comparison, kind: .isKind)
      case .not where peek().keyword == .in: return Infix(precedence: .comparison, kind: .notIn)
      default: return nil
      }
    default: return nil
    }
  }

  // MARK: - Whole expressions

  /// An expression, pipelines and lambdas included.
  mutating func parseExpression() throws(SyntaxFailure) -> Expression {
    let outer = tallness
    tallness = 0
    try enter()
    var result: Expression
    if isLambda {
      result = try parseLambda()
    } else {
      result = try parseBinary(.or)
      if at(.pipe), !isEnded { result = try parsePipeline(result) }
    }
    depth -= 1
    try grow()
    tallness = max(outer, tallness)
    return result
  }

  /// An operand of a prefix form or a clause: without `|` and `=>`.
  mutating func parseOperand() throws(SyntaxFailure) -> Expression {
    let outer = tallness
    tallness = 0
    try enter()
    let result = try parseBinary(.or)
    depth -= 1
    try grow()
    tallness = max(outer, tallness)
    return result
  }

  // MARK: - Lambdas

  /// A lambda begins here: `x =>`, `(…) =>`.
  var isLambda: Bool {
    guard !context.contains(.noLambda) else { return false }
    if token.kind == .name { return peek().symbol == .arrow }
    guard token.symbol == .leftParen, Int(token.link) > index else { return false }
    let after = tokens[min(Int(token.link) + 1, tokens.count - 1)]
    return after.symbol == .arrow && !after.newlineBefore
  }

  mutating func parseLambda() throws(SyntaxFailure) -> Expression {
    let start = token.start
    let id = newFunctionID()
    let outerYields = yields
    yields = false
    let parameters: [Parameter]
    if token.kind == .name {
      let name = takeIdentifier()
      parameters = [
        Parameter(pattern: Pattern(binding(name), span: name.span), defaultValue: nil, isRest: false)
      ]
    } else {
      parameters = try parseParameters()
    }
    try expect(.arrow)
    let body = try parseArrowBody()
    let node = FunctionNode(
      id: id, form: .lambda, name: nil, parameters: parameters, body: body, isGenerator: yields,
      documentation: nil, span: span(from: start))
    yields = outerYields
    return Expression(.function(node), span: span(from: start))
  }

  /// What follows `=>`: a map or a block where it begins with `{`, else an expression.
  mutating func parseArrowBody() throws(SyntaxFailure) -> Body {
    guard at(.leftBrace) else { return .expression(try parseExpression()) }
    guard beginsMap else { return .block(try parseBlock()) }
    let outer = context
    context = context.intersection(.lines)
    let map = try parseExpression()
    context = outer
    return .expression(map)
  }

  /// After `=>`, `{` begins a map if `}`, a key with `:` or `,`, `[` or `...` follows.
  private var beginsMap: Bool {
    let first = peek()
    switch first.kind {
    case .symbol:
      return first.symbol == .rightBrace || first.symbol == .spread || first.symbol == .leftBracket
    case .name: return peek(2).symbol == .colon || peek(2).symbol == .comma
    case .keyword, .int, .float, .duration: return peek(2).symbol == .colon
    case .stringStart:
      return first.link > 0 && tokens[min(Int(first.link) + 1, tokens.count - 1)].symbol == .colon
    default: return false
    }
  }

  // MARK: - Pipelines

  private mutating func parsePipeline(_ source: Expression) throws(SyntaxFailure) -> Expression {
    var stages = [source]
    while at(.pipe), !isEnded {
      let pipe = token.span
      advance()
      if at(.minus) || at(keyword: .not) || at(keyword: .await) {
        throw unexpected("a stage: a call, a name, a lambda or a command", .notAStage)
      }
      let outer = tallness
      tallness = 0
      let start = token.start
      try enter()
      let stage = isLambda ? try parseLambda() : try parsePostfix()
      depth -= 1
      try grow()
      tallness = max(outer, tallness)
      if !isStage(stage) {
        throw fail(
          .notAStage, at: stage.span, "a stage is a call, a name, a lambda or a command",
          labels: [.init(pipe, "what follows is called with the stream")],
          hint: "write `| map(x => …)` or `| s => …`")
      }
      if !isEnded, infix != nil || at(keyword: .not) {
        let written = text(of: token)
        throw fail(
          .operatorAfterStage, "`\(written)` after a stage: `|` binds loosest",
          labels: [.init(span(from: stages[0].span.start), "the pipeline")],
          hint:
            "put the pipeline in parentheses: `(\(excerpt(span(from: stages[0].span.start)))) \(written) …`")
      }
      stages.append(Expression(stage.kind, span: span(from: start)))
    }
    return Expression(.pipeline(stages), span: span(from: source.span.start))
  }

  private func isStage(_ expression: Expression) -> Bool {
    switch expression.kind {
    case .call, .name, .member, .function, .command, .invalid: return true
    case .paren(let inner):
      if case .function = inner.kind { return true }
      return false
    default: return false
    }
  }

  // MARK: - Operators

  /// Operators that bind at least as tightly as `lowest`, by precedence climbing.
  mutating func parseBinary(_ lowest: Precedence) throws(SyntaxFailure) -> Expression {
    let start = token.start
    var left: Expression
    // The operator of a comparison or a range just taken: another one would chain.
    var previous: (precedence: Precedence, span: Span)?
    if at(keyword: .not) {
      guard lowest.rawValue <= Precedence.not.rawValue else { throw expressionExpected() }
      try enter()
      advance()
      let operand = try parseBinary(.not)
      depth -= 1
      try grow()
      left = Expression(.unary(.not, operand), span: span(from: start))
    } else if context.contains(.openRange), at(.range) || at(.closedRange),
      lowest.rawValue <= Precedence.range.rawValue
    {
      previous = (.range, token.span)
      left = try parsePrefixRange()
    } else {
      left = try parseUnary()
    }
    // What may still follow: a kind after `is` is no operand, so nothing binds to it.
    var highest = Precedence.product
    while let infix, !isEnded {
      guard infix.precedence.rawValue >= lowest.rawValue, infix.precedence.rawValue <= highest.rawValue else {
        break
      }
      let operatorSpan = token.span
      if let previous, previous.precedence == infix.precedence {
        throw chained(previous.precedence, previous.span, operatorSpan)
      }
      advance()
      previous = nil
      switch infix.kind {
      case .binary(let operation):
        let right = try parseBinary(infix.precedence.next)
        left = Expression(
          .binary(operation, left, right, operatorSpan: operatorSpan), span: span(from: start))
      case .notIn:
        advance()
        let right = try parseBinary(infix.precedence.next)
        left = Expression(
          .binary(.notIn, left, right, operatorSpan: operatorSpan.union(tokens[index - 1].span)),
          span: span(from: start))
      case .isKind:
        left = Expression(.isKind(left, try parseIsKind(left)), span: span(from: start))
        highest = .comparison
      case .range(let inclusive):
        left = try parseRange(from: left, inclusive, operatorSpan)
      }
      if infix.precedence == .comparison || infix.precedence == .range {
        previous = (infix.precedence, operatorSpan)
      }
      try grow()
    }
    return left
  }

  private mutating func chained(
    _ precedence: Precedence, _ first: Span, _ second: Span
  ) -> SyntaxFailure {
    let a = source.text(of: first)
    let b = source.text(of: second)
    return precedence == .range
      ? fail(
        .rangeChain, at: second, "ranges do not chain", labels: [.init(first, "the first range")],
        hint: "a range has two bounds; `(0..10).step(2)` takes every second number")
      : fail(
        .comparisonChain, at: second, "comparisons do not chain",
        labels: [.init(first, "the first comparison")],
        hint: "write `x \(a) y and y \(b) z`, or put one of them in parentheses")
  }

  /// `..b`, `..=b` and `..` in an index.
  private mutating func parsePrefixRange() throws(SyntaxFailure) -> Expression {
    let start = token.start
    let inclusive = at(.closedRange)
    let operatorSpan = token.span
    advance()
    var upper: Expression?
    if at(.rightBracket) {
      if inclusive { throw closedRangeWithoutBound(operatorSpan) }
    } else {
      upper = try parseBinary(.sum)
    }
    try grow()
    return Expression(.range(lower: nil, upper: upper, inclusive: inclusive), span: span(from: start))
  }

  private mutating func parseRange(
    from lower: Expression, _ inclusive: Bool, _ operatorSpan: Span
  ) throws(SyntaxFailure) -> Expression {
    let isOpen =
      switch token.symbol {
      case .rightBracket, .rightParen, .rightBrace, .comma, .leftBrace, .semicolon, .pipe, .colon: true
      default:
        token.kind == .endOfFile || token.kind == .interpolationEnd || token.kind == .format
          || token.newlineBefore && context.contains(.lines)
      }
    if isOpen {
      guard context.contains(.openRange), at(.rightBracket) else {
        if inclusive { throw closedRangeWithoutBound(operatorSpan) }
        // A map as a bound is none; that brace begins a body, where recovery goes on.
        throw openRange(lower.span.union(operatorSpan))
      }
      if inclusive { throw closedRangeWithoutBound(operatorSpan) }
      return Expression(
        .range(lower: lower, upper: nil, inclusive: false), span: span(from: lower.span.start))
    }
    let upper = try parseBinary(.sum)
    return Expression(
      .range(lower: lower, upper: upper, inclusive: inclusive), span: span(from: lower.span.start))
  }

  private mutating func closedRangeWithoutBound(_ span: Span) -> SyntaxFailure {
    fail(
      .openRange, at: span, "`..=` includes its upper bound, so it needs one",
      hint: "an open range is written `..`")
  }

  private mutating func parseIsKind(_ left: Expression) throws(SyntaxFailure) -> KindPath {
    if at(keyword: .not) {
      throw fail(.expectedKind, "there is no `is not`", hint: "write `not (\(excerpt(left.span)) is …)`")
    }
    if at(keyword: .nil) || at(keyword: .true) || at(keyword: .false) {
      throw fail(
        .expectedKind, "`is` asks for an error's kind, found `\(text(of: token))`",
        hint: "write `\(excerpt(left.span)) == \(text(of: token))`")
    }
    return try parseKindPath()
  }

  /// `Timeout`, `api.NotFound`
  mutating func parseKindPath() throws(SyntaxFailure) -> KindPath {
    let start = token.start
    guard token.kind == .name else {
      throw unexpected("the name of an error kind", .expectedKind, hint: "as in `Timeout` or `api.NotFound`")
    }
    var parts = [takeIdentifier()]
    while at(.dot), !isEnded {
      advance()
      parts.append(try expectName("an error kind's name"))
    }
    return KindPath(parts, span: span(from: start))
  }

  /// `-a`, `await a`, `a ** b`
  mutating func parseUnary() throws(SyntaxFailure) -> Expression {
    let start = token.start
    if at(.minus) {
      advance()
      // The smallest int has no positive counterpart.
      if token.kind == .int, list.numbers[Int(token.link)] == UInt64(Int64.max) + 1 {
        advance()
        return Expression(.int(.min), span: span(from: start))
      }
      try enter()
      let operand = try parseUnary()
      depth -= 1
      try grow()
      return Expression(.unary(.negate, operand), span: span(from: start))
    }
    if at(keyword: .await) {
      advance()
      try enter()
      let operand = try parseUnary()
      depth -= 1
      try grow()
      return Expression(.await(operand), span: span(from: start))
    }
    let base = try parsePostfix()
    guard at(.power), !isEnded else { return base }
    let operatorSpan = token.span
    advance()
    try enter()
    let exponent = try parseUnary()
    depth -= 1
    try grow()
    return Expression(.binary(.power, base, exponent, operatorSpan: operatorSpan), span: span(from: start))
  }

  // MARK: - Calls, members and indexes

  mutating func parsePostfix() throws(SyntaxFailure) -> Expression {
    let start = token.start
    var expression = try parsePrimary()
    var hasOptional = false
    postfix: while let symbol = token.symbol, !isEnded {
      switch symbol {
      case .leftParen:
        let argumentsStart = token.start
        let arguments = try parseArguments()
        expression = Expression(
          .call(expression, arguments, argumentsSpan: span(from: argumentsStart)), span: span(from: start))
      case .leftBracket, .optionalBracket:
        let opening = token.span
        advance()
        let outer = context
        context = .index
        if at(.rightBracket) { throw unexpected("an index", .expectedExpression) }
        let index = try parseExpression()
        try expectClosing(.rightBracket, of: opening, separator: false)
        context = outer
        hasOptional = hasOptional || symbol == .optionalBracket
        expression = Expression(
          .index(expression, index, optional: symbol == .optionalBracket), span: span(from: start))
      case .dot, .optionalDot:
        advance()
        guard token.kind == .name || token.kind == .keyword else {
          throw unexpected(
            "a member's name after `\(symbol.rawValue)`", .expectedName,
            hint: token.kind == .int ? "an item of a list is written `xs[\(text(of: token))]`" : nil)
        }
        let name = text(of: token)
        let nameSpan = token.span
        advance()
        hasOptional = hasOptional || symbol == .optionalDot
        expression = Expression(
          .member(expression, name: name, nameSpan: nameSpan, optional: symbol == .optionalDot),
          span: span(from: start))
      default: break postfix
      }
      try grow()
    }
    return hasOptional ? Expression(.chain(expression), span: span(from: start)) : expression
  }

  private mutating func parseArguments() throws(SyntaxFailure) -> [Argument] {
    let opening = token.span
    advance()
    let outer = context
    context = .brackets
    var arguments: [Argument] = []
    while !at(.rightParen) {
      let start = token.start
      if accept(.spread) {
        let value = try parseExpression()
        arguments.append(Argument(.spread, value: value, span: span(from: start)))
      } else if token.kind == .name || token.kind == .keyword, peek().symbol == .colon {
        let name = text(of: token)
        advance()
        advance()
        let value = try parseExpression()
        arguments.append(Argument(.keyword(name), value: value, span: span(from: start)))
      } else {
        let value = try parseExpression()
        if at(.assign) {
          throw fail(
            .expectedToken, "expected `,` or `)`, found `=`",
            hint: "an argument is named with `:`, as in `f(limit: 4)`; to compare, write `==`")
        }
        arguments.append(Argument(.positional, value: value, span: span(from: start)))
      }
      if !accept(.comma) { break }
    }
    try expectClosing(.rightParen, of: opening)
    context = outer
    return arguments
  }
}
