// `x += y` on lists, texts and bytes: what nobody else has grows in place, so that building something piece by piece takes
// time in proportion to its length.

import RunnelCompiler

extension Machine {
  /// Adds two registers.
  ///
  /// - Parameter next: the instruction that follows, which writes the sum into a variable if it was read from one.
  @inline(never)
  func add(
    _ registers: UnsafeMutablePointer<Value>, _ instruction: Instruction, next: Instruction, _ frame: Frame
  ) throws(Raised) {
    let a = instruction.a
    guard a == instruction.b, let tag = registers[a].objectTag, tag == registers[instruction.c].objectTag,
      tag == .list || tag == .string || tag == .bytes
    else {
      registers[a] = try binary(.add, registers[instruction.b], registers[instruction.c])
      return
    }
    let more = registers[instruction.c]
    emptyVariable(that: next, writesFrom: a, registers, frame)
    if let list = Value.uniqueList(in: &registers[a]), let more = more.list {
      list.items += more.items
    } else if let string = Value.uniqueString(in: &registers[a]), let more = more.string {
      string.append(more)
    } else if let bytes = Value.uniqueBytes(in: &registers[a]), let more = more.bytes {
      bytes.append(more)
    }
  }

  /// A module's variable, and one that closures change, still holds what is in the register, until the next instruction
  /// writes it back: it is emptied, lest there be two. Nothing comes between the two instructions, and adding two of a kind
  /// cannot fail.
  private func emptyVariable(
    that next: Instruction, writesFrom register: Int, _ registers: UnsafeMutablePointer<Value>, _ frame: Frame
  ) {
    switch next.opcode {
    case .setGlobal:
      let number = next.immediate
      guard next.a == register, fiber.ownsGlobals, isKnownUniquelyReferenced(&fiber.globals),
        fiber.globals.values[number].isSameObject(as: registers[register])
      else { return }
      noteGrowing(.global(number), registers[register])
      fiber.globals.values[number] = .nil
    case .setCell where next.b == register: empty(registers[next.a], of: registers[register])
    case .setUpvalueCell where next.a == register:
      empty(frame.closure._withUnsafeGuaranteedRef { $0.upvalues[next.b] }, of: registers[register])
    default: return
    }
  }

  private func empty(_ cell: Value, of value: Value) {
    guard let cell = cell.cell, cell.owner == fiber.id, cell.value.isSameObject(as: value) else { return }
    noteGrowing(.cell(cell), value)
    cell.value = .nil
  }
}
