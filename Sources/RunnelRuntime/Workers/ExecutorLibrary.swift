// `pool`, its methods, and what tasks in other processes begin with.

import RunnelScheduler

enum ExecutorLibrary {
  static let groups: [NativeGroup] =
    [global, pool, intrinsics] + SharedArrayLibrary.groups
    + [NativeGroup("__", summary: "For the prelude only.", functions: RemoteCalls.functions).served]

  private static let global = NativeGroup(
    "", summary: "",
    functions: [
      NativeFunction(
        "pool(executor, n) → pool",
        documentation: """
          `n` threads (`pool(thread, n)`) or worker processes (`pool(process, n)`), which are started as they are needed and run \
          one task after another: `spawn on p …`, `gather … on p`. Who finds none free waits, first come, first served. Closed by \
          `with`, or at the end of the scope that made it.
          """,
        body: .plain { call throws(Raised) in
          guard let kind = call[0].object(.executor, as: ExecutorObject.self)?.kind else {
            throw call.wrongType(0, expected: "`thread` or `process`")
          }
          let size = try call.int(1)
          guard size >= 1 else { throw Raised(.valueError, "a pool has at least 1 worker, not \(size)") }
          let interpreter = call.strand.interpreter
          let pool: ExecutorPool
          switch kind {
          case .thread: pool = ThreadPool(size: size, scheduler: interpreter.scheduler)
          case .process: pool = ProcessPool(size: size, interpreter)
          case .task:
            throw Raised(
              .valueError, "a pool is of `thread` or `process`: tasks need none, `limit` bounds them")
          }
          call.strand.own(pool)
          return .object(pool)
        })
    ])

  private static let pool = NativeGroup(
    "pool",
    summary: "Threads or worker processes that tasks take turns on: `pool(thread, 4)`, `pool(process, 4)`.",
    functions: [
      NativeFunction(
        "close()", receiver: "pool",
        documentation: """
          Ends it: no task can be spawned on it any more, those that wait for their turn fail with `ValueError`, those that run \
          go on to their end.
          """,
        body: .waiting { strand, arguments throws(Raised) in
          guard let pool = arguments.first?.object(.pool, as: ExecutorPool.self) else { return .nil }
          pool.close()
          if pool.takesTimeToEnd { await pool.waitForEnd() }
          return .nil
        })
    ])

  private static let intrinsics = NativeGroup(
    "__", summary: "For the prelude only.",
    functions: [
      NativeFunction(
        "__work(w)", documentation: "Has a worker process do a task's work.",
        body: .waiting { strand, arguments throws(Raised) in
          guard let work = arguments.first?.object(.resource, as: RemoteWork.self) else { return .nil }
          return try await work.run(strand)
        }),
      NativeFunction(
        "__stage_pool(on, n) → pool",
        documentation:
          "What a stage with `on:` and a limit runs its function on: a pool of its own for `thread` and `process`.",
        body: .plain { call throws(Raised) in
          guard !call[0].isNil else { return .nil }
          let size = try call.int(1)
          let interpreter = call.strand.interpreter
          switch try Executor(call[0]) {
          case .thread: return .object(ThreadPool(size: size, scheduler: interpreter.scheduler))
          case .process: return .object(ProcessPool(size: size, interpreter))
          default: return call[0]
          }
        }),
    ])

  static let prelude = #"""
    fn __work_elsewhere(w) { __work(w) }

    fn __stand_in(s) { __serve_calls(s) }
    """#
}
