// Lists, maps, bytes and ranges. Lists and maps are copied on write: `items` and `storage` are written only
// through a reference known to be unique (see Value.swift), and are themselves copy-on-write, so that taking
// a copy of the object is O(1) until it is written.

/// A list.
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

/// Raw bytes, immutable.
public final class BytesObject: Object, @unchecked Sendable {
  // Unchecked: changed by `append` alone, while there is one reference to it.
  @exclusivity(unchecked) public private(set) var bytes: [UInt8]

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    super.init(tag: .bytes)
  }

  /// Adds other bytes to some that nobody else has (`Value.uniqueBytes`).
  func append(_ other: BytesObject) { bytes += other.bytes }

  public override var typeName: String { "bytes" }
}

/// A range of ints, or (for `backoff`) of durations.
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
  public var count: Int {
    let rises = step > 0
    guard rises ? lower <= upper : lower >= upper, inclusive || lower != upper else { return 0 }
    // Distances are unsigned: between two ints there may be more than `Int.max`.
    let distance = rises ? UInt(bitPattern: upper &- lower) : UInt(bitPattern: lower &- upper)
    let steps = (inclusive ? distance : distance - 1) / step.magnitude
    return steps >= UInt(Int.max) ? Int.max : Int(steps) + 1
  }

  /// The item at a position, which must be below `count`.
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
}
