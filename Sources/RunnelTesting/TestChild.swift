// The process of one run of one test: a fresh interpreter in virtual time runs the file's top level and then the test, and the
// answer goes to the runner. Everything else that a test could disturb (the directory, the environment, descriptors, `exit`, a
// crash) goes with the process.

import Glibc
import RunnelRuntime
import RunnelScheduler
import RunnelSyntax
import RunnelSystem
import Synchronization

/// The process of a test.
public enum TestChild {
  /// Whether a command line is for us.
  public static func isOrder(_ words: [String]) -> Bool { words.first == TestOrder.word }

  /// For how long the cleanup of a test that has used up its time may go on, in real nanoseconds.
  static let patience: Int64 = 10_000_000_000

  /// Runs what the words order; gives the exit status.
  public static func run(_ words: [String]) -> Int32 {
    guard let order = TestOrder(words) else { return 2 }
    Signals.ignoreBrokenPipe()
    let answer = TestAnswering(order)
    answer.give(outcome(of: order, answer))
    return 0
  }

  private static func outcome(of order: TestOrder, _ answering: TestAnswering) -> TestAnswer {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try FileReading.wholeFile(order.path)
    } catch {
      let text = "cannot read `\(order.path)`: \(error.message)"
      return TestAnswer(failure: text + "\n", summary: text)
    }
    let source = SourceFile(name: order.path, bytes: bytes)
    let program = ProgramLoader.load(source, path: order.path, test: order.number)
    guard program.isValid, FileReading.invalidOffset(in: bytes) == nil,
      program.tests.indices.contains(order.number)
    else {
      let text = "`\(order.path)` has changed since the tests were looked for"
      return TestAnswer(failure: text + "\n", summary: text)
    }
    var options = InterpreterOptions()
    options.script = order.path
    options.seed = order.seed
    options.workers = order.workers
    options.hasVirtualTime = true
    options.findsLeaks = true
    options.workerProgram = InterpreterOptions.ownProgram
    let interpreter = Interpreter(options: options)
    answering.watch(interpreter)
    let end = interpreter.run(program)
    return answering.finish(end, interpreter)
  }
}

/// Gives the answer, once: at the end of the test, or when it has not ended long after it should have.
///
/// `@unchecked Sendable`: what changes is protected by `lock`.
private final class TestAnswering: @unchecked Sendable {
  private let order: TestOrder
  private let lock = Lock()
  private var hasAnswered = false
  /// The tasks as they were when the time was up.
  private var tree: String?
  private var isOverdue = false

  init(_ order: TestOrder) { self.order = order }

  func give(_ answer: TestAnswer) {
    guard lock.withLock({ take() }) else { return }
    answer.bytes.withUnsafeBytes { try? DescriptorIO.writeAll(order.answer, $0) }
  }

  /// Under the lock.
  private func take() -> Bool {
    defer { hasAnswered = true }
    return !hasAnswered
  }

  /// Stops the test when it has run for too long in real time, with its cleanup if that ends soon.
  func watch(_ interpreter: Interpreter) {
    _ = SystemThread.detach(stackSize: 256 << 10) { [self] in
      Self.sleep(order.limit)
      lock.withLock { isOverdue = true }
      interpreter.stop { tree in self.lock.withLock { self.tree = self.tree ?? tree } }
      Self.sleep(TestChild.patience)
      give(overdue)
      ProcessEnd.now(1)
    }
  }

  private static func sleep(_ nanoseconds: Int64) {
    var rest = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    // All signals are blocked on this thread: nothing wakes it early.
    nanosleep(&rest, nil)
  }

  private var overdue: TestAnswer {
    let limit = Session.text(of: .duration(Int(order.limit)))
    let summary = "still running after \(limit) of real time"
    var text = "error: \(summary)\n  hint: `--limit` sets how long a test may run\n"
    if let tree = lock.withLock({ tree }), !tree.isEmpty {
      text += "  the tasks then:\n" + tree.split(separator: "\n").map { "    \($0)\n" }.joined()
    }
    return TestAnswer(failure: text, summary: summary)
  }

  func finish(_ end: ScriptEnd, _ interpreter: Interpreter) -> TestAnswer {
    let leaks = interpreter.leaks?.leaks.map(\.line) ?? []
    if lock.withLock({ isOverdue }) {
      var answer = overdue
      answer.leaks = leaks
      return answer
    }
    let report = ErrorReport(isColoured: false)
    if let exit = end.exit {
      let summary = "the test called `exit(\(end.status))`"
      return TestAnswer(failure: report.render(exit, as: summary), summary: summary, leaks: leaks)
    }
    if let error = end.report {
      return TestAnswer(failure: report.render(error), summary: error.summary, leaks: leaks)
    }
    guard end.status == 0 else {
      let summary = "the test was stopped, with the status \(end.status)"
      return TestAnswer(failure: "error: \(summary)\n", summary: summary, leaks: leaks)
    }
    return TestAnswer(leaks: leaks)
  }
}
