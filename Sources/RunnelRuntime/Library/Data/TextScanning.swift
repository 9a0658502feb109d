// What the parsers of this folder share: places in a text, hexadecimal digits, and tests on eight bytes at once.

/// A place in a text that a parser reads, for messages: lines and columns count from 1, columns in characters.
struct TextPlace {
  var line = 1
  var column = 1

  /// The place after the given bytes, read from this place on. `\r\n`, `\n` and `\r` end a line.
  func advanced(over bytes: UnsafeBufferPointer<UInt8>) -> TextPlace {
    var place = self
    var lineStart = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      guard byte == 0x0A || byte == 0x0D else { continue }
      if byte == 0x0D, index < bytes.count, bytes[index] == 0x0A { index += 1 }
      place.line += 1
      place.column = 1
      lineStart = index
    }
    let lastLine = UnsafeBufferPointer(rebasing: bytes[lineStart...])
    let isASCII = lastLine.allSatisfy { $0 < 0x80 }
    place.column += isASCII ? lastLine.count : String(decoding: lastLine, as: UTF8.self).count
    return place
  }

  /// An error at this place, with `line` and `column` as its fields.
  func failure(_ kind: ErrorKind = .parseError, _ message: String) -> Raised {
    Raised(
      kind, "\(message) (line \(line), column \(column))", data: ["line": .int(line), "column": .int(column)])
  }
}

/// The value of a hexadecimal digit.
@inline(__always)
func hexDigitValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}

/// A number in hexadecimal, with zeros before it.
func hexadecimal(_ number: UInt32, digits: Int) -> String {
  let text = String(number, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// The bytes in hexadecimal, lower case.
func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
  let digits: StaticString = "0123456789abcdef"
  return String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
    var index = 0
    for byte in bytes {
      buffer[index] = digits.utf8Start[Int(byte >> 4)]
      buffer[index + 1] = digits.utf8Start[Int(byte & 15)]
      index += 2
    }
    return index
  }
}

/// Tests on eight bytes at once. Each gives a word in which the lowest bit that is set belongs to the first
/// byte (of a little-endian word) that passes; bits above it may be wrong.
enum EightBytes {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let tops: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  static func match(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let difference = word ^ (ones &* UInt64(byte))
    return (difference &- ones) & ~difference & tops
  }

  @inline(__always)
  static func below0x20(_ word: UInt64) -> UInt64 {
    (word &- ones &* 0x20) & ~word & tops
  }
}

/// Where bytes stop being valid UTF-8; nil if they are.
func firstInvalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
  do {
    _ = try UTF8Span(validating: bytes.span)
    return nil
  } catch {
    return error.byteOffsets.lowerBound
  }
}

/// Bytes as text, for what parses either.
/// - Throws: `ParseError` with the place where they are not valid UTF-8.
func validText(_ bytes: [UInt8]) throws(Raised) -> String {
  if let text = String(validating: bytes, as: UTF8.self) { return text }
  let place = bytes.withUnsafeBufferPointer { buffer in
    TextPlace().advanced(over: UnsafeBufferPointer(rebasing: buffer[..<(firstInvalidUTF8(buffer) ?? 0)]))
  }
  throw place.failure(.parseError, "the text is not valid UTF-8")
}
