// Diagnostics as people read them: title, place, the lines of the source with what is meant underlined, hint.
//
//     error[E0201]: expected an expression, found `*`
//      --> pay.rnl:7:13
//       |
//     7 | let x = 1 + * 2
//       |           - ^
//       |           |
//       |           needs a value after it
//       = hint: …
//
// Columns on the screen are not characters: tabs, wide and invisible characters are laid out here.

/// Renders diagnostics as text and as JSON.
public struct DiagnosticRenderer: Sendable {
  /// Whether to colour by ANSI escapes.
  public var color: Bool
  /// How many columns of a source line are shown at most; longer ones are cut around what is meant.
  public var width: Int

  public init(color: Bool = false, width: Int = 100) {
    self.color = color
    self.width = max(width, 20)
  }

  /// One diagnostic, ending with a newline.
  public func render(_ diagnostic: Diagnostic) -> String {
    let source = diagnostic.source
    let place = source.place(of: diagnostic.span.start)
    var marks: [Mark] = [Mark(diagnostic.span, text: "", isPrimary: true, in: source)]
    for label in diagnostic.labels {
      marks.append(Mark(label.span, text: label.text, isPrimary: false, in: source))
    }
    let lines = Set(marks.map(\.line)).sorted()
    let gutter = String(lines.last ?? 1).count
    let margin = String(repeating: " ", count: gutter)

    var out = styled(
      "\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]", severityStyle(diagnostic.severity))
    out += styled(": \(printable(diagnostic.message))", .bold) + "\n"
    out += margin + styled("-->", .frame) + " \(printable(source.name)):\(place.line):\(place.column)\n"
    out += margin + styled(" |", .frame) + "\n"
    var last: Int?
    for line in lines {
      if let last, line > last + 1 {
        out += line == last + 2 ? sourceLine(last + 1, source, gutter) : styled("...", .frame) + "\n"
      }
      let here = marks.filter { $0.line == line }
      let anchor = here.first(where: \.isPrimary) ?? here[0]
      let layout = LineLayout(source, line: line, width: width, around: anchor.start)
      out += sourceLine(line, layout, gutter)
      for row in underlines(here, layout, diagnostic.severity) {
        out += margin + styled(" |", .frame) + (row.isEmpty ? "" : " " + row) + "\n"
      }
      last = line
    }
    if let hint = diagnostic.hint {
      out += margin + styled(" =", .frame) + " " + styled("hint", .hint) + ": \(printable(hint))\n"
    }
    return out
  }

  /// Several, with empty lines between them.
  public func render(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map { render($0) }.joined(separator: "\n")
  }

  // MARK: - Lines

  /// What to underline on one line: the offsets of its bytes in the file.
  fileprivate struct Mark {
    var line: Int
    var start: Int
    var end: Int
    var text: String
    var isPrimary: Bool
    /// The span goes on in the next line.
    var continues: Bool

    init(_ span: Span, text: String, isPrimary: Bool, in source: SourceFile) {
      line = source.line(of: span.start)
      start = min(Int(span.start), source.bytes.count)
      end = min(Int(max(span.start, span.end)), source.bytes.count)
      continues = source.line(of: UInt32(end)) > line
      if continues { end = source.range(ofLine: line).upperBound }
      self.text = text
      self.isPrimary = isPrimary
    }
  }

  private func sourceLine(_ number: Int, _ source: SourceFile, _ gutter: Int) -> String {
    sourceLine(number, LineLayout(source, line: number, width: width, around: nil), gutter)
  }

  private func sourceLine(_ number: Int, _ layout: LineLayout, _ gutter: Int) -> String {
    let digits = String(number)
    let padding = String(repeating: " ", count: gutter - digits.count)
    return styled("\(padding)\(digits) |", .frame) + (layout.text.isEmpty ? "" : " " + layout.text) + "\n"
  }

  /// The rows under a line: one of carets and dashes, then the labels' texts.
  private func underlines(_ marks: [Mark], _ layout: LineLayout, _ severity: Severity) -> [String] {
    var cells: [(character: Character, style: Style)] = []
    func put(
      _ character: Character, _ style: Style, at column: Int,
      in cells: inout [(character: Character, style: Style)]
    ) {
      while cells.count <= column { cells.append((" ", .plain)) }
      cells[column] = (character, style)
    }
    // The primary mark is drawn last: where marks overlap it wins.
    for mark in marks.sorted(by: { !$0.isPrimary && $1.isPrimary }) {
      let start = layout.column(of: mark.start)
      for column in start..<min(layout.endColumn(of: mark), start + width) {
        put(
          mark.isPrimary ? "^" : "-", mark.isPrimary ? severityStyle(severity) : .label, at: column,
          in: &cells)
      }
    }
    var rows = [cells]
    // The rightmost label's text follows its mark; the others stand below theirs, from right to left.
    let labelled = marks.filter { !$0.text.isEmpty }.sorted { $0.start > $1.start }
    for (index, mark) in labelled.enumerated() {
      let column = layout.column(of: mark.start)
      if index == 0, rows[0].count <= layout.endColumn(of: mark) {
        rows[0].append((" ", .plain))
        for character in printable(mark.text) { rows[0].append((character, .label)) }
        continue
      }
      var row: [(character: Character, style: Style)] = []
      for other in labelled[(index + 1)...] { put("|", .label, at: layout.column(of: other.start), in: &row) }
      while row.count < column { row.append((" ", .plain)) }
      row.removeSubrange(column...)
      for character in printable(mark.text) { row.append((character, .label)) }
      rows.append(row)
    }
    return rows.map(joined)
  }

