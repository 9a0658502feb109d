// Running tests: so many processes at once, each test under one seed after another until it fails, and what came of it in the
// order in which the tests stand, whatever ends first.
//
// Safety: all of it belongs to the thread that calls `run`; callbacks of the reactor and the scheduler come on that thread.

import RunnelScheduler
import RunnelSystem

/// What is known of one test.
struct TestResult: Sendable {
  let test: TestCase
  /// The run that failed under the lowest seed; else the first that leaked something; else the last.
  var run: TestRun?
  /// Real nanoseconds of all runs.
  var duration: Int64 = 0
  /// How many runs have been started, and how many have ended by themselves.
  var started = 0
  var runs = 0

  init(_ test: TestCase) { self.test = test }

  /// Whether nothing more is to come.
  var isDone = false

  func verdict(failsOnLeaks: Bool) -> Verdict {
    guard let run, isDone else { return .notRun }
    if run.hasFailed { return .failed }
    if !run.answer.leaks.isEmpty { return failsOnLeaks ? .failed : .leaked }
    return .passed
  }

  enum Verdict { case passed, leaked, failed, notRun }

  mutating func take(_ next: TestRun, failsOnLeaks: Bool) {
    duration += next.duration
    runs += 1
    func isFailure(_ run: TestRun) -> Bool { run.hasFailed || failsOnLeaks && !run.answer.leaks.isEmpty }
    guard let known = run else {
      run = next
      return
    }
    switch (isFailure(known), isFailure(next)) {
    case (true, true): if next.seed < known.seed { run = next }
    case (false, true): run = next
    case (true, false): break
    case (false, false): if known.answer.leaks.isEmpty { run = next }
    }
  }
}

/// Runs tests and says what came of them.
///
/// `@unchecked Sendable`: see above.
public final class TestRunner: @unchecked Sendable {
  private let options: TestOptions
  /// Writes to standard output; false if its reader has gone.
  private let write: (String) -> Bool
  /// Writes to standard error.
  private let complain: (String) -> Void
  private let reactor = Reactor()
  private let scheduler: Scheduler
  private var results: [TestResult] = []
  private var problems: [TestProblem] = []
  /// What is run next: a test and how many of its runs have been started.
  private var nextTest = 0
  private var nextRun = 0
  /// By test, what runs now.
  private var running: [(test: Int, process: TestProcess)] = []
  private var shown = 0
  /// The signal that asked for the end.
  private var signal: Int32?
  private var hasLostReader = false

  public init(
    _ options: TestOptions, write: @escaping (String) -> Bool, complain: @escaping (String) -> Void
  ) {
    self.options = options
    self.write = write
    self.complain = complain
    scheduler = Scheduler(clock: RealClock(), poller: reactor)
  }

  /// Runs the tests; gives the exit status: 0; 1 if one has failed; 2 if there is none, or a file is no script; 128 and the
  /// signal's number if one has ended it; 141 if nobody reads what it says.
  public func run() -> Int32 {
    var discovery = TestDiscovery(options.paths)
    let isAny = !discovery.cases.isEmpty
    discovery.filter(options.filter)
    problems = discovery.problems
    for path in discovery.withoutTests { complain("runnel: `\(path)` has no tests\n") }
    if discovery.cases.isEmpty, problems.isEmpty {
      let place =
        options.paths.isEmpty ? "the current folder" : options.paths.map { "`\($0)`" }.joined(separator: ", ")
      if isAny {
        complain("runnel: no test's `file: name` contains `\(options.filter)`\n")
      } else if discovery.withoutTests.isEmpty {
        complain("runnel: no tests in \(place)\n")
      }
      return 2
    }
    results = discovery.cases.map { TestResult($0) }
    let text = TestText(options)
    for problem in problems { say(text.of(problem)) }
    runAll()
    // After an interruption some have ended before others that have not.
    for result in results[shown...] where result.isDone { say(text.of(result)) }
    say(text.summary(results, problems, isInterrupted: signal != nil))
    let isWritten = writeReport()
    if hasLostReader { return 141 }
    if let signal { return 128 + signal }
    if results.contains(where: { $0.verdict(failsOnLeaks: options.failsOnLeaks) == .failed }) { return 1 }
    return problems.isEmpty && isWritten ? 0 : 2
  }

  private func say(_ text: String) {
    if !text.isEmpty, !hasLostReader, !write(text) { hasLostReader = true }
  }

  private func writeReport() -> Bool {
    guard let path = options.junit else { return true }
    do throws(SystemError) {
      try JUnitReport(options).write(results, problems, to: path)
      return true
    } catch {
      complain("runnel: cannot write `\(path)`: \(error.message)\n")
      return false
    }
  }

  // MARK: Running

  private func runAll() {
    let signals = SignalWatcher(reactor: reactor)
    try? signals.start([1, 2, 15]) { [unowned self] number in stop(number) }
    defer { signals.reset() }
    fill()
    scheduler.run(until: { running.isEmpty })
  }

  private func stop(_ number: Int32) {
    let isFirst = signal == nil
    if isFirst { signal = number }
    for (_, process) in running { process.signal(isFirst ? number : 9) }
  }

  /// Starts what there is room for.
  private func fill() {
    while running.count < max(1, options.jobs), signal == nil, !hasLostReader, nextTest < results.count {
      guard nextRun < options.runCount, !isDecided(nextTest) else {
        nextTest += 1
        nextRun = 0
        continue
      }
      start(nextTest, seed: options.seed &+ UInt64(nextRun))
      results[nextTest].started += 1
      nextRun += 1
    }
  }

  /// Whether a test has failed under one of the seeds so far: those that come are higher.
  private func isDecided(_ index: Int) -> Bool {
    guard let run = results[index].run else { return false }
    return run.hasFailed || options.failsOnLeaks && !run.answer.leaks.isEmpty
  }

  private func start(_ index: Int, seed: UInt64) {
    let test = results[index].test
    let order = TestOrder(
      path: test.path, number: test.number, seed: seed, workers: options.workers, limit: options.limit)
    let process = TestProcess(order, scheduler, reactor)
    running.append((index, process))
    process.start { [unowned self] run in ended(index, process, run) }
  }

  private func ended(_ index: Int, _ process: TestProcess, _ run: TestRun) {
    running.removeAll { $0.process === process }
    // What was stopped says nothing of the test.
    guard signal == nil else { return }
    results[index].take(run, failsOnLeaks: options.failsOnLeaks)
    results[index].isDone =
      results[index].runs == results[index].started
      && (results[index].started == options.runCount || isDecided(index))
    fill()
    show()
  }

  /// Says what came of the tests that are done, up to the first that is not.
  private func show() {
    let text = TestText(options)
    while shown < results.count, results[shown].isDone {
      say(text.of(results[shown]))
      shown += 1
    }
  }
}
