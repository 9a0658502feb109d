// The methods of lists that give other lists: parts, neighbours, orders.

enum ListShaping {
  private static func method(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, receiver: "list", documentation: documentation, body: .plain(code))
  }

  static let functions: [NativeFunction] = [
    method("take(n) → list", "The first `n` items, or all where there are fewer.") { call throws(Raised) in
      try sliceValue(
        call[0], lower: .nil, upper: .int(try call.amount(1)), inclusive: false, strand: call.strand)
    },
    method("skip(n) → list", "Without the first `n` items.") { call throws(Raised) in
      try sliceValue(
        call[0], lower: .int(try call.amount(1)), upper: .nil, inclusive: false, strand: call.strand)
    },
    method("slice(a, b?) → list", "From index `a` up to, not including, `b`: as `xs[a..b]`.") {
      call throws(Raised) in
      _ = try call.int(1)
      if call.has(2) { _ = try call.int(2) }
      return try sliceValue(call[0], lower: call[1], upper: call[2], inclusive: false, strand: call.strand)
    },
    method("reversed() → list", "From the last to the first.") { call throws(Raised) in
      if let range = call[0].range, let (first, last) = range.ends, range.step != Int.min {
        try range.requireInts()
        let turned = RangeObject(lower: last, upper: first, step: -range.step, inclusive: true)
        return .list(try turned.values(strand: call.strand))
      }
      let items = try call.items(0)
      var turned: [Value] = []
      turned.reserveCapacity(items.count)
      for item in items.reversed() {
        turned.append(item)
        if turned.count & 0xFFFF == 0 { try call.checkpoint() }
      }
      return .list(turned)
    },
    method("chunks(n) → list", "Lists of `n` items each; the last may be shorter.") { call throws(Raised) in
      let items = try call.items(0)
      let size = try call.size(1)
      var chunks: [Value] = []
      var start = 0
      while start < items.count {
        let end = items.count - start > size ? start + size : items.count
        chunks.append(.list(Array(items[start..<end])))
        start = end
        if chunks.count & 0xFFF == 0 { try call.checkpoint() }
      }
      return .list(chunks)
    },
    method("windows(n) → list", "Each `n` neighbours, as lists; none if there are fewer items.") {
      call throws(Raised) in
      let items = try call.items(0)
      let size = try call.size(1)
      guard items.count >= size else { return .list([]) }
      try checkListLength((items.count - size + 1).multipliedReportingOverflow(by: size).partialValue)
      var windows: [Value] = []
      for start in 0...(items.count - size) {
        windows.append(.list(Array(items[start..<(start + size)])))
        if start & 0xFFF == 0xFFF { try call.checkpoint() }
      }
      return .list(windows)
    },
    method("zip(...ys) → list", "Lists of the items that stand at the same index, as far as all lists go.") {
      call throws(Raised) in
      var lists = [try call.items(0)]
      for other in call.rest {
        if other.isStream {
          throw Raised(
            .typeError, "the method `zip` takes lists, not a \(other.typeName); `zip(xs, stream)` reads it")
        }
        guard let items = try iteratedItems(other, strand: call.strand) else { throw notIterable(other) }
        lists.append(items)
      }
      return .list(try zipped(lists, call.strand))
    },
    method("enumerate(from = 0) → list", "Lists `[index, item]`, counted from `from`.") {
      call throws(Raised) in
      .list(try enumerated(try call.items(0), from: try call.int(1, default: 0), call.strand))
    },
    method("flatten() → list", "The items of the lists among its items in their places, one level deep.") {
      call throws(Raised) in
      let items = try call.items(0)
      if call[0].range != nil { return .list(items) }
      var flat: [Value] = []
      var looked = 0
      for (index, item) in items.enumerated() {
        if let list = item.list { flat.append(contentsOf: list.items) } else { flat.append(item) }
        try checkListLength(flat.count)
        if flat.count - looked > 0xFFFF || index & 0xFFFF == 0xFFFF {
          looked = flat.count
          try call.checkpoint()
        }
      }
      return .list(flat)
    },
    NativeFunction(
      "unique(by?) → list", receiver: "list",
      documentation: "Without items that equal an earlier one, or for which `by` gives what it gave before.",
      body: .either(
        when: { call in call.has(1) }, prelude: "__list_unique",
        plain: { call throws(Raised) in
          let items = try call.items(0)
          return .list(try items.picked(uniquePositions(items, call.strand), call.strand))
        })),
    NativeFunction(
      "sorted(by?, reverse = false) → list", receiver: "list",
      documentation: """
        In order, equal items as they stood. `by` gives the key to compare, or is a list of such functions: the \
        second decides where the first gives equals. Items that cannot be compared raise `TypeError`.
        """,
      body: .either(
        when: { call in call.has(1) }, prelude: "__list_sorted",
        plain: { call throws(Raised) in
          let items = try call.items(0)
          return .list(
            try Sorting.sorted(items, by: items, descending: try call.bool(2, default: false), call.strand))
        })),
    NativeFunction(
      "shuffle() → list", receiver: "list", documentation: "In a random order.",
      body: .prelude("__list_shuffle")),
  ]

  static func zipped(_ lists: [[Value]], _ strand: Strand) throws(Raised) -> [Value] {
    let count = lists.map(\.count).min() ?? 0
    var result: [Value] = []
    result.reserveCapacity(count)
    for index in 0..<count {
      result.append(.list(lists.map { $0[index] }))
      if index & 0xFFF == 0xFFF { try strand.checkpoint() }
    }
    return result
  }

  static func enumerated(_ items: [Value], from start: Int, _ strand: Strand) throws(Raised) -> [Value] {
    let (_, overflows) = start.addingReportingOverflow(items.count)
    guard !overflows else { throw Arithmetic.overflow }
    var result: [Value] = []
    result.reserveCapacity(items.count)
    for (index, item) in items.enumerated() {
      result.append(.list([.int(start + index), item]))
      if index & 0xFFF == 0xFFF { try strand.checkpoint() }
    }
    return result
  }

  /// The positions of keys that equal no earlier one.
  static func uniquePositions(_ keys: [Value], _ strand: Strand) throws(Raised) -> [Int] {
    var seen = SeenKeys()
    var positions: [Int] = []
    for (index, key) in keys.enumerated() {
      if try seen.insert(key, strand) { positions.append(index) }
      if index & 0xFFF == 0xFFF { try strand.checkpoint() }
    }
    return positions
  }
}

/// The values met so far: by hash where they have one, else one by one.
struct SeenKeys {
  private var hashed = MapStorage()
  private var others: [Value] = []

  /// Adds a value; false if an equal one was there.
  mutating func insert(_ key: Value, _ strand: Strand) throws(Raised) -> Bool {
    if let hash = try keyHash(key, strand: strand) {
      if try hashed.position(of: key, hash: hash, strand: strand) != nil { return false }
      hashed.append(key, hash: hash, .nil)
      return true
    }
    for (index, other) in others.enumerated() {
      if try valuesEqual(other, key, strand: strand) { return false }
      if index & 0xFFF == 0xFFF { try strand.checkpoint() }
    }
    others.append(key)
    return true
  }
}
