// A worker is a thread that executes jobs. Each has a queue of its own, in which what it makes ready comes to stand, first
// in, first out (with a seed, in an order drawn from it); a worker that runs dry takes half of another's, the oldest first.

import CRunnelScheduler
import Glibc
import Synchronization

/// A worker's queue, and where it sleeps.
///
/// `@unchecked Sendable`: `queue` is protected by `lock`.
final class Worker: @unchecked Sendable {
  /// 0 is the thread that called `run`.
  let index: Int
  /// Alive as long as its workers.
  private unowned(unsafe) let scheduler: Scheduler
  private let lock = Lock()
  // Unchecked, as no access lasts: the check is a call each time.
  @exclusivity(unchecked) private var queue = RingBuffer<ReadyJob>(minimumCapacity: 64)
  private let length = Atomic<Int>(0)
  private let semaphore = Semaphore()

  init(index: Int, scheduler: Scheduler) {
    self.index = index
    self.scheduler = scheduler
  }

  // MARK: The queue

  /// How many jobs are queued: exact for the worker itself, a hint for others.
  var count: Int { length.load(ordering: .relaxed) }

  /// Adds a job, and says how many there are.
  func push(_ job: ReadyJob) -> Int {
    lock.withLock {
      queue.append(job)
      length.store(queue.count, ordering: .relaxed)
      return queue.count
    }
  }

  func push(takingFrom jobs: inout RingBuffer<ReadyJob>) {
    lock.withLock {
      queue.append(takingFrom: &jobs)
      length.store(queue.count, ordering: .relaxed)
    }
  }

  /// Takes the oldest job.
  func pop() -> ReadyJob? {
    guard count > 0 else { return nil }
    return lock.withLock {
      let job = queue.popFirst()
      length.store(queue.count, ordering: .relaxed)
      return job
    }
  }

  /// Takes any job.
  func pop(drawing chance: inout Chance) -> ReadyJob? {
    guard count > 0 else { return nil }
    return lock.withLock {
      // Nothing is drawn where there is no choice: what comes one by one from outside leaves the choices as they are.
      if queue.count > 1 { queue.bringForward(chance.below(queue.count)) }
      let job = queue.popFirst()
      length.store(queue.count, ordering: .relaxed)
      return job
    }
  }

  /// Moves the older half of the jobs, at least one, to a thief.
  func moveHalf(to thief: Worker) -> Bool {
    guard count > 0 else { return false }
    // Never both locks at once: two workers may steal from each other.
    var taken = RingBuffer<ReadyJob>()
    lock.withLock {
      for _ in 0..<(queue.count + 1) / 2 { if let job = queue.popFirst() { taken.append(job) } }
      length.store(queue.count, ordering: .relaxed)
    }
    guard !taken.isEmpty else { return false }
    thief.push(takingFrom: &taken)
    return true
  }

  /// Takes everything.
  func drain(into jobs: inout RingBuffer<ReadyJob>) {
    lock.withLock {
      jobs.append(takingFrom: &queue)
      length.store(0, ordering: .relaxed)
    }
  }

  // MARK: The thread

  /// Sleeps until `unpark` was called, once for each call.
  func park() { semaphore.wait() }

  func unpark() { semaphore.post() }

  /// The worker of this scheduler that the calling thread is, if it is one. Without a reference of its own, as it is asked for at
  /// every job: it lives as long as its scheduler.
  @inline(__always)
  static func current(of scheduler: Scheduler) -> Unmanaged<Worker>? {
    guard let pointer = runnel_current_worker() else { return nil }
    let worker = Unmanaged<Worker>.fromOpaque(pointer)
    return worker._withUnsafeGuaranteedRef { $0.scheduler === scheduler } ? worker : nil
  }

  /// Makes the calling thread this worker while `body` runs.
  func be<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
    let before = runnel_current_worker()
    runnel_set_current_worker(Unmanaged.passUnretained(self).toOpaque())
    defer { runnel_set_current_worker(before) }
    try body()
  }

  /// Starts a thread that works until the scheduler stops.
  /// - Returns: what to join; nil if the system gives no more threads.
  func startThread() -> pthread_t? {
    // As much stack as the first thread has on most systems: what nests in native code was measured there.
    SystemThread.start(stackSize: 8 << 20) { [self] in scheduler.work(as: self) }
  }
}
