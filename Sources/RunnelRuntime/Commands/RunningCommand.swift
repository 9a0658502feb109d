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
/// only pipes, the reactor, the watchdog and the output writer are called, and none of them calls back.
final class RunningCommand: @unchecked Sendable {
  let interpreter: Interpreter
  let plan: CommandPlan
  let began: Int64
  /// The process group, which is the number of its first process.
  let group: Int32
  private let manner: CommandManner
  private let lock = Lock()
  private var processes: [StageProcess]
  private let output: OutputPipe?
  private let errors: OutputPipe?
  private let input: InputFeed?
  private let terminal: CommandTerminal?
  /// Woken, all of them, when something has changed.
  private var waiters: [Waiter] = []
  /// How many of its processes have not ended.
  private var runningCount: Int
  private var isConcluded = false
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
    if isStopped { terminal?.suspend(with: group) }
    let scheduler = interpreter.scheduler
    scheduler.schedule(at: scheduler.clock.now() + 100_000_000) { [weak self] in self?.lookForStop() }
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

  private func watchOutput(of pipe: OutputPipe) {
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

  private func watchInput(of feed: InputFeed) {
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

  private func takeWaiters() -> [Waiter] {
    defer { waiters.removeAll() }
    return waiters
  }

  private func wake(_ waiters: [Waiter]) {
    for waiter in waiters { waiter.resume(with: .nil) }
  }

  // MARK: Waiting

  /// Waits until a condition, which is asked under the lock, holds.
  private func wait(_ strand: Strand, _ reason: String, until condition: () -> Bool) async throws(Raised) {
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
      let waiter = Waiter()
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

  private func tooMuchOutput() -> Raised {
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
        let (moment, overflow) = scheduler.clock.now().addingReportingOverflow(delay)
        guard !overflow else { continue }
        let timer = scheduler.schedule(at: moment) { [weak self] in self?.signal(number) }
        lock.withLock { timers.append(timer) }
      }
    }
  }

  /// Stops the programs without waiting for their end; `hasEnded` tells.
  func stopInBackground() {
    beginStop(first: nil)
    guard !lock.withLock({ isConcluded }) else { return }
    Task(executorPreference: interpreter.scheduler) { await self.stop() }
  }

  /// Kills the programs at once, for an end of the script that cannot wait.
  func kill() { signal(SIGKILL) }

  /// Whether it is over and reaped.
  var hasEnded: Bool { lock.withLock { isConcluded } }

  // MARK: The end

  /// All programs have ended.
  private func conclude() {
    let woken = lock.withLock { () -> [Waiter] in
      guard !isConcluded, runningCount == 0 else { return [] }
      isConcluded = true
      ended = interpreter.scheduler.clock.now()
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

  private func cancel(_ watch: inout WatchID?) {
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

  // MARK: Reading it bit by bit

  enum Channel { case output, errors }

  private func pipe(_ channel: Channel) -> OutputPipe? {
    switch channel {
    case .output: output
    case .errors: errors
    }
  }

  /// The next line, without its end, if there is one; `.end` only when nothing more can come.
  func nextLine(_ channel: Channel) throws(Raised) -> StreamStep {
    let (line, isTooLong, isWaiting) = lock.withLock { () -> (Value?, Bool, Bool) in
      guard let pipe = pipe(channel) else { return (nil, false, false) }
      let line = Self.takeLine(pipe)
      // Read on, if it was full and has room again.
      if line != nil, pipe.watch == nil, pipe.wantsMore, !isConcluded { watchOutput(of: pipe) }
      if line == nil, !pipe.hasEnded, pipe.buffer.count >= ReadLimit.line { return (nil, true, false) }
      return (line, false, !pipe.hasEnded)
    }
    if let line { return .item(line) }
    if isTooLong { throw Raised(.limitError, "a line of `\(plan.text)` is longer than 256 MiB") }
    return isWaiting ? .wait : .end
  }

  private static func takeLine(_ pipe: OutputPipe) -> Value? {
    let buffer = pipe.buffer
    guard buffer.count > 0 else { return nil }
    let length: Int
    if let found = buffer.lineLength() {
      length = found
    } else if pipe.hasEnded {
      length = buffer.count
    } else {
      // A line that is longer than what is read ahead: then that much of it is.
      pipe.setMark(max(RunningCommand.readAhead, buffer.count * 2))
      return nil
    }
    let hasEnd = length < buffer.count
    var line = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<length])
    if hasEnd, line.last == 0x0D { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
    defer { buffer.consume(hasEnd ? length + 1 : length) }
    return .string(String(decoding: line, as: UTF8.self))
  }

  /// Whether a whole line is there.
  var hasLine: Bool { lock.withLock { output.map { $0.buffer.lineLength() != nil } ?? false } }

  /// Where the output that is read bit by bit stands.
  var outputState: OutputPipe.Progress {
    lock.withLock { output.map { $0.hasEnded && $0.buffer.count == 0 } ?? true ? .ended : .more }
  }

  /// Waits until there may be a line, or until the output has ended: also when all programs have, and somebody else
  /// holds the pipe.
  func waitForLine(_ channel: Channel, _ strand: Strand) async throws(Raised) {
    try await wait(strand, "the output of `\(plan.text)`") {
      guard !isConcluded, let pipe = pipe(channel), !pipe.hasEnded else { return true }
      if pipe.watch == nil { watchOutput(of: pipe) }
      return pipe.buffer.lineLength() != nil || runningCount == 0
    }
    if lock.withLock({ runningCount == 0 }) { conclude() }
  }

  /// Nobody reads this any more: who writes to it gets SIGPIPE.
  func closeOutput(_ channel: Channel) {
    lock.withLock {
      guard let pipe = pipe(channel) else { return }
      cancel(&pipe.watch)
      pipe.close()
    }
  }

  /// How much is read ahead for a reader.
  static let readAhead = 1 << 20

  /// Nobody may read it: what it says is kept from now on, as a capture is.
  func keepOutput() {
    lock.withLock {
      guard !isConcluded else { return }
      for pipe in [output, errors] {
        guard let pipe else { continue }
        pipe.setMark(interpreter.options.captureLimit)
        watchOutput(of: pipe)
      }
    }
  }

  /// Waits until all programs have ended. It goes on running if the strand is to stop: its scope stops it.
  func waitForPrograms(_ strand: Strand) async throws(Raised) {
    func isTooMuch(_ pipe: OutputPipe?) -> Bool {
      guard let pipe, !pipe.hasEnded else { return false }
      return pipe.buffer.count >= interpreter.options.captureLimit
    }
    try await wait(strand, "the command `\(plan.text)`") {
      runningCount == 0 || isConcluded || isTooMuch(output) || isTooMuch(errors)
    }
    if lock.withLock({ runningCount > 0 }) { throw tooMuchOutput() }
    conclude()
  }

  /// From now on somebody reads the output: no more than usual is read ahead.
  func readOutputAsItComes() {
    lock.withLock { output?.setMark(Self.readAhead) }
  }

  // MARK: Feeding it

  /// Feeds it. Says false if it takes nothing any more.
  func feed(_ bytes: some Sequence<UInt8>) -> Bool {
    lock.withLock {
      guard let input, !input.isGone, !isConcluded else { return false }
      input.append(bytes)
      guard input.watch == nil else { return true }
      if input.isFull {
        if input.flush() { watchInput(of: input) }
        return !input.isGone
      }
      scheduleFlush(input)
      return true
    }
  }

  /// What has been gathered goes out within a millisecond.
  private func scheduleFlush(_ feed: InputFeed) {
    guard !feed.isFlushScheduled else { return }
    feed.isFlushScheduled = true
    let scheduler = interpreter.scheduler
    scheduler.schedule(at: scheduler.clock.now() + 1_000_000) { [weak self] in self?.flushScheduled(feed) }
  }

  private func flushScheduled(_ feed: InputFeed) {
    wake(
      lock.withLock { () -> [Waiter] in
        feed.isFlushScheduled = false
        guard !isConcluded, feed.watch == nil else { return [] }
        if feed.flush() { watchInput(of: feed) }
        return takeWaiters()
      })
  }

  /// Whether who feeds has to wait.
  var isInputFull: Bool { lock.withLock { input?.isFull ?? false } }

  /// Waits until it takes more, or nothing any more.
  func waitForRoom(_ strand: Strand) async throws(Raised) {
    try await wait(strand, "`\(plan.text)` to read its input") {
      guard let input, !isConcluded else { return true }
      return !input.isFull || output?.isOverLimit == true
    }
  }

  /// Waits until everything that was fed is written.
  func flushInput(_ strand: Strand) async throws(Raised) {
    lock.withLock {
      if let input, !isConcluded, input.watch == nil, input.flush() { watchInput(of: input) }
    }
    try await wait(strand, "`\(plan.text)` to read its input") {
      guard let input, !isConcluded else { return true }
      return input.isEmpty || input.isGone
    }
  }

  /// Whether it still takes input.
  var takesInput: Bool { lock.withLock { input.map { !$0.isGone && !$0.isClosing } ?? false } }

  /// Nothing more will be fed.
  func endInput() {
    lock.withLock {
      guard let input, !isConcluded else { return }
      input.finish()
      if !input.isGone, input.watch == nil, input.flush() { watchInput(of: input) }
    }
  }
}
