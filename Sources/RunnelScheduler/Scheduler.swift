// The executor on which all strands run: the thread that calls `run` executes every job itself, and sits in
// the poller, with the next timer as its timeout, when none is ready. It starts no thread.
//
// Jobs that the run thread enqueues (nearly all) go to `local` without a lock; those of other threads go to
// `injected` under the lock. Parking: the run thread sets `parked` under the lock after it has seen that
// nothing is injected; whoever then injects a job or an earlier timer clears it under the lock and wakes the
// poller, so a system call is made only for a thread that really sits there, and only once.

import Glibc
import Synchronization

/// A single-threaded task executor with timers and a poller for outside events.
///
/// `enqueue`, `schedule`, `cancelTimer` and the outside-work counters may be called from any thread;
/// `hasOtherWork`, `poll` and `run` belong to the thread that runs.
///
/// `@unchecked Sendable`: `injected` and `timers` are protected by `lock`; `local` and `isRunning` are touched
/// by the run thread only; what else changes is atomic.
public final class Scheduler: TaskExecutor, @unchecked Sendable {
  /// Where time comes from.
  public let clock: any Clock
  /// The clock, if it is one that only the scheduler moves.
  private let virtualClock: VirtualClock?
  private let poller: any IdlePoller

  private let lock = Lock()
  private var injected = RingBuffer<UnownedJob>()
  private var timers = TimerQueue()

  private var local = RingBuffer<UnownedJob>(minimumCapacity: 256)
  private var isRunning = false

  /// Whether `injected` may hold something.
  private let hasInjected = Atomic<Bool>(false)
  /// The earliest deadline, `Int64.max` without timers. Written under `lock`.
  private let nextDeadline = Atomic<Int64>(.max)
  /// Whether the run thread sits, or is about to sit, in the poller. Written under `lock`.
  private let parked = Atomic<Bool>(false)
  /// `pthread_self` of the thread in `run`, 0 while there is none.
  private let runThread = Atomic<UInt>(0)
  /// Work under way on other threads that will make somebody ready.
  private let outsideWork = Atomic<Int>(0)
  private let quiescence = Atomic<Bool>(false)
  private var onQuiescent: (@Sendable () -> Void)?

  /// Jobs between two looks at timers and poller while there is always something ready.
  private static let jobsPerLook = 64

  /// A scheduler that has nothing to do. Starts no thread and makes no system call.
  public init(clock: any Clock, poller: any IdlePoller) {
    self.clock = clock
    virtualClock = clock as? VirtualClock
    self.poller = poller
  }

  /// Whether time stands still while anything runs.
  public var hasVirtualTime: Bool { virtualClock != nil }

  // MARK: Jobs

