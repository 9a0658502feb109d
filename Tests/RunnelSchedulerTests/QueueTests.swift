// The data structures under the scheduler.

import Glibc
import RunnelScheduler
import Synchronization
import Testing

private final class Log: Sendable {
  private let items = Mutex<[Int]>([])

  func add(_ item: Int) { items.withLock { $0.append(item) } }

  var all: [Int] { items.withLock { $0 } }
}

@Suite struct RingBufferTests {
  @Test func `an element brought forward is the next, and none is lost, also where the queue wraps round`() {
    var buffer = RingBuffer<Int>()
    for element in 0..<10 { buffer.append(element) }
    for _ in 0..<10 { _ = buffer.popFirst() }
    for element in 0..<12 { buffer.append(element) }
    buffer.bringForward(11)
    #expect(buffer.popFirst() == 11)
    buffer.bringForward(0)
    var rest: Set<Int> = []
    while let element = buffer.popFirst() { rest.insert(element) }
    #expect(rest == Set(0..<11))
  }

  @Test func `elements come out in the order they went in, while it grows and wraps round`() {
    var buffer = RingBuffer<Int>()
    var next = 0
    var expected = 0
    for round in 1...50 {
      for _ in 0..<round {
        buffer.append(next)
        next += 1
      }
      for _ in 0..<(round / 2) {
        #expect(buffer.popFirst() == expected)
        expected += 1
      }
    }
    #expect(buffer.count == next - expected)
    while let element = buffer.popFirst() {
      #expect(element == expected)
      expected += 1
    }
    #expect(expected == next)
    let isEmpty = buffer.isEmpty
    #expect(isEmpty)
  }

  @Test func `it frees what is still queued when it goes`() {
    final class Canary {}
    weak var observed: Canary?
    do {
      var buffer = RingBuffer<Canary>()
      let canary = Canary()
      observed = canary
      buffer.append(canary)
    }
    #expect(observed == nil)
  }

  @Test func `one buffer takes over what another holds`() {
    var first = RingBuffer<Int>()
    var second = RingBuffer<Int>()
    first.append(1)
    second.append(2)
    second.append(3)
    first.append(takingFrom: &second)
    let isEmptied = second.isEmpty
    #expect(isEmptied)
    #expect(first.popFirst() == 1)
    #expect(first.popFirst() == 2)
    #expect(first.popFirst() == 3)
  }
}

@Suite struct TimerQueueTests {
  private func drain(_ timers: inout TimerQueue, at now: Int64 = .max) {
    let mark = timers.mark
    while let action = timers.popDue(at: now, upTo: mark) { action() }
  }

  @Test func `timers come by deadline, equal ones in the order they were added`() {
    var timers = TimerQueue()
    let log = Log()
    for (index, deadline) in [30, 10, 20, 10, 30, 10].enumerated() {
      _ = timers.add(at: Int64(deadline)) { log.add(index) }
    }
    drain(&timers)
    #expect(log.all == [1, 3, 5, 2, 0, 4])
    #expect(timers.isEmpty)
  }

  @Test func `only what is due comes out`() {
    var timers = TimerQueue()
    let log = Log()
    for deadline in 1...10 { _ = timers.add(at: Int64(deadline)) { log.add(deadline) } }
    drain(&timers, at: 4)
    #expect(log.all == [1, 2, 3, 4])
    #expect(timers.nextDeadline() == 5)
    #expect(timers.count == 6)
  }

  @Test func `a cancelled timer never fires, and cancelling twice is once`() {
    var timers = TimerQueue()
    let log = Log()
    let first = timers.add(at: 1) { log.add(1) }
    _ = timers.add(at: 2) { log.add(2) }
    #expect(timers.cancel(first) != nil)
    #expect(timers.cancel(first) == nil)
    #expect(timers.nextDeadline() == 2)
    drain(&timers)
    #expect(log.all == [2])
  }

  @Test func `a stale identifier does not cancel the timer that got its place`() {
    var timers = TimerQueue()
    let first = timers.add(at: 1) {}
    _ = timers.cancel(first)
    _ = timers.add(at: 1) {}
    #expect(timers.cancel(first) == nil)
    #expect(timers.count == 1)
  }

  @Test func `a timer added by an action waits for the next round`() {
    var timers = TimerQueue()
    _ = timers.add(at: 1) {}
    let mark = timers.mark
    #expect(timers.popDue(at: 5, upTo: mark) != nil)
    _ = timers.add(at: 1) {}
    #expect(timers.popDue(at: 5, upTo: mark) == nil)
    #expect(timers.popDue(at: 5, upTo: timers.mark) != nil)
  }

  @Test func `a hundred thousand timers stay in order when most are cancelled`() {
    var timers = TimerQueue()
    let log = Log()
    var identifiers: [TimerID] = []
    for index in 0..<100_000 {
      let deadline = index &* 7919 % 100_003
      identifiers.append(timers.add(at: Int64(deadline)) { log.add(deadline) })
    }
    for (index, identifier) in identifiers.enumerated() where index % 100 != 0 {
      #expect(timers.cancel(identifier) != nil)
    }
    #expect(timers.count == 1000)
    drain(&timers)
    #expect(log.all.count == 1000)
    #expect(log.all == log.all.sorted())
  }
}
