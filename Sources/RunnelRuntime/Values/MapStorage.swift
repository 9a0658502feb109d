// The storage of a map: entries in insertion order, beside an open-addressing table of their positions once
// there are more than a few (the layout of CPython's and PyPy's ordered dictionaries). A removed entry
// leaves a hole, so positions stay valid for who iterates; holes go when the entries are next rebuilt.

/// Insertion-ordered hash table from values to values.
public struct MapStorage: Sendable {
  public struct Entry: Sendable {
    public let hash: Int
    public let key: Value
    public var value: Value
  }

  /// With holes: an entry whose hash is `hole`.
  private(set) var entries: [Entry]
  /// Positions + 1 in `entries`, 0 for empty, -1 for removed; empty while a scan is quicker.
  private var table: [Int32] = []
  /// How many entries are no holes.
  public private(set) var count = 0

  private static let hole = Int.min
  private static let scanLimit = 8

  public init(minimumCapacity: Int = 0) {
    entries = []
    if minimumCapacity > 0 { entries.reserveCapacity(minimumCapacity) }
  }

  public var isEmpty: Bool { count == 0 }

  /// Positions for iteration go from 0 to below this; `entry(at:)` is nil at a hole.
  public var positionCount: Int { entries.count }

  /// The entry at a position, or nil where one was removed.
  @inline(__always)
  public func entry(at position: Int) -> Entry? {
    let entry = entries[position]
    return entry.hash == Self.hole ? nil : entry
  }

  // MARK: Looking up

  /// The position of a key, whose hash the caller knows.
  func position(of key: Value, hash: Int) -> Int? {
    position(hash: hash) { found in keysEqual(found, key) }
  }

  /// As `position(of:hash:)`; looks up a list so that the strand can be stopped meanwhile.
  func position(of key: Value, hash: Int, strand: Strand?) throws(Raised) -> Int? {
    guard key.objectTag == .list else { return position(of: key, hash: hash) }
    return try position(hash: hash) { (found) throws(Raised) in
      if case .object(let x) = found, case .object(let y) = key, x === y { return true }
      return try valuesEqual(found, key, strand: strand)
    }
  }

  @inline(__always)
  private func position<Failure: Error>(
    hash: Int, where isKey: (Value) throws(Failure) -> Bool
  ) throws(Failure) -> Int? {
    if table.isEmpty {
      for position in entries.indices where entries[position].hash == hash {
        if try isKey(entries[position].key) { return position }
      }
      return nil
    }
    let mask = table.count - 1
    var slot = hash & mask
    while true {
      let found = table[slot]
      if found == 0 { return nil }
      if found > 0 {
        let position = Int(found) - 1
        if entries[position].hash == hash, try isKey(entries[position].key) { return position }
      }
      slot = (slot + 1) & mask
    }
  }

  /// The value of a key. A value that cannot be a key is in no map.
  public subscript(key: Value) -> Value? {
    guard let hash = keyHash(key), let position = position(of: key, hash: hash) else { return nil }
    return entries[position].value
  }

  /// The value of a string key.
  public subscript(name: String) -> Value? { self[.string(name)] }

  /// The position of a string key: the machine's way for `m.name`.
  @inline(__always)
  func position(of key: StringObject) -> Int? {
    let hash = key.hash & Int.max
    if table.isEmpty {
      for position in entries.indices where entries[position].hash == hash {
        if case .object(let object) = entries[position].key {
          if object === key { return position }
          if object.tag == .string, unsafeDowncast(object, to: StringObject.self).hasSameBytes(as: key) {
            return position
          }
        }
      }
      return nil
    }
    return position(of: .object(key), hash: hash)
  }

  /// Reads or replaces the value at a position that `position(of:)` gave.
  subscript(position position: Int) -> Value {
    @inline(__always) get { entries[position].value }
    @inline(__always) _modify { yield &entries[position].value }
  }

  // MARK: Changing

