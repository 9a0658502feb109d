// The tasks by which a worker's tasks use what stays in the script's process: channels, shared values, locks. Each of a worker's
// tasks that makes such calls has a stand-in, a task of the script's, which makes them one after another as the machine would: so
// it waits in the same lines, holds locks in its own name, and is seen in reports. It ends with the task that it stands for, and
// gives back what that has not (language.md §6, §12).

import RunnelScheduler

/// The stand-ins of one worker's task and of those that it has spawned there.
///
/// `@unchecked Sendable`: what changes is under `lock`.
final class StandIns: @unchecked Sendable {
  private let lock = Lock()
  private var all: [Int: StandIn] = [:]
  private var scope: Scope?
  private var isOver = false

  /// A message about a call: who makes it, its number, and what it is.
  func took(_ message: Message, from worker: WorkerProcess, for work: RemoteWork) throws(WireError) {
    var input = WireReader(message.payload)
    let caller = try input.int()
    switch message.kind {
    case .call, .giveBack:
      let number = try input.number()
      try standIn(for: caller, work, worker)?.take(
        StandIn.Call(number: number, payload: input.rest, isAwaited: message.kind == .call))
    case .giveUp:
      let number = try input.number()
      lock.withLock { all[caller] }?.giveUp(number)
    default: lock.withLock { all[caller] }?.finish()
    }
  }

  private func standIn(for caller: Int, _ work: RemoteWork, _ worker: WorkerProcess) throws(WireError)
    -> StandIn?
  {
    if let known = lock.withLock({ all[caller] }), !known.isFinished { return known }
    guard let strand = work.strand, !lock.withLock({ isOver }) else { return nil }
    let standIn = StandIn(work, worker, caller: caller, before: lock.withLock { all[caller] })
    let scope = lock.withLock { () -> Scope in
      // The worker's own rules say when its calls end, in cleanup too: what stops the script's task does not stop them.
      let scope = self.scope ?? Scope(.shield, parent: strand.root, strand: strand, frameDepth: 1)
      self.scope = scope
      all[caller] = standIn
      return scope
    }
    do throws(Raised) {
      let task = try strand.interpreter.spawn(
        PreludeCode.closure(named: "__stand_in"), arguments: [.object(standIn)], in: scope, strand.context,
        GlobalTable(count: 0), isHidden: true, name: nil)
      strand.interpreter.tree.withLock { task.isObserved = true }
      standIn.task = task
    } catch {
      throw WireError(what: "a call that nobody can make (\(error.error.message))")
    }
    return standIn
  }

  /// Ends them all, and waits until they have given back what they held.
  /// - Returns: the errors that say what that was.
  func finish(_ strand: Strand) async -> [ErrorObject] {
    let standIns = lock.withLock { () -> [StandIn] in
      isOver = true
      // They hold the work that holds these, and so does the scope, by its strand.
      defer {
        all = [:]
        scope = nil
      }
      return all.sorted { $0.key < $1.key }.map(\.value)
    }
    var failures: [ErrorObject] = []
    for standIn in standIns {
      standIn.finish()
      var current: StandIn? = standIn
      while let one = current {
        if let task = one.task {
          await strand.waitUninterrupted(WaitDescription("the end of its calls")) { waiter in
            strand.interpreter.whenEnded(task) { waiter.resume(with: .nil) }
          }
          if let failure = strand.interpreter.tree.withLock({ task.failure }) { failures.append(failure) }
        }
        current = one.before
      }
    }
    return failures
  }
}

/// One stand-in.
///
/// `@unchecked Sendable`: what changes is under `lock`, but for `task`, which is set before it takes a call, and `open`, which
/// belongs to its strand.
final class StandIn: Object, @unchecked Sendable {
  /// A call that has come.
  struct Call {
    let number: Int
    let payload: ArraySlice<UInt8>
    /// Whether the worker waits for its answer.
    let isAwaited: Bool
  }

  /// What has become of a call.
  private enum Answer {
    case result(Result<Value, Raised>)
    case givenUp
  }

  private let work: RemoteWork
  private let worker: WorkerProcess
  private let caller: Int
  /// An earlier one for a task of the same number that has ended.
  let before: StandIn?
  var task: TaskObject?
  private let lock = Lock()
  private var calls: [Call] = []
  private var isOver = false
  /// Waits for the next call.
  private var sleeper: Waiter?
  /// The call that is being made, and how its wait is given up.
  private var current: (number: Int, waiter: Waiter?, undo: () -> Void)?
  private var givenUp: Set<Int> = []
  /// Shared values that it is changing.
  private var open: [SharedObject] = []

  init(_ work: RemoteWork, _ worker: WorkerProcess, caller: Int, before: StandIn?) {
    self.work = work
    self.worker = worker
    self.caller = caller
    self.before = before
    super.init(tag: .resource)
  }

  // MARK: For the messages

  var isFinished: Bool { lock.withLock { isOver } }

  func take(_ call: Call) {
    let waiting = lock.withLock { () -> Waiter? in
      calls.append(call)
      defer { sleeper = nil }
      return sleeper
    }
    waiting?.resume(with: .nil)
  }

  /// A call is no longer wanted. If it waits it ends without having taken anything; if it has been answered, that stands.
  func giveUp(_ number: Int) {
    let waiting = lock.withLock { () -> (Waiter, () -> Void)? in
      givenUp.insert(number)
      guard let current, current.number == number, let waiter = current.waiter else { return nil }
      return (waiter, current.undo)
    }
    if let (waiter, undo) = waiting { Self.end(waiter, undo) }
  }

  private static func end(_ waiter: Waiter, _ undo: () -> Void) {
    if waiter.resume(raising: ErrorObject(.cancelled, "")) { undo() }
  }

