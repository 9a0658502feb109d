// What a scheduler runs besides the jobs of Swift tasks.

/// Something that runs on a worker for a while, leaves, and is made ready again (`Scheduler.enqueue`) by what it waits for.
///
/// A subclass sees to it that it is ready once at a time: `resume` never runs on two workers at once.
///
/// `@unchecked Sendable`: `home` is written by whoever runs it or has not made it ready yet.
open class Resumable: @unchecked Sendable {
  /// The thread that it runs on; nil for any worker.
  public final var home: DedicatedThread?

  public init() {}

  /// Goes on, on the worker that calls this, until there is nothing to do at the moment.
  open func resume() {}
}

/// What stands in a worker's queue.
enum ReadyJob {
  case swift(UnownedJob)
  /// With a reference of its own.
  case resumable(Unmanaged<Resumable>)

  @inline(__always)
  func run(on executor: UnownedTaskExecutor) {
    switch self {
    case .swift(let job): job.runSynchronously(on: executor)
    case .resumable(let resumable): resumable.takeRetainedValue().resume()
    }
  }
}
