// The executor on which all strands run: workers with a queue each, of which the first is the thread that calls `run`. The
// others are started when there is more to do than those that run can take, and end with `run`.
//
// A worker without jobs takes injected ones, steals, or comes to rest: one of those that rest sits in the poller, with the
// next timer as its timeout, the others sleep. Who makes work for a worker at rest claims it under `lock`, and counts it as
// active from then on; so there is no moment at which nobody is active although somebody has been asked to be.
//
// A worker wakes another only for a second job in its queue: the first it takes itself, as soon as its own strand waits. So
// `await spawn f()` stays on one thread and costs no system call. A strand that computes lets the job behind it go first at the
// end of each turn (`enqueueHere`), or calls `shareWork`, so that another worker takes that job, if one is at rest.

import Glibc
import Synchronization

/// A task executor with workers, timers and a poller for outside events.
///
/// `enqueue`, `schedule`, `cancelTimer`, `wakeRunner` and the outside-work counters may be called from any thread;
/// `shareWork` and `poll` belong to strands that it runs; `run` to one thread at a time.
///
/// `@unchecked Sendable`: `workers` is set once, before there is a second thread; `chance` belongs to the only worker that there is
/// with a seed; what else is no atomic is protected by `lock`.
public final class Scheduler: TaskExecutor, @unchecked Sendable {
  /// Where time comes from.
  public let clock: any Clock
  /// The most threads that execute jobs at once.
  public let workerCount: Int
  @usableFromInline let isRealClock: Bool
  /// The clock, if it is one that only the scheduler moves.
  private let virtualClock: VirtualClock?
  /// What the order of ready jobs is drawn from; nil for first in, first out. One worker only.
  public let seed: UInt64?
  public let restlessness: Restlessness
  /// For the worker.
  private var chance: Chance
  private let poller: any IdlePoller
  private let lock = Lock()
  private var injected = RingBuffer<ReadyJob>()
  private var timers = TimerQueue()

  private var workers: [Worker] = []
  /// Those that sleep.
  private var resting: [Worker] = []
  /// The worker that sits, or is about to sit, in the poller, until somebody claims it.
  private var restsInPoller: Worker?
  /// How many workers are not at rest.
  private var active = 0
  /// How many workers have a thread, the first among them, and how many may.
  private var started = 1
  private var limit: Int
  private var threads: [pthread_t] = []
  private let isRunning = Atomic<Bool>(false)

  /// `run` has what it was for: workers end, strands that compute let go.
  private let isStopping = Atomic<Bool>(false)
  /// Whoever calls `run` is to ask its condition again.
  private let mustAsk = Atomic<Bool>(false)
  /// Whether some worker could be claimed or started.
  private let hasSpareWorker = Atomic<Bool>(false)
  /// Whether `injected` may hold something.
  private let hasInjected = Atomic<Bool>(false)
  /// Whether a worker is in the poller, to sit or to look.
  private let isPolling = Atomic<Bool>(false)
  /// The earliest deadline, `Int64.max` without timers. Written under `lock`.
  private let nextDeadline = Atomic<Int64>(.max)
  /// When a strand polled last.
  private let lastPoll = Atomic<Int64>(0)
  /// Work under way on other threads that will make somebody ready.
  private let outsideWork = Atomic<Int>(0)
  private var onQuiescent: (@Sendable () -> Bool)?
  private var onRest: (@Sendable () -> Void)?

  /// When a run that repeats has last looked, while something was ready, for what comes from outside.
  private let lastOutsideLook = Atomic<Int64>(0)

  /// Jobs between two looks at timers and poller while there is always something ready.
  private static let jobsPerLook = 64
  /// After how many nanoseconds such a run looks outside although something is ready.
  private static let patience: Int64 = 1_000_000_000

