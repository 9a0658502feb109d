// Text in bytes and back: the encodings that `encode` and `decode` know.

/// An encoding of text.
enum TextEncoding: String, CaseIterable {
  case utf8 = "utf-8"
  case ascii
  case latin1 = "latin-1"
  /// With a mark of the byte order in front, little end first.
  case utf16 = "utf-16"
  case utf16LittleEndian = "utf-16le"
  case utf16BigEndian = "utf-16be"

  /// What `decode` does with bytes that are no text.
  enum Recovery: String {
    case strict
    /// U+FFFD in their place.
    case replace
    /// As if they were not there.
    case ignore

    init(named name: String) throws(Raised) {
      guard let recovery = Recovery(rawValue: name) else {
        throw Raised(
          .valueError, "`\(name)` is no way to handle errors: \"strict\", \"replace\" or \"ignore\"")
      }
      self = recovery
    }
  }

  /// Upper case, `_`, `-` and spaces do not matter. Raises `ValueError` for an unknown name.
  init(named name: String) throws(Raised) {
    switch name.lowercased().filter({ $0 != "-" && $0 != "_" && $0 != " " }) {
    case "utf8": self = .utf8
    case "ascii", "usascii": self = .ascii
    case "latin1", "iso88591", "l1": self = .latin1
    case "utf16": self = .utf16
    case "utf16le": self = .utf16LittleEndian
    case "utf16be": self = .utf16BigEndian
    default:
      let known = TextEncoding.allCases.map(\.rawValue).joined(separator: ", ")
      throw Raised(.valueError, "unknown encoding `\(name)`; known: \(known)")
    }
  }

  /// Raises `ValueError` for a character that it has not.
  func encode(_ text: String, strand: Strand) throws(Raised) -> [UInt8] {
    switch self {
    case .utf8:
      let source = text.utf8Span.span
      guard source.count > 1 << 20 else { return Array(text.utf8) }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(source.count)
      for start in stride(from: 0, to: source.count, by: 1 << 20) {
        let piece = source.extracting(start..<min(start + 1 << 20, source.count))
        piece.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        try strand.checkpoint()
      }
      return bytes
    case .ascii: return try narrow(text, below: 0x80, strand)
    case .latin1: return try narrow(text, below: 0x100, strand)
    case .utf16: return try wide(text, littleEndian: true, mark: [0xFF, 0xFE], strand)
    case .utf16LittleEndian: return try wide(text, littleEndian: true, strand)
    case .utf16BigEndian: return try wide(text, littleEndian: false, strand)
    }
  }

