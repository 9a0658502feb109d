// What the machine leaves its loop with: it never waits itself (docs/architecture.md).

/// Why the machine has left its loop.
enum MachineExit {
  case ended(Value)
  case failed(ErrorObject)
  /// It has run for a while: others may run now.
  case fuel
  /// Has to wait: the strand delivers what the wait gives.
  case park(Wait)
  /// Has to wait in an `async` function: the strand runs this, then delivers what it gives.
  case wait(@Sendable (Strand) async throws(Raised) -> Value)
}
