import Testing

@testable import RunnelRuntime

@Suite struct `JSON in` {
  @Test func `keeps the order of keys and the difference between ints and floats`() {
    #expect(
      result("json.parse", #"{"z": 1, "a": 2.0, "n": null, "t": true, "s": "\u00e9", "l": []}"#)
        == "{z: 1, a: 2.0, n: nil, t: true, s: \"é\", l: []}")
    #expect(result("json.parse", "9007199254740993") == "9007199254740993")
    #expect(result("json.parse", "1e2") == "100.0")
    #expect(result("json.parse", "-0") == "0")
    #expect(result("json.parse", "-0.0") == "-0.0")
  }

  @Test func `the last of equal keys counts, in the place of the first`() {
    #expect(result("json.parse", #"{"a": 1, "b": 2, "a": 3}"#) == "{a: 3, b: 2}")
  }

  @Test(arguments: [
    ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
    ("9223372036854775808", "9.223372036854776e+18"), ("18446744073709551615", "1.8446744073709552e+19"),
    ("0.1", "0.1"), ("1.7976931348623157e308", "1.7976931348623157e+308"), ("5e-324", "5e-324"),
    ("1e-400", "0.0"), ("123456789012345678", "123456789012345678"),
    ("0.30000000000000004", "0.30000000000000004"),
    ("1e22", "1e+22"), ("1e23", "1e+23"), ("2.2250738585072014e-308", "2.2250738585072014e-308"),
    ("9007199254740993.0", "9007199254740992.0"), ("1E+2", "100.0"), ("1e00000000000000000002", "100.0"),
    ("65.613616999999977", "65.61361699999998"),
  ])
  func `numbers are read exactly`(text: String, expected: String) {
    #expect(result("json.parse", .string(text)) == expected)
  }

  @Test(arguments: [
    "", " ", "[1,]", "[,1]", "{,}", #"{"a":1,}"#, "{a: 1}", "{'a': 1}", #"{"a" 1}"#, #"{"a":}"#, "[1 2]",
    "1 2", "NaN",
    "Infinity", "-Infinity", "nul", "tru", "truex", "01", "-", "-01", "1.", ".5", "1e", "1e+", "+1", "0x10",
    "\"abc",
    "\"a\u{1}\"", "\"a\nb\"", #""\q""#, #""\u12""#, #""\u12g4""#, "[", "{", "[1", #"{"a""#, #"{"a":1"#, "]",
    "}", "[1}", "{]",
    "// x\n1", "[1] x", "\u{feff}\u{feff}1", "1e400", "\"\\", "\"\\u", "é",
  ])
  func `what is no JSON is an error with a place`(text: String) throws {
    let error = try raised { try DataCall.call("json.parse", [.string(text)]) }
    #expect(error.kind === ErrorKind.parseError)
    #expect(error.data["line"] != nil && error.data["column"] != nil)
  }

  @Test func `lines and columns count from 1, columns in characters`() throws {
    let error = try raised { try DataCall.call("json.parse", ["{\"a\": 1,\n \"é👩‍👩‍👧\": x}"]) }
    #expect(error.data["line"].map(show) == "2")
    #expect(error.data["column"].map(show) == "8")
    #expect(error.message == "expected a value, found `x` (line 2, column 8)")
    let windows = try raised { try DataCall.call("json.parse", ["[\r\n1\r\n2]"]) }
    #expect(windows.data["line"].map(show) == "3")
  }

