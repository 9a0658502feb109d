import Testing

@testable import RunnelRuntime

@Suite struct `CSV in` {
  @Test func `the first row names the columns`() {
    #expect(
      result("csv.parse", "name,n\n\"a, b\",1\n\"say \"\"hi\"\"\",2\n")
        == #"[{name: "a, b", n: "1"}, {name: "say "hi"", n: "2"}]"#)
    #expect(result("csv.parse", "name,n\nx,1\n", named: ["header": false]) == #"[["name", "n"], ["x", "1"]]"#)
    #expect(result("csv.parse", "a;b\n1;2\n", named: ["sep": ";"]) == #"[{a: "1", b: "2"}]"#)
    #expect(result("csv.parse", "a\tb\n1\t2", named: ["sep": "\t"]) == #"[{a: "1", b: "2"}]"#)
  }

  @Test(arguments: [
    ("", "[]"), ("\n\n", "[]"), ("a", #"[["a"]]"#), ("a\n", #"[["a"]]"#), ("a,", #"[["a", ""]]"#),
    (",", #"[["", ""]]"#),
    ("a\r\nb\r\n", #"[["a"], ["b"]]"#), ("a\rb", #"[["a"], ["b"]]"#),
    ("\"a\r\nb\",c", "[[\"a\r\nb\", \"c\"]]"),
    ("\"\"", #"[[""]]"#), ("\"\"\n\n\"\"", #"[[""], [""]]"#), ("a\n\nb", #"[["a"], ["b"]]"#),
    (" a , b ", #"[[" a ", " b "]]"#), ("x\"y\",z", #"[["x"y"", "z"]]"#), ("\"\"\"\"", #"[["""]]"#),
    ("\u{feff}a,b", #"[["a", "b"]]"#), ("\u{feff}\"a\",b", #"[["a", "b"]]"#),
    ("1,2,3\n4", #"[["1", "2", "3"], ["4"]]"#),
  ])
  func `rows, quotes and ends of lines`(text: String, expected: String) {
    #expect(result("csv.parse", .string(text), named: ["header": false]) == expected)
  }

  @Test func `ragged rows lose keys or fields, never rows`() {
    #expect(result("csv.parse", "a,b\n1\n1,2,3\n") == #"[{a: "1"}, {a: "1", b: "2"}]"#)
    #expect(result("csv.parse", "a,a\n1,2\n") == #"[{a: "2"}]"#)
  }

  @Test func `quotes that do not fit are errors with their line`() {
    #expect(result("csv.parse", "a,b\n1,\"x") == "ParseError: a quoted field does not end (line 2)")
    #expect(
      result("csv.parse", "a\n\"1\n2\"\n\"x\"y\n")
        == "ParseError: there is text after the closing quote of a field (line 4)")
  }

  @Test func `the separator is one character`() {
    for wrong in ["", "::", "\"", "\n", "é"] {
      #expect(kind("csv.parse", "a", named: ["sep": .string(wrong)]) == "ValueError")
    }
    #expect(kind("csv.parse", 5) == "TypeError")
    #expect(kind("csv.parse", .bytes([0x61, 0xFF])) == "ParseError")
  }

  @Test func `chunks of any size give the same rows`() throws {
    let text = "\u{feff}a,\"b\"\"c\",é\r\n\"x\r\ny\",,\n\r\n1,2,\"\"\r3"
    func rows(chunk: Int) throws -> String {
      var reader = CSVReader()
      var rows: [String] = []
      let bytes = Array(text.utf8)
      var index = 0
      while index < bytes.count {
        let piece = Array(bytes[index..<min(index + chunk, bytes.count)])
        try reader.read(piece.span, strand: DataCall.strand) { row in rows.append(show(.list(row))) }
        index += chunk
      }
      try reader.finish { row in rows.append(show(.list(row))) }
      return rows.joined(separator: " ")
    }
    let whole = try rows(chunk: 1000)
    #expect(whole == "[\"a\", \"b\"c\", \"é\"] [\"x\r\ny\", \"\", \"\"] [\"1\", \"2\", \"\"] [\"3\"]")
    for chunk in 1..<8 { #expect(try rows(chunk: chunk) == whole) }
  }
}

@Suite struct `CSV out` {
  @Test func `maps have a header, lists have none`() {
    #expect(
      result("csv.encode", [["name": "a, b", "n": 1], ["name": "say \"hi\"", "n": 2]])
        == "\"name,n\n\"a, b\",1\n\"say \"\"hi\"\"\",2\n\"")
    #expect(result("csv.encode", [[1, 2], [3, 4]]) == "\"1,2\n3,4\n\"")
    #expect(result("csv.encode", [["a": 1]], named: ["header": false]) == "\"1\n\"")
    #expect(result("csv.encode", [["a": "x;y"]], named: ["sep": ";"]) == "\"a\n\"x;y\"\n\"")
    #expect(result("csv.encode", []) == "\"\"")
  }

  @Test func `columns are all keys, in the order in which they come`() {
    #expect(
      result("csv.encode", [["a": 1, "b": .nil], ["c": true, "a": 2.5]]) == "\"a,b,c\n1,,\n2.5,,true\n\"")
  }

  @Test func `what would not come back is quoted`() {
    #expect(
      result("csv.encode", [["x\ny", "\r", " z ", ""], [""]]) == "\"\"x\ny\",\"\r\", z ,\n\"\"\n\"")
  }

  @Test func `containers are refused`() {
    #expect(result("csv.encode", [[1, [2]]]) == "ValueError: CSV cannot hold a list, in row 1, field 2")
    #expect(kind("csv.encode", [1]) == "TypeError")
    #expect(kind("csv.encode", ["a": 1]) == "TypeError")
    #expect(
      result("csv.encode", [[.duration(90_000_000_000), .object(TimeObject(nanoseconds: 0, zone: "UTC"))]])
        == "\"1m30s,1970-01-01T00:00:00Z\n\"")
  }
}
