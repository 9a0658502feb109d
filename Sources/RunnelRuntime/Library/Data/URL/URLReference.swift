// URLs by RFC 3986: taken apart, put together, resolved against a base; and percent-encoding. Nothing is
// normalised but what has one meaning: the case of scheme and host.

/// The five parts of a URL or of a relative reference, as they are written. Nil is not there, which an empty
/// one is: `http://h/?` has an empty query.
struct URLReference {
  var scheme: String?
  var authority: String?
  var path = ""
  var query: String?
  var fragment: String?

  /// Any text has these parts (RFC 3986, appendix B). What they end at is ASCII, so bytes are looked at.
  init(_ text: String, strand: Strand) throws(Raised) {
    let bytes = text.utf8Span.span
    var start = 0
    var end = bytes.count
    func offset(of byte: Character) -> Int? {
      guard start < end, let byte = byte.asciiValue else { return nil }
      return ByteSearch.offset(of: byte, in: bytes, from: start, through: end - 1)
    }
    func part(_ range: Range<Int>) throws(Raised) -> String {
      try String(utf8: bytes.extracting(range), strand: strand)
    }
    if let hash = offset(of: "#") {
      fragment = try part((hash + 1)..<end)
      end = hash
    }
    if let mark = offset(of: "?") {
      query = try part((mark + 1)..<end)
      end = mark
    }
    if let colon = offset(of: ":"), try Self.isScheme(bytes.extracting(..<colon), strand) {
      scheme = try part(0..<colon)
      start = colon + 1
    }
    if end - start >= 2, bytes[start] == Self.slash, bytes[start + 1] == Self.slash {
      start += 2
      let path = offset(of: "/") ?? end
      authority = try part(start..<path)
      start = path
    }
    path = try part(start..<end)
  }

  private static let slash = UInt8(ascii: "/")

  private static func isScheme(_ bytes: Span<UInt8>, _ strand: Strand) throws(Raised) -> Bool {
    guard !bytes.isEmpty, isLetter(bytes[0]) else { return false }
    for index in 0..<bytes.count {
      let byte = bytes[index]
      guard isLetter(byte) || (0x30...0x39).contains(byte) || "+-.".utf8.contains(byte) else { return false }
      if index & 0xFFFF == 0xFFFF { try strand.checkpoint() }
    }
    return true
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  var text: String {
    var text = ""
    if let scheme { text += scheme + ":" }
    if let authority { text += "//" + authority }
    text += path
    if let query { text += "?" + query }
    if let fragment { text += "#" + fragment }
    return text
  }

  // MARK: Resolving

  /// What a reference means on a page of this URL (RFC 3986, 5.2).
  func resolving(_ reference: URLReference, strand: Strand) throws(Raised) -> URLReference {
    var target = reference
    if reference.scheme != nil {
      target.path = try Self.withoutDots(reference.path, strand)
      return target
    }
    target.scheme = scheme
    if reference.authority != nil {
      target.path = try Self.withoutDots(reference.path, strand)
      return target
    }
    target.authority = authority
    if reference.path.isEmpty {
      target.path = path
      target.query = reference.query ?? query
    } else if reference.path.utf8.first == Self.slash {
      target.path = try Self.withoutDots(reference.path, strand)
    } else {
      target.path = try Self.withoutDots(merged(reference.path), strand)
    }
    return target
  }

  private func merged(_ relative: String) -> String {
    if authority != nil, path.isEmpty { return "/" + relative }
    guard let slash = path.utf8.lastIndex(of: Self.slash) else { return relative }
    return path[...slash] + relative
  }

  /// Without `.` and `..` segments (RFC 3986, 5.2.4).
  private static func withoutDots(_ path: String, _ strand: Strand) throws(Raised) -> String {
    let bytes = path.utf8Span.span
    let isAbsolute = path.utf8.first == slash
    var kept: [Range<Int>] = []
    var start = isAbsolute ? 1 : 0
    var steps = 0
    while start <= bytes.count {
      let next =
        start < bytes.count
        ? ByteSearch.offset(of: slash, in: bytes, from: start, through: bytes.count - 1) : nil
      let segment = start..<(next ?? bytes.count)
      let isDots = segment.count <= 2 && segment.allSatisfy { bytes[$0] == UInt8(ascii: ".") }
      switch isDots ? segment.count : 0 {
      case 0: kept.append(segment)
      case 1: if next == nil { kept.append(bytes.count..<bytes.count) }
      default:
        if !kept.isEmpty { kept.removeLast() }
        if next == nil { kept.append(bytes.count..<bytes.count) }
      }
      start = segment.upperBound + 1
      steps += 1
      if steps & 0xFFF == 0 { try strand.checkpoint() }
    }
    var writer = TextWriter(strand: strand, capacity: bytes.count)
    for (index, segment) in kept.enumerated() {
      if index > 0 || isAbsolute { try writer.append("/") }
      try writer.append(bytes.extracting(segment))
    }
    return try writer.finish()
  }
}

/// Percent-encoding (RFC 3986, 2.1), of UTF-8.
enum PercentEncoding {
  /// All but letters, digits and `-._~` encoded.
  static func encode(_ bytes: Span<UInt8>, strand: Strand) throws(Raised) -> String {
    var writer = TextWriter(strand: strand, capacity: bytes.count)
    try encode(bytes, to: &writer)
    return try writer.finish()
  }

  static func encode(_ bytes: Span<UInt8>, blankAsPlus: Bool = false, to writer: inout TextWriter)
    throws(Raised)
  {
    let digits = Array("0123456789ABCDEF".utf8)
    for index in 0..<bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        writer.bytes.append(byte)
      case 0x20 where blankAsPlus:
        writer.bytes.append(UInt8(ascii: "+"))
      default:
        writer.bytes.append(UInt8(ascii: "%"))
        writer.bytes.append(digits[Int(byte >> 4)])
        writer.bytes.append(digits[Int(byte & 15)])
      }
      try writer.look()
    }
  }

  /// `%41` is `A`. A percent sign without two digits stays; bytes that are no UTF-8 become U+FFFD.
  static func decode(
    _ text: some StringProtocol, plusAsBlank: Bool = false, strand: Strand
  ) throws(Raised) -> String {
    var text = String(text)
    text.makeContiguousUTF8()
    let bytes = text.utf8Span.span
    guard
      ByteSearch.holds(UInt8(ascii: "%"), bytes)
        || (plusAsBlank && ByteSearch.holds(UInt8(ascii: "+"), bytes))
    else { return text }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    var steps = 0
    while index < bytes.count {
      steps &+= 1
      if steps & 0xFFFF == 0 { try strand.checkpoint() }
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = hexDigitValue(bytes[index + 1]),
        let low = hexDigitValue(bytes[index + 2])
      {
        output.append(high << 4 | low)
        index += 3
      } else {
        output.append(plusAsBlank && bytes[index] == UInt8(ascii: "+") ? 0x20 : bytes[index])
        index += 1
      }
    }
    return try String(utf8: output, strand: strand)
  }
}
