// A task's work in a worker process, as the script's own process sees it: what is sent, the wait for what it comes to, and how it
// is stopped. The task is one like any other, with a strand that waits at the one door; so scopes, deadlines, traces and reports
// need to know nothing of this.

import RunnelScheduler
import RunnelSystem

/// The work of one task.
///
/// `@unchecked Sendable`: what changes is under `lock`, but for `turn`, which is under the pool's.
final class RemoteWork: Object, @unchecked Sendable {
  /// What has become of it.
  enum End {
    /// The message that says so.
    case result([UInt8])
    /// The worker has ended before.
    case crashed
  }

  let book: ScriptBook
  /// What the pool has for it.
  var turn: ProcessPool.Turn?
  private let interpreter: Interpreter
  private let pool: ProcessPool?
  /// The code and the values; let go of when they are sent.
  private var payload: [UInt8]
  private let arrays: [(number: Int, array: SharedArrayObject)]
  private let globalCount: Int
  private let seed: UInt64?
  private let lock = Lock()
  private var end: End?
  private var waiter: Waiter?
  private var hasSignOfLife = false
  private var lifeTimer: TimerID?
  private var worker: WorkerProcess?
  private var doer: Strand?
  private let standIns = StandIns()

  /// Writes down what is to be done: what the body captures and reaches is taken as it is now.
  init(_ closure: Closure, _ arguments: [Value], from strand: Strand, pool: ProcessPool?) throws(Raised) {
    let interpreter = strand.interpreter
    self.interpreter = interpreter
    self.pool = pool
    guard pool != nil || interpreter.options.workerProgram != nil else {
      throw WorkerProcess.noProgram
    }
    book = ScriptBook(interpreter)
    let globals = strand.machine.fiber.globals
    var encoder = ValueEncoder(book, .what("the task"), strand: strand)
    try encoder.put(body: closure, arguments: arguments, globals: globals, of: interpreter)
    payload = encoder.out.bytes
    arrays = encoder.arrays
    try Message.check(payload, descriptors: arrays.count)
    globalCount = globals.count
    seed = interpreter.options.seed.map { _ in interpreter.withRandom { $0.next() } }
    super.init(tag: .resource)
  }

  /// The message that begins it.
  func message(after head: WireWriter) -> Message {
    var out = head
    out.append(payload)
    payload = []
    return Carried.message(.work, out.bytes, arrays)
  }

  /// The strand that has it done, while it is.
  var strand: Strand? { lock.withLock { doer } }

  /// The number of the process that does it.
  var pid: Int32? { lock.withLock { worker?.pid } }

  // MARK: The task

  /// Has it done, and waits for what it comes to.
  func run(_ strand: Strand) async throws(Raised) -> Value {
    // Who is cancelled before takes no worker.
    try strand.checkpoint()
    lock.withLock { doer = strand }
    interpreter.tree.withLock { strand.remoteWork = self }
    defer {
      // They hold each other.
      lock.withLock { doer = nil }
      interpreter.tree.withLock { strand.remoteWork = nil }
    }
    let worker = if let pool { try pool.worker(for: self) } else { try WorkerProcess(interpreter, pool: nil) }
    lock.withLock { self.worker = worker }
    let began = interpreter.scheduler.now
    worker.begin(self, order(for: strand), context: strand.context)
    var cancellation: Raised?
    do throws(Raised) {
      try await waitForEnd(strand, worker)
    } catch {
      cancellation = error
      stop(worker, strand)
      await waitForEndUninterrupted(strand)
    }
    if let timer = lock.withLock({ lifeTimer }) { interpreter.scheduler.cancelTimer(timer) }
    let (result, isClean, elapsed) = outcome(of: worker)
    let left = await standIns.finish(strand)
    worker.finish(self)
    await giveBack(worker, isClean: isClean)
    return try await conclude(result, cancellation, left, began.addingOrLast(elapsed), strand)
  }

  private func order(for strand: Strand) -> WorkOrder {
    var order = WorkOrder()
    order.label = strand.label
    order.name = SystemHost.taskName(strand) ?? ""
    let scope = strand.innermostScope
    order.deadline = interpreter.tree.withLock { Scope.deadline(reaching: scope) }.map {
      max(0, $0 - interpreter.scheduler.now)
    }
    order.seed = seed
    order.globalCount = globalCount
    order.wallTime = interpreter.scheduler.clock.wallNow()
    return order
  }

  private func waitForEnd(_ strand: Strand, _ worker: WorkerProcess) async throws(Raised) {
    while lock.withLock({ end == nil }) {
      _ = try await strand.wait(WaitDescription("its worker, process", number: Int(worker.pid))) { waiter in
        arm(waiter)
        return { self.lock.withLock { self.waiter = nil } }
      }
    }
  }

