// CSV text to rows (RFC 4180), in one pass, chunk by chunk: the `csv` stage feeds it a command's output as it comes,
// `csv.parse` a whole text at once. Our own rather than SwiftCSV, which needs Foundation: that would cost every
// script's start more than all of Runnel does, and it cannot read in pieces.
//
// Beyond the RFC: rows may end with `\r\n`, `\n` or `\r`; blank lines are skipped; a byte order mark is; quotes
// inside a field that does not begin with one are themselves. A quoted field that does not end, or goes on after its
// closing quote, is an error: guessing would lose data.

/// Cuts bytes into rows of strings.
public struct CSVReader {
  private enum State {
    /// Before a field's first byte.
    case fieldStart
    case unquoted
    case quoted
    /// After a quote in a quoted field: it closed the field, or is the first of two that stand for one.
    case quoteInQuoted
  }

  private let separator: UInt8
  private var state = State.fieldStart
  /// The bytes of the field so far, from earlier chunks or with doubled quotes undone.
  private var field: [UInt8] = []
  private var row: [Value] = []
  private var line = 1
  /// Where the quoted field began.
  private var openedLine = 1
  private var endedWithReturn = false
  /// How many bytes of a byte order mark have been seen at the very start; nil after it.
  private var markCount: Int? = 0

  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let quote = UInt8(ascii: "\"")

  /// - Parameter separator: an ASCII character, no quote and no end of line.
  public init(separator: UInt8 = UInt8(ascii: ",")) {
    self.separator = separator
  }

  /// Takes in bytes and gives each row that is complete to `emit`.
  /// - Throws: `ParseError` with `line`.
  public mutating func read(
    _ bytes: Span<UInt8>, strand: Strand, _ emit: ([Value]) throws(Raised) -> Void
  ) throws(Raised) {
    var index = 0
    if markCount != nil { try skipMark(bytes, &index, strand, emit) }
    var nextCheckpoint = index + 64 * 1024
    while index < bytes.count {
      if index >= nextCheckpoint {
        try strand.checkpoint()
        nextCheckpoint = index + 64 * 1024
      }
      let byte = bytes[index]
      // The second half of `\r\n`, perhaps in another chunk.
      if endedWithReturn {
        endedWithReturn = false
        if byte == 0x0A {
          index += 1
          continue
        }
      }
      switch state {
      case .fieldStart where byte == Self.quote:
        state = .quoted
        openedLine = line
        index += 1
      case .fieldStart, .unquoted:
        let limit = min(nextCheckpoint, bytes.count)
        let end = Self.end(of: bytes.extracting(..<limit), from: index, separator)
        try take(bytes.extracting(index..<end), whole: end < limit)
        index = end
        guard end < limit else {
          state = .unquoted
          break
        }
        index += 1
        try endField(with: bytes[end], emit)
      case .quoted:
        let limit = min(nextCheckpoint, bytes.count)
        let end = Self.quoteEnd(of: bytes.extracting(..<limit), from: index)
        countLines(bytes.extracting(index..<end))
        append(bytes.extracting(index..<end))
        index = end
        if end < limit {
          state = .quoteInQuoted
          index += 1
        }
      case .quoteInQuoted where byte == Self.quote:
        field.append(byte)
        state = .quoted
        index += 1
      case .quoteInQuoted:
        guard byte == separator || byte == 0x0A || byte == 0x0D else {
          throw failure("there is text after the closing quote of a field", line: line)
        }
        try endQuoted()
        index += 1
        try endField(with: byte, emit)
      }
    }
  }

  /// Ends the text: gives a last row that no newline ended.
  public mutating func finish(_ emit: ([Value]) throws(Raised) -> Void) throws(Raised) {
    if let count = markCount, count > 0 { field.append(contentsOf: Self.mark[..<count]) }
    markCount = nil
    switch state {
    case .quoted: throw failure("a quoted field does not end", line: openedLine)
    case .quoteInQuoted: try endQuoted()
    case .fieldStart where row.isEmpty && field.isEmpty: return
    case .fieldStart, .unquoted: row.append(try fieldValue())
    }
    try endRow(emit)
  }

