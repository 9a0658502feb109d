// The thread of one script: takes requests in order, and between them runs what the script has left running.

import RunnelRuntime
import RunnelScheduler
import RunnelSystem

/// Runs a session on a thread of its own. The thread begins with the first request and ends with `close`.
///
/// `@unchecked Sendable`: `session` is touched by the thread only, but for what its reactor and scheduler allow anyone;
/// what else changes is under `lock`.
final class ScriptThread: @unchecked Sendable {
  typealias Work = @Sendable (Session) -> Session.Outcome

  private struct Request {
    let id: Int
    let work: Work
    let answer: @Sendable (Session.Outcome) -> Void
  }

  private let lock = Lock()
  private var mailbox: [Request] = []
  private var lastID = 0
  /// The request that runs, and those that were cancelled before they ran.
  private var runningID: Int?
  private var cancelled: Set<Int> = []
  private var hasThread = false
  private var isClosing = false
  private var hasEnded = false
  private var onEnd: [@Sendable () -> Void] = []

  private let session: Session

  init(_ options: ScriptOptions) {
    var settings = InterpreterOptions()
    settings.arguments = options.arguments
    settings.seed = options.seed
    settings.workerProgram = options.workerProgram
    let (seconds, attoseconds) = options.grace.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    settings.grace =
      overflow ? Int64.max / 2 : max(0, min(Int64.max / 2, whole) + attoseconds / 1_000_000_000)
    if let output = options.output {
      settings.output = { descriptor, bytes in output(String(decoding: bytes, as: UTF8.self), descriptor == 2)
      }
    }
    let functions = options.functions.map(\.native)
    session = Session(
      options: settings, globals: Dictionary(functions.map { ($0.name, .object($0)) }) { _, last in last })
  }

  /// Has the thread do something, and waits for what it comes to.
  func perform(_ work: @escaping Work) async throws -> ScriptValue {
    try Task.checkCancellation()
    let id = lock.withLock {
      lastID += 1
      return lastID
    }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Session.Outcome, Never>) in
        submit(Request(id: id, work: work) { continuation.resume(returning: $0) })
      }
    } onCancel: {
      cancel(id)
    }
    switch outcome {
    case .value(let value): return ScriptValue(value)
    case .failed(let error): throw ScriptError(error)
    case .cancelled: throw CancellationError()
    case .exit(let status): throw ScriptExit(status: Int(status))
    case .invalid(let problems): throw ScriptProblems(problems)
    }
  }

  /// Ends the thread after what it has been asked so far; from any thread.
  func close(then action: (@Sendable () -> Void)?) {
    let isOver = lock.withLock {
      // A session that nothing was asked of needs no thread to be closed.
      if !hasThread { hasEnded = true }
      isClosing = true
      if let action, !hasEnded { onEnd.append(action) }
      return hasEnded
    }
    if isOver { action?() } else { session.interpreter.reactor.wake() }
  }

  private func submit(_ request: Request) {
    let (isTooLate, mustStart) = lock.withLock { () -> (Bool, Bool) in
      if isClosing { return (true, false) }
      mailbox.append(request)
      defer { hasThread = true }
      return (false, !hasThread)
    }
    if isTooLate {
      request.answer(.failed(ErrorObject(.valueError, "the script has been closed")))
    } else if mustStart {
      start()
    } else {
      session.interpreter.reactor.wake()
    }
  }

  private func cancel(_ id: Int) {
    let isRunning = lock.withLock {
      if runningID == id { return true }
      cancelled.insert(id)
      return false
    }
    guard isRunning else { return }
    session.interpreter.scheduler.schedule(at: 0) { [self] in
      // On the thread: what runs now may be another request.
      if lock.withLock({ runningID == id }) { session.interrupt() }
    }
  }

  // MARK: The thread

  private func start() {
    if SystemThread.detach(stackSize: 8 << 20, { self.serve() }) { return }
    // No thread to be had (a limit of the system).
    let requests = lock.withLock {
      hasThread = false
      defer { mailbox = [] }
      return mailbox
    }
    for request in requests {
      request.answer(.failed(ErrorObject(.ioError, "cannot start a thread for the script")))
    }
  }

  private func serve() {
    while true {
      session.idle(until: { lock.withLock { !mailbox.isEmpty || isClosing } })
      let next = lock.withLock { () -> (request: Request, isCancelled: Bool)? in
        guard !mailbox.isEmpty else { return nil }
        let request = mailbox.removeFirst()
        runningID = request.id
        return (request, cancelled.remove(request.id) != nil)
      }
      guard let next else { break }
      let outcome = next.isCancelled ? Session.Outcome.cancelled : next.request.work(session)
      lock.withLock { runningID = nil }
      next.request.answer(outcome)
    }
    session.close()
    let actions = lock.withLock {
      hasEnded = true
      defer { onEnd = [] }
      return onEnd
    }
    for action in actions { action() }
  }
}
