// What joins a stage of a pipeline to the stage, sink or loop that reads it (language.md §14.1).
//
// At first the reader runs the stage itself, an item at a time: stages that neither wait nor compute for long cost no task, no
// lock and no buffer. As soon as the reader's task has paused (it had to wait, or others might run beside it), the stage goes on
// in a task of its own, and its items come through a bounded buffer. Nobody can tell but by the time that it takes, since a stage
// changes no variable outside it. Items go over in chunks: when there are enough, when the stage is about to wait or its turn is
// over, and at once when the reader is idle and items come slowly. So none is late by more than a turn (in a long built-in: by
// two milliseconds), and they cost what a batch does.

import RunnelScheduler
import Synchronization

/// The reader's side of a stage. Used by the strand that reads the stream.
final class StageLink {
  /// The stage in a task of its own, and the task.
  var moved: (buffer: StageBuffer, task: TaskObject)?
  private var strand: ObjectIdentifier?
  private var pauses = 0
  /// How many items may wait to be read, where the script says so: then the stage does not wait for a reason to move.
  let readingAhead: Int?

  init(readingAhead: Int? = nil) { self.readingAhead = readingAhead }

  /// Whether the task that reads has paused since it began to read. (A reader that itself has moved begins anew.)
  func hasPaused(_ reader: Strand) -> Bool {
    if readingAhead != nil { return true }
    guard strand == ObjectIdentifier(reader) else {
      strand = ObjectIdentifier(reader)
      pauses = reader.pauses
      return false
    }
    return pauses != reader.pauses
  }
}

/// Items on their way from a stage's task to the task that reads it.
///
/// `@unchecked Sendable`: `chunk`, `threshold` and `handedOver` belong to the stage's strand, `ready` and `hasRaised` to the reader's; what else
/// changes is atomic or protected by `lock`.
final class StageBuffer: StreamSource, @unchecked Sendable {
  /// So many items are handed over at once, and so many may wait to be read.
  private let chunkSize: Int
  private let limit: Int
  /// From how many items in the chunk on it is handed over: 0 where the buffer is full already.
  private var threshold: Int
  private let repeats: Bool
  /// The coarse clock when an item was last handed over alone.
  private var handedOver: Int64 = 0

  private let lock = Lock()
  private let written = ItemBatch()
  private var hasEnded = false
  private var failure: ErrorObject?
  private var reader: Waiter?
  private var writer: Waiter?
  /// Whose stage it is, and who has read last, until the stage has ended.
  private var task: TaskObject?
  private var lastReader: Strand?
  private let isReaderIdle = Atomic<Bool>(false)
  private let chunk = ItemBatch()
  /// What the reader has taken over and not read yet.
  let ready = ItemBatch()
  /// Whether the stage's failure has been raised in the reader.
  private(set) var hasRaised = false

  /// - Parameter repeats: what happens must not hang on how fast the machine is.
  init(limit: Int = 64, repeats: Bool) {
    self.limit = limit
    self.repeats = repeats
    chunkSize = max(1, min(32, limit / 2))
    threshold = chunkSize
  }

  // MARK: The stage

  /// Adds an item. Says whether the stage has to wait for room now.
  func append(_ item: Value) -> Bool {
    chunk.append(item)
    if chunk.count < threshold {
      guard isReaderIdle.load(ordering: .relaxed), isDue() else { return false }
    }
    threshold = chunkSize
    return handOver()
  }

  /// Hands over what there is, if anything, where the stage does not wait for room: its turn is over, or it waits for something
  /// else. If that fills the buffer, it waits after its next item: else one that pauses more often than its chunks are full would
  /// run ahead without a bound.
  func handOverEarly() { if !chunk.isEmpty, handOver() { threshold = 0 } }

  /// Whether a reader that has nothing to do is worth waking for less than a chunk. Not where items come quickly: then that
  /// costs more than they do, and they wait no longer than for the end of the stage's turn.
  private func isDue() -> Bool {
    if repeats { return true }
    let now = CoarseClock.now()
    defer { handedOver = now }
    return now != handedOver
  }

  /// Hands over what there is. Says whether the buffer is full.
  @discardableResult
  func handOver() -> Bool {
    let (waiting, isFull) = lock.withLock { () -> (Waiter?, Bool) in
      if written.isEmpty { written.swapItems(with: chunk) } else { written.append(movingFrom: chunk) }
      guard !written.isEmpty else { return (nil, false) }
      isReaderIdle.store(false, ordering: .relaxed)
      defer { reader = nil }
      return (reader, written.count >= limit)
    }
    // Most often its reader has little to do with them. If it takes long, the stage sees that at the end of its turns.
    waiting?.resumeHere(with: .nil)
    return isFull
  }

