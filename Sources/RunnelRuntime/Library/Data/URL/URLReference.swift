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

  /// Any text has these parts (RFC 3986, appendix B).
  init(_ text: String) {
    // Bytes: all that parts end at is ASCII, and a long text is walked ten times as fast.
    var rest = text[...]
    if let hash = rest.utf8.firstIndex(of: UInt8(ascii: "#")) {
      fragment = String(rest[rest.utf8.index(after: hash)...])
      rest = rest[..<hash]
    }
    if let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) {
      query = String(rest[rest.utf8.index(after: mark)...])
      rest = rest[..<mark]
    }
    if let colon = rest.utf8.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(rest[..<colon]) {
      scheme = String(rest[..<colon])
      rest = rest[rest.utf8.index(after: colon)...]
    }
    if rest.utf8.starts(with: "//".utf8) {
      rest = rest[rest.utf8.index(rest.startIndex, offsetBy: 2)...]
      let end = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
      authority = String(rest[..<end])
      rest = rest[end...]
    }
    path = String(rest)
  }

  private static func isScheme(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0) }
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
  func resolving(_ reference: URLReference) -> URLReference {
    var target = reference
    if reference.scheme != nil {
      target.path = Self.withoutDots(reference.path)
      return target
    }
    target.scheme = scheme
    if reference.authority != nil {
      target.path = Self.withoutDots(reference.path)
      return target
    }
    target.authority = authority
    if reference.path.isEmpty {
      target.path = path
      target.query = reference.query ?? query
    } else if reference.path.hasPrefix("/") {
      target.path = Self.withoutDots(reference.path)
    } else {
      target.path = Self.withoutDots(merged(reference.path))
    }
    return target
  }

  private func merged(_ relative: String) -> String {
    if authority != nil, path.isEmpty { return "/" + relative }
    guard let slash = path.lastIndex(of: "/") else { return relative }
    return path[...slash] + relative
  }

  /// Without `.` and `..` segments (RFC 3986, 5.2.4).
  private static func withoutDots(_ path: String) -> String {
    let isAbsolute = path.hasPrefix("/")
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(isAbsolute ? 1 : 0)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".":
        if isLast { kept.append("") }
      case "..":
        if !kept.isEmpty { kept.removeLast() }
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    let joined = kept.joined(separator: "/")
    return isAbsolute ? "/" + joined : joined
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
