// Conditions: a task that holds a lock lets go of it until another says that something has changed (language.md §12).

import RunnelScheduler

/// A condition.
///
/// Who is notified goes to the end of the lock's line, and is woken when it has the lock: so notified tasks have it in the order in
/// which they came, and one that is cancelled before has taken nothing, the notification neither.
///
/// `@unchecked Sendable`: all that changes is guarded by `guardian`.
final class ConditionObject: Object, @unchecked Sendable {
  /// One who waits. What changes is under the condition's `guardian`.
  ///
  /// `@unchecked Sendable`: see above.
  final class Place: @unchecked Sendable {
    fileprivate let strand: Strand
    fileprivate let want: LockObject.Want
    fileprivate let lock: LockObject
    /// How to leave the lock's line; nil until it is notified.
    fileprivate var leaveLock: (() -> Void)?
    /// Weak, as it has the place in its line.
    private weak var guardian: ConditionObject?

    fileprivate init(_ strand: Strand, _ condition: ConditionObject) {
      self.strand = strand
      lock = condition.lock
      guardian = condition
      want = LockObject.Want(strand, of: condition.lock)
    }

    /// Who holds the lock that it waits for, once it is notified: an edge of the wait-for graph.
    var holder: Strand? { guardian?.isNotified(self) == true ? lock.holder : nil }
  }

  let lock: LockObject
  private let guardian = Lock()
  private var line = WaitLine<Place>()

  init(lock: LockObject) {
    self.lock = lock
    super.init(tag: .condition)
  }

  override var typeName: String { "condition" }

  /// The wait for a notification and for the lock, which is let go of when the task stands in line: so no notification is missed.
  func waiting(_ strand: Strand) -> Wait {
    let place = Place(strand, self)
    return .other(WaitDescription("a condition", on: .condition(place))) { [self] waiter in
      let stand = guardian.withLock { () -> WaitLine<Place>.Place in
        place.leaveLock = nil
        return line.join(waiter, place)
      }
      lock.passOn(from: strand.lockOwner)
      return { self.leave(stand) }
    }
  }

  private func leave(_ stand: WaitLine<Place>.Place) {
    let leaveLock = guardian.withLock { () -> (() -> Void)? in
      line.leave(stand)
      return stand.want.leaveLock
    }
    guard let leaveLock else { return }
    leaveLock()
    notify(atMost: 1)
  }

  private func isNotified(_ place: Place) -> Bool { guardian.withLock { place.leaveLock != nil } }

  /// Lets as many go on as wait, at most so many, the first that came first.
  func notify(atMost count: Int) {
    var notified: [(strand: Strand, waiter: Waiter)] = []
    guardian.withLock {
      while notified.count < count, let next = line.next() {
        guard next.waiter.isPending else { continue }
        next.want.leaveLock = lock.join(next.waiter, next.want.want)
        notified.append((next.want.strand, next.waiter))
      }
    }
    // From now on they wait for whoever holds the lock.
    for (strand, waiter) in notified { strand.interpreter.breakCircle(closedBy: strand, waiter) }
  }
}