  /// Puts a value under a key that can be one (`keyHash(key)` is not nil); else does nothing and says false.
  @discardableResult
  public mutating func set(_ key: Value, _ value: Value) -> Bool {
    guard let hash = keyHash(key) else { return false }
    set(key, hash: hash, value)
    return true
  }

  mutating func set(_ key: Value, hash: Int, _ value: Value) {
    if let position = position(of: key, hash: hash) {
      entries[position].value = value
    } else {
      append(key, hash: hash, value)
    }
  }

  /// Adds an entry for a key that is known not to be there; gives its position.
  @discardableResult
  mutating func append(_ key: Value, hash: Int, _ value: Value) -> Int {
    if entries.count >= Self.scanLimit, (entries.count + 1) * 2 > table.count { rebuild() }
    entries.append(Entry(hash: hash, key: key, value: value))
    count += 1
    if !table.isEmpty { insertIntoTable(position: entries.count - 1, hash: hash) }
    return entries.count - 1
  }

  /// Takes a key out; gives its value.
  @discardableResult
  public mutating func remove(_ key: Value) -> Value? {
    guard let hash = keyHash(key), let position = position(of: key, hash: hash) else { return nil }
    let value = entries[position].value
    count -= 1
    if table.isEmpty {
      entries.remove(at: position)
      return value
    }
    let mask = table.count - 1
    var slot = hash & mask
    while table[slot] != Int32(position + 1) { slot = (slot + 1) & mask }
    table[slot] = -1
    entries[position] = Entry(hash: Self.hole, key: .nil, value: .nil)
    if count * 4 < entries.count { rebuild() }
    return value
  }

  /// The key that follows another in order, nil if that is the last. O(1) where few were removed.
  func key(after key: Value) -> Value? {
    guard let hash = keyHash(key), var position = position(of: key, hash: hash) else { return nil }
    position += 1
    while position < entries.count {
      if entries[position].hash != Self.hole { return entries[position].key }
      position += 1
    }
    return nil
  }

  /// Puts a value under a key; where the key is new, before another one (nil: as the last). O(1) if there is a hole at
  /// that place, as there is when a key that was just removed comes back.
  mutating func insert(_ key: Value, _ value: Value, before next: Value?) {
    guard let hash = keyHash(key) else { return }
    guard position(of: key, hash: hash) == nil, let next, let nextHash = keyHash(next),
      let following = position(of: next, hash: nextHash)
    else { return set(key, hash: hash, value) }
    let entry = Entry(hash: hash, key: key, value: value)
    count += 1
    if following > 0, entries[following - 1].hash == Self.hole {
      entries[following - 1] = entry
      insertIntoTable(position: following - 1, hash: hash)
    } else {
      entries.insert(entry, at: following)
      rebuild()
    }
  }

  private mutating func insertIntoTable(position: Int, hash: Int) {
    let mask = table.count - 1
    var slot = hash & mask
    while table[slot] > 0 { slot = (slot + 1) & mask }
    table[slot] = Int32(position + 1)
  }

  /// Closes the holes and makes a table with room to grow.
  private mutating func rebuild() {
    if entries.count != count { entries.removeAll { $0.hash == Self.hole } }
    guard entries.count >= Self.scanLimit else {
      table = []
      return
    }
    var size = 32
    while size < (entries.count + 1) * 4 { size *= 2 }
    table = [Int32](repeating: 0, count: size)
    for position in entries.indices { insertIntoTable(position: position, hash: entries[position].hash) }
  }

  /// Whether a value holds other objects (see Teardown).
  var holdsContainers: Bool {
    for entry in entries {
      if case .object(let object) = entry.value, Teardown.holdsOthers(object.tag) { return true }
      if case .object(let object) = entry.key, object.tag == .list { return true }
    }
    return false
  }
}

