// Events of descriptors, signals, and the reactor as the scheduler's poller.

import Glibc
import RunnelScheduler
import RunnelSystem
import Synchronization
import Testing

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  func add() { count.add(1, ordering: .acquiringAndReleasing) }
  var value: Int { count.load(ordering: .acquiring) }
}

/// Polls until the counter has got there; twenty seconds at most.
private func poll(_ reactor: Reactor, until counter: Counter, is value: Int) {
  for _ in 0..<2000 where counter.value < value { reactor.poll(timeoutNanoseconds: 10_000_000) }
}

@Suite struct ReactorTests {
  @Test func `a watch completes once, when there is something to read`() throws {
    let reactor = Reactor()
    let pipe = try Pipe(nonblocking: .reader)
    let ready = Counter()
    reactor.watch(pipe.reader.number, for: .readable) { ready.add() }
    #expect(reactor.interestCount == 1)
    reactor.poll(timeoutNanoseconds: 0)
    #expect(ready.value == 0)
    try write("x", to: pipe.writer.number)
    poll(reactor, until: ready, is: 1)
    #expect(ready.value == 1)
    #expect(reactor.interestCount == 0)
    reactor.poll(timeoutNanoseconds: 0)
    #expect(ready.value == 1)
  }

  @Test func `the end of a file and a lost reader are events as well`() throws {
    Signals.ignoreBrokenPipe()
    let reactor = Reactor()
    let ended = try Pipe(nonblocking: .reader)
    let broken = try Pipe(nonblocking: .writer)
    let ready = Counter()
    while case .bytes = try [UInt8](repeating: 0, count: 65536).withUnsafeBytes({
      try broken.writer.write($0)
    }) {}
    reactor.watch(ended.reader.number, for: .readable) { ready.add() }
    reactor.watch(broken.writer.number, for: .writable) { ready.add() }
    reactor.poll(timeoutNanoseconds: 0)
    #expect(ready.value == 0)
    try ended.writer.close()
    try broken.reader.close()
    poll(reactor, until: ready, is: 2)
    #expect(ready.value == 2)
  }

  @Test func `both directions of a descriptor are watched side by side`() throws {
    var ends: [Int32] = [0, 0]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let here = Descriptor(owning: ends[0])
    let there = Descriptor(owning: ends[1])
    let reactor = Reactor()
    let readable = Counter()
    let writable = Counter()
    reactor.watch(here.number, for: .readable) { readable.add() }
    reactor.watch(here.number, for: .writable) { writable.add() }
    poll(reactor, until: writable, is: 1)
    #expect(readable.value == 0)
    try write("x", to: there.number)
    poll(reactor, until: readable, is: 1)
    #expect(readable.value == 1)
    #expect(writable.value == 1)
  }

  @Test func `several watches of one descriptor all complete`() throws {
    let reactor = Reactor()
    let pipe = try Pipe()
    let ready = Counter()
    for _ in 0..<3 { reactor.watch(pipe.reader.number, for: .readable) { ready.add() } }
    try write("x", to: pipe.writer.number)
    poll(reactor, until: ready, is: 3)
    #expect(ready.value == 3)
  }

  @Test func `a cancelled watch does not complete, another of the same descriptor does`() throws {
    let reactor = Reactor()
    let pipe = try Pipe()
    let first = Counter()
    let second = Counter()
    let watch = reactor.watch(pipe.reader.number, for: .readable) { first.add() }
    reactor.watch(pipe.reader.number, for: .readable) { second.add() }
    #expect(reactor.cancel(watch))
    #expect(!reactor.cancel(watch))
    #expect(reactor.interestCount == 1)
    try write("x", to: pipe.writer.number)
    poll(reactor, until: second, is: 1)
    #expect(first.value == 0)
    #expect(second.value == 1)
  }

  @Test func `a regular file is ready at once, and so is what cannot be watched`() throws {
    let reactor = Reactor()
    let file = try Files.open("/etc/passwd")
    let ready = Counter()
    reactor.watch(file.number, for: .readable) { ready.add() }
    reactor.watch(-1, for: .readable) { ready.add() }
    reactor.watch(1 << 20, for: .writable) { ready.add() }
    #expect(ready.value == 0)
    reactor.poll(timeoutNanoseconds: nil)
    #expect(ready.value == 3)
    #expect(reactor.interestCount == 0)
  }

  @Test func `a number that names another file now is watched right`() throws {
    let reactor = Reactor()
    for _ in 0..<20 {
      let pipe = try Pipe()
      let ready = Counter()
      reactor.watch(pipe.reader.number, for: .readable) { ready.add() }
      try write("x", to: pipe.writer.number)
      poll(reactor, until: ready, is: 1)
      #expect(ready.value == 1)
    }
  }

