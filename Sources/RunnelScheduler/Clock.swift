// Where time comes from. Everything that waits asks a `Clock`, so that a virtual one can stand in.

import Glibc

/// A source of time.
public protocol Clock: Sendable {
  /// Nanoseconds on a clock that never goes back; its zero means nothing.
  func now() -> Int64
  /// Nanoseconds since 1970-01-01 00:00 UTC.
  func wallNow() -> Int64
}

/// The machine's own clocks. `now` stands still while the machine is suspended.
public struct RealClock: Clock {
  public init() {}

  public func now() -> Int64 { Self.read(CLOCK_MONOTONIC) }

  public func wallNow() -> Int64 { Self.read(CLOCK_REALTIME) }

  fileprivate static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}

extension Int64 {
  /// For moments of a clock: so much later, or the last moment there is.
  @inlinable
  public func addingOrLast(_ nanoseconds: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(nanoseconds)
    return overflow ? .max : sum
  }
}

/// A clock that goes on in ticks (4 ms on most kernels); reading it costs some nanoseconds and no system call.
public enum CoarseClock {
  /// Nanoseconds; comparable only with what this has given.
  public static func now() -> Int64 { RealClock.read(CLOCK_MONOTONIC_COARSE) }
}
