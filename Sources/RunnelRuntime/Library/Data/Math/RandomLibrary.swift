// The global functions `random shuffle sample uuid`.

enum RandomLibrary {
  static var globals: [NativeFunction] {
    [
      NativeFunction(
        "random(from?)",
        documentation: """
          A float in 0..<1; with a range (of ints or durations) one of its items, with a list one of its items. An empty \
          range or list raises `ValueError`.
          """, body: .plain(random)),
      NativeFunction(
        "shuffle(list)", documentation: "A list of the items in random order.", body: .plain(shuffle)),
      NativeFunction(
        "sample(list, n)",
        documentation: "A list of `n` items from different places of a list or range, in random order.",
        body: .plain(sample)),
      NativeFunction(
        "uuid()",
        documentation: "A random UUID (version 4), such as `\"f81d4fae-7dec-41d0-a765-00a0c91e6bf6\"`.",
        body: .plain(uuid)),
    ]
  }

  private static func random(_ call: borrowing NativeCall) throws(Raised) -> Value {
    guard call.has(0) else { return .float(RandomSource.use(call.strand) { $0.float() }) }
    if let range = call[0].range { return try item(of: range, call.strand) }
    guard let list = call[0].list else { throw call.wrongType(0, expected: "a range or a list") }
    let items = list.items
    guard !items.isEmpty else { throw Raised(.valueError, "`random` cannot choose from an empty list") }
    let index = RandomSource.use(call.strand) { Int.random(in: 0..<items.count, using: &$0) }
    return items[index]
  }

  private static func item(of range: RangeObject, _ strand: Strand) throws(Raised) -> Value {
    if range.isDuration {
      guard range.inclusive ? range.lower <= range.upper : range.lower < range.upper else {
        throw Raised(.valueError, "`random` cannot choose from an empty range")
      }
      let last = range.inclusive ? range.upper : range.upper - 1
      let lower = range.lower
      return .duration(RandomSource.use(strand) { Int.random(in: lower...last, using: &$0) })
    }
    let count = range.count
    guard count > 0 else { throw Raised(.valueError, "`random` cannot choose from an empty range") }
    if range.step == 1 {
      // Not by the count, which saturates for the widest ranges.
      let (lower, last) = (range.lower, range.inclusive ? range.upper : range.upper - 1)
      return .int(RandomSource.use(strand) { Int.random(in: lower...last, using: &$0) })
    }
    return .int(range.item(at: RandomSource.use(strand) { Int.random(in: 0..<count, using: &$0) }))
  }

  private static func shuffle(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let items = try call.items(0)
    return .list(try chosen(items.count, of: items, call))
  }

  private static func sample(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let count = try call.int(1)
    func check(_ total: Int) throws(Raised) {
      guard count >= 0, count <= total else {
        throw Raised(.valueError, "`sample` cannot take \(count) of \(total) items")
      }
    }
    if let range = call[0].range {
      let total = try range.length()
      try check(total)
      return .list(try chosen(count, of: range, total, call))
    }
    let items = try call.items(0)
    try check(items.count)
    return .list(try chosen(count, of: items, call))
  }

  /// As below, without the items: only the places that were exchanged are kept.
  private static func chosen(
    _ count: Int, of range: RangeObject, _ total: Int, _ call: borrowing NativeCall
  ) throws(Raised) -> [Value] {
    try checkListLength(count)
    var moved: [Int: Int] = [:]
    var chosen: [Value] = []
    chosen.reserveCapacity(count)
    var generator = RandomSource(seed: RandomSource.use(call.strand) { $0.next() })
    for index in 0..<count {
      if index & 0xFFFF == 0xFFFF { try call.checkpoint() }
      let place = Int.random(in: index..<total, using: &generator)
      chosen.append(.int(range.item(at: moved[place] ?? place)))
      moved[place] = moved[index] ?? index
    }
    return chosen
  }

  /// The first steps of Fisher and Yates's shuffle.
  private static func chosen(_ count: Int, of items: [Value], _ call: borrowing NativeCall) throws(Raised)
    -> [Value]
  {
    var items = try [Value](copying: items[...], call.strand)
    // A generator of its own, so that no lock is held meanwhile.
    var generator = RandomSource(seed: RandomSource.use(call.strand) { $0.next() })
    for index in 0..<count {
      if index & 0xFFFF == 0xFFFF { try call.checkpoint() }
      items.swapAt(index, Int.random(in: index..<items.count, using: &generator))
    }
    items.removeLast(items.count - count)
    return items
  }

  private static func uuid(_ call: borrowing NativeCall) throws(Raised) -> Value { .string(uuidText()) }

  /// A random UUID.
  static func uuidText() -> String {
    var bytes = SystemRandom.bytes(16)
    // Version 4, variant 1 (RFC 9562).
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = hexadecimal(bytes)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
      text.append(digit)
    }
    return text
  }
}
