// Commands: `$ …`, `$(…)`, `$?(…)`, with words as in a shell (language.md §13). Words are told apart here, with
// their quotes; everything that other shells have and Runnel has not is refused here, with what to write.

extension Lexer {
  /// `$` in code. False if it begins no command.
  mutating func openCommand() -> Bool {
    let start = position
    let next = byte(at: start + 1)
    if next == UInt8(ascii: "(") || next == UInt8(ascii: "?") && byte(at: start + 2) == UInt8(ascii: "(") {
      let length = next == UInt8(ascii: "(") ? 2 : 3
      modes.append(Mode(kind: .capture, token: tokens.count))
      emit(.commandStart, from: start, to: start + length)
      position += length
      return true
    }
    if next == 0x20 || next == 0x09 {
      let isInBrackets =
        switch modes.last?.kind {
        case .paren, .bracket, .stringInterpolation, .commandInterpolation: true
        default: false
        }
      modes.append(Mode(kind: .command, token: tokens.count))
      emit(.commandStart, from: start, to: start + 1)
      position += 2
      if isInBrackets {
        fail(
          .commandInBrackets, start, start + 1,
          "a `$ command` reaches to the end of the line, so it cannot stand in brackets",
          "write `$(…)`, which captures its output")
      }
      return true
    }
    if startsName(at: start + 1) {
      let end = endOfName(from: start + 1)
      let name = source.text(of: Span(start + 1, end))
      invalid(
        .dollarName, end - start, "`$\(name)` is no way to name a variable",
        "write `\(name)` for a variable of the script, `env.\(name)` for one of the environment")
      return false
    }
    invalid(
      .unexpectedCharacter, 1, "a lone `$`",
      "a command is written `$ make` (with a space), `$(…)` to capture its output, `$?(…)` to ask how it ended"
    )
    return false
  }

  /// Reports a mistake in the innermost command, unless one has been: the parser then skips the command.
  mutating func fail(
    _ code: DiagnosticCode, _ start: Int, _ end: Int, _ message: String, _ hint: String? = nil
  ) {
    guard let index = modes.lastIndex(where: { $0.kind == .command || $0.kind == .capture }) else { return }
    guard !modes[index].failed else { return }
    modes[index].failed = true
    tokens[modes[index].token].flags.insert(.failed)
    report(code, start, end, message, hint: hint)
  }

  private mutating func endWord() {
    guard let mode = modes.last, mode.wordOpen else { return }
    emit(.wordEnd, from: position, to: position)
    modes[modes.count - 1].wordOpen = false
  }

  private mutating func beginWord() { modes[modes.count - 1].wordOpen = true }

  private mutating func endCommand(length: Int) {
    endWord()
    guard let mode = modes.popLast() else { return }
    emit(.commandEnd, from: position, to: position + length)
    position += length
    link(mode.token, tokens.count - 1)
  }

