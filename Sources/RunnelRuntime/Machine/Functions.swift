// What the machine runs: loaded functions, closures over them, the cells and globals that they share.

import RunnelCompiler
import RunnelScheduler
import RunnelSyntax

/// A function's code with its constants as values. Lives as long as the program: the machine holds bare
/// pointers into it.
public final class LoadedFunction: @unchecked Sendable {
  let code: FunctionCode
  /// Which module it belongs to, for traces and `import`.
  let source: SourceFile
  let isPrelude: Bool
  /// Its number in its module.
  let number: Int
  /// Set by the module's `init`, before anything runs; modules live as long as the program.
  unowned(unsafe) var module: LoadedModule!
  /// Copies of the code's, for reading without bounds checks. Written once, by `init`.
  let instructions: UnsafeMutablePointer<Instruction>
  let constants: UnsafeMutablePointer<Value>
  /// For each constant that names a method: what each type has under that name.
  let methods: UnsafeMutablePointer<Unmanaged<MethodRow>?>
  let registerCount: Int
  let parameterCount: Int
  let requiredCount: Int
  let hasRest: Bool
  let isGenerator: Bool
  let isScope: Bool

  init(
    code: FunctionCode, number: Int, source: SourceFile, isPrelude: Bool, constants values: [Value],
    methods rows: [MethodRow?]
  ) {
    self.code = code
    self.number = number
    self.source = source
    self.isPrelude = isPrelude
    instructions = .allocate(capacity: max(code.instructions.count, 1))
    instructions.initialize(from: code.instructions, count: code.instructions.count)
    constants = .allocate(capacity: max(values.count, 1))
    constants.initialize(from: values, count: values.count)
    methods = .allocate(capacity: max(rows.count, 1))
    methods.initialize(from: rows.map { $0.map(Unmanaged.passUnretained) }, count: rows.count)
    registerCount = code.registerCount
    parameterCount = code.parameters.names.count
    requiredCount = code.parameters.required
    hasRest = code.parameters.hasRest
    isGenerator = code.isGenerator
    isScope = code.isScope && !isPrelude
  }

  private let reachLock = Lock()
  private var knownReach: FunctionReach?

  /// What its code reaches beyond what it captures: found out when it is first sent to another process.
  var reach: FunctionReach {
    if let known = reachLock.withLock({ knownReach }) { return known }
    let found = FunctionReach(of: self)
    reachLock.withLock { knownReach = found }
    return found
  }

  /// How many arguments may be given by position; `Int.max` with a rest parameter.
  var maximumArguments: Int { hasRest ? Int.max : parameterCount }

  /// Arguments given by position that need no further thought.
  @inline(__always)
  func takesExactly(_ count: Int) -> Bool { count == parameterCount && !hasRest }

  /// The place of an instruction.
  func span(at offset: Int) -> Span {
    code.spans.indices.contains(offset) ? code.spans[offset] : code.span
  }
}

/// What each type has as a method of one name. Filled when a program is loaded, then only read. Rows live as long as the
/// process (`MethodRows`), and so do the library's methods.
///
/// `@unchecked Sendable`: never changes.
public final class MethodRow: @unchecked Sendable {
  let name: StringObject
  private let natives: UnsafeMutablePointer<Unmanaged<NativeFunction>?>

  fileprivate init(name: String) {
    self.name = StringObject(name)
    natives = .allocate(capacity: TypeNames.all.count)
    for (index, type) in TypeNames.all.enumerated() {
      (natives + index).initialize(to: Library.method(of: type, name: name).map(Unmanaged.passRetained))
    }
  }

  func method(for value: Value) -> NativeFunction? {
    natives[TypeNames.index(of: value)]?.takeUnretainedValue()
  }

  /// The same without a retain, for a value in a register.
  @inline(__always)
  func method(for register: UnsafeMutablePointer<Value>) -> Unmanaged<NativeFunction>? {
    natives[TypeNames.index(of: register)]
  }
}

/// One row for each method name that programs use.
enum MethodRows {
  private static let lock = Lock()
  // Unsafe only in name: under `lock`.
  nonisolated(unsafe) private static var rows: [String: MethodRow] = [:]

  static func row(for name: String) -> MethodRow {
    lock.withLock {
      if let row = rows[name] { return row }
      let row = MethodRow(name: name)
      rows[name] = row
      return row
    }
  }
}

