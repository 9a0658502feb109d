import Testing

@testable import RunnelRuntime

@Suite("Global functions")
struct GlobalFunctionTests {
  @Test("int")
  func ints() {
    for (value, base, result) in [
      ("42", nil, "42"), ("ff", 16, "255"), ("-7", nil, "-7"), ("+5", nil, "5"), ("101", 2, "5"),
      (" 42\n", nil, "42"),
      ("4_2", nil, "42"), ("0x1f", 16, "31"), ("0x1f", nil, "ValueError"), ("0x1f", 0, "31"),
      ("0b11", 0, "3"), ("z", 36, "35"),
      ("Z", 36, "35"), ("12", 2, "ValueError"), ("1", 1, "ValueError"), ("1", 37, "ValueError"),
      ("", nil, "ValueError"), ("-", nil, "ValueError"),
      ("_1", nil, "ValueError"), ("1_", nil, "ValueError"), ("1__0", nil, "ValueError"),
      ("3.5", nil, "ValueError"), ("x", nil, "ValueError"),
      ("9223372036854775807", nil, "9223372036854775807"),
      ("-9223372036854775808", nil, "-9223372036854775808"),
      ("9223372036854775808", nil, "OverflowError"), ("99999999999999999999999", nil, "OverflowError"),
      (3.9, nil, "3"), (-3.9, nil, "-3"),
      (1e30, nil, "OverflowError"), (Literal(.float(.infinity)), nil, "ValueError"),
      (Literal(.float(.nan)), nil, "ValueError"),
      (true, nil, "TypeError"), (nil, nil, "TypeError"), ([1], nil, "TypeError"),
      (.seconds(5), nil, "TypeError"), (7, nil, "7"),
    ] as [(Literal, Literal, String)] {
      #expect(Script.global("int", value, base) == result, "\(brief(value.value))")
    }
    #expect(
      Script.message { () throws(Raised) in try Conversions.int(.string("x y"), base: nil) }
        == "not an int: \"x y\"")
  }

  @Test("float")
  func floats() {
    for (value, result) in [
      ("3.5", "3.5"), ("1e5", "100000.0"), (" 1.5 ", "1.5"), ("inf", "inf"), ("-Infinity", "-inf"),
      ("nan", "nan"), ("1_0.5", "10.5"),
      (".5", "0.5"), ("5.", "5.0"), ("1e999", "inf"), ("", "ValueError"), ("0x10", "ValueError"),
      ("1__0", "ValueError"), ("nan(1)", "ValueError"),
      ("?", "ValueError"), ("_1", "ValueError"), ("1_", "ValueError"), ("1_.5", "ValueError"), (2, "2.0"),
      (nil, "TypeError"), (true, "TypeError"),
    ] as [(Literal, String)] {
      #expect(Script.global("float", value) == result, "\(brief(value.value))")
    }
  }

  @Test("bool, str, repr, type")
  func texts() {
    #expect(Script.global("bool", "true") == "true" && Script.global("bool", false) == "false")
    #expect(Script.global("bool", "yes") == "ValueError" && Script.global("bool", 1) == "TypeError")
    #expect(
      Script.global("str", 42) == "\"42\"" && Script.global("str", [1]) == "\"[1]\""
        && Script.global("str", "a") == "\"a\"")
    #expect(Script.global("repr", "a") == "\"\\\"a\\\"\"" && Script.global("repr", 1) == "\"1\"")
    for (value, name) in [
      (1, "int"), (1.5, "float"), ("x", "string"), (true, "bool"), (nil, "nil"), ([], "list"), ([:], "map"),
      (.range(0, 1), "range"),
      (.seconds(1), "duration"), (.bytes(1), "bytes"), (Literal(.object(ErrorKind.error)), "function"),
    ] as [(Literal, String)] {
      #expect(Script.global("type", value) == "\"\(name)\"")
    }
  }

  @Test("bytes and list")
  func collections() {
    #expect(
      Script.global("bytes", "é") == "<2 bytes>" && Script.global("bytes", [1, 255]) == "<2 bytes>"
        && Script.global("bytes", .range(0, 3)) == "<3 bytes>")
    #expect(
      Script.global("bytes", [256]) == "ValueError" && Script.global("bytes", [-1]) == "ValueError"
        && Script.global("bytes", ["a"]) == "TypeError")
    #expect(Script.global("bytes", 3) == "TypeError" && Script.global("bytes", nil) == "TypeError")
    #expect(
      Script.global("list", .range(0, 3)) == "[0, 1, 2]" && Script.global("list", ["a": 1]) == "[\"a\"]"
        && Script.global("list", .utf8("ab")) == "[97, 98]")
    #expect(
      Script.global("list", "ab") == "TypeError" && Script.global("list", 5) == "TypeError"
        && Script.global("list", .range(0, 1 << 40)) == "LimitError")
    #expect(Script.message { () throws(Raised) in try Conversions.list(.string("ab")) }.contains(".chars()"))
  }

  @Test("duration")
  func durations() {
    for (text, result) in [
      ("1h30m", "1h30m"), ("1.5s", "1.5s"), ("-5s", "-5s"), ("30m1h", "1h30m"), ("1d", "1d"),
      ("100ns", "100ns"), ("1_000ms", "1s"),
      ("5", "ValueError"), ("", "ValueError"), ("-", "ValueError"), ("1h 30m", "ValueError"),
      (" 5s", "ValueError"), ("5S", "ValueError"),
      ("1h-5m", "ValueError"), ("s", "ValueError"), (".5s", "ValueError"), ("1.2.3s", "ValueError"),
      ("soon", "ValueError"), ("5mx", "ValueError"),
      ("99999999999d", "OverflowError"), ("106751d23h47m17s", "OverflowError"), ("1e5s", "ValueError"),
    ] as [(Literal, String)] {
      #expect(Script.global("duration", text) == result, "\(brief(text.value))")
    }
    #expect(Script.global("duration", .seconds(5)) == "5s" && Script.global("duration", 5) == "TypeError")
  }

  @Test("every duration that prints reads back")
  func durationsReadBack() throws {
    for nanoseconds in [
      0, 1, 999, 1_000, 1_001, 999_999_999, 1_000_000_001, 59_999_999_999, 90_061_500_000_000, -1_500_000_000,
    ] {
      #expect(try Conversions.parseDuration(Formatting.duration(nanoseconds)) == nanoseconds)
    }
  }

  @Test("len, min, max")
  func measuring() {
    #expect(
      Script.global("len", "é") == "1" && Script.global("len", [1]) == "1"
        && Script.global("len", ["a": 1]) == "1")
    #expect(
      Script.global("len", .utf8("ab")) == "2" && Script.global("len", .range(0, 10)) == "10"
        && Script.global("len", 5) == "TypeError")
    #expect(
      Script.global("max", 1, 3, 2) == "3" && Script.global("min", 1, 3) == "1"
        && Script.global("max", [2, 5]) == "5")
    #expect(
      Script.global("max", []) == "ValueError" && Script.global("max") == "ValueError"
        && Script.global("min", 1) == "TypeError")
    #expect(
      Script.global("min", "ab") == "TypeError" && Script.global("min", [1], [0]) == "[0]"
        && Script.global("min", ["b": 1, "a": 2]) == "\"a\"")
    #expect(
      Script.global("max", 1, 1.0) == "1" && Script.global("max", 1.0, 1) == "1.0"
        && Script.global("min", 1, "a") == "TypeError")
    #expect(
      Script.global("min", [1], named: ["by": Literal(.object(ErrorKind.error))]) == "\"prelude __min\"")
  }

  @Test("range, zip, enumerate")
  func sequences() {
    #expect(Script.global("range", 0, 5) == "0..5" && Script.global("range", 0, 10, 3) == "range(0, 10, 3)")
    #expect(
      Script.global("list", Literal(.object(RangeObject(lower: 10, upper: 0, step: -3)))) == "[10, 7, 4, 1]")
    #expect(Script.global("range", 0, 5, 0) == "ValueError" && Script.global("range", 1.5, 3) == "TypeError")
    #expect(
      Script.global("zip", [1, 2], ["a", "b"]) == "[[1, \"a\"], [2, \"b\"]]"
        && Script.global("zip", [1], [2], [3]) == "[[1, 2, 3]]")
    #expect(Script.global("zip", [1, 2]) == "[[1], [2]]" && Script.global("zip", "ab", [1]) == "TypeError")
    #expect(
      Script.global("enumerate", ["a"], 5) == "[[5, \"a\"]]"
        && Script.global("enumerate", .range(0, 2)) == "[[0, 0], [1, 1]]")
  }

  @Test("round takes halves to the even neighbour")
  func rounding() {
    for (value, digits, result) in [
      (2.5, nil, "2"), (3.5, nil, "4"), (-2.5, nil, "-2"), (2.4, nil, "2"), (2.346, 2, "2.35"),
      (2.345, 2, "2.35"), (2.675, 2, "2.67"),
      (2.5, 0, "2.0"), (1234, -2, "1200"), (1250, -2, "1200"), (1350, -2, "1400"), (-1250, -2, "-1200"),
      (-1251, -2, "-1300"), (1234.5, -2, "1200.0"),
      (75.0, -2, "100.0"), (4.0, -2, "0.0"), (5, nil, "5"), (5, 2, "5"), (5, -30, "0"),
      (1e30, nil, "OverflowError"),
      (Literal(.float(.infinity)), nil, "ValueError"), (Literal(.float(.nan)), nil, "ValueError"),
      (Literal(.float(.infinity)), 2, "inf"),
      ("a", nil, "TypeError"), (.seconds(1), nil, "TypeError"), (1.5, 5_000, "1.5"), (1.5, -5_000, "0.0"),
      (Literal(.int(Int.max)), -18, "9000000000000000000"),
      (Literal(.int(Int.max)), -1, "OverflowError"), (Literal(.int(Int.min)), -1, "OverflowError"),
      (Literal(.int(Int.min)), -18, "-9000000000000000000"),
    ] as [(Literal, Literal, String)] {
      #expect(Script.global("round", value, digits) == result, "\(brief(value.value)) \(brief(digits.value))")
    }
    #expect(
      Script.global("abs", -5) == "5" && Script.global("abs", -1.5) == "1.5"
        && Script.global("abs", .seconds(-5)) == "5s")
    #expect(
      Script.global("abs", Literal(.int(Int.min))) == "OverflowError"
        && Script.global("abs", "a") == "TypeError")
  }

  @Test("what reads a stream is the prelude's")
  func streams() {
    let stream = Literal(.object(StreamObject(source: ListSource([.int(1)]))))
    for name in ["print", "min", "max", "zip", "enumerate", "list", "bytes"] {
      #expect(Script.global(name, stream).hasPrefix("\"prelude __"), "\(name)")
    }
    #expect(Script.global("len", stream) == "TypeError")
    #expect(Script.global("print", 1, named: ["end": 5]) == "TypeError")
  }
}

