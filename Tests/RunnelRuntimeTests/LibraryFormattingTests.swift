import Testing

@testable import RunnelRuntime

@Suite("Values as text")
struct FormattingTests {
  private func repr(_ value: Literal) -> String { Script.shown { () throws(Raised) in value.value } }

  @Test("numbers print shortest, floats always as floats")
  func numbers() {
    #expect(repr(42) == "42")
    #expect(repr(Literal(.int(Int.min))) == "-9223372036854775808")
    #expect(repr(Literal(.int(Int.max))) == "9223372036854775807")
    #expect(repr(0) == "0" && repr(10) == "10" && repr(-7) == "-7")
    for (number, text) in [
      (2.0, "2.0"), (1e-9, "1e-09"), (0.1 + 0.2, "0.30000000000000004"), (1e16, "1e+16"),
      (1e15, "1000000000000000.0"),
      (-0.0, "-0.0"), (0.0001, "0.0001"), (1e-5, "1e-05"), (1e300, "1e+300"), (.infinity, "inf"),
      (-.infinity, "-inf"),
      (.nan, "nan"), (-.nan, "nan"),
    ] {
      #expect(repr(Literal(.float(number))) == text)
    }
  }

  @Test("durations print in d h m s, below a second in ms us ns")
  func durations() {
    for (nanoseconds, text) in [
      (0, "0s"), (5_400_000_000_000, "1h30m"), (1_500_000_000, "1.5s"), (250_000, "250us"), (1, "1ns"),
      (1_001, "1.001us"), (90_061_000_000_000, "1d1h1m1s"), (3_600_001_000_000, "1h1ms"),
      (60_000_000_001, "1m1ns"),
      (1_000_000_001, "1.000000001s"), (-1_500_000_000, "-1.5s"), (-90_000_000_000, "-1m30s"),
      (Int.max, "106751d23h47m16.854775807s"), (Int.min, "-106751d23h47m16.854775808s"),
    ] {
      #expect(Formatting.duration(nanoseconds) == text)
    }
  }

  @Test("strings are bare at the top and quoted, with a literal's escapes, inside")
  func strings() throws {
    #expect(try describe(.string("a\"b")) == "a\"b")
    #expect(repr("q\"\\\n\t\r") == #""q\"\\\n\t\r""#)
    #expect(repr("\u{1B}[1m\u{0}\u{7F}") == #""\u{1b}[1m\u{0}\u{7f}""#)
    #expect(repr("é😀{x}") == "\"é😀{x}\"")
    #expect(repr([1, "a", nil, true]) == "[1, \"a\", nil, true]")
    #expect(
      repr(["a": 1, "b c": [2.5], "1a": 3, "if": 4, "é": 5, "_x": 6, "": 7])
        == "{a: 1, \"b c\": [2.5], \"1a\": 3, if: 4, é: 5, _x: 6, \"\": 7}")
    #expect(
      repr([1: "i", 1.5: "f", nil: "n", true: "b", [1, "x"]: "l"])
        == "{1: \"i\", 1.5: \"f\", nil: \"n\", true: \"b\", [1, \"x\"]: \"l\"}")
    #expect(repr([]) == "[]" && repr([:]) == "{}")
  }

  @Test("bytes, ranges, errors and references")
  func others() {
    #expect(repr(.bytes(1, 2, 3)) == "<3 bytes>")
    #expect(repr(.range(0, 10)) == "0..10")
    #expect(repr(.range(0, 10, inclusive: true)) == "0..=10")
    #expect(repr(.range(10, 0, step: -3)) == "range(10, 0, -3)")
    let waits = RangeObject(lower: 200_000_000, upper: 10_000_000_000, isDuration: true)
    #expect(repr(Literal(.object(waits))) == "200ms..10s")
    #expect(repr(Literal(.object(ErrorObject(.timeout, "too late")))) == "Timeout: too late")
    #expect(repr([Literal(.object(ErrorObject(.timeout, "")))]) == "[Timeout]")
    #expect(repr(Literal(.object(ErrorKind.timeout))) == "<function>")
    #expect(repr(Literal(.object(StreamObject(source: ListSource([]))))) == "<stream>")
  }

  @Test("times print as RFC 3339")
  func times() {
    #expect(repr(Literal(.object(TimeObject(nanoseconds: 0, zone: "UTC")))) == "1970-01-01T00:00:00Z")
    #expect(
      repr(Literal(.object(TimeObject(nanoseconds: 1_709_209_845_500_000_000, zone: "UTC"))))
        == "2024-02-29T12:30:45.500000Z")
    #expect(
      repr(Literal(.object(TimeObject(nanoseconds: -1_000_000_000, offset: 7_200))))
        == "1970-01-01T01:59:59+02:00")
  }

  @Test("what is nested too deeply, or would be too long, is an error and not a crash")
  func limits() {
    var deep = Value.int(1)
    for _ in 0..<100_000 { deep = .list([deep]) }
    #expect(Script.shown { () throws(Raised) in .string(try describe(deep)) } == "LimitError")
    #expect(brief(deep, limit: 10).hasSuffix("…"))
    #expect(brief(.string(String(repeating: "x", count: 1_000)), limit: 20).utf8.count < 30)
  }

  @Test("print puts one space between and its end after")
  func lines() throws {
    #expect(try Formatting.line([.string("a"), .int(1), .list([.string("b")])]) == "a 1 [\"b\"]\n")
    #expect(try Formatting.line([] as [Value]) == "\n")
    #expect(try Formatting.line([.int(1)], end: "") == "1")
  }
}

