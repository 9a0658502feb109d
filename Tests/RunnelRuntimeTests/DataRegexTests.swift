import Testing

@testable import RunnelRuntime

@Suite struct `Regular expressions` {
  private func regex(_ pattern: String, _ flags: String = "") throws -> Value {
    .object(try RegexObject(pattern: pattern, flags: flags))
  }

  private func find(_ pattern: String, _ text: String, _ flags: String = "") -> String {
    shown { try DataCall.callMethod("regex.find", on: regex(pattern, flags), [.string(text)]) }
  }

  private func findAll(_ pattern: String, _ text: String, _ flags: String = "") -> String {
    shown {
      let matches = try DataCall.callMethod("regex.find_all", on: regex(pattern, flags), [.string(text)])
      return .list(
        (matches.list?.items ?? []).map { match in
          let map = match.map?.storage ?? MapStorage()
          return .list([map["text"] ?? .nil, map["start"] ?? .nil, map["end"] ?? .nil])
        })
    }
  }

  private func replace(_ pattern: String, _ text: String, _ with: String, max: Int = .max) -> String {
    shown {
      .string(
        try RegexObject(pattern: pattern).replaceMatches(
          in: StringObject(text), with: with, max: max, strand: DataCall.strand))
    }
  }

  private func split(_ pattern: String, _ text: String, max: Int = .max) -> String {
    shown {
      .list(try RegexObject(pattern: pattern).split(StringObject(text), max: max, strand: DataCall.strand))
    }
  }

  @Test func `a match is a map`() {
    #expect(
      find("(?<year>[0-9]{4})-([0-9]{2})", "on 2024-05-01")
        == #"{text: "2024-05", start: 3, end: 10, groups: ["2024", "05"], names: {year: "2024"}}"#)
    #expect(find("[0-9]+", "none") == "nil")
    #expect(find("(y)|(x)", "x") == #"{text: "x", start: 0, end: 1, groups: [nil, "x"], names: {}}"#)
    #expect(
      find("(?<z>a)|(?<y>b)", "b")
        == #"{text: "b", start: 0, end: 1, groups: [nil, "b"], names: {z: nil, y: "b"}}"#)
  }

  @Test func `flags ignore case, match at lines, let the dot match newlines, allow blanks`() {
    #expect(find("HELLO", "hello", "i") != "nil")
    #expect(find("ÄÖ", "äö", "i") != "nil")
    #expect(findAll(#"^\w+"#, "one 1\ntwo 2", "m") == #"[["one", 0, 3], ["two", 6, 9]]"#)
    #expect(find("a.b", "a\nb") == "nil")
    #expect(find("a.b", "a\nb", "s") != "nil")
    #expect(find("a b # comment", "ab", "x") != "nil")
    #expect(kind("regex", "a", "q") == "ValueError")
  }

  @Test func `positions count characters`() {
    #expect(findAll("é", "né 👩‍👩‍👧é") == #"[["é", 1, 2], ["é", 4, 5]]"#)
    #expect(findAll("b", "a\r\nb") == #"[["b", 2, 3]]"#)
    // Inside of a character: from where it begins to where it ends.
    #expect(findAll(".", "e\u{301}x") == "[[\"e\", 0, 1], [\"\u{301}\", 0, 1], [\"x\", 1, 2]]")
    #expect(findAll(#"\d"#, "٣") == #"[["٣", 0, 1]]"#)
  }

