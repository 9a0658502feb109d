// Source text and places in it. A `SourceFile` owns the bytes of one script; a `Span` is a half-open
// range of byte offsets in it. Lines and columns are computed only when somebody is shown a place.

/// A half-open range of UTF-8 byte offsets in one source file.
public struct Span: Hashable, Sendable {
  /// Offset of the first byte.
  public var start: UInt32
  /// Offset after the last byte.
  public var end: UInt32

  public init(_ start: Int, _ end: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.end = UInt32(truncatingIfNeeded: end)
  }

  /// The smallest span that holds both.
  public func union(_ other: Span) -> Span {
    Span(Int(min(start, other.start)), Int(max(end, other.end)))
  }

  public static let none = Span(0, 0)
}

/// A line and a column, both from 1; columns count Unicode scalars.
public struct LineColumn: Hashable, Sendable {
  public let line: Int
  public let column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// The text of one script, with the name that messages show.
public final class SourceFile: Sendable {
  /// The name shown in messages: the path as the user gave it, `-c`, `stdin` or `repl:3`.
  public let name: String
  /// The text as UTF-8. Always valid: the loader refuses a file that is not (with the offset).
  public let bytes: [UInt8]
  /// Byte offsets at which lines begin.
  private let lineStarts: [Int]

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == 0x0A { starts.append(offset + 1) }
    lineStarts = starts
  }

  public convenience init(name: String, text: String) {
    self.init(name: name, bytes: Array(text.utf8))
  }

  public var lineCount: Int { lineStarts.count }

  /// The line of a byte offset, from 1. O(log lines).
  func line(of offset: UInt32) -> Int {
    let offset = min(Int(offset), bytes.count)
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }

  /// The line and column of a byte offset. O(log lines + length of the line).
  public func place(of offset: UInt32) -> LineColumn {
    let line = line(of: offset)
    var column = 1
    for byte in bytes[lineStarts[line - 1]..<min(Int(offset), bytes.count)] where byte & 0xC0 != 0x80 {
      column += 1
    }
    return LineColumn(line: line, column: column)
  }

  /// The bytes of a line (from 1), without its newline; none when there is no such line.
  func range(ofLine number: Int) -> Range<Int> {
    guard number >= 1, number <= lineStarts.count else { return 0..<0 }
    let start = lineStarts[number - 1]
    var end = number < lineStarts.count ? lineStarts[number] - 1 : bytes.count
    if end > start, bytes[end - 1] == 0x0D { end -= 1 }
    return start..<max(start, end)
  }

  /// The text of a line (from 1), without its newline; empty when there is no such line.
  public func line(_ number: Int) -> String {
    String(decoding: bytes[range(ofLine: number)], as: UTF8.self)
  }

  /// The text of a span.
  public func text(of span: Span) -> String {
    let start = min(Int(span.start), bytes.count)
    let end = max(start, min(Int(span.end), bytes.count))
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }
}
