// What the loop must not have within it: allocations, and reading errors and kinds. Each of these is a call that the loop
// makes where a script makes a map or handles an error, so that its own code keeps to registers and jumps
// (`Benchmarks/inspect-machine-loop` sees that it stays so).

import RunnelScheduler

extension Machine {
  @inline(never)
  func loadMissing(_ register: UnsafeMutablePointer<Value>) { register.pointee = .missing }

  /// A field of what stays in the script's process.
  @inline(never)
  func remoteField(_ handle: RemoteHandle, _ name: Value, into register: Int) -> MachineExit {
    resumption = .register(register)
    return .wait { strand throws(Raised) in
      try await handle.call("__remote_field", [.object(handle), name], strand)
    }
  }

  @inline(never)
  func makeMap(_ register: UnsafeMutablePointer<Value>) { register.pointee = .object(MapObject()) }

  /// Moves a variable that closures change into a cell.
  @inline(never)
  func makeCell(_ register: UnsafeMutablePointer<Value>) {
    register.pointee = .object(Cell(register.pointee, owner: fiber.id))
  }

  @inline(never)
  func isError(_ value: Value, ofKind kind: Value) -> Bool {
    guard let kind = kind.kind, let error = value.error else { return false }
    return error.kind.isKind(of: kind)
  }

  /// Whether a plain `catch` passes an error on.
  @inline(never)
  func isUncatchable(_ value: Value) -> Bool { value.error.map { !$0.kind.isKind(of: .error) } ?? false }

  /// Whether a completion is an error that `defer error` runs for.
  @inline(never)
  func hasFailed(_ completion: UnsafeMutablePointer<Value>) -> Bool {
    guard case .int(1) = completion[0] else { return false }
    return completion[1].error?.kind !== ErrorKind.exit
  }

  /// Raises the error in a register; nil was none.
  @inline(never)
  func reraise(_ value: Value) throws(Raised) {
    if let error = value.error { throw Raised(error) }
  }

  @inline(never)
  func noArmMatches(_ value: Value) -> Raised { Raised(.matchError, "no arm matches \(brief(value))") }

  @inline(never)
  func readerGone() -> Raised { Raised(.cancelled, CancelReason.readerGone.message) }

  /// At a loop's turn or a call: raises `Cancelled` if the strand is to stop. Says whether others want to run.
  @inline(never)
  func checkpoint() throws(Raised) -> Bool {
    guard strand.isInterrupted else { return false }
    try strand.checkpoint()
    return strand.interpreter.scheduler.hasOtherWork
  }
}