  func belongs(to task: TaskObject) { lock.withLock { if !hasEnded { self.task = task } } }

  func waitForRoom() -> Wait {
    let target = lock.withLock { lastReader }.map { WaitTarget.strand($0) } ?? .open
    return .other(WaitDescription("the next stage", on: target)) { [self] waiter in
      let hasRoom = lock.withLock { () -> Bool in
        guard written.count >= limit else { return true }
        writer = waiter
        return false
      }
      if hasRoom { waiter.resume(with: .nil) }
      return { self.lock.withLock { self.writer = nil } }
    }
  }

  /// The stage has ended, well or by an error, which comes after its items.
  func end(_ result: Result<Value, Raised>) {
    handOver()
    let waiting = lock.withLock { () -> Waiter? in
      hasEnded = true
      task = nil
      lastReader = nil
      if case .failure(let raised) = result, raised.error.kind !== ErrorKind.cancelled {
        failure = raised.error
      }
      defer { reader = nil }
      return reader
    }
    waiting?.resume(with: .nil)
  }

  // MARK: The reader

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    if let item = ready.takeFirst() { return .item(item) }
    ready.removeAll()
    let (writer, isOver) = lock.withLock { () -> (Waiter?, Bool) in
      written.swapItems(with: ready)
      if !hasEnded { lastReader = strand }
      if ready.isEmpty, !hasEnded { isReaderIdle.store(true, ordering: .relaxed) }
      defer { self.writer = nil }
      return (self.writer, hasEnded)
    }
    writer?.resumeHere(with: .nil)
    if let item = ready.takeFirst() { return .item(item) }
    guard isOver else { return .wait }
    if let failure = lock.withLock({ failure }), !hasRaised {
      hasRaised = true
      throw Raised(failure)
    }
    return .end
  }

  func wait() -> Wait? {
    let target = lock.withLock { task }.map { WaitTarget.task($0) } ?? .open
    return .other(WaitDescription("the stage before", on: target)) { [self] waiter in
      let isThere = lock.withLock { () -> Bool in
        guard written.isEmpty, !hasEnded else { return true }
        reader = waiter
        return false
      }
      if isThere { waiter.resume(with: .nil) }
      return { self.lock.withLock { self.reader = nil } }
    }
  }

  func close() {}
}

extension Machine {
  /// Where the items of a stage come from that has moved, or moves now, to a task of its own; nil while the reader runs it
  /// itself.
  func buffer(
    of stream: StreamObject, _ generator: Fiber, _ link: StageLink, _ state: UnsafeMutablePointer<Value>
  ) throws(Raised) -> StageBuffer? {
    if link.moved == nil {
      // One that has something open stays, or holds a lock: that belongs to scopes of the task that opened it.
      guard link.hasPaused(strand), generator.canMove(from: strand) else { return nil }
      let repeats = strand.interpreter.scheduler.repeats
      let buffer =
        link.readingAhead.map { StageBuffer(limit: $0, repeats: repeats) } ?? StageBuffer(repeats: repeats)
      let task = try strand.interpreter.spawn(
        stage: generator, into: buffer, in: scopeOfReader(), from: strand)
      buffer.belongs(to: task)
      fiber.forgetSource()
      link.moved = (buffer, task)
      stream.readsFrom(buffer)
      state[1] = .int(generator.itemCount)
    }
    return link.moved?.buffer
  }

  /// The scope to which the task of a stage belongs that is read now: that of whoever reads the pipeline in the end.
  private func scopeOfReader() -> Scope {
    var reader = fiber
    while reader.scopes.isEmpty, let outer = reader.reader { reader = outer }
    return scopeForOwning(in: reader)
  }

  /// Has the task of a stage end whose reader has had enough, or has read it to its end.
  /// - Returns: how to wait for that; nil if it has ended.
  func stop(stage task: TaskObject) -> MachineExit? {
    let interpreter = strand.interpreter
    let isRunning = interpreter.tree.withLock { () -> Bool in
      if let root = task.strand?.root { interpreter.cancelLocked(root, .readerGone) }
      return task.isRunning
    }
    guard isRunning else { return nil }
    return .park(
      .other(WaitDescription("the end of a stage", on: .task(task)), isInterruptible: false) { waiter in
        interpreter.whenEnded(task) { waiter.resume(with: .nil) }
        return {}
      })
  }
}
