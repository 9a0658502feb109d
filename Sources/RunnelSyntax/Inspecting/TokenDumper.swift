// Tokens as text, for `runnel inspect --tokens`: a line each, with its place, its kind and how it reads.

/// Writes tokens down.
public enum TokenDumper {
  /// How deep nesting is shown: what is written stays as long as the text.
  private static let indentationLimit = 32

  /// One line for each token: `line:column  kind  text`; what nests is indented.
  public static func dump(_ list: TokenList) -> String {
    var out = ""
    var indentation = 0
    var reader = PlaceReader(source: list.source)
    for token in list.tokens {
      switch token.kind {
      case .stringEnd, .interpolationEnd, .commandEnd: indentation = max(0, indentation - 1)
      default: break
      }
      let place = reader.place(of: token.start)
      out += padded("\(place.line):\(place.column)", 9)
      out += String(repeating: "  ", count: min(indentation, indentationLimit))
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

  /// Places of ascending offsets, in one walk over the text: a line may be a million tokens long.
  private struct PlaceReader {
    let source: SourceFile
    private var offset = 0
    private var line = 1
    private var column = 1

    init(source: SourceFile) { self.source = source }

    mutating func place(of target: UInt32) -> LineColumn {
      let end = min(Int(target), source.bytes.count)
      guard end >= offset else { return source.place(of: target) }
      while offset < end {
        let byte = source.bytes[offset]
        if byte == 0x0A {
          line += 1
          column = 1
        } else if byte & 0xC0 != 0x80 {
          column += 1
        }
        offset += 1
      }
      return LineColumn(line: line, column: column)
    }
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