@Suite("Format specs")
struct FormatSpecTests {
  private func format(_ value: Literal, _ spec: String) -> String {
    do throws(Raised) {
      return try FormatSpec(parsing: spec).apply(value.value)
    } catch {
      return error.error.kind.name
    }
  }

  @Test("width, fill and alignment")
  func widths() {
    for (value, spec, text) in [
      (7, "5", "    7"), (7, "<5", "7    "), (7, "^5", "  7  "), (7, "05", "00007"), (7, "*>5", "****7"),
      (-7, "05", "-0007"), (7, "+", "+7"), (7, "+05", "+0007"), (7, " 5", "    7"), (7, "=+5", "+   7"),
      (-7, "*=5", "-***7"), (-7, "<05", "-7000"), (-7, "x<5", "-7xxx"), (7, "é>5", "éééé7"), (7, "", "7"),
      (7, ">", "7"),
      (7, ".2", "ValueError"), (7, "zz", "ValueError"), (7, "5.", "ValueError"),
      (7, "99999999999999999999", "ValueError"),
    ] as [(Literal, String, String)] {
      #expect(format(value, spec) == text, "\(spec)")
    }
  }

  @Test("numbers: groups, bases, decimals, exponents, percent")
  func numbers() {
    for (value, spec, text) in [
      (1_234_567, ",", "1,234,567"), (-1_234_567, ",", "-1,234,567"), (1_234_567, "12,", "   1,234,567"),
      (1_234_567, "012,", "0,001,234,567"), (999, ",", "999"), (-1_234_567, "_", "-1_234_567"),
      (255, "x", "ff"), (255, "X", "FF"), (255, "o", "377"), (255, "b", "11111111"), (255, "#x", "0xff"),
      (255, "04x", "00ff"), (-255, "x", "-ff"), (-255, "06x", "-000ff"), (255, "08b", "11111111"),
      (255.5, "x", "ValueError"),
      (2.5, ".1e", "2.5e+00"), (1234.5678, "e", "1.234568e+03"), (0, "e", "0.000000e+00"),
      (9.99, ".1e", "1.0e+01"),
      (0.00123, ".2e", "1.23e-03"), (1e-300, ".3e", "1.000e-300"), (1.5, ".0e", "2e+00"),
      (0.5678, ".2", "0.57"), (3.14159, ".2", "3.14"), (2.5, ".0", "2"), (3.5, ".0", "4"),
      (0.125, ".2", "0.12"),
      (2.675, ".2", "2.67"), (1234.5678, ",.2", "1,234.57"), (1234.5678, ",", "1,234.5678"),
      (1234.5678, "f", "1234.567800"),
      (1234.5678, "010.2", "0001234.57"), (1234.5678, ">10", " 1234.5678"), (1234.5678, "10", " 1234.5678"),
      (1e20, ".2", "100000000000000000000.00"), (1e20, ",", "1e+20"), (-0.4, ".0", "-0"),
      (-0.4, "05.1", "-00.4"),
      (12345678.9, "015,.1f", "0,012,345,678.9"), (1e-7, ".10", "0.0000001000"), (0.95, ".1", "0.9"),
      (9.999, ".2", "10.00"),
      (0.256, "%", "25.600000%"), (0.256, ".1%", "25.6%"), (0.256, "8.1%", "   25.6%"), (7, ".1%", "700.0%"),
      (255, ".1f", "255.0"), (1.5, "+.1", "+1.5"), (1.0, "b", "ValueError"), (1, "s", "ValueError"),
    ] as [(Literal, String, String)] {
      #expect(format(value, spec) == text, "\(spec)")
    }
    for (number, spec, text) in [
      (Double.infinity, ".2", "inf"), (.infinity, "5", "  inf"), (-.infinity, "", "-inf"),
      (.nan, ".1f", "nan"),
      (.infinity, "%", "inf%"),
    ] {
      #expect(format(Literal(.float(number)), spec) == text)
    }
    let greatest = format(Literal(.float(.greatestFiniteMagnitude)), ".0")
    #expect(greatest.hasPrefix("179769313486231570814527423731704356798070567525844996598917476803"))
    #expect(greatest.utf8.count == 309)
  }

