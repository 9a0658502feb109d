// How an uncaught error is shown: kind and message, the source line with a caret, the trace, notes, cause and
// suppressed errors (language.md §5).

import RunnelSyntax

public struct ErrorReport {
  private let isColoured: Bool
  private static let depthLimit = 8

  public init(isColoured: Bool) { self.isColoured = isColoured }

  /// The report, in lines.
  ///
  /// - Parameter summary: what it says instead of the error's own kind and message.
  public func render(_ error: ErrorObject, as summary: String? = nil) -> String {
    var text = ""
    write(error, summary, label: "error", indent: "", depth: 0, to: &text)
    return text
  }

  private func write(
    _ error: ErrorObject, _ summary: String? = nil, label: String, indent: String, depth: Int,
    to text: inout String
  ) {
    text += indent + style("31;1", label) + ": " + style("1", summary ?? error.summary) + "\n"
    if let first = error.trace.first {
      text += snippet(first, indent: indent)
      for entry in error.trace.dropFirst() { text += indent + "  " + line(entry) + "\n" }
    }
    for note in error.notes { text += indent + "  " + style("36", "note") + ": " + note + "\n" }
    guard depth < Self.depthLimit else { return }
    if let cause = error.cause {
      write(cause, label: "caused by", indent: indent + "  ", depth: depth + 1, to: &text)
    }
    for other in error.suppressed {
      write(other, label: "suppressed", indent: indent + "  ", depth: depth + 1, to: &text)
    }
  }

  private func line(_ entry: TraceEntry) -> String {
    let verb =
      switch entry.role {
      case .stage: "in the stage"
      case .raised: "raised in"
      case .called: "called from"
      case .spawned: "\(entry.task.map { "in \($0), " } ?? "")spawned from"
      case .awaited: "awaited in"
      }
    return "\(verb) `\(entry.function)` at \(entry.location)"
  }

  /// A place in a script: file and line, and the line with a mark.
  func snippet(_ entry: TraceEntry, indent: String = "") -> String {
    let place = entry.source.place(of: entry.span.start)
    let number = String(place.line)
    let gutter = indent + String(repeating: " ", count: number.count)
    let source = entry.source.line(place.line)
    let end = entry.source.place(of: entry.span.end)
    let width = end.line == place.line ? max(1, end.column - place.column) : 1
    var text =
      "\(gutter)\(style("34", "-->")) \(entry.source.name):\(place.line):\(place.column) in `\(entry.function)`\n"
    guard source.utf8.count < 400 else { return text }
    let lead = source.unicodeScalars.prefix(place.column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
    text += "\(gutter) \(style("34", "|"))\n"
    text += "\(indent)\(style("34", number)) \(style("34", "|")) \(source)\n"
    text +=
      "\(gutter) \(style("34", "|")) \(lead)\(style("31;1", String(repeating: "^", count: min(width, 200))))\n"
    return text
  }

  func style(_ code: String, _ text: String) -> String {
    isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
