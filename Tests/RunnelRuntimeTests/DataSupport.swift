// How the tests of the data library call built-ins: by the names that scripts use, with what a script would print to
// compare.

import Glibc
import Testing

@testable import RunnelRuntime

extension Value: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(integerLiteral number: Int) { self = .int(number) }
  init(floatLiteral number: Double) { self = .float(number) }
  init(booleanLiteral flag: Bool) { self = .bool(flag) }
  init(stringLiteral text: String) { self = .string(text) }
  init(arrayLiteral items: Value...) { self = .list(items) }
  init(dictionaryLiteral pairs: (Value, Value)...) {
    var storage = MapStorage()
    for (key, value) in pairs { storage.set(key, value) }
    self = .object(MapObject(storage))
  }
}

enum DataCall {
  /// One for each thread that runs tests: a strand belongs to one at a time.
  static var strand: Strand {
    strands.withLock { strands in
      let thread = pthread_self()
      if let strand = strands[thread] { return strand }
      let strand = Strand(interpreter: Interpreter())
      strands[thread] = strand
      return strand
    }
  }

  private static let strands = Guarded<[pthread_t: Strand]>([:])

  /// A strand that is to stop at its next checkpoint.
  static func cancelledStrand() -> Strand {
    let strand = Strand(interpreter: Interpreter())
    strand.root.cancelReason = .byHand("enough")
    strand.interrupt()
    return strand
  }

  private static func function(_ name: String, method: Bool) throws -> NativeFunction {
    let parts = name.split(separator: ".")
    let group = parts.count > 1 ? String(parts[0]) : ""
    let found = functions.first { known in
      known.group == group && known.function.name == parts[parts.count - 1]
        && (known.function.receiver != nil) == method
    }
    return try #require(found, "there is no `\(name)`").function
  }

  private static let functions = DataLibrary.groups.flatMap { group in
    group.functions.map { (group: group.name, function: $0) }
  }

  private static func bind(
    _ function: NativeFunction, _ receiver: [Value], _ arguments: [Value],
    _ named: KeyValuePairs<String, Value>
  ) -> (bound: [Value], rest: [Value]) {
    let parameters = function.parameters
    var bound = receiver + [Value](repeating: .nil, count: parameters.names.count)
    var rest: [Value] = []
    for (index, argument) in arguments.enumerated() {
      if index < parameters.positional {
        bound[receiver.count + index] = argument
      } else {
        rest.append(argument)
      }
    }
    for (name, argument) in named {
      if let index = parameters.names.firstIndex(of: name) { bound[receiver.count + index] = argument }
    }
    return (bound, rest)
  }

  static func run(
    _ function: NativeFunction, _ receiver: [Value], _ arguments: [Value],
    _ named: KeyValuePairs<String, Value>
  ) throws -> Value {
    let (bound, rest) = bind(function, receiver, arguments, named)
    return try bound.withUnsafeBufferPointer { bound in
      try rest.withUnsafeBufferPointer { rest in
        let call = NativeCall(function: function, strand: strand, arguments: bound, rest: rest)
        guard case .plain(let code) = function.body else { throw Raised(.typeError, "not for a unit test") }
        return try code(call)
      }
    }
  }

  /// Calls a waiting function.
  static func wait(_ name: String, _ arguments: Value...) async throws -> Value {
    let function = try function(name, method: false)
    guard case .waiting(let code) = function.body else { throw Raised(.typeError, "`\(name)` does not wait") }
    return try await RunningInterpreter.run { strand in try await code(strand, arguments) }
  }

  static func call(
    _ name: String, _ arguments: [Value], _ named: KeyValuePairs<String, Value> = [:]
  ) throws -> Value {
    try run(function(name, method: false), [], arguments, named)
  }

  static func callMethod(_ name: String, on receiver: Value, _ arguments: [Value]) throws -> Value {
    try run(function(name, method: true), [receiver], arguments, [:])
  }
}

/// What `json.parse(…)` or another function gives, as `repr` shows it; for an error its kind and message.
func result(_ name: String, _ arguments: Value..., named: KeyValuePairs<String, Value> = [:]) -> String {
  shown { try DataCall.call(name, arguments, named) }
}

/// What a method gives, as `repr` shows it.
func result(of name: String, on receiver: Value, _ arguments: Value...) -> String {
  shown { try DataCall.callMethod(name, on: receiver, arguments) }
}

/// The name of the kind of error that a function raises, or what it gave.
func kind(_ name: String, _ arguments: Value..., named: KeyValuePairs<String, Value> = [:]) -> String {
  errorKind { try DataCall.call(name, arguments, named) }
}

func errorKind(_ body: () throws -> Value) -> String {
  do {
    return "no error: " + show(try body())
  } catch let raised as Raised {
    return raised.error.kind.name
  } catch {
    return "\(error)"
  }
}

/// The error that something raises.
func raised(_ body: () throws -> Value) throws -> ErrorObject {
  do {
    _ = try body()
  } catch let raised as Raised {
    return raised.error
  }
  throw Raised(.error, "nothing was raised")
}

func shown(_ body: () throws -> Value) -> String {
  do {
    return show(try body())
  } catch let raised as Raised {
    return raised.error.summary
  } catch {
    return "\(error)"
  }
}

/// A value as `repr` shows it, near enough.
func show(_ value: Value) -> String {
  guard case .object(let object) = value else {
    return value.isNil ? "nil" : plainText(value) ?? value.typeName
  }
  switch object.tag {
  case .string: return "\"\(value.string?.text ?? "")\""
  case .list: return "[" + (value.list?.items ?? []).map(show).joined(separator: ", ") + "]"
  case .map:
    let entries = (value.map?.storage ?? MapStorage()).map {
      "\($0.key.string?.text ?? show($0.key)): \(show($0.value))"
    }
    return "{" + entries.joined(separator: ", ") + "}"
  case .bytes: return "<\(value.bytes?.bytes.count ?? 0) bytes>"
  default: return plainText(value) ?? "<\(object.typeName)>"
  }
}

/// Random numbers that are the same in every run, for fuzzing.
struct FixedRandom: RandomNumberGenerator {
  private var source: RandomSource
  init(_ seed: UInt64) { source = RandomSource(seed: seed) }
  mutating func next() -> UInt64 { source.next() }
}
