// How a built-in is declared: once, with its signature, its documentation and its code. The signature, in
// the language's own notation, gives the parameters' names for keyword arguments, how many are required,
// and the page in `docs/reference`. Defaults are stated there for people and applied by the code.

/// A built-in function or method.
///
/// `@unchecked Sendable`: never changes, and what its code captures may be shared.
public final class NativeFunction: Object, @unchecked Sendable {
  /// The code of a built-in.
  public enum Body {
    /// Computes at once.
    case plain((borrowing NativeCall) throws(Raised) -> Value)
    /// A method that changes the variable it goes through; the receiver is the first parameter.
    case mutating((inout Value, borrowing NativeCall) throws(Raised) -> Value)
    /// May wait: runs in the strand's Swift task, and suspends only through the strand's door. Gets its
    /// arguments as an array, the receiver of a method first.
    case waiting(@Sendable (Strand, [Value]) async throws(Raised) -> Value)
    /// Waits, and gives what the wait gives.
    case parking((borrowing NativeCall) throws(Raised) -> Wait)
    /// As `parking`, after a try that does not leave the machine: `plain` gives nil where it has to wait.
    case attempt(
      plain: (borrowing NativeCall) throws(Raised) -> Value?,
      wait: (borrowing NativeCall) throws(Raised) -> Wait)
    /// Written in Runnel: the name of a function of the prelude. It gets one argument for each parameter of the
    /// signature, the receiver first: nil for one that was not given, a list for `...rest`.
    case prelude(String)
    /// As `prelude`, for a method that changes its variable: the function gives the receiver's new value.
    case preludeMutating(String)
    /// As `plain`, unless `when` finds in the arguments what only Runnel code can handle (a function to call, a
    /// stream to read): then as `prelude`.
    case either(
      when: (borrowing NativeCall) -> Bool, prelude: String,
      plain: (borrowing NativeCall) throws(Raised) -> Value)
    /// As `mutating`, unless `when` finds a function to call: then as `preludeMutating`.
    case mutatingEither(
      when: (borrowing NativeCall) -> Bool, prelude: String,
      mutating: (inout Value, borrowing NativeCall) throws(Raised) -> Value)
    /// Done by the machine itself, which knows it by its name.
    case machine(MachineBuiltin)
  }

  /// As scripts call it, for methods without the type.
  public let name: String
  /// `split(sep = nil, max: nil) → list`
  public let signature: String
  public let documentation: String
  public let body: Body
  /// The code of one that computes at once, for the machine's loop, which need not copy `body` for it.
  let plain: ((borrowing NativeCall) throws(Raised) -> Value)?
  /// For a method: the receiver's type, which is its first parameter.
  public let receiver: String?
  /// For a method that changes its receiver: what takes that back, told from the receiver before the call and the
  /// arguments. Without it, and where it says nil, the receiver itself is kept, which makes the change copy it.
  let inverses: Inverses?
  /// The name by which a worker process calls it on a handle; nil if it cannot.
  let servedName: String?
  typealias Inverses = (Value, borrowing NativeCall) -> [UndoLog.Inverse]?
  /// From the signature, the receiver of a method not among them.
  public let parameters: NativeParameters
  /// How many arguments by position it takes, the receiver of a method among them: what each call looks at.
  let arity: Arity

  struct Arity {
    let minimum: Int
    /// `Int.max` with a `...rest`.
    let maximum: Int
    /// How many of them have a name.
    let named: Int

    init(_ parameters: NativeParameters, isMethod: Bool) {
      let receivers = isMethod ? 1 : 0
      minimum = parameters.required + receivers
      named = parameters.positional + receivers
      maximum = parameters.rest == nil ? named : Int.max
    }

    @inline(__always)
    func allows(_ count: Int) -> Bool { count >= minimum && count <= maximum }
  }

  public convenience init(
    _ signature: String, receiver: String? = nil, documentation: String, body: Body
  ) {
    self.init(signature, receiver: receiver, documentation: documentation, body: body, inverses: nil)
  }

  init(
    _ signature: String, receiver: String?, documentation: String, body: Body, inverses: Inverses?,
    servedName: String? = nil
  ) {
    self.signature = signature
    self.documentation = documentation
    self.body = body
    self.servedName = servedName
    // What may be called on a handle has to look at it first.
    if case .plain(let code) = body, servedName == nil { plain = code } else { plain = nil }
    self.receiver = receiver
    self.inverses = inverses
    parameters = NativeParameters(signature: signature)
    arity = Arity(parameters, isMethod: receiver != nil)
    name = parameters.functionName
    super.init(tag: .native)
  }

  public override var typeName: String { "function" }
}

