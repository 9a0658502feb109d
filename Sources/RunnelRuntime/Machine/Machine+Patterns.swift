// Tests of patterns (language.md §4).

import RunnelCompiler

extension Machine {
  func matches(
    _ instruction: Instruction, _ registers: UnsafeMutablePointer<Value>, _ constants: UnsafePointer<Value>
  ) throws(Raised) -> Bool {
    let value = registers[instruction.a]
    switch instruction.opcode {
    case .matchType:
      guard let name = constants[instruction.b].string?.text else { return false }
      return value.typeName == name && !value.isMissing
    case .matchValue: return try isEqual(value, registers[instruction.b])
    case .matchRange:
      return try isIn(
        value, registers[instruction.b], registers[instruction.b + 1], inclusive: instruction.flag == 1)
    case .matchList:
      guard let list = value.list else { return false }
      return instruction.flag == 1 ? list.items.count >= instruction.b : list.items.count == instruction.b
    default:
      guard let error = value.error, let kind = registers[instruction.b].kind else { return false }
      return error.kind.isKind(of: kind)
    }
  }

  /// Whether a value lies in a range pattern; a value that does not compare with its bounds does not.
  private func isIn(_ value: Value, _ lower: Value, _ upper: Value, inclusive: Bool) throws(Raised) -> Bool {
    if !lower.isNil {
      guard isOrdered(value, lower), let order = try orderOf(lower, value, strand: strand), order <= 0 else {
        return false
      }
    }
    if !upper.isNil {
      guard isOrdered(value, upper), let order = try orderOf(value, upper, strand: strand),
        order < 0 || (inclusive && order == 0)
      else {
        return false
      }
    }
    return true
  }

  private func isOrdered(_ a: Value, _ b: Value) -> Bool {
    switch (a, b) {
    case (.int, .int), (.int, .float), (.float, .int), (.float, .float), (.duration, .duration): true
    case (.object(let x), .object(let y)): x.tag == .string && y.tag == .string
    default: false
    }
  }

  /// The value of a key in a map pattern, or nil where there is none.
  func patternField(_ value: Value, _ name: Value, ofError: Bool) throws(Raised) -> Value? {
    guard let name = name.string else { return nil }
    if ofError {
      guard let error = value.error else { return nil }
      return ErrorFields.value(of: error, name)
    }
    return value.map?.storage[.object(name)]
  }

  func listRest(_ value: Value, from start: Int) -> Value {
    guard let list = value.list else { return .nil }
    return .list(Array(list.items.dropFirst(start)))
  }

  func mapRest(_ value: Value, without constant: Int, _ frame: Frame) -> Value {
    guard let map = value.map,
      case .names(let names) = frame.function.takeUnretainedValue().code.constants[constant]
    else { return .nil }
    var storage = map.storage
    for name in names { storage.remove(.string(name)) }
    return .object(MapObject(storage))
  }
}
