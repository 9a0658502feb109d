// Signals as events of the reactor. The C handler (signals.c) counts them and writes to an eventfd; the reactor
// then calls back on the polling thread. No thread is needed, and nothing of Swift runs in a handler.

public import CRunnelSystem
internal import Glibc
internal import RunnelScheduler

/// Facts about signals, and what concerns the whole process.
public enum Signals {
  /// Whether a watched signal has come that has not been handed on yet. One load: code that computes asks at
  /// each slice's end, and polls the reactor if so.
  @inlinable
  public static var pending: Bool { runnel_signals_pending() }

  /// Makes writing to a pipe without a reader an error (`EPIPE`) instead of a death. Programs that we start
  /// get the default back.
  public static func ignoreBrokenPipe() { runnel_ignore_broken_pipe() }

  /// Stops this process as Ctrl-Z does, until somebody lets it go on. Where nobody could (no shell with job control has
  /// started it) it is not stopped.
  ///
  /// - Parameter group: the rest of its process group, too, as the terminal does it: a shell asks its whole job.
  public static func suspend(group: Bool) { runnel_suspend(group) }

  /// `SIGTERM` for 15, nil for no signal.
  public static func name(of number: Int32) -> String? {
    guard let name = runnel_signal_name(number) else { return nil }
    return "SIG" + String(cString: name)
  }

  /// 15 for `TERM`, `SIGTERM` or `term`, nil for an unknown name.
  public static func number(named name: String) -> Int32? {
    let upper = name.uppercased()
    let full = upper.hasPrefix("SIG") ? upper : "SIG" + upper
    return (1...runnel_signal_limit()).first { self.name(of: $0) == full }
  }
}

/// Catches signals and hands them on through a reactor. There is one set of signals per process, so there
/// should be one watcher.
///
/// `@unchecked Sendable`: `signals`, `event`, `watch` and `handler` are protected by `lock`.
public final class SignalWatcher: @unchecked Sendable {
  private let reactor: Reactor
  private let lock = Lock()
  private var signals: [Int32] = []
  private var event: Int32 = -1
  private var watch: WatchID?
  private var handler: (@Sendable (Int32) -> Void)?

  /// A watcher that catches nothing yet.
  public init(reactor: Reactor) {
    self.reactor = reactor
  }

  /// Catches these signals from now on. A SIGHUP that was ignored when we were started stays so (`nohup`).
  ///
  /// - Parameter handler: gets each arrival, on the thread that polls the reactor.
  public func start(
    _ signals: [Int32], handler: @escaping @Sendable (Int32) -> Void
  ) throws(SystemError) {
    let event = try lock.withLock { () throws(SystemError) -> Int32 in
      if self.event < 0 {
        self.event = try systemCall("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
      }
      self.signals += signals.filter { !self.signals.contains($0) }
      self.handler = handler
      return self.event
    }
    for signal in signals { try shimCheck("sigaction", nil, runnel_signals_catch(signal, event)) }
    watchEvent(event)
  }

  /// Puts back the default dispositions and stops handing on.
  public func reset() {
    let (signals, watch) = lock.withLock {
      let before = (self.signals, self.watch)
      self.signals = []
      self.watch = nil
      handler = nil
      return before
    }
    for signal in signals { _ = runnel_signals_reset(signal) }
    if let watch { reactor.cancel(watch) }
    // The eventfd stays: a handler may just be writing to it.
  }

  private func watchEvent(_ event: Int32) {
    lock.withLock {
      guard watch == nil, handler != nil else { return }
      // In the background: that a signal may come keeps nobody from being deadlocked.
      watch = reactor.watch(event, for: .readable, isBackground: true) { [self] in deliver(event) }
    }
  }

  private func deliver(_ event: Int32) {
    var count: UInt64 = 0
    _ = read(event, &count, 8)
    // Cleared before counting: what comes in between sets it again.
    runnel_signals_clear()
    let (signals, handler) = lock.withLock {
      watch = nil
      return (self.signals, self.handler)
    }
    for signal in signals {
      for _ in 0..<runnel_signals_take(signal) { handler?(signal) }
    }
    watchEvent(event)
  }
}