  // MARK: Fields and rows

  /// The bytes of an unquoted field; `whole` if it ends with them.
  private mutating func take(_ bytes: Span<UInt8>, whole: Bool) throws(Raised) {
    guard whole, field.isEmpty else {
      append(bytes)
      if whole { row.append(try fieldValue()) }
      return
    }
    row.append(try value(bytes))
  }

  private mutating func append(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { field.append(contentsOf: $0) }
  }

  private mutating func endQuoted() throws(Raised) {
    row.append(try fieldValue())
    // An empty quoted field is a field: its row is no blank line.
    isQuotedRow = true
  }

  private var isQuotedRow = false

  private mutating func fieldValue() throws(Raised) -> Value {
    let value = try value(field.span)
    field.removeAll(keepingCapacity: true)
    return value
  }

  private func value(_ bytes: Span<UInt8>) throws(Raised) -> Value {
    if bytes.isEmpty { return .object(Self.empty) }
    do {
      return .object(StringObject(String(copying: try UTF8Span(validating: bytes))))
    } catch {
      throw failure("the text is not valid UTF-8", line: line)
    }
  }

  private static let empty = StringObject("")

  /// After a field's last byte: its separator, or the end of its row.
  private mutating func endField(with byte: UInt8, _ emit: ([Value]) throws(Raised) -> Void) throws(Raised) {
    state = .fieldStart
    guard byte != separator else { return }
    endedWithReturn = byte == 0x0D
    line += 1
    try endRow(emit)
  }

  private mutating func endRow(_ emit: ([Value]) throws(Raised) -> Void) throws(Raised) {
    state = .fieldStart
    let isBlank = row.count == 1 && !isQuotedRow && row[0].string?.byteCount == 0
    isQuotedRow = false
    if isBlank {
      row.removeAll(keepingCapacity: true)
      return
    }
    let complete = row
    row = []
    row.reserveCapacity(complete.count)
    try emit(complete)
  }

  // MARK: Scanning

  /// The first separator or end of line at or after a place.
  private static func end(of bytes: Span<UInt8>, from start: Int, _ separator: UInt8) -> Int {
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == separator || byte == 0x0A || byte == 0x0D { break }
      index += 1
    }
    return index
  }

  private static func quoteEnd(of bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] != quote { index += 1 }
    return index
  }

  private mutating func countLines(_ bytes: Span<UInt8>) {
    for index in bytes.indices where bytes[index] == 0x0A { line += 1 }
  }

  private mutating func skipMark(
    _ bytes: Span<UInt8>, _ index: inout Int, _ strand: Strand, _ emit: ([Value]) throws(Raised) -> Void
  ) throws(Raised) {
    while let count = markCount, count < Self.mark.count, index < bytes.count {
      if bytes[index] == Self.mark[count] {
        markCount = count + 1
        index += 1
        continue
      }
      // It only began like one.
      if count > 0 {
        field.append(contentsOf: Self.mark[..<count])
        state = .unquoted
      }
      markCount = nil
    }
    if markCount == Self.mark.count { markCount = nil }
  }

  private func failure(_ message: String, line: Int) -> Raised {
    Raised(.parseError, "\(message) (line \(line))", data: ["line": .int(line)])
  }
}

/// Makes maps of rows, by the names of the first one.
///
/// A row that is shorter than the header has fewer keys, what a longer one has more is left out, and of columns with
/// one name the last counts, as in Python.
public struct CSVHeader {
  private let keys: [StringObject]
  private let isUnique: Bool

  public init(_ row: [Value]) {
    keys = row.compactMap(\.string)
    isUnique = Set(keys.map(\.text)).count == keys.count
  }

  /// The map of a row.
  public func record(_ row: [Value]) -> Value {
    var map = MapStorage(minimumCapacity: keys.count)
    for (key, value) in zip(keys, row) {
      let hash = key.hash & Int.max
      if isUnique {
        map.append(.object(key), hash: hash, value)
      } else {
        map.set(.object(key), hash: hash, value)
      }
    }
    return .object(MapObject(map))
  }
}
