// `term`, `log` and `sys`: tables, colours, columns; lines of the log; facts.

import Testing

@testable import RunnelRuntime

@Suite struct TerminalTests {
  private func table(_ rows: [Value], columns: [Value]? = nil, align: Value = .nil) throws -> String {
    try TextTable(rows: rows, columns: columns, align: align).text()
  }

  private func list(_ items: Value...) -> Value { .list(items) }

  @Test func `maps make a header line, and numbers stand to the right`() throws {
    let rows: [Value] = [
      .record(["name": .string("a"), "size": .int(1)]),
      .record(["name": .string("long name"), "size": .int(1_000)]),
    ]
    #expect(try table(rows) == "name       size\na             1\nlong name  1000")
    #expect(try table(rows, columns: [.string("size")]) == "size\n   1\n1000")
  }

  @Test func `lists have a header line where one is given`() throws {
    let rows = [list(.string("x"), .int(1)), list(.string("yy"), .int(22), .bool(true))]
    #expect(try table(rows) == "x    1\nyy  22  true")
    #expect(
      try table(rows, columns: [.string("a"), .string("b"), .string("c")])
        == "a    b  c\nx    1\nyy  22  true")
  }

  @Test func `what is missing is empty, and a column of numbers stays one`() throws {
    let rows: [Value] = [
      .record(["a": .int(1)]), .record(["b": .float(2.5)]),
      .record(["a": .nil, "b": .duration(1_000_000_000)]),
    ]
    #expect(try table(rows) == "  a    b\n  1\n     2.5\nnil   1s")
    #expect(try table([]) == "")
  }

  @Test func `columns can be aligned by position or by name`() throws {
    let rows: [Value] = [
      .record(["a": .string("x"), "b": .int(1)]), .record(["a": .string("yyy"), "b": .int(222)]),
    ]
    #expect(try table(rows, align: list(.string("right"), .string("left"))) == "  a  b\n  x  1\nyyy  222")
    #expect(try table(rows, align: .record(["b": .string("center")])) == "a     b\nx     1\nyyy  222")
  }

  @Test func `a cell is one line, and wide characters take two columns`() throws {
    let rows = [
      list(.string("a\nb"), .int(1)), list(.string("日本"), .int(2)), list(.string("e\u{301}"), .int(3)),
    ]
    #expect(try table(rows) == "a b   1\n日本  2\ne\u{301}     3")
  }

  @Test func `rows that are none are refused`() async {
    for rows in [[Value.int(1)], [.record(["a": .int(1)]), .list([])]] {
      #expect(await systemError { .string(try table(rows)) }.kind === ErrorKind.typeError)
    }
    for align in [Value.record(["z": .string("left")]), .list([.string("middle")])] {
      #expect(
        await systemError { .string(try table([.record(["a": .int(1)])], align: align)) }.kind
          === ErrorKind.valueError)
    }
    #expect(await systemError { .string(try table([], align: .int(1))) }.kind === ErrorKind.typeError)
  }

  @Test(arguments: [
    ("abc", 3), ("", 0), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("ｆｕｌｌ", 8), ("한글", 4), ("😀", 2), ("👨‍👩‍👧", 2),
    ("🇩🇪", 2),
    ("❤️", 2), ("❤", 1), ("\u{1B}[31mred\u{1B}[0m", 3), ("\u{1B}]0;title\u{07}x", 1), ("a\u{200B}b", 2),
    ("\u{7}", 0), ("\u{1B}", 0),
    ("\u{1B}[", 0), ("½", 1),
  ])
  func `text takes columns as terminals show it`(text: String, width: Int) {
    #expect(DisplayWidth.of(text) == width)
  }

  @Test func `styles are words, checked also where nobody sees them`() async throws {
    #expect(try TerminalStyle.apply("red bold", to: "x", isOn: true) == "\u{1B}[31;1mx\u{1B}[0m")
    #expect(
      try TerminalStyle.apply("bright_blue on_white gray", to: "x", isOn: true)
        == "\u{1B}[94;47;90mx\u{1B}[0m")
    #expect(try TerminalStyle.apply("red", to: "x", isOn: false) == "x")
    #expect(try TerminalStyle.apply("red", to: "", isOn: true) == "")
    let error = await systemError { .string(try TerminalStyle.apply("rde", to: "x", isOn: false)) }
    #expect(error.message == "`style` knows no `rde`; did you mean `red`?")
  }
}

