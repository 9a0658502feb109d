// Strings and commands: from their tokens to their nodes, with escapes decoded and indentation removed.

extension Parser {
  // MARK: - Strings

  mutating func parseStringLiteral() throws(SyntaxFailure) -> StringLiteral {
    let opening = token
    let endIndex = Int(opening.link)
    advance()
    // Most strings are one plain text.
    if token.kind == .stringText, index + 1 == endIndex, opening.end - opening.start == 1,
      !token.flags.contains(.escapes)
    {
      let text = text(of: token)
      advance()
      advance()
      return StringLiteral(parts: [.text(text)], span: span(from: opening.start))
    }
    let isMultiline = opening.end - opening.start == 3
    let indentation = isMultiline ? indentation(before: tokens[endIndex]) : nil
    let firstIndex = index
    var parts: [StringLiteral.Part] = []
    while index < endIndex {
      if token.kind == .stringText {
        let decoded = decode(
          token, isFirst: index == firstIndex && isMultiline, isLast: index + 1 == endIndex && isMultiline,
          indentation: indentation)
        if !decoded.isEmpty { parts.append(.text(decoded)) }
        advance()
      } else {
        parts.append(try parseInterpolation(formats: true))
      }
    }
    advance()
    return StringLiteral(parts: parts, span: span(from: opening.start))
  }

  /// `{expression}` or `{expression:format}`
  private mutating func parseInterpolation(formats: Bool) throws(SyntaxFailure) -> StringLiteral.Part {
    let opening = token.span
    let isBroken = token.flags.contains(.failed)
    advance()
    if token.kind == .interpolationEnd {
      // The lexer has said that its end is missing, or nothing stands in it.
      if isBroken { throw SyntaxFailure() }
      throw fail(
        .emptyInterpolation, at: opening.union(token.span), "an interpolation without an expression",
        hint: "braces that are text are written `\\{}`, or stand in single quotes")
    }
    let outer = context
    context = .brackets
    let expression = try parseExpression()
    context = outer
    var format: String?
    var formatSpan = Span.none
    if token.kind == .format {
      format = text(of: token)
      formatSpan = token.span
      advance()
    }
    guard token.kind == .interpolationEnd else {
      if isBroken { throw SyntaxFailure() }
      throw unexpected(
        "`}` after the interpolation", labels: [.init(opening, "opened here")],
        hint: interpolationHint(formats: formats))
    }
    let whole = opening.union(token.span)
    if format == nil, Self.isLiteral(expression) {
      throw fail(
        .literalInterpolation, at: whole,
        "an interpolation of a literal, which would always give the same text",
        hint: "write `\\{` for a brace, or use single quotes: `'\(excerpt(whole))'`")
    }
    advance()
    return .interpolation(expression, format: format, formatSpan: formatSpan)
  }

  private func interpolationHint(formats: Bool) -> String? {
    if at(.colon), !formats {
      return "a command's words have no formats: format with `let`, and write `{name}`"
    }
    if at(.comma), !formats {
      return "braces do not expand as in a shell: write the words out, or single quotes"
    }
    return "a brace that is text is written `\\{`, or stands in single quotes"
  }

  /// Only literals, and ranges of them: nothing that could change.
  private static func isLiteral(_ expression: Expression) -> Bool {
    switch expression.kind {
    case .nil, .bool, .int, .float, .duration: return true
    case .string(let literal): return literal.plainText != nil
    case .unary(.negate, let inner), .paren(let inner): return isLiteral(inner)
    case .range(let lower, let upper, _):
      if let lower, !isLiteral(lower) { return false }
      if let upper, !isLiteral(upper) { return false }
      return true
    default: return false
    }
  }

  /// What stands before the closing quotes on their line, if it is only space: the indentation to remove.
  private func indentation(before closing: Token) -> ArraySlice<UInt8>? {
    let end = Int(closing.start)
    var start = end
    while start > 0, source.bytes[start - 1] == 0x20 || source.bytes[start - 1] == 0x09 { start -= 1 }
    guard start > 0, source.bytes[start - 1] == 0x0A else { return nil }
    return source.bytes[start..<end]
  }

