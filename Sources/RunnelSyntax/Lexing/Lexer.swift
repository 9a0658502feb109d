// Text to tokens, in one pass over the bytes and without recursion: a stack of modes says whether the next
// byte belongs to code, to a string or to a command, so strings nest in interpolations nest in commands to any
// depth. Every start gets its end even when the text is broken; the parser relies on that.
//
// Reading goes through an unsafe pointer, whose bounds `byte(at:)` keeps; it lives as long as `tokenize` runs.

/// Makes tokens of a script.
public struct Lexer {
  /// The tokens of a script, and what was wrong with its text. O(length of the text).
  public static func tokenize(_ source: SourceFile) -> TokenList {
    source.bytes.withUnsafeBufferPointer { bytes in
      var lexer = Lexer(source, bytes)
      lexer.run()
      return TokenList(
        source: source, tokens: lexer.tokens, numbers: lexer.numbers, diagnostics: lexer.diagnostics,
        documentation: lexer.documentation, endsOpen: lexer.endsOpen)
    }
  }

  /// What an open bracket, string or command makes of the bytes after it.
  struct Mode {
    enum Kind {
      // Code.
      case paren, bracket, brace
      /// `{` in a string (formats may follow) or in a command.
      case stringInterpolation, commandInterpolation
      // Text.
      case string, multilineString
      /// `$ …`
      case command
      /// `$(…)`, `$?(…)`
      case capture
      /// `"…"` in a command.
      case commandQuote

      var isCode: Bool {
        switch self {
        case .paren, .bracket, .brace, .stringInterpolation, .commandInterpolation: true
        default: false
        }
      }
    }
    var kind: Kind
    /// The index of the token that opened it.
    var token: Int
    /// In a command: a word has begun.
    var wordOpen = false
    /// In a command: something has been reported about it, so nothing more is.
    var failed = false
    /// In a command with a mistake: parentheses open, whose ends are not the command's.
    var strayParens = 0
    /// In a command's quotes: a piece has been emitted.
    var hasPiece = false
    /// In a capture, where its first stray newline is, and in a string of one line, where the first newline in
    /// an interpolation is, should the end never come.
    var resume: Resume?
  }

  /// Where to go on when a capture turns out to have no end.
  struct Resume {
    var position: Int
    var tokens: Int
    var numbers: Int
    var diagnostics: Int
    /// In a string, the token of the interpolation that is open there.
    var interpolation = -1
  }

  let source: SourceFile
  let bytes: UnsafeBufferPointer<UInt8>
  let count: Int
  var position = 0
  var tokens: [Token] = []
  var numbers: [UInt64] = []
  var diagnostics: [Diagnostic] = []
  var documentation: [DocumentationComment] = []
  var modes: [Mode] = []
  var endsOpen = false
  /// A newline has been passed since the last token.
  var newline = true
  /// The `##` comment that waits for its token.
  private var pendingDocumentation: DocumentationComment?
  /// How often a capture without an end may still be read again as one line, so that a file full of them
  /// costs a bounded number of passes.
  var resumesLeft = 8
  private let keywords = KeywordTable.shared

  private init(_ source: SourceFile, _ bytes: UnsafeBufferPointer<UInt8>) {
    self.source = source
    self.bytes = bytes
    count = bytes.count
    tokens.reserveCapacity(count / 4 + 16)
  }

  private mutating func run() {
    // A byte order mark is no part of the text.
    if byte(at: 0) == 0xEF, byte(at: 1) == 0xBB, byte(at: 2) == 0xBF { position = 3 }
    while true {
      switch modes.last?.kind {
      case .string, .multilineString: lexStringText()
      case .command, .capture: lexCommand()
      case .commandQuote: lexCommandQuote()
      default:
        if !lexCode() {
          if !closeAtEnd() { continue }
          emit(.endOfFile, from: count, to: count)
          tokens[tokens.count - 1].flags.insert(.newlineBefore)
          return
        }
      }
    }
  }

  // MARK: - Bytes and tokens

  /// The byte at an offset, or 0 past the end (a NUL in the text is told apart by `position < count`).
  @inline(__always)
  func byte(at offset: Int) -> UInt8 { offset < count ? bytes[offset] : 0 }

