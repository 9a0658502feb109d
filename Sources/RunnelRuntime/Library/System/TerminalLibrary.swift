// `term`: colours, tables, and questions to whoever sits at the terminal.

internal import RunnelSystem

/// The built-ins of `term`.
enum TerminalLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "term", summary: "The terminal: colours, tables, questions.", functions: looks + questions)
  }

  private static var looks: [NativeFunction] {
    [
      .plain("width() → int", documentation: "The columns of the terminal; 80 if there is none.") {
        (call) throws(Raised) in .int(width(call.strand))
      },
      .plain(
        "style(text, style) → string",
        documentation: """
          The text in colours and the like, `"red bold"`; as it is if stdout is no terminal, or `NO_COLOR` is set. \
          Words: `bold dim italic underline blink reverse strike`, `black red green yellow blue magenta cyan white \
          gray`, with `bright_` or `on_` before a colour.
          """
      ) { (call) throws(Raised) in
        .string(
          try TerminalStyle.apply(
            try call.string(1), to: SystemHost.text(of: call[0]), isOn: showsColour(call.strand)))
      },
      .plain(
        "table(rows, columns: nil, align: nil) → string",
        documentation: """
          Rows in columns, two spaces apart, numbers to the right. Rows are maps, whose keys are the header line, or \
          lists. `columns` picks and orders the keys; `align` is a list, or a map by column, of `left`, `right` and \
          `center`.
          """
      ) { (call) throws(Raised) in
        let columns = call.has(1) ? try call.items(1) : nil
        return .string(try TextTable(rows: try call.items(0), columns: columns, align: call[2]).text())
      },
    ]
  }

  private static func width(_ strand: Strand) -> Int {
    for descriptor in [1, 2, 0] as [Int32] {
      if let width = Terminal.knownWidth(of: descriptor) { return width }
    }
    if let text = strand.environment["COLUMNS"]?.string?.text, let width = Int(text),
      (1...10_000).contains(width)
    {
      return width
    }
    return 80
  }

  /// https://no-color.org: any value that is not empty.
  private static func showsColour(_ strand: Strand) -> Bool {
    func variable(_ name: String) -> String { strand.environment[name]?.string?.text ?? "" }
    if !variable("NO_COLOR").isEmpty { return false }
    if !["", "0"].contains(variable("FORCE_COLOR")) { return true }
    return variable("TERM") != "dumb" && Terminal.isTerminal(1)
  }

  private static var questions: [NativeFunction] {
    [
      .waiting(
        "confirm(q) → bool", documentation: "Asks a question for yes or no; no at the end of the input."
      ) {
        (call) async throws(Raised) in
        let question = SystemHost.text(of: call[0])
        while true {
          SystemHost.writeError("\(question) [y/N] ", call.strand)
          guard let answer = try await answer(call.strand) else { return .bool(false) }
          switch answer.lowercased() {
          case "y", "yes": return .bool(true)
          case "", "n", "no": return .bool(false)
          default: SystemHost.writeError("Please answer y or n.\n", call.strand)
          }
        }
      },
      .waiting(
        "choose(q, options)",
        documentation:
          "Asks for one of a list's items, by its number or its text; nil at the end of the input."
      ) { (call) async throws(Raised) in
        guard let options = call[1].list?.items else { throw call.wrongType(1, expected: "a list") }
        guard !options.isEmpty else { throw Raised(.valueError, "`choose` takes at least one option") }
        let texts = options.map { SystemHost.text(of: $0) }
        var question = SystemHost.text(of: call[0]) + "\n"
        for (index, text) in texts.enumerated() { question += "  \(index + 1)  \(text)\n" }
        SystemHost.writeError(question, call.strand)
        while true {
          SystemHost.writeError("[1-\(options.count)] ", call.strand)
          guard let answer = try await answer(call.strand) else { return .nil }
          // An option that is itself a number is meant before the number of an option.
          if let index = texts.firstIndex(of: answer) { return options[index] }
          if let number = Int(answer), options.indices.contains(number - 1) { return options[number - 1] }
          SystemHost.writeError("Please answer with a number from 1 to \(options.count).\n", call.strand)
        }
      },
      .waiting(
        "password(q) → string|nil",
        documentation: "Asks for a line that is not shown while it is typed; nil at the end of the input."
      ) { (call) async throws(Raised) in
        SystemHost.writeError(SystemHost.text(of: call[0]), call.strand)
        guard Terminal.isTerminal(0) else { return try await StandardInput.shared.line(call.strand) }
        let wasOn = (try? Terminal.setEcho(false, of: 0)) ?? false
        defer {
          if wasOn { _ = try? Terminal.setEcho(true, of: 0) }
          SystemHost.writeError("\n", call.strand)
        }
        return try await StandardInput.shared.line(call.strand)
      },
    ]
  }

  private static func answer(_ strand: Strand) async throws(Raised) -> String? {
    guard let line = try await StandardInput.shared.line(strand).string?.text else { return nil }
    var answer = line[...]
    while answer.first?.isWhitespace == true { answer = answer.dropFirst() }
    while answer.last?.isWhitespace == true { answer = answer.dropLast() }
    return String(answer)
  }
}
