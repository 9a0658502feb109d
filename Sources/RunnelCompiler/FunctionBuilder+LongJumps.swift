// Comparing jumps that go further than their sixteen bits reach, as over the body of a very long loop.
//
//     jumpUnlessLess A B → far        becomes        jumpUnlessLess A B → L
//                                                    jump → next
//                                                 L: jump → far
//
// The two that come in move what follows, so that other jumps may become far: this is repeated until all fit, and
// then everything that names an instruction by its number is given the new one.

import RunnelSyntax

struct LongJumps {
  private(set) var instructions: [Instruction]
  private(set) var spans: [Span]
  private(set) var handlers: [FunctionCode.Handler]
  /// Where each far jump goes, in the old numbers.
  private var farTargets: [Int: Int]

  init(
    instructions: [Instruction], spans: [Span], handlers: [FunctionCode.Handler], farTargets: [Int: Int]
  ) {
    self.instructions = instructions
    self.spans = spans
    self.handlers = handlers
    self.farTargets = farTargets
  }

  mutating func rewrite() {
    var numbers = newNumbers()
    while addFarJumps(numbers) { numbers = newNumbers() }
    var code: [Instruction] = []
    var places: [Span] = []
    code.reserveCapacity(numbers[instructions.count])
    places.reserveCapacity(numbers[instructions.count])
    for (index, instruction) in instructions.enumerated() {
      let span = spans[index]
      if let target = farTargets[index] {
        code.append(FunctionBuilder.aimed(instruction, 1))
        code.append(Instruction(.jump, 0, immediate: 1))
        code.append(Instruction(.jump, 0, immediate: numbers[target] - code.count - 1))
        places += [span, span, span]
        continue
      }
      if let target = target(of: instruction, at: index) {
        code.append(FunctionBuilder.aimed(instruction, numbers[target] - code.count - 1))
      } else {
        code.append(instruction)
      }
      places.append(span)
    }
    handlers = handlers.map { old in
      FunctionCode.Handler(
        start: Int32(numbers[Int(old.start)]), end: Int32(numbers[Int(old.end)]),
        target: Int32(numbers[Int(old.target)]), register: old.register, isCompletion: old.isCompletion)
    }
    (instructions, spans) = (code, places)
  }

  /// The new number of each instruction, and of the end.
  private func newNumbers() -> [Int] {
    var numbers: [Int] = []
    numbers.reserveCapacity(instructions.count + 1)
    var next = 0
    for index in instructions.indices {
      numbers.append(next)
      next += farTargets[index] == nil ? 1 : 3
    }
    numbers.append(next)
    return numbers
  }

  /// Finds short jumps that have become too long; whether there are any.
  private mutating func addFarJumps(_ numbers: [Int]) -> Bool {
    var found = false
    for (index, instruction) in instructions.enumerated()
    where FunctionBuilder.hasShortTarget(instruction.opcode) && farTargets[index] == nil {
      guard let target = target(of: instruction, at: index) else { continue }
      if Int16(exactly: numbers[target] - numbers[index] - 1) == nil {
        farTargets[index] = target
        found = true
      }
    }
    return found
  }

  /// Where a jump goes, in the old numbers.
  private func target(of instruction: Instruction, at index: Int) -> Int? {
    if FunctionBuilder.hasShortTarget(instruction.opcode) { return index + 1 + instruction.signedC }
    return FunctionBuilder.hasLongTarget(instruction.opcode) ? index + 1 + instruction.immediate : nil
  }
}
