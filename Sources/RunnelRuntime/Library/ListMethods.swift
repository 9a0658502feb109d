// The methods of lists that change nothing, and that call nothing back. Ranges have them too: their items are
// made inside the call, and what can be computed without them is.

enum ListMethods {
  static let group = NativeGroup(
    "list",
    summary: """
      Items in order. Methods that say *changes* change the variable they go through; all others give something \
      new. Those that change nothing are there for ranges too. A function given two parameters gets `(item, index)`.
      """,
    functions: asking + ListShaping.functions + ListChanges.functions + CallingMethods.list)

  private static func method(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, receiver: "list", documentation: documentation, body: .plain(code))
  }

  private static let asking: [NativeFunction] = [
    method("len() → int", "How many items.") { call throws(Raised) in
      if let range = call[0].range { return .int(try range.length()) }
      return .int(try call.items(0).count)
    },
    method("is_empty() → bool", "Whether there are none.") { call throws(Raised) in
      if let range = call[0].range {
        try range.requireInts()
        return .bool(range.ends == nil)
      }
      return .bool(try call.items(0).isEmpty)
    },
    method("first() → item", "The first item, or nil.") { call throws(Raised) in try item(call, at: 0) ?? .nil
    },
    method("last() → item", "The last item, or nil.") { call throws(Raised) in try item(call, at: -1) ?? .nil
    },
    method("get(i, default = nil) → item", "The item at an index, or `default` where there is none.") {
      call throws(Raised) in try item(call, at: try call.int(1)) ?? call[2]
    },
    method("contains(x) → bool", "Whether an item equals `x`: as `x in xs`.") { call throws(Raised) in
      .bool(try RunnelRuntime.contains(call[1], in: call[0], strand: call.strand))
    },
    method("index(x) → int", "Where the first item that equals `x` is, or nil.") { call throws(Raised) in
      if let range = call[0].range {
        try range.requireInts()
        return Indexing.position(of: call[1], in: range).map { .int($0) } ?? .nil
      }
      return try Indexing.firstIndex(of: call[1], in: try call.items(0), call.strand).map { .int($0) } ?? .nil
    },
    NativeFunction(
      "count(x) → int", receiver: "list",
      documentation: "How many items equal `x`, or for how many a function gives true.",
      body: .either(
        when: { call in call[1].isFunction }, prelude: "__list_count",
        plain: { call throws(Raised) in
          if let range = call[0].range {
            try range.requireInts()
            return .int(Indexing.position(of: call[1], in: range) == nil ? 0 : 1)
          }
          var count = 0
          for (index, item) in try call.items(0).enumerated() {
            if try valuesEqual(item, call[1], strand: call.strand) { count += 1 }
            if index & 0xFFF == 0xFFF { try call.checkpoint() }
          }
          return .int(count)
        })),
    method("sum() → number", "The items added up; 0 for none. Numbers, or durations.") {
      call throws(Raised) in
      if let range = call[0].range { return .int(try Summing.sum(range)) }
      return try Summing.sum(try call.items(0), call.strand)
    },
    method(
      "mean() → float",
      "The sum divided by the number of items: a float, or of durations a duration. Raises `MathError` for none."
    ) {
      call throws(Raised) in try Averaging.mean(call)
    },
    NativeFunction(
      "min(by?) → item", receiver: "list",
      documentation:
        "The least item, or that for which `by` gives the least. The first of several. Raises `ValueError` for none.",
      body: .either(
        when: { call in call.has(1) }, prelude: "__list_min",
        plain: { call throws(Raised) in
          if let range = call[0].range { return .int(try Extremes.best(of: range, greatest: false)) }
          return try Extremes.best(of: try call.items(0), greatest: false, call.strand)
        })),
    NativeFunction(
      "max(by?) → item", receiver: "list",
      documentation:
        "The greatest item, or that for which `by` gives the greatest. The first of several. Raises `ValueError` for none.",
      body: .either(
        when: { call in call.has(1) }, prelude: "__list_max",
        plain: { call throws(Raised) in
          if let range = call[0].range { return .int(try Extremes.best(of: range, greatest: true)) }
          return try Extremes.best(of: try call.items(0), greatest: true, call.strand)
        })),
    method("join(sep = \"\") → string", "The items as text, with a separator between.") {
      call throws(Raised) in
      .string(
        try StringSearching.joined(
          try call.items(0), separator: try call.string(1, default: ""), call.strand))
    },
  ]

  /// The item at an index that may be negative; nil where there is none.
  private static func item(_ call: borrowing NativeCall, at index: Int) throws(Raised) -> Value? {
    if let range = call[0].range {
      try range.requireInts()
      return range.item(atIndex: index).map { .int($0) }
    }
    let items = try call.items(0)
    let position = index < 0 ? index + items.count : index
    return items.indices.contains(position) ? items[position] : nil
  }
}

/// Adding up, for lists and for the sinks.
enum Summing {
  /// The sum of a range's ints, by Gauss. Raises `OverflowError`.
  static func sum(_ range: RangeObject) throws(Raised) -> Int {
    try range.requireInts()
    guard let (first, last) = range.ends else { return 0 }
    // Many items are near each other, so that this product fits whatever the range is.
    guard let sum = Int(exactly: range.exactCount * (Int128(first) + Int128(last)) / 2) else {
      throw Arithmetic.overflow
    }
    return sum
  }

  static func sum(_ items: [Value], _ strand: Strand) throws(Raised) -> Value {
    var total = Value.int(0)
    if let first = items.first, case .duration = first { total = .duration(0) }
    for (index, item) in items.enumerated() {
      total = try added(total, item)
      if index & 0xFFF == 0xFFF { try strand.checkpoint() }
    }
    return total
  }

  @inline(__always)
  static func added(_ total: Value, _ item: Value) throws(Raised) -> Value {
    if case .int(let a) = total, case .int(let b) = item {
      let (sum, overflows) = a.addingReportingOverflow(b)
      if !overflows { return .int(sum) }
    }
    switch item {
    case .int, .float, .duration: return try binary(.add, total, item)
    default:
      let advice = item.string != nil ? ": use `.join()`" : (item.list != nil ? ": use `.flatten()`" : "")
      throw Raised(.typeError, "`sum` adds numbers and durations, not \(item.typeName)\(advice)")
    }
  }
}

/// The least and the greatest.
enum Extremes {
  static var nothing: Raised { Raised(.valueError, "nothing to compare: the least or greatest of no items") }

  static func best(of range: RangeObject, greatest: Bool) throws(Raised) -> Int {
    try range.requireInts()
    guard let (first, last) = range.ends else { throw nothing }
    return greatest ? max(first, last) : min(first, last)
  }

  static func best(of items: [Value], greatest: Bool, _ strand: Strand) throws(Raised) -> Value {
    items[try position(in: items, greatest: greatest, strand)]
  }

  /// Where the best key is, the first of several. Raises `ValueError` for none.
  static func position(in keys: [Value], greatest: Bool, _ strand: Strand) throws(Raised) -> Int {
    guard var best = keys.first else { throw nothing }
    var position = 0
    for index in keys.indices.dropFirst() {
      let key = keys[index]
      if try greatest ? Sorting.precedes(best, key, strand) : Sorting.precedes(key, best, strand) {
        best = key
        position = index
      }
      if index & 0xFFF == 0xFFF { try strand.checkpoint() }
    }
    return position
  }
}
