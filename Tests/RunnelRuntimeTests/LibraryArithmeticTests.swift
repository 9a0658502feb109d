import Testing

@testable import RunnelRuntime

@Suite("Arithmetic beyond the machine's own")
struct ArithmeticTests {
  private func compute(_ a: Literal, _ op: ArithmeticOperator, _ b: Literal) -> String {
    Script.shown { () throws(Raised) in try binary(op, a.value, b.value) }
  }
  private let least = Literal(.int(Int.min))
  private let most = Literal(.int(Int.max))

  @Test("ints overflow instead of wrapping, and nothing divides by zero")
  func ints() {
    #expect(compute(most, .add, 1) == "OverflowError")
    #expect(compute(least, .subtract, 1) == "OverflowError")
    #expect(compute(most, .multiply, 2) == "OverflowError")
    #expect(compute(least, .floorDivide, -1) == "OverflowError")
    #expect(compute(least, .remainder, -1) == "0")
    #expect(compute(least, .divide, -1) == "9.223372036854776e+18")
    for op in [ArithmeticOperator.divide, .floorDivide, .remainder] {
      #expect(compute(1, op, 0) == "MathError")
      #expect(compute(1.5, op, 0) == "MathError")
      #expect(compute(1, op, Literal(.float(-0.0))) == "MathError")
    }
    #expect(compute(7, .divide, 2) == "3.5" && compute(6, .divide, 3) == "2.0")
  }

  @Test("// floors and % has the divisor's sign")
  func flooring() {
    for (a, b, quotient, rest) in [
      (7, 2, "3", "1"), (-7, 2, "-4", "1"), (7, -2, "-4", "-1"), (-7, -2, "3", "-1"), (-7, 3, "-3", "2"),
      (6, 3, "2", "0"),
      (7.5, 2, "3.0", "1.5"), (-7.5, 2, "-4.0", "0.5"), (10, 3.5, "2.0", "3.0"), (1e3, 7, "142.0", "6.0"),
      (-6, 3, "-2", "0"),
    ] as [(Literal, Literal, String, String)] {
      #expect(compute(a, .floorDivide, b) == quotient)
      #expect(compute(a, .remainder, b) == rest)
    }
  }

