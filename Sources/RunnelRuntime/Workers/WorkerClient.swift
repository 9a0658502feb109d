// The calls that a worker's tasks make on what stays in the script's process. Each is a message and a wait for its answer. One that
// is given up is so only when the other side says so: an item that was on its way comes all the same, and is not lost.

import RunnelScheduler
import RunnelSystem

/// A worker's calls.
///
/// `@unchecked Sendable`: what changes is under `lock`.
final class WorkerClient: @unchecked Sendable {
  /// A call that waits for its answer.
  private final class Pending: @unchecked Sendable {
    var answer: ArraySlice<UInt8>?
    var waiter: Waiter?
  }

  let interpreter: Interpreter
  let kinds = WorkerKinds()
  private let sender: MessageSender
  private let lock = Lock()
  private var lastCall = 0
  private var pending: [Int: Pending] = [:]
  private var book: WorkerBook?

  init(_ sender: MessageSender, _ interpreter: Interpreter) {
    self.sender = sender
    self.interpreter = interpreter
  }

  /// A task begins, with what it and the script's process agree on.
  func begin(_ book: WorkerBook) { lock.withLock { self.book = book } }

  /// The task has ended, and with it what only it had.
  func end() { lock.withLock { book = nil } }

  /// The answer to a call has come.
  func took(_ message: Message) throws(WireError) {
    var input = WireReader(message.payload)
    let numbers = try Carried.read(&input)
    if let book = lock.withLock({ book }) {
      try book.take(numbers, message.descriptors)
    } else {
      for descriptor in message.descriptors { DescriptorIO.close(descriptor) }
    }
    let number = try input.number()
    let waiting = lock.withLock { () -> Waiter? in
      guard let call = pending[number] else { return nil }
      call.answer = input.rest
      return call.waiter
    }
    waiting?.resume(with: .nil)
  }

  /// A strand that has made calls has ended.
  func ended(_ strand: Strand) {
    var out = WireWriter()
    out.put(int: Self.number(of: strand))
    sender.send(Message(kind: .ended, payload: out.bytes))
  }

  private static func number(of strand: Strand) -> Int { strand.task?.id ?? 0 }

  /// Makes a call, and waits for what it gives.
  func call(_ name: String, _ arguments: [Value], _ strand: Strand) async throws(Raised) -> Value {
    guard let book = lock.withLock({ book }) else { throw Raised(.valueError, "its task has ended") }
    let (number, call) = nextCall()
    defer { lock.withLock { pending[number] = nil } }
    let payload = try encoded(name, arguments, number, book, strand)
    strand.caller = self
    // What was printed before comes before.
    interpreter.output.flush()
    // Somebody else works for this: virtual time stands still.
    interpreter.scheduler.beginOutsideWork()
    defer { interpreter.scheduler.endOutsideWork() }
    sender.send(Message(kind: .call, payload: payload))
    var interruption: Raised?
    do throws(Raised) {
      try await wait(for: call, name, strand)
    } catch {
      interruption = error
      var out = WireWriter()
      out.put(int: Self.number(of: strand))
      out.put(count: number)
      sender.send(Message(kind: .giveUp, payload: out.bytes))
      await waitUninterrupted(for: call, name, strand)
    }
    return try read(call, book, interruption)
  }

  /// Makes a call that gives something back, for whose answer nobody waits: messages keep their order, so that what follows finds
  /// it done.
  func post(_ name: String, _ arguments: [Value], _ strand: Strand) {
    guard let book = lock.withLock({ book }) else { return }
    let (number, _) = nextCall()
    lock.withLock { pending[number] = nil }
    // A handle can always be sent.
    guard let payload = try? encoded(name, arguments, number, book, strand) else { return }
    interpreter.output.flush()
    sender.send(Message(kind: .giveBack, payload: payload))
  }

  private func nextCall() -> (Int, Pending) {
    lock.withLock {
      lastCall += 1
      let call = Pending()
      pending[lastCall] = call
      return (lastCall, call)
    }
  }

  private func encoded(
    _ name: String, _ arguments: [Value], _ number: Int, _ book: WorkerBook, _ strand: Strand
  ) throws(Raised) -> [UInt8] {
    var head = WireWriter()
    head.put(int: Self.number(of: strand))
    head.put(count: number)
    head.put(name)
    head.put(count: arguments.count)
    var encoder = ValueEncoder(book, .what("what `\(Self.shown(name))` was given"), strand: strand)
    encoder.put(head: head)
    for argument in arguments { try encoder.put(argument) }
    try Message.check(encoder.out.bytes)
    return encoder.out.bytes
  }

  private static func shown(_ name: String) -> String {
    String(name[(name.lastIndex(of: ".").map { name.index(after: $0) } ?? name.startIndex)...])
  }

  private func wait(for call: Pending, _ name: String, _ strand: Strand) async throws(Raised) {
    while lock.withLock({ call.answer == nil }) {
      _ = try await strand.wait(WaitDescription("`\(Self.shown(name))` in the script's process")) { waiter in
        arm(waiter, call)
        return { self.lock.withLock { call.waiter = nil } }
      }
    }
  }

  private func waitUninterrupted(for call: Pending, _ name: String, _ strand: Strand) async {
    while lock.withLock({ call.answer == nil }) {
      await strand.waitUninterrupted(
        WaitDescription("the end of `\(Self.shown(name))` in the script's process")
      ) {
        arm($0, call)
      }
    }
  }

  private func arm(_ waiter: Waiter, _ call: Pending) {
    let isAnswered = lock.withLock { () -> Bool in
      call.waiter = waiter
      return call.answer != nil
    }
    if isAnswered { waiter.resume(with: .nil) }
  }

  private func read(_ call: Pending, _ book: WorkerBook, _ interruption: Raised?) throws(Raised) -> Value {
    guard let answer = lock.withLock({ call.answer }) else { return .nil }
    var decoder = ValueDecoder(answer, book)
    var result: Result<Value, Raised>?
    do throws(WireError) {
      if try !decoder.input.flag() { result = try Outcome.read(&decoder) }
    } catch {
      throw Raised(.transferError, "the script's process sent \(error.what)")
    }
    guard let result else { throw interruption ?? Raised(.cancelled, "the script's process gave it up") }
    return try result.get()
  }
}
