// Timers by deadline: a binary heap of small plain entries beside a table of actions. Cancelling empties the
// timer's place in the table and leaves its heap entry behind as a husk, which is dropped when it comes up,
// or when husks make up half of the heap: timeouts are mostly cancelled, long before they are due.
// Invariant: a heap entry is alive if and only if its slot holds its sequence number.

/// Names one timer, also after it has fired.
public struct TimerID: Hashable, Sendable {
  let slot: Int
  let sequence: UInt64
}

/// A queue of actions by deadline. Not thread-safe: its owner's lock protects it.
///
/// Equal deadlines come in the order in which they were added.
public struct TimerQueue {
  /// What a timer does; it runs on the thread that fires timers, and must not block.
  public typealias Action = @Sendable () -> Void

  private struct Entry {
    let deadline: Int64
    let sequence: UInt64
    let slot: Int

    func isBefore(_ other: Entry) -> Bool {
      deadline != other.deadline ? deadline < other.deadline : sequence < other.sequence
    }
  }

  private struct Slot {
    /// The sequence number of the timer that lives here; 0 if none does.
    var sequence: UInt64
    var action: Action?
    var wakesNobody = false
  }

  private var heap: [Entry] = []
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private var lastSequence: UInt64 = 0

  /// How many timers have neither fired nor been cancelled.
  public private(set) var count = 0

  public init() {}

  /// How many of them wake nobody.
  private var idleCount = 0

  public var isEmpty: Bool { count == 0 }

  /// Whether one of them may make somebody ready.
  public var mayWake: Bool { count > idleCount }

  /// The number that the next timer will exceed; `popDue(before:)` uses it as a limit.
  public var mark: UInt64 { lastSequence }

  /// Adds a timer. O(log n).
  ///
  /// - Parameters:
  ///   - deadline: nanoseconds of the clock's `now`.
  ///   - wakesNobody: it only says something.
  public mutating func add(at deadline: Int64, wakesNobody: Bool = false, action: @escaping Action) -> TimerID
  {
    lastSequence += 1
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      slots[slot] = Slot(sequence: lastSequence, action: action, wakesNobody: wakesNobody)
    } else {
      slot = slots.count
      slots.append(Slot(sequence: lastSequence, action: action, wakesNobody: wakesNobody))
    }
    count += 1
    if wakesNobody { idleCount += 1 }
    heap.append(Entry(deadline: deadline, sequence: lastSequence, slot: slot))
    siftUp(from: heap.count - 1)
    return TimerID(slot: slot, sequence: lastSequence)
  }

  /// Takes a timer out. Amortised O(1).
  ///
  /// - Returns: its action, nil if it has fired or was cancelled before. The action is handed back so
  ///   that what it captures is not freed under the owner's lock.
  public mutating func cancel(_ timer: TimerID) -> Action? {
    guard slots.indices.contains(timer.slot), slots[timer.slot].sequence == timer.sequence else { return nil }
    let action = vacate(timer.slot)
    if heap.count > 64, heap.count > 2 * count { dropHusks() }
    return action
  }

  /// The earliest deadline, nil if there are no timers.
  public mutating func nextDeadline() -> Int64? {
    while let first = heap.first {
      if isAlive(first) { return first.deadline }
      removeFirst()
    }
    return nil
  }

  /// Takes out the earliest timer that is due, and gives its action.
  ///
  /// - Parameters:
  ///   - now: timers up to and including this instant are due.
  ///   - mark: only timers that were added when `mark` was read, or before, so that an action that adds a
  ///     timer for now cannot keep its caller busy for ever.
  public mutating func popDue(at now: Int64, upTo mark: UInt64) -> Action? {
    guard let deadline = nextDeadline(), deadline <= now, heap[0].sequence <= mark else { return nil }
    let slot = heap[0].slot
    removeFirst()
    return vacate(slot)
  }

  private func isAlive(_ entry: Entry) -> Bool { slots[entry.slot].sequence == entry.sequence }

  private mutating func vacate(_ slot: Int) -> Action? {
    let action = slots[slot].action
    if slots[slot].wakesNobody { idleCount -= 1 }
    slots[slot] = Slot(sequence: 0, action: nil)
    freeSlots.append(slot)
    count -= 1
    return action
  }

  private mutating func dropHusks() {
    heap = heap.filter(isAlive)
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    heap[0] = last
    siftDown(from: 0)
  }

  private mutating func siftUp(from start: Int) {
    let entry = heap[start]
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard entry.isBefore(heap[parent]) else { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = entry
  }

  private mutating func siftDown(from start: Int) {
    let entry = heap[start]
    var index = start
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
      guard heap[child].isBefore(entry) else { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = entry
  }
}