  /// A scheduler that has nothing to do. Starts no thread and makes no system call.
  ///
  /// - Parameter seed: which of the ready jobs is next is drawn from it. With several workers it changes nothing: what threads
  ///   do at the same time has no order that could repeat.
  public init(clock: any Clock, poller: any IdlePoller, workerCount: Int = 1, seed: UInt64? = nil) {
    let seed = workerCount > 1 ? nil : seed
    self.seed = seed
    restlessness = Restlessness(seed: seed ?? 0)
    // Strands have the numbers of their tasks.
    chance = Chance(seed: seed ?? 0, stream: .max - 1)
    self.clock = clock
    self.workerCount = max(1, workerCount)
    limit = self.workerCount
    if seed != nil { lastOutsideLook.store(RealClock().now(), ordering: .relaxed) }
    virtualClock = clock as? VirtualClock
    isRealClock = clock is RealClock
    self.poller = poller
  }

  /// As `clock.now()`, without the price of a clock of any kind: several are read for each task.
  @inline(__always)
  public var now: Int64 { isRealClock ? RealClock().now() : clock.now() }

  /// The same to some milliseconds, for next to nothing.
  @inline(__always)
  public var coarseNow: Int64 { isRealClock ? CoarseClock.now() : clock.now() }

  /// Whether time stands still while anything runs.
  public var hasVirtualTime: Bool { virtualClock != nil }

  /// Whether what strands do must not hang on how fast the machine is: turns are counted then, not measured.
  public var repeats: Bool { virtualClock != nil || seed != nil }

  /// Where time is virtual, makes the present moment one of the real world. Before what asks for it runs.
  public func setVirtualWallTime(_ nanoseconds: Int64) { virtualClock?.set(wallTime: nanoseconds) }

  // MARK: Jobs

  /// Makes a job ready. From any thread.
  public func enqueue(_ job: consuming ExecutorJob) {
    enqueue(.swift(UnownedJob(job)))
  }

  /// Makes something ready that is not. From any thread.
  public func enqueue(_ resumable: Resumable) {
    if let home = resumable.home { return home.enqueue(.resumable(.passRetained(resumable))) }
    enqueue(.resumable(.passRetained(resumable)))
  }

  /// Makes something ready for which no other worker is to be woken: this one comes to it as soon as who calls waits, or has had
  /// its turn. From any thread; what is no worker has one woken all the same.
  public func enqueueHere(_ resumable: Resumable) {
    if let home = resumable.home { return home.enqueue(.resumable(.passRetained(resumable))) }
    enqueue(.resumable(.passRetained(resumable)), wakingOthers: false)
  }

  private func enqueue(_ job: ReadyJob, wakingOthers: Bool = true) {
    guard let worker = Worker.current(of: self) else { return inject(job) }
    let count = worker._withUnsafeGuaranteedRef { $0.push(job) }
    if wakingOthers, count > 1, hasSpareWorker.load(ordering: .relaxed) { claimWorker() }
  }

  private func inject(_ job: ReadyJob) {
    let claimed = lock.withLock { () -> Claim? in
      injected.append(job)
      hasInjected.store(true, ordering: .releasing)
      return claim()
    }
    claimed?.begin(self)
  }

  /// Executes jobs, timers and completions, on the calling thread and as many others as are of use, until `isDone` says so.
  /// When it returns, no job is running.
  ///
  /// - Parameter isDone: asked on the calling thread before every job and after every wait, and when `wakeRunner` was called.
  public func run(until isDone: () -> Bool) {
    precondition(!isRunning.exchange(true, ordering: .acquiring), "the scheduler is running already")
    defer { isRunning.store(false, ordering: .releasing) }
    lock.withLock {
      if workers.isEmpty { workers = (0..<workerCount).map { Worker(index: $0, scheduler: self) } }
      active = 1
      limit = workerCount
      updateSpare()
    }
    let first = workers[0]
    first.be {
      work(as: first) {
        mustAsk.store(false, ordering: .relaxed)
        return isDone()
      }
    }
    stop()
  }

  /// Has `run` ask its condition. From any thread, after what makes the condition true.
  public func wakeRunner() {
    let claimed = lock.withLock { () -> Claim? in
      mustAsk.store(true, ordering: .releasing)
      guard let first = workers.first else { return nil }
      return claim(first)
    }
    claimed?.begin(self)
  }

