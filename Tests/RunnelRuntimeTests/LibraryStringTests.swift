import Testing

@testable import RunnelRuntime

@Suite("Strings")
struct StringMethodTests {
  private let family: Literal = "é👩‍👩‍👧x"

  @Test("length counts characters as people see them")
  func length() {
    for (text, count) in [
      ("", "0"), ("héllo", "5"), ("👩‍👩‍👧", "1"), ("e\u{301}", "1"), ("a\r\nb", "3"), ("🇩🇪🇫🇷", "2"), ("각", "1"),
    ] as [(Literal, String)] {
      #expect(Script.method(text, "len") == count)
    }
    #expect(Script.method("", "is_empty") == "true" && Script.method("\u{200B}", "is_empty") == "false")
  }

  @Test("case")
  func casing() {
    for (name, text, result) in [
      ("upper", "straße", "\"STRASSE\""), ("lower", "HÉLLO", "\"héllo\""), ("lower", "İ", "\"i̇\""),
      ("capitalize", "héLLo", "\"HéLLo\""), ("capitalize", "élan", "\"Élan\""),
      ("capitalize", "ǆabc", "\"ǅabc\""),
      ("capitalize", "", "\"\""), ("title", "hello world", "\"Hello World\""),
      ("title", "hELLO wORLD", "\"Hello World\""),
      ("title", "it's o'neil x-ray 3d", "\"It's O'neil X-Ray 3D\""),
      ("title", "'quoted' l'", "\"'Quoted' L'\""),
    ] as [(String, Literal, String)] {
      #expect(Script.method(text, name) == result)
    }
  }

