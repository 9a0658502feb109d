// The scheduler with several workers: real threads, ordered by events, never by time.

import Glibc
import RunnelScheduler
import Synchronization
import Testing

/// Sleeps on a semaphore; has no events of its own.
private final class SleepingPoller: IdlePoller, @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  private let isWoken = Atomic<Bool>(false)
  private let isPolled = Atomic<Bool>(false)
  let overlaps = Atomic<Int>(0)

  init() { sem_init(semaphore, 0, 0) }
  deinit { semaphore.deallocate() }

  func poll(timeoutNanoseconds: Int64?) {
    if isPolled.exchange(true, ordering: .acquiring) { overlaps.add(1, ordering: .relaxed) }
    defer { isPolled.store(false, ordering: .releasing) }
    if timeoutNanoseconds == 0 { return }
    if let timeoutNanoseconds {
      var until = timespec()
      clock_gettime(CLOCK_REALTIME, &until)
      let end = Int64(until.tv_nsec) + timeoutNanoseconds
      until.tv_sec += Int(end / 1_000_000_000)
      until.tv_nsec = Int(end % 1_000_000_000)
      while sem_timedwait(semaphore, &until) != 0, errno == EINTR {}
    } else {
      while sem_wait(semaphore) != 0 {}
    }
    isWoken.store(false, ordering: .releasing)
  }

  func wake() {
    if !isWoken.exchange(true, ordering: .acquiringAndReleasing) { sem_post(semaphore) }
  }

  var hasInterests: Bool { false }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  @discardableResult
  func add() -> Int { count.add(1, ordering: .acquiringAndReleasing).newValue }
  var value: Int { count.load(ordering: .acquiring) }
}

/// Those that nobody but the quiescent action resumes.
private final class Stuck: Sendable {
  private let continuations = Mutex<[UnsafeContinuation<Void, Never>]>([])

  func add(_ continuation: UnsafeContinuation<Void, Never>) {
    continuations.withLock { $0.append(continuation) }
  }
  func resumeAll() { for continuation in continuations.withLock({ $0 }) { continuation.resume() } }
}

private struct Bench {
  let poller = SleepingPoller()
  let scheduler: Scheduler

  init(workers: Int, clock: any Clock = RealClock()) {
    scheduler = Scheduler(clock: clock, poller: poller, workerCount: workers)
  }

  func run(_ body: @escaping @Sendable () async -> Void) {
    let done = Counter()
    let scheduler = scheduler
    Task(executorPreference: scheduler) {
      await body()
      done.add()
      scheduler.wakeRunner()
    }
    scheduler.run { done.value == 1 }
    #expect(poller.overlaps.load(ordering: .relaxed) == 0)
  }
}

@Suite struct WorkerTests {
  @Test(.timeLimit(.minutes(1)), arguments: [2, 4])
  func `tasks that compute run at the same time`(workers: Int) {
    let bench = Bench(workers: workers)
    bench.run { [scheduler = bench.scheduler] in
      let started = Counter()
      // Each waits, without letting go of its thread, until all have begun; the one that spawned them awaits.
      let tasks = (0..<workers).map { _ in
        Task(executorPreference: scheduler) {
          started.add()
          while started.value < workers {
            _ = scheduler.shareWork()
            usleep(10)
          }
        }
      }
      for task in tasks { await task.value }
      #expect(started.value == workers)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a task behind one that computes is taken by another worker`() {
    let bench = Bench(workers: 2)
    bench.run { [scheduler = bench.scheduler] in
      let ran = Counter()
      let task = Task(executorPreference: scheduler) { _ = ran.add() }
      while ran.value == 0 { _ = scheduler.shareWork() }
      await task.value
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 4])
  func `every job runs once`(workers: Int) {
    let bench = Bench(workers: workers)
    let count = Counter()
    bench.run { [scheduler = bench.scheduler] in
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<100 {
          group.addTask {
            let tasks = (0..<100).map { _ in
              Task(executorPreference: scheduler) {
                await Task.yield()
                count.add()
              }
            }
            for task in tasks { await task.value }
          }
        }
      }
    }
    #expect(count.value == 10_000)
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 4])
  func `timers, outside work and jobs from other threads wake workers that rest`(workers: Int) {
    let bench = Bench(workers: workers)
    let pool = BlockingPool(scheduler: bench.scheduler, limit: 4, idleSeconds: 0)
    bench.run { [scheduler = bench.scheduler] in
      await withTaskGroup(of: Void.self) { group in
        for turn in 0..<200 {
          group.addTask {
            for _ in 0..<10 {
              await withUnsafeContinuation { continuation in
                let due = scheduler.clock.now() + Int64(turn) * 10_000
                scheduler.schedule(at: due) { continuation.resume() }
              }
              await withUnsafeContinuation { continuation in pool.submit { continuation.resume() } }
            }
          }
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `when run returns nothing is running, and what was left goes on with the next`() {
    let bench = Bench(workers: 2)
    let running = Counter()
    let turns = Counter()
    let isOver = Counter()
    for _ in 0..<2 {
      Task(executorPreference: bench.scheduler) { [scheduler = bench.scheduler] in
        running.add()
        while isOver.value == 0 {
          if turns.add() > 100 { scheduler.wakeRunner() }
          if scheduler.shareWork() { await Task.yield() }
        }
        running.add()
        scheduler.wakeRunner()
      }
    }
    bench.scheduler.run { running.value == 2 && turns.value > 100 }
    let before = turns.value
    usleep(2000)
    #expect(turns.value == before)
    isOver.add()
    bench.scheduler.run { running.value == 4 }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 4])
  func `when nothing can wake anybody it is said once all workers rest`(workers: Int) {
    let bench = Bench(workers: workers)
    let said = Counter()
    let stuck = Stuck()
    bench.scheduler.setQuiescentAction {
      said.add()
      stuck.resumeAll()
      return true
    }
    bench.run { [scheduler = bench.scheduler] in
      let tasks = (0..<50).map { _ in
        Task(executorPreference: scheduler) {
          for _ in 0..<20 { await Task.yield() }
          await withUnsafeContinuation { stuck.add($0) }
        }
      }
      for task in tasks { await task.value }
    }
    #expect(said.value == 1)
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 3])
  func `virtual time stands still while anything runs`(workers: Int) {
    let bench = Bench(workers: workers, clock: VirtualClock())
    bench.run { [scheduler = bench.scheduler] in
      let tasks = (1...50).map { index in
        Task(executorPreference: scheduler) {
          let due = Int64(index) * 3_600_000_000_000
          await withUnsafeContinuation { continuation in
            scheduler.schedule(at: due) { continuation.resume() }
          }
          for _ in 0..<100 {
            #expect(scheduler.clock.now() == due)
            await Task.yield()
          }
        }
      }
      for task in tasks { await task.value }
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 3])
  func `virtual time goes on beyond a timer that makes nobody ready`(workers: Int) {
    let bench = Bench(workers: workers, clock: VirtualClock())
    bench.run { [scheduler = bench.scheduler] in
      for hour in 1...5 { scheduler.schedule(at: Int64(hour) * 3_600_000_000_000) {} }
      await withUnsafeContinuation { continuation in
        scheduler.schedule(at: 10 * 3_600_000_000_000) { continuation.resume() }
      }
      #expect(scheduler.clock.now() == 10 * 3_600_000_000_000)
    }
  }
}
