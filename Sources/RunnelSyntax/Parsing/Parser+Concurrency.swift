// The prefix forms: `spawn`, `gather`, `timeout`, `shield`, `retry`, their clauses and their bodies
// (language.md §4, §6, §8 to §11).

extension Parser {
  /// The body of a prefix form: a block, another prefix form, or an expression that reaches as far right as it
  /// can. A block ends all the forms stacked before it, so what follows takes the outermost one's value.
  ///
  /// - Parameter takesElse: an `else` after the body belongs to the form itself, or to one further out.
  mutating func parseBody(of owner: String, takesElse: Bool) throws(SyntaxFailure) -> Body {
    if at(.leftBrace) { return .block(try parseBlock(owner)) }
    if token.kind == .endOfFile || at(.rightBrace) || at(.rightParen) || at(.rightBracket) || at(.comma)
      || at(.semicolon)
    {
      throw unexpected("\(owner): a block or an expression", .expectedBody)
    }
    let outer = context
    if takesElse { context.insert(.noElse) }
    let isStacked =
      switch token.keyword {
      case .spawn, .timeout, .retry, .shield: true
      default: false
      }
    let body: Expression
    if isStacked {
      try enter()
      body = try parseUnary()
      depth -= 1
      try grow()
    } else {
      body = try parseExpression()
    }
    context = outer
    return .expression(body)
  }

  /// An operand of a clause, in the head of a form.
  private mutating func parseClauseOperand() throws(SyntaxFailure) -> Expression {
    let outer = context
    context = .head
    let operand = try parseOperand()
    context = outer
    return operand
  }

  /// The operand of `in` and `on`, which a body may follow directly: no operators.
  private mutating func parseClausePostfix() throws(SyntaxFailure) -> Expression {
    let outer = context
    context = .head
    let operand = try parsePostfix()
    context = outer
    return operand
  }

  private mutating func duplicate(_ clause: String, _ span: Span) -> SyntaxFailure {
    fail(.duplicateClause, at: span, "`\(clause)` stands twice", hint: "leave one of them out")
  }

  // MARK: - spawn

