// Two helpers of the JSON parser that keep its unsafe parts small: a stack from which a container takes its
// items in one move, without a retain and a release each, and a cache through which equal keys share one string.

import Glibc

/// Values that wait for their container to close.
///
/// Invariant: exactly the first `count` places of `storage` are initialized.
struct ValueStack: ~Copyable {
  private(set) var count = 0
  private var capacity = 64
  private var storage = UnsafeMutablePointer<Value>.allocate(capacity: 64)

  deinit {
    storage.deinitialize(count: count)
    storage.deallocate()
  }

  @inline(__always)
  mutating func push(_ value: consuming Value) {
    if count == capacity { grow() }
    (storage + count).initialize(to: value)
    count += 1
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Value>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: storage, count: count)
    storage.deallocate()
    storage = larger
    capacity *= 2
  }

  /// Takes off all values from `base` on, which is at most `count`.
  mutating func take(from base: Int) -> [Value] {
    let taken = count - base
    // Not for none: the length would be written to the storage that all empty arrays share.
    guard taken > 0 else { return [] }
    count = base
    let first = storage + base
    return [Value](unsafeUninitializedCapacity: taken) { buffer, initialized in
      buffer.baseAddress?.moveInitialize(from: first, count: taken)
      initialized = taken
    }
  }

  /// Takes off all values from `base` on, which are string keys and values by turns, as a map.
  mutating func takeMap(from base: Int) -> MapStorage {
    var map = MapStorage(minimumCapacity: (count - base) / 2)
    var index = base
    while index + 1 < count {
      let key = (storage + index).move()
      let value = (storage + index + 1).move()
      index += 2
      if let string = key.string { map.set(key, hash: string.hash & Int.max, value) }
    }
    count = base
    return map
  }
}

/// Recently seen keys. A miss makes a new string and forgets the old one of its slot.
struct KeyCache: ~Copyable {
  private struct Slot {
    var hash = 0
    var start: UnsafePointer<UInt8>?
    var count = 0
    var object: StringObject?
  }

  private static let slotCount = 256
  private static let longestKey = 64
  private var slots: [Slot] = []

  /// The string of the given bytes (valid UTF-8, which outlive the cache).
  mutating func object(for start: UnsafePointer<UInt8>, count: Int) -> StringObject {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    if count > Self.longestKey { return StringObject(String(decoding: bytes, as: UTF8.self)) }
    if slots.isEmpty { slots = Array(repeating: Slot(), count: Self.slotCount) }
    let hash = StringObject.hash(of: UnsafeRawBufferPointer(bytes))
    let index = hash & (Self.slotCount - 1)
    let slot = slots[index]
    if slot.hash == hash, slot.count == count, let object = slot.object, let known = slot.start,
      memcmp(known, start, count) == 0
    {
      return object
    }
    let object = StringObject(String(decoding: bytes, as: UTF8.self))
    slots[index] = Slot(hash: hash, start: start, count: count, object: object)
    return object
  }
}
