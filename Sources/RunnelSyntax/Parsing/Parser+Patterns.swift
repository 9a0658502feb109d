// Patterns: in the arms of `match`, where names of types and kinds test, and in `let`, `var`, `for` and
// parameters, where every name binds (language.md §4).

extension Parser {
  /// `PATTERN | PATTERN … [as name]`
  mutating func parsePattern(inArm: Bool) throws(SyntaxFailure) -> Pattern {
    let start = token.start
    try enter()
    var alternatives = [try parseSinglePattern(inArm: inArm)]
    while accept(.pipe) { alternatives.append(try parseSinglePattern(inArm: inArm)) }
    var pattern =
      alternatives.count == 1
      ? alternatives[0] : Pattern(.alternatives(alternatives), span: span(from: start))
    if accept(keyword: .as) {
      pattern = Pattern(.named(pattern, try expectName("the name of what matched")), span: span(from: start))
    }
    depth -= 1
    return pattern
  }

  func binding(_ name: Identifier) -> PatternKind { name.text == "_" ? .wildcard : .bind(name) }

  /// A pattern without alternatives and `as`.
  mutating func parseSinglePattern(inArm: Bool) throws(SyntaxFailure) -> Pattern {
    let start = token.start
    switch token.kind {
    case .name: return try parseNamePattern(inArm: inArm)
    case .keyword:
      switch token.keyword {
      case .nil, .true, .false:
        let literal = try parsePrimary()
        return Pattern(.literal(literal), span: literal.span)
      default:
        throw fail(
          .expectedPattern, "`\(text(of: token))` is a keyword, so it cannot be a name",
          hint: "take another name, `\(text(of: token))_` for instance")
      }
    case .int, .float, .duration, .stringStart: return try parseLiteralPattern(start)
    case .symbol:
      switch token.symbol {
      case .minus: return try parseLiteralPattern(start)
      case .range, .closedRange:
        return try parseRangePattern(from: nil, start)
      case .leftBracket: return try parseListPattern(inArm: inArm)
      case .leftBrace:
        let map = try parseMapPattern(inArm: inArm)
        return Pattern(.map(map), span: span(from: start))
      default: throw patternExpected()
      }
    default: throw patternExpected()
    }
  }

  private mutating func patternExpected() -> SyntaxFailure {
    unexpected(
      "a pattern", .expectedPattern,
      hint: at(.assign) ? "a name stands before `=`" : nil)
  }

  /// A binding, or in an arm a type or an error kind.
  private mutating func parseNamePattern(inArm: Bool) throws(SyntaxFailure) -> Pattern {
    let start = token.start
    let name = takeIdentifier()
    guard inArm, at(.dot) || isCapitalized(name) || SyntaxNames.isType(name.text) else {
      if !inArm, at(.dot) || at(.leftParen) {
        throw fail(
          .expectedPattern, "a pattern is made of names, lists and maps",
          hint: "to change a part of something, assign: `a.b = value`")
      }
      return Pattern(binding(name), span: name.span)
    }
    if SyntaxNames.isType(name.text), !at(.dot) { return Pattern(.type(name.text), span: name.span) }
    var parts = [name]
    while accept(.dot) { parts.append(try expectName("an error kind's name")) }
    let path = KindPath(parts, span: span(from: start))
    if at(.leftParen) {
      throw fail(
        .expectedPattern, "an error's fields stand in braces", hint: "write `\(path.text) {field} => …`")
    }
    let fields = at(.leftBrace) ? try parseMapPattern(inArm: inArm) : nil
    return Pattern(.errorKind(path, fields: fields), span: span(from: start))
  }

  // MARK: - Literals and ranges

  private var isBoundAhead: Bool {
    switch token.kind {
    case .int, .float, .duration, .stringStart: true
    default: at(.minus)
    }
  }

