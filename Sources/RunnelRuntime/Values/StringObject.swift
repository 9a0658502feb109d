// Strings are UTF-8, and immutable but for `append` to one that nobody else has. What costs a walk over the text (is it
// ASCII, how many characters, its hash) is computed once, when first asked for. Equality and order are those of the bytes
// (language.md §3).

import Synchronization

/// A string.
public final class StringObject: Object, @unchecked Sendable {
  // Unchecked: changed by `append` alone, while there is one reference to it.
  @exclusivity(unchecked) public private(set) var text: String
  /// 0: not known; else the hash, never 0.
  private let cachedHash = Atomic<Int>(0)
  /// 0: not known; else (characters + 1) × 2, plus 1 if every byte is ASCII.
  private let facts = Atomic<Int>(0)

  public init(_ text: String) {
    var text = text
    text.makeContiguousUTF8()
    self.text = text
    super.init(tag: .string)
  }

  public override var typeName: String { "string" }

  /// Adds another string to one that nobody else has (`Value.uniqueString`). O(bytes added), on average.
  func append(_ other: StringObject) {
    text.append(other.text)
    cachedHash.store(0, ordering: .relaxed)
    facts.store(0, ordering: .relaxed)
  }

  /// The number of bytes. O(1).
  public var byteCount: Int { text.utf8.count }

  /// Whether every byte is ASCII: then characters are bytes. (`\r\n` is one character, so a text that holds
  /// it does not count as ASCII here.)
  public var isASCII: Bool { computedFacts & 1 == 1 }

  /// Characters as people see them (grapheme clusters). Cached.
  public var count: Int { (computedFacts >> 1) - 1 }

  private var computedFacts: Int {
    let known = facts.load(ordering: .relaxed)
    if known != 0 { return known }
    let simple = text.utf8.withContiguousStorageIfAvailable { bytes in
      var previous: UInt8 = 0
      for byte in bytes {
        if byte >= 0x80 || (byte == 0x0A && previous == 0x0D) { return false }
        previous = byte
      }
      return true
    }
    let count = simple == true ? text.utf8.count : text.count
    let stored = (count + 1) << 1 | (simple == true ? 1 : 0)
    facts.store(stored, ordering: .relaxed)
    return stored
  }

  /// A hash of the bytes. Cached.
  @inline(__always)
  public var hash: Int {
    let known = cachedHash.load(ordering: .relaxed)
    return known != 0 ? known : computeHash()
  }

  @inline(never)
  private func computeHash() -> Int {
    var hash = Self.hash(of: text)
    if hash == 0 { hash = 1 }
    cachedHash.store(hash, ordering: .relaxed)
    return hash
  }

  static func hash(of text: String) -> Int {
    var text = text
    return text.withUTF8 { hash(of: UnsafeRawBufferPointer($0)) }
  }

  /// Eight bytes at a time, multiplied and folded (the mixing step of wyhash).
  static func hash(of bytes: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
    var offset = 0
    while offset + 8 <= bytes.count {
      hash = mix(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < bytes.count {
      tail = tail << 8 | UInt64(bytes[offset])
      offset += 1
    }
    return Int(truncatingIfNeeded: mix(hash ^ tail))
  }

  @inline(__always)
  static func mix(_ x: UInt64) -> UInt64 {
    let (high, low) = x.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    return high ^ low
  }

  /// Whether both have the same bytes.
  public func hasSameBytes(as other: StringObject) -> Bool {
    if self === other { return true }
    guard text.utf8.count == other.text.utf8.count else { return false }
    return text.utf8.elementsEqual(other.text.utf8)
  }
}
