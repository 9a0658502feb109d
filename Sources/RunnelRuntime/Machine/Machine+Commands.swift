// The instructions that run commands (language.md §13, §14.4): words are worked out here, in the running task, and
// everything else is in Commands/.

import RunnelCompiler

extension Machine {
  func command(
    _ instruction: Instruction, _ registers: UnsafeMutablePointer<Value>, _ frame: Frame
  ) throws(Raised) -> MachineExit? {
    let constants = frame.function.takeUnretainedValue().code.constants
    guard case .command(let descriptor) = constants[instruction.b] else { return nil }
    let a = instruction.a
    let values = (0..<descriptor.valueCount).map { registers[a + 1 + $0] }
    for index in values.indices { registers[a + 1 + index] = .nil }
    let plan = try CommandWords.plan(descriptor, values: values, strand)
    switch instruction.opcode {
    case .commandSource:
      registers[a] = .object(CommandSource.stream(plan, instruction.flag == 1 ? .pieces : .lines, strand))
      return nil
    case .commandStage:
      return try commandStage(plan, CommandRole(rawValue: instruction.flag) ?? .stage, a)
    default:
      resumption = .register(frame.base + a)
      let form = descriptor.form
      return .wait { strand throws(Raised) in try await CommandRun.run(plan, form, strand) }
    }
  }

  /// A command that is fed by the stream in register `a`: only Runnel code can read streams, so the prelude does it.
  private func commandStage(_ plan: CommandPlan, _ role: CommandRole, _ a: Int) throws(Raised) -> MachineExit?
  {
    let command = FedCommand(plan, role, strand)
    let name = role == .stage || role == .rawStage ? "__command_stage" : "__command_sink"
    let closure = try PreludeCode.closure(named: name)
    fiber.ensure(registers: fiber.frames[fiber.frameCount - 1].base + a + 4)
    let registers = fiber.registers + fiber.frames[fiber.frameCount - 1].base
    registers[a + 1] = registers[a]
    registers[a + 2] = .object(command)
    registers[a] = .object(closure)
    return try call(a, 2)
  }
}
