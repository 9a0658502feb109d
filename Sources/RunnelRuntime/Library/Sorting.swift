// Sorting values: stable, O(n log n), interruptible. The order of the language raises `TypeError` for unlike
// types, so it cannot be given to the standard library's sort; ints, floats and strings, which cannot fail, take
// fast paths. What is sorted is a permutation, by keys: items and their keys are the same where there is no `by`.

enum Sorting {
  /// The positions of `keys` in their order, equal ones as they stood.
  static func order(of keys: [Value], descending: Bool, _ strand: Strand) throws(Raised) -> [Int] {
    if let ints = try allInts(keys, strand) {
      var pairs = ints
      try sort(&pairs, strand) { a, b in descending ? a.key > b.key : a.key < b.key }
      return pairs.map { Int($0.position) }
    }
    if let floats = try allFloats(keys, strand) {
      var pairs = floats
      try sort(&pairs, strand) { a, b in descending ? a.key > b.key : a.key < b.key }
      return pairs.map { Int($0.position) }
    }
    if let strings = try allStrings(keys, strand) {
      var pairs = strings
      // What is compared are bytes: long texts that begin alike take as long as many short ones.
      var bytes = 0
      func precedes(_ a: KeyedString, _ b: KeyedString) throws(Raised) -> Bool {
        if a.prefix != b.prefix { return a.prefix < b.prefix }
        bytes += min(a.string.byteCount, b.string.byteCount)
        if bytes >= textPiece * 64 {
          bytes = 0
          try strand.checkpoint()
        }
        return stringOrder(a.string, b.string) < 0
      }
      try sort(&pairs, strand) { (a, b) throws(Raised) in
        try descending ? precedes(b, a) : precedes(a, b)
      }
      return pairs.map { Int($0.position) }
    }
    var positions = Array(keys.indices)
    try sort(&positions, strand) { (a, b) throws(Raised) in
      try precedes(keys[descending ? b : a], keys[descending ? a : b], strand)
    }
    return positions
  }

  /// The items in the order of their keys.
  static func sorted(
    _ items: [Value], by keys: [Value], descending: Bool, _ strand: Strand
  ) throws(Raised) -> [Value] {
    try items.picked(try order(of: keys, descending: descending, strand), strand)
  }

  static func precedes(_ a: Value, _ b: Value, _ strand: Strand) throws(Raised) -> Bool {
    guard let order = try orderOf(a, b, strand: strand) else { return false }
    return order < 0
  }

  // MARK: Keys

  private struct Keyed<Key> {
    let key: Key
    let position: Int32
  }

  private struct KeyedString {
    /// The first eight bytes, so that most comparisons do not touch the text.
    let prefix: UInt64
    let position: Int32
    let string: StringObject
  }

  private static func allInts(_ keys: [Value], _ strand: Strand) throws(Raised) -> [Keyed<Int>]? {
    guard let first = keys.first, case .int = first, keys.count < Int32.max else { return nil }
    var pairs: [Keyed<Int>] = []
    pairs.reserveCapacity(keys.count)
    for key in keys {
      guard case .int(let number) = key else { return nil }
      pairs.append(Keyed(key: number, position: Int32(truncatingIfNeeded: pairs.count)))
      if pairs.count & 0xFFFF == 0 { try strand.checkpoint() }
    }
    return pairs
  }

  private static func allFloats(_ keys: [Value], _ strand: Strand) throws(Raised) -> [Keyed<Double>]? {
    guard let first = keys.first, case .float = first, keys.count < Int32.max else { return nil }
    var pairs: [Keyed<Double>] = []
    pairs.reserveCapacity(keys.count)
    for key in keys {
      guard case .float(let number) = key else { return nil }
      pairs.append(Keyed(key: number, position: Int32(truncatingIfNeeded: pairs.count)))
      if pairs.count & 0xFFFF == 0 { try strand.checkpoint() }
    }
    return pairs
  }

  private static func allStrings(_ keys: [Value], _ strand: Strand) throws(Raised) -> [KeyedString]? {
    guard let first = keys.first, first.string != nil, keys.count < Int32.max else { return nil }
    var pairs: [KeyedString] = []
    pairs.reserveCapacity(keys.count)
    for key in keys {
      guard let string = key.string else { return nil }
      var prefix: UInt64 = 0
      var count: UInt64 = 0
      for byte in string.text.utf8.prefix(8) {
        prefix = prefix << 8 | UInt64(byte)
        count += 1
      }
      if count < 8 { prefix = count == 0 ? 0 : prefix << (8 * (8 - count)) }
      let position = Int32(truncatingIfNeeded: pairs.count)
      pairs.append(KeyedString(prefix: prefix, position: position, string: string))
      if pairs.count & 0xFFFF == 0 { try strand.checkpoint() }
    }
    return pairs
  }

  // MARK: Merge sort

  private static let runLength = 16

  /// Sorts by insertion in runs, then merges runs bottom up. What is in order, or in reverse, costs one pass.
  @inline(__always)
  private static func sort<Element>(
    _ items: inout [Element], _ strand: Strand, _ precedes: (Element, Element) throws(Raised) -> Bool
  ) throws(Raised) {
    let count = items.count
    guard count > 1 else { return }
    if try isOrdered(items, strand, { (a, b) throws(Raised) in try !precedes(b, a) }) { return }
    if try isOrdered(items, strand, { (a, b) throws(Raised) in try precedes(b, a) }) {
      items.reverse()
      return
    }
    var steps = 0
    var start = 0
    while start < count {
      let end = min(start + runLength, count)
      var index = start + 1
      while index < end {
        let item = items[index]
        var hole = index
        while hole > start, try precedes(item, items[hole - 1]) {
          items[hole] = items[hole - 1]
          hole -= 1
        }
        items[hole] = item
        index += 1
      }
      start = end
      steps += runLength
      if steps & 0x3FFF == 0 { try strand.checkpoint() }
    }
    var source = items
    var target = items
    var width = runLength
    while width < count {
      var start = 0
      while start < count {
        let middle = min(start + width, count)
        let end = min(middle + width, count)
        var left = start
        var right = middle
        var place = start
        // Runs that are in order already are copied.
        var isMerged = middle >= end
        if !isMerged { isMerged = try !precedes(source[middle], source[middle - 1]) }
        if isMerged {
          while place < end {
            target[place] = source[place]
            place += 1
          }
        }
        while place < end {
          var takesLeft = left < middle
          if takesLeft, right < end { takesLeft = try !precedes(source[right], source[left]) }
          if takesLeft {
            target[place] = source[left]
            left += 1
          } else {
            target[place] = source[right]
            right += 1
          }
          place += 1
          if place & 0x3FFF == 0 { try strand.checkpoint() }
        }
        start = end
      }
      swap(&source, &target)
      width *= 2
    }
    items = source
  }

  @inline(__always)
  private static func isOrdered<Element>(
    _ items: [Element], _ strand: Strand, _ holds: (Element, Element) throws(Raised) -> Bool
  ) throws(Raised) -> Bool {
    var index = 1
    while index < items.count {
      guard try holds(items[index - 1], items[index]) else { return false }
      index += 1
      if index & 0x3FFF == 0 { try strand.checkpoint() }
    }
    return true
  }
}
