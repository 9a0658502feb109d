// One wait of one strand. Whoever gets to it first ends it: what it waits for, or whoever interrupts it. So a
// wait that was given up has taken nothing, and one that was answered is not also cancelled (language.md §12).

import RunnelScheduler
import Synchronization

/// `@unchecked Sendable`: what changes is protected by `lock`, but for `parking`.
public final class Waiter: @unchecked Sendable {
  enum Outcome {
    case value(Value)
    case failure(ErrorObject)
    /// It could never have ended: it is given up, and the error raised.
    case deadlock(ErrorObject)
    case interrupted
  }

  /// What reports show.
  var reason: WaitDescription {
    switch subject {
    case .task(let task): WaitDescription("task", number: task.id, on: .task(task))
    case .other(let reason): reason
    }
  }
  /// The task that is awaited, if the wait is for one.
  var awaited: TaskObject? { if case .task(let task) = subject { task } else { nil } }
  private let subject: Subject
  let since: Int64
  /// Whether it ends when the strand is to stop.
  let isInterruptible: Bool
  /// The wait for which a strand has left its worker, and how to give it up: for the strand alone.
  @exclusivity(unchecked) var parking: Wait.Parking?

  private let lock = Lock()
  @exclusivity(unchecked) private var outcome: Outcome?
  /// Who is made to go on.
  @exclusivity(unchecked) private var sleeper = Sleeper.nobody

  private enum Reservation { case none, made, interrupted }
  @exclusivity(unchecked) private var reservation = Reservation.none

  /// A task is described only when somebody asks.
  private enum Subject {
    case task(TaskObject)
    case other(WaitDescription)
  }

  private enum Sleeper {
    case nobody
    case swiftTask(UnsafeContinuation<Outcome, Never>)
    case strand(Strand)
  }

  init(_ reason: WaitDescription, isInterruptible: Bool = true, since: Int64) {
    subject = .other(reason)
    self.isInterruptible = isInterruptible
    self.since = since
  }

  init(awaiting task: TaskObject, since: Int64) {
    subject = .task(task)
    isInterruptible = true
    self.since = since
  }

  /// Ends the wait with a value; says whether this was the first to end it.
  @discardableResult
  public func resume(with value: Value) -> Bool { finish(.value(value)) }

  /// The same for a strand that is to go on when this worker has time for it: no other is woken for it.
  @discardableResult
  func resumeHere(with value: Value) -> Bool { finish(.value(value), isHere: true) }

  /// Ends the wait with an error.
  @discardableResult
  public func resume(raising error: ErrorObject) -> Bool { finish(.failure(error)) }

  @discardableResult
  func resume(with outcome: Outcome) -> Bool { finish(outcome) }

  /// The same for the case of a `select`.
  func resume(with outcome: Outcome, for receiver: Receiver) -> Bool {
    switch outcome {
    case .value(let value): finish(.value(receiver.given(value)))
    case .failure(let error): finish(.failure(receiver.given(error)))
    case .deadlock, .interrupted: finish(outcome)
    }
  }

  @discardableResult
  func resume(deadlock error: ErrorObject) -> Bool { finish(.deadlock(error)) }

  @discardableResult
  func interrupt() -> Bool { finish(.interrupted) }

  // MARK: Ending several waits together

  /// Holds off whoever else would end the wait. Says false if it has ended.
  func reserve() -> Bool {
    lock.withLock {
      guard outcome == nil, reservation == .none else { return false }
      reservation = .made
      return true
    }
  }

  /// Ends a wait that was reserved.
  func resumeReserved(with value: Value) {
    finish(.value(value), isReserved: true)
  }

  /// Gives a reservation up: an interruption that has come meanwhile is made up for.
  func unreserve() {
    let isInterrupted = lock.withLock { () -> Bool in
      defer { reservation = .none }
      return reservation == .interrupted
    }
    if isInterrupted { interrupt() }
  }

  @discardableResult
  private func finish(_ result: Outcome, isHere: Bool = false, isReserved: Bool = false) -> Bool {
    let woken = lock.withLock { () -> Sleeper? in
      if outcome != nil { return nil }
      if reservation != .none, !isReserved {
        if case .interrupted = result { reservation = .interrupted }
        return nil
      }
      outcome = result
      defer { sleeper = .nobody }
      return sleeper
    }
    switch woken {
    case nil: return false
    case .nobody?: break
    case .swiftTask(let continuation)?: continuation.resume(returning: result)
    case .strand(let strand)?:
      let scheduler = strand.interpreter.scheduler
      if isHere { scheduler.enqueueHere(strand) } else { scheduler.enqueue(strand) }
    }
    return true
  }

  var isPending: Bool { lock.withLock { outcome == nil } }

  /// What the wait was ended with; nil if it has not ended.
  var known: Outcome? { lock.withLock { outcome } }

  /// Has a strand made ready when the wait is ended. Says false if it has ended; if not, the strand is to leave its worker.
  func suspend(_ strand: Strand) -> Bool {
    lock.withLock {
      guard outcome == nil else { return false }
      sleeper = .strand(strand)
      return true
    }
  }

  /// Suspends the Swift task until the wait is ended.
  func result() async -> Outcome {
    await withUnsafeContinuation { continuation in
      let known = lock.withLock { () -> Outcome? in
        if outcome == nil { sleeper = .swiftTask(continuation) }
        return outcome
      }
      if let known { continuation.resume(returning: known) }
    }
  }
}
