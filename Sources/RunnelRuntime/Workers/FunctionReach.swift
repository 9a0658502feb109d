// What a function's code may touch that it does not capture: top-level variables, and modules with the names that it asks them
// for. That, and what the functions among those values reach, travels with a function that is sent to another process, so that a
// worker need not run top-level code (language.md §6).

import RunnelCompiler

/// What the code of one function, and of those that it makes, refers to.
struct FunctionReach: Sendable {
  /// Numbers of top-level variables.
  private(set) var globals: Set<Int> = []
  /// Numbers of modules.
  private(set) var modules: Set<Int> = []
  /// Every name that it could ask a module for.
  private(set) var names: Set<String> = []

  init(of function: LoadedFunction) {
    for instruction in function.code.instructions {
      switch instruction.opcode {
      case .getGlobal, .getGlobalChecked, .setGlobal: globals.insert(instruction.immediate)
      case .closure:
        let inner = function.module.functions[instruction.immediate].reach
        globals.formUnion(inner.globals)
        modules.formUnion(inner.modules)
        names.formUnion(inner.names)
      default: break
      }
    }
    for constant in function.code.constants {
      switch constant {
      case .string(let text): names.insert(text)
      case .names(let texts): names.formUnion(texts)
      case .module(let index): modules.insert(index)
      case .place(let place):
        if case .global(let number) = place.base { globals.insert(number) }
        names.insert(place.method)
        for step in place.steps { if case .field(let name) = step { names.insert(name) } }
      default: break
      }
    }
  }
}

extension ValueEncoder {
  /// Writes a function with its arguments, and the values of all top-level variables that it reaches.
  mutating func put(
    body closure: Closure, arguments: [Value], globals table: GlobalTable, of interpreter: Interpreter
  )
    throws(Raised)
  {
    try put(.object(closure), as: .what("the task"))
    put(count: arguments.count)
    for argument in arguments { try put(argument, as: .what("the item")) }
    var written: Set<Int> = []
    var names: Set<String> = []
    var reached: Set<Int> = []
    var next = 0
    repeat {
      while next < functions.count {
        let reach = functions[next].reach
        next += 1
        names.formUnion(reach.names)
        reached.formUnion(reach.modules)
        for number in reach.globals.sorted() { try put(global: number, &written, table, interpreter) }
      }
      for module in reached.union(modules).sorted() where interpreter.modules.indices.contains(module) {
        for (name, number) in interpreter.modules[module].code.members where names.contains(name) {
          try put(global: number, &written, table, interpreter)
        }
      }
    } while next < functions.count
    put(count: 0)
  }

  private mutating func put(
    global number: Int, _ written: inout Set<Int>, _ table: GlobalTable, _ interpreter: Interpreter
  ) throws(Raised) {
    guard number < table.count, written.insert(number).inserted else { return }
    put(count: number + 1)
    let names = interpreter.globalNames
    try put(table.values[number], as: .variable(number < names.count ? names[number] : "a variable"))
  }
}
