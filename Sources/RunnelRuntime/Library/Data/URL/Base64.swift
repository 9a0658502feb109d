// Base64 (RFC 4648), and its namespace. Reading takes both alphabets, the usual one and that for URLs and file names,
// and skips white space, since mail and PEM files break lines; all else must be right, padding too.

enum Base64Library {
  static var group: NativeGroup {
    NativeGroup(
      "base64", summary: "Bytes as text of letters, digits, `+`, `/` and `=` (RFC 4648).",
      functions: [
        NativeFunction(
          "encode(x)", documentation: "The base64 of bytes, or of a string's UTF-8, on one line.",
          body: .plain(encode)),
        NativeFunction(
          "decode(text)",
          documentation: """
            The bytes of a base64 text; `-` and `_` may stand for `+` and `/`, white space is skipped. What is no base64, or is cut \
            off, raises `ValueError`.
            """, body: .plain(decode)),
      ])
  }

  private static func encode(_ call: borrowing NativeCall) throws(Raised) -> Value {
    if let bytes = call[0].bytes?.bytes { return .string(try Base64.encode(bytes.span, call.strand)) }
    guard let text = call[0].string?.text else { throw call.wrongType(0, expected: "a string or bytes") }
    let utf8 = text.utf8Span
    return .string(try Base64.encode(utf8.span, call.strand))
  }

  private static func decode(_ call: borrowing NativeCall) throws(Raised) -> Value {
    if let bytes = call[0].bytes?.bytes { return .bytes(try Base64.decode(bytes.span, call.strand)) }
    let text = try call.string(0)
    let utf8 = text.utf8Span
    return .bytes(try Base64.decode(utf8.span, call.strand))
  }
}

enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let pad = UInt8(ascii: "=")

  static func encode(_ bytes: Span<UInt8>, _ strand: Strand) throws(Raised) -> String {
    var output: [UInt8] = []
    output.reserveCapacity((bytes.count / 3 + 1) * 4)
    var index = 0
    while index < bytes.count {
      if index % 0x3_0000 == 0 { try strand.checkpoint() }
      let count = min(3, bytes.count - index)
      var word = UInt32(bytes[index]) << 16
      if count > 1 { word |= UInt32(bytes[index + 1]) << 8 }
      if count > 2 { word |= UInt32(bytes[index + 2]) }
      output.append(alphabet[Int(word >> 18 & 63)])
      output.append(alphabet[Int(word >> 12 & 63)])
      output.append(count > 1 ? alphabet[Int(word >> 6 & 63)] : pad)
      output.append(count > 2 ? alphabet[Int(word & 63)] : pad)
      index += 3
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// - Throws: `ValueError`, with the offset of the byte that is wrong.
  static func decode(_ text: Span<UInt8>, _ strand: Strand) throws(Raised) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count / 4 * 3)
    var word: UInt32 = 0
    var digits = 0
    var pads = 0
    for index in text.indices {
      if index & 0xFFFF == 0xFFFF { try strand.checkpoint() }
      let byte = text[index]
      let value = values[Int(byte)]
      if value < 64 {
        guard pads == 0 else { throw failure("there is text after the padding", at: index) }
        word = word << 6 | UInt32(value)
        digits += 1
        if digits == 4 {
          output.append(UInt8(truncatingIfNeeded: word >> 16))
          output.append(UInt8(truncatingIfNeeded: word >> 8))
          output.append(UInt8(truncatingIfNeeded: word))
          (word, digits) = (0, 0)
        }
      } else if byte == pad {
        pads += 1
        guard digits >= 2, digits + pads <= 4 else {
          throw failure("there is padding where none belongs", at: index)
        }
      } else if value != blank {
        throw failure("this is no digit of base64", at: index)
      }
    }
    if digits == 0 { return output }
    guard digits + pads == 4 else {
      throw failure(
        digits == 1 ? "the text is cut off" : "the text is cut off, or its padding `=` is missing",
        at: text.count)
    }
    if digits == 3 {
      output.append(UInt8(truncatingIfNeeded: word >> 10))
      output.append(UInt8(truncatingIfNeeded: word >> 2))
    } else {
      output.append(UInt8(truncatingIfNeeded: word >> 4))
    }
    return output
  }

  private static let blank: UInt8 = 64
  /// The value of each byte as a digit; 64 for white space, 255 for what is neither.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
    values[Int(UInt8(ascii: "-"))] = 62
    values[Int(UInt8(ascii: "_"))] = 63
    for byte: UInt8 in [0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D] { values[Int(byte)] = blank }
    return values
  }()

  private static func failure(_ reason: String, at offset: Int) -> Raised {
    Raised(.valueError, "this is no base64: \(reason), at offset \(offset)", data: ["offset": .int(offset)])
  }
}
