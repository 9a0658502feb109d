// `thread` and `pool(thread, n)`: tasks whose strand has a thread to itself from its first instruction to its end. A pool's tasks
// wait for one in line, parked as for anything else; who is cancelled there takes none and never begins, as what `limit` holds
// back (language.md §6).

import RunnelScheduler

/// What a task needs before its first instruction: a thread, or a turn on a pool. A pool's tasks stand in its line from their spawn
/// on, in that order.
class TaskSeat: @unchecked Sendable {
  /// The thread that the strand is to run on, once it has one.
  var thread: DedicatedThread? { nil }

  /// Makes the strand ready, now or when it is its turn.
  func begin(_ strand: Strand) {}

  /// The strand has ended.
  func leave() {}

  /// For reports.
  var label: String? { nil }
}

/// The place of a task's strand on a thread, or in a pool's line for one.
///
/// `@unchecked Sendable`: `granted` is protected by the pool's lock; without a pool it never changes.
final class ThreadSeat: TaskSeat, @unchecked Sendable {
  private let pool: ThreadPool?
  fileprivate var granted: DedicatedThread?

  /// A seat on a thread that is nobody else's.
  init(own thread: DedicatedThread) {
    pool = nil
    granted = thread
  }

  /// A seat that has to be waited for.
  init(in pool: ThreadPool) { self.pool = pool }

  override var thread: DedicatedThread? { pool.map { $0.thread(of: self) } ?? granted }

  override func begin(_ strand: Strand) {
    if let pool {
      // Nothing runs the strand yet, so that it can be parked from here.
      if !strand.park(pool.turn(for: self)) { return }
    } else {
      strand.home = granted
    }
    strand.interpreter.scheduler.enqueue(strand)
  }

  override func leave() {
    if let pool { pool.leave(self) } else { granted?.close() }
  }

  override var label: String? { pool == nil ? "on a thread of its own" : "on a pool's thread" }
}

/// `pool(thread, n)`.
///
/// `@unchecked Sendable`: what changes is protected by `lock`.
final class ThreadPool: ExecutorPool, @unchecked Sendable {
  private let scheduler: Scheduler
  private let lock = Lock()
  private var idle: [DedicatedThread] = []
  /// How many threads there are.
  private var count = 0
  private var line = WaitLine<ThreadSeat>()
  private var hasEnded = false

  init(size: Int, scheduler: Scheduler) {
    self.scheduler = scheduler
    super.init(size: size)
  }

  override var executor: Executor { .threads(self) }
  override var label: String { "pool(thread, \(size))" }
  override var isClosed: Bool { lock.withLock { hasEnded } }

  static func start(_ scheduler: Scheduler) throws(Raised) -> DedicatedThread {
    guard let thread = DedicatedThread.start(for: scheduler) else {
      throw Raised(.limitError, "cannot start a thread: the system has no more to give (`ulimit -u`)")
    }
    return thread
  }

  /// The wait for a thread.
  func turn(for seat: ThreadSeat) -> Wait {
    .other(WaitDescription("a free thread of a pool")) { [self] waiter in
      lock.withLock {
        do throws(Raised) {
          guard !hasEnded else { throw Raised(Self.closedMeanwhile) }
          if let thread = try free() {
            seat.granted = thread
            waiter.resume(with: .nil)
            return {}
          }
        } catch {
          waiter.resume(raising: error.error)
          return {}
        }
        let place = line.join(waiter, seat)
        return { self.lock.withLock { self.line.leave(place) } }
      }
    }
  }

  private func free() throws(Raised) -> DedicatedThread? {
    if let thread = idle.popLast() { return thread }
    guard count < size else { return nil }
    let thread = try Self.start(scheduler)
    count += 1
    return thread
  }

  fileprivate func thread(of seat: ThreadSeat) -> DedicatedThread? { lock.withLock { seat.granted } }

  /// A task has ended: the first in line has its thread, or the pool.
  fileprivate func leave(_ seat: ThreadSeat) {
    lock.withLock {
      guard let thread = seat.granted else { return }
      seat.granted = nil
      while let next = line.next() {
        // Before it can run, and only if it does.
        next.want.granted = thread
        if next.waiter.resume(with: .nil) { return }
        next.want.granted = nil
      }
      if hasEnded {
        thread.close()
        count -= 1
      } else {
        idle.append(thread)
      }
    }
  }

  /// Ends the threads: those at work after the task that they run.
  override func close() {
    lock.withLock {
      guard !hasEnded else { return }
      hasEnded = true
      for thread in idle { thread.close() }
      count -= idle.count
      idle = []
      while let next = line.next() { next.waiter.resume(raising: Self.closedMeanwhile) }
    }
  }

  deinit { for thread in idle { thread.close() } }
}
