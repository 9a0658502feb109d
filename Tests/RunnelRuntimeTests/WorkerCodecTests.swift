// The codec between the script's process and its workers: what is written is read back, and bytes that are wrong in any way are
// refused, without a crash and without memory that they do not pay for.

import RunnelCompiler
import RunnelSyntax
import RunnelSystem
import Testing

@testable import RunnelRuntime

/// A book of a program with one module, and handles that both ends know.
private final class TestBook: WireBook, @unchecked Sendable {
  let program: LoadedProgram
  let handle = ChannelObject(capacity: 1)
  private var kinds: [ErrorKind] = []

  override init() {
    program = ProgramLoader.load(
      SourceFile(
        name: "test.rnl",
        text:
          "error Mine\nlet n = 3\nfn outer(a) { (x, y = 2) => x + y + a + n }\nfn plain() { raise Mine(\"x\") }\n"
      ),
      path: "/test.rnl")
  }

  override var modules: [LoadedModule] { program.modules }
  override func number(ofHandle object: Object) -> Int? { object === handle ? 7 : nil }
  override func object(ofHandle number: Int, typeName: String) throws(WireError) -> Object {
    guard number == 7 else { throw WireError(what: "no such handle") }
    return handle
  }
  override func number(ofKind kind: ErrorKind) -> Int {
    if let known = kinds.firstIndex(where: { $0 === kind }) { return known + 1 }
    kinds.append(kind)
    return kinds.count
  }
  override func kind(_ number: Int, name: String, module: String, parent: ErrorKind) throws(WireError)
    -> ErrorKind
  {
    guard number >= 1, number <= kinds.count else { throw WireError(what: "no such kind") }
    return kinds[number - 1]
  }

  /// A closure over one value of the module's first function that captures one.
  func closure(over value: Value) throws -> Closure {
    let function = try #require(modules[0].functions.first { $0.code.captures.count == 1 })
    return Closure(function, upvalues: [value])
  }

  /// One value of every sort that travels.
  func samples() throws -> [Value] {
    let error = ErrorObject(
      ErrorKind("Mine", parent: .valueError, module: "test.rnl"), "message",
      data: {
        var data = MapStorage(); data.set(.string("a"), .int(1)); return data
      }(),
      cause: ErrorObject(.timeout, "cause"))
    error.add(suppressed: ErrorObject(.typeError, "suppressed"))
    error.add(note: "note")
    error.set(attempts: [.nil, .object(ErrorObject(.error, "first"))])
    error.add(place: {
      TraceEntry(
        role: .raised, function: "outer", source: self.modules[0].code.source, span: Span(3, 9),
        task: "task 1")
    })
    let long = Value.string(String(repeating: "long text ", count: 20))
    return [
      .nil, .bool(true), .bool(false), .int(.max), .int(.min), .int(-1), .float(.nan), .float(-0.0),
      .duration(-5), .string("é"),
      long, .bytes([0, 255]), .list([.int(1), long, long, .list([])]),
      .object(RangeObject(lower: 5, upper: -5, step: -2)),
      .record(["a": .list([.int(1)]), "b": .nil]),
      .object(try closure(over: .object(Cell(.int(3), owner: Cell.anyone)))),
      .object(try closure(over: .object(Cell(.int(3), owner: 12)))),
      try #require(Builtins.value(named: "print")),
      try #require(Builtins.value(named: "fs.read")), try #require(Builtins.value(named: "fs")),
      .object(EnvironmentObject.shared), .object(ErrorKind.exitError), .object(error),
      .object(try RegexObject(pattern: "a+", flags: "i")), .object(TimeObject(nanoseconds: 5, zone: "UTC")),
      .object(TimeObject(nanoseconds: -5, offset: 3600)), .object(ModuleObject(modules[0])),
      .object(ExecutorObject.of(.process)), .object(AttemptObject(number: 2, key: "k", last: error)),
      .object(handle), .missing,
      .object(try PreludeCode.closure(named: "__callback")),
    ]
  }
}

private func encoded(_ value: Value, _ book: WireBook) throws -> [UInt8] {
  var encoder = ValueEncoder(book, .variable("x"))
  try encoder.put(value, as: .variable("x"))
  return encoder.out.bytes
}

private func decoded(_ bytes: [UInt8], _ book: WireBook) throws -> Value {
  var decoder = ValueDecoder(bytes[...], book)
  let value = try decoder.value()
  try decoder.input.requireEnd()
  return value
}

