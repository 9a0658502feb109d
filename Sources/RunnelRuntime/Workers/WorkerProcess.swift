// A worker process, seen from the script's: `runnel` in a hidden mode, in a process group of its own that the watchdog knows of,
// at the other end of a socket. The reactor sees to its messages, its output and its exit; no thread waits for it.
//
// It does one task at a time. While it has one, its socket is a reason for the scheduler to wait; an idle one is none. Its end is
// always the same and comes once (`conclude`): what is in its pipes is taken, its group is killed and struck off, it is reaped.

import Glibc
import RunnelScheduler
import RunnelSystem

/// A worker.
///
/// `@unchecked Sendable`: what changes is under `lock`, but for `reader`, which belongs to the completion that reads. Inside the lock
/// only pipes, the reactor, the watchdog and the output writer are called, and none of them calls back.
final class WorkerProcess: @unchecked Sendable {
  /// How a worker has ended.
  struct End: Sendable {
    let status: ExitStatus
    /// What was wrong with what it sent, where that is why it was killed.
    let fault: String?
    /// It was killed because nobody wants it any more.
    let isDropped: Bool
  }

  /// The program that this process is, whatever has become of its file since.
  static let ownProgram = "/proc/self/exe"
  /// The word after the program's name that makes it a worker; the socket's number follows.
  static let mode = "--runnel-worker"

  let pid: Int32
  private let interpreter: Interpreter
  private let lock = Lock()
  private let reader = MessageReader()
  private var program: StartedProgram?
  private let pidfd: Int32
  private var socket: OpenEnd?
  private let output: OutputPipe
  private let errors: OutputPipe
  private var errorsRelay: OutputRelay
  private let sender: MessageSender
  private var socketWatch: WatchID?
  private var exitWatch: WatchID?
  /// The task that it has, and the pool that has it.
  private var work: RemoteWork?
  private weak var pool: ProcessPool?
  private var isDropped = false
  private var isEnding = false
  private var fault: String?
  private var hasGreeted = false
  private var end: End?
  private var killTimer: TimerID?
  private var waiters: [Waiter] = []
  /// How many of the program's modules it has.
  private var moduleCount = 0
  /// The environment and directory of its last task; kept, so that its identity stays its own.
  private var context: TaskContext?

  // MARK: Starting

  /// Starts one.
  init(_ interpreter: Interpreter, pool: ProcessPool?) throws(Raised) {
    guard let path = interpreter.options.workerProgram else { throw Self.noProgram }
    self.interpreter = interpreter
    self.pool = pool
    Signals.ignoreBrokenPipe()
    do {
      let sockets = try SocketPair()
      let output = try Pipe(nonblocking: .reader)
      let errors = try Pipe(nonblocking: .reader)
      var spec = ProgramSpec([path, Self.mode, String(sockets.theirs.number)])
      spec.standardInput = -1
      spec.standardOutput = output.writer.number
      spec.standardError = errors.writer.number
      spec.inherited = [sockets.theirs.number]
      let started: StartedProgram
      do throws(StartError) {
        started = try Programs.start(spec)
      } catch {
        throw Self.failure(error, path)
      }
      pid = started.pid
      pidfd = started.pidfd.number
      program = consume started
      sender = MessageSender(sockets.ours.number, interpreter.reactor)
      socket = OpenEnd(sockets.ours)
      let relay = OutputRelay(interpreter.output, toError: true, isAlone: false)
      errorsRelay = relay
      self.output = OutputPipe(
        OpenEnd(output.reader), .relay(OutputRelay(interpreter.output, toError: false, isAlone: false)))
      self.errors = OutputPipe(OpenEnd(errors.reader), .relay(relay))
    } catch let error as SystemError {
      throw Self.failure(.system(error), path)
    } catch let error as Raised {
      throw error
    } catch {
      throw Raised(.ioError, "cannot start a worker process")
    }
    interpreter.workers.add(self)
    lock.withLock {
      watchExit()
      watchSocket()
      for pipe in [self.output, self.errors] { watchOutput(of: pipe) }
    }
    send(Message(kind: .begin, payload: WorkerSettings(options: interpreter.options).payload))
  }

  /// An embedder has not said what to start.
  static var noProgram: Raised {
    Raised(
      .ioError,
      "this program cannot be its own worker process; set `ScriptOptions.workerProgram` to the path of a `runnel` of the same version"
    )
  }

