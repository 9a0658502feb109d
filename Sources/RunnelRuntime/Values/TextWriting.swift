// Long texts, made so that a deadline can stop it: in pieces that are checked, copied and added to the text one after
// the other, with a look at the strand between. A text of the limit's length takes about a second in one go.

/// After how many bytes what makes a text looks at its strand.
let textPiece = 1 << 16

/// A text that is written a piece at a time. Whole code points go into `bytes`, then `look` is called.
struct TextWriter {
  /// The piece being written: UTF-8, ending with a whole code point whenever `look` is called.
  var bytes: [UInt8] = []
  private var text = ""
  private let strand: Strand?

  /// - Parameter capacity: how many bytes are expected.
  init(strand: Strand?, capacity: Int = 0) {
    self.strand = strand
    if capacity > textPiece { text.reserveCapacity(min(capacity, textLimit)) }
    if capacity > 0 { bytes.reserveCapacity(min(capacity, textPiece + textPiece / 8)) }
  }

  /// Raises `LimitError` where the text gets too long, `Cancelled` where the strand is to stop.
  @inline(__always)
  mutating func look() throws(Raised) {
    if bytes.count >= textPiece { try flush() }
  }

  private mutating func flush() throws(Raised) {
    try checkTextLength(text.utf8.count, bytes.count)
    text.append(String(decoding: bytes, as: UTF8.self))
    bytes.removeAll(keepingCapacity: true)
    try strand?.checkpoint()
  }

  /// Adds a whole text.
  mutating func append(_ other: String) throws(Raised) {
    if other.utf8.count < 256 {
      bytes.append(contentsOf: other.utf8)
      return try look()
    }
    try flush()
    try checkTextLength(text.utf8.count, other.utf8.count)
    try text.append(utf8: other.utf8Span.span, strand: strand)
  }

  /// Adds bytes that are whole code points.
  mutating func append(_ part: Span<UInt8>) throws(Raised) {
    if part.count < textPiece {
      bytes.append(contentsOf: part)
      return try look()
    }
    try flush()
    try checkTextLength(text.utf8.count, part.count)
    try text.append(utf8: part, strand: strand)
  }

  /// Adds a text so many times over. The bytes are copied, in pieces that double: 20 times as fast as item by item.
  mutating func append(_ unit: String, times count: Int) throws(Raised) {
    guard count > 0, !unit.isEmpty else { return }
    let (length, overflows) = unit.utf8.count.multipliedReportingOverflow(by: count)
    try checkTextLength(overflows ? Int.max : length, text.utf8.count + bytes.count)
    try flush()
    text.reserveCapacity(text.utf8.count + length)
    if unit.utf8.count >= textPiece {
      for _ in 0..<count { try text.append(utf8: unit.utf8Span.span, strand: strand) }
      return
    }
    var piece = unit
    var units = 1
    while units * 2 <= count, piece.utf8.count < textPiece {
      piece.append(piece)
      units *= 2
    }
    for _ in 0..<(count / units) {
      text.append(piece)
      try strand?.checkpoint()
    }
    let rest = unit.utf8.count * (count % units)
    text.append(contentsOf: piece[..<piece.utf8.index(piece.startIndex, offsetBy: rest)])
  }

  /// The whole text.
  mutating func finish() throws(Raised) -> String {
    if text.isEmpty { return String(decoding: bytes, as: UTF8.self) }
    try flush()
    return text
  }
}

extension [UInt8] {
  /// Appends a code point's UTF-8.
  @inline(__always)
  mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.value < 0x80 {
      append(UInt8(truncatingIfNeeded: scalar.value))
    } else if let encoded = UTF8.encode(scalar) {
      append(contentsOf: encoded)
    }
  }
}

extension Span<UInt8> {
  /// Where a piece of UTF-8 that begins at `start` and has about `size` bytes may end: not within a code point.
  func pieceEnd(from start: Int, size: Int) -> Int {
    guard count - start > size else { return count }
    let end = start + size
    // A code point has at most three bytes after its first; more of them are no UTF-8, and are cut anywhere.
    for back in 0...3 where self[end - back] & 0xC0 != 0x80 { return end - back }
    return end
  }
}

extension String {
  /// The text of bytes that are UTF-8, copied so that the strand can be stopped meanwhile.
  init(utf8 bytes: [UInt8], strand: Strand?) throws(Raised) {
    // Most are short: the standard library's way is quickest for an array.
    guard bytes.count > textPiece else {
      self.init(decoding: bytes, as: UTF8.self)
      return
    }
    try self.init(utf8: bytes.span, strand: strand)
  }

  init(utf8 bytes: Span<UInt8>, strand: Strand?) throws(Raised) {
    guard bytes.count > Self.copiedPiece else {
      self.init(decodingUTF8: bytes)
      return
    }
    self = ""
    reserveCapacity(bytes.count)
    try append(utf8: bytes, strand: strand)
  }

  /// After how many bytes what only copies looks at its strand.
  private static let copiedPiece = 1 << 20

  /// Adds bytes that are UTF-8, copied so that the strand can be stopped meanwhile.
  mutating func append(utf8 bytes: Span<UInt8>, strand: Strand?) throws(Raised) {
    var start = 0
    while start < bytes.count {
      let end = bytes.pieceEnd(from: start, size: Self.copiedPiece)
      append(String(decodingUTF8: bytes.extracting(start..<end)))
      start = end
      try strand?.checkpoint()
    }
  }

  /// The text changed by `change`, which must treat each code point for itself: in pieces where it is long.
  func inPieces(_ strand: Strand, _ change: (String) -> String) throws(Raised) -> String {
    let bytes = utf8Span.span
    guard bytes.count > textPiece else { return change(self) }
    var result = ""
    result.reserveCapacity(bytes.count)
    var start = 0
    while start < bytes.count {
      let end = bytes.pieceEnd(from: start, size: textPiece)
      result.append(change(String(decodingUTF8: bytes.extracting(start..<end))))
      start = end
      try checkTextLength(result.utf8.count)
      try strand.checkpoint()
    }
    return result
  }
}
