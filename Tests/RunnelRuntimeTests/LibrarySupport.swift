// How the library's tests call built-ins: as a script would, and with what a script would print to compare.

@testable import RunnelRuntime

/// `Value`, where a protocol's requirement has the same name.
typealias ScriptValue = Value

/// A value written as a literal of Swift.
struct Literal: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  let value: ScriptValue

  init(_ value: ScriptValue) { self.value = value }
  init(integerLiteral number: Int) { value = .int(number) }
  init(floatLiteral number: Double) { value = .float(number) }
  init(stringLiteral text: String) { value = .string(text) }
  init(booleanLiteral flag: Bool) { value = .bool(flag) }
  init(arrayLiteral items: Literal...) { value = .list(items.map(\.value)) }
  init(nilLiteral: ()) { value = .nil }
  init(dictionaryLiteral pairs: (Literal, Literal)...) {
    var storage = MapStorage()
    for (key, item) in pairs { storage.set(key.value, item.value) }
    value = .object(MapObject(storage))
  }

  static func bytes(_ bytes: UInt8...) -> Literal { Literal(.bytes(bytes)) }
  static func utf8(_ text: String) -> Literal { Literal(.bytes(Array(text.utf8))) }
  static func seconds(_ seconds: Double) -> Literal { Literal(.duration(Int(seconds * 1e9))) }
  static func nanoseconds(_ count: Int) -> Literal { Literal(.duration(count)) }
  static func range(_ lower: Int, _ upper: Int, step: Int = 1, inclusive: Bool = false) -> Literal {
    Literal(.object(RangeObject(lower: lower, upper: upper, step: step, inclusive: inclusive)))
  }
}

enum Script {
  static let strand = Strand(interpreter: Interpreter())

  /// What a call gives. Arguments are bound by the signature: positions, then names, the rest to `...rest`.
  static func call(
    _ function: NativeFunction?, on receiver: Literal? = nil, _ arguments: [Literal] = [],
    named: [String: Literal] = [:]
  ) throws(Raised) -> Value {
    var receiver = receiver?.value
    return try change(function, &receiver, arguments, named: named)
  }

  /// A call that may change its receiver.
  static func change(
    _ function: NativeFunction?, _ receiver: inout Value?, _ arguments: [Literal] = [],
    named: [String: Literal] = [:]
  ) throws(Raised) -> Value {
    guard let function else { throw Raised(.nameError, "no such built-in") }
    let parameters = function.parameters
    let first = receiver == nil ? 0 : 1
    var bound = [Value](repeating: .nil, count: parameters.names.count + first)
    var rest: [Value] = []
    for (index, argument) in arguments.enumerated() {
      if index < parameters.positional {
        bound[first + index] = argument.value
      } else if parameters.rest != nil {
        rest.append(argument.value)
      } else {
        throw Raised(.arityError, "too many arguments")
      }
    }
    for (name, argument) in named {
      guard let index = parameters.names.firstIndex(of: name) else {
        throw Raised(.arityError, "no `\(name)`")
      }
      bound[first + index] = argument.value
    }
    if !function.changesReceiver, let receiver { bound[0] = receiver }
    let outcome: Result<Value, Raised> = bound.withUnsafeBufferPointer { bound in
      rest.withUnsafeBufferPointer { rest in
        let call = NativeCall(function: function, strand: strand, arguments: bound, rest: rest)
        do throws(Raised) {
          switch function.body {
          case .plain(let code): return .success(try code(call))
          case .attempt(let plain, _):
            guard let value = try plain(call) else {
              return .failure(Raised(.typeError, "not for a unit test"))
            }
            return .success(value)
          case .either(let when, let prelude, let code):
            if when(call) { return .success(.string("prelude \(prelude)")) }
            return .success(try code(call))
          case .mutating(let code): return .success(try mutate(&receiver, code, call))
          case .mutatingEither(let when, let prelude, let code):
            if when(call) { return .success(.string("prelude \(prelude)")) }
            return .success(try mutate(&receiver, code, call))
          case .prelude(let name), .preludeMutating(let name): return .success(.string("prelude \(name)"))
          case .waiting, .parking, .machine: return .failure(Raised(.typeError, "not for a unit test"))
          }
        } catch {
          return .failure(error)
        }
      }
    }
    return try outcome.get()
  }

  private static func mutate(
    _ receiver: inout Value?, _ code: (inout Value, borrowing NativeCall) throws(Raised) -> Value,
    _ call: borrowing NativeCall
  ) throws(Raised) -> Value {
    guard var value = receiver.take() else { throw Raised(.typeError, "no receiver") }
    defer { receiver = value }
    return try code(&value, call)
  }

  /// As `repr` shows it, or the kind of the error: `ValueError`.
  static func shown(_ value: () throws(Raised) -> Value) -> String {
    do throws(Raised) {
      return try represent(try value())
    } catch {
      return error.error.kind.name
    }
  }

  /// A method's result, as `repr` shows it, or the kind of its error.
  static func method(
    _ receiver: Literal, _ name: String, _ arguments: Literal..., named: [String: Literal] = [:]
  ) -> String {
    shown { () throws(Raised) in
      try call(Library.method(of: receiver.value, name: name), on: receiver, arguments, named: named)
    }
  }

  /// A global function's result, as `repr` shows it, or the kind of its error.
  static func global(_ name: String, _ arguments: Literal..., named: [String: Literal] = [:]) -> String {
    shown { () throws(Raised) in try call(Library.global(name), arguments, named: named) }
  }

  static func intrinsic(_ name: String, _ arguments: Literal...) -> String {
    shown { () throws(Raised) in try call(Library.intrinsic(name), arguments) }
  }

  /// What a changing method gives, and what its variable then holds: `2 [1]`.
  static func changing(
    _ receiver: Literal, _ name: String, _ arguments: Literal..., named: [String: Literal] = [:]
  ) -> String {
    var variable: Value? = receiver.value
    let result = shown { () throws(Raised) in
      try change(Library.method(of: receiver.value, name: name), &variable, arguments, named: named)
    }
    return result + " " + brief(variable ?? .nil)
  }

  /// The message of the error that something raises.
  static func message(_ value: () throws(Raised) -> Value) -> String {
    do throws(Raised) {
      return "no error: " + brief(try value())
    } catch {
      return error.error.message
    }
  }
}
