// What the machine leaves its loop with: it never waits itself (docs/architecture.md).

/// Why the machine has left its loop.
enum MachineExit {
  case ended(Value)
  case failed(ErrorObject)
  /// It has run for a while: others may run now.
  case fuel
  /// Has to wait: the strand delivers what the wait gives.
  case park(Wait)
  /// Has to wait for a task: the most frequent wait, and one that needs no arrangements.
  case await(TaskObject)
  /// Has to wait in an `async` function: the strand runs this, then delivers what it gives.
  case wait(@Sendable (Strand) async throws(Raised) -> Value)
}

extension Machine {
  /// How the machine goes on after a wait.
  enum Resumption {
    /// The instruction runs again.
    case again
    /// The same for a loop that waits for an item; what stops it then is raised within the loop, which so closes what it reads.
    case nextItem
    /// The value goes to a register of the running fiber, by its absolute number.
    case register(Int)
    /// The same for what another task gives; an error of its has come to this one.
    case awaited(Int)
    /// Something else finishes the instruction.
    case custom((Machine, Value) throws(Raised) -> Void)
  }
}
