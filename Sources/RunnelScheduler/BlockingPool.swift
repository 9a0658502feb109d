// Threads for calls that block and cannot be polled: regular files on slow disks, opening a FIFO, the user
// data base. None exists until the first call, and idle ones end after a while. Invariant, under the lock:
// `idle` is the number of threads asleep for which no wake-up is under way.

import Glibc
import Synchronization

/// An elastic pool of threads that run blocking closures. Its threads have all signals blocked.
///
/// A closure that never returns keeps its thread; the process can exit all the same. The pool lives as long
/// as the process.
///
/// `@unchecked Sendable`: `queue`, `threads` and `idle` are protected by `lock`.
public final class BlockingPool: @unchecked Sendable {
  /// A call that blocks; at its end it makes somebody ready.
  public typealias Work = @Sendable () -> Void

  /// The most threads at once; further work queues.
  public let limit: Int
  private let idleSeconds: Int
  private let scheduler: Scheduler?

  private let lock = Lock()
  private var queue = RingBuffer<Work>()
  private var threads = 0
  private var idle = 0
  private let semaphore = Semaphore()

  /// A pool without threads.
  ///
  /// - Parameters:
  ///   - scheduler: is told that outside work is under way, so that it does not take itself for dead.
  ///   - limit: the most threads at once.
  ///   - idleSeconds: how long a thread without work stays.
  public init(scheduler: Scheduler? = nil, limit: Int = 64, idleSeconds: Int = 5) {
    self.scheduler = scheduler
    self.limit = max(1, limit)
    self.idleSeconds = idleSeconds
  }

  /// How many threads there are just now.
  public var threadCount: Int { lock.withLock { threads } }

  /// Runs `work` on a thread of the pool, as soon as one is free. From any thread.
  public func submit(_ work: @escaping Work) {
    scheduler?.beginOutsideWork()
    let needsThread = lock.withLock {
      queue.append(work)
      if idle > 0 {
        idle -= 1
        // Under the lock, so that a thread that gives up waiting can tell whether it was meant.
        semaphore.post()
        return false
      }
      guard threads < limit else { return false }
      threads += 1
      return true
    }
    if needsThread { startThread() }
  }

  private func startThread() {
    if SystemThread.detach(stackSize: 512 * 1024, { self.serve() }) { return }
    // No thread to be had (a limit of the system): the others take the work. Without any, the caller must.
    let isAlone = lock.withLock {
      threads -= 1
      return threads == 0
    }
    if isAlone { while let work = takeWork() { perform(work) } }
  }

  private func serve() {
    repeat {
      while let work = takeWork() { perform(work) }
    } while waitForWork()
  }

  private func perform(_ work: Work) {
    work()
    scheduler?.endOutsideWork()
  }

  private func takeWork() -> Work? { lock.withLock { queue.popFirst() } }

  /// - Returns: whether to go on; false once the thread has signed off.
  private func waitForWork() -> Bool {
    let mayWait = lock.withLock {
      guard queue.isEmpty else { return false }
      idle += 1
      return true
    }
    guard mayWait else { return true }
    var deadline = timespec()
    // The wall clock may jump; then a thread goes earlier or stays longer, no more than that.
    clock_gettime(CLOCK_REALTIME, &deadline)
    deadline.tv_sec += idleSeconds
    if semaphore.wait(until: deadline) { return true }
    return lock.withLock {
      // A wake-up that came at the last moment is ours as good as anybody's.
      if semaphore.tryWait() { return true }
      idle -= 1
      threads -= 1
      return false
    }
  }
}
