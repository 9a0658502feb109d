// Items that a source has ready, on their way to the loop that reads them. They are moved in and out: an item that goes from a
// command's output to a stage is never retained on the way, which is what a pipeline of many small items would spend its time on.
//
// Safety: `items` is initialised memory from `start` to `end`, and belongs to this object alone.

/// A queue of items that moves them.
///
/// `@unchecked Sendable`: used by one strand at a time, or under the lock of its owner.
public final class ItemBatch: @unchecked Sendable {
  // Unchecked, as it is used by one strand at a time and no access lasts: the check is a call each time.
  @exclusivity(unchecked) private var items: UnsafeMutablePointer<Value>
  @exclusivity(unchecked) private var capacity: Int
  @exclusivity(unchecked) private var start = 0
  @exclusivity(unchecked) private var end = 0

  public init(minimumCapacity: Int = 0) {
    capacity = minimumCapacity
    items = .allocate(capacity: capacity)
  }

  deinit {
    (items + start).deinitialize(count: count)
    items.deallocate()
  }

  public var count: Int { end - start }
  public var isEmpty: Bool { start == end }

  /// Adds an item behind the others. O(1) on average.
  public func append(_ item: consuming Value) {
    if end == capacity { makeRoom(for: 1) }
    (items + end).initialize(to: item)
    end += 1
  }

  /// Takes all items of another, behind the others.
  func append(movingFrom other: ItemBatch) {
    let more = other.count
    if end + more > capacity { makeRoom(for: more) }
    (items + end).moveInitialize(from: other.items + other.start, count: more)
    end += more
    (other.start, other.end) = (0, 0)
  }

  /// The first item, if there is one.
  public func takeFirst() -> Value? {
    guard start < end else { return nil }
    defer { start += 1 }
    return (items + start).move()
  }

  /// Moves the first item, if there is one, to a register.
  @inline(__always)
  func takeFirst(into register: UnsafeMutablePointer<Value>) -> Bool {
    guard start < end else { return false }
    register.replace(movingFrom: items + start)
    start += 1
    return true
  }

  /// Both have what the other had.
  func swapItems(with other: ItemBatch) {
    swap(&items, &other.items)
    swap(&capacity, &other.capacity)
    swap(&start, &other.start)
    swap(&end, &other.end)
  }

  func removeAll() {
    (items + start).deinitialize(count: count)
    (start, end) = (0, 0)
  }

  private func makeRoom(for more: Int) {
    let wanted = count + more
    // What has been taken leaves room at the front.
    let fresh = wanted <= capacity / 2 ? capacity : max(wanted, capacity * 2, 16)
    let memory = UnsafeMutablePointer<Value>.allocate(capacity: fresh)
    memory.moveInitialize(from: items + start, count: count)
    items.deallocate()
    (items, capacity, end, start) = (memory, fresh, count, 0)
  }
}