  @Test("powers")
  func powers() {
    #expect(compute(2, .power, 10) == "1024")
    #expect(compute(2, .power, 62) == "4611686018427387904")
    #expect(compute(2, .power, 63) == "OverflowError")
    #expect(compute(-2, .power, 63) == "-9223372036854775808")
    #expect(compute(10, .power, 19) == "OverflowError")
    #expect(compute(0, .power, 0) == "1")
    #expect(
      compute(1, .power, most) == "1" && compute(-1, .power, most) == "-1" && compute(0, .power, most) == "0")
    #expect(compute(2, .power, -1) == "0.5")
    #expect(compute(0, .power, -1) == "MathError" && compute(0.0, .power, -1) == "MathError")
    #expect(compute(2, .power, 0.5) == "1.4142135623730951")
    #expect(compute(-8, .power, 0.5) == "MathError")
  }

  @Test("durations with numbers and with durations")
  func durations() {
    for (a, op, b, result) in [
      (.seconds(5), .multiply, 2, "10s"), (2, .multiply, .seconds(5), "10s"),
      (.seconds(5), .multiply, 1.5, "7.5s"),
      (.seconds(5), .divide, 2, "2.5s"), (.seconds(5), .divide, 2.5, "2s"),
      (.seconds(60), .divide, .seconds(30), "2.0"),
      (.seconds(60), .floorDivide, .seconds(7), "8"), (.seconds(60), .remainder, .seconds(7), "4s"),
      (.seconds(-1), .floorDivide, .seconds(0.3), "-4"), (.seconds(-1), .remainder, .seconds(0.3), "200ms"),
      (.seconds(2), .divide, 3, "666.666667ms"), (.seconds(-2), .divide, 3, "-666.666667ms"),
      (.seconds(5), .subtract, .seconds(7), "-2s"), (.seconds(5), .add, .seconds(1), "6s"),
      (.seconds(5), .divide, 0, "MathError"), (.seconds(5), .divide, .seconds(0), "MathError"),
      (.seconds(5), .remainder, .seconds(0), "MathError"), (.seconds(5), .add, 1, "TypeError"),
      (1, .add, .seconds(5), "TypeError"), (.seconds(5), .power, 2, "TypeError"),
      (2, .divide, .seconds(1), "TypeError"),
      (.seconds(5), .floorDivide, 2, "TypeError"), (.seconds(5), .multiply, .seconds(5), "TypeError"),
      (.nanoseconds(Int.max), .multiply, 2, "OverflowError"),
      (.nanoseconds(Int.max), .add, .seconds(1), "OverflowError"),
      (.seconds(5), .multiply, 1e30, "OverflowError"),
      (.seconds(5), .multiply, Literal(.float(.nan)), "OverflowError"),
    ] as [(Literal, ArithmeticOperator, Literal, String)] {
      #expect(compute(a, op, b) == result)
    }
  }

  @Test("times move by durations")
  func times() {
    let moment = Literal(.object(TimeObject(nanoseconds: 10_000_000_000, zone: "UTC")))
    let last = Literal(.object(TimeObject(nanoseconds: Int.max, zone: "UTC")))
    #expect(compute(moment, .add, .seconds(5)) == "1970-01-01T00:00:15Z")
    #expect(compute(.seconds(5), .add, moment) == "1970-01-01T00:00:15Z")
    #expect(compute(moment, .subtract, .seconds(5)) == "1970-01-01T00:00:05Z")
    #expect(compute(moment, .subtract, moment) == "0s")
    #expect(compute(moment, .add, moment) == "TypeError")
    #expect(compute(moment, .multiply, 2) == "TypeError")
    #expect(compute(.seconds(5), .subtract, moment) == "TypeError")
    #expect(compute(last, .add, .seconds(1)) == "OverflowError")
  }

  @Test("strings, bytes and lists are joined by +, with their own kind only")
  func joining() {
    #expect(compute("a", .add, "b") == "\"ab\"")
    #expect(compute([1], .add, [2]) == "[1, 2]")
    #expect(compute(.bytes(1), .add, .bytes(2, 3)) == "<3 bytes>")
    #expect(compute("a", .add, 1) == "TypeError" && compute("ab", .multiply, 3) == "TypeError")
    #expect(compute([1], .multiply, 2) == "TypeError" && compute(["a": 1], .add, [:]) == "TypeError")
    #expect(compute(true, .add, 1) == "TypeError" && compute(nil, .add, 1) == "TypeError")
  }

  @Test("type errors name both types and say what to write")
  func advice() {
    func message(_ a: Literal, _ op: ArithmeticOperator, _ b: Literal) -> String {
      Script.message { () throws(Raised) in try binary(op, a.value, b.value) }
    }
    #expect(message("a", .add, 1) == #"`+` between string and int: interpolate, `"{x}"`, or use `str(x)`"#)
    #expect(message("a", .multiply, 3) == "`*` between string and int: use `.repeat(n)`")
    #expect(message(nil, .add, 3).contains("`??`"))
    #expect(message(["a": 1], .add, [:]).contains("...a"))
    #expect(message(.seconds(5), .add, 1).contains("unit"))
  }

  @Test("negation")
  func negation() {
    #expect(Script.shown { () throws(Raised) in try negated(.int(5)) } == "-5")
    #expect(Script.shown { () throws(Raised) in try negated(.int(Int.min)) } == "OverflowError")
    #expect(Script.shown { () throws(Raised) in try negated(.duration(5)) } == "-5ns")
    #expect(Script.shown { () throws(Raised) in try negated(.string("a")) } == "TypeError")
  }
}

