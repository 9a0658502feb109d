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
    // All of them or none: one that is cancelled at this moment has not been here.
    let others = line.all.map(\.waiter)
    let reserved = others.filter { $0.reserve() }
    guard reserved.count >= size - 1 else {
      for waiter in reserved { waiter.unreserve() }
      return false
    }
    while line.next() != nil {}
    for waiter in reserved { waiter.resumeReserved(with: .nil) }
    return true
  }
}
