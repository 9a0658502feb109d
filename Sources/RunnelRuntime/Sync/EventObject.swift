// Events: what many tasks wait for until somebody says that it has happened (language.md §12).

import RunnelScheduler

/// An event.
///
/// `@unchecked Sendable`: all that changes is guarded by `lock`.
final class EventObject: Object, @unchecked Sendable {
  let lock = Lock()
  private var hasHappened = false
  /// Not empty only while it is not set.
  private var line = WaitLine<Receiver>()

  init() { super.init(tag: .event) }

  override var typeName: String { "event" }

  var isSet: Bool { lock.withLock { hasHappened } }

  /// All that wait go on.
  func set() {
    lock.withLock {
      hasHappened = true
      while let next = line.next() { next.waiter.resume(with: next.want.given(.nil)) }
    }
  }

  func clear() { lock.withLock { hasHappened = false } }

  func waiting() -> Wait {
    .other(WaitDescription("an event")) { [self] waiter in
      lock.withLock {
        if hasHappened {
          waiter.resume(with: .nil)
          return {}
        }
        let place = line.join(waiter, .one)
        return { self.lock.withLock { self.line.leave(place) } }
      }
    }
  }

  // MARK: For `select`, which holds `lock`

  var isSetNow: Bool { hasHappened }

  func join(_ waiter: Waiter, _ receiver: Receiver) -> WaitLine<Receiver>.Place {
    line.join(waiter, receiver)
  }

  /// Takes the lock itself.
  func leave(_ place: WaitLine<Receiver>.Place) { lock.withLock { line.leave(place) } }
}
