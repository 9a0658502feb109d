// SHA-256, SHA-1 and MD5 share their frame: blocks of 64 bytes change a few words, and the last block ends with
// the length. Written here rather than taken from swift-crypto: see docs/decisions/hashing.md.

/// What differs between the algorithms.
protocol BlockCompression: SendableMetatype {
  init()
  /// Takes in one block of 64 bytes.
  mutating func compress(_ block: UnsafeRawPointer)
  /// Whether words and length have their most significant byte first.
  static var isBigEndian: Bool { get }
  /// The words that the digest is made of.
  var words: [UInt32] { get }
}

/// A digest that takes its bytes in pieces.
struct BlockDigest<Compression: BlockCompression>: Digest {
  private var compression = Compression()
  /// Bytes that do not fill a block yet: fewer than 64.
  private var pending: [UInt8] = []
  private var count: UInt64 = 0

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    count &+= UInt64(bytes.count)
    var offset = 0
    if !pending.isEmpty {
      offset = min(64 - pending.count, bytes.count)
      pending.append(contentsOf: bytes[..<offset])
      guard pending.count == 64 else { return }
      compressPending()
    }
    while offset + 64 <= bytes.count {
      compression.compress(start + offset)
      offset += 64
    }
    pending.append(contentsOf: bytes[offset...])
  }

  private mutating func compressPending() {
    pending.withUnsafeBytes { block in
      if let start = block.baseAddress { compression.compress(start) }
    }
    pending.removeAll(keepingCapacity: true)
  }

  mutating func finish() -> [UInt8] {
    let bits = count &* 8
    pending.append(0x80)
    if pending.count > 56 {
      pending.append(contentsOf: repeatElement(0, count: 64 - pending.count))
      compressPending()
    }
    pending.append(contentsOf: repeatElement(0, count: 56 - pending.count))
    pending.append(contentsOf: Self.bytes(of: bits))
    compressPending()
    return compression.words.flatMap(Self.bytes(of:))
  }

  private static func bytes(of word: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: Compression.isBigEndian ? word.bigEndian : word.littleEndian) { Array($0) }
  }
}

@inline(__always)
func rotatedLeft(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 &- count) }
