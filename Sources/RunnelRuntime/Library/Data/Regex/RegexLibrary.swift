// The global function `regex` and the methods of its values.

enum RegexLibrary {
  static var globals: [NativeFunction] {
    [
      NativeFunction(
        "regex(pattern, flags = \"\")",
        documentation: """
          A regular expression, in Perl's syntax. Flags: `i` ignores case, `m` lets `^` and `$` match at every line, `s` lets \
          `.` match newlines, `x` ignores white space and comments in the pattern. A bad pattern raises `ParseError`, with \
          the place. Write patterns in single quotes: `regex('\\d+')`.
          """, body: .plain(make))
    ]
  }

  static var group: NativeGroup {
    NativeGroup(
      "regex",
      summary: """
        Regular expressions, in Perl's syntax, on Unicode. A match is a map `{text, start, end, groups, names}`: positions \
        count characters, `groups[0]` is the first group, and a group that took no part is nil. A pattern that backtracks \
        too long raises `LimitError`.
        """,
      functions: [
        NativeFunction(
          "matches(s)", receiver: "regex", documentation: "Whether it matches anywhere in a string.",
          body: .plain(matches)),
        NativeFunction(
          "find(s)", receiver: "regex", documentation: "The first match, or nil.", body: .plain(find)),
        NativeFunction(
          "find_all(s)", receiver: "regex", documentation: "All matches, from left to right, in a list.",
          body: .plain(findAll)),
        NativeFunction(
          "replace(s, with)", receiver: "regex",
          documentation: """
            The string with every match replaced: by a text, in which `$1`, `${1}` and `${name}` stand for groups, `$0` for \
            the whole match and `$$` for a dollar; or by what a function gives for the match.
            """, body: .prelude("__regex_replace")),
        NativeFunction(
          "split(s)", receiver: "regex",
          documentation:
            "The parts between matches, in a list; what the pattern's groups took stands between them.",
          body: .plain(split)),
      ])
  }

  /// The fields of a regex.
  static func field(_ regex: RegexObject, _ name: String) -> Value? {
    switch name {
    case "pattern": .string(regex.pattern)
    case "flags": .string(regex.flags)
    default: nil
    }
  }

  private static func make(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .object(try RegexObject(pattern: try call.string(0), flags: try call.string(1, default: "")))
  }

  private static func regex(_ call: borrowing NativeCall) throws(Raised) -> RegexObject {
    guard let regex = call[0].regex else { throw call.wrongType(0, expected: "a regex") }
    return regex
  }

  private static func matches(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .bool(try regex(call).hasMatch(in: try call.stringObject(1), strand: call.strand))
  }

  private static func find(_ call: borrowing NativeCall) throws(Raised) -> Value {
    try regex(call).firstMatchValue(in: try call.stringObject(1), strand: call.strand)
  }

  private static func findAll(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .list(try regex(call).allMatchValues(in: try call.stringObject(1), strand: call.strand))
  }

  private static func split(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .list(try regex(call).split(try call.stringObject(1), strand: call.strand))
  }
}

extension Value {
  public var regex: RegexObject? { object(.regex, as: RegexObject.self) }
}
