// Values on their way out. What is data is copied; functions go as the number of their code and what they captured; what two
// places share (a list, an error) is written once and referred to after that, so a value that holds itself a million times over
// costs no more than once. What cannot travel raises `TransferError`, which names the variable that it stands in (language.md §6).

import RunnelCompiler
import RunnelSyntax

/// Writes values into a message.
struct ValueEncoder {
  private(set) var out = WireWriter()
  private let book: WireBook
  /// What is being written, for errors: a variable, or what it is.
  private var subject: Subject
  private var numbers: [ObjectIdentifier: Int] = [:]
  /// Keeps what has a number: another object could get its address.
  private var kept: [Object] = []
  /// The functions that have been written, each once: their code reaches further.
  private(set) var functions: [LoadedFunction] = []
  private var knownFunctions: Set<ObjectIdentifier> = []
  /// Shared arrays that have been written, whose descriptors have to go along.
  private(set) var arrays: [(number: Int, array: SharedArrayObject)] = []
  /// Modules that are values of it.
  private(set) var modules: Set<Int> = []
  private var steps = 0
  private let strand: Strand?

  /// What is sent.
  enum Subject {
    case variable(String)
    case what(String)

    var text: String {
      switch self {
      case .variable(let name): "`\(name)`"
      case .what(let text): text
      }
    }
  }

  /// Strings from this length on are written once.
  static let longTextLength = 48
  private static let shortList = 8

  /// - Parameter strand: whose cancellation ends a long piece of work.
  init(_ book: WireBook, _ subject: Subject, strand: Strand? = nil) {
    self.book = book
    self.subject = subject
    self.strand = strand
  }

  mutating func put(count: Int) { out.put(count: count) }

  /// Puts what stands before the values. Nothing has been written.
  mutating func put(head: WireWriter) { out = head }

  /// Writes a value.
  mutating func put(_ value: Value, as subject: Subject) throws(Raised) {
    self.subject = subject
    try put(value, depth: 0)
  }

  mutating func put(_ value: Value) throws(Raised) { try put(value, depth: 0) }

  private mutating func put(_ value: Value, depth: Int) throws(Raised) {
    steps &+= 1
    if steps & 0xFFFF == 0 { try strand?.checkpoint() }
    switch value {
    case .nil: put(WireTag.nil)
    case .bool(let flag): put(flag ? .true : .false)
    case .int(let number):
      put(.int)
      out.put(int: number)
    case .float(let number):
      put(.float)
      out.put(float: number)
    case .duration(let number):
      put(.duration)
      out.put(int: number)
    case .object(let object): try put(object, depth: depth)
    }
  }

  private mutating func put(_ tag: WireTag) { out.put(byte: tag.rawValue) }