  /// Nobody will make calls any more.
  func finish() {
    let (sleeping, number) = lock.withLock { () -> (Waiter?, Int?) in
      isOver = true
      // What is given back is.
      calls.removeAll(where: \.isAwaited)
      defer { sleeper = nil }
      return (sleeper, current?.number)
    }
    sleeping?.resume(with: .nil)
    if let number { giveUp(number) }
  }

  // MARK: The task

  /// Makes calls until there will be no more.
  func serve(_ strand: Strand) async {
    let title = "\(work.strand?.label ?? "a task") in worker \(worker.pid)"
    strand.interpreter.tree.withLock { strand.title = title }
    while let call = await next(strand) {
      let answer = await perform(call, strand)
      lock.withLock {
        current = nil
        givenUp.remove(call.number)
      }
      if call.isAwaited { reply(answer, to: call) }
    }
    for shared in open { shared.finish(nil, strand) }
  }

  private func next(_ strand: Strand) async -> Call? {
    while true {
      let (call, isOver) = lock.withLock { () -> (Call?, Bool) in
        if calls.isEmpty { return (nil, self.isOver) }
        let call = calls.removeFirst()
        current = (call.number, nil, {})
        return (call, false)
      }
      if call != nil || isOver { return call }
      await strand.waitUninterrupted(WaitDescription("what its worker does next")) { waiter in
        let isReady = lock.withLock { () -> Bool in
          sleeper = waiter
          return self.isOver || !calls.isEmpty
        }
        if isReady { waiter.resume(with: .nil) }
      }
    }
  }

  private func reply(_ answer: Answer, to call: Call) {
    var head = WireWriter()
    head.put(count: call.number)
    switch answer {
    case .givenUp:
      head.put(true)
      worker.send(Message(kind: .reply, payload: Carried.none + head.bytes))
    case .result(let result):
      head.put(false)
      let (payload, arrays) = Outcome.encode(result, work.book, head, what: "what it gives")
      worker.send(Carried.message(.reply, payload, arrays))
    }
  }

  private func perform(_ call: Call, _ strand: Strand) async -> Answer {
    var decoder = ValueDecoder(call.payload, work.book)
    var arguments: [Value] = []
    let native: NativeFunction
    do throws(WireError) {
      let name = try decoder.input.text()
      guard let found = RemoteCalls.natives[name] else { throw WireError(what: "a call that there is not") }
      native = found
      for _ in 0..<(try decoder.input.count()) { arguments.append(try decoder.value()) }
      try decoder.input.requireEnd()
      guard case .object(let object)? = arguments.first, RemoteCalls.isServed(object),
        native.arity.allows(arguments.count)
      else { throw WireError(what: "a call without its object") }
    } catch {
      worker.refuse(error)
      return .givenUp
    }
    do throws(Raised) {
      let value = try await make(native, arguments, number: call.number, strand)
      note(native, arguments)
      return .result(.success(value))
    } catch {
      return error.error.kind === ErrorKind.cancelled ? .givenUp : .result(.failure(error))
    }
  }

  /// What has been begun must be ended, at the latest by `serve`.
  private func note(_ native: NativeFunction, _ arguments: [Value]) {
    guard let shared = arguments[0].object(.shared, as: SharedObject.self) else { return }
    switch native.name {
    case "__shared_begin": open.append(shared)
    case "__shared_end": open.removeAll { $0 === shared }
    default: break
    }
  }

  private func make(
    _ native: NativeFunction, _ arguments: [Value], number: Int, _ strand: Strand
  ) async throws(Raised) -> Value {
    let wait: Wait
    switch native.body {
    case .plain(let body): return try Self.call(native, strand, arguments, body)
    case .attempt(let plain, let waiting):
      if let known = try Self.call(native, strand, arguments, plain) { return known }
      wait = try Self.call(native, strand, arguments, waiting)
    case .parking(let waiting): wait = try Self.call(native, strand, arguments, waiting)
    case .waiting(let body): return try await body(strand, arguments)
    default: throw Raised(.typeError, "`\(native.name)` cannot be called from another process")
    }
    guard case .other(let reason, _, let arm) = wait else { return .nil }
    return try await strand.wait(reason) { waiter in
      let undo = arm(waiter)
      let isUnwanted = lock.withLock { () -> Bool in
        current = (number, waiter, undo)
        return isOver || givenUp.contains(number)
      }
      if isUnwanted { Self.end(waiter, undo) }
      return undo
    }
  }

  private static func call<Result>(
    _ native: NativeFunction, _ strand: Strand, _ arguments: [Value],
    _ body: (borrowing NativeCall) throws(Raised) -> Result
  ) throws(Raised) -> Result {
    try arguments.withUnsafeBufferPointer { (arguments) throws(Raised) in
      try body(NativeCall(function: native, strand: strand, arguments: arguments))
    }
  }
}

/// Shared arrays whose descriptors go with a message: their numbers stand at its beginning.
enum Carried {
  /// The beginning of a message without any.
  static let none: [UInt8] = [0]

  static func message(
    _ kind: MessageKind, _ payload: [UInt8], _ arrays: [(number: Int, array: SharedArrayObject)]
  ) -> Message {
    var out = WireWriter()
    out.reserve(payload.count + 1 + arrays.count * 2)
    out.put(count: arrays.count)
    for (number, _) in arrays { out.put(count: number) }
    out.append(payload)
    return Message(kind: kind, payload: out.bytes, descriptors: arrays.map(\.array.descriptor))
  }

  /// The numbers of those that came.
  static func read(_ input: inout WireReader) throws(WireError) -> [Int] {
    var numbers: [Int] = []
    for _ in 0..<(try input.count()) { numbers.append(try input.number()) }
    return numbers
  }
}