@Suite struct LogTests {
  private func line(
    _ message: String, task: String? = nil, _ fields: KeyValuePairs<String, Value> = [:],
    _ format: LogFormat = .text
  ) -> String {
    var storage = MapStorage()
    for (key, value) in fields { storage.set(.string(key), value) }
    return LogEntry(
      level: .info, time: 1_700_000_000_123_456_789, task: task, message: message, fields: storage
    ).line(format)
  }

  @Test func `a line has time, level, task, message and fields`() {
    #expect(line("started", ["port": .int(80)]) == "2023-11-14T22:13:20.123Z INFO  started port=80\n")
    #expect(
      line(
        "hi", task: "web",
        ["a": .string("x y"), "b": .string("z"), "c": .list([.int(1), .string("q")]), "d": .string("")])
        == "2023-11-14T22:13:20.123Z INFO  [web] hi a=\"x y\" b=z c=[1, \"q\"] d=\"\"\n")
  }

  @Test func `a message cannot make two lines, nor reach for the terminal`() {
    #expect(
      line("a\nb\u{1B}[31m", ["k": .string("x\ny")])
        == "2023-11-14T22:13:20.123Z INFO  a\\nb\\u{1b}[31m k=\"x\\ny\"\n")
  }

  @Test func `as JSON, a line is an object`() {
    #expect(
      line(
        "say \"hi\"", task: "web",
        [
          "n": .int(1), "level": .string("x"),
          "m": .record(["a": .nil, "b": .list([.float(1.5), .bool(true)])]), "d": .duration(1_500_000_000),
        ], .json)
        == #"{"time":"2023-11-14T22:13:20.123Z","level":"info","task":"web","message":"say \"hi\"","n":1,"level_":"x","m":{"a":null,"b":[1.5,true]},"d":"1.5s"}"#
        + "\n")
    #expect(
      line("x", [:], .json)
        == #"{"time":"2023-11-14T22:13:20.123Z","level":"info","task":"main","message":"x"}"# + "\n")
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
    (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999Z"),
    (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
  ])
  func `times are those of the calendar`(nanoseconds: Int, text: String) {
    #expect(LogEntry.timestamp(nanoseconds) == text)
  }

  @Test func `levels have names and an order`() {
    #expect(LogLevel(name: "WARN") == .warn && LogLevel(name: "none") == nil)
    #expect(LogLevel.debug < .info && LogLevel.warn < .error)
  }
}

@Suite struct SystemFactTests {
  @Test func `facts have the types that the library promises`() throws {
    let group = SystemFacts.group
    let types = Dictionary(
      uniqueKeysWithValues: group.constants.map { ($0.name, $0.value(systemStrand()).typeName) })
    #expect(
      types == [
        "pid": "int", "ppid": "int", "executable": "string", "script": "nil", "platform": "string",
        "arch": "string",
        "cpus": "int", "memory": "int", "hostname": "string", "user": "string", "is_terminal": "bool",
        "version": "string",
        "stdin": "stream",
      ])
  }

  @Test func `which finds programs, and nothing for what is none`() async throws {
    func which(_ name: String) async throws -> Value {
      try await SystemBuiltins.call("sys", "which", [.string(name)])
    }
    #expect(try await which("sh").string?.text.hasSuffix("/sh") == true)
    #expect(try await which("/bin/sh").string?.text == "/bin/sh")
    for name in ["no-such-command-here", "", "a\0b", "/etc/passwd"] { #expect(try await which(name).isNil) }
  }

  @Test func `every built-in is documented`() {
    for group in SystemLibrary.groups {
      #expect(!group.summary.isEmpty)
      for function in group.functions {
        #expect(function.documentation.hasSuffix("."), "\(function.signature)")
      }
      for constant in group.constants { #expect(constant.documentation.hasSuffix("."), "\(constant.name)") }
    }
  }
}