  /// The text of a piece of a string. In a multi-line string the first newline goes, and the closing line with
  /// the newline before it, and its indentation at the beginning of every line.
  private func decode(
    _ token: Token, isFirst: Bool, isLast: Bool, indentation: ArraySlice<UInt8>?
  ) -> String {
    var range = source.bytes[Int(token.start)..<Int(token.end)]
    if isLast, let indentation {
      range = range.dropLast(indentation.count)
      range = range.dropLast(1)
      if range.last == 0x0D { range = range.dropLast(1) }
      // The first newline may be the last one too.
      if range.endIndex < range.startIndex { return "" }
    }
    if isFirst {
      if range.first == 0x0D, range.dropFirst().first == 0x0A { range = range.dropFirst() }
      if range.first == 0x0A {
        range = range.dropFirst()
        if let indentation, range.starts(with: indentation) { range = range.dropFirst(indentation.count) }
      }
    }
    let hasEscapes = token.flags.contains(.escapes)
    let removes = indentation.map { !$0.isEmpty } ?? false
    if !hasEscapes, !removes { return String(decoding: range, as: UTF8.self) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    var position = range.startIndex
    while position < range.endIndex {
      let byte = range[position]
      if byte == UInt8(ascii: "\\"), hasEscapes {
        position = appendEscape(at: position, in: range, to: &bytes, keepsUnknown: false)
      } else {
        bytes.append(byte)
        position += 1
        if byte == 0x0A, let indentation, range[position...].starts(with: indentation) {
          position += indentation.count
        }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends what the escape at a position stands for; the position after it. The lexer has checked it.
  ///
  /// - Parameter keepsUnknown: as in a command's quotes, where `\d` is for the program to understand.
  private func appendEscape(
    at position: Int, in range: ArraySlice<UInt8>, to bytes: inout [UInt8], keepsUnknown: Bool
  ) -> Int {
    guard position + 1 < range.endIndex else {
      bytes.append(UInt8(ascii: "\\"))
      return position + 1
    }
    let escaped = range[position + 1]
    switch escaped {
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "0"): bytes.append(0)
    case UInt8(ascii: "e"): bytes.append(0x1B)
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "{"), UInt8(ascii: "}"):
      bytes.append(escaped)
    case UInt8(ascii: "$"), UInt8(ascii: "`"):
      if !keepsUnknown { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(escaped)
    case UInt8(ascii: "u"):
      var end = position + 3
      var value: UInt32 = 0
      while end < range.endIndex, range[end] != UInt8(ascii: "}") {
        let digit = range[end]
        value =
          value &* 16
          &+ UInt32(digit <= UInt8(ascii: "9") ? digit &- UInt8(ascii: "0") : (digit | 0x20) &- 0x57)
        end += 1
      }
      guard position + 2 < range.endIndex, range[position + 2] == UInt8(ascii: "{"), end < range.endIndex,
        let scalar = Unicode.Scalar(value)
      else {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(escaped)
        return position + 2
      }
      bytes.append(contentsOf: Array(String(scalar).utf8))
      return end + 1
    default:
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(escaped)
    }
    return position + 2
  }

  // MARK: - Commands

  mutating func parseCommand() throws(SyntaxFailure) -> Expression {
    let opening = token
    let end = Int(opening.link)
    let form: CommandForm =
      switch opening.end - opening.start {
      case 1: .statement
      case 2: .capture
      default: .ask
      }
    if opening.flags.contains(.failed) {
      // The lexer has reported what is wrong in it.
      move(to: end + 1)
      return Expression(.invalid, span: span(from: opening.start))
    }
    advance()
    var stages: [CommandStage] = []
    while true {
      let stageStart = token.start
      var stage = CommandStage(environment: [], words: [], redirects: [], span: token.span)
      try parseStage(&stage)
      stage.span =
        index < end ? Span(Int(stageStart), Int(max(stageStart, previousEnd))) : span(from: stageStart)
      if stage.words.isEmpty { throw stageWithoutCommand(stage, isFirst: stages.isEmpty, opening) }
      stages.append(stage)
      guard token.kind == .commandPipe else { break }
      advance()
    }
    guard token.kind == .commandEnd else { throw unexpected("the end of the command") }
    advance()
    let node = CommandNode(form: form, stages: stages, span: span(from: opening.start))
    return Expression(.command(node), span: node.span)
  }

  private mutating func stageWithoutCommand(
    _ stage: CommandStage, isFirst: Bool, _ opening: Token
  ) -> SyntaxFailure {
    if let first = stage.environment.first {
      return fail(
        .emptyCommand, at: stage.span, "`\(first.name)=…` without a command after it",
        hint: "write `env.\(first.name) = …` to set it for the rest of the script")
    }
    if token.kind == .commandPipe || !isFirst {
      return fail(
        .emptyCommand,
        at: token.kind == .commandPipe ? token.span : Span(Int(previousEnd) - 1, Int(previousEnd)),
        "a command is missing \(isFirst ? "before" : "after") `|`")
    }
    return fail(
      .emptyCommand, at: opening.span, "a command without a program",
      hint: "write `$ make`, `$(make)` or `$?(make)`")
  }

  private mutating func parseStage(_ stage: inout CommandStage) throws(SyntaxFailure) {
    while true {
      switch token.kind {
      case .redirect: stage.redirects.append(try parseRedirect())
      case .bareText, .quotedText, .interpolationStart:
        let word = try parseWord()
        if stage.words.isEmpty, let assignment = environmentAssignment(word) {
          stage.environment.append(assignment)
        } else {
          stage.words.append(word)
        }
      case .wordEnd: advance()
      default: return
      }
    }
  }

  private mutating func parseWord() throws(SyntaxFailure) -> CommandWord {
    let start = token.start
    var parts: [CommandWord.Part] = []
    while true {
      switch token.kind {
      case .bareText:
        let text = text(of: token)
        // `{}` is a token of its own; in the tree, text that stands together is one part.
        if case .bare(let before) = parts.last {
          parts[parts.count - 1] = .bare(before + text)
        } else {
          parts.append(.bare(text))
        }
        advance()
      case .quotedText:
        parts.append(.quoted(quotedText(token)))
        advance()
      case .interpolationStart:
        guard case .interpolation(let expression, _, _) = try parseInterpolation(formats: false) else {
          return CommandWord(parts: parts, span: span(from: start))
        }
        parts.append(.interpolation(expression))
      default:
        let word = CommandWord(parts: parts, span: span(from: start))
        if token.kind == .wordEnd { advance() }
        return word
      }
    }
  }

  private func quotedText(_ token: Token) -> String {
    let range = source.bytes[Int(token.start)..<Int(token.end)]
    if token.flags.contains(.bareEscape) { return String(decoding: range.dropFirst(), as: UTF8.self) }
    guard token.flags.contains(.escapes) else { return String(decoding: range, as: UTF8.self) }
    var bytes: [UInt8] = []
    var position = range.startIndex
    while position < range.endIndex {
      if range[position] == UInt8(ascii: "\\") {
        position = appendEscape(at: position, in: range, to: &bytes, keepsUnknown: true)
      } else {
        bytes.append(range[position])
        position += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `NAME=value`: the name literal and bare, the value anything.
  private func environmentAssignment(_ word: CommandWord) -> (name: String, value: CommandWord)? {
    guard case .bare(let text) = word.parts.first, let equals = text.utf8.firstIndex(of: UInt8(ascii: "="))
    else {
      return nil
    }
    let name = text[..<equals]
    guard let first = name.utf8.first, Lexer.isNameByte(first),
      !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first),
      name.utf8.allSatisfy(Lexer.isNameByte)
    else { return nil }
    var parts = Array(word.parts.dropFirst())
    let rest = text[text.utf8.index(after: equals)...]
    if !rest.isEmpty { parts.insert(.bare(String(rest)), at: 0) }
    let start = Int(word.span.start) + name.utf8.count + 1
    return (String(name), CommandWord(parts: parts, span: Span(start, Int(word.span.end))))
  }

  private mutating func parseRedirect() throws(SyntaxFailure) -> CommandRedirect {
    let operatorSpan = token.span
    let written = text(of: token)
    advance()
    switch written {
    case "2>&1": return .errorToOutput
    case ">&2": return .outputToError
    default: break
    }
    switch token.kind {
    case .bareText, .quotedText, .interpolationStart: break
    default:
      throw fail(
        .redirectWithoutFile, at: operatorSpan, "`\(written)` without a file",
        hint: "a file's name follows it: `\(written) file`")
    }
    let file = try parseWord()
    return switch written {
    case "<": .input(file)
    case ">>": .output(file, append: true)
    case "2>": .error(file, append: false)
    case "2>>": .error(file, append: true)
    default: .output(file, append: false)
    }
  }
}