  @Test(arguments: [
    ("", "ab", #"[["", 0, 0], ["", 1, 1], ["", 2, 2]]"#),
    ("x*", "axb", #"[["", 0, 0], ["x", 1, 2], ["", 2, 2], ["", 3, 3]]"#),
    ("^", "a\nb", #"[["", 0, 0]]"#), ("$", "a\n", #"[["", 1, 1], ["", 2, 2]]"#), ("", "", #"[["", 0, 0]]"#),
    ("", "é👩‍👩‍👧", #"[["", 0, 0], ["", 1, 1], ["", 2, 2]]"#),
    (#"a\K"#, "aab", #"[["", 1, 1], ["", 2, 2]]"#), ("(?=a)", "aa", #"[["", 0, 0], ["", 1, 1]]"#),
    (#"\b"#, "ab c", #"[["", 0, 0], ["", 2, 2], ["", 3, 3], ["", 4, 4]]"#),
    ("(?<=a)", "aa", #"[["", 1, 1], ["", 2, 2]]"#),
  ])
  func `empty matches go on`(pattern: String, text: String, expected: String) {
    #expect(findAll(pattern, text) == expected)
  }

  @Test func `replacing knows groups by number and name`() {
    #expect(replace("(?<year>[0-9]{4})-([0-9]{2})", "<2024-05>", "$2/${year}") == #""<05/2024>""#)
    #expect(replace(#"(\w)=(\w)"#, "1=b, 2=a", "$2=$1") == #""b=1, a=2""#)
    #expect(replace("a", "aab", "[$0$$]") == #""[a$][a$]b""#)
    #expect(replace("(a)(b)?", "ab a", "<$1$2${1}>") == #""<aba> <aa>""#)
    #expect(replace("(a)", "a", "${1}0 $x ${ $ $") == #""a0 $x ${ $ $""#)
    #expect(replace("", "ab", "-") == #""-a-b-""#)
    #expect(replace("b", "abc", "\u{e9}") == "\"a\u{e9}c\"")
    #expect(replace("a", "aaa", "b", max: 2) == #""bba""#)
    #expect(replace("x", "aaa", "$0") == #""aaa""#)
    #expect(
      replace("(a)", "a", "$10")
        == "ValueError: the pattern has no group 10; `${1}0` puts a digit after group 1")
    #expect(replace("(a)", "a", "${b}") == "ValueError: the pattern has no group named `b`")
  }

  @Test func `splitting gives what stands between, and groups`() {
    #expect(split(", *", "a, b,c") == #"["a", "b", "c"]"#)
    #expect(split("(,)|(;)", "a,b;c") == #"["a", ",", nil, "b", nil, ";", "c"]"#)
    #expect(split(",", "") == #"[""]"#)
    #expect(split(",", ",a,") == #"["", "a", ""]"#)
    #expect(split("x*", "axbc") == #"["", "a", "", "b", "c", ""]"#)
    #expect(split("[.]", "a.b.c", max: 1) == #"["a", "b.c"]"#)
  }

  @Test func `pieces are for replacing by a function`() throws {
    let (between, matches) = try RegexObject(pattern: "[0-9]").pieces(
      of: StringObject("a1b2c"), strand: DataCall.strand)
    #expect(show(.list(between)) == #"["a", "b", "c"]"#)
    #expect(matches.map { $0.map.map { show($0.storage["text"] ?? .nil) } } == [#""1""#, #""2""#])
  }

  @Test(arguments: [
    ("(", "missing closing parenthesis, at character 1 of the pattern `(`"),
    ("é[z-a]", "range out of order in character class, at character 4 of the pattern `é[z-a]`"),
    ("*a", "quantifier does not follow a repeatable item, at character 0 of the pattern `*a`"),
  ])
  func `a bad pattern is an error with the place`(pattern: String, message: String) {
    #expect(result("regex", .string(pattern)) == "ParseError: " + message)
  }

  @Test(arguments: [
    #"\C"#, "(?P<n", "(?<n>a)(?<n>b)", "a{99999}", String(repeating: "(", count: 1000),
    String(repeating: "a", count: 300_000),
    "((((((((((a{1,200}){1,200}){1,200}){1,200}){1,200}){1,200})))))", "[[:foo:]]", #"\p{Foo}"#, #"\1"#,
    "(?<=a*)b",
  ])
  func `patterns that cannot be compiled raise ParseError`(pattern: String) {
    #expect(kind("regex", .string(pattern)) == "ParseError")
  }

  @Test func `wrong arguments are type errors`() {
    #expect(kind("regex", 5) == "TypeError")
    #expect(errorKind { try DataCall.callMethod("regex.find", on: regex("a"), [5]) } == "TypeError")
  }

  /// Each takes exponentially or very polynomially many steps.
  @Test(arguments: [
    ("(a+)+$", String(repeating: "a", count: 40) + "b"), ("(a|a)*$", String(repeating: "a", count: 40) + "b"),
    ("(a|aa)+$", String(repeating: "a", count: 60) + "b"),
    ("(.*a){20}$", String(repeating: "a", count: 60) + "b"),
    (#"^(\w+\s?)*$"#, String(repeating: "word", count: 12) + "!"),
    ("(x+x+)+y", String(repeating: "x", count: 40)),
    ("^(?:a*)(?:a*)(?:a*)(?:a*)(?:a*)(?:a*)[cd]", String(repeating: "a", count: 1000)),
    (#"^(([a-z])+.)+[A-Z]([a-z])+$"#, String(repeating: "a", count: 60)),
    ("(?s)^.*?.*?.*?.*?.*?.*?[cd]", String(repeating: "é", count: 1000)),
    (#"(?=(a+))*?(?:a+a+)+b$"#, String(repeating: "a", count: 60) + "c"),
  ])
  func `catastrophic patterns raise LimitError`(pattern: String, text: String) {
    #expect(find(pattern, text).hasPrefix("LimitError") || find(pattern, text) == "nil")
  }

  @Test func `the worst one is stopped, not answered`() {
    #expect(
      find("(a+)+$", String(repeating: "a", count: 40) + "b")
        == "LimitError: the pattern backtracks too long on this text")
  }

  @Test func `long texts do not use up the stack`() {
    let text = String(repeating: "ab", count: 500_000)
    #expect(find("^(?:a|b)*$", text) != "nil")
    #expect(find("^(a|b)*$", text).hasPrefix("{text:") || find("^(a|b)*$", text).hasPrefix("LimitError"))
    #expect(find(#"^(?:(a)|(b)|(?1)c)*$"#, text).isEmpty == false)
    #expect(find("(?s)x.*y", "x" + text + text).isEmpty == false)
    #expect(
      find(
        #"^(\((?:[^()]|(?1))*\))$"#,
        String(repeating: "(", count: 50_000) + String(repeating: ")", count: 50_000)
      ).isEmpty == false)
  }

  @Test func `strands may use one regex at the same time`() async throws {
    let shared = try RegexObject(pattern: "([a-z]+)([0-9]+)")
    let text = StringObject(String(repeating: "abc123 ", count: 500))
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let strand = Strand(interpreter: Interpreter())
          return (try? shared.allMatchValues(in: text, strand: strand).count) ?? -1
        }
      }
      for await count in group { #expect(count == 500) }
    }
  }

  @Test func `random patterns on random texts never crash`() {
    var random = FixedRandom(7)
    let atoms = [
      "a", "b", ".", "(", ")", "[ab]", "*", "+", "?", "|", "^", "$", #"\b"#, #"\w"#, "(?:", "(?=", "(?<!",
      "{2}", #"\1"#, "é", "(?i)",
      #"\K"#, "*?", "++", "(?>", "(*SKIP)", "(*ACCEPT)", "(?|", #"\X"#, #"\R"#, "(?C)", "(*LIMIT_MATCH=3)",
    ]
    let texts = ["", "a", "abab", "aé\u{301}b👩‍👩‍👧\r\n", String(repeating: "ab", count: 20)]
    for _ in 0..<1500 {
      let pattern = (0..<Int.random(in: 1...7, using: &random)).map { _ in
        atoms.randomElement(using: &random) ?? ""
      }.joined()
      guard let regex = try? RegexObject(pattern: pattern) else { continue }
      for text in texts {
        let subject = StringObject(text)
        let matches = try? regex.allMatchValues(in: subject, strand: DataCall.strand)
        #expect((matches?.count ?? 0) <= text.unicodeScalars.count * 2 + 2, "\(pattern) on \(text)")
        _ = try? regex.split(subject, strand: DataCall.strand)
        _ = try? regex.replaceMatches(in: subject, with: "<$0>", strand: DataCall.strand)
      }
    }
  }
}