  @Test("text: padded to the right, cut to characters")
  func texts() {
    for (value, spec, text) in [
      ("ab", ">4", "  ab"), ("ab", "<4", "ab  "), ("ab", "4", "ab  "), ("ab", "^4", " ab "),
      ("ab", "->4", "--ab"),
      ("abcdef", ".3", "abc"), ("abc", ">5.2", "   ab"), ("abc", "s", "abc"), ("x", "^4", " x  "),
      ("x", "~^4", "~x~~"),
      ("héllo👩‍👩‍👧", "8", "héllo👩‍👩‍👧  "), ("héllo👩‍👩‍👧", ".6", "héllo👩‍👩‍👧"), ("e\u{301}x", ".1", "e\u{301}"),
      ("abc", "+", "ValueError"), ("abc", ",", "ValueError"), ("abc", "x", "ValueError"),
      ("abc", "=5", "ValueError"),
      (true, "6", "true  "), (nil, "5", "nil  "), ([1, "a"], "12", "[1, \"a\"]    "),
      ([1, "a"], "x", "ValueError"),
      ("x", "B", "ValueError"), (.range(0, 3), "6", "0..3  "),
    ] as [(Literal, String, String)] {
      #expect(format(value, spec) == text, "\(spec)")
    }
  }

  @Test("durations: decimals of the largest unit")
  func durations() {
    for (value, spec, text) in [
      (.seconds(1.512), ".1", "1.5s"), (.seconds(1.512), "8.1", "1.5s    "),
      (.seconds(1.512), ">8", "  1.512s"),
      (.seconds(1.512), ".0", "2s"), (.seconds(90_061), ".1", "1.0d"), (.seconds(59.999), ".1", "60.0s"),
      (.nanoseconds(1_500_000), ".2", "1.50ms"), (.nanoseconds(250_000), ".1", "250.0us"),
      (.seconds(-1.512), ".1", "-1.5s"),
      (.seconds(7_200), ".2", "2.00h"), (.seconds(0), ".1", "0.0s"), (.nanoseconds(5), ".1", "5.0ns"),
      (.seconds(5), "x", "ValueError"), (.seconds(5), "+", "ValueError"), (.seconds(5), "B", "ValueError"),
    ] as [(Literal, String, String)] {
      #expect(format(value, spec) == text, "\(spec)")
    }
  }

  @Test("sizes in thousands and in 1024s")
  func sizes() {
    for (value, decimal, binary) in [
      (0, "0B", "0B"), (999, "999B", "999B"), (1_000, "1.0KB", "1000B"), (1_024, "1.0KB", "1.0KiB"),
      (1_400_000, "1.4MB", "1.3MiB"), (14_000, "14.0KB", "13.7KiB"), (-1_400, "-1.4KB", "-1.4KiB"),
      (999_949, "999.9KB", "976.5KiB"), (999_950, "1.0MB", "976.5KiB"),
      (5_000_000_000_000_000, "5000.0TB", "4547.5TiB"),
    ] as [(Literal, String, String)] {
      #expect(format(value, "B") == decimal)
      #expect(format(value, "iB") == binary)
    }
    #expect(format(1_400, ">8B") == "   1.4KB")
    #expect(format(1_400, ".2B") == "1.40KB")
    #expect(format(Literal(.float(1_400.4)), "B") == "1.4KB")
  }
}
