// The methods of bytes.

enum BytesMethods {
  static let group = NativeGroup(
    "bytes", summary: "Raw bytes, immutable. An index gives an int from 0 to 255, a slice gives bytes.",
    functions: functions)

  private static func method(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, receiver: "bytes", documentation: documentation, body: .plain(code))
  }

  private static let functions: [NativeFunction] = [
    method("len() → int", "How many bytes.") { call throws(Raised) in .int(try call.byteArray(0).count) },
    method("is_empty() → bool", "Whether there are none.") { call throws(Raised) in
      .bool(try call.byteArray(0).isEmpty)
    },
    method("slice(a, b?) → bytes", "From index `a` up to, not including, `b`: as `b[a..b]`.") {
      call throws(Raised) in
      _ = try call.int(1)
      if call.has(2) { _ = try call.int(2) }
      return try sliceValue(call[0], lower: call[1], upper: call[2], inclusive: false, strand: call.strand)
    },
    method("index(part) → int", "Where bytes, or a byte, first occur; nil if they do not.") {
      call throws(Raised) in
      let bytes = try call.byteArray(0)
      return try search(call).first(in: bytes.span, from: 0, call.strand).map { .int($0) } ?? .nil
    },
    method("contains(part) → bool", "Whether bytes, or a byte, occur in it.") { call throws(Raised) in
      let bytes = try call.byteArray(0)
      return .bool(try search(call).first(in: bytes.span, from: 0, call.strand) != nil)
    },
    method("starts_with(part) → bool", "Whether it begins with bytes.") { call throws(Raised) in
      .bool(try call.byteArray(0).starts(with: try call.byteArray(1)))
    },
    method("ends_with(part) → bool", "Whether it ends with bytes.") { call throws(Raised) in
      let bytes = try call.byteArray(0)
      let part = try call.byteArray(1)
      return .bool(bytes.count >= part.count && bytes.suffix(part.count).elementsEqual(part))
    },
    method(
      "decode(encoding = \"utf-8\", errors = \"strict\") → string",
      """
      Its text in an encoding (see `encode` of strings). Bytes that are no text raise `ValueError` with their \
      `offset`, or with `errors: "replace"` become U+FFFD, or with `"ignore"` are left out.
      """
    ) { call throws(Raised) in
      let bytes = try call.byteArray(0)
      let encoding = try TextEncoding(named: try call.string(1, default: "utf-8"))
      let recovery = try TextEncoding.Recovery(named: try call.string(2, default: "strict"))
      return .string(try encoding.decode(bytes, recovery, strand: call.strand))
    },
    method("hex() → string", "Two hexadecimal digits for each byte.") { call throws(Raised) in
      let bytes = try call.byteArray(0)
      try checkTextLength(bytes.count, bytes.count)
      let digits = Array("0123456789abcdef".utf8)
      var writer = TextWriter(strand: call.strand, capacity: bytes.count * 2)
      for byte in bytes {
        writer.bytes.append(digits[Int(byte >> 4)])
        writer.bytes.append(digits[Int(byte & 15)])
        try writer.look()
      }
      return .string(try writer.finish())
    },
  ]

  private static func search(_ call: borrowing NativeCall) throws(Raised) -> ByteSearch {
    if case .int(let number) = call[1] {
      guard let byte = UInt8(exactly: number) else {
        throw Raised(.valueError, "a byte is from 0 to 255, not \(number)")
      }
      return ByteSearch([byte])
    }
    guard let part = call[1].bytes else { throw call.wrongType(1, expected: "bytes or an int") }
    return ByteSearch(part.bytes)
  }
}

extension NativeCall {
  /// Bytes.
  func byteArray(_ position: Int) throws(Raised) -> [UInt8] {
    guard let bytes = self[position].bytes else { throw wrongType(position, expected: "bytes") }
    return bytes.bytes
  }
}
