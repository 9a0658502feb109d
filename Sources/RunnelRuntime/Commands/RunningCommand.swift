// A pipeline of programs that runs. The reactor sees to its pipes and its exits; whoever waits for something about
// it waits for a condition, which is looked at anew whenever something has changed. The end is always the same,
// and comes once (`conclude`): what is left of the process group is killed, what is still in the pipes is
// taken, the group is struck off the watchdog's list, and only then are its processes reaped, so that the
// group's number cannot have become somebody else's.

import Glibc
import RunnelScheduler
import RunnelSystem

/// One program of a pipeline.
///
/// `@unchecked Sendable`: under the lock of its command.
final class StageProcess: @unchecked Sendable {
  let text: String
  let pid: Int32
  let pidfd: Int32
  private var program: StartedProgram?
  /// How it has ended, as soon as that was seen.
  var status: ExitStatus?
  var watch: WatchID?

  init(_ program: consuming StartedProgram, text: String) {
    self.text = text
    pid = program.pid
    pidfd = program.pidfd.number
    self.program = consume program
  }

  /// Whether it has been stopped (Ctrl-Z) since the last question.
  func takeStop() -> Bool {
    guard status == nil else { return false }
    return program?.takeStop() != nil
  }

  func reap() {
    if let program = program.take() { _ = try? program.reap() }
  }
}

/// A command that has been started.
///
/// `@unchecked Sendable`: everything that changes is under `lock`, which is never held across a wait; inside it
/// only pipes, the reactor, the watchdog and the output writer are called, and none of them calls back. What is not
/// private is for the extensions that read it and feed it.
final class RunningCommand: @unchecked Sendable {
  let interpreter: Interpreter
  let plan: CommandPlan
  let began: Int64
  /// The process group, which is the number of its first process.
  let group: Int32
  private let manner: CommandManner
  let lock = Lock()
  private var processes: [StageProcess]
  let output: OutputPipe?
  let errors: OutputPipe?
  let input: InputFeed?
  private let terminal: CommandTerminal?
  /// Woken, all of them, when something has changed.
  private var waiters: [Waiter] = []
  /// How many of its processes have not ended.
  var runningCount: Int
  var isConcluded = false
  private var isStopping = false
  private var ended: Int64 = 0
  /// For signals still to be sent.
  private var timers: [TimerID] = []

  /// Takes over what `CommandStart` has started.
  init(
    _ interpreter: Interpreter, _ plan: CommandPlan, _ manner: CommandManner, _ processes: [StageProcess],
    output: OutputPipe?, errors: OutputPipe?, input: InputFeed?, terminal: CommandTerminal?, began: Int64
  ) {
    self.interpreter = interpreter
    self.plan = plan
    self.manner = manner
    self.processes = processes
    self.output = output
    self.errors = errors
    self.input = input
    self.terminal = terminal
    self.began = began
    group = processes.first?.pid ?? 0
    runningCount = processes.count
  }

  /// Begins to look after it.
  func watch() {
    interpreter.commands.add(self)
    lock.withLock {
      for process in processes { watchExit(of: process) }
      for pipe in [output, errors] { if let pipe { watchOutput(of: pipe) } }
    }
    if terminal != nil { lookForStop() }
  }

  /// A pidfd does not tell that a program was stopped (Ctrl-Z): while it has the terminal, it is asked now and then,
  /// or both it and the script would wait for ever.
  private func lookForStop() {
    let isStopped = lock.withLock { () -> Bool? in
      isConcluded ? nil : runningCount > 0 && processes.contains { $0.takeStop() }
    }
    guard let isStopped else { return }
    if isStopped { suspend() }
    let scheduler = interpreter.scheduler
    scheduler.schedule(at: scheduler.now + 100_000_000) { [weak self] in self?.lookForStop() }
  }

  /// What has the terminal has been stopped: so is the script, until somebody says `fg`; then it goes on.
  private func suspend() {
    guard let terminal else { return }
    if lock.withLock({ !isConcluded && terminal.leave() }) { Signals.suspend(group: true) }
    lock.withLock { if !isConcluded { terminal.goOn(group) } }
  }

  // MARK: What the reactor sees

  private func watchExit(of process: StageProcess) {
    process.watch = interpreter.reactor.watch(process.pidfd, for: .readable) { [self] in sawExit(of: process)
    }
  }

  private func sawExit(of process: StageProcess) {
    wake(
      lock.withLock { () -> [Waiter] in
        process.watch = nil
        guard !isConcluded, process.status == nil else { return [] }
        look(at: process)
        if process.status == nil {
          watchExit(of: process)
          return []
        }
        return takeWaiters()
      })
  }

