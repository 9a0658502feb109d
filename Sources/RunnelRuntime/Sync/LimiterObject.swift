// Limiters: so many a period pass, the others wait for their turn (language.md §12).

import RunnelScheduler

/// A limiter.
///
/// `@unchecked Sendable`: all that changes is guarded by `lock`.
final class LimiterObject: Object, @unchecked Sendable {
  private let limit: Int
  private let period: Int64
  private let scheduler: Scheduler
  private let lock = Lock()
  /// When the last `limit` passed: the next may, a period after the first of them.
  private var passed = RingBuffer<Int64>()
  private var line = WaitLine<Void>()
  /// For the first in line.
  private var timer: TimerID?

  /// - Parameter period: nanoseconds.
  init(limit: Int, period: Int64, scheduler: Scheduler) {
    self.limit = limit
    self.period = period
    self.scheduler = scheduler
    super.init(tag: .limiter)
  }

  override var typeName: String { "limiter" }

  /// Passes if nobody waits and there is room.
  func tryPass() -> Bool {
    lock.withLock {
      let now = scheduler.now
      guard line.isEmpty, opening <= now else { return false }
      note(now)
      return true
    }
  }

  func passing() -> Wait {
    .other(WaitDescription("a limiter")) { [self] waiter in
      lock.withLock {
        let place = line.join(waiter, ())
        serve()
        return {
          self.lock.withLock {
            self.line.leave(place)
            if self.line.isEmpty { self.forgetTimer() }
          }
        }
      }
    }
  }

  /// From when on the next may pass.
  private var opening: Int64 {
    guard passed.count >= limit, let first = passed.first else { return Int64.min }
    return first.addingOrLast(period)
  }

  private func note(_ now: Int64) {
    if passed.count >= limit { _ = passed.popFirst() }
    passed.append(now)
  }

  /// Lets those pass whose time has come, and arranges for the next.
  private func serve() {
    let now = scheduler.now
    while !line.isEmpty, opening <= now {
      guard let next = line.next() else { break }
      if next.waiter.resume(with: .nil) { note(now) }
    }
    guard !line.isEmpty, timer == nil else { return }
    timer = scheduler.schedule(at: opening) { [self] in
      lock.withLock {
        timer = nil
        serve()
      }
    }
  }

  private func forgetTimer() {
    if let timer { scheduler.cancelTimer(timer) }
    timer = nil
  }
}