/// What the machine must do itself, because it touches frames, scopes or other strands.
public enum MachineBuiltin: String, Sendable {
  case spawnedTaskCancel
  case exit
  case deadline
}

/// The parameters that a signature such as `pad_start(n, with = " ")` names.
///
/// Notation: `name` is required; `name = default` and `name?` may be missing; after a `name:` (with or without a
/// default, `name: default`) an argument can only be given by keyword; `...name` takes the rest.
public struct NativeParameters: Sendable {
  public private(set) var functionName = ""
  public private(set) var names: [String] = []
  public private(set) var required = 0
  /// How many may be given by position; those after can only be given by keyword.
  public private(set) var positional = 0
  /// The position of the `...rest` parameter, after which all are by keyword.
  public private(set) var rest: Int?

  init(signature: String) {
    var bytes = Array(signature.utf8)[...]
    functionName = Self.take(&bytes) { $0 != UInt8(ascii: "(") }
    bytes = bytes.dropFirst()
    var keywordOnly = false
    while let first = bytes.first, first != UInt8(ascii: ")") {
      var isRest = false
      while bytes.first == UInt8(ascii: " ") || bytes.first == UInt8(ascii: ",") { bytes = bytes.dropFirst() }
      while bytes.first == UInt8(ascii: ".") {
        isRest = true
        bytes = bytes.dropFirst()
      }
      let name = Self.take(&bytes) {
        $0 == UInt8(ascii: "_") || ($0 | 0x20) >= UInt8(ascii: "a") || ($0 >= 0x30 && $0 <= 0x39)
      }
      guard !name.isEmpty else { break }
      var optional = isRest
      if bytes.first == UInt8(ascii: ":") { keywordOnly = true }
      // What follows the name (`?`, `:`, a default, which may hold brackets, strings and commas).
      var depth = 0
      var quote: UInt8?
      while let byte = bytes.first {
        if let open = quote {
          if byte == open { quote = nil }
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
          quote = byte
        } else if byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") {
          depth += 1
        } else if byte == UInt8(ascii: ")") || byte == UInt8(ascii: "]") {
          if depth == 0 { break }
          depth -= 1
        } else if byte == UInt8(ascii: ","), depth == 0 {
          break
        } else if byte == UInt8(ascii: "=") || byte == UInt8(ascii: "?") {
          optional = true
        }
        bytes = bytes.dropFirst()
      }
      if isRest { rest = names.count }
      names.append(name)
      if !optional, !keywordOnly { required += 1 }
      if !keywordOnly, !isRest, rest == nil { positional += 1 }
      if isRest { keywordOnly = true }
    }
  }

  private static func take(_ bytes: inout ArraySlice<UInt8>, while matches: (UInt8) -> Bool) -> String {
    let end = bytes.firstIndex { !matches($0) } ?? bytes.endIndex
    defer { bytes = bytes[end...] }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }
}

/// One call of a built-in: its arguments, and the strand that makes it.
///
/// Arguments are in the order of the signature's parameters, with a method's receiver first; a parameter
/// that was not given is nil. `rest` are those taken by `...name`.
///
/// Safety: who makes the call keeps the function, the strand and the arguments until it has returned, so nothing here is retained.
public struct NativeCall: ~Copyable {
  unowned(unsafe) public let function: NativeFunction
  unowned(unsafe) public let strand: Strand
  @usableFromInline let arguments: UnsafeBufferPointer<Value>
  /// The arguments that the `...rest` parameter takes.
  public let rest: UnsafeBufferPointer<Value>

  /// A call by position: the `count` values from `first` on, as many as the function's arity allows, a method's receiver among
  /// them.
  @inline(__always)
  init(
    function: Unmanaged<NativeFunction>, strand: Unmanaged<Strand>, first: UnsafeMutablePointer<Value>,
    count: Int
  ) {
    let positional = min(count, function._withUnsafeGuaranteedRef { $0.arity.named })
    self.function = function._withUnsafeGuaranteedRef { $0 }
    self.strand = strand._withUnsafeGuaranteedRef { $0 }
    arguments = UnsafeBufferPointer(start: first, count: positional)
    rest = UnsafeBufferPointer(start: first + positional, count: count - positional)
  }

  /// The arguments must stay valid and unchanged until the call has returned.
  init(
    function: NativeFunction, strand: Strand, arguments: UnsafeBufferPointer<Value>,
    rest: UnsafeBufferPointer<Value> = UnsafeBufferPointer(start: nil, count: 0)
  ) {
    self.function = function
    self.strand = strand
    self.arguments = arguments
    self.rest = rest
  }

  /// The argument at a position (for a method 0 is the receiver), nil if it was not given.
  public subscript(position: Int) -> Value {
    position < arguments.count ? arguments[position] : .nil
  }

