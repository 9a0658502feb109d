// Strings: `"…{x:.2}…"`, `'raw'` and their multi-line forms. The lexer finds their ends and checks their
// escapes; what the escapes mean, and the indentation of multi-line strings, is the parser's business.

extension Lexer {
  /// Steps over `"` or `"""`.
  mutating func openString() {
    let isMultiline = bytes[position...].starts(with: [0x22, 0x22, 0x22])
    modes.append(Mode(kind: isMultiline ? .multilineString : .string, token: tokens.count))
    let length = isMultiline ? 3 : 1
    emit(.stringStart, from: position, to: position + length)
    position += length
  }

  /// A raw string in one go: `'…'` or `'''…'''`.
  mutating func lexRawString() {
    let start = position
    let quote = UInt8(ascii: "'")
    let length = byte(at: start + 1) == quote && byte(at: start + 2) == quote ? 3 : 1
    let opening = tokens.count
    emit(.stringStart, from: start, to: start + length)
    position = start + length
    let textStart = position
    while position < count {
      if bytes[position] == quote,
        length == 1 || byte(at: position + 1) == quote && byte(at: position + 2) == quote
      {
        if position > textStart { emit(.stringText, from: textStart, to: position) }
        emit(.stringEnd, from: position, to: position + length)
        position += length
        link(opening, tokens.count - 1)
        return
      }
      position += 1
    }
    // Without its end it would swallow the rest of the script: take it to end with its line, and go on there.
    endsOpen = true
    report(
      .unterminatedString, start, start + length, "this string has no closing `\(length == 3 ? "'''" : "'")`",
      hint: length == 3 ? nil : "an apostrophe in a text stands in double quotes: `\"it's\"`")
    tokens[opening].flags.insert(.failed)
    position = length == 3 ? count : endOfLine(from: textStart)
    emit(.stringEnd, from: position, to: position)
    link(opening, tokens.count - 1)
  }

  func endOfLine(from offset: Int) -> Int {
    var end = offset
    while end < count, bytes[end] != 0x0A { end += 1 }
    return end
  }

  /// Text of a string, up to an interpolation or its end.
  mutating func lexStringText() {
    guard let mode = modes.last else { return }
    let isMultiline = mode.kind == .multilineString
    let start = position
    var flags: Token.Flags = []
    while position < count {
      switch bytes[position] {
      case 0x22:
        if isMultiline, byte(at: position + 1) != 0x22 || byte(at: position + 2) != 0x22 {
          position += 1
          continue
        }
        emitText(.stringText, from: start, flags)
        let length = isMultiline ? 3 : 1
        emit(.stringEnd, from: position, to: position + length)
        position += length
        modes.removeLast()
        link(mode.token, tokens.count - 1)
        return
      case UInt8(ascii: "\\"):
        flags.insert(.escapes)
        lexEscape()
      case UInt8(ascii: "{"):
        emitText(.stringText, from: start, flags)
        modes.append(Mode(kind: .stringInterpolation, token: tokens.count))
        emit(.interpolationStart, from: position, to: position + 1)
        position += 1
        return
      case 0x0A where !isMultiline:
        emitText(.stringText, from: start, flags)
        unterminatedLine()
        return
      default:
        position += 1
      }
    }
    emitText(.stringText, from: start, flags)
    if isMultiline { _ = closeAtEnd() } else { unterminatedLine() }
  }

  private mutating func emitText(_ kind: Token.Kind, from start: Int, _ flags: Token.Flags) {
    if position > start { emit(kind, flags: flags, from: start, to: position) }
  }

  /// The line has ended inside a string that belongs to it: every string that this line began ends here, and
  /// so does what was open within.
  private mutating func unterminatedLine() {
    var lineStart = position
    while lineStart > 0, bytes[lineStart - 1] != 0x0A { lineStart -= 1 }
    var outermost = modes.count - 1
    for index in modes.indices.reversed() {
      let mode = modes[index]
      guard mode.kind != .command, mode.kind != .capture, mode.kind != .multilineString else { break }
      if mode.kind == .string, Int(tokens[mode.token].start) >= lineStart { outermost = index }
    }
    let opening = tokens[modes[outermost].token].span
    // `"a {b"`: the quote that seemed to close the string has opened one within the interpolation.
    let brace = outermost + 1 < modes.count ? tokens[modes[outermost + 1].token].span : nil
    if let brace {
      report(
        .unterminatedString, Int(brace.start), Int(brace.end), "this interpolation has no closing `}`",
        labels: [.init(opening, "in this string")], hint: "a brace that is text is written `\\{`")
    } else {
      report(
        .unterminatedString, Int(opening.start), Int(opening.end), "this string is not closed on its line",
        hint: "close it with `\"`, or write a text of several lines between `\"\"\"`")
    }
    closeModes(downTo: outermost)
  }

  /// Ends every mode from the top down to `lowest`, as if the text had.
  mutating func closeModes(downTo lowest: Int) {
    while modes.count > lowest {
      let mode = modes.removeLast()
      let end: Token.Kind
      switch mode.kind {
      case .paren, .bracket, .brace: continue
      case .string, .multilineString: end = .stringEnd
      case .stringInterpolation, .commandInterpolation: end = .interpolationEnd
      case .command, .capture:
        if mode.wordOpen { emit(.wordEnd, from: position, to: position) }
        end = .commandEnd
      case .commandQuote:
        if let command = modes.indices.last(where: {
          modes[$0].kind == .command || modes[$0].kind == .capture
        }) {
          modes[command].wordOpen = true
        }
        continue
      }
      emit(end, from: position, to: position)
      tokens[mode.token].flags.insert(.failed)
      link(mode.token, tokens.count - 1)
    }
  }

  /// Checks the escape at the position and steps over it.
  mutating func lexEscape() {
    let start = position
    position += 1
    switch byte(at: position) {
    case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "0"), UInt8(ascii: "e"),
      UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "{"), UInt8(ascii: "}"):
      position += 1
    case UInt8(ascii: "u"):
      position += 1
      lexUnicodeEscape(start)
    default:
      guard position < count, bytes[position] != 0x0A else {
        // In a string of one line the missing quote is the mistake.
        if modes.last?.kind == .string { return }
        report(
          .badEscape, start, position, "a `\\` at the end of the line escapes nothing",
          hint: "a backslash that is text is written `\\\\`")
        return
      }
      position += scalar(at: position)?.1 ?? 1
      let text = source.text(of: Span(start, position))
      report(
        .badEscape, start, position, "`\(text)` is no escape",
        hint: "write `\\\(text)` for the backslash itself, or put a raw text in single quotes")
    }
  }

  private mutating func lexUnicodeEscape(_ start: Int) {
    let form = "write a character's number in hexadecimal, as in `\\u{1F600}`"
    guard byte(at: position) == UInt8(ascii: "{") else {
      report(.badEscape, start, position, "`\\u` without `{…}`", hint: form)
      return
    }
    position += 1
    let digits = position
    var value: UInt32 = 0
    var tooLarge = false
    while position < count, let digit = hexDigit(bytes[position]) {
      if value > 0x10FFFF { tooLarge = true } else { value = value << 4 | digit }
      position += 1
    }
    guard byte(at: position) == UInt8(ascii: "}"), position > digits else {
      report(.badEscape, start, position, "`\\u{` without a hexadecimal number and `}`", hint: form)
      return
    }
    position += 1
    if tooLarge || Unicode.Scalar(value) == nil {
      report(
        .badEscape, start, position, "`\(source.text(of: Span(start, position)))` is no character",
        hint: "characters go up to 10FFFF, without D800 to DFFF")
    }
  }

  private func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }

  /// `:` in an interpolation of a string, outside all brackets: the rest, up to `}`, is its format.
  mutating func lexFormat() {
    position += 1
    let start = position
    while position < count {
      switch bytes[position] {
      case UInt8(ascii: "}"):
        emit(.format, from: start, to: position)
        return
      case 0x22, 0x0A:
        report(
          .badFormat, start - 1, position, "a format ends with `}`",
          hint:
            "a format is made of fill, align, `+`, `0`, width, `,`, `.n` and a type, as in `{x:>8}` or `{x:.2}`"
        )
        emit(.format, from: start, to: position)
        return
      case UInt8(ascii: "{"):
        report(
          .badFormat, position, position + 1, "a format holds no interpolation",
          hint: "a width that is computed: `s.pad_start(width)`")
        position += 1
      default: position += 1
      }
    }
    emit(.format, from: start, to: position)
  }

  /// Ends whatever the end of the text has left open, reporting the innermost text; false if a capture is to
  /// be read again instead (then there is more to lex).
  mutating func closeAtEnd() -> Bool {
    guard let innermost = modes.lastIndex(where: { ![.paren, .bracket, .brace].contains($0.kind) }) else {
      modes.removeAll()
      return true
    }
    let mode = modes[innermost]
    endsOpen = endsOpen || mode.kind != .command
    if resumesLeft > 0, let index = modes.firstIndex(where: { $0.resume != nil }),
      let resume = modes[index].resume
    {
      resumesLeft -= 1
      endsOpen = false
      position = resume.position
      tokens.removeSubrange(resume.tokens...)
      numbers.removeSubrange(resume.numbers...)
      diagnostics.removeSubrange(resume.diagnostics...)
      documentation.removeAll { $0.token >= resume.tokens }
      newline = false
      modes.removeSubrange((index + 1)...)
      modes[index].resume = nil
      let opening = tokens[modes[index].token].span
      report(
        .unterminatedCommand, Int(opening.start), Int(opening.end), "this command has no closing `)`",
        hint: "a command goes on in the next line after a `\\` or a `|`")
      closeModes(downTo: index)
      return false
    }
    let opening = tokens[mode.token].span
    let span = (Int(opening.start), Int(opening.end))
    switch mode.kind {
    case .multilineString, .string:
      report(.unterminatedString, span.0, span.1, "this string has no closing `\"\"\"`")
    case .stringInterpolation, .commandInterpolation:
      report(
        .unterminatedString, span.0, span.1, "this interpolation has no closing `}`",
        hint: "a brace that is text is written `\\{`, or stands in single quotes")
    case .capture:
      report(.unterminatedCommand, span.0, span.1, "this command has no closing `)`")
    case .commandQuote:
      report(
        .unterminatedString, max(0, span.0), span.1, "a `\"` in this command is never closed",
        hint: "a quote that is text is written `\\\"`, or stands in single quotes")
    case .command, .paren, .bracket, .brace: break
    }
    let isBroken = mode.kind != .command
    closeModes(downTo: isBroken ? 0 : innermost)
    return modes.isEmpty || closeAtEnd()
  }
}
