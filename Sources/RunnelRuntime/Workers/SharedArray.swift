// `shared_array(int, n)`: memory that tasks, threads and worker processes see at once. Each item is read, written and changed in one
// piece, in one order for all; nothing is copied, and nobody waits for anybody.

import RunnelScheduler
import RunnelSystem

/// An array of ints or floats in shared memory.
///
/// `@unchecked Sendable`: never changes; what it holds is changed atomically.
final class SharedArrayObject: Object, @unchecked Sendable {
  let isFloat: Bool
  private let memory: SharedMemory

  init(_ memory: SharedMemory, isFloat: Bool) {
    self.memory = memory
    self.isFloat = isFloat
    super.init(tag: .sharedArray)
  }

  override var typeName: String { "shared_array" }

  var count: Int { memory.count }
  /// For sending it to another process.
  var descriptor: Int32 { memory.number }

  /// The most items: 8 GiB.
  static let limit = 1 << 30

  /// The item at a position that exists.
  subscript(position: Int) -> Value { value(memory.load(position)) }

  /// All items, each as it is when it is read.
  var values: [Value] { (0..<count).map { self[$0] } }

  private func value(_ word: Int64) -> Value {
    isFloat ? .float(Double(bitPattern: UInt64(bitPattern: word))) : .int(Int(word))
  }

  fileprivate func word(_ value: Value) throws(Raised) -> Int64 {
    switch (value, isFloat) {
    case (.int(let number), false): return Int64(number)
    case (.float(let number), true): return Int64(bitPattern: number.bitPattern)
    case (.int(let number), true): return Int64(bitPattern: Double(number).bitPattern)
    default:
      throw Raised(.typeError, "this array holds \(isFloat ? "floats" : "ints"), not a \(value.typeName)")
    }
  }

  fileprivate func set(_ value: Value, at position: Int) throws(Raised) {
    memory.store(try word(value), at: position)
  }

  /// Adds to an item, and gives what it is then. An int that would overflow stays as it was.
  fileprivate func add(_ value: Value, at position: Int) throws(Raised) -> Value {
    let word = try word(value)
    var old = memory.load(position)
    while true {
      let new: Int64
      if isFloat {
        let sum = Double(bitPattern: UInt64(bitPattern: old)) + Double(bitPattern: UInt64(bitPattern: word))
        new = Int64(bitPattern: sum.bitPattern)
      } else {
        let (sum, overflow) = old.addingReportingOverflow(word)
        guard !overflow else { throw Arithmetic.overflow }
        new = sum
      }
      guard let now = memory.exchange(old, for: new, at: position) else { return self.value(new) }
      old = now
    }
  }

  fileprivate func exchange(_ expected: Value, for value: Value, at position: Int) throws(Raised) -> Bool {
    let (expected, new) = (try word(expected), try word(value))
    var old = expected
    while let now = memory.exchange(old, for: new, at: position) {
      // Floats are compared as numbers: 0.0 and -0.0 are equal, NaN equals nothing.
      guard isFloat, now != old,
        Double(bitPattern: UInt64(bitPattern: now)) == Double(bitPattern: UInt64(bitPattern: expected))
      else { return false }
      old = now
    }
    return true
  }
}

enum SharedArrayLibrary {
  static let groups: [NativeGroup] = [global, methods]

  private static let global = NativeGroup(
    "", summary: "",
    functions: [
      NativeFunction(
        "shared_array(type, n) → shared_array",
        documentation: """
          `n` ints (`shared_array(int, n)`) or floats in memory that tasks, threads and process tasks share, all 0 at first. Each \
          operation is done in one piece.
          """,
        body: .plain { call throws(Raised) in
          let isFloat: Bool
          switch call[0].native {
          case let native? where native === Library.global("int"): isFloat = false
          case let native? where native === Library.global("float"): isFloat = true
          default: throw call.wrongType(0, expected: "`int` or `float`")
          }
          let count = try call.int(1)
          guard count >= 1 else {
            throw Raised(.valueError, "a shared array has at least 1 item, not \(count)")
          }
          guard count <= SharedArrayObject.limit else {
            throw Raised(
              .limitError, "a shared array has at most \(SharedArrayObject.limit) items, not \(count)")
          }
          do throws(SystemError) {
            return .object(SharedArrayObject(try SharedMemory(count: count), isFloat: isFloat))
          } catch {
            throw Raised(
              .ioError, "there is no memory for \(count) shared items: \(error.message)",
              data: ["errno": .string(error.name)])
          }
        })
    ])

  private static let methods = NativeGroup(
    "shared_array",
    summary:
      "Memory that tasks and processes share. Negative indexes count from the end; `IndexError` beyond.",
    functions: [
      NativeFunction(
        "len() → int", receiver: "shared_array", documentation: "The number of items.",
        body: .plain { call throws(Raised) in .int(try its(call).count) }),
      NativeFunction(
        "get(i) → value", receiver: "shared_array", documentation: "The item at an index, as `a[i]`.",
        body: .plain { call throws(Raised) in try its(call)[try position(call)] }),
      NativeFunction(
        "set(i, x)", receiver: "shared_array", documentation: "Replaces the item at an index.",
        body: .plain { call throws(Raised) in
          try its(call).set(call[2], at: try position(call))
          return .nil
        }),
      NativeFunction(
        "add(i, x) → value", receiver: "shared_array",
        documentation: """
          Adds to the item at an index and gives what it is then; no other change comes between. An int that would overflow raises \
          `OverflowError` and stays as it was.
          """,
        body: .plain { call throws(Raised) in try its(call).add(call[2], at: try position(call)) }),
      NativeFunction(
        "cas(i, old, new) → bool", receiver: "shared_array",
        documentation: "Replaces the item at an index if it equals `old`; says whether it did.",
        body: .plain { call throws(Raised) in
          .bool(try its(call).exchange(call[2], for: call[3], at: try position(call)))
        }),
      NativeFunction(
        "values() → list", receiver: "shared_array",
        documentation: "A copy as a list, each item as it is when it is read.",
        body: .plain { call throws(Raised) in .list(try its(call).values) }),
    ])

  private static func its(_ call: borrowing NativeCall) throws(Raised) -> SharedArrayObject {
    guard let array = call[0].object(.sharedArray, as: SharedArrayObject.self) else {
      throw call.wrongType(0, expected: "a shared array")
    }
    return array
  }

  private static func position(_ call: borrowing NativeCall) throws(Raised) -> Int {
    try Indexing.offset(try call.int(1), in: try its(call).count, of: "shared array")
  }
}
