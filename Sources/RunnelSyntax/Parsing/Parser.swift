// Tokens to tree, by recursive descent, a file for each part of the grammar. What is here: the entry, the
// position, how errors are reported, and how the parser goes on after one.
//
// A mistake is reported where it is found and thrown to the nearest list of statements, which drops the
// statement, skips to where the next one begins (brackets as wholes), and goes on; so each independent mistake
// is reported once. Heads recover a little sooner, at their body, so that mistakes in the body are found too.
//
// Two limits keep recursion over the text and over the tree within a thread's stack: `depth` counts how deep
// the parser itself is, `tallness` how high the tree is that it builds, chains like `a + b + c` included.

/// Thrown after a diagnostic has been reported.
struct SyntaxFailure: Error {}

/// Makes a syntax tree of a script.
public struct Parser {
  /// The tree of a script and what was wrong with it, in the order of the text; without diagnostics the tree
  /// holds no `invalid` node. Never fails otherwise, whatever the bytes. O(length of the text).
  public static func parse(_ source: SourceFile) -> (tree: SyntaxTree, diagnostics: [Diagnostic]) {
    var parser = Parser(Lexer.tokenize(source))
    let tree = parser.parseFile()
    return (tree, parser.sortedDiagnostics())
  }

  /// How deep expressions, blocks and patterns may nest.
  static let depthLimit = 200
  /// How high the tree may grow.
  static let heightLimit = 1000

  /// What the surroundings of an expression allow.
  struct Context: OptionSet {
    let rawValue: UInt8
    /// Lines count: a newline ends a statement.
    static let lines = Context(rawValue: 1)
    /// A head: `{` begins the body, never a map.
    static let noMap = Context(rawValue: 2)
    /// A guard: `=>` ends it, it begins no lambda's body.
    static let noLambda = Context(rawValue: 4)
    /// `else` belongs to a prefix form further out.
    static let noElse = Context(rawValue: 8)
    /// An index: a range may be open.
    static let openRange = Context(rawValue: 16)

    static let block: Context = [.lines]
    static let brackets: Context = []
    static let head: Context = [.noMap]
    static let index: Context = [.openRange]
    static let guardClause: Context = [.lines, .noLambda]
  }

  let source: SourceFile
  let list: TokenList
  let tokens: [Token]
  /// The index of the current token, and it.
  var index = 0
  var token: Token
  /// Where the last token that was taken ends.
  var previousEnd: UInt32 = 0
  var context: Context = .block
  var depth = 0
  /// The height of the tallest tree made so far in the current construct.
  var tallness = 0
  var identifierCount: Int32 = 0
  var functionCount: Int32 = 0
  /// The function whose body is being parsed yields.
  var yields = false
  var diagnostics: [Diagnostic] = []
  /// The token at which the last mistake was reported: another one there is its consequence.
  var lastFailure = -1
  /// The first mistake was that the text ended too early.
  var firstFailureIsEnd: Bool?
  /// Nested too deeply: nothing more is parsed or reported.
  var isAborted = false
  /// The next `##` comment that no token has been asked about.
  private var nextDocumentation = 0

  init(_ list: TokenList) {
    self.list = list
    source = list.source
    tokens = list.tokens
    token = list.tokens[0]
  }

  func sortedDiagnostics() -> [Diagnostic] {
    let all = list.diagnostics + diagnostics
    // Stable: of two at one place, the lexer's first.
    let order = all.indices.sorted { (all[$0].span.start, $0) < (all[$1].span.start, $1) }
    return order.prefix(Diagnostic.limit).map { all[$0] }
  }

  mutating func parseFile() -> SyntaxTree {
    let head = list.documentation.first
    var statements: [Statement] = []
    parseStatements(into: &statements, opening: nil)
    return SyntaxTree(
      source: source, statements: statements, identifierCount: Int(identifierCount),
      functionCount: Int(functionCount),
      documentation: head.flatMap { $0.token == 0 ? text(of: $0) : nil })
  }

  // MARK: - Tokens

