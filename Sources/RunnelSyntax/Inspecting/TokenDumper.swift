// Tokens as text, for `runnel inspect --tokens`: a line each, with its place, its kind and how it reads.

/// Writes tokens down.
public enum TokenDumper {
  /// One line for each token: `line:column  kind  text`; what nests is indented.
  public static func dump(_ list: TokenList) -> String {
    var out = ""
    var indentation = 0
    for token in list.tokens {
      switch token.kind {
      case .stringEnd, .interpolationEnd, .commandEnd: indentation = max(0, indentation - 1)
      default: break
      }
      let place = list.source.place(of: token.start)
      out += padded("\(place.line):\(place.column)", 9)
      out += String(repeating: "  ", count: indentation)
      let text = describe(token, in: list.source)
      out += text.isEmpty ? token.kind.rawValue : padded(token.kind.rawValue, 19) + text
      out += "\n"
      switch token.kind {
      case .stringStart, .interpolationStart, .commandStart: indentation += 1
      default: break
      }
    }
    return out
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private static func describe(_ token: Token, in source: SourceFile) -> String {
    switch token.kind {
    case .endOfFile, .wordEnd: ""
    case .stringText, .bareText, .quotedText, .format: SyntaxTreeDumper.quoted(source.text(of: token.span))
    default: source.text(of: token.span)
    }
  }
}