  private static func failure(_ error: StartError, _ path: String) -> Raised {
    switch error {
    case .system(let error):
      let advice =
        switch error.code {
        case EAGAIN: "; there are too many processes (`ulimit -u`): use `pool(process, n)`, or `limit`"
        case EMFILE, ENFILE:
          "; there are too many open files (`ulimit -n`): use `pool(process, n)`, or `limit`"
        default: ""
        }
      return Raised(
        .ioError, "cannot start a worker process: \(error.message)\(advice)",
        data: ["errno": .string(error.name)])
    default: return Raised(.ioError, "cannot start a worker process from `\(path)`: \(error.description)")
    }
  }

  // MARK: What it does

  /// Gives it a task.
  func begin(_ work: RemoteWork, _ order: WorkOrder, context: TaskContext) {
    var order = order
    let messages = lock.withLock { () -> [Message]? in
      guard end == nil else { return nil }
      self.work = work
      errorsRelay.forgetEnd()
      // From now on it is worth waiting for.
      rewatchSocket()
      if self.context !== context {
        self.context = context
        order.context = (context.environment, context.directory)
      }
      var messages: [Message] = []
      let modules = interpreter.modules
      if moduleCount < modules.count {
        messages.append(Message(kind: .modules, payload: ModuleMessage.payload(modules[moduleCount...])))
        moduleCount = modules.count
      }
      var head = WireWriter()
      order.write(to: &head)
      messages.append(work.message(after: head))
      return messages
    }
    guard let messages else { return work.ended(.crashed) }
    for message in messages { send(message) }
  }

  /// The task has ended, or is not waited for any more.
  func finish(_ work: RemoteWork) {
    lock.withLock {
      guard self.work === work else { return }
      self.work = nil
      rewatchSocket()
    }
  }

  /// Whether it could take another task.
  var isReady: Bool { lock.withLock { end == nil && !isEnding && work == nil && !hasExited } }

  /// Whether it has died, which the reactor may not have seen yet.
  private var hasExited: Bool { ((try? Programs.peekExit(pidfd)) ?? nil) != nil }

  /// Sends a message, without waiting.
  func send(_ message: Message) { sender.send(message) }

  // MARK: What the reactor sees

  private func watchSocket() {
    guard let socket, socketWatch == nil else { return }
    socketWatch = interpreter.reactor.watch(
      socket.number, for: .readable, isBackground: work == nil || isEnding
    ) { [self] in sawSocket() }
  }

  private func rewatchSocket() {
    guard let watch = socketWatch else { return }
    // First the new one: there must be no moment without.
    socketWatch = nil
    watchSocket()
    interpreter.reactor.cancel(watch)
  }

  private func watchExit() {
    guard exitWatch == nil, end == nil else { return }
    exitWatch = interpreter.reactor.watch(pidfd, for: .readable, isBackground: !isEnding) { [self] in
      sawExit()
    }
  }

  private func watchOutput(of pipe: OutputPipe) {
    guard let number = pipe.number, pipe.watch == nil else { return }
    pipe.watch = interpreter.reactor.watch(number, for: .readable, isBackground: true) { [self] in
      lock.withLock {
        pipe.watch = nil
        guard end == nil else { return }
        if case .ended = pipe.pump() { return }
        watchOutput(of: pipe)
      }
    }
  }

  private func sawSocket() {
    guard
      let number = lock.withLock({ () -> Int32? in
        socketWatch = nil
        return socket?.number
      })
    else { return }
    let progress = reader.pump(number)
    do throws(WireError) {
      while let message = try reader.next() { try took(message) }
    } catch {
      return refuse(error)
    }
    if case .ended = progress {
      beginEnd(kills: false)
    } else {
      lock.withLock { watchSocket() }
    }
  }

  private func took(_ message: Message) throws(WireError) {
    for number in message.descriptors { DescriptorIO.close(number) }
    guard hasGreeted else {
      guard message.kind == .hello else { throw WireError(what: "no greeting") }
      let version = String(decoding: message.payload, as: UTF8.self)
      guard version == WorkerGreeting.text else {
        throw WireError(what: "the greeting of another version (\(version))")
      }
      hasGreeted = true
      return
    }
    let work = lock.withLock { self.work }
    switch message.kind {
    case .result:
      // What it has printed comes before what it gives.
      lock.withLock {
        for pipe in [output, errors] {
          while case .more = pipe.pump() {}
          pipe.passRest()
        }
      }
      work?.ended(.result(message.payload))
    case .call, .giveBack, .giveUp, .ended: try work?.took(message, from: self)
    case .pong: work?.sawSignOfLife()
    default: throw WireError(what: "a message that only it should get")
    }
  }

  /// What it has sent is no message: nothing that it says counts any more.
  func refuse(_ error: WireError) {
    lock.withLock { if fault == nil { fault = error.what } }
    beginEnd(kills: true)
  }