  /// For a strand that computes, at the end of its turn: has another worker take the jobs behind it, if one is at rest.
  /// - Returns: whether others are ready that nobody else will take, so that it should let them go first.
  public func shareWork() -> Bool {
    guard let worker = Worker.current(of: self) else { return false }
    let hasJobs =
      worker._withUnsafeGuaranteedRef { $0.count } > 0 || hasInjected.load(ordering: .relaxed)
    guard hasJobs, hasSpareWorker.load(ordering: .relaxed) else { return hasOtherWork }
    claimWorker()
    return false
  }

  /// Whether another job is ready behind the one that runs. Cheap.
  public var hasOtherWork: Bool {
    guard let worker = Worker.current(of: self) else { return false }
    let (count, index) = worker._withUnsafeGuaranteedRef { ($0.count, $0.index) }
    return count > 0 || hasInjected.load(ordering: .relaxed) || isStopping.load(ordering: .relaxed)
      || (index == 0 && mustAsk.load(ordering: .relaxed))
  }

  /// Fires due timers and dispatches what the poller has, without waiting: what a strand that computes does at times.
  ///
  /// - Parameters:
  ///   - now: the real clock's time.
  ///   - interval: nanoseconds; nothing is done if the last call on any worker was not so long ago. 0 for a signal.
  public func poll(now: Int64, interval: Int64) {
    guard now - lastPoll.load(ordering: .relaxed) >= interval else { return }
    // A strand with a thread of its own leaves this to the workers.
    guard let worker = Worker.current(of: self) else { return }
    lastPoll.store(now, ordering: .relaxed)
    worker._withUnsafeGuaranteedRef { lookAround($0, isUrgent: interval == 0) }
  }

  // MARK: Timers

  /// Runs `action` on a worker when the clock's `now` has reached `deadline`. From any thread.
  ///
  /// - Parameters:
  ///   - deadline: nanoseconds of `clock.now()`; one in the past is due at once, yet never fires within this call.
  ///   - wakesNobody: the action makes nobody ready: that it is to come is no reason to wait.
  ///   - action: must not block; it makes somebody ready.
  @discardableResult
  public func schedule(
    at deadline: Int64, wakesNobody: Bool = false, action: @escaping @Sendable () -> Void
  ) -> TimerID {
    let (timer, claimed) = lock.withLock { () -> (TimerID, Claim?) in
      let timer = timers.add(at: deadline, wakesNobody: wakesNobody, action: action)
      guard deadline < nextDeadline.load(ordering: .relaxed) else { return (timer, nil) }
      nextDeadline.store(deadline, ordering: .relaxed)
      // Who sits in the poller does so for too long now. Others look at the deadline before they come to rest.
      return (timer, restsInPoller.flatMap(claim))
    }
    claimed?.begin(self)
    return timer
  }

  /// Takes a timer back. From any thread.
  ///
  /// - Returns: whether it will not fire; false if it has, or is firing on some thread just now.
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

  /// Calls `action` on a worker whenever nothing can wake anybody: no job is ready or running, no timer runs that may wake
  /// somebody, the poller has no interests and no outside work is under way. It says whether it has made somebody ready; if not,
  /// the worker comes to rest all the same (a signal may come). To be set before `run`.
  public func setQuiescentAction(_ action: (@Sendable () -> Bool)?) {
    onQuiescent = action
  }

  /// Calls `action` on the last worker that is not at rest, before it is: when there is nothing to do for a while. To be set before
  /// `run`.
  public func setRestAction(_ action: (@Sendable () -> Void)?) {
    onRest = action
  }

  /// Says that work has begun on another thread that will make somebody ready. From any thread.
  public func beginOutsideWork() {
    outsideWork.wrappingAdd(1, ordering: .relaxed)
  }

  /// Says that such work has ended, after it has made somebody ready. From any thread.
  public func endOutsideWork() {
    // Releasing, so that who reads 0 also sees what the work has enqueued.
    guard outsideWork.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
    // If all rest, one has to look whether that is the end.
    let claimed = lock.withLock { active == 0 ? claim() : nil }
    claimed?.begin(self)
  }

  // MARK: Workers

  /// A worker that was at rest, or has not been started, and now has something to do.
  private struct Claim {
    enum Kind { case sleeping, polling, unstarted }
    let worker: Worker
    let kind: Kind

    /// To be called without the lock.
    func begin(_ scheduler: Scheduler) {
      switch kind {
      case .sleeping: worker.unpark()
      case .polling: scheduler.poller.wake()
      case .unstarted: scheduler.start(worker)
      }
    }
  }