  private func joined(_ cells: [(character: Character, style: Style)]) -> String {
    var out = ""
    var run = ""
    var style = Style.plain
    for cell in cells {
      if cell.style != style {
        out += styled(run, style)
        run = ""
        style = cell.style
      }
      run.append(cell.character)
    }
    return out + styled(run, style)
  }

  // MARK: - Colours

  private enum Style: String {
    case plain = ""
    case bold = "1"
    case error = "1;31"
    case warning = "1;33"
    case note = "1;36"
    case frame = "34"
    case label = "36"
    case hint = "1;32"
  }

  private func severityStyle(_ severity: Severity) -> Style {
    switch severity {
    case .error: .error
    case .warning: .warning
    case .note: .note
    }
  }

  private func styled(_ text: String, _ style: Style) -> String {
    color && style != .plain && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Without control characters, which could play tricks on a terminal.
  private func printable(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { out.append(ScreenWidth.shown(scalar)) }
    return String(out)
  }
}

// MARK: - Screen layout

/// A source line as it is shown: tabs as spaces, control characters as pictures, cut if it is long. Of a very long
/// line only what may be shown is looked at.
struct LineLayout {
  /// What is shown.
  private(set) var text = ""
  /// The offset in the file of each scalar that was looked at, and the screen column at which it begins, at the end those
  /// of what follows; cut ones share the edge's column.
  private var offsets: [Int] = []
  private var columns: [Int] = []
  /// The line goes on after what was looked at.
  private let isCutAfter: Bool

  /// - Parameter around: the offset in the file of what matters; nil for the line's beginning.
  init(_ source: SourceFile, line: Int, width: Int, around: Int?) {
    let whole = source.range(ofLine: line)
    let around = min(max(around ?? whole.lowerBound, whole.lowerBound), whole.upperBound)
    let part = Self.surroundings(of: around, in: whole, of: source, reach: width * 8)
    isCutAfter = part.upperBound < whole.upperBound
    var cells: [(text: String, width: Int)] = []
    var column = 0
    var offset = part.lowerBound
    for scalar in String(decoding: source.bytes[part], as: UTF8.self).unicodeScalars {
      offsets.append(offset)
      offset += UTF8.width(scalar)
      if scalar == "\t" {
        let size = 4 - column % 4
        cells.append((String(repeating: " ", count: size), size))
      } else {
        let shown = ScreenWidth.shown(scalar)
        cells.append((String(Character(shown)), ScreenWidth.columns(of: shown)))
      }
      column += cells[cells.count - 1].width
    }
    offsets.append(offset)
    // A window of the line, a third of it before the place that matters.
    var first = 0
    if column > width {
      var before = 0
      first = offsets.firstIndex { $0 >= around } ?? cells.count
      while first > 0, before + cells[first - 1].width <= width / 3 {
        first -= 1
        before += cells[first].width
      }
      // Near the end of the line the window ends with it.
      var rest = 0
      for cell in cells[first...] { rest += cell.width }
      while first > 0, rest + cells[first - 1].width <= width {
        first -= 1
        rest += cells[first].width
      }
    }
    var position = 0
    if first > 0 || part.lowerBound > whole.lowerBound {
      text = "…"
      position = 1
    }
    columns = [Int](repeating: 0, count: first)
    var isCut = false
    for cell in cells[first...] {
      columns.append(position)
      if isCut { continue }
      if position + cell.width > width {
        isCut = true
        text += "…"
        continue
      }
      text += cell.text
      position += cell.width
    }
    columns.append(position)
    if isCutAfter, !isCut { text += "…" }
    while text.last == " " { text.removeLast() }
  }

  /// The part of a line that can come into sight around a place, in whole scalars.
  private static func surroundings(
    of place: Int, in whole: Range<Int>, of source: SourceFile, reach: Int
  ) -> Range<Int> {
    var lower = max(whole.lowerBound, place - reach)
    var upper = min(whole.upperBound, place + reach)
    while lower > whole.lowerBound, source.bytes[lower] & 0xC0 == 0x80 { lower -= 1 }
    while upper < whole.upperBound, source.bytes[upper] & 0xC0 == 0x80 { upper += 1 }
    return lower..<upper
  }

  /// The screen column of what stands at an offset in the file; past the line's end, columns go on.
  func column(of offset: Int) -> Int {
    guard let last = offsets.last, let edge = columns.last else { return 0 }
    if offset >= last { return isCutAfter ? edge : edge + offset - last }
    return offsets.lastIndex { $0 <= offset }.map { columns[$0] } ?? 0
  }

  /// The screen column after a mark, which takes one at least.
  fileprivate func endColumn(of mark: DiagnosticRenderer.Mark) -> Int {
    max(column(of: mark.start) + 1, column(of: mark.end))
  }
}

/// How many columns characters take on a terminal.
enum ScreenWidth {
  /// A scalar fit to be shown: control characters and those that turn the text around have pictures instead.
  static func shown(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x00...0x1F: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
    case 0x7F: "\u{2421}"
    case 0x80...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: "\u{FFFD}"
    default: scalar
    }
  }

  /// 0 for what combines with the character before, 2 for East Asian wide characters and emoji, else 1.
  static func columns(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
      0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return scalar.properties.isEmojiPresentation ? 2 : 1
    }
  }
}
