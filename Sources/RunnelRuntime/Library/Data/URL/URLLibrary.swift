// The namespace `url`.

enum URLLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "url", summary: "URLs (RFC 3986), their parts and their encoding.",
      functions: [
        NativeFunction(
          "parse(text)",
          documentation: """
            `{scheme, host, port, path, query, fragment}`: scheme and host in lower case, `path` and `fragment` decoded, `query` a \
            map of decoded texts. A name that the query has several times gives the list of its values. `host` and `port` are nil \
            where there is none, the others empty; `user` and `password` are there if the URL has them. A bad port or host raises \
            `ParseError`.
            """, body: .plain(parse)),
        NativeFunction(
          "encode(part)",
          documentation: "A string (or bytes) with all but letters, digits and `-._~` percent-encoded.",
          body: .plain(encode)),
        NativeFunction(
          "decode(text)", documentation: "A percent-encoded text decoded; `+` stays.", body: .plain(decode)),
        NativeFunction(
          "query(map)",
          documentation: """
            A map as a query, `a=1&b=x+y`: blanks become `+`, a list gives its name several times, nil leaves it out. `url.parse` \
            reads it back.
            """, body: .plain(query)),
        NativeFunction(
          "join(base, ref)",
          documentation: "What a reference (`../b`, `?x=1`, a whole URL) means on a page of the base URL.",
          body: .plain(join)),
      ])
  }

  // MARK: Parsing

  private static func parse(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let text = try call.string(0)
    let bytes = text.utf8Span.span
    for index in 0..<bytes.count {
      guard bytes[index] >= 0x20, bytes[index] != 0x7F else {
        throw Raised(.parseError, "a URL cannot hold control characters or newlines")
      }
      if index & 0xFFFF == 0xFFFF { try call.checkpoint() }
    }
    let parts = try URLReference(text, strand: call.strand)
    let authority = try Authority(parts.authority, call.strand)
    var map = MapStorage(minimumCapacity: 8)
    map.set(.string("scheme"), .string(parts.scheme?.lowercased() ?? ""))
    if let user = authority.user { map.set(.string("user"), .string(user)) }
    if let password = authority.password { map.set(.string("password"), .string(password)) }
    map.set(.string("host"), authority.host.map { .string($0) } ?? .nil)
    map.set(.string("port"), authority.port.map { .int($0) } ?? .nil)
    map.set(.string("path"), .string(try PercentEncoding.decode(parts.path, strand: call.strand)))
    map.set(.string("query"), .object(MapObject(try parsedQuery(parts.query ?? "", call.strand))))
    map.set(
      .string("fragment"), .string(try PercentEncoding.decode(parts.fragment ?? "", strand: call.strand)))
    return .object(MapObject(map))
  }

  /// `user:password@host:port`.
  private struct Authority {
    var user: String?
    var password: String?
    var host: String?
    var port: Int?

    /// No host has a tenth of it. What is below is walked character by character, several times.
    private static let longest = 1 << 16

    init(_ text: String?, _ strand: Strand) throws(Raised) {
      guard let text else { return }
      guard text.utf8.count <= Self.longest else {
        throw Raised(.parseError, "a URL's host and user cannot be longer than \(Self.longest) bytes")
      }
      var rest = text[...]
      if let at = rest.lastIndex(of: "@") {
        let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        user = try PercentEncoding.decode(parts[0], strand: strand)
        if parts.count > 1 { password = try PercentEncoding.decode(parts[1], strand: strand) }
        rest = rest[rest.index(after: at)...]
      }
      let name: Substring
      if rest.hasPrefix("[") {
        // An IPv6 address, whose colons are its own.
        guard let close = rest.firstIndex(of: "]") else {
          throw Raised(.parseError, "the `[` of the host `\(rest)` is not closed")
        }
        name = rest[rest.index(after: rest.startIndex)..<close]
        rest = rest[rest.index(after: close)...]
        guard !name.isEmpty,
          name.utf8.allSatisfy({ hexDigitValue($0) != nil || ":.%".utf8.contains($0) || $0 == 0x76 })
        else { throw Raised(.parseError, "`[\(name)]` is no IPv6 address") }
      } else {
        let colon = rest.firstIndex(of: ":") ?? rest.endIndex
        name = rest[..<colon]
        rest = rest[colon...]
        if let wrong = name.first(where: { $0.isWhitespace || "<>\"\\^`{|}".contains($0) }) {
          throw Raised(.parseError, "the host `\(name)` cannot hold `\(wrong)`")
        }
      }
      host = name.isEmpty ? nil : try PercentEncoding.decode(name, strand: strand).lowercased()
      guard !rest.isEmpty else { return }
      guard rest.hasPrefix(":") else { throw Raised(.parseError, "there is text after the host `[\(name)]`") }
      let digits = rest.dropFirst()
      if digits.isEmpty { return }
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), number <= 65_535
      else {
        throw Raised(.parseError, "`\(digits)` is no port; ports are 0 to 65535")
      }
      port = number
    }
  }

  /// By names, in the order in which they first come.
  private static func parsedQuery(_ query: String, _ strand: Strand) throws(Raised) -> MapStorage {
    var values = KeyedGroups()
    var query = query
    query.makeContiguousUTF8()
    let bytes = query.utf8Span.span
    var start = 0
    var looked = 0
    while start < bytes.count {
      let end =
        ByteSearch.offset(of: UInt8(ascii: "&"), in: bytes, from: start, through: bytes.count - 1)
        ?? bytes.count
      defer { start = end + 1 }
      if end - looked >= textPiece {
        looked = end
        try strand.checkpoint()
      }
      guard end > start else { continue }
      let equals = ByteSearch.offset(of: UInt8(ascii: "="), in: bytes, from: start, through: end - 1)
      func decoded(_ range: Range<Int>) throws(Raised) -> Value {
        .string(
          try PercentEncoding.decode(
            String(decodingUTF8: bytes.extracting(range)), plusAsBlank: true, strand: strand))
      }
      let key = try decoded(start..<(equals ?? end))
      let value = try equals.map { at throws(Raised) in try decoded((at + 1)..<end) } ?? .string("")
      try values.add(value, under: key, strand)
    }
    return values.mapped { $0.count == 1 ? $0[0] : .list($0) }
  }

  // MARK: Encoding

  private static func encode(_ call: borrowing NativeCall) throws(Raised) -> Value {
    if let bytes = call[0].bytes {
      return .string(try PercentEncoding.encode(bytes.bytes.span, strand: call.strand))
    }
    guard let text = call[0].string?.text else { throw call.wrongType(0, expected: "a string or bytes") }
    return .string(try PercentEncoding.encode(text.utf8Span.span, strand: call.strand))
  }

  private static func decode(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .string(try PercentEncoding.decode(try call.string(0), strand: call.strand))
  }

  private static func query(_ call: borrowing NativeCall) throws(Raised) -> Value {
    var writer = TextWriter(strand: call.strand)
    var isFirst = true
    for (key, value) in try call.map(0) {
      for item in value.list?.items ?? [value] where !item.isNil {
        guard let name = plainText(key), let text = plainText(item) else {
          throw Raised(
            .valueError, "a query cannot hold a \(item.typeName), under `\(plainText(key) ?? "its key")`")
        }
        if !isFirst { try writer.append("&") }
        isFirst = false
        try PercentEncoding.encode(name.utf8Span.span, blankAsPlus: true, to: &writer)
        try writer.append("=")
        try PercentEncoding.encode(text.utf8Span.span, blankAsPlus: true, to: &writer)
      }
    }
    return .string(try writer.finish())
  }

  private static func join(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let base = try URLReference(try call.string(0), strand: call.strand)
    let reference = try URLReference(try call.string(1), strand: call.strand)
    let joined = try base.resolving(reference, strand: call.strand).text
    try checkTextLength(joined.utf8.count)
    return .string(joined)
  }
}