  private func look(at process: StageProcess) {
    do throws(SystemError) {
      guard let status = try Programs.peekExit(process.pidfd) else { return }
      process.status = status
    } catch {
      // Somebody else has taken its exit: nothing is known of it.
      process.status = .exited(255)
    }
    runningCount -= 1
  }

  func watchOutput(of pipe: OutputPipe) {
    guard let number = pipe.number, pipe.watch == nil else { return }
    pipe.watch = interpreter.reactor.watch(number, for: .readable) { [self] in sawOutput(of: pipe) }
  }

  private func sawOutput(of pipe: OutputPipe) {
    wake(
      lock.withLock { () -> [Waiter] in
        pipe.watch = nil
        guard !isConcluded else { return [] }
        switch pipe.pump() {
        case .more, .waiting: watchOutput(of: pipe)
        case .ended, .full: break
        }
        switch pipe.use {
        case .relay: return []
        case .capture: return pipe.isOverLimit ? takeWaiters() : []
        case .read: return takeWaiters()
        }
      })
  }

  func watchInput(of feed: InputFeed) {
    guard let number = feed.number, feed.watch == nil else { return }
    feed.watch = interpreter.reactor.watch(number, for: .writable) { [self] in sawRoom(for: feed) }
  }

  private func sawRoom(for feed: InputFeed) {
    wake(
      lock.withLock { () -> [Waiter] in
        feed.watch = nil
        if feed.flush() { watchInput(of: feed) }
        return feed.isFull ? [] : takeWaiters()
      })
  }

  func takeWaiters() -> [Waiter] {
    defer { waiters.removeAll() }
    return waiters
  }

  func wake(_ waiters: [Waiter]) {
    for waiter in waiters { waiter.resume(with: .nil) }
  }

  // MARK: Waiting

  /// Waits until a condition, which is asked under the lock, holds.
  func wait(_ strand: Strand, _ reason: String, until condition: () -> Bool) async throws(Raised) {
    while !lock.withLock(condition) {
      _ = try await strand.wait(WaitDescription(reason)) { waiter in
        let holds = lock.withLock { () -> Bool in
          if condition() { return true }
          waiters.append(waiter)
          return false
        }
        if holds { waiter.resume(with: .nil) }
        return { self.lock.withLock { self.waiters.removeAll { $0 === waiter } } }
      }
    }
  }

  /// As `wait`, for what must be waited for in any case.
  private func waitUninterrupted(until condition: () -> Bool) async {
    while true {
      let waiter = Waiter(WaitDescription("the end of a command"), isInterruptible: false, since: 0)
      let holds = lock.withLock { () -> Bool in
        if condition() { return true }
        waiters.append(waiter)
        return false
      }
      if holds { return }
      _ = await waiter.result()
    }
  }

  /// Waits until all its programs have ended, and concludes it. If the strand is to stop, or the output outgrows its
  /// limit, the programs are stopped and reaped before the error goes on (language.md §9.5).
  func finish(_ strand: Strand) async throws(Raised) {
    do throws(Raised) {
      try await wait(strand, "the command `\(plan.text)`") {
        runningCount == 0 || isConcluded || output?.isOverLimit == true || errors?.isOverLimit == true
      }
    } catch {
      await stop(first: CommandStop.signal(for: strand))
      throw error
    }
    if lock.withLock({ runningCount > 0 && !isConcluded }) { await stop() }
    conclude()
    if lock.withLock({ (output?.isOverLimit ?? false) || (errors?.isOverLimit ?? false) }) {
      throw tooMuchOutput()
    }
    if let terminal, terminal.wasInterrupted(statuses) {
      interpreter.commands.userInterrupted(interpreter)
      try strand.checkpoint()
    }
  }

  func tooMuchOutput() -> Raised {
    let limit = interpreter.options.captureLimit
    return Raised(
      .limitError,
      "`\(plan.text)` wrote more than \(Self.size(limit)), the limit of what is captured (`--capture-limit`); read it "
        + "line by line: `for line in $(…)`, or send it to a file",
      data: ["command": .string(plan.text), "limit": .int(limit)])
  }