@Suite("Indexes, slices and `in`")
struct IndexingTests {
  private func index(_ base: Literal, _ index: Literal) -> String {
    Script.shown { () throws(Raised) in try indexValue(base.value, index.value) }
  }
  private func slice(_ base: Literal, _ lower: Literal, _ upper: Literal, inclusive: Bool = false) -> String {
    Script.shown { () throws(Raised) in
      try sliceValue(base.value, lower: lower.value, upper: upper.value, inclusive: inclusive)
    }
  }
  private func isIn(_ item: Literal, _ container: Literal) -> String {
    Script.shown { () throws(Raised) in .bool(try contains(item.value, in: container.value)) }
  }

  @Test("single indexes count from either end and raise outside")
  func indexes() {
    let xs: Literal = [10, 20, 30, 40]
    #expect(index(xs, 0) == "10" && index(xs, -1) == "40" && index(xs, -4) == "10")
    #expect(index(xs, 4) == "IndexError" && index(xs, -5) == "IndexError" && index([], 0) == "IndexError")
    #expect(
      index(xs, Literal(.int(Int.min))) == "IndexError" && index(xs, Literal(.int(Int.max))) == "IndexError")
    #expect(index(xs, 1.0) == "TypeError" && index(xs, "a") == "TypeError" && index(xs, nil) == "TypeError")
    #expect(index(xs, .range(1, 3)) == "[20, 30]" && index(xs, .range(0, 4, step: 2)) == "TypeError")
    #expect(index("abc", 0) == "\"a\"" && index("abc", -1) == "\"c\"" && index("abc", 3) == "IndexError")
    #expect(index("é👩‍👩‍👧x", 1) == "\"👩‍👩‍👧\"" && index("é👩‍👩‍👧x", -1) == "\"x\"" && index("a\r\nb", 1) == "\"\\r\\n\"")
    #expect(
      index(.utf8("hé"), 1) == "195" && index(.utf8("hé"), -1) == "169"
        && index(.utf8("h"), 1) == "IndexError")
    #expect(
      index(.range(0, 10), 2) == "2" && index(.range(0, 10), -1) == "9"
        && index(.range(0, 10), 10) == "IndexError")
    #expect(index(5, 0) == "TypeError" && index(nil, 0) == "TypeError")
  }

  @Test("a missing key raises KeyError that names it and the nearest")
  func keys() {
    let m: Literal = ["port": 80, 1: "one", [1, 2]: "list"]
    #expect(index(m, "port") == "80" && index(m, 1.0) == "\"one\"" && index(m, [1, 2]) == "\"list\"")
    #expect(index(m, 2) == "KeyError" && index(m, [:]) == "TypeError" && index(m, [[:]]) == "TypeError")
    #expect(
      Script.message { () throws(Raised) in try indexValue(m.value, .string("prot")) }
        == "the map has no key `prot`; did you mean `port`?")
    #expect(
      Script.message { () throws(Raised) in try indexValue(m.value, .string("zzz")) }
        == "the map has no key `zzz`")
  }

  @Test("slices give what is there")
  func slices() {
    let xs: Literal = [1, 2, 3]
    #expect(slice(xs, 1, 3) == "[2, 3]" && slice(xs, nil, 2) == "[1, 2]" && slice(xs, 2, nil) == "[3]")
    #expect(slice(xs, -20, nil) == "[1, 2, 3]" && slice(xs, 2, 100) == "[3]" && slice(xs, 5, 9) == "[]")
    #expect(slice(xs, -100, -1) == "[1, 2]" && slice(xs, 2, 1) == "[]" && slice(xs, nil, nil) == "[1, 2, 3]")
    #expect(
      slice(xs, 0, 1, inclusive: true) == "[1, 2]" && slice(xs, nil, -1, inclusive: true) == "[1, 2, 3]")
    #expect(slice(xs, nil, -4, inclusive: true) == "[]" && slice(xs, nil, -3, inclusive: true) == "[1]")
    #expect(slice(xs, 0, 3, inclusive: true) == "[1, 2, 3]")
    #expect(slice(xs, Literal(.int(Int.min)), Literal(.int(Int.max)), inclusive: true) == "[1, 2, 3]")
    #expect(
      slice(xs, 1.5, nil) == "TypeError" && slice(5, 0, 1) == "TypeError"
        && slice(["a": 1], 0, 1) == "TypeError")
    #expect(
      slice("abc", 1, 99) == "\"bc\"" && slice("abc", 9, nil) == "\"\"" && slice("abc", -9, nil) == "\"abc\"")
    #expect(
      slice("é👩‍👩‍👧xyz", 1, 3) == "\"👩‍👩‍👧x\"" && slice("é👩‍👩‍👧xyz", -2, nil) == "\"yz\""
        && slice("héllo", 3, nil) == "\"lo\"")
    #expect(slice(.utf8("hello"), 1, 3) == "<2 bytes>")
    #expect(
      slice(.range(0, 10), 2, 4) == "[2, 3]"
        && slice(.range(0, 1_000_000_000_000), -2, nil) == "[999999999998, 999999999999]")
    #expect(slice(.range(0, 1_000_000_000_000), 0, nil) == "LimitError")
  }

  @Test("`in` asks for an item, a key, a part")
  func containment() {
    #expect(
      isIn(1, [1.0]) == "true" && isIn("a", ["b"]) == "false" && isIn([1], [[1]]) == "true"
        && isIn(nil, [nil]) == "true")
    #expect(
      isIn("a", ["a": 1]) == "true" && isIn(1, ["a": 1]) == "false" && isIn([:], ["a": 1]) == "TypeError")
    #expect(
      isIn("b", "abc") == "true" && isIn("", "abc") == "true" && isIn(1, "abc") == "TypeError"
        && isIn("é", "héé") == "true")
    #expect(
      isIn(3, .range(0, 5)) == "true" && isIn(3.0, .range(0, 5)) == "true"
        && isIn(3.5, .range(0, 5)) == "false")
    #expect(
      isIn(5, .range(0, 5)) == "false" && isIn(5, .range(0, 5, inclusive: true)) == "true"
        && isIn("a", .range(0, 5)) == "false")
    #expect(isIn(3, .range(0, 10, step: 2)) == "false" && isIn(4, .range(10, 0, step: -2)) == "true")
    #expect(
      isIn(97, .utf8("abc")) == "true" && isIn(.utf8("bc"), .utf8("abc")) == "true"
        && isIn("b", .utf8("abc")) == "TypeError")
    #expect(isIn(1, 5) == "TypeError" && isIn(1, nil) == "TypeError")
  }
}