@Suite struct `What travels to a worker` {
  @Test func `every sort of value is written as it was after a way there and back`() throws {
    let book = TestBook()
    for sample in try book.samples() {
      let bytes = try encoded(sample, book)
      let back = try decoded(bytes, book)
      #expect(back.typeName == sample.typeName)
      #expect(try encoded(back, book) == bytes, "\(sample.typeName)")
    }
  }

  @Test func `data is equal to what it was`() throws {
    let book = TestBook()
    let value = Value.record([
      "list": .list((0..<100).map { .int($0) }), "text": .string("grüße"), "none": .nil,
      "bytes": .bytes([1, 2]),
      "range": .object(RangeObject(lower: 0, upper: 9, inclusive: true)),
      "nested": .record(["a": .list([.float(0.5)])]),
    ])
    #expect(plainEqual(try decoded(try encoded(value, book), book), value))
  }

  @Test func `an error keeps all that it has`() throws {
    let book = TestBook()
    let samples = try book.samples()
    let sample = try #require(samples.compactMap(\.error).first)
    let back = try #require(try decoded(try encoded(.object(sample), book), book).error)
    #expect(back.kind === sample.kind)
    #expect(back.message == "message" && back.notes == ["note"] && back.cause?.message == "cause")
    #expect(back.suppressed.map(\.message) == ["suppressed"] && back.attempts?.count == 2)
    #expect(back.trace.map(\.function) == ["outer"] && back.trace.first?.span == Span(3, 9))
  }

  @Test func `a handle that comes back is the object itself`() throws {
    let book = TestBook()
    guard case .object(let object) = try decoded(try encoded(.object(book.handle), book), book) else {
      Issue.record("no object")
      return
    }
    #expect(object === book.handle)
  }

  @Test func `what is held many times is written once`() throws {
    let book = TestBook()
    var value = Value.list([.string("leaf")])
    for _ in 0..<200 { value = .list([value, value]) }
    let bytes = try encoded(value, book)
    #expect(bytes.count < 2_000)
    #expect(try encoded(try decoded(bytes, book), book) == bytes)
  }

  @Test func `errors that suppress each other are no circle for the codec`() throws {
    let book = TestBook()
    let (a, b) = (ErrorObject(.error, "a"), ErrorObject(.error, "b"))
    a.add(suppressed: b)
    b.add(suppressed: a)
    let back = try #require(try decoded(try encoded(.object(a), book), book).error)
    #expect(back.suppressed.first?.suppressed.first === back)
    // They hold each other, as the script's own would.
    #expect(back.suppressed.first?.message == "b")
  }

  @Test func `too deep a value is refused by who sends it`() throws {
    let book = TestBook()
    var value = Value.list([])
    for _ in 0..<10_000 { value = .list([value]) }
    #expect { try encoded(value, book) } throws: { ($0 as? Raised)?.error.kind === ErrorKind.transferError }
  }
}

@Suite struct `Bytes that are wrong` {
  @Test func `a message that ends anywhere too early is refused`() throws {
    let book = TestBook()
    for sample in try book.samples() {
      let bytes = try encoded(sample, book)
      for length in 0..<bytes.count {
        #expect(throws: WireError.self) { try decoded(Array(bytes[..<length]), book) }
      }
    }
  }

