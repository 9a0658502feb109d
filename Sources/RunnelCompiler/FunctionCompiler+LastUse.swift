// Parameters that are taken where they are used. The body of most lambdas is one expression that names its parameter once, in
// the order in which it runs: that use may have the value, so that it need not be retained, and a list in it can be changed in place.

import RunnelSyntax

extension FunctionCompiler {
  /// The parameters that a body of one expression names once. Empty if it holds anything that might run twice, or
  /// that looks at variables otherwise than by name: blocks, functions.
  func parametersUsedOnce(in body: Expression) -> Set<ObjectIdentifier> {
    var counts: [ObjectIdentifier: Int] = [:]
    guard countUses(in: body, &counts) else { return [] }
    return Set(counts.filter { $0.value == 1 }.keys)
  }

  /// Says false if that cannot be told.
  private func countUses(in value: Expression, _ counts: inout [ObjectIdentifier: Int]) -> Bool {
    switch value.kind {
    case .nil, .bool, .int, .float, .duration: return true
    case .name(let name):
      if case .variable(let variable) = module.resolution.meanings[Int(name.id)] {
        counts[ObjectIdentifier(variable), default: 0] += 1
      }
      return true
    case .string(let literal):
      return literal.parts.allSatisfy { part in
        if case .interpolation(let inner, _, _) = part { countUses(in: inner, &counts) } else { true }
      }
    case .paren(let inner), .chain(let inner), .unary(_, let inner), .isKind(let inner, _),
      .member(let inner, _, _, _):
      return countUses(in: inner, &counts)
    case .binary(_, let left, let right, _), .index(let left, let right, _):
      return countUses(in: left, &counts) && countUses(in: right, &counts)
    case .call(let callee, let arguments, _):
      return countUses(in: callee, &counts) && arguments.allSatisfy { countUses(in: $0.value, &counts) }
    case .list(let items): return items.allSatisfy { countUses(in: $0.value, &counts) }
    default: return false
    }
  }
}
