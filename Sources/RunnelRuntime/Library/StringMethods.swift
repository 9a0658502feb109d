// The methods of strings that ask about or remake the whole text. Characters are grapheme clusters, as people see
// them; where a text is ASCII, characters are bytes and nothing is walked.

enum StringMethods {
  static let group = NativeGroup(
    "string",
    summary: """
      Text: Unicode, immutable. `len`, indexes and widths count characters as people see them (grapheme \
      clusters); searching and splitting compare code points.
      """,
    functions: asking + casing + StringShaping.functions + StringSearching.functions + coding)

  private static func method(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, receiver: "string", documentation: documentation, body: .plain(code))
  }

  private static let asking: [NativeFunction] = [
    method("len() → int", "How many characters it has. `\"héllo\".len()` is 5.") { call throws(Raised) in
      .int(try call.measured(0).count)
    },
    method("is_empty() → bool", "Whether it has no characters.") { call throws(Raised) in
      .bool(try call.stringObject(0).byteCount == 0)
    },
    method("is_digit() → bool", "Whether it has characters and all are digits.") { call throws(Raised) in
      .bool(
        try all(call) { scalar, _ in
          switch scalar.properties.numericType {
          case .decimal, .digit: true
          default: false
          }
        })
    },
    method("is_alpha() → bool", "Whether it has characters and all are letters.") { call throws(Raised) in
      .bool(
        try all(call) { scalar, isFirst in
          switch scalar.properties.generalCategory {
          case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
          // An accent that a letter before it carries.
          case .nonspacingMark, .spacingMark: !isFirst
          default: false
          }
        })
    },
    method("is_space() → bool", "Whether it has characters and all are white space.") { call throws(Raised) in
      .bool(try all(call) { scalar, _ in scalar.properties.isWhitespace })
    },
  ]

  private static func all(
    _ call: borrowing NativeCall, _ holds: (Unicode.Scalar, _ isFirst: Bool) -> Bool
  ) throws(Raised) -> Bool {
    var count = 0
    for scalar in try call.string(0).unicodeScalars {
      guard holds(scalar, count == 0) else { return false }
      count += 1
      if count & 0x3FFF == 0 { try call.checkpoint() }
    }
    return count > 0
  }

  private static let casing: [NativeFunction] = [
    method("upper() → string", "In upper case, whatever the language: `\"straße\".upper()` is `\"STRASSE\"`.")
    {
      call throws(Raised) in .string(try call.string(0).inPieces(call.strand) { $0.uppercased() })
    },
    method("lower() → string", "In lower case.") { call throws(Raised) in
      .string(try call.string(0).inPieces(call.strand) { $0.lowercased() })
    },
    method("capitalize() → string", "The first character in upper case, the rest as it is.") {
      call throws(Raised) in
      let text = try call.string(0)
      guard let first = text.unicodeScalars.first else { return call[0] }
      var writer = TextWriter(strand: call.strand, capacity: text.utf8.count)
      try writer.append(first.properties.titlecaseMapping)
      try writer.append(text.utf8Span.span.extracting(UTF8.width(first)...))
      return .string(try writer.finish())
    },
    method("title() → string", "Each word with its first letter in upper case and the others in lower case.")
    {
      call throws(Raised) in .string(try titled(try call.string(0), call.strand))
    },
  ]

  private static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst())
  }

  /// A word begins at a letter after what is no letter; an apostrophe inside it does not end it.
  private static func titled(_ text: String, _ strand: Strand) throws(Raised) -> String {
    var writer = TextWriter(strand: strand, capacity: text.utf8.count)
    var isInWord = false
    var before: Character?
    for character in text {
      if character.isLetter {
        try writer.append(isInWord ? character.lowercased() : capitalized(String(character)))
        isInWord = true
      } else {
        try writer.append(String(character))
        let isApostrophe = character == "'" || character == "’"
        isInWord = isInWord && isApostrophe && before?.isLetter == true
      }
      before = character
    }
    return try writer.finish()
  }

  private static let coding: [NativeFunction] = [
    method("bytes() → bytes", "Its UTF-8 bytes.") { call throws(Raised) in
      .bytes(try TextEncoding.utf8.encode(try call.string(0), strand: call.strand))
    },
    method(
      "encode(encoding = \"utf-8\") → bytes",
      """
      Its bytes in an encoding: `utf-8`, `ascii`, `latin-1`, `utf-16` (with a mark of its byte order), `utf-16le`, \
      `utf-16be`. A character that the encoding has not raises `ValueError`.
      """
    ) { call throws(Raised) in
      let encoding = try TextEncoding(named: try call.string(1, default: "utf-8"))
      return .bytes(try encoding.encode(try call.string(0), strand: call.strand))
    },
    method(
      "normalize(form = \"NFC\") → string",
      """
      With characters that look alike written in one way: in form `NFC` (composed), `NFD` (decomposed), `NFKC` or \
      `NFKD` (also without differences of style, `ﬁ` to `fi`).
      """
    ) { call throws(Raised) in
      let name = try call.string(1, default: "NFC")
      guard let form = NormalForm(rawValue: name.uppercased()) else {
        throw Raised(.valueError, "`\(name)` is no form to normalize to: NFC, NFD, NFKC or NFKD")
      }
      return .string(try form.normalized(try call.string(0), strand: call.strand))
    },
    method("code() → int", "The code point of its one character: `\"é\".code()` is 233.") {
      call throws(Raised) in
      let text = try call.string(0)
      let scalars = text.unicodeScalars
      guard let first = scalars.first, scalars.dropFirst().isEmpty else {
        throw Raised(
          .valueError, "`code` is for one character of one code point, not for \(brief(call[0], limit: 40))")
      }
      return .int(Int(first.value))
    },
  ]
}