  @Test("trimming white space, or the characters given")
  func trimming() {
    #expect(Script.method("  x y  ", "trim") == "\"x y\"")
    #expect(Script.method("  x y  ", "trim_start") == "\"x y  \"")
    #expect(Script.method("  x y  ", "trim_end") == "\"  x y\"")
    #expect(Script.method("\u{A0}\u{2003}x\t\r\n", "trim") == "\"x\"")
    #expect(Script.method("   ", "trim") == "\"\"" && Script.method("", "trim") == "\"\"")
    #expect(
      Script.method("xxyxx", "trim", "x") == "\"y\"" && Script.method("abcxcba", "trim", "abc") == "\"x\"")
    #expect(Script.method("ééxé", "trim", "é") == "\"x\"" && Script.method("abc", "trim", "") == "\"abc\"")
    #expect(Script.method("xx", "trim_start", "x") == "\"\"" && Script.method("x", "trim", 1) == "TypeError")
  }

  @Test("padding counts characters and cuts what it fills with")
  func padding() {
    #expect(Script.method("a", "pad_start", 3, "*") == "\"**a\"")
    #expect(Script.method("a", "pad_end", 3, named: ["with": "*"]) == "\"a**\"")
    #expect(
      Script.method("ab", "center", 6) == "\"  ab  \"" && Script.method("xx", "center", 5, "*") == "\"*xx**\""
    )
    #expect(
      Script.method("x", "pad_start", 4, "ab") == "\"abax\""
        && Script.method("x", "pad_start", 3, "") == "\"x\"")
    #expect(
      Script.method("x", "pad_start", -1) == "\"x\"" && Script.method("é👩‍👩‍👧", "pad_end", 4, ".") == "\"é👩‍👩‍👧..\"")
    #expect(Script.method("x", "pad_start", Literal(.int(1 << 40))) == "LimitError")
    #expect(Script.method("x", "pad_start", "3") == "TypeError")
  }

  @Test("repeating is bounded")
  func repeating() {
    #expect(Script.method("ab", "repeat", 3) == "\"ababab\"" && Script.method("ab", "repeat", -1) == "\"\"")
    #expect(Script.method("a", "repeat", 1_000_000_000_000) == "LimitError")
    #expect(Script.method("ab", "repeat", Literal(.int(Int.max))) == "LimitError")
    #expect(Script.method("", "repeat", Literal(.int(Int.max))) == "\"\"")
  }

  @Test("characters, lines, words")
  func parts() {
    #expect(
      Script.method("hé", "chars") == "[\"h\", \"é\"]"
        && Script.method(family, "chars") == "[\"é\", \"👩‍👩‍👧\", \"x\"]")
    #expect(Script.method(family, "reversed") == "\"x👩‍👩‍👧é\"")
    #expect(Script.method("a\nb\r\nc\n", "lines") == "[\"a\", \"b\", \"c\"]")
    #expect(Script.method("a\n\n", "lines") == "[\"a\", \"\"]" && Script.method("", "lines") == "[]")
    #expect(Script.method("\n", "lines") == "[\"\"]" && Script.method("\r\nx", "lines") == "[\"\", \"x\"]")
    #expect(Script.method("10%\r20%", "lines") == "[\"10%\\r20%\"]")
    #expect(Script.method(" a\t\u{2003}b ", "words") == "[\"a\", \"b\"]")
  }

  @Test("searching")
  func searching() {
    #expect(Script.method("abc", "contains", "bc") == "true" && Script.method("", "contains", "") == "true")
    #expect(Script.method("abc", "contains", 1) == "TypeError")
    #expect(
      Script.method("abc", "starts_with", "ab") == "true" && Script.method("abc", "ends_with", "bc") == "true"
    )
    #expect(
      Script.method("abc", "starts_with", "") == "true" && Script.method("b", "ends_with", "ab") == "false")
    #expect(Script.method("banana", "index", "n") == "2" && Script.method("banana", "index", "n", 3) == "4")
    #expect(Script.method("banana", "index", "x") == "nil" && Script.method("abc", "index", "") == "0")
    #expect(Script.method("abc", "index", "c", -1) == "2" && Script.method("abc", "index", "a", -1) == "nil")
    #expect(Script.method("abc", "index", "", 3) == "3" && Script.method("abc", "index", "", 4) == "nil")
    #expect(Script.method(family, "index", "x") == "2" && Script.method(family, "index", "x", 2) == "2")
    #expect(Script.method("éxéx", "index", "x", 2) == "3")
    #expect(Script.method("banana", "count", "a") == "3" && Script.method("aaa", "count", "aa") == "1")
    #expect(Script.method("abc", "count", "") == "4" && Script.method(family, "count", "") == "4")
  }

  @Test("splitting")
  func splitting() {
    for (text, separator, max, parts) in [
      ("a,b,,c", ",", nil, "[\"a\", \"b\", \"\", \"c\"]"), ("a,b,,c", ",", 1, "[\"a\", \"b,,c\"]"),
      ("", ",", nil, "[\"\"]"),
      ("a--b--c", "--", nil, "[\"a\", \"b\", \"c\"]"), (",", ",", nil, "[\"\", \"\"]"),
      ("a,b", ",", 0, "[\"a,b\"]"),
      ("a,b,c", ",", -1, "[\"a\", \"b\", \"c\"]"), ("aéb", "é", nil, "[\"a\", \"b\"]"),
      ("  a  b ", nil, nil, "[\"a\", \"b\"]"),
      ("  ", nil, nil, "[]"), (" a  b  c ", nil, 1, "[\"a\", \"b  c \"]"), ("a b", nil, 0, "[\"a b\"]"),
      ("a", "", nil, "ValueError"),
      ("a", 1, nil, "TypeError"),
    ] as [(Literal, Literal, Literal, String)] {
      #expect(Script.method(text, "split", separator, max) == parts)
    }
    #expect(Script.method("a,b,c", "split", ",", named: ["max": 1]) == "[\"a\", \"b,c\"]")
  }

  @Test("replacing")
  func replacing() {
    for (text, part, with, max, result) in [
      ("banana", "a", "-", nil, "b-n-n-"), ("banana", "x", "-", nil, "banana"),
      ("banana", "a", "X", 1, "bXnana"),
      ("abc", "", "-", nil, "-a-b-c-"), ("abc", "", "-", 2, "-a-bc"), ("abc", "", "-", 0, "abc"),
      ("abc", "", "-", 3, "-a-b-c"),
      ("abab", "b", "$0", nil, "a$0a$0"), ("aXbX", "X", "-", 0, "aXbX"), ("aXbX", "X", "-", -1, "a-b-"),
      ("aaaa", "aa", "b", nil, "bb"),
      ("héé", "é", "", nil, "h"), ("a\r\nb", "\n", "", nil, "a\rb"),
    ] as [(Literal, Literal, Literal, Literal, String)] {
      #expect(Script.method(text, "replace", part, with, max) == brief(.string(result)))
    }
    #expect(
      Script.method("abc", "replace", 1, "x") == "TypeError"
        && Script.method("abc", "replace", "b", 1) == "TypeError")
    #expect(
      Script.method("abc", "replace", "b", Literal(.object(ErrorKind.error)))
        == "\"prelude __string_replace\"")
    #expect(
      Script.method("banana", "remove_prefix", "ba") == "\"nana\""
        && Script.method("abc", "remove_prefix", "x") == "\"abc\"")
    #expect(
      Script.method("banana", "remove_suffix", "nana") == "\"ba\""
        && Script.method("a", "remove_suffix", "a") == "\"\"")
  }

  @Test("joining shows items as print does")
  func joining() {
    #expect(Script.method(", ", "join", ["a", 1, nil, ["b"]]) == "\"a, 1, nil, [\\\"b\\\"]\"")
    #expect(
      Script.method(",", "join", []) == "\"\"" && Script.method(",", "join", .range(0, 3)) == "\"0,1,2\"")
    #expect(
      Script.method(",", "join", ["a": 1]) == "\"a\"" && Script.method(",", "join", "abc") == "TypeError")
  }

  @Test("classes of characters")
  func classes() {
    for (text, digit, alpha, space) in [
      ("", "false", "false", "false"), ("123", "true", "false", "false"), ("12a", "false", "false", "false"),
      ("abc", "false", "true", "false"), ("é漢", "false", "true", "false"),
      ("e\u{301}", "false", "true", "false"),
      (" \t\u{A0}", "false", "false", "true"), ("١²", "true", "false", "false"),
      ("½", "false", "false", "false"),
      ("\u{301}", "false", "false", "false"),
    ] as [(Literal, String, String, String)] {
      #expect(Script.method(text, "is_digit") == digit)
      #expect(Script.method(text, "is_alpha") == alpha)
      #expect(Script.method(text, "is_space") == space)
    }
    #expect(Script.method("é", "code") == "233" && Script.method("😀", "code") == "128512")
    #expect(Script.method("ab", "code") == "ValueError" && Script.method("", "code") == "ValueError")
  }

  @Test("encodings")
  func encodings() {
    func hex(_ text: Literal, _ encoding: Literal) -> String {
      do throws(Raised) {
        let bytes = try Script.call(Library.method(of: "string", name: "encode"), on: text, [encoding])
        return Script.method(Literal(bytes), "hex")
      } catch {
        return error.error.kind.name
      }
    }
    for (text, encoding, result) in [
      ("é", "utf-8", "\"c3a9\""), ("é", "UTF8", "\"c3a9\""), ("é", "latin-1", "\"e9\""),
      ("é", "ISO-8859-1", "\"e9\""),
      ("€", "latin-1", "ValueError"), ("é", "ascii", "ValueError"), ("a", "ascii", "\"61\""),
      ("é", "utf-16", "\"fffee900\""),
      ("é", "utf-16le", "\"e900\""), ("é", "utf-16-be", "\"00e9\""), ("😀", "utf-16le", "\"3dd800de\""),
      ("a", "nope", "ValueError"),
    ] as [(Literal, Literal, String)] {
      #expect(hex(text, encoding) == result)
    }
    for (bytes, encoding, errors, result) in [
      (.utf8("hé"), "utf-8", "strict", "\"hé\""), (.bytes(0x68, 0xC3), "utf-8", "strict", "ValueError"),
      (.bytes(0x68, 0xC3), "utf-8", "replace", "\"h\u{FFFD}\""),
      (.bytes(0x68, 0xC3), "utf-8", "ignore", "\"h\""),
      (.bytes(0x68, 0xC3, 0x69), "utf-8", "ignore", "\"hi\""), (.utf8("é"), "latin-1", "strict", "\"Ã©\""),
      (.utf8("é"), "ascii", "replace", "\"\u{FFFD}\u{FFFD}\""), (.utf8("é"), "ascii", "strict", "ValueError"),
      (.bytes(0xFF, 0xFE, 0xE9, 0), "utf-16", "strict", "\"é\""),
      (.bytes(0xFE, 0xFF, 0, 0xE9), "utf-16", "strict", "\"é\""),
      (.bytes(0x3D, 0xD8, 0, 0xDE), "utf-16le", "strict", "\"😀\""),
      (.bytes(0x3D, 0xD8), "utf-16le", "strict", "ValueError"),
      (.bytes(0x3D), "utf-16le", "replace", "\"\u{FFFD}\""), (.utf8("a"), "utf-8", "foo", "ValueError"),
    ] as [(Literal, Literal, Literal, String)] {
      #expect(Script.method(bytes, "decode", encoding, errors) == result)
    }
  }

  @Test("normal forms")
  func normalForms() {
    for (text, form, result) in [
      ("cafe\u{301}", "NFC", "caf\u{E9}"), ("caf\u{E9}", "NFD", "cafe\u{301}"), ("ﬁ", "NFKC", "fi"),
      ("ﬁ", "NFC", "ﬁ"),
      ("각", "NFD", "\u{1100}\u{1161}\u{11A8}"), ("\u{1100}\u{1161}\u{11A8}", "NFC", "각"),
      ("①½", "nfkd", "11\u{2044}2"),
      ("\u{1E9B}\u{323}", "NFC", "\u{1E9B}\u{323}"), ("\u{1E9B}\u{323}", "NFD", "\u{17F}\u{323}\u{307}"),
      ("\u{1E9B}\u{323}", "NFKC", "\u{1E69}"), ("\u{1E9B}\u{323}", "NFKD", "s\u{323}\u{307}"),
      ("a\u{315}\u{300}\u{5AE}\u{300}", "NFC", "\u{E0}\u{5AE}\u{300}\u{315}"),
      ("\u{212B}", "NFC", "\u{C5}"), ("\u{958}", "NFC", "\u{915}\u{93C}"), ("abc", "NFD", "abc"),
      ("", "NFC", ""),
    ] as [(Literal, Literal, String)] {
      let normal = try? Script.call(Library.method(of: "string", name: "normalize"), on: text, [form])
      #expect(
        normal?.string?.text.unicodeScalars.elementsEqual(result.unicodeScalars) == true, "\(text) \(form)")
    }
    #expect(Script.method("x", "normalize", "NFX") == "ValueError")
  }

  @Test("bytes")
  func bytes() {
    #expect(Script.method("hé", "bytes") == "<3 bytes>" && Script.method(.utf8("hé"), "len") == "3")
    #expect(
      Script.method(.utf8("hé"), "hex") == "\"68c3a9\""
        && Script.method(.utf8("hello"), "slice", 1, -1) == "<3 bytes>")
    #expect(
      Script.method(.utf8("héllo"), "index", .utf8("l")) == "3"
        && Script.method(.utf8("héllo"), "index", 108) == "3")
    #expect(
      Script.method(.utf8("abc"), "index", .utf8("z")) == "nil"
        && Script.method(.utf8("abc"), "index", "a") == "TypeError")
    #expect(
      Script.method(.utf8("abc"), "index", 300) == "ValueError"
        && Script.method(.utf8("abc"), "contains", 97) == "true")
    #expect(Script.method(.utf8("abc"), "starts_with", .utf8("ab")) == "true")
  }
}