/// The types as methods see them, numbered.
enum TypeNames {
  static let all: [String] = [
    "bool", "int", "float", "duration", "nil",
    "string", "bytes", "list", "map", "range",
    "function", "function", "function", "",
    "error", "regex", "time", "module",
    "task", "stream", "", "scope",
    "channel", "lock", "semaphore", "limiter", "event", "barrier", "condition", "shared", "shared_array",
    "pool",
    "file", "command", "env", "executor", "resource", "", "",
    "", "",
    "channel", "lock", "semaphore", "event", "barrier", "shared",
  ]

  static func index(of value: Value) -> Int {
    switch value {
    case .bool: 0
    case .int: 1
    case .float: 2
    case .duration: 3
    case .nil: 4
    case .object(let object): 5 + Int(object.tag.rawValue)
    }
  }

  /// The same for a register: case numbers are in this order, but that nil's comes after that of objects.
  @inline(__always)
  static func index(of register: UnsafeMutablePointer<Value>) -> Int {
    if register.isObject { return 5 + Int(register.object._withUnsafeGuaranteedRef { $0.tag.rawValue }) }
    return min(Int(register.caseNumber), 4)
  }
}

/// A function as a value: code, and what it captured.
public final class Closure: Object, @unchecked Sendable {
  let function: LoadedFunction
  @exclusivity(unchecked) private(set) var upvalues: [Value]

  init(_ function: LoadedFunction, upvalues: [Value]) {
    self.function = function
    self.upvalues = upvalues
    super.init(tag: .closure)
  }

  public override var typeName: String { "function" }

  deinit {
    if !upvalues.isEmpty { Teardown.release(&upvalues) }
  }
}

/// A captured variable that changes. It belongs to one strand or generator; others that touch it get
/// `IsolationError` (language.md §6.6).
final class Cell: Object, @unchecked Sendable {
  @exclusivity(unchecked) var value: Value
  /// The fiber that may touch it; `Cell.anyone` for a copy that may be read only.
  let owner: Int
  static let anyone = 0

  init(_ value: Value, owner: Int) {
    self.value = value
    self.owner = owner
    super.init(tag: .cell)
  }

  deinit { Teardown.release(&value) }
}

/// The top-level variables of all modules. A task holds the table as it was at its spawn; the owner copies the
/// table before the first write after that.
final class GlobalTable: @unchecked Sendable {
  let values: UnsafeMutablePointer<Value>
  let count: Int

  init(count: Int) {
    self.count = count
    values = .allocate(capacity: max(count, 1))
    values.initialize(repeating: .missing, count: count)
  }

  /// A copy, with room for more.
  init(copying other: GlobalTable, count: Int) {
    self.count = max(count, other.count)
    values = .allocate(capacity: max(self.count, 1))
    values.initialize(from: other.values, count: other.count)
    (values + other.count).initialize(repeating: .missing, count: self.count - other.count)
  }

  deinit {
    values.deinitialize(count: count)
    values.deallocate()
  }
}

/// The mark of an argument that was not given and of a variable that has no value yet. Scripts never see it.
final class Missing: Object, @unchecked Sendable {
  static let mark = Missing(tag: .missing)
}

extension Value {
  static let missing = Value.object(Missing.mark)

  @inline(__always)
  var isMissing: Bool {
    if case .object(let object) = self { return object.tag == .missing }
    return false
  }

  var closure: Closure? { object(.closure, as: Closure.self) }
  var native: NativeFunction? { object(.native, as: NativeFunction.self) }
  var kind: ErrorKind? { object(.kind, as: ErrorKind.self) }

  /// The cell in a register that the compiler knows to hold one.
  @inline(__always)
  var cell: Cell? { object(.cell, as: Cell.self) }
}

/// A module as a value.
final class ModuleObject: Object, @unchecked Sendable {
  let module: LoadedModule

  init(_ module: LoadedModule) {
    self.module = module
    super.init(tag: .module)
  }

  override var typeName: String { "module" }
}

/// `fs`, `math`: a group of built-ins as a value.
final class NamespaceObject: Object, @unchecked Sendable {
  let group: NativeGroup

  init(_ group: NativeGroup) {
    self.group = group
    super.init(tag: .namespace)
  }

  override var typeName: String { "namespace" }
}

/// The environment, `env`: what it holds is in the strand.
final class EnvironmentObject: Object, @unchecked Sendable {
  static let shared = EnvironmentObject(tag: .environment)
  override var typeName: String { "map" }
}