  private func claimWorker() { lock.withLock { claim() }?.begin(self) }

  /// Claims a worker: one that sleeps, else the one in the poller, else one that can be started. Under the lock.
  private func claim() -> Claim? {
    if let worker = resting.last ?? restsInPoller { return claim(worker) }
    guard isRunning.load(ordering: .relaxed), started < limit else { return nil }
    defer { updateSpare() }
    started += 1
    active += 1
    return Claim(worker: workers[started - 1], kind: .unstarted)
  }

  /// Claims a worker if it is at rest. Under the lock.
  private func claim(_ worker: Worker) -> Claim? {
    defer { updateSpare() }
    if restsInPoller === worker {
      restsInPoller = nil
      active += 1
      return Claim(worker: worker, kind: .polling)
    }
    guard let place = resting.lastIndex(where: { $0 === worker }) else { return nil }
    resting.remove(at: place)
    active += 1
    return Claim(worker: worker, kind: .sleeping)
  }

  private func updateSpare() {
    hasSpareWorker.store(
      !resting.isEmpty || restsInPoller != nil || started < limit, ordering: .relaxed)
  }

  private func start(_ worker: Worker) {
    let thread = worker.startThread()
    lock.withLock {
      if let thread {
        threads.append(thread)
      } else {
        // A limit of the system: those that run do its work.
        active -= 1
        started -= 1
        limit = started
        updateSpare()
      }
    }
  }

  /// The life of a worker that is not the first.
  func work(as worker: Worker) {
    worker.be { work(as: worker) { isStopping.load(ordering: .acquiring) } }
    lock.withLock { active -= 1 }
  }

  private func work(as worker: Worker, until isDone: () -> Bool) {
    let executor = asUnownedTaskExecutor()
    var untilLook = Self.jobsPerLook
    while !isDone() {
      if let job = seed == nil ? worker.pop() : worker.pop(drawing: &chance) {
        job.run(on: executor)
        untilLook -= 1
        if untilLook > 0 { continue }
        lookAround(worker)
      } else if !takeInjected(worker), !steal(worker) {
        rest(worker)
      }
      untilLook = Self.jobsPerLook
    }
  }

  /// Ends the other workers. What they had queued is for the next `run`.
  private func stop() {
    isStopping.store(true, ordering: .releasing)
    let claims = lock.withLock { () -> [Claim] in
      limit = started
      return (resting + [restsInPoller].compactMap { $0 }).compactMap(claim)
    }
    for claim in claims { claim.begin(self) }
    var joined = 1
    while let thread = nextThread(after: joined) {
      pthread_join(thread, nil)
      joined += 1
    }
    lock.withLock {
      for worker in workers { worker.drain(into: &injected) }
      hasInjected.store(!injected.isEmpty, ordering: .relaxed)
      active = 0
      started = 1
      threads.removeAll()
    }
    isStopping.store(false, ordering: .relaxed)
  }

  /// The next thread to join; nil when all have been. One that is being started is waited for.
  private func nextThread(after joined: Int) -> pthread_t? {
    while true {
      let (thread, isAll) = lock.withLock {
        threads.count >= joined ? (threads[joined - 1], false) : (nil, joined >= started)
      }
      if thread != nil || isAll { return thread }
      sched_yield()
    }
  }

  // MARK: What a worker does between jobs

  private func takeInjected(_ worker: Worker) -> Bool {
    guard hasInjected.load(ordering: .acquiring) else { return false }
    var jobs = RingBuffer<ReadyJob>()
    lock.withLock {
      jobs.append(takingFrom: &injected)
      hasInjected.store(false, ordering: .relaxed)
    }
    guard !jobs.isEmpty else { return false }
    worker.push(takingFrom: &jobs)
    if worker.count > 1, hasSpareWorker.load(ordering: .relaxed) { claimWorker() }
    return true
  }

  private func steal(_ worker: Worker) -> Bool {
    guard workerCount > 1 else { return false }
    for offset in 1..<workerCount {
      let victim = workers[(worker.index + offset) % workerCount]
      guard victim.moveHalf(to: worker) else { continue }
      if victim.count + worker.count > 2, hasSpareWorker.load(ordering: .relaxed) { claimWorker() }
      return true
    }
    return false
  }

