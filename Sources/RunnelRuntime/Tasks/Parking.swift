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
  /// The first of several.
  case choice(Selection)
  /// Anything else. `arm` arranges for the waiter to be resumed, and gives what undoes the arrangement; it is called again if
  /// the wait was interrupted for nothing. A wait that is not interruptible lasts also when the strand is to stop.
  case other(WaitDescription, isInterruptible: Bool = true, arm: (Waiter) -> (() -> Void))

  /// A time, in nanoseconds.
  static func time(_ nanoseconds: Int, _ reason: WaitDescription, _ strand: Strand) -> Wait {
    if nanoseconds <= 0 { return .turn }
    return .moment(strand.interpreter.scheduler.now.addingOrLast(Int64(nanoseconds)), reason)
  }

  /// How it is given up.
  enum Undo {
    /// As the wait itself says.
    case its
    case timer(TimerID)
    case other(() -> Void)
  }

  /// A wait for which a strand has left its worker.
  struct Parking {
    let wait: Wait
    let undo: Undo
  }

  fileprivate var isInterruptible: Bool {
    if case .other(_, let isInterruptible, _) = self { isInterruptible } else { true }
  }

  fileprivate var reason: WaitDescription {
    switch self {
    case .turn: WaitDescription("others to have a turn")
    case .moment(_, let reason), .other(let reason, _, _): reason
    case .choice(let selection): WaitDescription("the first of several", on: .choice(selection))
    }
  }
}

extension Strand {
  /// Begins a wait. Says true if the strand goes on at once, with what the machine has been given; false if somebody else makes
  /// it ready: then it may be running on another worker already.
  func park(_ wait: consuming Wait) -> Bool {
    while true {
      if wait.isInterruptible {
        do throws(Raised) {
          try checkInterrupt()
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
      let waiter = Waiter(
        wait.reason, isInterruptible: wait.isInterruptible, since: interpreter.scheduler.now)
      waiter.parking = Wait.Parking(wait: wait, undo: arm(wait, waiter))
      begin(waiter)
      interpreter.breakCircle(closedBy: self, waiter)
      if waiter.suspend(self) { return false }
      guard let again = takeOutcome() else { return true }
      wait = again
    }
  }

  /// The same for the end of a task.
  func park(awaiting task: TaskObject) -> Bool {
    while true {
      do throws(Raised) {
        try checkInterrupt()
      } catch {
        machine.deliver(raising: error.error)
        return true
      }
      let waiter = Waiter(awaiting: task, since: interpreter.scheduler.coarseNow)
      // Begun first, since whether it closes a circle is seen where it is armed, under the same lock.
      begin(waiter)
      interpreter.arm(waiter, forEndOf: task, self)
      if waiter.suspend(self) { return false }
      if takeOutcome(of: waiter, awaiting: task) { return true }
    }
  }

  /// The strand has been made ready: takes what its wait was ended with. Says false if it has to wait on.
  func unpark() -> Bool {
    if let waiter, let task = waiter.awaited {
      return takeOutcome(of: waiter, awaiting: task) || park(awaiting: task)
    }
    guard let again = takeOutcome() else { return true }
    return park(again)
  }

  /// Gives the machine what the end of a task has given. Says false if the wait was interrupted, and is to be begun again.
  private func takeOutcome(of waiter: Waiter, awaiting task: TaskObject) -> Bool {
    endWait()
    return deliver(waiter) { interpreter.disarm(waiter, forEndOf: task) }
  }

  /// Gives the machine what the wait was ended with; if it was interrupted, gives it back to be begun again.
  private func takeOutcome() -> Wait? {
    guard let waiter = endWait(), let ended = waiter.parking else { return nil }
    waiter.parking = nil
    if case .choice(let selection) = ended.wait { selection.leave() }
    return deliver(waiter) { giveUp(ended.undo) } ? nil : ended.wait
  }

  /// Gives the machine what a wait was ended with, other than by what it waited for only after it has been given up. Says false if
  /// it was interrupted.
  @inline(__always)
  private func deliver(_ waiter: Waiter, givingUp giveUp: () -> Void) -> Bool {
    switch waiter.known {
    case .value(let value): machine.deliver(value)
    case .failure(let error): machine.deliver(raising: error)
    case .deadlock(let error):
      giveUp()
      machine.deliver(raising: error)
    case .interrupted, nil:
      giveUp()
      return false
    }
    return true
  }

  private func arm(_ wait: Wait, _ waiter: Waiter) -> Wait.Undo {
    switch wait {
    case .turn: return .its
    case .choice(let selection):
      selection.arm(waiter)
      return .its
    case .moment(let moment, _):
      return .timer(interpreter.scheduler.schedule(at: moment) { waiter.resume(with: .nil) })
    case .other(_, _, let arm): return .other(arm(waiter))
    }
  }

  private func giveUp(_ undo: Wait.Undo) {
    switch undo {
    case .its: break
    case .timer(let timer): interpreter.scheduler.cancelTimer(timer)
    case .other(let undo): undo()
    }
  }
}
