// Built-ins that concern tasks, time and the end of the script; entering and leaving `with`.

import RunnelScheduler

enum TaskLibrary {
  static let groups: [NativeGroup] = [
    global, handle, errors, environment, intrinsics,
    NativeGroup("task", summary: "", functions: TaskCallbacks.functions),
    NativeGroup("__", summary: "For the prelude only.", functions: GatherFeed.functions),
  ]

  private static let global = NativeGroup(
    "", summary: "",
    functions: [
      NativeFunction(
        "sleep(d)", documentation: "Waits for a duration.",
        body: .parking { call throws(Raised) in
          guard case .duration(let duration) = call[0] else {
            throw Raised(.typeError, "`sleep` takes a duration, not \(call[0].typeName); write `sleep(5s)`")
          }
          return .time(duration, WaitDescription("a sleep"), call.strand)
        }),
      NativeFunction(
        "now() → time", documentation: "The present moment.",
        body: .plain { call in
          .object(TimeObject(nanoseconds: Int(call.strand.interpreter.scheduler.clock.wallNow())))
        }),
      NativeFunction(
        "deadline() → duration", documentation: "The time left until the nearest deadline, nil without one.",
        body: .machine(.deadline)),
      NativeFunction(
        "exit(code = 0)", documentation: "Ends the script after cleanup.", body: .machine(.exit)),
    ])

  private static let handle = NativeGroup(
    "task",
    summary: """
      Handles of tasks. Fields: `id name state` (`"running"`, `"ok"`, `"failed"`, `"cancelled"`) `done error` (nil but for one that failed) \
      `duration` (so far, or of the whole run).
      """,
    functions: [
      NativeFunction(
        "cancel(reason = nil) → bool", receiver: "task",
        documentation: "Asks the task to stop; false if it has ended or was asked before.",
        body: .machine(.spawnedTaskCancel)),
      NativeFunction(
        "stop()", receiver: "task",
        documentation:
          "Cancels the task and waits for its end; raises nothing. A failure of the task still waits to be observed.",
        body: .parking { call throws(Raised) in try stop(call, givesFailure: false) }),
    ])

  /// - Parameter givesFailure: the handle is given up: a failure that nobody has observed is what the wait gives.
  private static func stop(_ call: borrowing NativeCall, givesFailure: Bool) throws(Raised) -> Wait {
    let task = try call.task(0)
    let interpreter = call.strand.interpreter
    let (root, takes) = interpreter.tree.withLock { () -> (Scope?, Bool) in
      let takes = givesFailure && !task.isObserved
      if takes { task.isObserved = true }
      return (task.isRunning ? task.strand?.root : nil, takes)
    }
    if let root { interpreter.cancel(root, .byHand(nil)) }
    return .other(WaitDescription("task", number: task.id, on: .task(task))) { waiter in
      interpreter.whenEnded(task) {
        let failure = takes ? interpreter.tree.withLock { task.failure } : nil
        waiter.resume(with: failure.map { .object($0) } ?? .nil)
      }
      return {}
    }
  }

  private static let environment = NativeGroup(
    "env", summary: "The task's environment: a map of strings, with the methods of maps that change nothing.",
    functions: [
      NativeFunction(
        "get(name, default = nil) → string", receiver: "env",
        documentation: "The value of a variable, or `default` where there is none.",
        body: .plain { call throws(Raised) in call.strand.environment[.string(try call.string(1))] ?? call[2]
        }),
      NativeFunction(
        "has(name) → bool", receiver: "env", documentation: "Whether a variable is set.",
        body: .plain { call throws(Raised) in
          .bool(call.strand.environment[.string(try call.string(1))] != nil)
        }),
      NativeFunction(
        "keys() → list", receiver: "env", documentation: "The names of all variables.",
        body: .plain { call in .list(call.strand.environment.map(\.key)) }),
      NativeFunction(
        "items() → list", receiver: "env", documentation: "All variables as `[name, value]`.",
        body: .plain { call in .list(call.strand.environment.map { .list([$0.key, $0.value]) }) }),
      NativeFunction(
        "remove(name) → string", receiver: "env",
        documentation: "Takes a variable out; gives its value or nil.",
        body: .plain { call throws(Raised) in
          call.strand.environment.remove(.string(try call.string(1))) ?? .nil
        }),
      NativeFunction(
        "to_map() → map", receiver: "env", documentation: "A copy as an ordinary map.",
        body: .plain { call in .object(MapObject(call.strand.environment)) }),
    ] + mapMethods)

  /// The methods of maps that change nothing: what takes a map takes the environment too.
  private static var mapMethods: [NativeFunction] {
    let own: Set<String> = ["get", "has", "keys", "items", "remove"]
    return MapMethods.group.functions.filter { !$0.changesReceiver && !own.contains($0.name) }.map { method in
      var body = method.body
      switch body {
      case .prelude: body = .prelude("__env_\(method.name)")
      case .either(let when, _, let plain):
        body = .either(when: when, prelude: "__env_\(method.name)", plain: plain)
      default: break
      }
      return NativeFunction(
        method.signature, receiver: "env", documentation: method.documentation, body: body)
    }
  }

  private static let errors = NativeGroup(
    "error",
    summary: """
      Errors. Fields: `kind message data` (a map of what it was raised with) `cause suppressed notes trace`, `attempts` \
      of a failed `retry`, and what it was raised with by name, where no other field is called so.
      """,
    functions: [
      NativeFunction(
        "note(text)", receiver: "error", documentation: "Adds a line that is shown with the error.",
        body: .plain { call throws(Raised) in
          let text = try describe(call[1], strand: call.strand)
          call[0].error?.add(note: text)
          return call[0]
        })
    ])

  private static let intrinsics = NativeGroup(
    "__", summary: "For the prelude only.",
    functions: [
      NativeFunction(
        "__drop(t) → error",
        documentation: "As `t.stop()`; gives what the task has failed with, unless somebody knows already.",
        body: .parking { call throws(Raised) in try stop(call, givesFailure: true) }),
      NativeFunction(
        "__suppress(error, other)",
        documentation: "Adds an error to those that have been raised beside another.",
        body: .plain { call in
          if let other = call[1].error { call[0].error?.add(suppressed: other) }
          return .nil
        }),
      NativeFunction(
        "__first_ended(tasks) → key",
        documentation: "The key of the first task of a map that has ended; waits for one.",
        body: .parking { call throws(Raised) in
          let tasks = try call.map(0)
          let interpreter = call.strand.interpreter
          return .other(WaitDescription("the first of some tasks")) { waiter in
            for (key, value) in tasks {
              guard let task = value.object(.task, as: TaskObject.self) else { continue }
              interpreter.whenEnded(task) { waiter.resume(with: key) }
            }
            return {}
          }
        }),
      NativeFunction(
        "__first_or_failed(tasks) → int",
        documentation:
          "The index of a task of a list that has failed, or 0 when the first has ended; waits for either.",
        body: .parking { call throws(Raised) in
          let tasks = (call[0].list?.items ?? []).compactMap { $0.object(.task, as: TaskObject.self) }
          let interpreter = call.strand.interpreter
          return .other(WaitDescription("the first of some tasks")) { waiter in
            for (index, task) in tasks.enumerated().reversed() {
              interpreter.whenEnded(task) {
                if index == 0 || interpreter.tree.withLock({ task.failure != nil }) {
                  waiter.resume(with: .int(index))
                }
              }
            }
            return {}
          }
        }),
    ])

  /// What of this is written in Runnel.
  static let prelude = #"""
    # The string's own method knows patterns.
    fn __regex_replace(re, text, by) { text.replace(re, by) }
    """#
}