@Suite("Byte search")
struct ByteSearchTests {
  private func first(_ needle: String, _ text: String, from start: Int = 0) throws -> Int? {
    try ByteSearch(needle).first(in: Array(text.utf8).span, from: start, nil)
  }

  @Test("finds the first occurrence, at or after a place")
  func finding() throws {
    #expect(try first("na", "banana") == 2)
    #expect(try first("na", "banana", from: 3) == 4)
    #expect(try first("na", "banana", from: 5) == nil)
    #expect(try first("", "ab", from: 2) == 2 && (try first("", "ab", from: 3)) == nil)
    #expect(try first("abc", "ab") == nil && (try first("a", "")) == nil)
  }

  @Test("stays linear where most starts are false")
  func pathological() throws {
    let text = String(repeating: "a", count: 1 << 20)
    let needle = String(repeating: "a", count: 1 << 12) + "b"
    #expect(try first(needle, text) == nil)
    #expect(try first(needle, text + needle) == 1 << 20)
    #expect(try first("aab", String(repeating: "a", count: 100_000) + "aab") == 100_000)
  }

  @Test("agrees with a plain search on every short text")
  func exhaustive() throws {
    let texts = (0..<256).map { bits in String((0..<8).map { bits >> $0 & 1 == 0 ? "a" : "b" as Character }) }
    for text in texts {
      for needle in ["a", "ab", "aba", "bb", "abab", "aabb"] {
        var expected: Int?
        for start in 0...(8 - needle.count) where expected == nil && text.dropFirst(start).hasPrefix(needle) {
          expected = start
        }
        #expect(try first(needle, text) == expected)
      }
    }
  }
}
