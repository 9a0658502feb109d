// A worker process from within: `runnel --runnel-worker FD`. It reads how it is to run, then does one task after another until its
// socket closes. Each task is run as a script's main task would be, but for the top level, which a worker never runs: it has the
// values of the variables that the task reaches instead.

import Glibc
import RunnelCompiler
import RunnelScheduler
import RunnelSystem

/// The hidden mode.
public enum WorkerMain {
  /// Runs as a worker if the words after the program's name say so; gives the exit status, nil if they do not.
  public static func run(_ words: some RandomAccessCollection<String>) -> Int32? {
    guard words.first == WorkerProcess.mode else { return nil }
    guard words.count == 2, let last = words.last, let socket = Int32(last), socket > 2,
      SocketIO.isSocket(socket)
    else {
      complain("`\(WorkerProcess.mode)` is how runnel starts its own worker processes")
      return 2
    }
    SystemInfo.nameProcess("runnel-worker")
    Signals.ignoreBrokenPipe()
    let end = OpenEnd(Descriptor(owning: socket))
    defer { end.close() }
    end.keepFromPrograms()
    let reader = MessageReader()
    do throws(WireError) {
      guard let settings = try settings(reader, socket) else { return 0 }
      let worker = Worker(socket, reader, settings)
      worker.run()
      return 0
    } catch {
      complain("the script's process sent \(error.what)")
      return 70
    }
  }

  /// Waits for the first message; nil if there is none.
  private static func settings(_ reader: MessageReader, _ socket: Int32) throws(WireError) -> WorkerSettings?
  {
    while true {
      if let message = try reader.next() {
        guard message.kind == .begin else { throw WireError(what: "a message before the first one") }
        return try WorkerSettings(message.payload)
      }
      DescriptorIO.waitUntilReadable(socket, forNanoseconds: -1)
      if case .ended = reader.pump(socket) { return nil }
    }
  }

  static func complain(_ text: String) {
    Array("runnel worker: \(text)\n".utf8).withUnsafeBytes { try? DescriptorIO.writeAll(2, $0) }
  }
}

extension WorkerMain {
  /// A worker at work.
  ///
  /// `@unchecked Sendable`: `reader`, `loader` and `context` belong to the completion that reads; what else changes is under `lock`.
  final class Worker: @unchecked Sendable {
    /// The task that runs.
    private struct Job {
      let strand: Strand
      let root: Scope
      let book: WorkerBook
      let began: Int64
    }

    private let socket: Int32
    private let reader: MessageReader
    private let sender: MessageSender
    private let interpreter: Interpreter
    private let client: WorkerClient
    private var loader: ProgramLoader
    private var context: TaskContext?
    private let lock = Lock()
    private var job: Job?

    init(_ socket: Int32, _ reader: MessageReader, _ settings: WorkerSettings) {
      let options = settings.options
      self.socket = socket
      self.reader = reader
      interpreter = Interpreter(options: options)
      if settings.isOnTerminal { interpreter.output.behaveAsOnTerminal() }
      sender = MessageSender(socket, interpreter.reactor)
      client = WorkerClient(sender, interpreter)
      loader = ProgramLoader(globals: ["args": .list(options.arguments.map { .string($0) })])
    }

    func run() {
      sender.send(Message(kind: .hello, payload: Array(WorkerGreeting.text.utf8)))
      takeMessages(isOver: false)
      // What waits for the script's process waits for work outside, so this is about what only waits for each other here.
      interpreter.scheduler.setQuiescentAction { [self] in
        guard let strand = lock.withLock({ job?.strand }) else { return false }
        return interpreter.endStandstill(of: strand)
      }
      interpreter.scheduler.run(until: { false })
    }

    private func watch() {
      interpreter.reactor.watch(socket, for: .readable, isBackground: true) { [self] in
        if case .ended = reader.pump(socket) {
          takeMessages(isOver: true)
        } else {
          takeMessages(isOver: false)
        }
      }
    }

    private func takeMessages(isOver: Bool) {
      do throws(WireError) {
        while let message = try reader.next() { try take(message) }
      } catch {
        WorkerMain.complain("the script's process sent \(error.what)")
        leave(70)
      }
      if isOver { leave(0) }
      watch()
    }

