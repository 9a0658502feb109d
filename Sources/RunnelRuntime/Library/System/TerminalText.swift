// Text for terminals: colours and tables. Pure functions; TerminalLibrary.swift makes built-ins of them.

internal import RunnelSyntax

/// Colours and the like, by the words that `term.style` takes.
enum TerminalStyle {
  private static let colours = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
  private static let effects: [(name: String, code: Int)] = [
    ("bold", 1), ("dim", 2), ("italic", 3), ("underline", 4), ("blink", 5), ("reverse", 7), ("strike", 9),
  ]

  static var names: [String] {
    effects.map(\.name) + colours + ["gray"] + colours.map { "bright_\($0)" } + colours.map { "on_\($0)" }
  }

  /// The code of a word; nil for what is none.
  private static func code(_ word: Substring) -> Int? {
    if let effect = effects.first(where: { $0.name == word }) { return effect.code }
    if word == "gray" || word == "grey" { return 90 }
    for (prefix, base) in [("bright_", 90), ("on_", 40), ("", 30)] where word.hasPrefix(prefix) {
      if let index = colours.firstIndex(of: String(word.dropFirst(prefix.count))) { return base + index }
    }
    return nil
  }

  /// - Parameter isOn: whether there is somebody to see it; if not the text stays as it is, but the words are
  ///   checked all the same.
  static func apply(_ style: String, to text: String, isOn: Bool) throws(Raised) -> String {
    var codes: [String] = []
    for word in style.split(whereSeparator: { $0 == " " || $0 == "," }) {
      guard let code = code(word) else {
        let nearest =
          NearestName.suggest(for: String(word), among: names).map { "; did you mean `\($0)`?" } ?? ""
        throw Raised(.valueError, "`style` knows no `\(word)`\(nearest)")
      }
      codes.append(String(code))
    }
    guard isOn, !codes.isEmpty, !text.isEmpty else { return text }
    return "\u{1B}[\(codes.joined(separator: ";"))m\(text)\u{1B}[0m"
  }
}

/// Rows and columns.
struct TextTable {
  /// Spaces between columns.
  private static let gap = "  "

  private var headers: [String]?
  private var alignments: [DisplayWidth.Alignment]
  private var rows: [[String]]

  /// - Parameters:
  ///   - rows: maps, whose keys make a header line, or lists.
  ///   - columns: which keys, in which order; for lists, the header line.
  ///   - align: `left`, `right` or `center` for each column, or for some of them by name.
  init(rows: [Value], columns: [Value]?, align: Value) throws(Raised) {
    let keys = try Self.keys(of: rows, columns)
    var cells: [[Value?]] = []
    for row in rows {
      if let map = row.map {
        guard let keys else { throw Self.mixed() }
        cells.append(keys.map { map.storage[$0] })
      } else if let list = row.list {
        if keys != nil, columns == nil { throw Self.mixed() }
        cells.append(list.items.map { $0 })
      } else {
        throw Raised(.typeError, "`table` takes rows that are maps or lists, not \(row.typeName)")
      }
    }
    let count = max(cells.map(\.count).max() ?? 0, keys?.count ?? 0)
    headers = keys?.map { Self.cell($0) }
    alignments = (0..<count).map { column in
      let isNumeric =
        cells.contains { Self.isNumber($0, column) == true }
        && !cells.contains { Self.isNumber($0, column) == false }
      return isNumeric ? .right : .left
    }
    self.rows = cells.map { row in row.map { $0.map(Self.cell) ?? "" } }
    try take(align, keys)
  }

  private static func keys(of rows: [Value], _ columns: [Value]?) throws(Raised) -> [Value]? {
    if let columns { return columns }
    var keys: [Value] = []
    var known = MapStorage()
    var hasMaps = false
    for row in rows {
      guard let map = row.map else { continue }
      hasMaps = true
      for (key, _) in map.storage where known[key] == nil {
        known.set(key, .bool(true))
        keys.append(key)
      }
    }
    return hasMaps ? keys : nil
  }

  private static func mixed() -> Raised {
    Raised(.typeError, "`table` takes rows that are all maps or all lists")
  }

  /// Nil where there is nothing.
  private static func isNumber(_ row: [Value?], _ column: Int) -> Bool? {
    guard column < row.count, let value = row[column] else { return nil }
    switch value {
    case .nil: return nil
    case .int, .float, .duration: return true
    default: return false
    }
  }

  /// A cell is one line.
  private static func cell(_ value: Value) -> String {
    let text = SystemHost.text(of: value)
    guard text.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) else { return text }
    return String(text.map { $0 == "\n" || $0 == "\r" || $0 == "\r\n" || $0 == "\t" ? " " : $0 })
  }

  private mutating func take(_ align: Value, _ keys: [Value]?) throws(Raised) {
    if align.isNil { return }
    if let list = align.list {
      for (column, item) in list.items.enumerated() where column < alignments.count && !item.isNil {
        alignments[column] = try Self.alignment(item)
      }
    } else if let map = align.map {
      for (key, item) in map.storage {
        let name = SystemHost.text(of: key)
        guard let column = keys?.firstIndex(where: { SystemHost.text(of: $0) == name }) else {
          throw Raised(.valueError, "`table` has no column `\(name)` to align")
        }
        alignments[column] = try Self.alignment(item)
      }
    } else if align.string != nil {
      let alignment = try Self.alignment(align)
      for column in alignments.indices { alignments[column] = alignment }
    } else {
      throw Raised(
        .typeError, "`table` takes a list, a map by column or a string for `align`, not \(align.typeName)")
    }
  }

  private static func alignment(_ value: Value) throws(Raised) -> DisplayWidth.Alignment {
    guard let text = value.string?.text, let alignment = DisplayWidth.Alignment(rawValue: text) else {
      throw Raised(
        .valueError, "`table` aligns to the `left`, `right` or `center`, not to \(SystemHost.text(of: value))"
      )
    }
    return alignment
  }

  /// The lines, without a newline at the end.
  func text() -> String {
    let lines = (headers.map { [$0] } ?? []) + rows
    let widths = alignments.indices.map { column in
      lines.map { column < $0.count ? DisplayWidth.of($0[column]) : 0 }.max() ?? 0
    }
    return lines.map { line in
      var text = ""
      for column in alignments.indices {
        if column > 0 { text += Self.gap }
        text += DisplayWidth.padded(
          column < line.count ? line[column] : "", to: widths[column], alignments[column])
      }
      while text.utf8.last == UInt8(ascii: " ") { text.removeLast() }
      return text
    }.joined(separator: "\n")
  }
}
