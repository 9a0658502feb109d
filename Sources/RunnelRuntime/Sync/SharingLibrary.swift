// `channel` and `shared`, and their methods. What calls a function of the script is written in Runnel, so that the function
// may wait.

enum SharingLibrary {
  static let groups: [NativeGroup] = [global, channel.served, shared.served, intrinsics.served]

  private static let global = NativeGroup(
    "", summary: "",
    functions: [
      NativeFunction(
        "channel(n = 0) → channel",
        documentation: """
          Hands values from task to task, in order. `n` of them wait in it at most; with 0 each `send` waits for its `recv`.
          """,
        body: .plain { call throws(Raised) in
          let capacity = try call.int(0, default: 0)
          guard capacity >= 0 else {
            throw Raised(.valueError, "a channel holds 0 items or more, not \(capacity)")
          }
          return .object(ChannelObject(capacity: capacity))
        }),
      NativeFunction(
        "shared(v) → shared", documentation: "A value that tasks may read and replace, one at a time.",
        body: .plain { call in .object(SharedObject(call[0])) }),
    ])

  private static let channel = NativeGroup(
    "channel", summary: "Values handed from task to task.",
    functions: [
      NativeFunction(
        "send(x)", receiver: "channel",
        documentation: "Puts a value in; waits while it is full. Raises `ChannelClosed` if it is closed.",
        body: .attempt(
          plain: { call throws(Raised) in try its(call).trySend(call[1]) ? .nil : nil },
          wait: { call throws(Raised) in try its(call).sending(call[1]) })),
      NativeFunction(
        "recv() → value", receiver: "channel",
        documentation: """
          Takes the next value out; waits for one. Raises `ChannelClosed`, or the error it was closed with, when it is closed and \
          empty.
          """,
        body: .attempt(
          plain: { call throws(Raised) in try its(call).tryReceive() },
          wait: { call throws(Raised) in try its(call).receiving() })),
      NativeFunction(
        "try_recv() → map", receiver: "channel",
        documentation:
          "`{value}` if there is a value now, else nil. Raises as `recv` does when it is closed and empty.",
        body: .plain { call throws(Raised) in
          guard let value = try its(call).tryReceive() else { return .nil }
          return .record(["value": value])
        }),
      NativeFunction(
        "close(error = nil)", receiver: "channel",
        documentation: """
          Nothing more can be sent. What is in it can still be received; after that receivers get `error`, if one is given, and \
          loops over it end otherwise.
          """,
        body: .plain { call throws(Raised) in
          let error = call[1].error
          guard error != nil || call[1].isNil else { throw call.wrongType(1, expected: "an error") }
          try its(call).close(with: error)
          return .nil
        }),
    ])

  private static func its(_ call: borrowing NativeCall) throws(Raised) -> ChannelObject {
    try call.object(0, .channel, as: ChannelObject.self, expected: "a channel")
  }

  private static let shared = NativeGroup(
    "shared", summary: "A value that tasks share.",
    functions: [
      NativeFunction(
        "get() → value", receiver: "shared", documentation: "The value; waits while a task is changing it.",
        body: .attempt(
          plain: { call throws(Raised) in try value(call).tryGet(call.strand) },
          wait: { call throws(Raised) in try value(call).getting() })),
      NativeFunction(
        "set(v)", receiver: "shared", documentation: "Replaces the value.",
        body: .attempt(
          plain: { call throws(Raised) in try value(call).trySet(call[1], call.strand) ? .nil : nil },
          wait: { call throws(Raised) in try value(call).setting(call[1]) })),
      NativeFunction(
        "update(f) → value", receiver: "shared",
        documentation: """
          Replaces the value by what `f` gives for it, and gives the new one. `f` runs once, while all others wait; if it fails, \
          nothing has changed.
          """,
        body: .prelude("__shared_update")),
      NativeFunction(
        "get_and_update(f) → value", receiver: "shared",
        documentation: "As `update`, and gives the value from before.",
        body: .prelude("__shared_get_and_update")),
      NativeFunction(
        "cas(old, new) → bool", receiver: "shared",
        documentation: "Replaces the value if it equals `old`; says whether it did.",
        body: .prelude("__shared_cas")),
    ])

  private static func value(_ call: borrowing NativeCall) throws(Raised) -> SharedObject {
    try call.object(0, .shared, as: SharedObject.self, expected: "a shared value")
  }

  private static let intrinsics = NativeGroup(
    "__", summary: "For the prelude only.",
    functions: [
      NativeFunction(
        "__shared_begin(s)", documentation: "Waits for the turn to change it; gives its value.",
        body: .attempt(
          plain: { call throws(Raised) in try value(call).tryBegin(call.strand) },
          wait: { call throws(Raised) in try value(call).beginning(call.strand) })),
      NativeFunction(
        "__shared_end(s, changed, new)", documentation: "Ends the turn, with a new value if there is one.",
        body: .plain { call throws(Raised) in
          let isChanged = if case .bool(true) = call[1] { true } else { false }
          try value(call).finish(isChanged ? call[2] : nil, call.strand)
          return .nil
        }),
    ])

  static let prelude = #"""
    fn __shared_update(s, f) {
      var changed = false
      var new = __shared_begin(s)
      try {
        new = f(new)
        changed = true
      } finally {
        __shared_end(s, changed, new)
      }
      new
    }

    fn __shared_get_and_update(s, f) {
      var changed = false
      let old = __shared_begin(s)
      var new = old
      try {
        new = f(old)
        changed = true
      } finally {
        __shared_end(s, changed, new)
      }
      old
    }

    fn __shared_cas(s, old, new) {
      var is_same = false
      let value = __shared_begin(s)
      try {
        is_same = value == old
      } finally {
        __shared_end(s, is_same, new)
      }
      is_same
    }
    """#
}