extension MapStorage {
  /// Puts another map's keys and values, so that the strand can be stopped meanwhile.
  mutating func merge(_ other: MapStorage, _ strand: Strand) throws(Raised) {
    if isEmpty {
      self = other
      return
    }
    for position in 0..<other.positionCount {
      if let entry = other.entry(at: position) { set(entry.key, hash: entry.hash, entry.value) }
      if position & 0xFFF == 0xFFF { try strand.checkpoint() }
    }
  }
}

extension MapStorage: Sequence {
  /// Entries in order.
  public struct Iterator: IteratorProtocol {
    let storage: MapStorage
    var position = 0

    public mutating func next() -> (key: Value, value: Value)? {
      while position < storage.positionCount {
        defer { position += 1 }
        if let entry = storage.entry(at: position) { return (entry.key, entry.value) }
      }
      return nil
    }
  }

  public func makeIterator() -> Iterator { Iterator(storage: self) }
  public var underestimatedCount: Int { count }
}

/// The hash of a value that may be a map key, never negative; nil for one that may not.
/// Equal keys have equal hashes: `1` and `1.0` are one key.
public func keyHash(_ value: Value) -> Int? {
  if let list = value.list { return (try? listHash(list, strand: nil)) ?? nil }
  return leafHash(value)
}

/// As `keyHash(_:)`, for keys that scripts make: raises `Cancelled` where the strand is to stop.
@inline(__always)
func keyHash(_ value: Value, strand: Strand?) throws(Raised) -> Int? {
  if value.objectTag == .list, let list = value.list { return try listHash(list, strand: strand) }
  return leafHash(value)
}

private func listHash(_ list: ListObject, strand: Strand?) throws(Raised) -> Int? {
  var steps = 0
  return try listHash(list, strand: strand, depth: 0, steps: &steps)
}

private func listHash(
  _ list: ListObject, strand: Strand?, depth: Int, steps: inout Int
) throws(Raised) -> Int? {
  guard depth < 100 else { return nil }
  var sum: UInt64 = 0x11_57
  for item in list.items {
    steps &+= 1
    if steps & 0xFFF == 0 { try strand?.checkpoint() }
    let hash =
      if let inner = item.list {
        try listHash(inner, strand: strand, depth: depth + 1, steps: &steps)
      } else {
        leafHash(item)
      }
    guard let part = hash else { return nil }
    sum = StringObject.mix(sum ^ UInt64(bitPattern: Int64(part)))
  }
  return Int(truncatingIfNeeded: sum) & Int.max
}

/// The hash of what is no list.
private func leafHash(_ value: Value) -> Int? {
  let hash: UInt64
  switch value {
  case .nil: hash = 0x51
  case .bool(let flag): hash = flag ? 0x71 : 0x61
  case .int(let number): hash = StringObject.mix(UInt64(bitPattern: Int64(number)) ^ 0x1234_5678_9ABC_DEF1)
  case .float(let number):
    if let exact = Int(exactly: number) { return leafHash(.int(exact)) }
    hash = StringObject.mix(number.bitPattern ^ 0xF00D)
  case .duration(let number): hash = StringObject.mix(UInt64(bitPattern: Int64(number)) ^ 0xD0D0_D0D0)
  case .object(let object):
    switch object.tag {
    case .string: return unsafeDowncast(object, to: StringObject.self).hash & Int.max
    case .bytes:
      let bytes = unsafeDowncast(object, to: BytesObject.self).bytes
      hash = bytes.withUnsafeBytes { UInt64(bitPattern: Int64(StringObject.hash(of: $0))) } ^ 0xB17E
    default: return nil
    }
  }
  return Int(truncatingIfNeeded: hash) & Int.max
}

/// Equality of two values that may be keys.
@inline(__always)
func keysEqual(_ a: Value, _ b: Value) -> Bool {
  if case .object(let x) = a, case .object(let y) = b {
    if x === y { return true }
    if x.tag == .string {
      return y.tag == .string
        && unsafeDowncast(x, to: StringObject.self).hasSameBytes(as: unsafeDowncast(y, to: StringObject.self))
    }
  }
  return plainEqual(a, b)
}