  @Test func `mutated messages are refused or give some value, and never crash`() throws {
    let book = TestBook()
    let samples = try book.samples() + [.list(try book.samples())]
    var random = FixedRandom(31)
    for sample in samples {
      let bytes = try encoded(sample, book)
      for _ in 0..<400 {
        var mutated = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: 0..<mutated.count, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: mutated[place] = UInt8.random(in: 0...255, using: &random)
          case 1: mutated[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
          case 2: mutated.insert(UInt8.random(in: 0...255, using: &random), at: place)
          default: if mutated.count > 1 { mutated.remove(at: place) }
          }
        }
        guard let value = try? decoded(mutated, book) else { continue }
        // What has been taken for a value can be used as one.
        _ = describeSafely(value)
      }
    }
  }

  @Test func `random bytes never crash the decoder`() {
    let book = TestBook()
    var random = FixedRandom(37)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        Bool.random(using: &random)
          ? UInt8.random(in: 0...30, using: &random) : UInt8.random(in: 0...255, using: &random)
      }
      _ = try? decoded(bytes, book)
    }
  }

  @Test func `a length that the message does not pay for is refused before memory is taken`() {
    let book = TestBook()
    for tag in [WireTag.string, .bytes, .list, .map] {
      // Some 2^62 of them.
      let bytes = [tag.rawValue] + [UInt8](repeating: 0xFF, count: 8) + [0x3F, 0]
      #expect(throws: WireError.self) { try decoded(bytes, book) }
    }
  }

  @Test func `depth without end is refused`() {
    let book = TestBook()
    let list = [UInt8](repeating: 0, count: 400_000).enumerated().map {
      $0.offset % 2 == 0 ? WireTag.list.rawValue : 1
    }
    #expect(throws: WireError.self) { try decoded(list, book) }
    #expect(throws: WireError.self) {
      try decoded([UInt8](repeating: WireTag.cell.rawValue, count: 400_000), book)
    }
    #expect(throws: WireError.self) {
      try decoded([UInt8](repeating: WireTag.error.rawValue, count: 400_000), book)
    }
  }

  @Test func `a range that goes nowhere, a module's top level and a wrong number of captures are refused`()
    throws
  {
    let book = TestBook()
    #expect(throws: WireError.self) { try decoded([WireTag.range.rawValue, 0, 2, 0, 0, 0], book) }
    #expect(throws: WireError.self) { try decoded([WireTag.closure.rawValue, 1, 0, 0], book) }
    let function = try #require(book.modules[0].functions.first { $0.code.captures.count == 1 })
    #expect(throws: WireError.self) {
      try decoded([WireTag.closure.rawValue, 1, UInt8(function.number), 0], book)
    }
  }
}

@Suite struct `Messages over a socket` {
  private func pump(_ bytes: [UInt8], inPiecesOf size: Int) throws -> [Message] {
    let pair = try SocketPair()
    let reader = MessageReader()
    var messages: [Message] = []
    var offset = 0
    while offset < bytes.count {
      let part = Array(bytes[offset..<min(offset + size, bytes.count)])
      guard case .bytes(let sent) = try SocketIO.send(pair.theirs.number, part) else { break }
      offset += sent
      _ = reader.pump(pair.ours.number)
      while let message = try reader.next() { messages.append(message) }
    }
    return messages
  }

  @Test(arguments: [1, 5, 6, 7, 1000])
  func `messages are whole whatever pieces they come in`(size: Int) throws {
    let sent = [
      Message(kind: .hello, payload: [1, 2, 3]), Message(kind: .result, payload: []),
      Message(kind: .pong, payload: [9]),
    ]
    let came = try pump(sent.flatMap(\.bytes), inPiecesOf: size)
    #expect(came.map(\.kind) == sent.map(\.kind))
    #expect(came.map(\.payload) == sent.map(\.payload))
  }

  @Test
  func `a message of an unknown kind, or larger than any may be, or without its descriptors, is refused`() {
    #expect(throws: WireError.self) { try pump([0, 0, 0, 0, 200, 0], inPiecesOf: 6) }
    #expect(throws: WireError.self) { try pump([0xFF, 0xFF, 0xFF, 0xFF, 1, 0], inPiecesOf: 6) }
    #expect(throws: WireError.self) { try pump([0, 0, 0, 0, 1, 3], inPiecesOf: 6) }
  }

  @Test func `descriptors go with the message that they belong to`() throws {
    let pair = try SocketPair()
    let memory = try SharedMemory(count: 4)
    memory.store(42, at: 3)
    let message = Carried.message(.work, [5], [(number: 2, array: SharedArrayObject(memory, isFloat: false))])
    _ = try SocketIO.send(pair.theirs.number, Message(kind: .ping, payload: []).bytes)
    _ = try SocketIO.send(pair.theirs.number, message.bytes, descriptors: message.descriptors)
    let reader = MessageReader()
    _ = reader.pump(pair.ours.number)
    _ = reader.pump(pair.ours.number)
    #expect(try reader.next()?.descriptors == [])
    let came = try #require(try reader.next())
    #expect(came.payload == [1, 2, 5])
    let there = try SharedMemory(owning: try #require(came.descriptors.first), count: 4)
    #expect(there.load(3) == 42)
    there.store(7, at: 0)
    #expect(memory.load(0) == 7)
  }
}
