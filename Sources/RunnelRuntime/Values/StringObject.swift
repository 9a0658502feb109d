// Strings are UTF-8, and immutable but for `append` to one that nobody else has. What costs a walk over the text (is it
// ASCII, how many characters, its hash) is computed once, when first asked for. Equality and order are those of the bytes
// (language.md §3).

import Synchronization

/// A string.
///
/// `@unchecked Sendable`: `text` is written only through the one reference to it; what is known of it is atomic.
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

  /// Of bytes that should be UTF-8: what is none becomes U+FFFD. ASCII, which most lines are, is not looked at twice.
  init(repairing bytes: UnsafeRawBufferPointer) {
    let text = bytes.bindMemory(to: UInt8.self)
    if Self.isASCII(text.span) {
      self.text = String(copying: UTF8Span(unchecked: text.span, isKnownASCII: true))
    } else {
      self.text = String(decoding: bytes, as: UTF8.self)
    }
    super.init(tag: .string)
  }

  public override var typeName: String { "string" }

  /// Looks at the bytes, without a copy.
  @inline(__always)
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    var text = text
    return text.withUTF8(body)
  }

  /// Adds another string to one that nobody else has (`Value.uniqueString`). O(bytes added), on average.
  func append(_ other: StringObject) {
    text.append(other.text)
    cachedHash.store(0, ordering: .relaxed)
    facts.store(0, ordering: .relaxed)
  }

  /// Takes away what was appended since it had so many bytes: for one that nobody else has.
  func truncate(toBytes count: Int) {
    guard count < text.utf8.count else { return }
    text.removeSubrange(text.utf8.index(text.startIndex, offsetBy: count)...)
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
    // Without a strand nothing is raised.
    return (try? computeFacts(nil)) ?? 0
  }

  /// Finds out what `count` and `isASCII` ask of a long text: in pieces, so that a strand can be stopped meanwhile.
  func measure(_ strand: Strand?) throws(Raised) {
    if facts.load(ordering: .relaxed) == 0 { _ = try computeFacts(strand) }
  }

  @inline(never)
  private func computeFacts(_ strand: Strand?) throws(Raised) -> Int {
    let isSimple = try hasBytesAsCharacters(strand)
    var count = text.utf8.count
    if !isSimple {
      count = 0
      var index = text.startIndex
      while index < text.endIndex {
        index = text.index(after: index)
        count += 1
        if count & 0x3FFF == 0 { try strand?.checkpoint() }
      }
    }
    let stored = (count + 1) << 1 | (isSimple ? 1 : 0)
    facts.store(stored, ordering: .relaxed)
    return stored
  }

  private func hasBytesAsCharacters(_ strand: Strand?) throws(Raised) -> Bool {
    let bytes = text.utf8Span.span
    var start = 0
    while start < bytes.count {
      let end = min(start + 1 << 20, bytes.count)
      guard Self.isASCII(bytes.extracting(start..<end)) else { return false }
      var from = start
      while from < end, let carriage = ByteSearch.offset(of: 0x0D, in: bytes, from: from, through: end - 1) {
        if carriage + 1 < bytes.count, bytes[carriage + 1] == 0x0A { return false }
        from = carriage + 1
      }
      start = end
      if start < bytes.count { try strand?.checkpoint() }
    }
    return true
  }

  /// Eight bytes at a time.
  private static func isASCII(_ bytes: Span<UInt8>) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var offset = 0
      while offset + 8 <= bytes.count {
        if bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 {
          return false
        }
        offset += 8
      }
      var rest: UInt8 = 0
      while offset < bytes.count {
        rest |= bytes[offset]
        offset += 1
      }
      return rest < 0x80
    }
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
    return stringOrder(self, other) == 0
  }
}
