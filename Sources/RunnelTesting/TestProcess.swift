// One run of one test as the runner sees it: a process of its own, group and all, whose output and answer are read while it runs.
//
// Safety: belongs to the thread that polls the reactor, and is touched by no other.

import RunnelScheduler
import RunnelSystem

/// What one run came to.
struct TestRun: Sendable {
  let seed: UInt64
  let answer: TestAnswer
  /// What the test and its commands wrote to standard output and error, as it came.
  let printed: CapturedText
  /// Real time, in nanoseconds.
  let duration: Int64

  var hasFailed: Bool { answer.failure != nil }
}

/// Output that is kept for the case that somebody wants to see it: all of it, or where it is much the beginning and the end.
struct CapturedText: Sendable, Hashable {
  /// How many bytes of each end are kept.
  private let half: Int
  private var head: [UInt8] = []
  private var tail: [UInt8] = []
  private var count = 0

  init(limit: Int = 1 << 20) { half = limit / 2 }

  var isEmpty: Bool { count == 0 }

  mutating func append(_ bytes: some Collection<UInt8>) {
    count += bytes.count
    let room = half - head.count
    head += bytes.prefix(max(0, room))
    tail += bytes.dropFirst(max(0, room))
    // In one go at times, not a little at each piece.
    if tail.count > 2 * half { tail.removeFirst(tail.count - half) }
  }

  var text: String {
    let kept = tail.suffix(half)
    let left = count - head.count - kept.count
    let middle = left > 0 ? "\n… \(left) bytes left out …\n" : ""
    return String(decoding: head, as: UTF8.self) + middle + String(decoding: kept, as: UTF8.self)
  }
}

/// A test's process.
///
/// `@unchecked Sendable`: see above.
final class TestProcess: @unchecked Sendable {
  private let order: TestOrder
  private let reactor: Reactor
  private let scheduler: Scheduler
  private let began: Int64
  private var program: StartedProgram?
  private var output: Descriptor?
  private var answer: Descriptor?
  private var watches: [WatchID] = []
  private var limit: TimerID?
  private var printed = CapturedText()
  private var answered: [UInt8] = []
  private var onEnd: ((TestRun) -> Void)?

  /// How long after its limit, and its patience with cleanup, a process is killed that has not given up by itself.
  private static let patience: Int64 = 10_000_000_000

  init(_ order: TestOrder, _ scheduler: Scheduler, _ reactor: Reactor) {
    self.order = order
    self.scheduler = scheduler
    self.reactor = reactor
    began = scheduler.now
  }

  /// Starts it; `onEnd` gets what it came to, never within this call.
  func start(_ onEnd: @escaping (TestRun) -> Void) {
    self.onEnd = onEnd
    do {
      try begin()
    } catch let error as StartError {
      fail("cannot start the test's process: \(error.description)")
    } catch let error as SystemError {
      fail("cannot start the test's process: \(error.description)")
    } catch {
      fail("cannot start the test's process")
    }
  }

  private func begin() throws {
    let outputPipe = try Pipe(nonblocking: .reader)
    let answerPipe = try Pipe(nonblocking: .reader)
    // Numbered 3 or above, as what a program inherits has to be.
    let writer = try answerPipe.writer.duplicate()
    var order = order
    order.answer = writer.number
    // Whatever becomes of the file that we were started from, this is what we are.
    var spec = ProgramSpec(["/proc/self/exe"] + order.words)
    spec.standardInput = -1
    spec.standardOutput = outputPipe.writer.number
    spec.standardError = outputPipe.writer.number
    spec.inherited = [writer.number]
    // Of our own, since the pipes and with them the ends of the test are closed here. Before the start, after which nothing fails.
    output = try outputPipe.reader.duplicate()
    answer = try answerPipe.reader.duplicate()
    program = try Programs.start(spec)
    watchOutput()
    watchAnswer()
    watchEnd()
    let bound = order.limit.addingReportingOverflow(TestChild.patience + Self.patience)
    guard !bound.overflow else { return }
    let (deadline, isNever) = scheduler.now.addingReportingOverflow(bound.partialValue)
    if !isNever { limit = scheduler.schedule(at: deadline) { self.signal(9) } }
  }

  private func fail(_ text: String) {
    scheduler.schedule(at: 0) { [self] in
      end(TestAnswer(failure: "error: \(text)\n", summary: text))
    }
  }

  /// Sends a signal to the test, SIGKILL to all that is left of its group.
  func signal(_ number: Int32) {
    guard let group = program?.processGroup else { return }
    if number == 9 { Programs.signal(group: group, 9) } else { program?.signal(number) }
  }

  // MARK: While it runs

  private func watchOutput() {
    guard let number = output?.number else { return }
    watches.append(
      reactor.watch(number, for: .readable) { [self] in
        if read(number, into: { printed.append($0) }) { watchOutput() }
      })
  }

  private func watchAnswer() {
    guard let number = answer?.number else { return }
    watches.append(
      reactor.watch(number, for: .readable) { [self] in
        if read(number, into: { answered += $0 }) { watchAnswer() }
      })
  }

  private func watchEnd() {
    guard let number = program?.pidfd.number else { return }
    watches.append(reactor.watch(number, for: .readable) { [self] in hasEnded() })
  }

  /// Reads what is there; says whether there may be more.
  private func read(_ number: Int32, into take: (ArraySlice<UInt8>) -> Void) -> Bool {
    var block = [UInt8](repeating: 0, count: 1 << 16)
    // A bound, so that one that writes without end does not keep us from the others.
    for _ in 0..<64 {
      let transfer = block.withUnsafeMutableBytes { try? DescriptorIO.read(number, into: $0) }
      switch transfer {
      case .bytes(let count)?: take(block[..<count])
      case .wouldBlock?: return true
      case .endOfFile?, nil: return false
      }
    }
    return true
  }

  private func hasEnded() {
    // What somebody else that it started may still hold open is not waited for.
    if let number = output?.number { _ = read(number, into: { printed.append($0) }) }
    if let number = answer?.number { _ = read(number, into: { answered += $0 }) }
    let status = try? program.take()?.finish()
    var answer = TestAnswer(bytes: answered)
    if !answer.isWhole {
      let how =
        switch status {
        case .signalled(let signal, _)?: "by \(Signals.name(of: signal) ?? "signal \(signal)")"
        case .exited(let code)?: "with the status \(code)"
        case nil: "in an unknown way"
        }
      answer = TestAnswer(
        failure: "error: the test's process ended \(how), without an answer\n",
        summary: "the test's process ended \(how)")
    }
    end(answer)
  }

  private func end(_ answer: TestAnswer) {
    for watch in watches { reactor.cancel(watch) }
    watches = []
    if let limit { scheduler.cancelTimer(limit) }
    output = nil
    self.answer = nil
    program = nil
    let run = TestRun(seed: order.seed, answer: answer, printed: printed, duration: scheduler.now - began)
    let onEnd = onEnd
    self.onEnd = nil
    onEnd?(run)
  }
}