@Suite("Looking built-ins up")
struct LibraryTests {
  @Test("methods by type, globals, namespaces and intrinsics apart")
  func lookUp() {
    #expect(Library.method(of: .string("a"), name: "upper")?.name == "upper")
    #expect(Library.method(of: .int(1), name: "upper") == nil)
    #expect(Library.method(of: "map", name: "pick")?.parameters.rest == 0)
    #expect(Library.global("print")?.parameters.names == ["xs", "end"] && Library.global("__arity") == nil)
    #expect(
      Library.intrinsic("__arity")?.name == "__arity" && Library.namespace("__") == nil
        && Library.namespace("string") == nil)
    #expect(
      Library.globalNames.contains("map") && !Library.globalNames.contains("__arity")
        && Library.globalNames == Library.globalNames.sorted())
  }

  @Test("no built-in is declared twice, and each says what it does")
  func declarations() {
    var seen: Set<String> = []
    for group in Library.groups {
      for function in group.functions {
        let owner = function.receiver.map { "method of \($0)" } ?? group.name
        #expect(seen.insert("\(owner).\(function.name)").inserted, "\(owner): \(function.signature)")
        #expect(!function.documentation.isEmpty && !function.name.isEmpty)
      }
    }
  }

  @Test("every prelude function that is named is written, with a parameter for each of the signature's")
  func prelude() {
    var written: [String: Int] = [:]
    let parts = Dictionary(Prelude.index.parts.values.map { ($0.name, $0.source) }) { first, _ in first }
    for line in parts.values.flatMap({ $0.split(separator: "\n") }) where line.hasPrefix("fn ") {
      let head = line.dropFirst(3)
      guard let open = head.firstIndex(of: "("), let close = head.firstIndex(of: ")") else { continue }
      written[String(head[..<open])] = head[head.index(after: open)..<close].split(separator: ",").count
    }
    for function in Library.groups.flatMap(\.functions) {
      let name: String
      switch function.body {
      case .prelude(let prelude), .preludeMutating(let prelude): name = prelude
      case .either(_, let prelude, _), .mutatingEither(_, let prelude, _): name = prelude
      default: continue
      }
      let parameters = function.parameters.names.count + (function.receiver == nil ? 0 : 1)
      #expect(written[name] == parameters, "\(name) for \(function.signature)")
    }
  }

  @Test("every intrinsic that the prelude calls is there")
  func intrinsics() {
    let text = Set(Prelude.index.parts.values.map(\.source)).joined()
    let written = Prelude.index.names
    for match in text.matches(of: /__\w+/) {
      let name = String(match.output)
      #expect(written.contains(name) || Library.intrinsic(name) != nil, "\(name)")
    }
  }

  @Test("the reference has a page for each group, and none of the intrinsics")
  func reference() {
    let pages = Reference.pages()
    let files = pages.map(\.file)
    for file in ["global.md", "bytes.md", "list.md", "map.md", "string.md"] { #expect(files.contains(file)) }
    #expect(pages.allSatisfy { !$0.text.contains("`__") })
    let strings = pages.first { $0.file == "string.md" }?.text
    #expect(strings?.contains("### `pad_start(n, with = \" \") → string`") == true)
  }
}