  private func waitForEndUninterrupted(_ strand: Strand) async {
    while lock.withLock({ end == nil }) {
      await strand.waitUninterrupted(
        WaitDescription("the cleanup of its worker, process", number: pid.map(Int.init)), arm)
    }
  }

  private func arm(_ waiter: Waiter) {
    let isOver = lock.withLock { () -> Bool in
      self.waiter = waiter
      return end != nil
    }
    if isOver { waiter.resume(with: .nil) }
  }

  // MARK: Stopping

  /// Tells the worker to stop its task. The task's own rules hold there: shields, cleanup and its grace. A worker that shows no
  /// sign of life for as long as cleanup and stopping its commands may take is killed.
  private func stop(_ worker: WorkerProcess, _ strand: Strand) {
    let now = interpreter.scheduler.now
    let order = interpreter.tree.withLock { () -> CancelOrder in
      let cause = Scope.cancellation(reaching: strand.innermostScope, now: now)
      return CancelOrder(
        reason: cause?.cancelReason ?? .byHand(nil), grace: cause?.graceEnd.map { max(0, $0 - now) })
    }
    worker.send(Message(kind: .cancel, payload: order.payload))
    watchLife(of: worker)
  }

  private func watchLife(of worker: WorkerProcess) {
    lock.withLock { hasSignOfLife = false }
    worker.send(Message(kind: .ping, payload: []))
    let options = interpreter.options
    let patience = max(0, options.grace).addingOrLast(max(0, options.killGrace))
    let scheduler = interpreter.scheduler
    let timer = scheduler.schedule(at: scheduler.now.addingOrLast(max(patience, 100_000_000))) {
      [weak self] in
      guard let self, lock.withLock({ end == nil }) else { return }
      if lock.withLock({ hasSignOfLife }) { watchLife(of: worker) } else { worker.kill() }
    }
    lock.withLock { lifeTimer = timer }
  }

  func sawSignOfLife() { lock.withLock { hasSignOfLife = true } }

  // MARK: What comes back

  /// The worker has ended it, or itself. The first counts.
  func ended(_ end: End) {
    let waiting = lock.withLock { () -> Waiter? in
      guard self.end == nil else { return nil }
      self.end = end
      defer { waiter = nil }
      return waiter
    }
    waiting?.resume(with: .nil)
  }

  /// A message about one of its calls.
  func took(_ message: Message, from worker: WorkerProcess) throws(WireError) {
    try standIns.took(message, from: worker, for: self)
  }

  private func outcome(of worker: WorkerProcess) -> (Result<Value, Raised>, isClean: Bool, elapsed: Int64) {
    guard case .result(let payload)? = lock.withLock({ end }) else {
      return (.failure(crash(worker)), false, 0)
    }
    var decoder = ValueDecoder(payload[...], book)
    do throws(WireError) {
      let elapsed = max(0, Int64(try decoder.input.int()))
      return (try Outcome.read(&decoder), true, elapsed)
    } catch {
      worker.refuse(error)
      return (.failure(Self.crash(fault: error.what, pid: worker.pid)), false, 0)
    }
  }

  private static func crash(fault: String, pid: Int32) -> Raised {
    Raised(
      .workerCrashed, "the worker process \(pid) was killed: it sent \(fault)",
      data: [
        "code": .int(128 + 9), "signal": .string("SIGKILL"), "stderr": .string(""), "pid": .int(Int(pid)),
      ])
  }

  /// The error of a task whose worker has died.
  private func crash(_ worker: WorkerProcess) -> Raised {
    guard let (end, stderr) = worker.ending else { return Self.crash(fault: "nothing", pid: worker.pid) }
    var message = "the worker process \(worker.pid) "
    var signal = Value.nil
    switch end.status {
    case .exited(let code): message += "exited with status \(code) before its task had ended"
    case .signalled(let number, _):
      let name = Signals.name(of: number) ?? "signal \(number)"
      signal = .string(name)
      message += end.fault.map { "was killed: it sent \($0)" } ?? "was killed by \(name)"
    }
    if let last = stderr.split(separator: "\n").last { message += ": \(last)" }
    return Raised(
      .workerCrashed, message,
      data: [
        "code": .int(Int(end.status.shellCode)), "signal": signal, "stderr": .string(stderr),
        "pid": .int(Int(worker.pid)),
      ])
  }

