// A strand is one Runnel task: one Swift task that runs the machine in slices and waits at one door.

import RunnelScheduler

/// One Runnel task.
public final class Strand: @unchecked Sendable {
  public let interpreter: Interpreter

  init(interpreter: Interpreter) {
    self.interpreter = interpreter
  }

  /// Raises `Cancelled` if this strand is to stop.
  public func checkpoint() throws(Raised) {}
}
