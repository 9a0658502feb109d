// Leaf functions: those whose body is one call of a built-in on their parameter, as `line => line.trim()`, `x => int(x)` or
// `name => name.contains(part)`. Most functions that stages get are such. What they do cannot wait, calls nobody back and changes
// nothing, so that a stage may do it for several items in native code, ahead of its reader, and nobody can tell.
//
// Only what succeeds counts. Where the built-in fails, or is none that computes at once, `apply` says so and has done nothing: the
// machine then calls the function as any other, which gives the same error with its trace.

import RunnelCompiler

/// What a leaf function calls, and with what. Used by one strand at a time.
///
/// Safety: `arguments` is initialised memory; where the parameter goes there is nil between calls.
final class LeafFunction {
  private enum Callee {
    case method(MethodRow)
    case builtin(NativeFunction)
  }
  private let callee: Callee
  private let arguments: UnsafeMutablePointer<Value>
  private let count: Int
  /// Which argument is the function's parameter.
  private let parameter: Int

  /// Built-ins that change nothing and ask nothing but their argument.
  private static let pureBuiltins: Set<String> = ["int", "float", "str", "repr", "bool", "len", "type"]

  /// Nil unless the function is one.
  convenience init?(_ function: Value) {
    guard case .object(let object) = function else { return nil }
    switch object.tag {
    case .closure: self.init(unsafeDowncast(object, to: Closure.self))
    case .native:
      let native = unsafeDowncast(object, to: NativeFunction.self)
      guard Self.isPure(native) else { return nil }
      self.init(.builtin(native), [nil])
    default: return nil
    }
  }

  private convenience init?(_ closure: Closure) {
    let function = closure.function
    let code = function.code.instructions
    guard function.takesExactly(1), function.requiredCount == 1, !function.isGenerator,
      function.code.handlers.isEmpty, code.count >= 2, code.count < 16
    else { return nil }
    // By their registers; of the parameter there is no value yet.
    var values: [Int: Value?] = [0: nil as Value?]
    for instruction in code.dropLast(2) {
      let value: Value?
      switch instruction.opcode {
      case .move, .take:
        guard let moved = values[instruction.b] else { return nil }
        value = moved
      case .loadConstant: value = function.constants[instruction.immediate]
      case .loadInt: value = .int(instruction.immediate)
      case .loadBool: value = .bool(instruction.b != 0)
      case .loadNil: value = .nil
      case .getUpvalue:
        guard closure.upvalues[instruction.b].cell == nil else { return nil }
        value = closure.upvalues[instruction.b]
      default: return nil
      }
      values[instruction.a] = .some(value)
    }
    let call = code[code.count - 2]
    let end = code[code.count - 1]
    guard end.opcode == .return_, end.a == call.a, call.flag == 0 else { return nil }
    let callee: Callee
    let registers: Range<Int>
    switch call.opcode {
    case .callMethod:
      guard let row = function.methods[call.c] else { return nil }
      callee = .method(row.takeUnretainedValue())
      registers = call.a..<(call.a + 1 + call.b)
    case .callBuiltin:
      guard case .object(let object) = function.constants[call.c], object.tag == .native else { return nil }
      let native = unsafeDowncast(object, to: NativeFunction.self)
      guard Self.isPure(native) else { return nil }
      callee = .builtin(native)
      registers = (call.a + 1)..<(call.a + 1 + call.b)
    default: return nil
    }
    let arguments = registers.compactMap { values[$0] }
    guard arguments.count == registers.count else { return nil }
    self.init(callee, arguments)
  }

  /// - Parameter values: the arguments; nil is the parameter, which must be there once.
  private init?(_ callee: Callee, _ values: [Value?]) {
    guard let parameter = values.firstIndex(where: { $0 == nil }), values.count(where: { $0 == nil }) == 1
    else {
      return nil
    }
    self.callee = callee
    self.parameter = parameter
    count = values.count
    arguments = .allocate(capacity: count)
    for (index, value) in values.enumerated() { (arguments + index).initialize(to: value ?? .nil) }
  }

  deinit {
    arguments.deinitialize(count: count)
    arguments.deallocate()
  }

  /// Where the item is to be put before `apply`, and stays.
  var item: UnsafeMutablePointer<Value> { arguments + parameter }

  /// What the function gives for the item; nil if it cannot be had here.
  func apply(_ strand: Strand) -> Value? {
    let native: Unmanaged<NativeFunction>
    switch callee {
    case .builtin(let builtin): native = .passUnretained(builtin)
    case .method(let row):
      guard Self.isPure(arguments), let method = row.method(for: arguments) else { return nil }
      native = method
    }
    guard let body = native._withUnsafeGuaranteedRef({ $0.plain }),
      native._withUnsafeGuaranteedRef({ $0.arity.allows(count) })
    else { return nil }
    return try? body(
      NativeCall(function: native, strand: .passUnretained(strand), first: arguments, count: count))
  }

  private static func isPure(_ native: NativeFunction) -> Bool {
    native.receiver == nil && pureBuiltins.contains(native.name)
  }

  /// Whether methods of a receiver change nothing but what they give: those of values, not of what has an identity.
  @inline(__always)
  private static func isPure(_ receiver: UnsafeMutablePointer<Value>) -> Bool {
    guard receiver.isObject else { return true }
    return switch receiver.object._withUnsafeGuaranteedRef({ $0.tag }) {
    case .string, .bytes, .list, .map, .range, .time: true
    default: false
    }
  }
}
