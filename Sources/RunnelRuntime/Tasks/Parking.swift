// How a strand waits without a Swift task: it leaves its worker, and whoever ends the wait makes it ready again. What is
// frequent waits so; what needs an `async` function (files, programs, the host's functions) gets a Swift task for the time it
// takes.

import RunnelScheduler

/// What a strand waits for.
public enum Wait {
  /// That others, which are ready, have had a turn.
  case turn
  /// A moment of the scheduler's clock.
  case moment(Int64, WaitDescription)
  case task(TaskObject)
  /// Anything else. `arm` arranges for the waiter to be resumed, and gives what undoes the arrangement; it is called again if
  /// the wait was interrupted for nothing. A wait that is not interruptible lasts also when the strand is to stop.
  case other(WaitDescription, isInterruptible: Bool = true, arm: (Waiter) -> (() -> Void))

  /// A time, in nanoseconds.
  static func time(_ nanoseconds: Int, _ reason: WaitDescription, _ strand: Strand) -> Wait {
    if nanoseconds <= 0 { return .turn }
    let (end, overflow) = strand.interpreter.scheduler.clock.now().addingReportingOverflow(Int64(nanoseconds))
    return .moment(overflow ? Int64.max : end, reason)
  }

  fileprivate var isInterruptible: Bool {
    if case .other(_, let isInterruptible, _) = self { isInterruptible } else { true }
  }

  fileprivate var reason: WaitDescription {
    switch self {
    case .turn: WaitDescription("others to have a turn")
    case .moment(_, let reason), .other(let reason, _, _): reason
    case .task(let task): WaitDescription("task", number: task.id)
    }
  }
}

/// A wait that has begun: who ends it, and how it is given up.
struct ParkedWait {
  enum Undo {
    case nothing
    case timer(TimerID)
    case task(TaskObject)
    case other(() -> Void)
  }

  let wait: Wait
  let waiter: Waiter
  let undo: Undo
}

extension Strand {
  /// Begins a wait. Says true if the strand goes on at once, with what the machine has been given; false if somebody else makes
  /// it ready: then it may be running on another worker already.
  func park(_ wait: Wait) -> Bool {
    while true {
      if wait.isInterruptible {
        do throws(Raised) {
          try checkpoint()
        } catch {
          machine.deliver(raising: error.error)
          return true
        }
      }
      if case .turn = wait {
        machine.deliver(.nil)
        interpreter.scheduler.enqueue(self)
        return false
      }
      let waiter = Waiter()
      let undo = arm(wait, waiter)
      begin(waiter, wait.reason, isInterruptible: wait.isInterruptible)
      parked = ParkedWait(wait: wait, waiter: waiter, undo: undo)
      if waiter.suspend(self) { return false }
      if takeOutcome() { return true }
    }
  }

  /// The strand has been made ready: takes what its wait was ended with. Says false if it has to wait on.
  func unpark() -> Bool {
    guard let wait = parked?.wait else { return true }
    return takeOutcome() || park(wait)
  }

  /// Gives the machine what the wait was ended with; says false if it was interrupted.
  private func takeOutcome() -> Bool {
    guard let wait = parked else { return true }
    parked = nil
    end(wait.waiter)
    switch wait.waiter.known {
    case .value(let value): machine.deliver(value)
    case .failure(let error): machine.deliver(raising: error)
    case .interrupted, nil:
      giveUp(wait)
      return false
    }
    return true
  }

  private func arm(_ wait: Wait, _ waiter: Waiter) -> ParkedWait.Undo {
    switch wait {
    case .turn: return .nothing
    case .moment(let moment, _):
      return .timer(interpreter.scheduler.schedule(at: moment) { waiter.resume(with: .nil) })
    case .task(let task):
      interpreter.arm(waiter, forEndOf: task, self)
      return .task(task)
    case .other(_, _, let arm): return .other(arm(waiter))
    }
  }

  private func giveUp(_ wait: ParkedWait) {
    switch wait.undo {
    case .nothing: break
    case .timer(let timer): interpreter.scheduler.cancelTimer(timer)
    case .task(let task): interpreter.disarm(wait.waiter, forEndOf: task)
    case .other(let undo): undo()
    }
  }
}
