// Lists, maps, bytes and ranges. Lists and maps are copied on write: `items` and `storage` are written only
// through a reference known to be unique (see Value.swift), and are themselves copy-on-write, so that taking
// a copy of the object is O(1) until it is written.

/// A list.
///
/// `@unchecked Sendable`: `items` is written only through the one reference to it.
public final class ListObject: Object, @unchecked Sendable {
  // Unchecked: no access lasts longer than a line, and an object is changed by one strand at a time; the check would be a
  // call at every item that a script reads.
  @exclusivity(unchecked) public var items: [Value]

  public init(_ items: [Value]) {
    self.items = items
    super.init(tag: .list)
  }

  /// The item at a position, counted from 0; nil beyond the ends.
  @inline(__always)
  func item(at position: Int) -> Value? {
    // `Array.count` would be a call within the machine's loop.
    items.withUnsafeBufferPointer { position >= 0 && position < $0.count ? $0[position] : nil }
  }

  public override var typeName: String { "list" }

  deinit { Teardown.release(&items) }
}

/// A map, in the order in which its keys were first put.
///
/// `@unchecked Sendable`: `storage` is written only through the one reference to it.
public final class MapObject: Object, @unchecked Sendable {
  @exclusivity(unchecked) public var storage: MapStorage

  public init(_ storage: MapStorage = MapStorage()) {
    self.storage = storage
    super.init(tag: .map)
  }

  public override var typeName: String { "map" }

  deinit {
    if storage.holdsContainers { Teardown.release(&storage) }
  }
}

/// Raw bytes, immutable but for `append` to some that nobody else has.
///
/// `@unchecked Sendable`: `bytes` is written only through the one reference to it.
public final class BytesObject: Object, @unchecked Sendable {
  // Unchecked: changed by `append` alone, while there is one reference to it.
  @exclusivity(unchecked) public private(set) var bytes: [UInt8]

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    super.init(tag: .bytes)
  }

  /// Adds other bytes to some that nobody else has (`Value.uniqueBytes`).
  func append(_ other: BytesObject) { bytes += other.bytes }

  /// Takes away what was appended since there were so many: for some that nobody else has.
  func truncate(to count: Int) { bytes.removeLast(max(bytes.count - count, 0)) }

  public override var typeName: String { "bytes" }
}

/// A range of ints, or (for `backoff`) of durations.
///
/// `@unchecked Sendable`: never changes.
public final class RangeObject: Object, @unchecked Sendable {
  public let lower: Int
  /// As written: excluded, or included with `inclusive`.
  public let upper: Int
  public let step: Int
  public let inclusive: Bool
  public let isDuration: Bool

  public init(lower: Int, upper: Int, step: Int = 1, inclusive: Bool = false, isDuration: Bool = false) {
    self.lower = lower
    self.upper = upper
    self.step = step
    self.inclusive = inclusive
    self.isDuration = isDuration
    super.init(tag: .range)
  }

  public override var typeName: String { "range" }

  /// How many items it has; `Int.max` where there are more.
  public var count: Int { Int(clamping: exactCount) }

  /// How many items it has: between two ints there may be more than `Int.max`.
  var exactCount: Int128 {
    let rises = step > 0
    guard rises ? lower <= upper : lower >= upper, inclusive || lower != upper else { return 0 }
    // Distances are unsigned for the same reason.
    let distance = rises ? UInt(bitPattern: upper &- lower) : UInt(bitPattern: lower &- upper)
    return Int128((inclusive ? distance : distance - 1) / step.magnitude) + 1
  }

  /// How many items it has. Raises `TypeError` for durations, `OverflowError` where no int can say it.
  func length() throws(Raised) -> Int {
    try requireInts()
    guard let length = Int(exactly: exactCount) else { throw Arithmetic.overflow }
    return length
  }

  /// The first and the last item; nil where there are none.
  var ends: (first: Int, last: Int)? {
    let count = exactCount
    guard count > 0 else { return nil }
    return (lower, item(at: Int(truncatingIfNeeded: count - 1)))
  }

  /// The item at an index that may be negative; nil where there is none.
  func item(atIndex index: Int) -> Int? {
    let count = exactCount
    let position = index < 0 ? Int128(index) + count : Int128(index)
    return position >= 0 && position < count ? item(at: Int(truncatingIfNeeded: position)) : nil
  }

  /// Raises `TypeError` where its items would be durations: there is no next one.
  func requireInts() throws(Raised) {
    if isDuration { throw Raised(.typeError, "a range of durations cannot be iterated") }
  }

  /// The item at a position that it has. Where no int can say the position, its lowest 64 bits do.
  public func item(at position: Int) -> Int { lower &+ position &* step }

  public func contains(_ value: Int) -> Bool {
    if step > 0 {
      guard value >= lower, inclusive ? value <= upper : value < upper else { return false }
    } else {
      guard value <= lower, inclusive ? value >= upper : value > upper else { return false }
    }
    if step == 1 { return true }
    let distance = step > 0 ? UInt(bitPattern: value &- lower) : UInt(bitPattern: lower &- value)
    return distance % step.magnitude == 0
  }

  /// The range's items as values.
  public func values() -> [Value] { (0..<count).map { .int(item(at: $0)) } }

  /// The items at some positions as values, made so that the strand can be stopped meanwhile.
  func values(_ positions: Range<Int>, strand: Strand?) throws(Raised) -> [Value] {
    try checkListLength(positions.count)
    var values: [Value] = []
    values.reserveCapacity(positions.count)
    for position in positions {
      values.append(.int(item(at: position)))
      if position & 0xFFFF == 0xFFFF { try strand?.checkpoint() }
    }
    return values
  }

  /// All items as values. Raises `TypeError` for durations, `LimitError` where there are too many.
  func values(strand: Strand?) throws(Raised) -> [Value] {
    try requireInts()
    return try values(0..<count, strand: strand)
  }
}

// MARK: Long lists

extension [Value] {
  /// A part of a list, copied so that the strand can be stopped meanwhile: each item is counted, which takes about a
  /// second for as many as a list can have.
  init(copying part: ArraySlice<Value>, _ strand: Strand?) throws(Raised) {
    let size = 1 << 18
    guard part.count > size else {
      self = Array(part)
      return
    }
    self = []
    reserveCapacity(part.count)
    for start in stride(from: part.startIndex, to: part.endIndex, by: size) {
      append(contentsOf: part[start..<Swift.min(start + size, part.endIndex)])
      try strand?.checkpoint()
    }
  }

  /// The items at some positions, which must exist.
  func picked(_ positions: [Int], _ strand: Strand) throws(Raised) -> [Value] {
    var picked: [Value] = []
    picked.reserveCapacity(positions.count)
    for position in positions {
      picked.append(self[position])
      if picked.count & 0xFFFF == 0 { try strand.checkpoint() }
    }
    return picked
  }
}