  @inline(__always)
  mutating func advance() {
    previousEnd = token.end
    if index + 1 < tokens.count { index += 1 }
    token = tokens[index]
  }

  mutating func move(to newIndex: Int) {
    let target = min(max(newIndex, 0), tokens.count - 1)
    if target > 0 { previousEnd = tokens[target - 1].end }
    index = target
    token = tokens[target]
  }

  @inline(__always)
  func peek(_ distance: Int = 1) -> Token { tokens[min(index + distance, tokens.count - 1)] }

  @inline(__always)
  func at(_ symbol: Symbol) -> Bool { token.symbol == symbol }

  @inline(__always)
  func at(keyword: Keyword) -> Bool { token.keyword == keyword }

  /// The current token is a name that reads so.
  func at(word: ContextualWord) -> Bool { token.kind == .name && token.reads(word.rawValue, in: source) }

  @inline(__always)
  mutating func accept(_ symbol: Symbol) -> Bool {
    guard token.symbol == symbol else { return false }
    advance()
    return true
  }

  @inline(__always)
  mutating func accept(keyword: Keyword) -> Bool {
    guard token.keyword == keyword else { return false }
    advance()
    return true
  }

  mutating func accept(word: ContextualWord) -> Bool {
    guard at(word: word) else { return false }
    advance()
    return true
  }

  func span(from start: UInt32) -> Span { Span(Int(start), Int(max(start, previousEnd))) }

  /// The line has ended, and with it whatever could end here.
  @inline(__always)
  var isEnded: Bool {
    token.flags.contains(.newlineBefore) && context.contains(.lines) && !token.continuesLine
  }

  func text(of token: Token) -> String {
    source.bytes.withUnsafeBufferPointer { bytes in
      String(decoding: UnsafeBufferPointer(rebasing: bytes[Int(token.start)..<Int(token.end)]), as: UTF8.self)
    }
  }

  /// Takes the current token as a name.
  mutating func takeIdentifier() -> Identifier {
    let identifier = Identifier(text(of: token), span: token.span, id: identifierCount)
    identifierCount += 1
    advance()
    return identifier
  }

  mutating func newFunctionID() -> Int32 {
    functionCount += 1
    return functionCount - 1
  }

  // MARK: - Limits

  /// One level deeper. Whoever enters leaves by `depth -= 1`, or throws: then who catches puts it back.
  @inline(__always)
  mutating func enter() throws(SyntaxFailure) {
    depth += 1
    if depth > Self.depthLimit { throw tooDeep("this is nested too deeply") }
  }

  /// The tree in hand has grown by one level.
  @inline(__always)
  mutating func grow() throws(SyntaxFailure) {
    tallness += 1
    if tallness > Self.heightLimit { throw tooDeep("this expression has too many parts") }
  }

  private mutating func tooDeep(_ message: String) -> SyntaxFailure {
    if !isAborted {
      report(
        .nestedTooDeeply, token.span, message,
        hint: "bind parts of it to names with `let`, or give them functions of their own")
    }
    isAborted = true
    move(to: tokens.count - 1)
    return SyntaxFailure()
  }

  // MARK: - Reporting

  mutating func report(
    _ code: DiagnosticCode, _ span: Span, _ message: String, labels: [Diagnostic.Label] = [],
    hint: String? = nil
  ) {
    guard !isAborted else { return }
    if firstFailureIsEnd == nil { firstFailureIsEnd = token.kind == .endOfFile }
    diagnostics.append(
      Diagnostic(code, source: source, span: span, message: message, labels: labels, hint: hint))
    if diagnostics.count >= Diagnostic.limit {
      isAborted = true
      move(to: tokens.count - 1)
    }
  }

  /// Reports a mistake at the current token, unless it follows from one that has been reported.
  mutating func fail(
    _ code: DiagnosticCode, at span: Span? = nil, _ message: String, labels: [Diagnostic.Label] = [],
    hint: String? = nil
  ) -> SyntaxFailure {
    if lastFailure == index || token.kind == .invalid {
      if firstFailureIsEnd == nil { firstFailureIsEnd = false }
    } else {
      lastFailure = index
      report(code, span ?? failureSpan, message, labels: labels, hint: hint)
    }
    return SyntaxFailure()
  }