@Suite("Intrinsics")
struct IntrinsicTests {
  @Test("grouping and ordering by keys")
  func keys() {
    #expect(
      Script.intrinsic("__group_by_keys", [1, 2, 3], ["odd", "even", "odd"]) == "{odd: [1, 3], even: [2]}")
    #expect(Script.intrinsic("__group_by_keys", [1], [[:]]) == "TypeError")
    #expect(Script.intrinsic("__count_keys", ["a", "b", "a", 1, 1.0]) == "{a: 2, b: 1, 1: 2}")
    #expect(Script.intrinsic("__map_of", ["a", "a"], [1, 2]) == "{a: 2}")
    #expect(
      Script.intrinsic("__sort_by_keys", ["x", "y", "z"], [2, 1, 2], false) == "[\"y\", \"x\", \"z\"]")
    #expect(Script.intrinsic("__sort_by_keys", ["x", "y", "z"], [2, 1, 2], nil) == "[\"y\", \"x\", \"z\"]")
    #expect(
      Script.intrinsic("__sort_by_keys", ["x", "y", "z"], [[1, 2], [1, 1], [0, 9]], true)
        == "[\"x\", \"y\", \"z\"]")
    #expect(Script.intrinsic("__best_by_keys", ["x", "y"], [1, 1], true) == "\"x\"")
    #expect(Script.intrinsic("__unique_by_keys", [1, 2, 3], ["a", "a", "b"]) == "[1, 3]")
  }

  @Test("lines of a stream of chunks")
  func lines() throws {
    func cut(_ chunks: Literal...) throws -> String {
      var rest = Value.nil
      var lines: [Value] = []
      for chunk in chunks + [nil] {
        let result = try Script.call(Library.intrinsic("__lines"), [chunk, Literal(rest)])
        lines += result.list?.items[0].list?.items ?? []
        rest = result.list?.items[1] ?? .nil
      }
      return brief(.list(lines))
    }
    #expect(try cut("a\nb", "c\nd\n") == "[\"a\", \"b\", \"c\", \"d\"]")
    #expect(try cut(.utf8("a\nb"), .utf8("c\nd\n")) == "[\"a\", \"bc\", \"d\"]")
    #expect(try cut(.utf8("a\r"), .utf8("\nb")) == "[\"a\", \"b\"]")
    #expect(try cut(.bytes(0x68, 0xC3), .bytes(0xA9, 0x0A)) == "[\"hé\"]")
    #expect(try cut("a", "", "b") == "[\"a\", \"\", \"b\"]" && (try cut()) == "[]")
    #expect(try cut(1, [2]) == "[\"1\", \"[2]\"]")
  }

  @Test("pieces for replacing by a function")
  func pieces() {
    #expect(Script.intrinsic("__pieces", "banana", "an", nil) == "[[\"b\", \"\", \"a\"], [\"an\", \"an\"]]")
    #expect(Script.intrinsic("__pieces", "banana", "an", 1) == "[[\"b\", \"ana\"], [\"an\"]]")
    #expect(Script.intrinsic("__pieces", "x", 5, nil) == "TypeError")
  }

  @Test("arity")
  func arity() {
    #expect(Script.intrinsic("__arity", 5) == "TypeError")
    let native = Library.method(of: "string", name: "replace")
    #expect(native.map { Script.intrinsic("__arity", Literal(.object($0))) } == "2")
  }
}