    /// The script's process has gone, or wants no more: so does everything here, at once.
    private func leave(_ status: Int32) -> Never {
      interpreter.commands.killAll()
      interpreter.workers.killAll()
      ProcessEnd.now(status)
    }

    private func take(_ message: Message) throws(WireError) {
      switch message.kind {
      case .modules: try load(message)
      case .work: try begin(message)
      case .cancel: cancel(try CancelOrder(message.payload))
      case .reply: try client.took(message)
      case .ping: sender.send(Message(kind: .pong, payload: []))
      // While the lock is held its strand is not let go of.
      case .report: lock.withLock { if job != nil { interpreter.reportTasks() } }
      default: throw WireError(what: "a message that only it should get")
      }
    }

    private func load(_ message: Message) throws(WireError) {
      for (source, recipe) in try ModuleMessage.read(message.payload) {
        guard loader.load(source, by: recipe) else { throw WireError(what: "a module that does not compile") }
      }
      interpreter.modules = loader.modules
      interpreter.globalNames = loader.layout.globalNames
    }

    // MARK: A task

    private func begin(_ message: Message) throws(WireError) {
      var input = WireReader(message.payload)
      let book = WorkerBook(client)
      try book.take(Carried.read(&input), message.descriptors)
      let order = try WorkOrder(&input)
      var decoder = ValueDecoder(input.rest, book)
      guard let closure = try decoder.value().closure else {
        throw WireError(what: "a task that is no function")
      }
      var arguments: [Value] = []
      for _ in 0..<(try decoder.input.count()) { arguments.append(try decoder.value()) }
      let globals = GlobalTable(count: order.globalCount)
      while case let number = try decoder.input.number(), number > 0 {
        guard number <= globals.count else { throw WireError(what: "a variable that there is not") }
        globals.values[number - 1] = try decoder.value()
      }
      try decoder.input.requireEnd()
      let context =
        order.context.map {
          TaskContext(environment: $0.environment, directory: $0.directory, output: .standard)
        }
        ?? self.context
      guard let context else { throw WireError(what: "a task without an environment") }
      self.context = context
      if let seed = order.seed { interpreter.seed(seed) }
      interpreter.mainLabel = "\(order.label) in worker \(SystemInfo.processID)"
      interpreter.mainName = order.name.isEmpty ? nil : order.name
      start(closure, arguments, globals, context, book, order)
    }

    private func start(
      _ closure: Closure, _ arguments: [Value], _ globals: GlobalTable, _ context: TaskContext,
      _ book: WorkerBook,
      _ order: WorkOrder
    ) {
      let scheduler = interpreter.scheduler
      scheduler.setVirtualWallTime(order.wallTime)
      let strand = Strand(interpreter: interpreter, task: nil, context: context)
      let machine = Machine(strand: strand, globals: globals, ownsGlobals: false)
      strand.prepare(machine)
      interpreter.mainStrand = strand
      client.begin(book)
      machine.begin(closure, arguments: arguments)
      guard let root = strand.root else { return }
      let began = scheduler.now
      if let left = order.deadline {
        // What the script's process will say when it passes is what counts; but where time is virtual it passes here first.
        let deadline = began.addingOrLast(left)
        root.deadline = deadline
        if scheduler.hasVirtualTime {
          root.timer = scheduler.schedule(at: deadline) { [interpreter] in interpreter.cancel(root, .deadline)
          }
        }
      }
      lock.withLock { job = Job(strand: strand, root: root, book: book, began: began) }
      strand.start { [self] in finish($0) }
    }

    private func cancel(_ order: CancelOrder) {
      lock.withLock {
        guard let root = job?.root else { return }
        if let grace = order.grace {
          interpreter.tree.withLock { root.graceEnd = interpreter.scheduler.now.addingOrLast(max(0, grace)) }
        }
        interpreter.cancel(root, order.reason)
      }
    }

