// Diagnostics as JSON, for editors and `--format json`: one object on one line for each.

extension DiagnosticRenderer {
  /// One diagnostic as a JSON object, without a newline:
  /// `{"severity","code","message","file","span":{"start","end"},"start":{"line","column"},"end":{…},"labels":[…],"hint"}`.
  /// Offsets count bytes from 0; lines and columns count from 1, columns in Unicode scalars; `hint` may be null.
  public func renderJSON(_ diagnostic: Diagnostic) -> String {
    let source = diagnostic.source
    var out =
      "{\"severity\":\(quoted(diagnostic.severity.rawValue)),\"code\":\(quoted(diagnostic.code.rawValue))"
    out += ",\"message\":\(quoted(diagnostic.message)),\"file\":\(quoted(source.name)),"
    out += place(diagnostic.span, in: source)
    let labels = diagnostic.labels.map { "{\(place($0.span, in: source)),\"text\":\(quoted($0.text))}" }
    out += ",\"labels\":[\(labels.joined(separator: ","))]"
    out += ",\"hint\":\(diagnostic.hint.map(quoted) ?? "null")}"
    return out
  }

  /// Several, one on each line.
  public func renderJSON(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map { renderJSON($0) + "\n" }.joined()
  }

  private func place(_ span: Span, in source: SourceFile) -> String {
    let start = source.place(of: span.start)
    let end = source.place(of: max(span.start, span.end))
    return "\"span\":{\"start\":\(span.start),\"end\":\(max(span.start, span.end))}"
      + ",\"start\":{\"line\":\(start.line),\"column\":\(start.column)}"
      + ",\"end\":{\"line\":\(end.line),\"column\":\(end.column)}"
  }

  private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          let digits = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }
}
