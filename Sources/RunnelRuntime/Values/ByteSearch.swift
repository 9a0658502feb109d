// Finding bytes in bytes: what `contains`, `index`, `split`, `replace` and `in` stand on. UTF-8 is
// self-synchronising, so a string found bytewise in another begins and ends at code points.
//
// Looks for the first byte and compares from there; when that wastes too much (many false starts), it goes on
// with the Knuth-Morris-Pratt automaton, so it is linear at worst. In pieces, so that it can be interrupted.

private import Glibc

/// A needle, prepared.
struct ByteSearch {
  let needle: [UInt8]

  init(_ needle: [UInt8]) {
    self.needle = needle
  }

  init(_ needle: String) {
    self.init(Array(needle.utf8))
  }

  private static let piece = 1 << 22

  /// The offset of the first occurrence at or after `start`, or nil. An empty needle is found at `start`.
  func first(in haystack: Span<UInt8>, from start: Int, _ strand: Strand?) throws(Raised) -> Int? {
    let last = haystack.count - needle.count
    guard start <= last else { return nil }
    guard let head = needle.first else { return start }
    var begin = start
    while begin <= last {
      let end = min(last, begin + Self.piece)
      var wasted = 0
      while begin <= end {
        guard let candidate = Self.offset(of: head, in: haystack, from: begin, through: end) else {
          begin = end + 1
          break
        }
        let common = commonLength(haystack, at: candidate)
        if common == needle.count { return candidate }
        wasted += common + 8
        begin = candidate + 1
        if wasted > 4 * (begin - start) + 4_096 {
          return try automaton(haystack, from: begin, strand)
        }
      }
      if begin <= last { try strand?.checkpoint() }
    }
    return nil
  }

  /// Whether the needle occurs in a text.
  func isFound(in text: String, _ strand: Strand?) throws(Raised) -> Bool {
    try first(in: text.utf8Span.span, from: 0, strand) != nil
  }

  /// The offset of a byte's first occurrence between two offsets, which must be within the bytes.
  static func offset(of byte: UInt8, in haystack: Span<UInt8>, from start: Int, through end: Int) -> Int? {
    haystack.withUnsafeBytes { bytes in
      // The range is within the bytes, which stay where they are during the call.
      guard let base = bytes.baseAddress,
        let found = memchr(base + start, Int32(byte), end - start + 1)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  /// Whether a byte is among others.
  static func holds(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    bytes.count > 0 && offset(of: byte, in: bytes, from: 0, through: bytes.count - 1) != nil
  }

  private func commonLength(_ haystack: Span<UInt8>, at start: Int) -> Int {
    var length = 1
    while length < needle.count, haystack[start + length] == needle[length] { length += 1 }
    return length
  }

  private func automaton(_ haystack: Span<UInt8>, from start: Int, _ strand: Strand?) throws(Raised) -> Int? {
    var borders = [Int](repeating: 0, count: needle.count)
    var length = 0
    for index in 1..<max(needle.count, 1) {
      while length > 0, needle[index] != needle[length] { length = borders[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      borders[index] = length
    }
    length = 0
    for index in start..<haystack.count {
      let byte = haystack[index]
      while length > 0, byte != needle[length] { length = borders[length - 1] }
      if byte == needle[length] { length += 1 }
      if length == needle.count { return index - length + 1 }
      if index & 0xF_FFFF == 0 { try strand?.checkpoint() }
    }
    return nil
  }
}