  private func lookAround(_ worker: Worker, isUrgent: Bool = false) {
    if seed != nil, virtualClock != nil, !isUrgent {
      // Programs and files take no time: what comes from them comes when nothing else is ready, not when the machine was fast
      // enough. Who waits for them without ever resting sees them all the same.
      fireTimers()
      let now = RealClock().now()
      guard now - lastOutsideLook.load(ordering: .relaxed) >= Self.patience else { return }
      lastOutsideLook.store(now, ordering: .relaxed)
    }
    _ = takeInjected(worker)
    fireTimers()
    guard !isPolling.exchange(true, ordering: .acquiring) else { return }
    poller.poll(timeoutNanoseconds: 0)
    isPolling.store(false, ordering: .releasing)
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

  // MARK: Rest

  private enum Place {
    case none, sleeping
    case polling(deadline: Int64?)
  }

  /// Comes to rest, unless there is something to do after all.
  private func rest(_ worker: Worker) {
    fireTimers()
    let wasLast = lock.withLock { active == 1 }
    if wasLast { onRest?() }
    let hadOutsideWork = outsideWork.load(ordering: .acquiring) > 0
    guard worker.count == 0, !settle(worker) else { return }
    let place = lock.withLock { () -> Place in
      let isAsked = worker.index == 0 && mustAsk.load(ordering: .relaxed)
      guard injected.isEmpty, !isStopping.load(ordering: .relaxed), !isAsked else { return .none }
      // Who has become the last meanwhile has not settled as the last: once more.
      guard active > 1 || wasLast || !settles else { return .none }
      // Nor if what was outside has come to its end since, and saw this one at work.
      guard active > 1 || !settles || !hadOutsideWork || outsideWork.load(ordering: .acquiring) > 0 else {
        return .none
      }
      active -= 1
      defer { updateSpare() }
      guard !isPolling.exchange(true, ordering: .acquiring) else {
        resting.append(worker)
        return .sleeping
      }
      restsInPoller = worker
      return .polling(deadline: timers.nextDeadline())
    }
    switch place {
    case .none: return
    case .sleeping: worker.park()
    case .polling(let deadline):
      poller.poll(timeoutNanoseconds: deadline.map { max(0, timeUntil($0)) })
      if seed != nil { lastOutsideLook.store(RealClock().now(), ordering: .relaxed) }
      lock.withLock {
        if restsInPoller === worker {
          restsInPoller = nil
          active += 1
          updateSpare()
        }
      }
      isPolling.store(false, ordering: .releasing)
    }
    fireTimers()
  }

  /// How long, in real nanoseconds, to sit in the poller for a deadline.
  private func timeUntil(_ deadline: Int64) -> Int64 {
    virtualClock?.overdue(deadline) ?? (deadline - clock.now())
  }

  /// Whether the last worker that comes to rest has something to see to.
  private var settles: Bool { virtualClock != nil || onQuiescent != nil }

  /// If nothing but time can make anybody ready, virtual time goes on to the next deadline; if not even time can, that is said.
  /// - Returns: whether there is something to do now.
  private func settle(_ worker: Worker) -> Bool {
    guard settles else { return false }
    // This order: outside work ends, and an interest is forgotten, after what it leads to has been enqueued.
    guard outsideWork.load(ordering: .acquiring) == 0, !poller.hasInterests else { return false }
    let deadline = lock.withLock { () -> Int64? in
      guard active == 1, injected.isEmpty, workers.allSatisfy({ $0.count == 0 }) else { return nil }
      return timers.mayWake ? timers.nextDeadline() ?? .max : .max
    }
    guard let deadline else { return false }
    if let virtualClock, deadline != .max {
      virtualClock.advance(to: deadline)
      fireTimers()
      // Whether or not that has made somebody ready: if not, time goes on to the deadline after it.
      return true
    }
    // What it makes ready another worker may have taken and done already: then there is something new to settle.
    if deadline == .max, onQuiescent?() == true { return true }
    return worker.count > 0 || hasInjected.load(ordering: .relaxed)
  }
}
