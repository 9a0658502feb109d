// The scheduler with a clock that the test moves and a poller that never sleeps, and with real threads.

import Glibc
import RunnelScheduler
import Synchronization
import Testing

/// A clock that stands still, and is moved by the poller that waits on it.
private final class ManualClock: Clock {
  private let time = Atomic<Int64>(0)

  func now() -> Int64 { time.load(ordering: .relaxed) }
  func wallNow() -> Int64 { now() }
  func advance(by nanoseconds: Int64) { time.add(nanoseconds, ordering: .relaxed) }
}

/// Instead of waiting it moves the clock; without a timeout it waits for `wake`, as a poller does.
private final class ManualPoller: IdlePoller {
  let clock: ManualClock
  let wakes = Atomic<Int>(0)
  let interests = Atomic<Bool>(false)
  let completions = Mutex<[@Sendable () -> Void]>([])
  private let isWoken = Atomic<Bool>(false)

  init(_ clock: ManualClock) { self.clock = clock }

  func poll(timeoutNanoseconds: Int64?) {
    let ready = completions.withLock { completions in
      let ready = completions
      completions = []
      return ready
    }
    for completion in ready { completion() }
    guard ready.isEmpty else { return }
    if let timeoutNanoseconds {
      clock.advance(by: timeoutNanoseconds)
    } else {
      while !isWoken.exchange(false, ordering: .acquiring) { usleep(100) }
    }
  }

  func wake() {
    wakes.add(1, ordering: .relaxed)
    isWoken.store(true, ordering: .releasing)
  }

  var hasInterests: Bool { interests.load(ordering: .relaxed) }
}

private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)

  func set() { value.store(true, ordering: .releasing) }
  var isSet: Bool { value.load(ordering: .acquiring) }
}

private final class Log: Sendable {
  private let items = Mutex<[String]>([])

  func add(_ item: String) { items.withLock { $0.append(item) } }
  var all: [String] { items.withLock { $0 } }
}

private struct Bench {
  let clock = ManualClock()
  let poller: ManualPoller
  let scheduler: Scheduler

  init() {
    poller = ManualPoller(clock)
    scheduler = Scheduler(clock: clock, poller: poller)
  }

  /// Runs a task on the scheduler, on a thread of its own, until it has ended.
  func run(_ body: @escaping @Sendable () async -> Void) {
    let done = Flag()
    Task(executorPreference: scheduler) {
      await body()
      done.set()
    }
    scheduler.run { done.isSet }
  }
}

private func threadNumber() -> UInt { UInt(pthread_self()) }

private func depth(_ count: Int) async -> UInt { count == 0 ? threadNumber() : await depth(count - 1) }

