// The methods of strings that cut, fill and take apart: trim, pad, repeat, lines, words, chars.

enum StringShaping {
  private static func method(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, receiver: "string", documentation: documentation, body: .plain(code))
  }

  static let functions: [NativeFunction] = [
    method("trim(chars?) → string", "Without white space, or any of the characters in `chars`, at both ends.")
    {
      call throws(Raised) in try trimmed(call, start: true, end: true)
    },
    method("trim_start(chars?) → string", "As `trim`, at the start only.") { call throws(Raised) in
      try trimmed(call, start: true, end: false)
    },
    method("trim_end(chars?) → string", "As `trim`, at the end only.") { call throws(Raised) in
      try trimmed(call, start: false, end: true)
    },
    method("pad_start(n, with = \" \") → string", "Filled in front to `n` characters.") {
      call throws(Raised) in
      try padded(call) { missing in (missing, 0) }
    },
    method("pad_end(n, with = \" \") → string", "Filled at the end to `n` characters.") {
      call throws(Raised) in
      try padded(call) { missing in (0, missing) }
    },
    method("center(n, with = \" \") → string", "Filled at both ends to `n` characters.") {
      call throws(Raised) in
      try padded(call) { missing in (missing / 2, missing - missing / 2) }
    },
    method("repeat(n) → string", "`n` times over; empty for 0 or less.") { call throws(Raised) in
      let text = try call.string(0)
      let count = try call.amount(1)
      let (length, overflows) = text.utf8.count.multipliedReportingOverflow(by: count)
      try checkTextLength(overflows ? Int.max : length)
      return .string(String(repeating: text, count: text.isEmpty ? 0 : count))
    },
    method("reversed() → string", "Its characters from the last to the first.") { call throws(Raised) in
      .string(String(try call.string(0).reversed()))
    },
    method("chars() → list", "Its characters, each a string.") { call throws(Raised) in
      let string = try call.stringObject(0)
      try checkListLength(string.byteCount)
      var characters: [Value] = []
      characters.reserveCapacity(string.count)
      if string.isASCII {
        for byte in string.text.utf8 {
          characters.append(.string(String(Unicode.Scalar(byte))))
          if characters.count & 0xFFFF == 0 { try call.checkpoint() }
        }
      } else {
        for character in string.text {
          characters.append(.string(String(character)))
          if characters.count & 0xFFFF == 0 { try call.checkpoint() }
        }
      }
      return .list(characters)
    },
    method(
      "lines() → list",
      "Its lines, without their ends (`\\n` or `\\r\\n`). An end of line at the very end begins no further line."
    ) { call throws(Raised) in
      .list(try lines(of: try call.string(0), call.strand))
    },
    method("words() → list", "What stands between white space.") { call throws(Raised) in
      .list(try StringSearching.words(of: try call.string(0), max: Int.max, call.strand))
    },
  ]

  /// The lines of a text, without their ends.
  static func lines(of text: String, _ strand: Strand) throws(Raised) -> [Value] {
    let bytes = text.utf8Span.span
    var lines: [Value] = []
    var start = 0
    for index in bytes.indices where bytes[index] == 0x0A {
      let end = index > start && bytes[index - 1] == 0x0D ? index - 1 : index
      lines.append(.string(String(decodingUTF8: bytes.extracting(start..<end))))
      start = index + 1
      if lines.count & 0xFFF == 0 { try strand.checkpoint() }
    }
    if start < bytes.count { lines.append(.string(String(decodingUTF8: bytes.extracting(start...)))) }
    return lines
  }

  private static func trimmed(
    _ call: borrowing NativeCall, start trimsStart: Bool, end trimsEnd: Bool
  ) throws(Raised) -> Value {
    let string = try call.stringObject(0)
    let text = string.text
    guard call.has(1) else { return trimmedOfSpace(string, start: trimsStart, end: trimsEnd) }
    let unwanted = Set(try call.string(1))
    var part = text[...]
    if trimsStart { part = part.drop { unwanted.contains($0) } }
    if trimsEnd { while let last = part.last, unwanted.contains(last) { part.removeLast() } }
    return part.utf8.count == string.byteCount ? call[0] : .string(String(part))
  }

  private static func trimmedOfSpace(_ string: StringObject, start trimsStart: Bool, end trimsEnd: Bool)
    -> Value
  {
    let scalars = string.text.unicodeScalars
    var start = scalars.startIndex
    var end = scalars.endIndex
    if trimsStart {
      while start < end, scalars[start].isSpace { start = scalars.index(after: start) }
    }
    if trimsEnd {
      while start < end {
        let before = scalars.index(before: end)
        guard scalars[before].isSpace else { break }
        end = before
      }
    }
    if start == scalars.startIndex, end == scalars.endIndex { return .object(string) }
    return .string(String(string.text[start..<end]))
  }

  private static func padded(
    _ call: borrowing NativeCall, _ sides: (_ missing: Int) -> (before: Int, after: Int)
  ) throws(Raised) -> Value {
    let string = try call.stringObject(0)
    let width = try call.int(1)
    let filler = try call.string(2, default: " ")
    guard width > string.count, !filler.isEmpty else { return call[0] }
    let (before, after) = sides(width - string.count)
    let (length, overflows) = filler.utf8.count.multipliedReportingOverflow(by: width - string.count)
    try checkTextLength(overflows ? Int.max : length, string.byteCount)
    return .string(fill(filler, before) + string.text + fill(filler, after))
  }

  /// So many characters of a text repeated.
  private static func fill(_ filler: String, _ count: Int) -> String {
    let size = filler.count
    if size == 1 { return String(repeating: filler, count: count) }
    return String(repeating: filler, count: count / size) + filler.prefix(count % size)
  }
}

extension Unicode.Scalar {
  /// Whether it is white space.
  var isSpace: Bool {
    value < 0x80 ? value == 0x20 || (value >= 0x09 && value <= 0x0D) : properties.isWhitespace
  }
}

extension String {
  /// A copy of bytes that are known to be UTF-8.
  init(decodingUTF8 bytes: Span<UInt8>) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}
