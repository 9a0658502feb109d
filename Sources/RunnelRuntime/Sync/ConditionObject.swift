// Conditions: a task that holds a lock lets go of it until another says that something has changed (language.md §12).

import RunnelScheduler

/// A condition.
///
/// `@unchecked Sendable`: all that changes is guarded by `guardian`.
final class ConditionObject: Object, @unchecked Sendable {
  let lock: LockObject
  private let guardian = Lock()
  private var line = WaitLine<Void>()

  init(lock: LockObject) {
    self.lock = lock
    super.init(tag: .condition)
  }

  override var typeName: String { "condition" }

  /// The wait for a notification. The lock is let go of when the task stands in line, so that no notification is missed.
  func waiting(_ strand: Strand) -> Wait {
    .other(WaitDescription("a condition")) { [self] waiter in
      let place = guardian.withLock { line.join(waiter, ()) }
      lock.passOn(from: strand.lockOwner)
      return { self.guardian.withLock { self.line.leave(place) } }
    }
  }

  /// Lets as many go on as wait, at most so many, the first that came first.
  func notify(atMost count: Int) {
    guardian.withLock {
      var left = count
      while left > 0, let next = line.next() { if next.waiter.resume(with: .nil) { left -= 1 } }
    }
  }
}