  @Test(arguments: [
    (#""\ud83d\ude00""#, "😀"), (#""\ud800""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"),
    (#""\ud800\u0041""#, "\u{FFFD}A"),
    (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
    (#""\u0000""#, "\u{0}"),
    ("\"\u{7f}\u{2028}\"", "\u{7f}\u{2028}"),
    ("\"a long text without escapes, é too\"", "a long text without escapes, é too"),
    (#""a long text before\nand after an escape""#, "a long text before\nand after an escape"),
  ])
  func `escapes are undone, half a surrogate pair becomes U+FFFD`(text: String, expected: String) throws {
    #expect(try DataCall.call("json.parse", [.string(text)]).string?.text == expected)
  }

  @Test func `bytes are read as UTF-8, and a byte order mark is skipped`() {
    #expect(result("json.parse", .bytes(Array("[\"é\"]".utf8))) == "[\"é\"]")
    #expect(result("json.parse", "\u{feff}[1]") == "[1]")
    #expect(
      result("json.parse", .bytes([0x5B, 0xFF, 0x5D]))
        == "ParseError: the text is not valid UTF-8 (line 1, column 2)")
    #expect(kind("json.parse", 5) == "TypeError")
  }

  @Test func `depth is limited, without using the host's stack`() {
    let deep = String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
    #expect(throws: Never.self) { try DataCall.call("json.parse", [.string(deep)]) }
    #expect(kind("json.parse", .string("[" + deep + "]")) == "LimitError")
    #expect(kind("json.parse", .string(String(repeating: "[{\"a\":", count: 1_000_000))) == "LimitError")
  }

  @Test func `equal keys share one string`() throws {
    let list = try #require(try DataCall.call("json.parse", [#"[{"key": 1}, {"key": 2}]"#]).list)
    let keys = list.items.compactMap { $0.map?.storage.entry(at: 0)?.key.string }
    #expect(keys.count == 2 && keys[0] === keys[1])
  }
}

@Suite struct `JSON out` {
  @Test func `is on one line unless indented`() {
    #expect(
      result("json.encode", ["z": 1, "a": [true, .nil, 1.5], "s": "q\"\\\n"])
        == #""{"z":1,"a":[true,null,1.5],"s":"q\"\\\n"}""#)
    #expect(
      result("json.encode", ["a": [], "b": ["c": [1, [:]]]], named: ["indent": 3])
        == "\"{\n   \"a\": [],\n   \"b\": {\n      \"c\": [\n         1,\n         {}\n      ]\n   }\n}\"")
    #expect(result("json.encode", [1], named: ["indent": "\t"]) == "\"[\n\t1\n]\"")
    #expect(kind("json.encode", [1], named: ["indent": -1]) == "ValueError")
    #expect(kind("json.encode", [1], named: ["indent": "ab"]) == "ValueError")
  }

  @Test func `keys are sorted when asked for, at every level`() {
    #expect(
      result("json.encode", ["b": ["d": 3, "c": 2], "a": 1, "B": 0], named: ["sort_keys": true])
        == #""{"B":0,"a":1,"b":{"c":2,"d":3}}""#)
  }

  @Test func `floats stay floats`() {
    #expect(
      result("json.encode", [2.0, 1e300, 1e16, 0.1, 1e-7, -0.0, 123456789012345680.0, 12345678901234567.0])
        == "\"[2.0,1e+300,1e+16,0.1,1e-07,-0.0,1.2345678901234568e+17,1.2345678901234568e+16]\"")
  }

  @Test func `keys that are no strings become strings`() {
    #expect(
      result("json.encode", [1: 2, 1.5: 3, .nil: 4, true: 5]) == #""{"1":2,"1.5":3,"null":4,"true":5}""#)
    #expect(kind("json.encode", [[1]: 2]) == "ValueError")
    #expect(kind("json.encode", [.duration(1): 2]) == "ValueError")
  }

  @Test func `only what must be escaped is`() {
    #expect(
      result("json.encode", "\u{1}\u{1f}\u{7f}\u{2028}é/\t") == "\"\"\\u0001\\u001f\u{7f}\u{2028}é/\\t\"\"")
  }

  @Test func `what JSON cannot hold is an error with its path`() throws {
    let range = Value.object(RangeObject(lower: 0, upper: 3))
    let error = try raised { try DataCall.call("json.encode", [["a": [1, 2, ["b c": range]]]]) }
    #expect(error.kind === ErrorKind.valueError)
    #expect(error.message == #"JSON cannot hold a range, at `$.a[2]["b c"]`"#)
    #expect(error.data["path"].map(show) == #""$.a[2]["b c"]""#)
    #expect(result("json.encode", .float(.nan)) == "ValueError: JSON cannot hold NaN, at `$`")
    #expect(kind("json.encode", [.float(.infinity)]) == "ValueError")
    #expect(kind("json.encode", .duration(5)) == "ValueError")
    #expect(kind("json.encode", .bytes([1])) == "ValueError")
    #expect(kind("json.encode", .object(TimeObject(nanoseconds: 0))) == "ValueError")
  }

  @Test func `a map with removed keys is written without them`() throws {
    var storage = MapStorage()
    for number in 0..<20 { storage.set(.string("k\(number)"), .int(number)) }
    for number in 0..<12 { storage.remove(.string("k\(number)")) }
    let text = try #require(try DataCall.call("json.encode", [.object(MapObject(storage))]).string?.text)
    #expect(text.hasPrefix(#"{"k12":12,"#) && text.hasSuffix(#""k19":19}"#))
  }

  @Test func `deep values raise LimitError`() {
    var value: Value = 1
    for _ in 0..<2001 { value = [value] }
    #expect(kind("json.encode", value) == "LimitError")
  }
}

@Suite struct `JSON values out of chunks` {
  private func values(_ chunks: [String]) throws -> String {
    var scanner = JSONValueScanner()
    var found: [Value] = []
    for chunk in chunks {
      scanner.feed(Array(chunk.utf8))
      while let value = try scanner.next(strand: DataCall.strand) { found.append(value) }
    }
    scanner.finish()
    while let value = try scanner.next(strand: DataCall.strand) { found.append(value) }
    return found.map(show).joined(separator: " ")
  }

