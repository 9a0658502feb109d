// A thread that belongs to one strand at a time: `spawn on thread`, and each thread of a `pool(thread, n)`. What is made ready for
// it waits in a queue of its own; nobody steals from it, and it takes nothing from others.
//
// The scheduler counts each job of such a queue as outside work, from before it can be seen until it has run: so it never takes
// itself for dead, and virtual time stands still, while one of these threads is busy.

/// An executor with one thread of its own.
///
/// `@unchecked Sendable`: `queue` and `isClosed` are protected by `lock`.
public final class DedicatedThread: TaskExecutor, @unchecked Sendable {
  private let scheduler: Scheduler
  private let lock = Lock()
  private var queue = RingBuffer<ReadyJob>()
  private var isClosed = false
  /// One for each job, and one for the end.
  private let semaphore = Semaphore()

  private init(_ scheduler: Scheduler) { self.scheduler = scheduler }

  /// Starts a thread; nil where the system has none to give.
  public static func start(for scheduler: Scheduler) -> DedicatedThread? {
    let thread = DedicatedThread(scheduler)
    // As much stack as a worker has.
    return SystemThread.detach(stackSize: 8 << 20, { thread.serve() }) ? thread : nil
  }

  /// Makes a job of a Swift task ready. From any thread.
  public func enqueue(_ job: consuming ExecutorJob) { enqueue(.swift(UnownedJob(job))) }

  func enqueue(_ job: ReadyJob) {
    scheduler.beginOutsideWork()
    lock.withLock { queue.append(job) }
    semaphore.post()
  }

  /// Ends the thread when it has done what is queued. Nothing is enqueued after this.
  public func close() {
    lock.withLock { isClosed = true }
    semaphore.post()
  }

  private func serve() {
    let executor = asUnownedTaskExecutor()
    while true {
      semaphore.wait()
      let (job, isOver) = lock.withLock { (queue.popFirst(), isClosed) }
      if let job {
        job.run(on: executor)
        scheduler.endOutsideWork()
      } else if isOver {
        return
      }
    }
  }
}
