// Our side of the watchdog (watchdog.c): which groups are on its list, and its pipe. It is forked when the
// first group needs it, never before. If somebody has killed it, the next group gets a new one, with
// everything that is still running on its list.

internal import CRunnelSystem
internal import Glibc
internal import RunnelScheduler

/// The process that kills what we started, should we be gone without having done so ourselves.
///
/// `@unchecked Sendable`: all state is protected by `lock`.
public final class Watchdog: @unchecked Sendable {
  /// The one of this process.
  public static let shared = Watchdog()

  private let lock = Lock()
  /// The write end of its pipe, -1 while there is none. It stays open until we end: that is the point.
  private var pipe: Int32 = -1
  private var process: Int32 = 0
  private var groups: Set<Int32> = []

  /// A watchdog that is not running yet.
  public init() {}

  deinit {
    if pipe >= 0 { _ = close(pipe) }
  }

  /// The watchdog's process number, nil if none was needed yet.
  public var pid: Int32? { lock.withLock { process > 0 ? process : nil } }

  /// The groups on its list.
  public var watchedGroups: Set<Int32> { lock.withLock { groups } }

  /// The pipe that a child writes its group to, starting the watchdog if need be.
  func descriptor() throws(SystemError) -> Int32 {
    try lock.withLock { () throws(SystemError) -> Int32 in
      if pipe < 0 { try start() }
      return pipe
    }
  }

  /// Takes note that a child has written its group to the pipe.
  ///
  /// - Parameter isLost: nobody was there to read it.
  func noteAdded(group: Int32, isLost: Bool) {
    lock.withLock {
      groups.insert(group)
      if isLost { replace() }
    }
  }

  /// Takes a group off the list. To be called before its leader is reaped: afterwards the number may be
  /// somebody else's.
  public func strikeOff(group: Int32) {
    lock.withLock {
      guard groups.remove(group) != nil, pipe >= 0 else { return }
      if runnel_watchdog_send(pipe, Int32(RUNNEL_WATCHDOG_REMOVE.rawValue), group) != 0 { replace() }
    }
  }

  private func start() throws(SystemError) {
    let end = try shimResult("fork", nil, runnel_watchdog_start(&process))
    if pipe < 0 {
      pipe = end
    } else {
      // Another thread may be about to write to the old number: it must never come to name something else.
      try shimCheck("dup3", nil, runnel_replace(pipe, end))
    }
  }

  /// Starts a new watchdog after the old one has been killed. Should that fail, the next call tries again.
  private func replace() {
    // The old one raised no SIGCHLD, so only a wait for clones takes it away.
    waitpid(process, nil, Int32(bitPattern: 0x8000_0000) | WNOHANG)
    guard (try? start()) != nil else { return }
    for group in groups { _ = runnel_watchdog_send(pipe, Int32(RUNNEL_WATCHDOG_ADD.rawValue), group) }
  }
}
