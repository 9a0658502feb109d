// The one door for waiting: everything that can wait goes through `Strand.wait`, which knows what for, on whom,
// and how to give up. That one place gives cancellation, deadlines and shields to every wait.

import RunnelScheduler
import RunnelSystem

/// What a strand waits for, as reports show it.
public struct WaitDescription {
  private let text: String
  private let number: Int?
  let target: WaitTarget
  /// It is part of a wait that has been looked at when it began: it closes no circle.
  let isAgain: Bool

  /// - Parameters:
  ///   - number: of what is waited for; put together with the text only when somebody wants to see it.
  ///   - target: who can end the wait, where that is known.
  init(_ text: String, number: Int? = nil, on target: WaitTarget = .open, isAgain: Bool = false) {
    self.text = text
    self.isAgain = isAgain
    self.number = number
    self.target = target
  }

  var what: String { number.map { "\(text) \($0)" } ?? text }
}

extension Strand {
  /// Waits.
  /// - Parameters:
  ///   - reason: what reports show.
  ///   - arm: arranges for the waiter to be resumed, and gives what undoes the arrangement. Called again if the
  ///     wait was interrupted for nothing.
  func wait(_ reason: WaitDescription, _ arm: (Waiter) -> (() -> Void)) async throws(Raised) -> Value {
    try checkpoint()
    return try await waitWithoutCheckpoint(reason, arm)
  }

  private func waitWithoutCheckpoint(
    _ reason: WaitDescription, _ arm: (Waiter) -> (() -> Void)
  ) async throws(Raised) -> Value {
    while true {
      let waiter = Waiter(reason, since: interpreter.scheduler.now)
      let giveUp = arm(waiter)
      begin(waiter)
      interpreter.breakCircle(closedBy: self, waiter)
      let outcome = await waiter.result()
      endWait()
      switch outcome {
      case .value(let value): return value
      case .failure(let error): throw Raised(error)
      case .deadlock(let error):
        giveUp()
        throw Raised(error)
      case .interrupted:
        giveUp()
        try checkpoint()
      }
    }
  }

  /// Waits for what must be waited for also when the strand is to stop: the end of its own tasks and commands.
  func waitUninterrupted(_ reason: WaitDescription, _ arm: (Waiter) -> Void) async {
    let waiter = Waiter(reason, isInterruptible: false, since: interpreter.scheduler.now)
    arm(waiter)
    begin(waiter)
    interpreter.breakCircle(closedBy: self, waiter)
    _ = await waiter.result()
    endWait()
  }

  /// Waits until a descriptor can be read. Gives up when the strand is cancelled or its deadline passes.
  /// - Parameter reason: what reports show, such as `reading "a.txt"`.
  public func waitUntilReadable(_ descriptor: Int32, reason: String) async throws(Raised) {
    try await waitUntil(descriptor, .readable, reason)
  }

  /// Waits until a descriptor can be written.
  public func waitUntilWritable(_ descriptor: Int32, reason: String) async throws(Raised) {
    try await waitUntil(descriptor, .writable, reason)
  }

  private func waitUntil(_ descriptor: Int32, _ event: Reactor.Event, _ reason: String) async throws(Raised) {
    let reactor = interpreter.reactor
    _ = try await wait(WaitDescription(reason)) { waiter in
      let watch = reactor.watch(descriptor, for: event) { waiter.resume(with: .nil) }
      return { reactor.cancel(watch) }
    }
  }

  /// Runs work that may block on the pool of threads, and waits for it. When the strand is cancelled meanwhile
  /// the work is given up: it runs on, and its result is dropped.
  public func blocking<Result: Sendable>(
    _ reason: String, _ work: @escaping @Sendable () throws(Raised) -> Result
  ) async throws(Raised) -> Result {
    let call = OutsideCall<Result>()
    interpreter.pool.submit {
      do throws(Raised) {
        call.end(.success(try work()))
      } catch {
        call.end(.failure(error))
      }
    }
    return try await call.result(WaitDescription(reason), self)
  }

  /// Runs a function of the host's as a Swift task of its own, and waits for it. When the strand is cancelled meanwhile so
  /// is that task, and its result is dropped.
  public func outside(
    _ reason: String, _ work: @escaping @Sendable () async -> Result<Value, Raised>
  ) async throws(Raised) -> Value {
    let scheduler = interpreter.scheduler
    let call = OutsideCall<Value>()
    scheduler.beginOutsideWork()
    let task = Task.detached {
      call.end(await work())
      scheduler.endOutsideWork()
    }
    do throws(Raised) {
      return try await call.result(WaitDescription(reason), self)
    } catch {
      // It has ended, or is given up.
      task.cancel()
      throw error
    }
  }

  /// Waits for a time, in nanoseconds.
  public func pause(_ nanoseconds: Int, reason: String) async throws(Raised) {
    let scheduler = interpreter.scheduler
    let end = scheduler.now.addingOrLast(Int64(max(nanoseconds, 0)))
    _ = try await wait(WaitDescription(reason)) { waiter in
      let timer = scheduler.schedule(at: end) { waiter.resume(with: .nil) }
      return { scheduler.cancelTimer(timer) }
    }
  }

  /// Hands a resource to the innermost running scope, which closes it at its end.
  public func own(_ resource: ResourceObject) {
    noteOpening(of: resource)
    let scope = scopeForOwning()
    (scope === root ? resourceScope ?? scope : scope).own(resource)
  }

  /// A path as the system should see it: relative ones from `workingDirectory`.
  public func resolved(_ path: String) -> String {
    path.hasPrefix("/") ? path : workingDirectory + (workingDirectory == "/" ? "" : "/") + path
  }
}

/// Work on another thread, and the strand that waits for it. The work is begun once, however often the wait is begun anew.
///
/// `@unchecked Sendable`: what changes is protected by `lock`.
private final class OutsideCall<Output: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private var outcome: Result<Output, Raised>?
  private var waiter: Waiter?

  func end(_ outcome: Result<Output, Raised>) {
    let waiting = lock.withLock { () -> Waiter? in
      self.outcome = outcome
      defer { waiter = nil }
      return waiter
    }
    waiting?.resume(with: .nil)
  }

  func result(_ reason: WaitDescription, _ strand: Strand) async throws(Raised) -> Output {
    while true {
      _ = try await strand.wait(reason) { waiter in
        let hasEnded = lock.withLock { () -> Bool in
          guard outcome == nil else { return true }
          self.waiter = waiter
          return false
        }
        if hasEnded { waiter.resume(with: .nil) }
        return { self.lock.withLock { self.waiter = nil } }
      }
      if let outcome = lock.withLock({ outcome }) { return try outcome.get() }
    }
  }
}