  /// The current token's place; the end of what was written, where the text has ended.
  var failureSpan: Span {
    token.kind == .endOfFile ? Span(Int(previousEnd), Int(previousEnd)) : token.span
  }

  /// `expected X, found Y`.
  mutating func unexpected(
    _ expected: String, _ code: DiagnosticCode = .expectedToken, labels: [Diagnostic.Label] = [],
    hint: String? = nil
  ) -> SyntaxFailure {
    fail(code, "expected \(expected), found \(describe(token))", labels: labels, hint: hint ?? foreignHint())
  }

  /// A token in the words of a message.
  func describe(_ token: Token) -> String {
    switch token.kind {
    case .endOfFile: "the end of the text"
    case .keyword: "the keyword `\(text(of: token))`"
    case .name: "the name `\(abridged(text(of: token)))`"
    case .int, .float: "the number `\(abridged(text(of: token)))`"
    case .duration: "the duration `\(abridged(text(of: token)))`"
    case .stringStart: "a string"
    case .commandStart: "a command"
    case .interpolationEnd: "the end of the interpolation"
    case .format: "a format"
    default: "`\(abridged(text(of: token)))`"
    }
  }

  private func abridged(_ text: String) -> String { text.count > 30 ? text.prefix(30) + "…" : text }

  mutating func expect(_ symbol: Symbol, hint: String? = nil) throws(SyntaxFailure) {
    guard accept(symbol) else { throw unexpected("`\(symbol.rawValue)`", hint: hint) }
  }

  mutating func expect(keyword: Keyword, hint: String? = nil) throws(SyntaxFailure) {
    guard accept(keyword: keyword) else { throw unexpected("`\(keyword.rawValue)`", hint: hint) }
  }

  mutating func expectName(_ what: String, hint: String? = nil) throws(SyntaxFailure) -> Identifier {
    guard token.kind == .name else {
      if token.kind == .keyword {
        throw fail(
          .expectedName, "`\(text(of: token))` is a keyword, so it cannot be \(what)",
          hint: hint ?? "take another name, `\(text(of: token))_` for instance")
      }
      throw unexpected(what, .expectedName, hint: hint)
    }
    return takeIdentifier()
  }

  /// The end of a bracket, after an item of what it holds.
  mutating func expectClosing(_ symbol: Symbol, of opening: Span, separator: Bool = true)
    throws(SyntaxFailure)
  {
    if accept(symbol) { return }
    let bracket = source.text(of: opening)
    // What only a statement begins with, on a new line: the bracket should have been closed before.
    let isStatement =
      token.newlineBefore
      && (token.keyword.map { [.let, .var, .defer, .import, .yield].contains($0) } ?? false
        || at(keyword: .fn) && peek().kind == .name)
    if token.kind == .endOfFile || isStatement {
      throw fail(
        .unclosedBracket, at: opening, "this `\(bracket)` is never closed",
        hint: "close it with `\(symbol.rawValue)`")
    }
    throw unexpected(
      separator ? "`,` or `\(symbol.rawValue)`" : "`\(symbol.rawValue)`",
      labels: [.init(opening, "opened here")])
  }

  // MARK: - Going on after a mistake

  /// Where the parser was, to go back to after a failure.
  struct Mark {
    var context: Context
    var depth: Int
    var tallness: Int
  }

  var mark: Mark { Mark(context: context, depth: depth, tallness: tallness) }

  mutating func restore(_ mark: Mark) {
    context = mark.context
    depth = mark.depth
    tallness = mark.tallness
  }

  /// Skips the rest of a broken statement: to the next line that begins outside its brackets, `;`, or the `}`
  /// of the block around.
  mutating func synchronize(from start: Int) {
    var position = start
    // The bracket that the mistake is in, seen from the statement: skipped as a whole.
    while position < index {
      let link = Int(tokens[position].link)
      if tokens[position].isOpening, link > position {
        if link >= index { move(to: link + 1) }
        position = link
      }
      position += 1
    }
    var isFirst = index == start
    while token.kind != .endOfFile {
      if at(.rightBrace) || at(.semicolon) { return }
      if token.newlineBefore, !token.continuesLine, !isFirst { return }
      isFirst = false
      skipToken()
    }
  }