  private static func size(_ bytes: Int) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] where bytes >= 1 << shift {
      if bytes & ((1 << shift) - 1) == 0 { return "\(bytes >> shift) \(unit)" }
    }
    return "\(bytes) bytes"
  }

  // MARK: Stopping

  /// Sends a signal to the whole group. Says false if it has ended.
  @discardableResult
  func signal(_ number: Int32) -> Bool {
    lock.withLock {
      guard !isConcluded, group > 1 else { return false }
      Programs.signal(group: group, number)
      // What is stopped (Ctrl-Z) could not end.
      if number == SIGTERM || number == SIGINT || number == SIGHUP { Programs.signal(group: group, SIGCONT) }
      return true
    }
  }

  /// Stops the programs: SIGTERM to the group, SIGKILL after the grace; has reaped them when it returns. With
  /// `first`, a signal that the user sent, they get that before.
  func stop(first: Int32? = nil) async {
    beginStop(first: first)
    await waitUninterrupted { runningCount == 0 || isConcluded }
    conclude()
  }

  /// Sends the first signal and arranges for the others.
  private func beginStop(first: Int32?) {
    let mustBegin = lock.withLock { () -> Bool in
      guard !isConcluded, !isStopping else { return false }
      isStopping = true
      if let input { closeInput(input) }
      // What it writes from now on is of no use, but it must not stand still for it.
      for pipe in [output, errors] {
        guard let pipe else { continue }
        pipe.drops = true
        watchOutput(of: pipe)
      }
      return true
    }
    guard mustBegin else { return }
    let grace = max(interpreter.options.killGrace, 0)
    let signals = CommandStop.signals(first: first, grace: grace)
    for (number, delay) in signals {
      if delay == 0 {
        signal(number)
      } else {
        let scheduler = interpreter.scheduler
        let (moment, overflow) = scheduler.now.addingReportingOverflow(delay)
        guard !overflow else { continue }
        let timer = scheduler.schedule(at: moment) { [weak self] in self?.signal(number) }
        lock.withLock { timers.append(timer) }
      }
    }
  }

  /// Stops the programs without waiting for their end; `hasEnded` tells.
  func stopInBackground() {
    beginStop(first: interpreter.stopSignal)
    guard !lock.withLock({ isConcluded }) else { return }
    Task(executorPreference: interpreter.scheduler) { await self.stop() }
  }

  /// Kills the programs at once, for an end of the script that cannot wait.
  func kill() { signal(SIGKILL) }

  /// Whether it is over and reaped.
  var hasEnded: Bool { lock.withLock { isConcluded } }

  // MARK: The end

  /// All programs have ended.
  func conclude() {
    let woken = lock.withLock { () -> [Waiter] in
      guard !isConcluded, runningCount == 0 else { return [] }
      isConcluded = true
      ended = interpreter.scheduler.now
      if !manner.leavesGroup, group > 1 { Programs.signal(group: group, SIGKILL) }
      for pipe in [output, errors] {
        guard let pipe else { continue }
        cancel(&pipe.watch)
        drain(pipe)
        pipe.close()
      }
      if let input { closeInput(input) }
      Watchdog.shared.strikeOff(group: group)
      // The first one last: it is what keeps the group's number.
      for process in processes.reversed() {
        cancel(&process.watch)
        process.reap()
      }
      terminal?.takeBack()
      return takeWaiters()
    }
    for timer in lock.withLock({ timers }) { interpreter.scheduler.cancelTimer(timer) }
    interpreter.commands.remove(self)
    wake(woken)
  }

  /// Takes what is in a pipe when nobody writes any more. A program that has left the group on purpose may still do
  /// so: no more than a pipe holds is waited for.
  private func drain(_ pipe: OutputPipe) {
    if case .read = pipe.use { pipe.setMark(.max) }
    _ = pipe.pump(budget: 1 << 20)
  }

  private func closeInput(_ feed: InputFeed) {
    cancel(&feed.watch)
    feed.close()
  }

  func cancel(_ watch: inout WatchID?) {
    if let id = watch { interpreter.reactor.cancel(id) }
    watch = nil
  }

  // MARK: What it came to

  /// How the stages have ended; only those that have.
  var statuses: [ExitStatus] { lock.withLock { processes.compactMap(\.status) } }

  /// After its end.
  var outcome: CommandOutcome {
    lock.withLock {
      CommandOutcome(
        stages: processes.map { ($0.text, $0.status ?? .exited(0)) }, text: plan.text,
        stderr: errors.map(Self.end(of:)) ?? "", duration: Int(ended - began))
    }
  }

  private static func end(of pipe: OutputPipe) -> String {
    if case .relay(let relay) = pipe.use { return relay.end }
    return OutputEnd.text(of: pipe.buffer.bytes)
  }

  /// What was captured.
  var capturedOutput: String { lock.withLock { output?.text ?? "" } }
  var capturedErrors: String { lock.withLock { errors?.text ?? "" } }
}