  @inline(__always)
  mutating func emit(
    _ kind: Token.Kind, symbol: Symbol? = nil, keyword: Keyword? = nil, flags: Token.Flags = [],
    link: Int32 = -1,
    from start: Int, to end: Int
  ) {
    var flags = flags
    if newline {
      flags.insert(.newlineBefore)
      newline = false
    }
    if pendingDocumentation != nil { attachDocumentation(&flags) }
    tokens.append(
      Token(
        kind: kind, keyword: keyword, symbol: symbol, flags: flags, start: UInt32(truncatingIfNeeded: start),
        end: UInt32(truncatingIfNeeded: end), link: link))
  }

  /// Makes two tokens partners.
  mutating func link(_ opening: Int, _ closing: Int) {
    tokens[opening].link = Int32(truncatingIfNeeded: closing)
    tokens[closing].link = Int32(truncatingIfNeeded: opening)
  }

  mutating func report(
    _ code: DiagnosticCode, _ start: Int, _ end: Int, _ message: String, labels: [Diagnostic.Label] = [],
    hint: String? = nil
  ) {
    guard diagnostics.count < Diagnostic.limit else { return }
    diagnostics.append(
      Diagnostic(
        code, source: source, span: Span(start, end), message: message, labels: labels, hint: hint))
  }

  // MARK: - Code

  /// Lexes code until a string or a command begins or ends; false at the end of the text.
  private mutating func lexCode() -> Bool {
    while true {
      skipSpace()
      guard position < count else { return false }
      let start = position
      let first = bytes[start]
      switch first {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
        lexName()
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        lexNumber()
      case UInt8(ascii: "\""):
        openString()
        return true
      case UInt8(ascii: "'"):
        lexRawString()
      case UInt8(ascii: "$"):
        if openCommand() { return true }
      case UInt8(ascii: "("): open(.leftParen, .paren, length: 1)
      case UInt8(ascii: "["): open(.leftBracket, .bracket, length: 1)
      case UInt8(ascii: "{"): open(.leftBrace, .brace, length: 1)
      case UInt8(ascii: ")"): close(.rightParen, .paren)
      case UInt8(ascii: "]"): close(.rightBracket, .bracket)
      case UInt8(ascii: "}"):
        if closeBrace() { return true }
      case UInt8(ascii: ":"):
        if modes.last?.kind == .stringInterpolation { lexFormat() } else { symbol(.colon, 1) }
      default:
        if first < 0x80 { lexOperator(first) } else { lexNonASCII() }
      }
    }
  }

  @inline(__always)
  private mutating func symbol(_ symbol: Symbol, _ length: Int) {
    emit(.symbol, symbol: symbol, from: position, to: position + length)
    position += length
  }

