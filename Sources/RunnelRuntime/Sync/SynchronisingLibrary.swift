// `lock semaphore event barrier condition limiter select`, and their methods. What has to go on after a wait is written in
// Runnel.

import RunnelScheduler

enum SynchronisingLibrary {
  static let groups: [NativeGroup] = [
    global, lock.served, semaphore.served, event.served, barrier.served, condition, limiter,
    intrinsics.served,
  ]

  private static let global = NativeGroup(
    "", summary: "",
    functions: [
      NativeFunction(
        "lock(rank = nil) → lock",
        documentation: """
          A lock: one task holds it at a time, by `with l { … }`. Locks with a rank are taken in rising order: else `LockOrder`.
          """,
        body: .plain { call throws(Raised) in
          let rank = call[0].isNil ? nil : try call.int(0)
          return .object(LockObject(id: call.strand.interpreter.nextLockID(), rank: rank))
        }),
      NativeFunction(
        "semaphore(n) → semaphore",
        documentation: "A semaphore of `n` permits: so many tasks at a time, by `with s { … }`.",
        body: .plain { call throws(Raised) in
          let permits = try call.int(0)
          guard permits >= 0 else {
            throw Raised(.valueError, "a semaphore has 0 permits or more, not \(permits)")
          }
          return .object(SemaphoreObject(permits: permits))
        }),
      NativeFunction(
        "event() → event",
        documentation: "Something that tasks wait for until a task says that it has happened.",
        body: .plain { _ in .object(EventObject()) }),
      NativeFunction(
        "barrier(n) → barrier", documentation: "Where `n` tasks wait until all of them are there.",
        body: .plain { call throws(Raised) in
          let size = try call.int(0)
          guard size >= 1 else { throw Raised(.valueError, "a barrier is for 1 task or more, not \(size)") }
          return .object(BarrierObject(size: size))
        }),
      NativeFunction(
        "condition(lock) → condition",
        documentation:
          "Where tasks that hold `lock` wait, without it, until another says that something has changed.",
        body: .plain { call throws(Raised) in
          return .object(ConditionObject(lock: try its(call)))
        }),
      NativeFunction(
        "limiter(n, per: 1s) → limiter",
        documentation: "Lets `n` pass in any period of the length `per`; the others wait for their turn.",
        body: .plain { call throws(Raised) in
          let limit = try call.int(0)
          guard limit >= 1 else { throw Raised(.valueError, "a limiter lets 1 or more pass, not \(limit)") }
          let period = call[1].isNil ? 1_000_000_000 : try call.duration(1)
          guard period > 0 else {
            throw Raised(.valueError, "a limiter's period is above 0s, not \(Formatting.duration(period))")
          }
          return .object(
            LimiterObject(
              limit: limit, period: Int64(period), scheduler: call.strand.interpreter.scheduler))
        }),
      NativeFunction(
        "select(cases) → map",
        documentation: """
          Waits for the first of some channels, tasks, events and durations that is ready, the first in the map's order if several \
          are, and takes from that one only: `{key, value}`. What a closed channel or a failed task raises has the field `key`.
          """,
        body: .parking { call throws(Raised) in
          .choice(try Selection(try call.map(0), call.strand.interpreter))
        }),
    ])

  private static let lock = NativeGroup(
    "lock",
    summary: "One task at a time. `with l { … }` holds one; the field `locked` says whether somebody does.",
    functions: [
      NativeFunction(
        "acquire()", receiver: "lock",
        documentation: """
          Takes it; waits while another task holds it, first come, first served. Raises `Deadlock` if this task holds it. `with` \
          gives it back whatever happens; after this, `release` must.
          """,
        body: .attempt(
          plain: { call throws(Raised) in try its(call).acquireAtOnce(call.strand) ? .nil : nil },
          wait: { call throws(Raised) in try its(call).acquiring(call.strand) })),
      NativeFunction(
        "try_acquire() → bool", receiver: "lock",
        documentation: "Takes it if nobody holds it, and says whether it did; never waits.",
        body: .plain { call throws(Raised) in .bool(try its(call).tryAcquire(call.strand)) }),
      NativeFunction(
        "release()", receiver: "lock",
        documentation: "Gives it to the first who waits. Only who holds it can: else `ValueError`.",
        body: .plain { call throws(Raised) in
          try its(call).release(call.strand)
          return .nil
        }),
    ])

  private static func its(_ call: borrowing NativeCall) throws(Raised) -> LockObject {
    try call.object(0, .lock, as: LockObject.self, expected: "a lock")
  }

  private static let semaphore = NativeGroup(
    "semaphore", summary: "So many tasks at a time. `with s { … }` holds a permit.",
    functions: [
      NativeFunction(
        "acquire()", receiver: "semaphore",
        documentation: "Takes a permit; waits for one, first come, first served.",
        body: .attempt(
          plain: { call throws(Raised) in try permits(call).tryAcquire() ? .nil : nil },
          wait: { call throws(Raised) in try permits(call).acquiring() })),
      NativeFunction(
        "try_acquire() → bool", receiver: "semaphore",
        documentation: "Takes a permit if there is one, and says whether it did; never waits.",
        body: .plain { call throws(Raised) in .bool(try permits(call).tryAcquire()) }),
      NativeFunction(
        "release()", receiver: "semaphore", documentation: "Gives a permit back. Any task may.",
        body: .plain { call throws(Raised) in
          try permits(call).release()
          return .nil
        }),
    ])

