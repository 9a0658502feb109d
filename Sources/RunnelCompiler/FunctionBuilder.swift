// Collects the code of one function: instructions with their places, constants without doubles, handlers,
// registers. Registers are given out like a stack: variables of a block and temporaries above them.

import RunnelSyntax

/// Finds a constant again. Compares bytes: Swift holds strings equal that only look alike, the language does not.
private struct ConstantKey: Hashable {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }
}

/// A jump whose target is not known yet: the number of its instruction.
typealias Patch = Int

struct FunctionBuilder {
  private(set) var instructions: [Instruction] = []
  private(set) var spans: [Span] = []
  private(set) var constants: [Constant] = []
  private(set) var handlers: [FunctionCode.Handler] = []
  private var constantNumbers: [ConstantKey: Int] = [:]
  /// The first free register.
  private(set) var nextRegister = 0
  private(set) var registerCount = 0
  /// Something did not fit an operand.
  private(set) var isTooLarge = false
  /// The place that instructions are noted with.
  var span = Span.none

  var position: Int { instructions.count }

  // MARK: Registers

  mutating func allocate(_ count: Int = 1) -> Int {
    let first = nextRegister
    nextRegister += count
    registerCount = max(registerCount, nextRegister)
    if registerCount > 60_000 {
      isTooLarge = true
      nextRegister = first
      registerCount = 60_000
      return 0
    }
    return first
  }

  /// Frees every register from a number on.
  mutating func free(from register: Int) { nextRegister = min(nextRegister, register) }

  // MARK: Emitting

  @discardableResult
  mutating func emit(_ opcode: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, flag: UInt8 = 0) -> Int {
    if (a | b) > 0xFFFF || c > 0xFFFF { isTooLarge = true }
    return append(Instruction(opcode, a, b, c, flag: flag))
  }

  @discardableResult
  mutating func emit(_ opcode: Opcode, _ a: Int = 0, immediate: Int, flag: UInt8 = 0) -> Int {
    append(Instruction(opcode, a, immediate: immediate, flag: flag))
  }

  private mutating func append(_ instruction: Instruction) -> Int {
    instructions.append(instruction)
    spans.append(span)
    return instructions.count - 1
  }

  mutating func loadInt(_ register: Int, _ value: Int) { emit(.loadInt, register, immediate: value) }

  /// Emits a jump to be patched: with a 16-bit target in C if `short`, else in the immediate.
  mutating func jump(_ opcode: Opcode = .jump, _ a: Int = 0) -> Patch { emit(opcode, a, immediate: 0) }

  mutating func patch(_ patch: Patch, to target: Int? = nil) {
    let distance = (target ?? position) - patch - 1
    let old = instructions[patch]
    if Self.hasShortTarget(old.opcode) {
      if distance > Int(Int16.max) || distance < Int(Int16.min) { isTooLarge = true }
      instructions[patch] = Instruction(old.opcode, old.a, old.b, distance, flag: old.flag)
    } else {
      instructions[patch] = Instruction(old.opcode, old.a, immediate: distance, flag: old.flag)
    }
  }

  mutating func patch(_ patches: [Patch], to target: Int? = nil) {
    for one in patches { patch(one, to: target) }
  }

  mutating func jump(_ opcode: Opcode = .jump, to target: Int) {
    let jump = jump(opcode)
    patch(jump, to: target)
  }

  static func hasShortTarget(_ opcode: Opcode) -> Bool {
    switch opcode {
    case .jumpUnlessLess, .jumpUnlessLessOrEqual, .jumpUnlessEqual, .jumpIfEqual, .jumpUnlessLessImmediate,
      .jumpUnlessLessOrEqualImmediate, .jumpUnlessGreaterImmediate, .jumpUnlessGreaterOrEqualImmediate,
      .jumpUnlessEqualImmediate, .jumpIfEqualImmediate, .iteratorNext, .rangeNext, .jumpUnlessKind,
      .matchType,
      .matchValue, .matchRange, .matchList, .matchField, .matchKind:
      true
    default: false
    }
  }

  // MARK: Constants and handlers

  mutating func constant(_ constant: Constant, key text: String?) -> Int {
    let key = text.map(ConstantKey.init)
    if let key, let number = constantNumbers[key] { return number }
    constants.append(constant)
    if let key { constantNumbers[key] = constants.count - 1 }
    return constants.count - 1
  }

  mutating func string(_ text: String) -> Int { constant(.string(text), key: "s" + text) }
  mutating func builtin(_ name: String) -> Int { constant(.builtin(name), key: "b" + name) }

  /// Errors raised from `start` to before `end` go to `target`, unless an earlier handler takes them.
  mutating func addHandler(from start: Int, to end: Int, target: Int, register: Int, isCompletion: Bool) {
    guard end > start else { return }
    handlers.append(
      FunctionCode.Handler(
        start: Int32(start), end: Int32(end), target: Int32(target), register: Int32(register),
        isCompletion: isCompletion))
  }
}
