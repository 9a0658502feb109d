// Values that have come. Everything is checked before it is believed: tags, lengths, depth, what refers to what. Bad bytes raise
// `WireError`, and have cost no more memory than they have bytes, times a small number.

import RunnelCompiler
import RunnelSyntax

/// Reads values out of a message.
struct ValueDecoder {
  var input: WireReader
  private let book: WireBook
  /// What may come again, by number.
  private var numbered: [Object] = []

  init(_ bytes: ArraySlice<UInt8>, _ book: WireBook) {
    input = WireReader(bytes)
    self.book = book
  }

  mutating func value() throws(WireError) -> Value { try value(depth: 0) }

  private mutating func value(depth: Int) throws(WireError) -> Value {
    guard depth <= wireDepthLimit + 8 else { throw WireError(what: "it is nested too deeply") }
    switch try tag() {
    case .nil: return .nil
    case .false: return .bool(false)
    case .true: return .bool(true)
    case .int: return .int(try input.int())
    case .float: return .float(try input.float())
    case .duration: return .duration(try input.int())
    case .string:
      let part = try input.part()
      let string = part.withUnsafeBytes { StringObject(repairing: $0) }
      if part.count >= ValueEncoder.longTextLength { numbered.append(string) }
      return .object(string)
    case .bytes:
      let bytes = BytesObject(Array(try input.part()))
      numbered.append(bytes)
      return .object(bytes)
    case .list: return .list(try items(depth: depth))
    case .map: return .object(MapObject(try storage(depth: depth)))
    case .numbered:
      let object: Object
      switch try tag() {
      case .list: object = ListObject(try items(depth: depth))
      case .map: object = MapObject(try storage(depth: depth))
      default: throw WireError(what: "a number for what has none")
      }
      numbered.append(object)
      return .object(object)
    case .again:
      let number = try input.number()
      guard numbered.indices.contains(number) else { throw WireError(what: "a reference to nothing") }
      return .object(numbered[number])
    case .range: return .object(try range())
    case .closure: return .object(try closure(depth: depth))
    case .native:
      let name = try input.text()
      guard case .object(let object)? = Builtins.value(named: name), object.tag == .native else {
        throw WireError(what: "a built-in that there is not")
      }
      return .object(object)
    case .kind: return .object(try kind(depth: depth))
    case .foreignCell: return .object(Cell(.nil, owner: Self.nobody))
    case .cell:
      let cell = Cell(try value(depth: depth + 1), owner: Cell.anyone)
      numbered.append(cell)
      return .object(cell)
    case .error: return .object(try error(depth: depth))
    case .regex:
      let (pattern, flags) = (try input.text(), try input.text())
      do throws(Raised) {
        return .object(try RegexObject(pattern: pattern, flags: flags))
      } catch {
        throw WireError(what: "a regex that is none")
      }
    case .time:
      let nanoseconds = try input.int()
      let zone = try input.flag() ? try input.text() : nil
      let offset = try input.flag() ? try input.int() : nil
      if let offset, offset.magnitude > 86_400 { throw WireError(what: "a time zone that there is not") }
      return .object(TimeObject(nanoseconds: nanoseconds, zone: zone, offset: offset))
    case .module:
      let index = try input.number()
      let modules = book.modules
      guard modules.indices.contains(index) else { throw WireError(what: "a module that there is not") }
      return .object(ModuleObject(modules[index]))
    case .namespace:
      guard let group = Library.namespace(try input.text()) else {
        throw WireError(what: "a namespace that there is not")
      }
      return .object(NamespaceObject(group))
    case .environment: return .object(EnvironmentObject.shared)
    case .executor:
      guard let executor = ExecutorObject.named(try input.text()) else {
        throw WireError(what: "an executor that there is not")
      }
      return .object(executor)
    case .attempt:
      let (number, key) = (try input.number(), try input.text())
      let last = try value(depth: depth + 1)
      return .object(AttemptObject(number: number, key: key, last: last.error))
    case .handle:
      let number = try input.number()
      return .object(try book.object(ofHandle: number, typeName: try input.text()))
    case .sharedArray:
      let number = try input.number()
      let isFloat = try input.flag()
      return .object(try book.array(number, isFloat: isFloat, count: try input.number()))
    case .missing: return .missing
    }
  }

  /// Who owns cells of another process: nobody who could touch them.
  private static let nobody = -1

  private mutating func tag() throws(WireError) -> WireTag {
    guard let tag = WireTag(rawValue: try input.byte()) else {
      throw WireError(what: "a sort of value that there is not")
    }
    return tag
  }

