// The bytes of a message: numbers in as few bytes as they need, texts with their length before them. The reader trusts nothing:
// every length is held against what is left, so bytes from a worker that has gone mad end in a `WireError`, never in a crash or in
// memory that the message does not pay for.

/// What is wrong with bytes that were received.
struct WireError: Error {
  let what: String
}

/// Builds a message.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(byte: UInt8) { bytes.append(byte) }

  mutating func put(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

  /// A number of at least 0: seven bits a byte, the lowest first.
  mutating func put(count: Int) { put(word: UInt64(count)) }

  mutating func put(word: UInt64) {
    var word = word
    while word >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: word) | 0x80)
      word >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: word))
  }

  /// Any number: small ones of either sign are short.
  mutating func put(int: Int) {
    let wide = Int64(int)
    put(word: UInt64(bitPattern: (wide << 1) ^ (wide >> 63)))
  }

  mutating func put(float: Double) {
    withUnsafeBytes(of: float.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { put(bytes: UnsafeRawBufferPointer($0)) }
  }

  mutating func put(bytes part: UnsafeRawBufferPointer) {
    put(count: part.count)
    bytes.append(contentsOf: part)
  }

  mutating func put(bytes part: [UInt8]) { part.withUnsafeBytes { put(bytes: $0) } }

  /// Bytes as they are, without their length.
  mutating func append(_ part: [UInt8]) { bytes += part }

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }
}

/// Takes a message apart.
struct WireReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  init(_ bytes: [UInt8]) { self.init(bytes[...]) }

  /// How many bytes are left.
  var left: Int { bytes.endIndex - position }

  mutating func byte() throws(WireError) -> UInt8 {
    guard position < bytes.endIndex else { throw WireError(what: "it ends too early") }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func flag() throws(WireError) -> Bool {
    switch try byte() {
    case 0: false
    case 1: true
    default: throw WireError(what: "a flag that is neither 0 nor 1")
    }
  }

  mutating func word() throws(WireError) -> UInt64 {
    var word: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 63 || next <= 1 else { throw WireError(what: "a number of more than 64 bits") }
      word |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return word }
      shift += 7
    }
  }

  /// A number of at least 0.
  mutating func number() throws(WireError) -> Int {
    guard let number = Int(exactly: try word()) else { throw WireError(what: "a number that is too large") }
    return number
  }

  /// How many things follow, each of which takes at least a byte.
  mutating func count() throws(WireError) -> Int {
    let count = try number()
    guard count <= left else { throw WireError(what: "a count that is larger than the message") }
    return count
  }

  mutating func int() throws(WireError) -> Int {
    let word = try word()
    return Int(Int64(bitPattern: word >> 1) ^ -Int64(bitPattern: word & 1))
  }

  mutating func float() throws(WireError) -> Double {
    var bits: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) { bits |= UInt64(try byte()) << shift }
    return Double(bitPattern: bits)
  }

  mutating func part() throws(WireError) -> ArraySlice<UInt8> {
    let count = try count()
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  /// A text; what is no UTF-8 in it becomes U+FFFD, so that it is always one.
  mutating func text() throws(WireError) -> String { String(decoding: try part(), as: UTF8.self) }

  /// What has not been read.
  var rest: ArraySlice<UInt8> { bytes[position...] }

  /// Says that all has been read.
  func requireEnd() throws(WireError) {
    if left > 0 { throw WireError(what: "\(left) bytes too many") }
  }
}
