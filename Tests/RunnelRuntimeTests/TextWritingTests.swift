import Testing

@testable import RunnelRuntime

/// What makes long texts in pieces makes the same as what makes them at once.
@Suite struct `Texts made in pieces` {
  private let strand = Strand(interpreter: Interpreter())
  /// Code points of one to four bytes, so that pieces would end within some; longer than all pieces.
  private let long = String(repeating: "aé世👩", count: 300_000)

  @Test func `a copy is equal, wherever its pieces end`() throws {
    for cut in 0..<4 {
      let text = String(repeating: "x", count: cut) + long
      #expect(try String(utf8: Array(text.utf8), strand: strand) == text)
    }
  }

  @Test func `what is written is what was given`() throws {
    var writer = TextWriter(strand: strand)
    try writer.append("é", times: 100_000)
    try writer.append(long)
    try writer.append(long, times: 2)
    try writer.append("end")
    let expected = String(repeating: "é", count: 100_000) + long + long + long + "end"
    #expect(try writer.finish() == expected)
  }

  @Test func `what would be too long is refused before it is made`() {
    #expect(throws: Raised.self) {
      var writer = TextWriter(strand: strand)
      try writer.append("ab", times: textLimit)
    }
  }

  @Test func `bytes that are no text are replaced as in one go`() throws {
    var random = FixedRandom(7)
    // Many starts and continuations without their partners.
    let bytes = (0..<300_000).map { _ in
      [0x41, 0x80, 0xBF, 0xC3, 0xE4, 0xB8, 0xF0, 0x9F].randomElement(using: &random) ?? UInt8(0)
    }
    let whole = String(decoding: bytes, as: UTF8.self)
    #expect(try TextEncoding.utf8.decode(bytes, .replace, strand: strand) == whole)
    #expect(try TextEncoding.utf8.encode(whole, strand: strand) == Array(whole.utf8))
  }

  @Test func `methods of strings work across pieces`() {
    let text = Literal(.string(long))
    let count = 1_200_000
    #expect(Script.method(text, "len") == "\(count)")
    #expect(Script.shown { () throws(Raised) in .bool(try reversedTwice() == long) } == "true")
    #expect(Script.method(text, "starts_with", text) == "true")
    #expect(Script.method(text, "ends_with", "世👩") == "true")
    #expect(Script.method(text, "ends_with", "世") == "false")
  }

  private func reversedTwice() throws(Raised) -> String? {
    var value = Value.string(long)
    for _ in 0..<2 {
      value = try Script.call(Library.method(of: value, name: "reversed"), on: Literal(value))
    }
    return value.string?.text
  }

  @Test func `a field of CSV may be longer than what is read between two looks`() throws {
    for length in [65_534, 65_535, 65_536, 65_537, 200_000] {
      let plain = String(repeating: "x", count: length)
      let quoted = String(repeating: "\n", count: length / 2) + "\"\"" + plain
      let rows = Value.list([.list([.string(plain), .string(quoted), .string("end")])])
      let text = try DataCall.call("csv.encode", [rows], ["header": false])
      let read = try DataCall.call("csv.parse", [text], ["header": false])
      #expect(try valuesEqual(read, rows))
    }
  }
}

/// What shares its parts is walked by each user in its own time, and no user forever.
@Suite struct `Shared data` {
  /// 2^40 items to whoever walks them.
  private var doubled: Value {
    var value = Value.list([1])
    for _ in 0..<40 { value = .list([value, value]) }
    return value
  }

  private func isStopped(_ body: (Strand) throws -> Void) -> Bool {
    do {
      try body(DataCall.cancelledStrand())
      return false
    } catch let raised as Raised {
      return raised.error.kind === ErrorKind.cancelled
    } catch {
      return false
    }
  }

  @Test func `comparing, ordering, hashing and printing stop with their strand`() {
    let (a, b) = (doubled, doubled)
    #expect(isStopped { _ = try valuesEqual(a, b, strand: $0) })
    #expect(isStopped { _ = try orderOf(a, b, strand: $0) })
    #expect(isStopped { _ = try keyHash(a, strand: $0) })
    #expect(isStopped { _ = try represent(a, strand: $0) })
    #expect(isStopped { _ = try JSONEncoder.encode(a, strand: $0) })
  }

  @Test func `a value is compared with itself in one walk over its parts`() throws {
    let a = doubled
    #expect(try valuesEqual(a, a))
    #expect(try !valuesEqual([.float(.nan)], [.float(.nan)]))
  }

  @Test func `text for people has an end`() {
    #expect(describeSafely(doubled).utf8.count <= 1 << 20)
    #expect(JSONLine.of(doubled).utf8.count < 1 << 22)
    #expect(describeSafely(.string(String(repeating: "x", count: 3 << 20))).utf8.count == 3 << 20)
  }

  @Test func `a list that holds NaN does not equal itself`() throws {
    let odd: Value = [.float(.nan)]
    #expect(try !valuesEqual(odd, odd))
  }
}