  @Test func `it is woken by another thread, with and without descriptors`() throws {
    for watches in [false, true] {
      let reactor = Reactor()
      let pipe = try Pipe()
      if watches { reactor.watch(pipe.reader.number, for: .readable) {} }
      let pool = BlockingPool(idleSeconds: 0)
      for _ in 0..<50 {
        pool.submit { reactor.wake() }
        // Returns, or the test hangs.
        reactor.poll(timeoutNanoseconds: nil)
      }
    }
  }

  @Test func `a watch set by another thread during a poll is seen by it`() throws {
    let reactor = Reactor()
    let pipe = try Pipe()
    let ready = Counter()
    try write("x", to: pipe.writer.number)
    let reader = pipe.reader.number
    let pool = BlockingPool(idleSeconds: 0)
    pool.submit {
      usleep(5000)
      reactor.watch(reader, for: .readable) { ready.add() }
    }
    while ready.value == 0 { reactor.poll(timeoutNanoseconds: nil) }
  }

  @Test func `a background watch is no interest`() throws {
    let reactor = Reactor()
    let pipe = try Pipe()
    let ready = Counter()
    reactor.watch(pipe.reader.number, for: .readable, isBackground: true) { ready.add() }
    #expect(!reactor.hasInterests)
    try write("x", to: pipe.writer.number)
    poll(reactor, until: ready, is: 1)
    #expect(ready.value == 1)
    #expect(reactor.interestCount == 0)
  }

  @Test func `a hundred programs are waited for at once by their pidfds`() throws {
    let reactor = Reactor()
    let scheduler = Scheduler(clock: RealClock(), poller: reactor)
    let ended = Counter()
    for index in 0..<100 {
      Task(executorPreference: scheduler) {
        let program = try Programs.start(ProgramSpec(["/bin/sh", "-c", "exit \(index)"]))
        while try program.peekExit() == nil {
          await withUnsafeContinuation { continuation in
            reactor.watch(program.pidfd.number, for: .readable) { continuation.resume() }
          }
        }
        #expect(try program.finish() == .exited(Int32(index)))
        ended.add()
      }
    }
    scheduler.run { ended.value == 100 }
    #expect(reactor.interestCount == 0)
  }
}

@Suite struct SignalTests {
  @Test func `signals come through the reactor, each arrival counted`() async {
    await #expect(processExitsWith: .success) {
      let reactor = Reactor()
      let watcher = SignalWatcher(reactor: reactor)
      let first = Counter()
      let second = Counter()
      try watcher.start([SIGUSR1, SIGUSR2]) { $0 == SIGUSR1 ? first.add() : second.add() }
      guard !reactor.hasInterests, !Signals.pending else { exit(1) }
      for round in 1...3 {
        kill(getpid(), SIGUSR1)
        while !Signals.pending { usleep(100) }
        poll(reactor, until: first, is: round)
        guard first.value == round, !Signals.pending else { exit(2) }
      }
      kill(getpid(), SIGUSR2)
      poll(reactor, until: second, is: 1)
      guard second.value == 1, first.value == 3 else { exit(3) }
      exit(0)
    }
  }

  @Test func `after a reset a signal does what it does by default`() async {
    await #expect(processExitsWith: .signal(SIGTERM)) {
      let watcher = SignalWatcher(reactor: Reactor())
      try watcher.start([SIGTERM]) { _ in }
      watcher.reset()
      kill(getpid(), SIGTERM)
      while true { pause() }
    }
  }

  @Test func `a signal wakes a scheduler that has nothing to do`() async {
    await #expect(processExitsWith: .success) {
      let reactor = Reactor()
      let scheduler = Scheduler(clock: RealClock(), poller: reactor)
      let watcher = SignalWatcher(reactor: reactor)
      let seen = Counter()
      try watcher.start([SIGINT]) { _ in seen.add() }
      let killer = try Programs.start(ProgramSpec(["/bin/sh", "-c", "sleep 0.05; kill -INT \(getpid())"]))
      scheduler.run { seen.value > 0 }
      exit(try killer.finish() == .exited(0) ? 0 : 1)
    }
  }

  @Test func `a hangup that was ignored when we started stays so, for programs too`() async {
    await #expect(processExitsWith: .success) {
      signal(SIGHUP, SIG_IGN)
      try SignalWatcher(reactor: Reactor()).start([SIGHUP]) { _ in exit(1) }
      kill(getpid(), SIGHUP)
      let output = try capture(ProgramSpec(["grep", "^SigIgn", "/proc/self/status"])).output
      exit(output == "SigIgn:\t0000000000000001\n" ? 0 : 2)
    }
  }

  @Test func `signals have names`() {
    #expect(Signals.name(of: SIGTERM) == "SIGTERM")
    #expect(Signals.name(of: 9999) == nil)
    for name in ["TERM", "SIGTERM", "term", "sigterm"] { #expect(Signals.number(named: name) == SIGTERM) }
    #expect(Signals.number(named: "NONE") == nil)
  }
}
