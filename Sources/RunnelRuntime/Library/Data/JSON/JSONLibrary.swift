// The namespace `json`.

enum JSONLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "json",
      summary: """
        JSON text, both ways (RFC 8259). The order of keys and the difference between ints and floats are kept.
        """,
      functions: [
        NativeFunction(
          "parse(text)",
          documentation: """
            The value of a JSON text, a string or bytes. Raises `ParseError` with `line` and `column`, from 1. Of equal \
            keys the last one counts; an int that 64 bits cannot hold becomes a float; half a surrogate pair becomes \
            U+FFFD. Values nested more than 2,000 levels deep raise `LimitError`.
            """, body: .plain(parse)),
        NativeFunction(
          "encode(x, indent: 0, sort_keys: false)",
          documentation: """
            The JSON of a value: on one line, or with `indent` spaces (or a string of blanks) a level. Keys that are ints, \
            floats, bools or nil become strings. What JSON cannot hold (a duration, a function, NaN …) raises `ValueError`, \
            whose message and field `path` say where it is: `$.a[2]`.
            """, body: .plain(encode)),
      ])
  }

  private static func parse(_ call: borrowing NativeCall) throws(Raised) -> Value {
    if let bytes = call[0].bytes {
      return try JSONParser.parse(try validText(bytes.bytes), strand: call.strand)
    }
    return try JSONParser.parse(try call.string(0), strand: call.strand)
  }

  private static func encode(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let text = try JSONEncoder.encode(
      call[0], indentation: try indentation(call), sortsKeys: try call.bool(2, default: false),
      strand: call.strand)
    return .string(text)
  }

  private static func indentation(_ call: borrowing NativeCall) throws(Raised) -> String {
    if let text = call[1].string?.text {
      guard text.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else {
        throw Raised(.valueError, "`encode` takes blanks or a number of them for `indent`, not `\(text)`")
      }
      return text
    }
    let width = try call.int(1, default: 0)
    guard width >= 0, width <= 1_000 else {
      throw Raised(.valueError, "`encode` takes 0 to 1000 for `indent`, not \(width)")
    }
    return String(repeating: " ", count: width)
  }
}
