// Barriers: where so many tasks wait until all of them are there (language.md §12).

import RunnelScheduler

/// A barrier, which can be used again and again.
///
/// `@unchecked Sendable`: all that changes is guarded by `lock`.
final class BarrierObject: Object, @unchecked Sendable {
  private let size: Int
  private let lock = Lock()
  /// Fewer than `size` wait.
  private var line = WaitLine<Void>()

  init(size: Int) {
    self.size = size
    super.init(tag: .barrier)
  }

  override var typeName: String { "barrier" }

  /// Whether the caller is the last who was missing: then all go on.
  func arrive() -> Bool { lock.withLock { isComplete() } }

  func waiting() -> Wait {
    .other(WaitDescription("the others at a barrier")) { [self] waiter in
      lock.withLock {
        if isComplete() {
          waiter.resume(with: .nil)
          return {}
        }
        let place = line.join(waiter, ())
        return { self.lock.withLock { self.line.leave(place) } }
      }
    }
  }

  private func isComplete() -> Bool {
    guard line.count >= size - 1 else { return false }
    // One that is cancelled at this moment was here: it is stopped behind the barrier.
    while let next = line.next() { next.waiter.resume(with: .nil) }
    return true
  }
}