  /// Makes a job ready. From any thread.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isRunThread {
      local.append(job)
      return
    }
    let wasParked = lock.withLock {
      injected.append(job)
      hasInjected.store(true, ordering: .releasing)
      return parked.exchange(false, ordering: .relaxed)
    }
    if wasParked { poller.wake() }
  }

  /// Executes jobs, timers and completions on the calling thread until `isDone` says so.
  ///
  /// - Parameter isDone: asked before every job and after every wait.
  public func run(until isDone: () -> Bool) {
    precondition(!isRunning, "the scheduler is running already")
    isRunning = true
    runThread.store(Self.currentThread, ordering: .relaxed)
    defer {
      runThread.store(0, ordering: .relaxed)
      isRunning = false
    }
    let executor = asUnownedTaskExecutor()
    var untilLook = Self.jobsPerLook
    while !isDone() {
      if let job = local.popFirst() {
        job.runSynchronously(on: executor)
        untilLook -= 1
        if untilLook > 0 { continue }
        lookAround()
      } else if !takeInjected() {
        waitForWork()
      }
      untilLook = Self.jobsPerLook
    }
  }

  /// Whether another job is ready. Cheap: a strand that computes asks at the end of each slice whether to
  /// let others go first. On the run thread only.
  public var hasOtherWork: Bool { !local.isEmpty || hasInjected.load(ordering: .relaxed) }

  /// Fires due timers and dispatches what the poller has, without waiting: what a strand that computes does
  /// at the end of each slice. On the run thread only.
  public func poll() {
    lookAround()
  }

  // MARK: Timers

  /// Runs `action` on the run thread when the clock's `now` has reached `deadline`. From any thread.
  ///
  /// - Parameters:
  ///   - deadline: nanoseconds of `clock.now()`; one in the past is due at once, yet never fires within this call.
  ///   - action: must not block; it makes somebody ready.
  @discardableResult
  public func schedule(at deadline: Int64, action: @escaping @Sendable () -> Void) -> TimerID {
    let (timer, wasParked) = lock.withLock {
      let timer = timers.add(at: deadline, action: action)
      guard deadline < nextDeadline.load(ordering: .relaxed) else { return (timer, false) }
      nextDeadline.store(deadline, ordering: .relaxed)
      // The run thread itself looks at the deadline again before it sits down.
      return (timer, isRunThread ? false : parked.exchange(false, ordering: .relaxed))
    }
    if wasParked { poller.wake() }
    return timer
  }

  /// Takes a timer back. From any thread.
  ///
  /// - Returns: whether it will not fire; false if it has, or is firing on the run thread just now.
  @discardableResult
  public func cancelTimer(_ timer: TimerID) -> Bool {
    // What the action captures must not be freed under the lock: its deinitialiser could call back here.
    let action = lock.withLock {
      let action = timers.cancel(timer)
      if action != nil, timers.isEmpty { nextDeadline.store(.max, ordering: .relaxed) }
      return action
    }
    return action != nil
  }

  // MARK: Quiescence

  /// Calls `action` on the run thread whenever nothing can wake anybody: no job is ready, no timer runs, the
  /// poller has no interests and no outside work is under way. If it makes nobody ready, the thread sits down
  /// all the same (a signal may come). To be set before `run`.
  public func setQuiescentAction(_ action: (@Sendable () -> Void)?) {
    onQuiescent = action
  }

  /// Says that work has begun on another thread that will make somebody ready. From any thread.
  public func beginOutsideWork() {
    outsideWork.wrappingAdd(1, ordering: .relaxed)
  }

  /// Says that such work has ended, after it has made somebody ready. From any thread.
  public func endOutsideWork() {
    // Releasing, so that who reads 0 also sees what the work has enqueued.
    guard outsideWork.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0, !isRunThread else {
      return
    }
    let wasParked = lock.withLock { parked.exchange(false, ordering: .relaxed) }
    if wasParked { poller.wake() }
  }

  // MARK: The run thread

  private static var currentThread: UInt { UInt(pthread_self()) }

  private var isRunThread: Bool { runThread.load(ordering: .relaxed) == Self.currentThread }

  private func takeInjected() -> Bool {
    guard hasInjected.load(ordering: .acquiring) else { return false }
    lock.withLock {
      local.append(takingFrom: &injected)
      hasInjected.store(false, ordering: .relaxed)
    }
    return !local.isEmpty
  }

  private func lookAround() {
    _ = takeInjected()
    fireTimers()
    poller.poll(timeoutNanoseconds: 0)
  }

  private func fireTimers() {
    let deadline = nextDeadline.load(ordering: .relaxed)
    guard deadline != .max else { return }
    if let virtualClock, virtualClock.overdue(deadline) <= 0 { virtualClock.advance(to: deadline) }
    let now = clock.now()
    guard nextDeadline.load(ordering: .relaxed) <= now else { return }
    let mark = lock.withLock { timers.mark }
    while let action = takeDueTimer(now: now, mark: mark) { action() }
  }

  private func takeDueTimer(now: Int64, mark: UInt64) -> TimerQueue.Action? {
    lock.withLock {
      let action = timers.popDue(at: now, upTo: mark)
      nextDeadline.store(timers.nextDeadline() ?? .max, ordering: .relaxed)
      return action
    }
  }

  private func waitForWork() {
    fireTimers()
    guard local.isEmpty else { return }
    if isQuiescent, let onQuiescent {
      onQuiescent()
      if hasOtherWork { return }
    }
    let (mayPark, deadline) = lock.withLock {
      let mayPark = injected.isEmpty
      parked.store(mayPark, ordering: .relaxed)
      return (mayPark, timers.nextDeadline())
    }
    guard mayPark else { return }
    poller.poll(timeoutNanoseconds: deadline.map { max(0, timeUntil($0)) })
    parked.store(false, ordering: .relaxed)
    fireTimers()
  }

  /// How long, in real nanoseconds, to sit in the poller for a deadline. Virtual time jumps to it first, if nothing but time
  /// can make anybody ready.
  private func timeUntil(_ deadline: Int64) -> Int64 {
    guard let virtualClock else { return deadline - clock.now() }
    guard outsideWork.load(ordering: .acquiring) == 0, !poller.hasInterests else {
      return virtualClock.overdue(deadline)
    }
    virtualClock.advance(to: deadline)
    return 0
  }

  private var isQuiescent: Bool {
    // This order: outside work ends after it has enqueued or registered what it leads to.
    outsideWork.load(ordering: .acquiring) == 0 && !poller.hasInterests
      && nextDeadline.load(ordering: .relaxed) == .max && !hasOtherWork
  }
}