  /// Whether an argument was given and is not nil.
  public func has(_ position: Int) -> Bool { !self[position].isNil }

  /// The name of the parameter at a position, for messages.
  func parameterName(_ position: Int) -> String {
    let index = function.receiver == nil ? position : position - 1
    if index < 0 { return "the receiver" }
    return index < function.parameters.names.count
      ? "`\(function.parameters.names[index])`" : "argument \(index + 1)"
  }

  /// A `TypeError` that says what the parameter takes.
  public func wrongType(_ position: Int, expected: String) -> Raised {
    Raised(
      .typeError,
      "`\(function.name)` takes \(expected) for \(parameterName(position)), not \(self[position].typeName)")
  }

  public func string(_ position: Int) throws(Raised) -> String {
    try borrowedString(position)._withUnsafeGuaranteedRef { $0.text }
  }

  public func stringObject(_ position: Int) throws(Raised) -> StringObject {
    try borrowedString(position).takeUnretainedValue()
  }

  /// Whether the bytes of two strings that were given are as they should be.
  @inline(__always)
  func test(
    _ first: Int, _ second: Int, _ holds: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Bool
  ) throws(Raised) -> Bool {
    let one = try borrowedString(first)
    let other = try borrowedString(second)
    return one._withUnsafeGuaranteedRef { one in
      other._withUnsafeGuaranteedRef { other in
        one.withBytes { one in other.withBytes { holds(one, $0) } }
      }
    }
  }

  /// A string without a retain: the call keeps it.
  @inline(__always)
  private func borrowedString(_ position: Int) throws(Raised) -> Unmanaged<StringObject> {
    if position < arguments.count, let first = arguments.baseAddress {
      let argument = UnsafeMutablePointer(mutating: first + position)
      if argument.isObject, argument.object._withUnsafeGuaranteedRef({ $0.tag }) == .string {
        return .fromOpaque(argument.object.toOpaque())
      }
    }
    throw wrongType(position, expected: "a string")
  }

  public func string(_ position: Int, default value: String) throws(Raised) -> String {
    has(position) ? try string(position) : value
  }

  public func int(_ position: Int) throws(Raised) -> Int {
    if case .int(let number) = self[position] { return number }
    throw wrongType(position, expected: "an int")
  }

  public func int(_ position: Int, default value: Int) throws(Raised) -> Int {
    has(position) ? try int(position) : value
  }

  /// A float; an int is taken as one.
  public func number(_ position: Int) throws(Raised) -> Double {
    switch self[position] {
    case .int(let number): return Double(number)
    case .float(let number): return number
    default: throw wrongType(position, expected: "a number")
    }
  }

  public func bool(_ position: Int) throws(Raised) -> Bool {
    if case .bool(let flag) = self[position] { return flag }
    throw wrongType(position, expected: "a bool")
  }

  public func bool(_ position: Int, default value: Bool) throws(Raised) -> Bool {
    has(position) ? try bool(position) : value
  }

  /// Nanoseconds.
  public func duration(_ position: Int) throws(Raised) -> Int {
    if case .duration(let nanoseconds) = self[position] { return nanoseconds }
    throw wrongType(position, expected: "a duration")
  }

  /// A list's items; a range's too. Raises `TypeError` for a range of durations.
  public func items(_ position: Int) throws(Raised) -> [Value] {
    if let list = self[position].list { return list.items }
    if let range = self[position].range { return try range.values(strand: strand) }
    throw wrongType(position, expected: "a list")
  }

  /// A map's entries; those of `env` too.
  public func map(_ position: Int) throws(Raised) -> MapStorage {
    if let map = self[position].map { return map.storage }
    if self[position].objectTag == .environment { return strand.environment }
    throw wrongType(position, expected: "a map")
  }

  /// Raises `Cancelled` if the strand is to stop: long built-ins call it every few thousand steps (language.md §10.1).
  public func checkpoint() throws(Raised) {
    try strand.checkpoint()
  }
}

/// A set of built-ins that belong together: the methods of a type, or a namespace such as `fs`.
public struct NativeGroup: Sendable {
  /// `string`, `fs`, or empty for the global functions.
  public let name: String
  /// What the page in `docs/reference` opens with.
  public let summary: String
  public let functions: [NativeFunction]
  /// Members that are values (`math.pi`), by name, with their documentation.
  public let constants: [(name: String, documentation: String, value: @Sendable (Strand) -> Value)]

  public init(
    _ name: String, summary: String, functions: [NativeFunction],
    constants: [(name: String, documentation: String, value: @Sendable (Strand) -> Value)] = []
  ) {
    self.name = name
    self.summary = summary
    self.functions = functions
    self.constants = constants
  }
}
