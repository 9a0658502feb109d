// The state of a running `retry` (language.md §11).

import RunnelCompiler
import RunnelScheduler

/// One `retry` in progress.
final class RetryObject: Object, @unchecked Sendable {
  let count: Int
  let backoff: Value
  let flags: RetryFlags
  let jitter: Double
  /// No attempt starts after this.
  let end: Int64?
  let key: String
  var number = 0
  var last: ErrorObject?
  /// The errors of all attempts; nil where `until` refused the value.
  var errors: [Value] = []
  /// What the condition raises itself is raised, and not retried.
  var isAskingUntil = false
  /// Where the running attempt's error came from `until`.
  var refused: ErrorObject?

  init(count: Int, backoff: Value, flags: RetryFlags, jitter: Double, end: Int64?, key: String) {
    self.count = count
    self.backoff = backoff
    self.flags = flags
    self.jitter = jitter
    self.end = end
    self.key = key
    super.init(tag: .retry)
  }
}

/// `attempt`, inside the body of a `retry`.
final class AttemptObject: Object, @unchecked Sendable {
  let number: Int
  let key: String
  let last: ErrorObject?

  init(number: Int, key: String, last: ErrorObject?) {
    self.number = number
    self.key = key
    self.last = last
    super.init(tag: .attempt)
  }

  override var typeName: String { "attempt" }

  func field(_ name: String) -> Value? {
    switch name {
    case "number": .int(number)
    case "key": .string(key)
    case "last": last.map { .object($0) } ?? .nil
    default: nil
    }
  }
}

extension Machine {
  private func retry(_ value: Value) -> RetryObject? { value.object(.retry, as: RetryObject.self) }

  func retryBegin(_ state: UnsafeMutablePointer<Value>, _ flag: UInt8) throws(Raised) {
    guard case .int(let count) = state[0] else {
      throw Raised(.typeError, "`retry` takes a number of attempts, not \(state[0].typeName)")
    }
    guard count >= 1 else { throw Raised(.valueError, "`retry` takes at least 1 attempt, not \(count)") }
    let flags = RetryFlags(rawValue: flag)
    switch state[1] {
    case .nil, .duration: break
    case .object(let object) where object.tag == .closure || object.tag == .native: break
    case .object(let object)
    where object.tag == .range && unsafeDowncast(object, to: RangeObject.self).isDuration: break
    default:
      throw Raised(
        .typeError, "`backoff` takes a duration, a range of durations or a function, not \(state[1].typeName)"
      )
    }
    var jitter = flags.contains(.every) ? 0 : 0.5
    switch state[2] {
    case .nil: break
    case .int(let number): jitter = Double(number)
    case .float(let number): jitter = number
    default: throw Raised(.typeError, "`jitter` takes a number from 0 to 1, not \(state[2].typeName)")
    }
    guard jitter >= 0, jitter <= 1 else {
      throw Raised(.valueError, "`jitter` takes a number from 0 to 1, not \(jitter)")
    }
    var end: Int64?
    switch state[3] {
    case .nil: break
    case .duration(let limit):
      end = strand.interpreter.scheduler.now.addingReportingOverflow(Int64(limit)).partialValue
    default: throw Raised(.typeError, "`within` takes a duration, not \(state[3].typeName)")
    }
    state[0] = .object(
      RetryObject(
        count: count, backoff: state[1], flags: flags, jitter: jitter, end: end, key: RandomLibrary.uuidText()
      ))
    for index in 1...3 { state[index] = .nil }
  }

  func retryAttempt(_ state: UnsafeMutablePointer<Value>, _ target: UnsafeMutablePointer<Value>)
    throws(Raised)
  {
    guard let retry = retry(state[0]) else { return }
    if strand.isInterrupted { try strand.checkpoint() }
    retry.number += 1
    retry.refused = nil
    retry.isAskingUntil = false
    target.pointee = .object(AttemptObject(number: retry.number, key: retry.key, last: retry.last))
    fiber.undoLog = UndoLog(
      floor: state - fiber.registers, outer: fiber.undoLog, environment: strand.environment)
    open(.attempt).retry = retry
  }

  /// The end of an attempt's scope: a failed one leaves no trace in variables.
  func endAttempt(_ scope: Scope, _ completion: UnsafeMutablePointer<Value>) {
    guard scope.retry != nil, let log = fiber.undoLog else { return }
    fiber.undoLog = log.outer
    if case .int(1) = completion[0], completion[1].error?.kind !== ErrorKind.exit {
      log.undo(in: self)
    } else {
      log.handOver()
    }
  }

