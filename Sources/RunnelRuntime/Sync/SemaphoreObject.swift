// Semaphores: so many tasks at a time (language.md §12).

import RunnelScheduler

/// A semaphore.
///
/// `@unchecked Sendable`: all that changes is guarded by `lock`.
final class SemaphoreObject: HoldableObject, @unchecked Sendable {
  private let lock = Lock()
  private var permits: Int
  /// Not empty only while there are no permits.
  private var line = WaitLine<Void>()

  init(permits: Int) {
    self.permits = permits
    super.init(tag: .semaphore)
  }

  override var typeName: String { "semaphore" }

  /// Takes a permit if there is one.
  func tryAcquire() -> Bool {
    lock.withLock {
      guard permits > 0 else { return false }
      permits -= 1
      return true
    }
  }

  func acquiring() -> Wait {
    .other(WaitDescription("a permit of a semaphore")) { [self] waiter in
      lock.withLock {
        if permits > 0 {
          if waiter.resume(with: .nil) { permits -= 1 }
          return {}
        }
        let place = line.join(waiter, ())
        return { self.lock.withLock { self.line.leave(place) } }
      }
    }
  }

  /// Gives a permit back, or one more than there were: any task may.
  func release() {
    lock.withLock {
      while let next = line.next() { if next.waiter.resume(with: .nil) { return } }
      let (sum, overflow) = permits.addingReportingOverflow(1)
      if !overflow { permits = sum }
    }
  }

  override func giveBack(by strand: Strand) { release() }
}
