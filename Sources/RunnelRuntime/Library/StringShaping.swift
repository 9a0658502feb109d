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
      var writer = TextWriter(strand: call.strand)
      try writer.append(text, times: count)
      return .string(try writer.finish())
    },
    method("reversed() → string", "Its characters from the last to the first.") { call throws(Raised) in
      .string(try reversed(try call.measured(0), call.strand))
    },
    method("chars() → list", "Its characters, each a string.") { call throws(Raised) in
      let string = try call.measured(0)
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
    while start < bytes.count,
      let index = ByteSearch.offset(of: 0x0A, in: bytes, from: start, through: bytes.count - 1)
    {
      let end = index > start && bytes[index - 1] == 0x0D ? index - 1 : index
      lines.append(.string(try String(utf8: bytes.extracting(start..<end), strand: strand)))
      start = index + 1
      if lines.count & 0xFFF == 0 { try strand.checkpoint() }
    }
    if start < bytes.count {
      lines.append(.string(start == 0 ? text : try String(utf8: bytes.extracting(start...), strand: strand)))
    }
    return lines
  }

  private static func trimmed(
    _ call: borrowing NativeCall, start trimsStart: Bool, end trimsEnd: Bool
  ) throws(Raised) -> Value {
    let string = try call.stringObject(0)
    let text = string.text
    guard call.has(1) else {
      return try trimmedOfSpace(string, start: trimsStart, end: trimsEnd, call.strand)
    }
    let unwanted = Set(try call.string(1))
    var start = text.startIndex
    var end = text.endIndex
    var steps = 0
    if trimsStart {
      while start < end, unwanted.contains(text[start]) {
        start = text.index(after: start)
        steps += 1
        if steps & 0xFFF == 0 { try call.checkpoint() }
      }
    }
    if trimsEnd {
      while start < end {
        let before = text.index(before: end)
        guard unwanted.contains(text[before]) else { break }
        end = before
        steps += 1
        if steps & 0xFFF == 0 { try call.checkpoint() }
      }
    }
    let part = text[start..<end]
    return part.utf8.count == string.byteCount ? call[0] : .string(String(part))
  }

  /// Read from the end, character by character.
  private static func reversed(_ string: StringObject, _ strand: Strand) throws(Raised) -> String {
    let text = string.text
    var writer = TextWriter(strand: strand, capacity: string.byteCount)
    if string.isASCII {
      let bytes = text.utf8Span.span
      for offset in 1..<(bytes.count + 1) {
        writer.bytes.append(bytes[bytes.count - offset])
        try writer.look()
      }
      return try writer.finish()
    }
    var index = text.endIndex
    while index > text.startIndex {
      index = text.index(before: index)
      writer.bytes.append(contentsOf: text[index].utf8)
      try writer.look()
    }
    return try writer.finish()
  }

  private static func trimmedOfSpace(
    _ string: StringObject, start trimsStart: Bool, end trimsEnd: Bool, _ strand: Strand
  ) throws(Raised) -> Value {
    var steps = 0
    let bytes = string.text.utf8Span.span
    var start = 0
    var end = bytes.count
    if trimsStart {
      while start < end {
        let length = bytes.spaceLength(at: start)
        guard length > 0 else { break }
        start += length
        steps += 1
        if steps & 0xFFFF == 0 { try strand.checkpoint() }
      }
    }
    if trimsEnd {
      while start < end {
        // Back to where a character may begin.
        var before = end - 1
        while before > start, bytes[before] & 0xC0 == 0x80 { before -= 1 }
        guard bytes.spaceLength(at: before) > 0 else { break }
        end = before
        steps += 1
        if steps & 0xFFFF == 0 { try strand.checkpoint() }
      }
    }
    if start == 0, end == bytes.count { return .object(string) }
    return .string(try String(utf8: bytes.extracting(start..<end), strand: strand))
  }

  private static func padded(
    _ call: borrowing NativeCall, _ sides: (_ missing: Int) -> (before: Int, after: Int)
  ) throws(Raised) -> Value {
    let string = try call.measured(0)
    let width = try call.int(1)
    let filler = try call.string(2, default: " ")
    guard width > string.count, !filler.isEmpty else { return call[0] }
    let (before, after) = sides(width - string.count)
    let (length, overflows) = filler.utf8.count.multipliedReportingOverflow(by: width - string.count)
    try checkTextLength(overflows ? Int.max : length, string.byteCount)
    var writer = TextWriter(strand: call.strand)
    try fill(filler, before, &writer)
    try writer.append(string.text)
    try fill(filler, after, &writer)
    return .string(try writer.finish())
  }

  /// So many characters of a text repeated.
  private static func fill(_ filler: String, _ count: Int, _ writer: inout TextWriter) throws(Raised) {
    let size = filler.count
    try writer.append(filler, times: count / size)
    try writer.append(String(filler.prefix(count % size)))
  }
}

extension Unicode.Scalar {
  /// Whether it is white space.
  var isSpace: Bool {
    value < 0x80 ? value == 0x20 || (value >= 0x09 && value <= 0x0D) : properties.isWhitespace
  }
}

extension Span<UInt8> {
  /// The length of the white space that begins at an offset of UTF-8, 0 where there is none: the code points
  /// that Unicode calls `White_Space`.
  @inline(__always)
  func spaceLength(at offset: Int) -> Int {
    let byte = self[offset]
    if byte < 0x80 { return byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) ? 1 : 0 }
    return byte == 0xC2 || (byte >= 0xE1 && byte <= 0xE3) ? wideSpaceLength(at: offset) : 0
  }

  private func wideSpaceLength(at offset: Int) -> Int {
    guard offset + 1 < count else { return 0 }
    let second = self[offset + 1]
    if self[offset] == 0xC2 { return second == 0x85 || second == 0xA0 ? 2 : 0 }
    guard offset + 2 < count else { return 0 }
    let third = self[offset + 2]
    switch (self[offset], second) {
    case (0xE1, 0x9A): return third == 0x80 ? 3 : 0
    case (0xE2, 0x80): return third <= 0x8A || third == 0xA8 || third == 0xA9 || third == 0xAF ? 3 : 0
    case (0xE2, 0x81): return third == 0x9F ? 3 : 0
    case (0xE3, 0x80): return third == 0x80 ? 3 : 0
    default: return 0
    }
  }
}

extension String {
  /// A copy of bytes that are known to be UTF-8.
  init(decodingUTF8 bytes: Span<UInt8>) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}