  private static func permits(_ call: borrowing NativeCall) throws(Raised) -> SemaphoreObject {
    try call.object(0, .semaphore, as: SemaphoreObject.self, expected: "a semaphore")
  }

  private static let event = NativeGroup(
    "event", summary: "Something that has happened or not; the field `is_set` says which.",
    functions: [
      NativeFunction(
        "wait()", receiver: "event", documentation: "Waits until it is set.",
        body: .attempt(
          plain: { call throws(Raised) in try happening(call).isSet ? .nil : nil },
          wait: { call throws(Raised) in try happening(call).waiting() })),
      NativeFunction(
        "set()", receiver: "event", documentation: "Says that it has happened: all who wait go on.",
        body: .plain { call throws(Raised) in
          try happening(call).set()
          return .nil
        }),
      NativeFunction(
        "clear()", receiver: "event",
        documentation: "Says that it has not happened: who waits now waits for the next `set`.",
        body: .plain { call throws(Raised) in
          try happening(call).clear()
          return .nil
        }),
    ])

  private static func happening(_ call: borrowing NativeCall) throws(Raised) -> EventObject {
    try call.object(0, .event, as: EventObject.self, expected: "an event")
  }

  private static let barrier = NativeGroup(
    "barrier", summary: "Where tasks wait for each other.",
    functions: [
      NativeFunction(
        "wait()", receiver: "barrier",
        documentation: "Waits until as many tasks wait here as the barrier is for; then it is as new.",
        body: .attempt(
          plain: { call throws(Raised) in try meeting(call).arrive() ? .nil : nil },
          wait: { call throws(Raised) in try meeting(call).waiting() }))
    ])

  private static func meeting(_ call: borrowing NativeCall) throws(Raised) -> BarrierObject {
    try call.object(0, .barrier, as: BarrierObject.self, expected: "a barrier")
  }

  private static let condition = NativeGroup(
    "condition", summary: "Where tasks that hold a lock wait for a change.",
    functions: [
      NativeFunction(
        "wait()", receiver: "condition",
        documentation: """
          Gives the lock back, waits for a notification, and takes the lock again, whatever ends the wait. Whether what one waits \
          for is so is to be asked anew: `while not ready() { c.wait() }`. Raises `ValueError` unless this task holds the lock.
          """,
        body: .prelude("__condition_wait")),
      NativeFunction(
        "notify(n = 1)", receiver: "condition",
        documentation: "Lets `n` tasks that wait go on, the first that came first.",
        body: .plain { call throws(Raised) in
          let count = try call.int(1, default: 1)
          guard count >= 0 else { throw Raised(.valueError, "`notify` takes 0 or more, not \(count)") }
          try change(call).notify(atMost: count)
          return .nil
        }),
      NativeFunction(
        "notify_all()", receiver: "condition", documentation: "Lets all that wait go on.",
        body: .plain { call throws(Raised) in
          try change(call).notify(atMost: Int.max)
          return .nil
        }),
    ])

  private static func change(_ call: borrowing NativeCall) throws(Raised) -> ConditionObject {
    try call.object(0, .condition, as: ConditionObject.self, expected: "a condition")
  }

  private static let limiter = NativeGroup(
    "limiter", summary: "So many a period.",
    functions: [
      NativeFunction(
        "wait()", receiver: "limiter", documentation: "Waits for its turn, first come, first served.",
        body: .attempt(
          plain: { call throws(Raised) in try gate(call).tryPass() ? .nil : nil },
          wait: { call throws(Raised) in try gate(call).passing() }))
    ])

  private static func gate(_ call: borrowing NativeCall) throws(Raised) -> LimiterObject {
    try call.object(0, .limiter, as: LimiterObject.self, expected: "a limiter")
  }

  private static let intrinsics = NativeGroup(
    "__", summary: "For the prelude only.",
    functions: [
      NativeFunction(
        "__take_hold(x)",
        documentation: "`with` of a lock takes it, of a semaphore a permit; of anything else does nothing.",
        body: .attempt(
          plain: { call throws(Raised) in
            if let lock = call[0].object(.lock, as: LockObject.self) {
              return try lock.acquireAtOnce(call.strand) ? .nil : nil
            }
            if let semaphore = call[0].object(.semaphore, as: SemaphoreObject.self) {
              return semaphore.tryAcquire() ? .nil : nil
            }
            return .nil
          },
          wait: { call throws(Raised) in
            if let lock = call[0].object(.lock, as: LockObject.self) { return lock.acquiring(call.strand) }
            return try permits(call).acquiring()
          })),
      NativeFunction(
        "__condition_check(c)", documentation: "Raises unless this task holds the condition's lock.",
        body: .plain { call throws(Raised) in
          let lock = try change(call).lock
          guard lock.holder === call.strand.lockOwner else {
            throw Raised(
              .valueError, "`wait` needs \(lock.label) of the condition: call it within `with l { … }`")
          }
          return .nil
        }),
      NativeFunction(
        "__condition_park(c)", documentation: "Gives the lock back and waits.",
        body: .parking { call throws(Raised) in try change(call).waiting(call.strand) }),
      NativeFunction(
        "__condition_retake(c)",
        documentation: "Takes the lock again, unless the wait has, or it was never given back.",
        body: .attempt(
          plain: { call throws(Raised) in try change(call).lock.retake(call.strand) ? .nil : nil },
          wait: { call throws(Raised) in try change(call).lock.acquiring(call.strand) })),
    ])

  static let prelude = #"""
    fn __condition_wait(c) {
      __condition_check(c)
      try { __condition_park(c) } finally { __condition_retake(c) }
      nil
    }
    """#
}