  private func giveBack(_ worker: WorkerProcess, isClean: Bool) async {
    if let pool {
      await pool.put(worker, isClean: isClean)
    } else {
      // It has nothing more to do, and nothing to lose.
      worker.drop()
      await worker.waitForEnd()
    }
    lock.withLock { self.worker = nil }
  }

  /// What the task makes of it.
  /// - Parameters:
  ///   - left: errors of what it had not given back: locks.
  ///   - end: when it ended, by the clock of the worker.
  private func conclude(
    _ result: Result<Value, Raised>, _ cancellation: Raised?, _ left: [ErrorObject], _ end: Int64,
    _ strand: Strand
  ) async throws(Raised) -> Value {
    let scheduler = interpreter.scheduler
    if scheduler.hasVirtualTime, cancellation == nil, end > scheduler.now {
      // What took time there takes as much here.
      try await strand.pause(Int(end - scheduler.now), reason: "what it did in its worker")
    }
    switch result {
    case .success(let value):
      guard let first = left.first else { return value }
      for other in left.dropFirst() { first.add(suppressed: other) }
      throw Raised(first)
    case .failure(let raised):
      for other in left { raised.error.add(suppressed: other) }
      guard let cancellation, raised.error.kind === ErrorKind.cancelled else { throw raised }
      for other in raised.error.suppressed { cancellation.error.add(suppressed: other) }
      throw cancellation
    }
  }
}

/// The script's end of what it and a task's worker agree on.
///
/// `@unchecked Sendable`: what changes is under `lock`.
final class ScriptBook: WireBook, @unchecked Sendable {
  private let interpreter: Interpreter
  private let lock = Lock()
  /// What has been given out, by number from 1, and the other way.
  private var handles: [Object] = []
  private var handleNumbers: [ObjectIdentifier: Int] = [:]
  private var arrays: [SharedArrayObject] = []
  /// Kinds that the worker has declared itself.
  private var foreignKinds: [Int: ErrorKind] = [:]

  init(_ interpreter: Interpreter) { self.interpreter = interpreter }

  override var modules: [LoadedModule] { interpreter.modules }

  override func number(ofHandle object: Object) -> Int? {
    guard RemoteCalls.isServed(object) else { return nil }
    return lock.withLock {
      if let number = handleNumbers[ObjectIdentifier(object)] { return number }
      handles.append(object)
      handleNumbers[ObjectIdentifier(object)] = handles.count
      return handles.count
    }
  }

  override func object(ofHandle number: Int, typeName: String) throws(WireError) -> Object {
    try lock.withLock { () throws(WireError) in
      guard number >= 1, number <= handles.count else {
        throw WireError(what: "a handle that nobody gave out")
      }
      return handles[number - 1]
    }
  }

  override func number(of array: SharedArrayObject) -> Int? {
    lock.withLock {
      if let number = arrays.firstIndex(where: { $0 === array }) { return number }
      arrays.append(array)
      return arrays.count - 1
    }
  }

  override func array(_ number: Int, isFloat: Bool, count: Int) throws(WireError) -> SharedArrayObject {
    try lock.withLock { () throws(WireError) in
      guard arrays.indices.contains(number) else {
        throw WireError(what: "shared memory that nobody gave out")
      }
      return arrays[number]
    }
  }

  override func number(ofKind kind: ErrorKind) -> Int { interpreter.kinds.number(of: kind) * 2 }

  override func kind(_ number: Int, name: String, module: String, parent: ErrorKind) throws(WireError)
    -> ErrorKind
  {
    if number % 2 == 0 {
      guard let kind = interpreter.kinds.kind(number / 2) else {
        throw WireError(what: "an error kind that nobody declared")
      }
      return kind
    }
    return lock.withLock {
      if let known = foreignKinds[number] { return known }
      let kind = ErrorKind(name, parent: parent, module: module)
      foreignKinds[number] = kind
      return kind
    }
  }
}

/// Error kinds that scripts declare, numbered from 1 as they are first sent.
///
/// `@unchecked Sendable`: what changes is under `lock`.
final class KindNumbers: @unchecked Sendable {
  private let lock = Lock()
  private var kinds: [ErrorKind] = []
  private var numbers: [ObjectIdentifier: Int] = [:]

  func number(of kind: ErrorKind) -> Int {
    lock.withLock {
      if let number = numbers[ObjectIdentifier(kind)] { return number }
      kinds.append(kind)
      numbers[ObjectIdentifier(kind)] = kinds.count
      return kinds.count
    }
  }

  func kind(_ number: Int) -> ErrorKind? {
    lock.withLock { number >= 1 && number <= kinds.count ? kinds[number - 1] : nil }
  }
}