    private func finish(_ result: Result<Value, Raised>) {
      interpreter.output.flush()
      if case .failure(let raised) = result, raised.error.kind === ErrorKind.exit {
        // `exit` ends this process only; its status is what the script gets to know.
        ProcessEnd.now(Int32(truncatingIfNeeded: raised.error.exitCode))
      }
      guard let job = lock.withLock({ job.take() }) else { return }
      let scheduler = interpreter.scheduler
      if let timer = job.root.timer { scheduler.cancelTimer(timer) }
      var head = WireWriter()
      head.put(int: scheduler.hasVirtualTime ? Int(scheduler.now - job.began) : 0)
      let (payload, _) = Outcome.encode(result, job.book, head, what: "what the task gives")
      client.end()
      job.strand.letGo()
      sender.send(Message(kind: .result, payload: payload))
    }
  }
}

/// A worker's end of what it and the script's process agree on, for one task.
///
/// `@unchecked Sendable`: what changes is under `lock`.
final class WorkerBook: WireBook, @unchecked Sendable {
  private let client: WorkerClient
  private let lock = Lock()
  private var handles: [Int: RemoteHandle] = [:]
  /// Shared memory that has come and has not been looked at yet, and what has.
  private var descriptors: [Int: OpenEnd] = [:]
  private var arrays: [Int: SharedArrayObject] = [:]

  init(_ client: WorkerClient) { self.client = client }

  override var modules: [LoadedModule] { client.interpreter.modules }

  /// Takes the descriptors that came with a message.
  func take(_ numbers: [Int], _ came: [Int32]) throws(WireError) {
    lock.withLock {
      for (number, descriptor) in zip(numbers, came) {
        let end = OpenEnd(Descriptor(owning: descriptor))
        if arrays[number] == nil { descriptors[number] = end }
      }
    }
    guard numbers.count == came.count else { throw WireError(what: "descriptors without numbers") }
  }

  override func number(ofHandle object: Object) -> Int? { RemoteHandle.of(.object(object))?.number }

  override func object(ofHandle number: Int, typeName: String) throws(WireError) -> Object {
    guard let tag = RemoteCalls.handleTag(of: typeName) else {
      throw WireError(what: "a handle of a \(typeName)")
    }
    return lock.withLock {
      if let known = handles[number] { return known }
      let handle = RemoteHandle(number, typeName: typeName, tag: tag, client)
      handles[number] = handle
      return handle
    }
  }

  override func number(of array: SharedArrayObject) -> Int? {
    lock.withLock { arrays.first { $0.value === array }?.key }
  }

  override func array(_ number: Int, isFloat: Bool, count: Int) throws(WireError) -> SharedArrayObject {
    try lock.withLock { () throws(WireError) in
      if let known = arrays[number] { return known }
      guard let end = descriptors.removeValue(forKey: number), let descriptor = end.release() else {
        throw WireError(what: "shared memory that did not come")
      }
      do throws(SystemError) {
        let array = SharedArrayObject(try SharedMemory(owning: descriptor, count: count), isFloat: isFloat)
        arrays[number] = array
        return array
      } catch {
        throw WireError(what: "shared memory that cannot be mapped (\(error.message))")
      }
    }
  }

  override func number(ofKind kind: ErrorKind) -> Int { client.kinds.number(of: kind) }

  override func kind(_ number: Int, name: String, module: String, parent: ErrorKind) throws(WireError)
    -> ErrorKind
  {
    client.kinds.kind(number, name: name, module: module, parent: parent)
  }
}

/// The error kinds of a worker: those of the script have even numbers, its own odd ones. They stay from task to task.
///
/// `@unchecked Sendable`: what changes is under `lock`.
final class WorkerKinds: @unchecked Sendable {
  private let lock = Lock()
  private var kinds: [Int: ErrorKind] = [:]
  private var numbers: [ObjectIdentifier: Int] = [:]
  private var lastOwn = -1

  func number(of kind: ErrorKind) -> Int {
    lock.withLock {
      if let number = numbers[ObjectIdentifier(kind)] { return number }
      lastOwn += 2
      kinds[lastOwn] = kind
      numbers[ObjectIdentifier(kind)] = lastOwn
      return lastOwn
    }
  }

  func kind(_ number: Int, name: String, module: String, parent: ErrorKind) -> ErrorKind {
    lock.withLock {
      if let known = kinds[number] { return known }
      let kind = ErrorKind(name, parent: parent, module: module)
      kinds[number] = kind
      numbers[ObjectIdentifier(kind)] = number
      return kind
    }
  }
}