  func refused(_ state: Value, _ value: Value) -> Raised {
    let error = ErrorObject(.retryExhausted, "no attempt's value was accepted")
    error.data.set(.string("last"), value)
    retry(state)?.refused = error
    return Raised(error)
  }

  func isRefused(_ state: Value, _ failure: Value) -> Bool {
    guard let refused = retry(state)?.refused else { return false }
    return failure.error === refused
  }

  /// An error that is not retried.
  func retryGiveUp(_ state: Value, _ failure: Value) {
    guard let retry = retry(state), let error = failure.error, error.kind !== ErrorKind.cancelled else {
      return
    }
    note(error, retry)
    error.set(attempts: retry.errors)
  }

  private func note(_ error: ErrorObject, _ retry: RetryObject) {
    retry.errors.append(error === retry.refused ? .nil : .object(error))
    retry.last = error === retry.refused ? nil : error
  }

  private func mayRetry(_ error: ErrorObject, _ retry: RetryObject) -> Bool {
    if isBeingStopped || retry.isAskingUntil { return false }
    if error === retry.refused { return true }
    if error.kind === ErrorKind.cancelled || error.kind === ErrorKind.exit { return false }
    return retry.flags.contains(.filtered) || !error.kind.isKind(of: .bug)
  }

  /// Whether something around the retry has stopped its attempt: the error that came of that is the stopping's.
  private var isBeingStopped: Bool {
    guard strand.isInterrupted else { return false }
    let scope = fiber.innermostScope
    return strand.interpreter.tree.withLock {
      Scope.cancellation(reaching: scope, now: strand.interpreter.scheduler.now)?.wasDelivered
        ?? false
    }
  }

  /// A backoff that is a function: puts it and its arguments into registers.
  func retryWait(
    _ state: Value, _ completion: UnsafeMutablePointer<Value>, _ target: UnsafeMutablePointer<Value>
  ) {
    target[0] = .nil
    guard let retry = retry(state), let error = completion[1].error, mayRetry(error, retry),
      retry.number < retry.count
    else { return }
    switch retry.backoff {
    case .object(let object) where object.tag == .closure || object.tag == .native:
      target[0] = retry.backoff
      target[1] = .object(error)
      target[2] = .int(retry.number)
    default: break
    }
  }

  func retryAsk(_ state: Value, isAsking: Bool) { retry(state)?.isAskingUntil = isAsking }

  /// Decides what follows a failed attempt: another (after a wait), the `else`, or the error.
  func retryFailed(
    _ state: Value, _ completion: UnsafeMutablePointer<Value>, given: Value
  ) throws(Raised) -> MachineExit? {
    guard let retry = retry(state), let error = completion[1].error, error.kind !== ErrorKind.cancelled,
      error.kind !== ErrorKind.exit
    else { return nil }
    let isRetried = mayRetry(error, retry)
    note(error, retry)
    guard isRetried else {
      error.set(attempts: retry.errors)
      return nil
    }
    var wait = 0
    if retry.number < retry.count {
      wait = try self.wait(retry, given: given)
      let resumes = strand.interpreter.scheduler.now.addingReportingOverflow(Int64(wait)).partialValue
      if retry.end.map({ resumes <= $0 }) ?? true {
        completion[0] = .int(2)
        completion[1] = .nil
        guard wait > 0 else { return nil }
        resumption = .custom { _, _ in }
        return .park(.time(wait, WaitDescription("the next attempt"), strand))
      }
    }
    error.set(attempts: retry.errors)
    if retry.flags.contains(.hasElse) { completion[0] = .int(3) }
    return nil
  }

  /// How long to wait before the next attempt, in nanoseconds.
  private func wait(_ retry: RetryObject, given: Value) throws(Raised) -> Int {
    var wait: Int
    switch retry.backoff {
    case .nil: return 0
    case .duration(let base):
      wait = retry.flags.contains(.every) ? base : doubled(base, retry.number - 1)
    case .object(let object) where object.tag == .range:
      let range = unsafeDowncast(object, to: RangeObject.self)
      wait = min(doubled(range.lower, retry.number - 1), range.upper)
    default:
      switch given {
      case .duration(let duration): return max(duration, 0)
      case .nil: return 0
      default: throw Raised(.typeError, "a `backoff` function gives a duration, not \(given.typeName)")
      }
    }
    wait = max(wait, 0)
    let part = retry.jitter * RandomSource.use(strand) { $0.float() }
    return wait - Int(Double(wait) * part)
  }

  private func doubled(_ base: Int, _ times: Int) -> Int {
    guard times < 62 else { return Int.max / 2 }
    let (product, overflow) = base.multipliedReportingOverflow(by: 1 << times)
    return overflow ? Int.max / 2 : product
  }
}
