// `t.on_ok(f)` and `t.on_error(f)`: functions that run when a task has ended, as tasks of the scope that it belongs to
// (language.md §6).

import RunnelScheduler

enum TaskCallbacks {
  static let functions: [NativeFunction] = [
    NativeFunction(
      "on_ok(f)", receiver: "task",
      documentation: """
        Calls `f` with the task's value once it has ended well: as a task of the scope that this one belongs to, so that its \
        failure is a failure there.
        """,
      body: .plain { call throws(Raised) in try register(call, forError: false) }),
    NativeFunction(
      "on_error(f)", receiver: "task",
      documentation:
        "Calls `f` with the task's error if it fails. That counts as taking notice of the failure.",
      body: .plain { call throws(Raised) in try register(call, forError: true) }),
  ]

  private static func register(_ call: borrowing NativeCall, forError: Bool) throws(Raised) -> Value {
    let task = try call.task(0)
    let function = call[1]
    guard function.isFunction else { throw call.wrongType(1, expected: "a function") }
    let closure = try PreludeCode.closure(named: "__callback")
    let strand = call.strand
    let context = strand.context
    let globals = strand.machine.fiber.globals
    let interpreter = strand.interpreter
    let here = strand.innermostScope
    interpreter.whenEnded(task, observing: forError) {
      let argument: Value? = interpreter.tree.withLock {
        switch task.state {
        case .ok(let value): forError ? nil : value
        case .failed(let error): forError ? .object(error.copied()) : nil
        case .running, .cancelled: nil
        }
      }
      guard let argument else { return }
      let scope = interpreter.tree.withLock { task.scope.hasEnded ? here : task.scope }
      // Where both scopes have ended nobody is left to whom it would matter.
      _ = try? interpreter.spawn(
        closure, arguments: [function, argument], in: scope, context, globals, name: nil, isDiscarded: true)
    }
    return .nil
  }

  static let prelude = #"""
    fn __callback(f, x) {
      f(x)
      nil
    }
    """#
}