  @Test func `values may be spread over lines and chunks in any way`() throws {
    #expect(
      try values(["{\"a\":\n1}\n{\"b\"", ": [1, \"}\\\"\"", "]}\n 1", "2 tr", "ue null \"x", "\\\"y\"[] "])
        == "{a: 1} {b: [1, \"}\"\"]} 12 true nil \"x\"y\" []")
    #expect(try values(["1"]) == "1")
    #expect(try values(["", " \n", ""]) == "")
    #expect(try values(["[1][2]\"a\"\"b\"{}3 4"]) == "[1] [2] \"a\" \"b\" {} 3 4")
  }

  @Test func `a byte at a time gives the same`() throws {
    let text = "{\"é\": [1.5, \"\\\\\"]} -3e2\n[[], {}] \"😀\" false"
    var scanner = JSONValueScanner()
    var found: [Value] = []
    for byte in text.utf8 {
      scanner.feed([byte])
      while let value = try scanner.next(strand: DataCall.strand) { found.append(value) }
    }
    scanner.finish()
    while let value = try scanner.next(strand: DataCall.strand) { found.append(value) }
    #expect(found.map(show).joined(separator: " ") == "{é: [1.5, \"\\\"]} -300.0 [[], {}] \"😀\" false")
  }

  @Test func `errors count lines from the first byte`() {
    #expect(throws: Raised.self) { try values(["{\"a\": 1}\n\n{\"b\":", " x}"]) }
    do {
      _ = try values(["{\"a\": 1}\n\n{\"b\":", " x}"])
    } catch {
      #expect((error as? Raised)?.error.data["line"].map(show) == "3")
      #expect((error as? Raised)?.error.data["column"].map(show) == "7")
    }
    #expect(throws: Raised.self) { try values(["[1, 2"]) }
    #expect(throws: Raised.self) { try values(["]"]) }
    #expect(throws: Raised.self) { try values(["1x"]) }
  }

  @Test func `a value that never ends is limited`() {
    var scanner = JSONValueScanner(limit: 10)
    scanner.feed(Array("[1,2,3,4,5,6,7".utf8))
    #expect(throws: Raised.self) { try scanner.next(strand: DataCall.strand) }
  }
}