  private mutating func lexOperator(_ first: UInt8) {
    let second = byte(at: position + 1)
    let third = byte(at: position + 2)
    let equals = UInt8(ascii: "=")
    switch first {
    case UInt8(ascii: ","): symbol(.comma, 1)
    case UInt8(ascii: ";"): symbol(.semicolon, 1)
    case UInt8(ascii: "."):
      if second == UInt8(ascii: ".") {
        if third == UInt8(ascii: ".") {
          symbol(.spread, 3)
        } else if third == equals, byte(at: position + 3) != equals {
          symbol(.closedRange, 3)
        } else {
          symbol(.range, 2)
        }
      } else {
        symbol(.dot, 1)
      }
    case UInt8(ascii: "="):
      if second == UInt8(ascii: ">") {
        symbol(.arrow, 2)
      } else if second == equals {
        if third == equals {
          foreign(.equal, 3, "`===` is no operator", "write `==`: it compares structure")
        } else {
          symbol(.equal, 2)
        }
      } else {
        symbol(.assign, 1)
      }
    case UInt8(ascii: "+"):
      if second == equals { symbol(.plusAssign, 2) } else { symbol(.plus, 1) }
    case UInt8(ascii: "-"):
      if second == equals { symbol(.minusAssign, 2) } else { symbol(.minus, 1) }
    case UInt8(ascii: "*"):
      if second == UInt8(ascii: "*") {
        if third == equals { symbol(.powerAssign, 3) } else { symbol(.power, 2) }
      } else if second == equals {
        symbol(.starAssign, 2)
      } else {
        symbol(.star, 1)
      }
    case UInt8(ascii: "/"):
      if second == UInt8(ascii: "/") {
        if third == equals { symbol(.floorAssign, 3) } else { symbol(.floorSlash, 2) }
      } else if second == equals {
        symbol(.slashAssign, 2)
      } else {
        symbol(.slash, 1)
      }
    case UInt8(ascii: "%"):
      if second == equals { symbol(.percentAssign, 2) } else { symbol(.percent, 1) }
    case UInt8(ascii: "<"):
      if second == equals { symbol(.lessOrEqual, 2) } else { symbol(.less, 1) }
    case UInt8(ascii: ">"):
      if second == equals { symbol(.greaterOrEqual, 2) } else { symbol(.greater, 1) }
    case UInt8(ascii: "!"):
      if second == equals {
        if third == equals {
          foreign(.notEqual, 3, "`!==` is no operator", "write `!=`: it compares structure")
        } else {
          symbol(.notEqual, 2)
        }
      } else {
        foreignKeyword(.not, 1, "`!` is no operator", "write `not`")
      }
    case UInt8(ascii: "?"):
      switch second {
      case UInt8(ascii: "?"): symbol(.coalesce, 2)
      case UInt8(ascii: "."): symbol(.optionalDot, 2)
      case UInt8(ascii: "["): open(.optionalBracket, .bracket, length: 2)
      default:
        invalid(
          .foreignOperator, 1, "`?` is no operator of its own",
          "write `if c { a } else { b }` to choose, `a ?? b` to replace nil")
      }
    case UInt8(ascii: "|"):
      if second == UInt8(ascii: "|") {
        foreignKeyword(.or, 2, "`||` is no operator", "write `or`")
      } else {
        symbol(.pipe, 1)
      }
    case UInt8(ascii: "&"):
      if second == UInt8(ascii: "&") {
        foreignKeyword(.and, 2, "`&&` is no operator", "write `and`")
      } else {
        invalid(
          .foreignOperator, 1, "`&` is no operator", "write `and`; to run something beside, write `spawn`")
      }
    case UInt8(ascii: "`"):
      // With its partner on the line, it is one mistake.
      var end = position + 1
      while end < count, bytes[end] != 0x0A, bytes[end] != first { end += 1 }
      invalid(
        .unexpectedCharacter, byte(at: end) == first ? end + 1 - position : 1,
        "a backtick has no meaning here",
        "write `$(…)` to capture a command's output")
    case UInt8(ascii: "\\"):
      invalid(
        .unexpectedCharacter, 1, "a `\\` has no meaning here",
        "an expression goes on in the next line after an operator, or inside `(` and `[`")
    case UInt8(ascii: "^"), UInt8(ascii: "~"), UInt8(ascii: "@"):
      invalid(
        .unexpectedCharacter, 1, "unexpected character `\(String(UnicodeScalar(first)))`",
        first == UInt8(ascii: "^") ? "a power is written `a ** b`" : nil)
    default:
      invalidCharacters()
    }
  }

  /// An operator of other languages, taken as ours after a diagnostic.
  private mutating func foreign(_ symbol: Symbol, _ length: Int, _ message: String, _ hint: String) {
    report(.foreignOperator, position, position + length, message, hint: hint)
    self.symbol(symbol, length)
  }

  private mutating func foreignKeyword(_ keyword: Keyword, _ length: Int, _ message: String, _ hint: String) {
    report(.foreignOperator, position, position + length, message, hint: hint)
    emit(.keyword, keyword: keyword, from: position, to: position + length)
    position += length
  }

  mutating func invalid(_ code: DiagnosticCode, _ length: Int, _ message: String, _ hint: String? = nil) {
    report(code, position, position + length, message, hint: hint)
    emit(.invalid, from: position, to: position + length)
    position += length
  }

  /// Characters that mean nothing: a whole run of them is one mistake.
  private mutating func invalidCharacters() {
    let start = position
    while position < count, bytes[position] < 0x20 || bytes[position] == 0x7F {
      let byte = bytes[position]
      if byte == 0x09 || byte == 0x0A || byte == 0x0D { break }
      position += 1
    }
    if position == start { position += 1 }
    let name = "U+00" + (bytes[start] < 0x10 ? "0" : "") + String(bytes[start], radix: 16, uppercase: true)
    report(
      .unexpectedCharacter, start, position, "unexpected control character \(name)",
      hint: "in a string, write it as `\\u{…}`")
    emit(.invalid, from: start, to: position)
  }