  private func sawExit() {
    var status: ExitStatus?
    do throws(SystemError) {
      status = try Programs.peekExit(pidfd)
    } catch {
      // Somebody else has taken its exit: nothing is known of it.
      status = .exited(255)
    }
    guard let status else {
      return lock.withLock {
        exitWatch = nil
        watchExit()
      }
    }
    conclude(status)
  }

  // MARK: The end

  /// It is to end, or has closed its socket and so is about to.
  private func beginEnd(kills: Bool) {
    let mustTime = lock.withLock { () -> Bool in
      guard end == nil else { return false }
      if kills { Programs.signal(group: pid, SIGKILL) }
      guard !isEnding else { return false }
      isEnding = true
      // Its exit is worth waiting for now.
      if let watch = exitWatch {
        exitWatch = nil
        watchExit()
        interpreter.reactor.cancel(watch)
      } else {
        watchExit()
      }
      rewatchSocket()
      return !kills
    }
    guard mustTime else { return }
    let scheduler = interpreter.scheduler
    let moment = scheduler.now.addingOrLast(max(interpreter.options.killGrace, 1))
    let timer = scheduler.schedule(at: moment) { [weak self] in self?.beginEnd(kills: true) }
    lock.withLock { killTimer = timer }
  }

  /// Ends it: nobody wants it any more.
  func drop() {
    lock.withLock { if end == nil, !isEnding { isDropped = true } }
    beginEnd(kills: true)
  }

  /// Kills it, for who must not wait, or will not.
  func kill() { beginEnd(kills: true) }

  private func conclude(_ status: ExitStatus) {
    // What it sent before it died still counts.
    if let number = lock.withLock({ end == nil && fault == nil ? socket?.number : nil }) {
      while case .more = reader.pump(number) {}
      do throws(WireError) {
        while let message = try reader.next() { try took(message) }
      } catch {
        lock.withLock { if fault == nil { fault = error.what } }
      }
    }
    let (woken, work) = lock.withLock { () -> ([Waiter], RemoteWork?) in
      guard end == nil else { return ([], nil) }
      end = End(status: status, fault: fault, isDropped: isDropped)
      for watch in [socketWatch, exitWatch].compactMap({ $0 }) { interpreter.reactor.cancel(watch) }
      (socketWatch, exitWatch) = (nil, nil)
      sender.close()
      for pipe in [output, errors] {
        if let watch = pipe.watch { interpreter.reactor.cancel(watch) }
        pipe.watch = nil
        _ = pipe.pump(budget: 1 << 20)
        pipe.close()
      }
      socket?.close()
      socket = nil
      if let program = program.take() { _ = try? program.finish() }
      defer { waiters = [] }
      return (waiters, self.work)
    }
    if let timer = lock.withLock({ killTimer }) { interpreter.scheduler.cancelTimer(timer) }
    interpreter.workers.remove(self)
    pool?.ended(self)
    work?.ended(.crashed)
    for waiter in woken { waiter.resume(with: .nil) }
  }

  /// How it has ended, and the end of what it wrote to stderr; nil while it runs.
  var ending: (end: End, stderr: String)? { lock.withLock { end.map { ($0, errorsRelay.end) } } }

  /// Waits until it has ended and is reaped, also when the strand that waits is to stop.
  func waitForEnd() async {
    let waiter = Waiter(WaitDescription("the end of a worker process"), isInterruptible: false, since: 0)
    let isOver = lock.withLock { () -> Bool in
      if end == nil { waiters.append(waiter) }
      return end != nil
    }
    if !isOver { _ = await waiter.result() }
  }

  /// The task that it has.
  var currentWork: RemoteWork? { lock.withLock { work } }
}

/// What a worker says first: a program of another version would read other code from the same text.
enum WorkerGreeting {
  static let text = "runnel worker \(RunnelVersion.text) 1"
}

/// The worker processes of a script.
///
/// `@unchecked Sendable`: what changes is under `lock`.
final class WorkerRegistry: @unchecked Sendable {
  private let lock = Lock()
  private var running: [Int32: WorkerProcess] = [:]

  func add(_ worker: WorkerProcess) { lock.withLock { running[worker.pid] = worker } }

  func remove(_ worker: WorkerProcess) {
    lock.withLock { if running[worker.pid] === worker { running[worker.pid] = nil } }
  }

  var all: [WorkerProcess] { lock.withLock { Array(running.values) } }

  /// Kills all: for the second SIGINT, and for an end that cannot wait.
  func killAll() { for worker in all { worker.kill() } }

  /// Kills those that work for a scope: a second Ctrl-C ends a session's line.
  func kill(in scope: Scope) {
    for worker in all {
      if let strand = worker.currentWork?.strand, scope.holds(strand.root) { worker.kill() }
    }
  }
}
