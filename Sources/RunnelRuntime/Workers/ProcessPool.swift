// `pool(process, n)`: at most n workers, started as they are needed and used again. Who finds none free waits in line; who is
// cancelled there has taken none. A worker that dies, or has not ended a task cleanly, is replaced by a new one when the next
// task needs it.

import RunnelScheduler

/// The place of a task in the line of a pool of processes.
final class WorkerSeat: TaskSeat, @unchecked Sendable {
  private let work: RemoteWork
  private let pool: ProcessPool

  init(_ work: RemoteWork, in pool: ProcessPool) {
    self.work = work
    self.pool = pool
  }

  override func begin(_ strand: Strand) {
    // Nothing runs the strand yet, so that it can be parked from here.
    if strand.park(pool.turn(for: work)) { strand.interpreter.scheduler.enqueue(strand) }
  }

  override func leave() { pool.leave(work) }
}

/// `pool(process, n)`.
///
/// `@unchecked Sendable`: what changes is protected by `lock`.
final class ProcessPool: ExecutorPool, @unchecked Sendable {
  /// What somebody in line gets.
  enum Turn {
    case worker(WorkerProcess)
    /// To start one.
    case start
  }

  private let interpreter: Interpreter
  private let lock = Lock()
  private var idle: [WorkerProcess] = []
  /// How many workers there are, or are being started.
  private var count = 0
  /// Those that have been dropped and are not reaped yet.
  private var dropped: [WorkerProcess] = []
  private var line = WaitLine<RemoteWork>()
  private var hasEnded = false

  init(size: Int, _ interpreter: Interpreter) {
    self.interpreter = interpreter
    super.init(size: size)
  }

  override var executor: Executor { .processes(self) }
  override var label: String { "pool(process, \(size))" }
  override var isClosed: Bool { lock.withLock { hasEnded } }

  /// The wait for a turn.
  fileprivate func turn(for work: RemoteWork) -> Wait {
    .other(WaitDescription("a free worker of a pool")) { [self] waiter in
      lock.withLock {
        guard !hasEnded else {
          waiter.resume(raising: Self.closedMeanwhile)
          return {}
        }
        if let turn = free() {
          work.turn = turn
          waiter.resume(with: .nil)
          return {}
        }
        let place = line.join(waiter, work)
        return { self.lock.withLock { self.line.leave(place) } }
      }
    }
  }

  /// The worker of a task whose turn it is.
  func worker(for work: RemoteWork) throws(Raised) -> WorkerProcess {
    if case .worker(let worker)? = lock.withLock({ work.turn.take() }) { return worker }
    do throws(Raised) {
      return try WorkerProcess(interpreter, pool: self)
    } catch {
      lock.withLock {
        count -= 1
        serve()
      }
      throw error
    }
  }

  /// A task has ended; perhaps before it has used its turn.
  fileprivate func leave(_ work: RemoteWork) {
    let unwanted = lock.withLock { () -> WorkerProcess? in
      guard let turn = work.turn.take() else { return nil }
      guard case .worker(let worker) = turn, !hasEnded else {
        count -= 1
        serve()
        guard case .worker(let worker) = turn else { return nil }
        dropped.append(worker)
        return worker
      }
      idle.append(worker)
      serve()
      return nil
    }
    unwanted?.drop()
  }

  private func free() -> Turn? {
    while let worker = idle.popLast() {
      if worker.isReady { return .worker(worker) }
      // It is dying; `ended` will not find it here.
      count -= 1
    }
    guard count < size else { return nil }
    count += 1
    return .start
  }

  /// Takes a worker back after a task.
  /// - Parameter isClean: it has ended the task as it should.
  func put(_ worker: WorkerProcess, isClean: Bool) async {
    let isKept = lock.withLock { () -> Bool in
      guard isClean, !hasEnded, worker.isReady else {
        count -= 1
        return false
      }
      idle.append(worker)
      serve()
      return true
    }
    if isKept { return }
    worker.drop()
    await worker.waitForEnd()
    lock.withLock { serve() }
  }

  /// Gives what is free to those in line. Under the lock.
  private func serve() {
    while let turn = free() {
      guard let next = line.next() else {
        if case .worker(let worker) = turn { idle.append(worker) } else { count -= 1 }
        return
      }
      next.want.turn = turn
      if next.waiter.resume(with: .nil) { continue }
      next.want.turn = nil
      if case .worker(let worker) = turn { idle.append(worker) } else { count -= 1 }
    }
  }

  /// A worker has ended: if it was idle, by itself.
  func ended(_ worker: WorkerProcess) {
    lock.withLock {
      if let place = idle.firstIndex(where: { $0 === worker }) {
        idle.remove(at: place)
        count -= 1
      }
      dropped.removeAll { $0 === worker }
    }
  }

  /// Ends the workers: those at work after their task.
  override func close() {
    let workers = lock.withLock { () -> [WorkerProcess] in
      guard !hasEnded else { return [] }
      hasEnded = true
      defer {
        count -= idle.count
        dropped += idle
        idle = []
      }
      while let next = line.next() { next.waiter.resume(raising: Self.closedMeanwhile) }
      return idle
    }
    // An idle worker has nothing to lose.
    for worker in workers { worker.drop() }
  }

  override var takesTimeToEnd: Bool { lock.withLock { !hasEnded && !idle.isEmpty || !dropped.isEmpty } }

  override func waitForEnd() async { for worker in lock.withLock({ dropped }) { await worker.waitForEnd() } }
}