  mutating func parseSpawn() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    var node = SpawnNode(
      functionID: newFunctionID(), body: .expression(Expression(.invalid, span: token.span)),
      isDetached: false,
      isService: false, name: nil, scope: nil, executor: nil)
    clauses: while true {
      let clause = token
      if isSpawnWord(.detached) || isSpawnWord(.service) {
        let isService = at(word: .service)
        if isService ? node.isService : node.isDetached { throw duplicate(text(of: clause), clause.span) }
        if isService { node.isService = true } else { node.isDetached = true }
        advance()
      } else if accept(keyword: .as) {
        if node.name != nil { throw duplicate("as", clause.span) }
        guard token.kind == .stringStart else {
          throw unexpected(
            "the task's name in quotes", .expectedString, hint: "write `spawn as \"name\" { … }`")
        }
        let name = try parseStringLiteral()
        node.name = Expression(.string(name), span: name.span)
      } else if accept(keyword: .in) {
        if node.scope != nil { throw duplicate("in", clause.span) }
        node.scope = try parseClausePostfix()
      } else if at(word: .on), peek().kind == .name {
        if node.executor != nil { throw duplicate("on", clause.span) }
        advance()
        node.executor = try parseClausePostfix()
      } else {
        break clauses
      }
    }
    node.body = try parseBody(of: "the body of a `spawn`", takesElse: false)
    return Expression(.spawn(node), span: span(from: start))
  }

  /// `service` and `detached` are clauses unless they are called, or a member of theirs is asked for.
  private func isSpawnWord(_ word: ContextualWord) -> Bool {
    guard at(word: word), !token.newlineBefore || !context.contains(.lines) else { return false }
    switch peek().symbol {
    case .leftParen, .dot, .leftBracket: return false
    default: return true
    }
  }

  // MARK: - gather

  mutating func parseGather() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    var mode = GatherMode.all
    for (word, named) in [(ContextualWord.settled, GatherMode.settled), (.any, .any), (.race, .race)]
    where accept(word: word) {
      mode = named
      break
    }
    guard at(keyword: .for) else {
      try enter()
      let value = try parseUnary()
      depth -= 1
      try grow()
      return Expression(.gather(mode, value), span: span(from: start))
    }
    let functionID = newFunctionID()
    advance()
    let outer = mark
    let headStart = index
    var patterns: [Pattern] = []
    var iterated = Expression(.invalid, span: token.span)
    var limit: Expression?
    var executor: Expression?
    do throws(SyntaxFailure) {
      context = .head
      iterated = try parseForHead(&patterns)
      while true {
        let clause = token.span
        if accept(word: .limit) {
          if limit != nil { throw duplicate("limit", clause) }
          limit = try parseClauseOperand()
        } else if accept(word: .on) {
          if executor != nil { throw duplicate("on", clause) }
          executor = try parseClauseOperand()
        } else {
          break
        }
      }
      context = outer.context
      if !at(.leftBrace) { throw bodyExpected("the body of a `gather for`") }
    } catch {
      restore(outer)
      guard !isAborted, skipToBody(from: headStart) else { throw error }
    }
    let body = try parseBlock("the body of a `gather for`")
    let node = GatherForNode(
      functionID: functionID, mode: mode, patterns: patterns, source: iterated, limit: limit,
      executor: executor, body: body)
    return Expression(.gatherFor(node), span: span(from: start))
  }

  // MARK: - timeout and shield

  mutating func parseTimeout() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    let duration = try parseClauseOperand()
    let body = try parseBody(of: "the body of a `timeout`", takesElse: true)
    var otherwise: Body?
    if !context.contains(.noElse), accept(keyword: .else) {
      otherwise = try parseBody(of: "the value after `else`", takesElse: false)
    }
    return Expression(.timeout(duration: duration, body: body, else: otherwise), span: span(from: start))
  }

  mutating func parseShield() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    let body = try parseBody(of: "the body of a `shield`", takesElse: false)
    return Expression(.shield(body), span: span(from: start))
  }

  // MARK: - retry

  mutating func parseRetry() throws(SyntaxFailure) -> Expression {
    let start = token.start
    advance()
    if at(.leftBrace) {
      throw fail(
        .expectedExpression, "`retry` needs the number of attempts",
        hint: "write `retry 3 { … }`: at most three in all")
    }
    let count = try parseClauseOperand()
    var node = RetryNode(
      count: count, backoff: nil, jitter: nil, within: nil, filter: nil, until: nil,
      body: .expression(Expression(.invalid, span: token.span)), elseName: nil, elseBody: nil)
    while try parseRetryClause(&node) {}
    node.body = try parseBody(of: "the body of a `retry`", takesElse: true)
    if !context.contains(.noElse), accept(keyword: .else) {
      if token.kind == .name, !at(word: .scope), peek().symbol == .leftBrace {
        node.elseName = takeIdentifier()
      }
      node.elseBody = try parseBody(of: "the value after `else`", takesElse: false)
    }
    return Expression(.retry(node), span: span(from: start))
  }

  private mutating func parseRetryClause(_ node: inout RetryNode) throws(SyntaxFailure) -> Bool {
    let clause = token.span
    if accept(word: .backoff) {
      if node.backoff != nil { throw duplicate("backoff", clause) }
      node.backoff = .backoff(try parseFunctionOperand())
    } else if accept(word: .every) {
      if node.backoff != nil {
        throw fail(
          .duplicateClause, at: clause, "`backoff` and `every` exclude each other",
          hint: "leave one of them out")
      }
      node.backoff = .every(try parseClauseOperand())
    } else if accept(word: .jitter) {
      if node.jitter != nil { throw duplicate("jitter", clause) }
      node.jitter = try parseClauseOperand()
    } else if accept(word: .within) {
      if node.within != nil { throw duplicate("within", clause) }
      node.within = try parseClauseOperand()
    } else if accept(word: .until) {
      if node.until != nil { throw duplicate("until", clause) }
      node.until = try parseFunctionOperand()
    } else if accept(word: .on) {
      if node.filter != nil { throw duplicate("on", clause) }
      node.filter = try parseFilter()
    } else {
      return false
    }
    return true
  }

  /// The operand of `until` and `backoff`, which may be a lambda.
  private mutating func parseFunctionOperand() throws(SyntaxFailure) -> Expression {
    let outer = context
    context = .head
    guard isLambda else {
      let operand = try parseOperand()
      context = outer
      return operand
    }
    try enter()
    let lambda = try parseLambda()
    depth -= 1
    try grow()
    context = outer
    return lambda
  }

  /// `on KIND, … [as e] [if cond]`
  private mutating func parseFilter() throws(SyntaxFailure) -> RetryNode.Filter {
    let outer = context
    context = .head
    var kinds = [try parseKindPath()]
    while accept(.comma) { kinds.append(try parseKindPath()) }
    var filter = RetryNode.Filter(kinds: kinds, name: nil, condition: nil)
    if accept(keyword: .as) { filter.name = try expectName("the error's name") }
    if accept(keyword: .if) { filter.condition = try parseOperand() }
    context = outer
    return filter
  }
}
