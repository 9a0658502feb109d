// A growable first-in, first-out queue. `public` and inlinable because queues of jobs and of channel items
// are touched per item from other modules (docs/architecture.md: a `package` one was 30 times slower).
// Invariant of the storage: exactly the `length` slots from `head` on, wrapping round, are initialised.

/// A queue in one block of memory whose size is a power of two; it grows, and never shrinks by itself.
public struct RingBuffer<Element>: ~Copyable {
  @usableFromInline var storage: UnsafeMutablePointer<Element>
  @usableFromInline var capacity: Int
  @usableFromInline var head = 0

  @usableFromInline var length = 0

  /// An empty queue.
  ///
  /// - Parameter minimumCapacity: elements to make room for; rounded up to a power of two.
  @inlinable
  public init(minimumCapacity: Int = 16) {
    var capacity = 16
    while capacity < minimumCapacity { capacity *= 2 }
    self.capacity = capacity
    storage = .allocate(capacity: capacity)
  }

  @inlinable
  deinit {
    for offset in 0..<length { (storage + ((head + offset) & (capacity - 1))).deinitialize(count: 1) }
    storage.deallocate()
  }

  /// How many elements are queued.
  @inlinable
  public var count: Int { length }

  @inlinable
  public var isEmpty: Bool { length == 0 }

  /// The oldest element, nil if there is none.
  @inlinable
  public var first: Element? { length > 0 ? storage[head] : nil }

  /// Adds an element at the end. Amortised O(1).
  @inlinable
  public mutating func append(_ element: consuming Element) {
    if length == capacity { grow() }
    (storage + ((head + length) & (capacity - 1))).initialize(to: element)
    length += 1
  }

  /// Takes the oldest element, nil if there is none. O(1).
  @inlinable
  public mutating func popFirst() -> Element? {
    guard length > 0 else { return nil }
    let element = (storage + head).move()
    head = (head + 1) & (capacity - 1)
    length -= 1
    return element
  }

  /// Has the element at `offset` from the oldest, which is below `count`, change places with it. O(1).
  @inlinable
  public mutating func bringForward(_ offset: Int) {
    precondition(offset >= 0 && offset < length, "no such element")
    let other = (head + offset) & (capacity - 1)
    guard other != head else { return }
    swap(&storage[head], &storage[other])
  }

  /// Takes everything out of `other`, oldest first, and adds it here.
  @inlinable
  public mutating func append(takingFrom other: inout RingBuffer<Element>) {
    while let element = other.popFirst() { append(element) }
  }

  @inlinable
  mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    let untilEnd = min(length, capacity - head)
    larger.moveInitialize(from: storage + head, count: untilEnd)
    (larger + untilEnd).moveInitialize(from: storage, count: length - untilEnd)
    storage.deallocate()
    storage = larger
    capacity *= 2
    head = 0
  }
}
