// Schedules drawn from a seed.

import RunnelScheduler
import Synchronization
import Testing

private struct NoPoller: IdlePoller {
  func poll(timeoutNanoseconds: Int64?) {}
  func wake() {}
  var hasInterests: Bool { false }
}

/// Notes its number each time that it runs, so often.
private final class Step: Resumable, @unchecked Sendable {
  private let number: Int
  private let note: @Sendable (Int) -> Void

  init(_ number: Int, _ note: @escaping @Sendable (Int) -> Void) {
    self.number = number
    self.note = note
    super.init()
  }

  override func resume() { note(number) }
}

private final class Log: Sendable {
  private let items = Mutex<[Int]>([])

  func add(_ item: Int) { items.withLock { $0.append(item) } }
  var all: [Int] { items.withLock { $0 } }
}

/// The order in which a scheduler runs ten things that are ready.
private func order(seed: UInt64?, workers: Int = 1) -> [Int] {
  let log = Log()
  let scheduler = Scheduler(clock: VirtualClock(), poller: NoPoller(), workerCount: workers, seed: seed)
  for number in 0..<10 { scheduler.enqueue(Step(number) { log.add($0) }) }
  scheduler.run(until: { log.all.count == 10 })
  return log.all
}

@Suite struct ChanceTests {
  @Test func `a seed gives the same numbers, its streams and other seeds give others`() {
    func numbers(_ seed: UInt64, _ stream: UInt64) -> [UInt64] {
      var chance = Chance(seed: seed, stream: stream)
      return (0..<8).map { _ in chance.next() }
    }
    #expect(numbers(1, 2) == numbers(1, 2))
    #expect(Set([numbers(1, 2), numbers(1, 3), numbers(2, 2), numbers(0, 0)]).count == 4)
  }

  @Test func `small bounds are met evenly`() {
    var chance = Chance(seed: 7)
    var counts = [0, 0, 0]
    for _ in 0..<3000 { counts[chance.below(3)] += 1 }
    #expect(counts.allSatisfy { (900...1100).contains($0) })
    #expect(chance.below(1) == 0)
    #expect(chance.below(0) == 0)
  }
}

@Suite struct SeededSchedulerTests {
  @Test func `without a seed what is ready first runs first`() {
    #expect(order(seed: nil) == Array(0..<10))
  }

  @Test func `a seed draws the order, the same each time, and nothing is left out`() {
    let orders = (0..<20).map { order(seed: $0) }
    #expect(orders == (0..<20).map { order(seed: $0) })
    #expect(orders.allSatisfy { $0.sorted() == Array(0..<10) })
    #expect(Set(orders).count == 20)
  }

  @Test func `several workers take no notice of a seed`() {
    let scheduler = Scheduler(clock: VirtualClock(), poller: NoPoller(), workerCount: 2, seed: 1)
    #expect(scheduler.seed == nil)
  }
}