  /// Lexes a command up to its end, or to an interpolation or a quote in it.
  mutating func lexCommand() {
    guard let kind = modes.last?.kind else { return }
    let isCapture = kind == .capture
    while position < count {
      let wordOpen = modes[modes.count - 1].wordOpen
      let start = position
      switch bytes[start] {
      case 0x20, 0x09, 0x0D:
        endWord()
        position += 1
      case 0x0A:
        endWord()
        if !isCapture, tokens.last?.kind != .commandPipe {
          endCommand(length: 0)
          return
        }
        if isCapture { checkNewlineInCapture() }
        position += 1
      case UInt8(ascii: "\\"):
        if lexBackslash() { endWord() }
      case UInt8(ascii: "#") where !wordOpen:
        position = endOfLine(from: start)
      case UInt8(ascii: ";"):
        if !isCapture {
          endCommand(length: 0)
          return
        }
        endWord()
        fail(
          .shellHabit, start, start + 1, "a `;` inside `$(…)`: it holds one pipeline",
          "write two commands, each in its own `$(…)`; a `;` that is text stands in quotes")
        position += 1
      case UInt8(ascii: ")"):
        if modes[modes.count - 1].strayParens > 0 {
          endWord()
          modes[modes.count - 1].strayParens -= 1
          position += 1
          continue
        }
        endCommand(length: isCapture ? 1 : 0)
        return
      case UInt8(ascii: "}"):
        if !isCapture {
          endCommand(length: 0)
          return
        }
        endWord()
        fail(
          .shellHabit, start, start + 1, "an unmatched `}` in a command",
          "a brace that is text stands in single quotes: `'}'`")
        position += 1
      case UInt8(ascii: "("):
        endWord()
        fail(
          .shellHabit, start, start + 1, "a `(` in a command",
          isCapture
            ? "a parenthesis that is text stands in quotes; there are no subshells"
            : "a parenthesis that is text stands in quotes; to call a stage, capture first: `$(…) | each(f)`")
        modes[modes.count - 1].strayParens += 1
        position += 1
      case UInt8(ascii: "{"):
        if byte(at: start + 1) == UInt8(ascii: "}") {
          beginWord()
          emit(.bareText, from: start, to: start + 2)
          position += 2
        } else {
          beginWord()
          beginInterpolation()
          return
        }
      case UInt8(ascii: "\""):
        beginWord()
        // The quote is no token: its pieces are.
        modes.append(Mode(kind: .commandQuote, token: modes[modes.count - 1].token))
        position += 1
        return
      case UInt8(ascii: "'"):
        beginWord()
        lexCommandRawQuote()
      default:
        if !lexCommandOperator(wordOpen) { lexBareText() }
      }
    }
    endWord()
    if isCapture {
      _ = closeAtEnd()
    } else {
      if tokens.last?.kind == .commandPipe { endsOpen = true }
      endCommand(length: 0)
    }
  }

  private mutating func beginInterpolation() {
    modes.append(Mode(kind: .commandInterpolation, token: tokens.count))
    emit(.interpolationStart, from: position, to: position + 1)
    position += 1
  }

  /// A newline in `$(…)` may stand before its first word, after `|`, and before its `)`.
  private mutating func checkNewlineInCapture() {
    let opening = modes[modes.count - 1].token
    guard tokens.count - 1 > opening, tokens.last?.kind != .commandPipe else { return }
    var next = position
    while next < count {
      if bytes[next] == UInt8(ascii: "#") {
        next = endOfLine(from: next)
      } else if bytes[next] <= 0x20, bytes[next] != 0 {
        next += 1
      } else {
        break
      }
    }
    if next >= count || bytes[next] == UInt8(ascii: ")") { return }
    if modes[modes.count - 1].resume == nil, !modes[modes.count - 1].failed {
      modes[modes.count - 1].resume = Resume(
        position: position, tokens: tokens.count, numbers: numbers.count, diagnostics: diagnostics.count)
    }
    fail(
      .newlineInCapture, position, position + 1, "a newline inside `$(…)`",
      "end the line with `\\` to go on in the next line, or write two commands")
  }

  /// A backslash: true if it continues the line.
  private mutating func lexBackslash() -> Bool {
    let start = position
    let next = byte(at: start + 1)
    if next == 0x0A || next == 0x0D && byte(at: start + 2) == 0x0A {
      position += next == 0x0A ? 2 : 3
      if position >= count { endsOpen = true }
      return true
    }
    guard start + 1 < count else {
      position += 1
      endsOpen = true
      return true
    }
    beginWord()
    position += 1 + (scalar(at: start + 1)?.1 ?? 1)
    emit(.quotedText, flags: .bareEscape, from: start, to: position)
    return false
  }

  private mutating func lexCommandRawQuote() {
    let start = position
    position += 1
    while position < count, bytes[position] != UInt8(ascii: "'") { position += 1 }
    guard position < count else {
      position = endOfLine(from: start)
      endsOpen = true
      fail(
        .unterminatedString, start, start + 1, "this `'` in a command is never closed",
        "an apostrophe that is text stands in double quotes: `\"it's\"`")
      return
    }
    emit(.quotedText, from: start + 1, to: position)
    position += 1
  }