  /// A number, perhaps negative, or a string without interpolations.
  private mutating func parseBound() throws(SyntaxFailure) -> Expression {
    let start = token.start
    if accept(.minus) {
      switch token.kind {
      case .int where list.numbers[Int(token.link)] == UInt64(Int64.max) + 1:
        advance()
        return Expression(.int(.min), span: span(from: start))
      case .int, .float, .duration: break
      default: throw unexpected("a number after `-`", .expectedPattern)
      }
      let number = try parseNumber()
      let kind: ExpressionKind =
        switch number.kind {
        case .int(let value): .int(-value)
        case .duration(let value): .duration(-value)
        case .float(let value): .float(-value)
        default: number.kind
        }
      return Expression(kind, span: span(from: start))
    }
    if token.kind == .stringStart {
      let literal = try parseStringLiteral()
      if literal.plainText == nil {
        throw fail(
          .expectedPattern, at: literal.span, "a pattern's text has no interpolations",
          hint: "bind the value, and compare in a guard: `x if x == \"…\" => …`")
      }
      return Expression(.string(literal), span: literal.span)
    }
    return try parseNumber()
  }

  private mutating func parseLiteralPattern(_ start: UInt32) throws(SyntaxFailure) -> Pattern {
    let bound = try parseBound()
    if at(.range) || at(.closedRange) { return try parseRangePattern(from: bound, start) }
    return Pattern(.literal(bound), span: bound.span)
  }

  private mutating func parseRangePattern(
    from lower: Expression?, _ start: UInt32
  ) throws(SyntaxFailure) -> Pattern {
    let inclusive = at(.closedRange)
    let operatorSpan = token.span
    advance()
    let upper = isBoundAhead ? try parseBound() : nil
    if inclusive, upper == nil {
      throw fail(
        .openRange, at: operatorSpan, "`..=` includes its upper bound, so it needs one",
        hint: "an open range is written `..`")
    }
    return Pattern(.range(lower: lower, upper: upper, inclusive: inclusive), span: span(from: start))
  }

  // MARK: - Lists and maps

  private mutating func parseListPattern(inArm: Bool) throws(SyntaxFailure) -> Pattern {
    let opening = token.span
    advance()
    let outer = context
    context = .brackets
    var items: [Pattern] = []
    var rest: Identifier?
    while !at(.rightBracket) {
      if let rest {
        throw fail(.restNotLast, at: rest.span, "`...\(rest.text)` takes all that is left, so it stands last")
      }
      if accept(.spread) {
        rest = try expectName("a name after `...`", hint: "write `...rest`, or `..._` to ignore them")
      } else {
        items.append(try parsePattern(inArm: inArm))
      }
      if !accept(.comma) { break }
    }
    try expectClosing(.rightBracket, of: opening)
    context = outer
    return Pattern(.list(items, rest: rest), span: span(from: opening.start))
  }

  /// `{a, b: PATTERN, "c d": PATTERN, ...rest}`
  private mutating func parseMapPattern(inArm: Bool) throws(SyntaxFailure) -> MapPattern {
    let opening = token.span
    advance()
    let outer = context
    context = .brackets
    var entries: [MapPattern.Entry] = []
    var rest: Identifier?
    while !at(.rightBrace) {
      if let rest {
        throw fail(.restNotLast, at: rest.span, "`...\(rest.text)` takes all that is left, so it stands last")
      }
      if accept(.spread) {
        rest = try expectName("a name after `...`", hint: "write `...rest`, or `..._` to ignore them")
      } else {
        entries.append(try parseMapPatternEntry(inArm: inArm))
      }
      if !accept(.comma) { break }
    }
    try expectClosing(.rightBrace, of: opening)
    context = outer
    return MapPattern(entries: entries, rest: rest)
  }

  private mutating func parseMapPatternEntry(inArm: Bool) throws(SyntaxFailure) -> MapPattern.Entry {
    let keySpan = token.span
    if token.kind == .name, peek().symbol != .colon {
      let name = takeIdentifier()
      return MapPattern.Entry(
        key: name.text, keySpan: keySpan, pattern: Pattern(binding(name), span: keySpan))
    }
    let key: String
    switch token.kind {
    case .name, .keyword:
      key = text(of: token)
      advance()
    case .stringStart:
      let literal = try parseStringLiteral()
      guard let plain = literal.plainText else {
        throw fail(.expectedPattern, at: literal.span, "a pattern's key has no interpolations")
      }
      key = plain
    default:
      throw unexpected(
        "a key of the map", .expectedPattern, hint: "keys are names or strings: `{name}`, `{name: pattern}`")
    }
    guard accept(.colon) else {
      throw unexpected("`:` and a pattern after the key `\(key)`", .expectedPattern)
    }
    let pattern = try parsePattern(inArm: inArm)
    return MapPattern.Entry(key: key, keySpan: keySpan, pattern: pattern)
  }
}