  // MARK: - Names

  @inline(__always)
  static func isNameByte(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
  }

  private mutating func lexName() {
    let start = position
    var key: UInt64 = 0
    var end = start
    while end < count {
      let byte = bytes[end]
      guard Self.isNameByte(byte) else { break }
      key = key << 8 | UInt64(byte)
      end += 1
    }
    if end < count, bytes[end] >= 0x80 {
      end = endOfName(from: end)
    } else if end - start <= 8, let keyword = keywords.keyword(key) {
      emit(.keyword, keyword: keyword, from: start, to: end)
      position = end
      return
    }
    emit(.name, from: start, to: end)
    position = end
  }

  /// The end of a name that goes on at an offset.
  func endOfName(from offset: Int) -> Int {
    var end = offset
    while end < count {
      if Self.isNameByte(bytes[end]) {
        end += 1
      } else if bytes[end] >= 0x80, let (scalar, length) = scalar(at: end), scalar.properties.isXIDContinue {
        end += length
      } else {
        break
      }
    }
    return end
  }

  /// True if a name could begin at an offset.
  func startsName(at offset: Int) -> Bool {
    guard offset < count else { return false }
    let byte = bytes[offset]
    if byte < 0x80 { return Self.isNameByte(byte) && !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte) }
    guard let (scalar, _) = scalar(at: offset) else { return false }
    return scalar.properties.isXIDStart
  }

  /// The scalar at an offset and its length in bytes; nil where the bytes are no UTF-8.
  func scalar(at offset: Int) -> (Unicode.Scalar, Int)? {
    let first = byte(at: offset)
    let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard first < 0x80 || first >= 0xC2, offset + length <= count else { return nil }
    var value = length == 1 ? UInt32(first) : UInt32(first) & (0x7F >> UInt32(length))
    for index in 1..<max(length, 1) {
      let next = bytes[offset + index]
      guard next & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(next & 0x3F)
    }
    guard let scalar = Unicode.Scalar(value) else { return nil }
    return (scalar, length)
  }

  private mutating func lexNonASCII() {
    let start = position
    guard let (scalar, length) = scalar(at: start) else {
      // Cannot be in a file that the loader has let in; other hosts may be careless.
      while position < count, bytes[position] >= 0x80, self.scalar(at: position) == nil { position += 1 }
      report(.unexpectedCharacter, start, position, "these bytes are no UTF-8")
      emit(.invalid, from: start, to: position)
      return
    }
    if scalar.properties.isXIDStart {
      position = endOfName(from: start)
      emit(.name, from: start, to: position)
      return
    }
    let code = "U+" + hex(scalar.value)
    if scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint {
      report(
        .invisibleCharacter, start, start + length, "invisible character \(code)",
        hint: "replace it by a plain space, or remove it")
      if scalar.value == 0x2028 || scalar.value == 0x2029 || scalar.value == 0x85 { newline = true }
      position += length
      return
    }
    let lookalike = Self.lookalikes[scalar.value]
    position += length
    report(
      .unexpectedCharacter, start, position, "unexpected character `\(scalar)` (\(code))",
      hint: lookalike.map { "write `\($0)`" })
    emit(.invalid, from: start, to: position)
  }

  func hex(_ value: UInt32) -> String {
    let text = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - text.utf8.count)) + text
  }

  /// What word processors make of our characters.
  private static let lookalikes: [UInt32: String] = [
    0x201C: "\"", 0x201D: "\"", 0x201E: "\"", 0x2018: "'", 0x2019: "'", 0x2013: "-", 0x2014: "-", 0x2212: "-",
    0x2026: "...", 0x00D7: "*", 0x00F7: "/", 0x2264: "<=", 0x2265: ">=", 0x2260: "!=", 0x21D2: "=>",
    0xFF08: "(",
    0xFF09: ")", 0xFF0C: ",", 0xFF1A: ":", 0xFF1B: ";", 0xFF5C: "|",
  ]

  // MARK: - Brackets

  private mutating func open(_ symbol: Symbol, _ kind: Mode.Kind, length: Int) {
    modes.append(Mode(kind: kind, token: tokens.count))
    self.symbol(symbol, length)
  }

  private mutating func close(_ symbol: Symbol, _ kind: Mode.Kind) {
    if let opening = popMode(kind) {
      self.symbol(symbol, 1)
      link(opening, tokens.count - 1)
    } else {
      self.symbol(symbol, 1)
    }
  }

  /// Closes the nearest bracket of a kind, and what stands open within it; not beyond the string or command
  /// that this code is in.
  private mutating func popMode(_ kind: Mode.Kind) -> Int? {
    var index = modes.count - 1
    while index >= 0 {
      let mode = modes[index]
      if mode.kind == kind {
        modes.removeSubrange(index...)
        return mode.token
      }
      switch mode.kind {
      case .paren, .bracket, .brace: index -= 1
      default: return nil
      }
    }
    return nil
  }

  /// `}`: of a block or map, or of the interpolation, in which case true: text follows.
  private mutating func closeBrace() -> Bool {
    var index = modes.count - 1
    scan: while index >= 0 {
      switch modes[index].kind {
      case .paren, .bracket: index -= 1
      case .brace, .stringInterpolation, .commandInterpolation: break scan
      default:
        index = -1
        break scan
      }
    }
    guard index >= 0 else {
      symbol(.rightBrace, 1)
      return false
    }
    let mode = modes[index]
    modes.removeSubrange(index...)
    if mode.kind == .brace {
      symbol(.rightBrace, 1)
    } else {
      emit(.interpolationEnd, from: position, to: position + 1)
      position += 1
    }
    link(mode.token, tokens.count - 1)
    return mode.kind != .brace
  }

  // MARK: - Space and comments

  private mutating func skipSpace() {
    while position < count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0D: position += 1
      case 0x0A:
        position += 1
        // An empty line parts a documentation comment from what follows it.
        if newline, pendingDocumentation != nil, isEmptyLine(endingBefore: position - 1) {
          pendingDocumentation?.isAttached = false
        }
        newline = true
        if modes.last?.kind == .stringInterpolation { noteNewlineInInterpolation() }
      case UInt8(ascii: "#"): skipComment()
      default: return
      }
    }
  }

  /// A newline directly in an interpolation of a string: allowed, but most often its `}` is missing.
  private mutating func noteNewlineInInterpolation() {
    let string = modes.count - 2
    guard string >= 0, modes[string].kind == .string, modes[string].resume == nil else { return }
    modes[string].resume = Resume(
      position: position - 1, tokens: tokens.count, numbers: numbers.count, diagnostics: diagnostics.count,
      interpolation: modes[string + 1].token)
  }

  private func isEmptyLine(endingBefore newline: Int) -> Bool {
    var index = newline - 1
    while index >= 0, bytes[index] != 0x0A {
      guard bytes[index] == 0x20 || bytes[index] == 0x09 || bytes[index] == 0x0D else { return false }
      index -= 1
    }
    return true
  }

  private mutating func skipComment() {
    let start = position
    while position < count, bytes[position] != 0x0A { position += 1 }
    guard newline, byte(at: start + 1) == UInt8(ascii: "#"), byte(at: start + 2) != UInt8(ascii: "#") else {
      return
    }
    if let pending = pendingDocumentation, pending.isAttached,
      isSpace(from: Int(pending.span.end), to: start)
    {
      pendingDocumentation?.span = pending.span.union(Span(start, position))
    } else {
      if let pending = pendingDocumentation { documentation.append(pending) }
      pendingDocumentation = DocumentationComment(
        span: Span(start, position), token: tokens.count, isAttached: true)
    }
  }

  private func isSpace(from start: Int, to end: Int) -> Bool {
    for offset in start..<end where bytes[offset] > 0x20 { return false }
    return true
  }

  private mutating func attachDocumentation(_ flags: inout Token.Flags) {
    guard var pending = pendingDocumentation else { return }
    pending.token = tokens.count
    documentation.append(pending)
    pendingDocumentation = nil
    if pending.isAttached { flags.insert(.documented) }
  }
}