  private mutating func put(_ object: Object, depth: Int) throws(Raised) {
    switch object.tag {
    case .string:
      let string = unsafeDowncast(object, to: StringObject.self)
      if string.byteCount >= Self.longTextLength, isWritten(object) { return }
      put(.string)
      string.withBytes { out.put(bytes: UnsafeRawBufferPointer($0)) }
      if string.byteCount >= Self.longTextLength { number(object) }
    case .bytes:
      if isWritten(object) { return }
      put(.bytes)
      out.put(bytes: unsafeDowncast(object, to: BytesObject.self).bytes)
      number(object)
    case .list:
      let items = unsafeDowncast(object, to: ListObject.self).items
      let isNumbered = items.count > Self.shortList || items.contains { Self.isContainer($0) }
      if isNumbered {
        if isWritten(object) { return }
        put(.numbered)
      }
      try put(items: items, depth: depth)
      if isNumbered { number(object) }
    case .map:
      let storage = unsafeDowncast(object, to: MapObject.self).storage
      let isNumbered = storage.count > Self.shortList || storage.contains { Self.isContainer($0.value) }
      if isNumbered {
        if isWritten(object) { return }
        put(.numbered)
      }
      try put(storage, depth: depth)
      if isNumbered { number(object) }
    case .range:
      let range = unsafeDowncast(object, to: RangeObject.self)
      put(.range)
      out.put(int: range.lower)
      out.put(int: range.upper)
      out.put(int: range.step)
      out.put(range.inclusive)
      out.put(range.isDuration)
    case .closure: try put(closure: unsafeDowncast(object, to: Closure.self), depth: depth)
    case .native:
      guard let name = NativeNames.name(of: unsafeDowncast(object, to: NativeFunction.self)) else {
        throw refusal("a function of the program that runs the script", isWhole: depth == 0)
      }
      put(.native)
      out.put(name)
    case .kind: try put(kind: unsafeDowncast(object, to: ErrorKind.self), depth: depth)
    case .cell: try put(cell: unsafeDowncast(object, to: Cell.self), depth: depth)
    case .error: try put(error: unsafeDowncast(object, to: ErrorObject.self), depth: depth)
    case .regex:
      let regex = unsafeDowncast(object, to: RegexObject.self)
      put(.regex)
      out.put(regex.pattern)
      out.put(regex.flags)
    case .time:
      let time = unsafeDowncast(object, to: TimeObject.self)
      put(.time)
      out.put(int: time.nanoseconds)
      out.put(time.zone != nil)
      if let zone = time.zone { out.put(zone) }
      out.put(time.offset != nil)
      if let offset = time.offset { out.put(int: offset) }
    case .module:
      let index = unsafeDowncast(object, to: ModuleObject.self).module.code.index
      modules.insert(index)
      put(.module)
      out.put(count: index)
    case .namespace:
      put(.namespace)
      out.put(unsafeDowncast(object, to: NamespaceObject.self).group.name)
    case .environment: put(.environment)
    case .executor:
      put(.executor)
      out.put(unsafeDowncast(object, to: ExecutorObject.self).kind.rawValue)
    case .attempt:
      let attempt = unsafeDowncast(object, to: AttemptObject.self)
      put(.attempt)
      out.put(count: attempt.number)
      out.put(attempt.key)
      try put(attempt.last.map { .object($0) } ?? .nil, depth: depth + 1)
    case .sharedArray:
      let array = unsafeDowncast(object, to: SharedArrayObject.self)
      guard let number = book.number(of: array) else {
        throw refusal("shared memory that a process task has made for itself", isWhole: depth == 0)
      }
      if !arrays.contains(where: { $0.number == number }) { arrays.append((number, array)) }
      put(.sharedArray)
      out.put(count: number)
      out.put(array.isFloat)
      out.put(count: array.count)
    case .missing: put(WireTag.missing)
    default:
      guard let number = book.number(ofHandle: object) else {
        throw refusal(Self.article(object.typeName), isWhole: depth == 0)
      }
      put(.handle)
      out.put(count: number)
      out.put(object.typeName)
    }
  }

  // MARK: Objects

  private mutating func put(items: [Value], depth: Int) throws(Raised) {
    try checkDepth(depth)
    put(.list)
    out.put(count: items.count)
    for item in items { try put(item, depth: depth + 1) }
  }

  private mutating func put(_ storage: MapStorage, depth: Int) throws(Raised) {
    try checkDepth(depth)
    put(.map)
    out.put(count: storage.count)
    for position in 0..<storage.positionCount {
      guard let entry = storage.entry(at: position) else { continue }
      try put(entry.key, depth: depth + 1)
      try put(entry.value, depth: depth + 1)
    }
  }

  private mutating func put(closure: Closure, depth: Int) throws(Raised) {
    if isWritten(closure) { return }
    try checkDepth(depth)
    let function = closure.function
    put(.closure)
    if function.isPrelude {
      out.put(count: 0)
      out.put(function.source.name)
    } else {
      out.put(count: function.module.code.index + 1)
    }
    out.put(count: function.number)
    out.put(count: closure.upvalues.count)
    let outer = subject
    for (index, value) in closure.upvalues.enumerated() {
      // The variable is what the script knows; a task's own captures are the first of them.
      if depth == 0, index < function.code.captureNames.count {
        subject = .variable(function.code.captureNames[index])
        try put(value, depth: 0)
      } else {
        try put(value, depth: depth + 1)
      }
    }
    subject = outer
    number(closure)
    if !function.isPrelude, knownFunctions.insert(ObjectIdentifier(function)).inserted {
      functions.append(function)
    }
  }

