import RunnelCompiler

extension Machine {
  func command(
    _ instruction: Instruction, _ registers: UnsafeMutablePointer<Value>, _ frame: Frame
  ) throws(Raised) -> MachineExit? {
    throw Raised(.commandNotFound, "commands come with the next slice")
  }
}
