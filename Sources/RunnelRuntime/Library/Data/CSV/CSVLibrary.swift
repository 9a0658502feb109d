// The namespace `csv`.

enum CSVLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "csv",
      summary: """
        Tables as text: fields between commas, in double quotes where they hold commas, quotes or newlines (RFC 4180).
        """,
      functions: [
        NativeFunction(
          "parse(text, header: true, sep: \",\")",
          documentation: """
            The rows of a text: maps by the names in the first row, or with `header: false` lists. All values are strings. Blank \
            lines are skipped. A row shorter than the header has fewer keys; what a longer one has more is left out. Quotes that do \
            not end, or end too early, raise `ParseError` with `line`.
            """, body: .plain(parse)),
        NativeFunction(
          "encode(rows, header: true, sep: \",\")",
          documentation: """
            The text of a list of maps or lists. Of maps the columns are all their keys, in the order in which they first come; with \
            `header` they are the first row. Nil and missing values are empty. Lists, maps and functions in a row raise `ValueError`.
            """, body: .plain(encode)),
      ])
  }

  static func separator(_ call: borrowing NativeCall, at position: Int = 2) throws(Raised) -> UInt8 {
    let text = try call.string(position, default: ",")
    guard text.utf8.count == 1, let byte = text.utf8.first, byte < 0x80, byte != UInt8(ascii: "\""),
      byte != 0x0A,
      byte != 0x0D
    else {
      throw Raised(
        .valueError, "`\(call.function.name)` takes one ASCII character for `sep`, no quote or newline")
    }
    return byte
  }

  // MARK: Reading

  private static func parse(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let separator = try separator(call)
    let hasHeader = try call.bool(1, default: true)
    if let bytes = call[0].bytes?.bytes {
      return try parse(bytes.span, hasHeader: hasHeader, separator, call.strand)
    }
    let text = try call.string(0)
    return try parse(text.utf8Span.span, hasHeader: hasHeader, separator, call.strand)
  }

  private static func parse(
    _ bytes: Span<UInt8>, hasHeader: Bool, _ separator: UInt8, _ strand: Strand
  ) throws(Raised) -> Value {
    var reader = CSVReader(separator: separator)
    var header: CSVHeader?
    var rows: [Value] = []
    func take(_ row: [Value]) {
      if !hasHeader {
        rows.append(.list(row))
      } else if let header {
        rows.append(header.record(row))
      } else {
        header = CSVHeader(row)
      }
    }
    try reader.read(bytes, strand: strand, take)
    try reader.finish(take)
    return .list(rows)
  }

  // MARK: Writing

  private static func encode(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let separator = try separator(call)
    let rows = try call.items(0)
    var writer = CSVWriter(separator: separator, strand: call.strand)
    let columns = try columns(rows, call)
    if try call.bool(1, default: true), !columns.isEmpty {
      try writer.write(columns.map(\.key), row: 0)
    }
    for (index, row) in rows.enumerated() {
      if index & 0x3FF == 0x3FF { try call.checkpoint() }
      if let map = row.map?.storage {
        var fields: [Value] = []
        fields.reserveCapacity(columns.count)
        for column in columns {
          fields.append(map.position(of: column.key, hash: column.hash).map { map[position: $0] } ?? .nil)
        }
        try writer.write(fields, row: index + 1)
      } else if let list = row.list {
        try writer.write(list.items, row: index + 1)
      } else {
        throw Raised(.typeError, "`encode` takes rows that are maps or lists, not \(row.typeName)")
      }
    }
    return .string(try writer.finish())
  }

  /// All keys of the rows that are maps, in the order in which they first come.
  private static func columns(
    _ rows: [Value], _ call: borrowing NativeCall
  ) throws(Raised) -> [(key: Value, hash: Int)] {
    var columns = MapStorage()
    for (index, row) in rows.enumerated() {
      if index & 0x3FF == 0x3FF { try call.checkpoint() }
      guard let map = row.map else { continue }
      for (key, _) in map.storage {
        guard let hash = keyHash(key) else { continue }
        if columns.position(of: key, hash: hash) == nil { columns.append(key, hash: hash, .nil) }
      }
    }
    return columns.compactMap { entry in keyHash(entry.key).map { (entry.key, $0) } }
  }
}

/// Writes rows of CSV.
private struct CSVWriter {
  private var writer: TextWriter
  let separator: UInt8

  init(separator: UInt8, strand: Strand) {
    self.separator = separator
    writer = TextWriter(strand: strand)
  }

  mutating func write(_ fields: [Value], row: Int) throws(Raised) {
    for (index, field) in fields.enumerated() {
      if index > 0 { writer.bytes.append(separator) }
      guard let text = plainText(field) else {
        throw Raised(.valueError, "CSV cannot hold a \(field.typeName), in row \(row), field \(index + 1)")
      }
      try write(text, isAlone: fields.count == 1)
    }
    writer.bytes.append(0x0A)
    try writer.look()
  }

  private mutating func write(_ field: String, isAlone: Bool) throws(Raised) {
    let bytes = field.utf8Span.span
    let needsQuotes =
      ByteSearch.holds(separator, bytes) || ByteSearch.holds(UInt8(ascii: "\""), bytes)
      || ByteSearch.holds(0x0A, bytes) || ByteSearch.holds(0x0D, bytes)
      // A lone empty field would be a blank line.
      || (isAlone && bytes.isEmpty)
    guard needsQuotes else { return try writer.append(bytes) }
    writer.bytes.append(UInt8(ascii: "\""))
    var start = 0
    while start < bytes.count {
      let end =
        ByteSearch.offset(of: UInt8(ascii: "\""), in: bytes, from: start, through: bytes.count - 1)
        ?? bytes.count
      try writer.append(bytes.extracting(start..<end))
      if end < bytes.count { try writer.append("\"\"") }
      start = end + 1
    }
    writer.bytes.append(UInt8(ascii: "\""))
  }

  mutating func finish() throws(Raised) -> String { try writer.finish() }
}