  /// Steps over a token, and over all that a bracket holds.
  mutating func skipToken() {
    let link = Int(token.link)
    if token.isOpening, link > index { move(to: link + 1) } else { advance() }
  }

  /// Parses a head; after a mistake in it, goes on at its body, if there is one.
  mutating func recoveringHead(
    _ parse: (inout Parser) throws(SyntaxFailure) -> Expression
  ) throws(SyntaxFailure) -> Expression {
    let mark = self.mark
    let start = index
    context = .head
    do throws(SyntaxFailure) {
      let head = try parse(&self)
      if !at(.leftBrace), token.kind != .endOfFile { throw bodyExpected() }
      context = mark.context
      return head
    } catch {
      restore(mark)
      guard !isAborted, skipToBody(from: start) else { throw error }
      return Expression(.invalid, span: tokens[start].span)
    }
  }

  /// Finds the `{` of a body on what is left of the line.
  mutating func skipToBody(from start: Int) -> Bool {
    var position = start
    while position < index {
      let link = Int(tokens[position].link)
      if tokens[position].isOpening, link > position {
        if link >= index { return false }
        position = link
      }
      position += 1
    }
    position = index
    while tokens[position].kind != .endOfFile {
      let candidate = tokens[position]
      if candidate.newlineBefore, position > start { return false }
      if candidate.symbol == .semicolon || candidate.symbol == .rightBrace { return false }
      if candidate.symbol == .leftBrace {
        move(to: position)
        return true
      }
      let link = Int(candidate.link)
      position = candidate.isOpening && link > position ? link + 1 : position + 1
      if position >= tokens.count { return false }
    }
    return false
  }

  // MARK: - Documentation

  /// The `##` comment directly above the current token.
  mutating func takeDocumentation() -> String? {
    guard token.flags.contains(.documented) else { return nil }
    let comments = list.documentation
    while nextDocumentation < comments.count, comments[nextDocumentation].token < index {
      nextDocumentation += 1
    }
    guard nextDocumentation < comments.count, comments[nextDocumentation].token == index else { return nil }
    // Of several before one token, the last is the one that stands directly above it.
    while nextDocumentation + 1 < comments.count, comments[nextDocumentation + 1].token == index {
      nextDocumentation += 1
    }
    return text(of: comments[nextDocumentation])
  }

  private func text(of comment: DocumentationComment) -> String {
    var lines: [String] = []
    for line in source.bytes[Int(comment.span.start)..<Int(comment.span.end)].split(
      separator: 0x0A, omittingEmptySubsequences: false)
    {
      var line = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      line = line.drop { $0 == UInt8(ascii: "#") }
      if line.first == 0x20 { line = line.dropFirst() }
      if line.last == 0x0D { line = line.dropLast() }
      lines.append(String(decoding: line, as: UTF8.self))
    }
    return lines.joined(separator: "\n")
  }
}

extension Token {
  /// Begins something that its `link` says the end of.
  var isOpening: Bool {
    switch kind {
    case .stringStart, .commandStart, .interpolationStart: true
    case .symbol:
      symbol == .leftParen || symbol == .leftBracket || symbol == .leftBrace || symbol == .optionalBracket
    default: false
    }
  }

  /// At the beginning of a line, it goes on with the line before (language.md §2).
  var continuesLine: Bool {
    switch symbol {
    case .pipe, .dot, .optionalDot: return true
    case nil: return keyword == .else || keyword == .catch || keyword == .finally
    default: return false
    }
  }

  func reads(_ word: String, in source: SourceFile) -> Bool {
    let length = Int(end - start)
    guard word.utf8.count == length else { return false }
    var offset = Int(start)
    for byte in word.utf8 {
      if source.bytes[offset] != byte { return false }
      offset += 1
    }
    return true
  }
}