  /// Text that stands bare, up to whatever means something.
  private mutating func lexBareText() {
    let start = position
    beginWord()
    scan: while position < count {
      switch bytes[position] {
      case 0:
        fail(
          .unexpectedCharacter, position, position + 1,
          "a NUL character in a command: no program can be given one")
        position += 1
      case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: "\\"), UInt8(ascii: ";"), UInt8(ascii: "("),
        UInt8(ascii: ")"),
        UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "<"), UInt8(ascii: ">"),
        UInt8(ascii: "&"), UInt8(ascii: "`"), UInt8(ascii: "$"), UInt8(ascii: "'"), UInt8(ascii: "\""):
        break scan
      default:
        position += 1
      }
    }
    emit(.bareText, from: start, to: position)
  }

  // MARK: - Redirections and shell habits

  /// A redirection, a pipe, or what other shells have. False if bare text stands here.
  private mutating func lexCommandOperator(_ wordOpen: Bool) -> Bool {
    let start = position
    let next = byte(at: start + 1)
    switch bytes[start] {
    case UInt8(ascii: "|"):
      if next == UInt8(ascii: "|") {
        habit(
          2, "`||` joins commands in other shells", "write `try { $ a } catch { $ b }`, or ask with `$?(…)`")
      } else {
        endWord()
        emit(.commandPipe, from: start, to: start + 1)
        position += 1
      }
    case UInt8(ascii: "<"):
      if next == UInt8(ascii: "<") {
        habit(
          byte(at: start + 2) == UInt8(ascii: "<") ? 3 : 2, "`<<` feeds a text to a command in other shells",
          "write `text | $(…)`")
      } else {
        redirect(1)
      }
    case UInt8(ascii: ">"):
      if next == UInt8(ascii: ">") {
        redirect(2)
      } else if next == UInt8(ascii: "&") {
        if byte(at: start + 2) == UInt8(ascii: "2") {
          redirect(3)
        } else {
          habit(2, "of `>&` there is only `>&2`", "write `> file 2>&1` to send both to a file")
        }
      } else {
        redirect(1)
      }
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      guard !wordOpen else { return false }
      return lexNumberedRedirect()
    case UInt8(ascii: "&"):
      if next == UInt8(ascii: "&") {
        habit(
          2, "`&&` joins commands in other shells",
          "write two statements: a command that fails ends the script")
      } else if next == UInt8(ascii: ">") {
        habit(2, "`&>` is no redirection", "write `> file 2>&1`")
      } else {
        habit(
          1, "`&` starts a command in the background in other shells",
          "write `spawn $ …`; an `&` that is text stands in quotes")
      }
    case UInt8(ascii: "`"):
      habit(1, "backticks run a command in other shells", "write `let name = $(…)` before, and `{name}` here")
    case UInt8(ascii: "$"):
      lexDollar()
    default:
      return false
    }
    return true
  }

  /// `2>`, `2>>`, `2>&1` at the beginning of a word; other numbers are no redirections of ours.
  private mutating func lexNumberedRedirect() -> Bool {
    let start = position
    var end = start
    while byte(at: end) &- UInt8(ascii: "0") < 10 { end += 1 }
    let next = byte(at: end)
    guard next == UInt8(ascii: ">") || next == UInt8(ascii: "<") else { return false }
    guard end == start + 1, bytes[start] == UInt8(ascii: "2"), next == UInt8(ascii: ">") else {
      let number = source.text(of: Span(start, end))
      habit(
        end + 1 - start, "`\(number)\(String(UnicodeScalar(next)))` is no redirection",
        "there are `<`, `>`, `>>`, `2>`, `2>>`, `2>&1` and `>&2`; a number that is a word stands apart")
      return true
    }
    if byte(at: start + 2) == UInt8(ascii: ">") {
      redirect(3)
    } else if byte(at: start + 2) == UInt8(ascii: "&") {
      if byte(at: start + 3) == UInt8(ascii: "1") {
        redirect(4)
      } else {
        habit(3, "of `2>&` there is only `2>&1`", nil)
      }
    } else {
      redirect(2)
    }
    return true
  }

  private mutating func redirect(_ length: Int) {
    endWord()
    emit(.redirect, from: position, to: position + length)
    position += length
  }

  private mutating func habit(_ length: Int, _ message: String, _ hint: String?) {
    endWord()
    fail(.shellHabit, position, position + length, message, hint)
    position += length
  }

  /// `$` in a command: there is one way to interpolate, and it is not this.
  private mutating func lexDollar() {
    let start = position
    if startsName(at: start + 1) {
      let end = endOfName(from: start + 1)
      dollarName(start, end)
      position = end
      return
    }
    switch byte(at: start + 1) {
    case UInt8(ascii: "("):
      fail(
        .shellHabit, start, start + 2, "a `$(…)` within a word",
        "bind it before, `let name = $(…)`, and write `{name}` here; a `$` that is text stands in single quotes"
      )
      modes[modes.count - 1].strayParens += 1
      position += 2
    case UInt8(ascii: "{"):
      fail(
        .dollarName, start, start + 1, "`${…}` is no interpolation",
        "leave out the `$`: `{name}`, `{env.NAME}`")
      position += 1
    default:
      fail(
        .dollarName, start, start + 1, "a bare `$` in a command",
        "a `$` that is text stands in single quotes: `'$'`")
      position += 1
    }
  }

  private mutating func dollarName(_ start: Int, _ end: Int) {
    let name = source.text(of: Span(start + 1, end))
    fail(
      .dollarName, start, end, "`$\(name)` is no interpolation",
      "write `{env.\(name)}` for the environment's variable, `{\(name)}` for the script's")
  }

  // MARK: - Double quotes in commands

  mutating func lexCommandQuote() {
    let start = position
    var flags: Token.Flags = []
    while position < count {
      switch bytes[position] {
      case 0x22:
        emitPiece(from: start, flags)
        modes.removeLast()
        position += 1
        return
      case UInt8(ascii: "\\"):
        flags.insert(.escapes)
        // Other escapes keep their backslash, as in a shell: programs like grep have escapes of their own.
        if byte(at: position + 1) == UInt8(ascii: "u"), byte(at: position + 2) == UInt8(ascii: "{") {
          lexEscape()
        } else {
          position = min(count, position + 2)
        }
      case UInt8(ascii: "{"):
        if byte(at: position + 1) == UInt8(ascii: "}") {
          position += 2
        } else {
          emitPiece(from: start, flags)
          beginInterpolation()
          return
        }
      case UInt8(ascii: "$"):
        if startsName(at: position + 1) {
          let end = endOfName(from: position + 1)
          dollarName(position, end)
          position = end
        } else if byte(at: position + 1) == UInt8(ascii: "(") {
          fail(
            .shellHabit, position, position + 2, "a `$(…)` within a word",
            "bind it before, `let name = $(…)`, and write `{name}` here; a `$` that is text is written `\\$`")
          position += 2
        } else {
          position += 1
        }
      case 0:
        fail(
          .unexpectedCharacter, position, position + 1,
          "a NUL character in a command: no program can be given one")
        position += 1
      default:
        position += 1
      }
    }
    emitPiece(from: start, flags)
    _ = closeAtEnd()
  }

  /// A piece of a quoted text. The first is emitted even when it is empty: `"{xs}"` is one word, `{xs}` many.
  private mutating func emitPiece(from start: Int, _ flags: Token.Flags) {
    let top = modes.count - 1
    if position > start || !modes[top].hasPiece {
      emit(.quotedText, flags: flags, from: start, to: position)
      modes[top].hasPiece = true
    }
  }
}