  private mutating func put(cell: Cell, depth: Int) throws(Raised) {
    guard cell.owner == Cell.anyone else { return put(.foreignCell) }
    if isWritten(cell) { return }
    try checkDepth(depth)
    put(.cell)
    try put(cell.value, depth: depth + 1)
    number(cell)
  }

  private mutating func put(kind: ErrorKind, depth: Int) throws(Raised) {
    try checkDepth(depth)
    put(.kind)
    if Builtins.value(named: kind.name)?.kind === kind || kind === ErrorKind.exit {
      out.put(count: 0)
      out.put(kind.name)
      return
    }
    out.put(count: book.number(ofKind: kind))
    out.put(kind.name)
    out.put(kind.module)
    try put(kind: kind.parent ?? .error, depth: depth + 1)
  }

  private mutating func put(error: ErrorObject, depth: Int) throws(Raised) {
    if isWritten(error) { return }
    try checkDepth(depth)
    put(.error)
    try put(kind: error.kind, depth: depth + 1)
    out.put(error.message)
    try put(error.data, depth: depth + 1)
    // What has happened to it may lead back to it.
    number(error)
    let attempts = error.attempts
    out.put(error.cause != nil)
    if let cause = error.cause { try put(error: cause, depth: depth + 1) }
    let suppressed = error.suppressed
    out.put(count: suppressed.count)
    for other in suppressed { try put(error: other, depth: depth + 1) }
    let notes = error.notes
    out.put(count: notes.count)
    for note in notes { out.put(note) }
    let trace = error.trace.compactMap { entry in book.module(of: entry.source).map { (entry, $0) } }
    out.put(count: trace.count)
    for (entry, module) in trace {
      out.put(byte: entry.role.number)
      out.put(count: module)
      out.put(entry.function)
      out.put(count: Int(entry.span.start))
      out.put(count: Int(entry.span.end))
      out.put(entry.task ?? "")
    }
    out.put(attempts != nil)
    if let attempts { try put(items: attempts, depth: depth + 1) }
  }

  // MARK: What comes again

  /// Refers to an object if it has been written.
  private mutating func isWritten(_ object: Object) -> Bool {
    guard let number = numbers[ObjectIdentifier(object)] else { return false }
    put(.again)
    out.put(count: number)
    return true
  }

  private mutating func number(_ object: Object) {
    numbers[ObjectIdentifier(object)] = kept.count
    kept.append(object)
  }

  private static func isContainer(_ value: Value) -> Bool {
    guard case .object(let object) = value else { return false }
    return object.tag != .string
  }

  // MARK: Refusing

  private func checkDepth(_ depth: Int) throws(Raised) {
    guard depth < wireDepthLimit else {
      throw Raised(
        .transferError,
        "\(subject.text) cannot be sent to another process: it is nested more than \(wireDepthLimit) deep",
        data: ["variable": .string(name)])
    }
  }

  private func refusal(_ what: String, isWhole: Bool) -> Raised {
    Raised(
      .transferError,
      "\(subject.text) cannot be sent to another process: it \(isWhole ? "is" : "holds") \(what)",
      data: ["variable": .string(name)])
  }

  private var name: String {
    if case .variable(let name) = subject { name } else { "" }
  }

  private static func article(_ typeName: String) -> String {
    let hint =
      switch typeName {
      case "task": "; `await` it first, and send what it gives"
      case "stream": "; send its items, `list(xs)`, or a channel"
      case "file": "; open it there, by its path"
      default: ""
      }
    let vowels: Set<Character> = ["a", "e", "i", "o"]
    let article = typeName.first.map { vowels.contains($0) } == true ? "an" : "a"
    return "\(article) \(typeName)\(hint)"
  }
}

extension TraceEntry.Role {
  private static let all: [TraceEntry.Role] = [.raised, .called, .spawned, .awaited, .stage]

  /// For messages.
  var number: UInt8 { UInt8(Self.all.firstIndex(of: self) ?? 0) }

  init?(number: UInt8) {
    guard Int(number) < Self.all.count else { return nil }
    self = Self.all[Int(number)]
  }
}
