// One wait of one strand. Whoever gets to it first ends it: what it waits for, or whoever interrupts it. So a
// wait that was given up has taken nothing, and one that was answered is not also cancelled (language.md §12).

import RunnelScheduler
import Synchronization

public final class Waiter: @unchecked Sendable {
  enum Outcome {
    case value(Value)
    case failure(ErrorObject)
    case interrupted
  }

  private let lock = Lock()
  private var outcome: Outcome?
  private var continuation: UnsafeContinuation<Outcome, Never>?

  /// Ends the wait with a value; says whether this was the first to end it.
  @discardableResult
  public func resume(with value: Value) -> Bool { finish(.value(value)) }

  /// Ends the wait with an error.
  @discardableResult
  public func resume(raising error: ErrorObject) -> Bool { finish(.failure(error)) }

  @discardableResult
  func interrupt() -> Bool { finish(.interrupted) }

  private func finish(_ result: Outcome) -> Bool {
    let waiting: UnsafeContinuation<Outcome, Never>?
    switch lock.withLock({ () -> (Bool, UnsafeContinuation<Outcome, Never>?) in
      if outcome != nil { return (false, nil) }
      outcome = result
      defer { continuation = nil }
      return (true, continuation)
    }) {
    case (false, _): return false
    case (true, let found): waiting = found
    }
    waiting?.resume(returning: result)
    return true
  }

  /// Suspends the Swift task until the wait is ended.
  func result() async -> Outcome {
    await withUnsafeContinuation { continuation in
      let known = lock.withLock { () -> Outcome? in
        if outcome == nil { self.continuation = continuation }
        return outcome
      }
      if let known { continuation.resume(returning: known) }
    }
  }
}