  private func narrow(_ text: String, below bound: UInt32, _ strand: Strand) throws(Raised) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard scalar.value < bound else {
        throw Raised(.valueError, "\(rawValue) has no `\(scalar)` (code point \(bytes.count) of the text)")
      }
      bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      if bytes.count & 0xFFFF == 0 { try strand.checkpoint() }
    }
    return bytes
  }

  private func wide(
    _ text: String, littleEndian: Bool, mark: [UInt8] = [], _ strand: Strand
  ) throws(Raised) -> [UInt8] {
    var bytes = mark
    bytes.reserveCapacity(text.utf8.count * 2)
    func append(_ unit: UInt16) {
      let low = UInt8(truncatingIfNeeded: unit)
      let high = UInt8(truncatingIfNeeded: unit >> 8)
      bytes.append(littleEndian ? low : high)
      bytes.append(littleEndian ? high : low)
    }
    var looked = 0
    for scalar in text.unicodeScalars {
      for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter { append(unit) }
      if bytes.count - looked >= textPiece {
        looked = bytes.count
        try strand.checkpoint()
      }
    }
    return bytes
  }

  /// Raises `ValueError` with the offset of the first bytes that are no text, if `recovery` is strict.
  func decode(_ bytes: [UInt8], _ recovery: Recovery, strand: Strand? = nil) throws(Raised) -> String {
    switch self {
    case .utf8: return try decodeUTF8(bytes, recovery, strand)
    case .latin1:
      var writer = TextWriter(strand: strand, capacity: bytes.count)
      for byte in bytes {
        writer.bytes.append(Unicode.Scalar(byte))
        try writer.look()
      }
      return try writer.finish()
    case .ascii: return try decodeASCII(bytes, recovery, strand)
    case .utf16:
      if bytes.starts(with: [0xFE, 0xFF]) {
        return try decodeUTF16(bytes, from: 2, littleEndian: false, recovery, strand)
      }
      return try decodeUTF16(
        bytes, from: bytes.starts(with: [0xFF, 0xFE]) ? 2 : 0, littleEndian: true, recovery, strand)
    case .utf16LittleEndian: return try decodeUTF16(bytes, from: 0, littleEndian: true, recovery, strand)
    case .utf16BigEndian: return try decodeUTF16(bytes, from: 0, littleEndian: false, recovery, strand)
    }
  }

  private func invalid(_ offset: Int) -> Raised {
    Raised(.valueError, "the bytes are no \(rawValue) at offset \(offset)", data: ["offset": .int(offset)])
  }

  private func decodeUTF8(_ bytes: [UInt8], _ recovery: Recovery, _ strand: Strand?) throws(Raised) -> String
  {
    let size = 1 << 20
    guard bytes.count > size else { return try decodeUTF8(bytes[...], recovery) }
    try checkTextLength(bytes.count)
    var text = ""
    text.reserveCapacity(bytes.count)
    var start = 0
    while start < bytes.count {
      let end = bytes.span.pieceEnd(from: start, size: size)
      text.append(try decodeUTF8(bytes[start..<end], recovery))
      start = end
      try strand?.checkpoint()
    }
    try checkTextLength(text.utf8.count)
    return text
  }

  /// A piece, whose indexes are the offsets that errors name.
  private func decodeUTF8(_ bytes: ArraySlice<UInt8>, _ recovery: Recovery) throws(Raised) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    if recovery == .replace { return String(decoding: bytes, as: UTF8.self) }
    do {
      _ = try UTF8Span(validating: bytes.span)
      return String(decoding: bytes, as: UTF8.self)
    } catch {
      if recovery == .strict { throw invalid(bytes.startIndex + error.byteOffsets.lowerBound) }
    }
    var result: [UInt8] = []
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): result.append(scalar)
      case .emptyInput: return String(decoding: result, as: UTF8.self)
      case .error: continue
      }
    }
  }

  private func decodeASCII(_ bytes: [UInt8], _ recovery: Recovery, _ strand: Strand?) throws(Raised) -> String
  {
    var writer = TextWriter(strand: strand, capacity: bytes.count)
    for (offset, byte) in bytes.enumerated() {
      if byte < 0x80 {
        writer.bytes.append(byte)
      } else if recovery == .strict {
        throw invalid(offset)
      } else if recovery == .replace {
        writer.bytes.append("\u{FFFD}" as Unicode.Scalar)
      }
      try writer.look()
    }
    return try writer.finish()
  }

  private func decodeUTF16(
    _ bytes: [UInt8], from start: Int, littleEndian: Bool, _ recovery: Recovery, _ strand: Strand?
  ) throws(Raised) -> String {
    var writer = TextWriter(strand: strand, capacity: bytes.count)
    func unit(_ offset: Int) -> UInt16 {
      let first = UInt16(bytes[offset])
      let second = UInt16(bytes[offset + 1])
      return littleEndian ? second << 8 | first : first << 8 | second
    }
    var offset = start
    while offset < bytes.count {
      var scalar: Unicode.Scalar?
      var length = 2
      if offset + 1 < bytes.count {
        let first = unit(offset)
        if UTF16.isLeadSurrogate(first), offset + 3 < bytes.count, UTF16.isTrailSurrogate(unit(offset + 2)) {
          length = 4
          scalar = Unicode.Scalar(0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(unit(offset + 2)) & 0x3FF)
        } else {
          scalar = Unicode.Scalar(first)
        }
      }
      if let scalar {
        writer.bytes.append(scalar)
      } else if recovery == .strict {
        throw invalid(offset)
      } else if recovery == .replace {
        writer.bytes.append("\u{FFFD}" as Unicode.Scalar)
      }
      offset += length
      try writer.look()
    }
    return try writer.finish()
  }
}
