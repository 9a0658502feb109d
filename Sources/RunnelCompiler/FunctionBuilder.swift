// Collects the code of one function: instructions with their places, constants without doubles, handlers,
// registers. Registers are given out like a stack: variables of a block and temporaries above them.
//
// Operands of sixteen bits limit a function; what scripts need many of is kept out of their way. Constants that are
// only loaded, by thirty-two bits, are numbered after all that are named by sixteen (`finish`), and comparisons
// that would jump too far jump to a jump (`FunctionBuilder+LongJumps.swift`).

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
  /// Constants that operands of sixteen bits name.
  private(set) var constants: [Constant] = []
  /// Constants that `loadConstant` loads; `finish` puts them after the others.
  private var loadedConstants: [Constant] = []
  private(set) var handlers: [FunctionCode.Handler] = []
  private var constantNumbers: [ConstantKey: Int] = [:]
  private var loadedNumbers: [ConstantKey: Int] = [:]
  /// Where comparing jumps go for which sixteen bits do not do, by the jump's number.
  private var farTargets: [Patch: Int] = [:]
  /// The first free register.
  private(set) var nextRegister = 0
  private(set) var registerCount = 0
  /// The first thing that did not fit an operand, and its place.
  private(set) var overflow: (limit: Limit, span: Span)?
  /// The place that instructions are noted with.
  var span = Span.none

  var position: Int { instructions.count }

  /// What a function can have too many of (the table of limits in docs/language-notes.md).
  enum Limit {
    case registers
    case operands
  }

  static let registerLimit = 60_000

  private mutating func reach(_ limit: Limit) { if overflow == nil { overflow = (limit, span) } }

  // MARK: Registers

  mutating func allocate(_ count: Int = 1) -> Int {
    let first = nextRegister
    nextRegister += count
    registerCount = max(registerCount, nextRegister)
    if registerCount > Self.registerLimit {
      reach(.registers)
      nextRegister = first
      registerCount = Self.registerLimit
      return 0
    }
    return first
  }

  /// Frees every register from a number on.
  mutating func free(from register: Int) { nextRegister = min(nextRegister, register) }

  // MARK: Emitting

  @discardableResult
  mutating func emit(_ opcode: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, flag: UInt8 = 0) -> Int {
    if (a | b) > 0xFFFF || c > 0xFFFF { reach(.operands) }
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

  /// Emits a jump to be patched.
  mutating func jump(_ opcode: Opcode = .jump, _ a: Int = 0) -> Patch { emit(opcode, a, immediate: 0) }

  mutating func patch(_ patch: Patch, to target: Int? = nil) {
    let distance = (target ?? position) - patch - 1
    let jump = instructions[patch]
    if Self.hasShortTarget(jump.opcode), Int16(exactly: distance) == nil {
      farTargets[patch] = patch + 1 + distance
    }
    instructions[patch] = Self.aimed(jump, distance)
  }

  mutating func patch(_ patches: [Patch], to target: Int? = nil) {
    for one in patches { patch(one, to: target) }
  }

  mutating func jump(_ opcode: Opcode = .jump, to target: Int) {
    let jump = jump(opcode)
    patch(jump, to: target)
  }

  /// A jump with another distance, which stands in C or in the immediate.
  static func aimed(_ jump: Instruction, _ distance: Int) -> Instruction {
    hasShortTarget(jump.opcode)
      ? Instruction(jump.opcode, jump.a, jump.b, distance, flag: jump.flag)
      : Instruction(jump.opcode, jump.a, immediate: distance, flag: jump.flag)
  }

  /// A jump whose target is in C.
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

  /// A jump whose target is in the immediate.
  static func hasLongTarget(_ opcode: Opcode) -> Bool {
    switch opcode {
    case .jump, .loop, .jumpIfFalse, .jumpIfTrue, .jumpIfNil, .jumpIfNotNil, .jumpIfGiven,
      .jumpUnlessCatchable, .jumpUnlessFailed, .matchMap:
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

  // Descriptors that say the same are one constant: a function may have more calls than an operand can number.

  mutating func spawn(_ descriptor: SpawnDescriptor) -> Int {
    let flags = [
      descriptor.isDetached, descriptor.isService, descriptor.hasName, descriptor.hasScope,
      descriptor.hasExecutor, descriptor.isDiscarded,
    ]
    return constant(.spawn(descriptor), key: "t" + flags.map { $0 ? "1" : "0" }.joined())
  }

  mutating func shape(_ shape: CallShape) -> Int { constant(.shape(shape), key: "c" + Self.key(shape)) }

  mutating func place(_ descriptor: PlaceDescriptor) -> Int {
    var key =
      switch descriptor.base {
      case .register(let number): "pr\(number)"
      case .cell(let number): "pc\(number)"
      case .upvalueCell(let number): "pu\(number)"
      case .global(let number): "pg\(number)"
      case .environment: "pe"
      }
    for step in descriptor.steps {
      switch step {
      case .field(let name): key += ".\(name)"
      case .index: key += "[]"
      }
    }
    key += " \(descriptor.method) \(descriptor.argumentCount) \(descriptor.shape.map(Self.key) ?? "")"
    return constant(.place(descriptor), key: key)
  }

  private static func key(_ shape: CallShape) -> String {
    shape.arguments.map { argument in
      switch argument {
      case .positional: ","
      case .spread: "...,"
      case .keyword(let name): "\(name):,"
      }
    }.joined()
  }

  /// Loads a constant into a register.
  mutating func load(_ constant: Constant, key text: String, into register: Int) {
    let key = ConstantKey(text)
    let number: Int
    if let known = loadedNumbers[key] {
      number = known
    } else {
      number = loadedConstants.count
      loadedConstants.append(constant)
      loadedNumbers[key] = number
    }
    emit(.loadConstant, register, immediate: number)
  }

  mutating func loadString(_ text: String, into register: Int) {
    load(.string(text), key: "s" + text, into: register)
  }

  mutating func loadBuiltin(_ name: String, into register: Int) {
    load(.builtin(name), key: "b" + name, into: register)
  }

  /// Errors raised from `start` to before `end` go to `target`, unless an earlier handler takes them.
  mutating func addHandler(from start: Int, to end: Int, target: Int, register: Int, isCompletion: Bool) {
    guard end > start else { return }
    handlers.append(
      FunctionCode.Handler(
        start: Int32(start), end: Int32(end), target: Int32(target), register: Int32(register),
        isCompletion: isCompletion))
  }

  // MARK: The end

  /// Numbers what is loaded after all other constants, and gives far jumps their second instruction. Once, at the end.
  mutating func finish() {
    if !loadedConstants.isEmpty {
      let first = constants.count
      if first > 0 {
        for index in instructions.indices where instructions[index].opcode == .loadConstant {
          let old = instructions[index]
          instructions[index] = Instruction(
            old.opcode, old.a, immediate: old.immediate + first, flag: old.flag)
        }
      }
      constants += loadedConstants
      loadedConstants = []
    }
    if !farTargets.isEmpty {
      var code = LongJumps(
        instructions: instructions, spans: spans, handlers: handlers, farTargets: farTargets)
      code.rewrite()
      (instructions, spans, handlers) = (code.instructions, code.spans, code.handlers)
      farTargets = [:]
    }
  }
}
