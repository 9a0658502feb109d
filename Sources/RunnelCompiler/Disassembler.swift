// Shows code as people read it, for `runnel inspect --bytecode`.

import RunnelSyntax

/// The code of a module, function by function.
public func disassemble(_ module: ModuleCode) -> String {
  var text = ""
  for (number, function) in module.functions.enumerated() {
    let place = module.source.place(of: function.span.start)
    text += "function \(number) `\(function.name)` at \(module.source.name):\(place.line):\(place.column)"
    text += ", \(function.parameters.names.count) parameters, \(function.registerCount) registers"
    if function.isGenerator { text += ", generator" }
    text += "\n"
    for (position, instruction) in function.instructions.enumerated() {
      let line = module.source.place(of: function.spans[position].start).line
      text += "  \(pad(position, 5)) \(pad(line, 5))  \(describe(instruction, at: position, in: function))\n"
    }
    for handler in function.handlers {
      text += "  handler \(handler.start)..<\(handler.end) → \(handler.target)"
      text += handler.isCompletion ? ", completion r\(handler.register)\n" : ", error r\(handler.register)\n"
    }
    text += "\n"
  }
  return text
}

private func pad(_ number: Int, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

private func describe(_ instruction: Instruction, at position: Int, in function: FunctionCode) -> String {
  let opcode = instruction.opcode
  var text = "\(opcode)"
  text += String(repeating: " ", count: max(1, 34 - text.count))
  let flag = instruction.flag == 0 ? "" : " flag \(instruction.flag)"
  switch opcode {
  case .loadConstant: text += "r\(instruction.a) \(describe(function.constants[instruction.immediate]))"
  case .loadInt: text += "r\(instruction.a) \(instruction.immediate)"
  case .getGlobal, .getGlobalChecked, .setGlobal: text += "r\(instruction.a) global \(instruction.immediate)"
  case .closure: text += "r\(instruction.a) function \(instruction.immediate)"
  case .importModule: text += "r\(instruction.a) module \(instruction.immediate)"
  case .jump, .loop: text += "→ \(position + 1 + instruction.immediate)"
  case _ where FunctionBuilder.hasLongTarget(opcode):
    text += "r\(instruction.a) → \(position + 1 + instruction.immediate)"
  case .addImmediate, .multiplyImmediate, .remainderImmediate, .floorDivideImmediate:
    text += "r\(instruction.a) r\(instruction.b) \(instruction.signedC)"
  case .jumpUnlessLessImmediate, .jumpUnlessLessOrEqualImmediate, .jumpUnlessGreaterImmediate,
    .jumpUnlessGreaterOrEqualImmediate, .jumpUnlessEqualImmediate, .jumpIfEqualImmediate:
    text += "r\(instruction.a) \(instruction.signedB) → \(position + 1 + instruction.signedC)"
  case _ where FunctionBuilder.hasShortTarget(opcode):
    text += "r\(instruction.a) \(instruction.b) → \(position + 1 + instruction.signedC)"
  case .getField, .getFieldOptional, .callMethod, .callBuiltin:
    text += "r\(instruction.a) \(instruction.b) \(describe(function.constants[instruction.c]))"
  case .setField, .mapSetName, .placeCall, .callShape, .placeSet, .placeGet:
    text += "r\(instruction.a) \(describe(function.constants[instruction.b])) r\(instruction.c)"
  default: text += "\(instruction.a) \(instruction.b) \(instruction.c)"
  }
  return text + flag
}

private func describe(_ constant: Constant) -> String {
  switch constant {
  case .int(let value): String(value)
  case .float(let value): String(value)
  case .duration(let value): "\(value)ns"
  case .string(let value): value.debugDescription
  case .builtin(let name): name
  case .names(let names): "\(names)"
  case .shape(let shape): "shape of \(shape.arguments.count)"
  case .place(let place): "place \(place.base)\(place.steps.isEmpty ? "" : " \(place.steps)") \(place.method)"
  case .command(let command): command.stages.map(\.text).joined(separator: " | ").debugDescription
  case .assertion(let assertion): assertion.text.debugDescription
  case .spawn: "spawn"
  case .module(let index): "module \(index)"
  }
}
