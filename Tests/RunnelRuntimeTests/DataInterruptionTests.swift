import Testing

@testable import RunnelRuntime

/// Long built-ins stop when their strand is cancelled (language.md §10.1).
@Suite struct `Interrupted built-ins` {
  private func kind(_ body: (Strand) throws -> Void) -> String {
    do {
      try body(DataCall.cancelledStrand())
      return "went on to its end"
    } catch let raised as Raised {
      return raised.error.kind.name
    } catch {
      return "\(error)"
    }
  }

  @Test func `a match that backtracks`() throws {
    let regex = try RegexObject(pattern: "(a+)+$")
    let text = StringObject(String(repeating: "a", count: 40) + "b")
    #expect(kind { _ = try regex.hasMatch(in: text, strand: $0) } == "Cancelled")
    // What was interrupted leaves nothing behind for the next search.
    #expect(try regex.hasMatch(in: StringObject("baaa"), strand: DataCall.strand))
  }

  @Test func `many quick matches`() throws {
    let text = StringObject(String(repeating: "a1 ", count: 100_000))
    let regex = try RegexObject(pattern: "[0-9]")
    #expect(kind { _ = try regex.allMatchValues(in: text, strand: $0) } == "Cancelled")
    #expect(kind { _ = try regex.replaceMatches(in: text, with: "x", strand: $0) } == "Cancelled")
    #expect(kind { _ = try regex.split(text, strand: $0) } == "Cancelled")
  }

  @Test func `counting the characters of a long text`() throws {
    let text = StringObject(String(repeating: "é", count: 200_000) + "x")
    let regex = try RegexObject(pattern: "x")
    #expect(kind { _ = try regex.firstMatchValue(in: text, strand: $0) } == "Cancelled")
  }

  @Test func `parsers and encoders of long texts`() throws {
    let items = Value.list((0..<100_000).map { .int($0) })
    let text = try JSONEncoder.encode(items, strand: DataCall.strand)
    #expect(kind { _ = try JSONParser.parse(text, strand: $0) } == "Cancelled")
    #expect(kind { _ = try JSONEncoder.encode(items, strand: $0) } == "Cancelled")
    #expect(
      kind { strand in
        var scanner = JSONValueScanner()
        scanner.feed(Array(text.utf8))
        _ = try scanner.next(strand: strand)
      } == "Cancelled")
    let rows = Array(String(repeating: "a,b\n", count: 50_000).utf8)
    #expect(
      kind { strand in
        var reader = CSVReader()
        try reader.read(rows.span, strand: strand) { _ in }
      } == "Cancelled")
    #expect(kind { _ = try RunnelRuntime.Base64.encode(rows.span, $0) } == "Cancelled")
  }
}