@Suite struct SchedulerTests {
  @Test func `everything a task awaits stays on the thread that runs`() {
    let bench = Bench()
    let here = threadNumber()
    bench.run { [scheduler = bench.scheduler, clock = bench.clock] in
      #expect(threadNumber() == here)
      #expect(await depth(10) == here)
      let child = Task(executorPreference: scheduler) { threadNumber() }
      #expect(await child.value == here)
      await withUnsafeContinuation { continuation in
        scheduler.schedule(at: clock.now() + 5) { continuation.resume() }
      }
      #expect(threadNumber() == here)
      await withTaskGroup(of: UInt.self) { group in
        for _ in 0..<3 { group.addTask { threadNumber() } }
        for await thread in group { #expect(thread == here) }
      }
    }
  }

  @Test func `jobs run in the order in which they became ready`() {
    let bench = Bench()
    let log = Log()
    bench.run { [scheduler = bench.scheduler] in
      let tasks = (0..<5).map { index in
        Task(executorPreference: scheduler) {
          log.add("a\(index)")
          await Task.yield()
          log.add("b\(index)")
        }
      }
      for task in tasks { await task.value }
    }
    #expect(log.all == ["a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2", "b3", "b4"])
  }

  @Test func `sleeping tasks wake by their deadlines`() {
    let bench = Bench()
    let log = Log()
    bench.run { [scheduler = bench.scheduler] in
      let tasks = [30, 10, 20].map { delay in
        Task(executorPreference: scheduler) {
          await withUnsafeContinuation { continuation in
            scheduler.schedule(at: Int64(delay)) { continuation.resume() }
          }
          log.add("\(delay) at \(scheduler.clock.now())")
        }
      }
      for task in tasks { await task.value }
    }
    #expect(log.all == ["10 at 10", "20 at 20", "30 at 30"])
  }

  @Test func `a cancelled timer does not fire`() {
    let bench = Bench()
    let fired = Flag()
    let timer = bench.scheduler.schedule(at: 5) { fired.set() }
    #expect(bench.scheduler.cancelTimer(timer))
    #expect(!bench.scheduler.cancelTimer(timer))
    bench.run { [scheduler = bench.scheduler] in
      await withUnsafeContinuation { continuation in
        scheduler.schedule(at: 10) { continuation.resume() }
      }
    }
    #expect(!fired.isSet)
  }

  @Test func `a thread that is parked is woken by another, once`() {
    let bench = Bench()
    let pool = BlockingPool(scheduler: bench.scheduler, idleSeconds: 0)
    bench.run { [poller = bench.poller] in
      await withUnsafeContinuation { continuation in
        pool.submit {
          // Only once the run thread sits in the poller, or is about to.
          usleep(20_000)
          continuation.resume()
        }
      }
      #expect(poller.wakes.load(ordering: .relaxed) <= 1)
    }
  }

  @Test func `ten thousand jobs from four threads all run`() {
    let bench = Bench()
    let pool = BlockingPool(scheduler: bench.scheduler, limit: 4, idleSeconds: 0)
    bench.run {
      await withTaskGroup(of: Int.self) { group in
        for _ in 0..<4 {
          group.addTask {
            var sum = 0
            for turn in 0..<2500 {
              sum += await withUnsafeContinuation { continuation in
                pool.submit { continuation.resume(returning: turn) }
              }
            }
            return sum
          }
        }
        for await sum in group { #expect(sum == 2500 * 2499 / 2) }
      }
    }
  }

  @Test func `a task that computes sees that others are ready, and can let timers fire`() {
    let bench = Bench()
    let fired = Flag()
    bench.run { [scheduler = bench.scheduler, clock = bench.clock] in
      #expect(!scheduler.hasOtherWork)
      let other = Task(executorPreference: scheduler) {}
      #expect(scheduler.hasOtherWork)
      scheduler.schedule(at: 5) { fired.set() }
      scheduler.poll(now: RealClock().now(), interval: 0)
      #expect(!fired.isSet)
      clock.advance(by: 10)
      scheduler.poll(now: RealClock().now(), interval: 0)
      #expect(fired.isSet)
      await other.value
    }
  }

  @Test func `run can stop between two jobs and be taken up again`() {
    let bench = Bench()
    let log = Log()
    for index in 0..<4 { Task(executorPreference: bench.scheduler) { log.add("\(index)") } }
    bench.scheduler.run { log.all.count == 2 }
    #expect(log.all == ["0", "1"])
    bench.scheduler.run { log.all.count == 4 }
    #expect(log.all == ["0", "1", "2", "3"])
  }

  @Test func `completions are dispatched while jobs never run out`() {
    let bench = Bench()
    let seen = Flag()
    bench.poller.completions.withLock { $0.append { seen.set() } }
    bench.run { while !seen.isSet { await Task.yield() } }
  }

  @Test func `when nothing can wake anybody it says so`() {
    let bench = Bench()
    let said = Flag()
    let stuck = Stuck()
    bench.scheduler.setQuiescentAction {
      said.set()
      return stuck.resume()
    }
    bench.run { await withUnsafeContinuation { continuation in stuck.put(continuation) } }
    #expect(said.isSet)
  }

  @Test func `a timer that wakes nobody is no reason to wait`() {
    let bench = Bench()
    let said = Flag()
    let fired = Flag()
    let stuck = Stuck()
    bench.scheduler.setQuiescentAction {
      said.set()
      return stuck.resume()
    }
    bench.scheduler.schedule(at: .max - 1, wakesNobody: true) { fired.set() }
    bench.run { await withUnsafeContinuation { continuation in stuck.put(continuation) } }
    #expect(said.isSet)
    #expect(!fired.isSet)
  }

  @Test func `before all rest, that is said`() {
    let bench = Bench()
    let said = Flag()
    bench.scheduler.setRestAction { said.set() }
    bench.run { [scheduler = bench.scheduler] in
      await withUnsafeContinuation { continuation in scheduler.schedule(at: 5) { continuation.resume() } }
    }
    #expect(said.isSet)
  }

  @Test func `a timer, an interest or outside work is a reason to wait`() {
    let bench = Bench()
    let said = Flag()
    bench.scheduler.setQuiescentAction {
      said.set()
      return false
    }
    let pool = BlockingPool(scheduler: bench.scheduler, idleSeconds: 0)
    bench.run { [scheduler = bench.scheduler, poller = bench.poller] in
      await withUnsafeContinuation { continuation in scheduler.schedule(at: 5) { continuation.resume() } }
      await withUnsafeContinuation { continuation in
        pool.submit {
          usleep(5000)
          continuation.resume()
        }
      }
      poller.interests.store(true, ordering: .relaxed)
      await withUnsafeContinuation { continuation in
        poller.completions.withLock { completions in
          completions.append {
            poller.interests.store(false, ordering: .relaxed)
            continuation.resume()
          }
        }
      }
    }
    #expect(!said.isSet)
  }
}

/// A task that nobody wakes.
private final class Stuck: Sendable {
  private let stuck = Mutex<UnsafeContinuation<Void, Never>?>(nil)

  func put(_ continuation: UnsafeContinuation<Void, Never>) { stuck.withLock { $0 = continuation } }

  /// Wakes it, and says whether there was one.
  func resume() -> Bool {
    let continuation = stuck.withLock { stuck in
      defer { stuck = nil }
      return stuck
    }
    continuation?.resume()
    return continuation != nil
  }
}

/// `@unchecked Sendable`: `value` is protected by `lock`.
private final class Guarded: @unchecked Sendable {
  let lock = Lock()
  var value = 0
}

@Suite struct LockTests {
  private struct Refused: Error {}

  @Test func `only one thread at a time is inside`() {
    let guarded = Guarded()
    let pool = BlockingPool(limit: 4, idleSeconds: 0)
    let remaining = Remaining(4)
    for _ in 0..<4 {
      pool.submit {
        for _ in 0..<20_000 { guarded.lock.withLock { guarded.value += 1 } }
        remaining.end()
      }
    }
    remaining.wait()
    #expect(guarded.lock.withLock { guarded.value } == 80_000)
  }

  @Test func `an error leaves it unlocked, with its type`() {
    let lock = Lock()
    do throws(Refused) {
      try lock.withLock { () throws(Refused) in throw Refused() }
      Issue.record("it did not throw")
    } catch {}
    #expect(lock.withLock { 1 } == 1)
  }
}

private final class Remaining: Sendable {
  private let count: Atomic<Int>

  init(_ count: Int) { self.count = Atomic(count) }

  func end() { count.subtract(1, ordering: .acquiringAndReleasing) }
  func wait() { while count.load(ordering: .acquiring) > 0 { usleep(500) } }
}

@Suite struct BlockingPoolTests {
  @Test func `it has no thread at rest, and work runs on another thread with all signals blocked`() {
    let pool = BlockingPool(idleSeconds: 0)
    #expect(pool.threadCount == 0)
    let here = threadNumber()
    let remaining = Remaining(1)
    pool.submit {
      #expect(threadNumber() != here)
      var mask = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &mask)
      for signal in [SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1] { #expect(sigismember(&mask, signal) == 1) }
      remaining.end()
    }
    remaining.wait()
    while pool.threadCount > 0 { usleep(500) }
  }

  @Test func `it never has more threads than its limit, and all work is done`() {
    let pool = BlockingPool(limit: 3, idleSeconds: 0)
    let remaining = Remaining(200)
    for _ in 0..<200 {
      pool.submit {
        #expect(pool.threadCount <= 3)
        remaining.end()
      }
    }
    remaining.wait()
  }

  @Test func `threads that wait take further work`() {
    let pool = BlockingPool(limit: 2, idleSeconds: 1)
    for _ in 0..<500 {
      let remaining = Remaining(1)
      pool.submit { remaining.end() }
      remaining.wait()
    }
    #expect(pool.threadCount <= 2)
  }
}
