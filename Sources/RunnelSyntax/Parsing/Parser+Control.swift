// Control flow: `if`, `while`, `for`, `match`, `try`, `with`, `scope` (language.md §4, §5).

extension Parser {
  mutating func parseIf() throws(SyntaxFailure) -> Expression {
    let start = token.start
    var arms: [ConditionalArm] = []
    var otherwise: Block?
    repeat {
      advance()
      let condition = try recoveringHead { (parser) throws(SyntaxFailure) in try parser.parseExpression() }
      let body = try parseBlock("the body of an `if`")
      arms.append(ConditionalArm(condition: condition, body: body))
      guard accept(keyword: .else) else { break }
      if at(keyword: .if) { continue }
      otherwise = try parseBlock("the body of an `else`")
      break
    } while true
    return Expression(.if(arms, else: otherwise), span: span(from: start))
  }

  mutating func parseWhile() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    let condition = try recoveringHead { (parser) throws(SyntaxFailure) in try parser.parseExpression() }
    let body = try parseBlock("the body of a `while`")
    return Expression(.while(condition, body), span: span(from: start))
  }

  mutating func parseFor() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    var patterns: [Pattern] = []
    let iterated = try recoveringHead { (parser) throws(SyntaxFailure) in
      try parser.parseForHead(&patterns)
    }
    let body = try parseBlock("the body of a `for`")
    return Expression(.for(patterns, iterated, body), span: span(from: start))
  }

  /// `P in xs`, `P, Q in xs`
  mutating func parseForHead(_ patterns: inout [Pattern]) throws(SyntaxFailure) -> Expression {
    if at(.leftParen) {
      throw fail(
        .expectedPattern, "the head of a `for` stands without parentheses", hint: "write `for x in xs { … }`")
    }
    patterns.append(try parsePattern(inArm: false))
    if accept(.comma) { patterns.append(try parsePattern(inArm: false)) }
    guard accept(keyword: .in) else {
      throw unexpected("`in`", hint: token.kind == .name ? "write `for x in xs { … }`" : nil)
    }
    return try parseExpression()
  }

  mutating func parseWith() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    let outer = context
    context = .head
    let resource = try parseExpression()
    context = outer
    let name = accept(keyword: .as) ? try expectName("the name of what is closed at the end") : nil
    if at(.comma) {
      throw fail(
        .expectedBody, "`with` takes one resource, found `,`", hint: "put one `with` in the body of the other"
      )
    }
    let body = try parseBlock("the body of a `with`")
    return Expression(.with(resource, name: name, body), span: span(from: start))
  }

  /// The word `scope` begins a scope here, and is no name.
  var isScope: Bool {
    guard at(word: .scope) else { return false }
    let next = peek()
    return next.symbol == .leftBrace && !next.newlineBefore || next.keyword == .as
  }

  mutating func parseScope() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    let name = accept(keyword: .as) ? try expectName("a scope's name") : nil
    let body = try parseBlock("the body of a `scope`")
    return Expression(.scope(name: name, body), span: span(from: start))
  }

  // MARK: - match

  mutating func parseMatch() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    let value = try recoveringHead { (parser) throws(SyntaxFailure) in try parser.parseExpression() }
    guard at(.leftBrace) else { throw bodyExpected("the arms of a `match`") }
    let opening = token.span
    let outer = mark
    try enter()
    advance()
    context = .block
    tallness = 0
    var arms: [MatchArm] = []
    while !at(.rightBrace), token.kind != .endOfFile {
      let armMark = mark
      let armStart = index
      do throws(SyntaxFailure) {
        arms.append(try parseMatchArm())
        if !accept(.comma), !token.newlineBefore, !at(.rightBrace), token.kind != .endOfFile {
          throw unexpected(
            "`,` or a new line after the arm",
            hint: at(.semicolon) ? "arms are parted by `,` or new lines" : nil)
        }
      } catch {
        restore(armMark)
        if isAborted { throw error }
        synchronize(from: armStart)
        // What synchronizing stops at may stand within the arms.
        if at(.semicolon) || index == armStart { skipToken() }
      }
    }
    context = outer.context
    try expectClosing(.rightBrace, of: opening)
    depth -= 1
    tallness = max(outer.tallness, tallness + 1)
    return Expression(.match(value, arms), span: span(from: start))
  }

  private mutating func parseMatchArm() throws(SyntaxFailure) -> MatchArm {
    let start = token.start
    let pattern = try parsePattern(inArm: true)
    var condition: Expression?
    if accept(keyword: .if) {
      let outer = context
      context = .guardClause
      condition = try parseExpression()
      context = outer
    }
    guard accept(.arrow) else {
      throw unexpected(
        condition == nil ? "`=>` after the pattern" : "`=>` after the guard",
        hint: at(.colon) ? "an arm is written `pattern => value`" : nil)
    }
    let body = try parseArrowBody()
    return MatchArm(pattern: pattern, guard: condition, body: body, span: span(from: start))
  }

  // MARK: - try

  mutating func parseTry() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    let body = try parseBlock("the body of a `try`")
    var catches: [TryNode.Catch] = []
    while at(keyword: .catch) { catches.append(try parseCatch()) }
    var grace: Expression?
    var finally: Block?
    if accept(keyword: .finally) {
      grace = try parseGrace()
      finally = try parseBlock("the body of a `finally`")
    }
    if at(keyword: .catch) {
      throw fail(.expectedToken, "`finally` stands after every `catch`", hint: "move this `catch` before it")
    }
    let node = TryNode(body: body, catches: catches, finally: finally, grace: grace)
    return Expression(.try(node), span: span(from: start))
  }

  private mutating func parseCatch() throws(SyntaxFailure) -> TryNode.Catch {
    let start = token.start
    advance()
    var kinds: [KindPath] = []
    var name: Identifier?
    var condition: Expression?
    let outer = mark
    let headStart = index
    do throws(SyntaxFailure) {
      if !at(.leftBrace), !at(keyword: .if) {
        if at(.leftParen) {
          throw fail(
            .expectedKind, "the head of a `catch` stands without parentheses",
            hint: "write `catch Timeout as e { … }`")
        }
        let first = try parseKindPath()
        if isCapitalized(first.parts[first.parts.count - 1]) {
          kinds = [first]
          while accept(.comma) { kinds.append(try parseKindPath()) }
          if accept(keyword: .as) { name = try expectName("the error's name") }
        } else if first.parts.count == 1 {
          name = first.parts[0]
          if at(keyword: .as) || at(.comma) {
            throw fail(
              .expectedKind, at: first.span, "`\(first.text)` is no error kind: kinds are capitalised",
              hint: "write `catch e { … }` for any error, `catch Kind as e { … }` for one kind")
          }
        } else {
          throw fail(.expectedKind, at: first.span, "`\(first.text)` is no error kind: kinds are capitalised")
        }
      }
      if accept(keyword: .if) {
        context = .head
        condition = try parseExpression()
        context = outer.context
      }
      if !at(.leftBrace) { throw bodyExpected("the body of a `catch`") }
    } catch {
      restore(outer)
      guard !isAborted, skipToBody(from: headStart) else { throw error }
    }
    let body = try parseBlock("the body of a `catch`")
    return TryNode.Catch(kinds: kinds, name: name, condition: condition, body: body, span: span(from: start))
  }

  func isCapitalized(_ name: Identifier) -> Bool {
    guard let first = name.text.unicodeScalars.first else { return false }
    return first.properties.isUppercase
  }
}