  /// For how many items there is room before they have been seen: each level of nesting may claim as many as there are bytes.
  private static let reserved = 64

  private mutating func items(depth: Int) throws(WireError) -> [Value] {
    let count = try input.count()
    var items: [Value] = []
    items.reserveCapacity(min(count, Self.reserved))
    for _ in 0..<count { items.append(try value(depth: depth + 1)) }
    return items
  }

  private mutating func storage(depth: Int) throws(WireError) -> MapStorage {
    let count = try input.count()
    var storage = MapStorage(minimumCapacity: min(count, Self.reserved))
    for _ in 0..<count {
      let key = try value(depth: depth + 1)
      guard storage.set(key, try value(depth: depth + 1)) else {
        throw WireError(what: "a map's key that cannot be one")
      }
    }
    return storage
  }

  private mutating func range() throws(WireError) -> RangeObject {
    let (lower, upper, step) = (try input.int(), try input.int(), try input.int())
    guard step != 0 else { throw WireError(what: "a range that goes nowhere") }
    let inclusive = try input.flag()
    return RangeObject(
      lower: lower, upper: upper, step: step, inclusive: inclusive, isDuration: try input.flag())
  }

  private mutating func closure(depth: Int) throws(WireError) -> Closure {
    let place = try input.number()
    let functions: [LoadedFunction]
    if place == 0 {
      functions = try PreludeCode.functions(ofPart: try input.text())
    } else {
      let modules = book.modules
      guard modules.indices.contains(place - 1) else { throw WireError(what: "a module that there is not") }
      functions = modules[place - 1].functions
    }
    let number = try input.number()
    // Function 0 is a module's top level, which is nobody's value.
    guard number > 0, number < functions.count else { throw WireError(what: "a function that there is not") }
    let function = functions[number]
    let count = try input.count()
    guard count == function.code.captures.count else {
      throw WireError(what: "captures that do not fit the function")
    }
    var upvalues: [Value] = []
    upvalues.reserveCapacity(count)
    for _ in 0..<count { upvalues.append(try value(depth: depth + 1)) }
    let closure = Closure(function, upvalues: upvalues)
    numbered.append(closure)
    return closure
  }

  private mutating func kind(depth: Int) throws(WireError) -> ErrorKind {
    guard depth <= wireDepthLimit + 8 else { throw WireError(what: "it is nested too deeply") }
    let number = try input.number()
    let name = try input.text()
    guard number > 0 else {
      if name == ErrorKind.exit.name { return .exit }
      guard let kind = Builtins.value(named: name)?.kind else {
        throw WireError(what: "an error kind that there is not")
      }
      return kind
    }
    let module = try input.text()
    guard try tag() == .kind else { throw WireError(what: "an error kind without a parent") }
    let parent = try kind(depth: depth + 1)
    return try book.kind(number, name: name, module: module, parent: parent)
  }

  private mutating func error(depth: Int) throws(WireError) -> ErrorObject {
    guard try tag() == .kind else { throw WireError(what: "an error without a kind") }
    let kind = try kind(depth: depth + 1)
    let message = try input.text()
    guard try tag() == .map else { throw WireError(what: "an error without its data") }
    let error = ErrorObject(kind, message, data: try storage(depth: depth + 1))
    numbered.append(error)
    if try input.flag() { error.set(cause: try nested(depth)) }
    for _ in 0..<(try input.count()) { error.add(suppressed: try nested(depth)) }
    for _ in 0..<(try input.count()) { error.add(note: try input.text()) }
    for _ in 0..<(try input.count()) {
      guard let role = TraceEntry.Role(number: try input.byte()) else {
        throw WireError(what: "a trace that is none")
      }
      let module = try input.number()
      let function = try input.text()
      let (start, end) = (try input.number(), try input.number())
      let task = try input.text()
      let modules = book.modules
      guard modules.indices.contains(module) else { throw WireError(what: "a module that there is not") }
      error.add(place: {
        TraceEntry(
          role: role, function: function, source: modules[module].code.source, span: Span(start, end),
          task: task.isEmpty ? nil : task)
      })
    }
    if try input.flag() {
      guard try tag() == .list else { throw WireError(what: "attempts that are none") }
      error.set(attempts: try items(depth: depth + 1))
    }
    return error
  }

  private mutating func nested(_ depth: Int) throws(WireError) -> ErrorObject {
    guard let error = try value(depth: depth + 1).error else {
      throw WireError(what: "no error where one should be")
    }
    return error
  }
}
