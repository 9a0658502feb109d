// Virtual time: it stands still while anything runs, and jumps when everything waits for it (language.md §16).

import Synchronization

/// A clock that its scheduler moves: to the next deadline, when nothing else can make anybody ready.
///
/// Whoever computes, or waits for a program, for a real second longer than the next deadline allows has that deadline all the
/// same: `overdue` says when. So a loop without end is stopped, and so is a program that does not end.
public final class VirtualClock: Clock {
  /// How long virtual time may stand still beyond the next deadline, in real nanoseconds.
  private static let patience: Int64 = 1_000_000_000

  private let real = RealClock()
  private let wallBase: Atomic<Int64>
  private let time = Atomic<Int64>(0)
  /// When, in real time, virtual time began to stand where it is.
  private let movedAt: Atomic<Int64>

  /// Begins at 0, and at the present moment of the real world.
  public init() {
    wallBase = Atomic(real.wallNow())
    movedAt = Atomic(real.now())
  }

  public func now() -> Int64 { time.load(ordering: .relaxed) }

  public func wallNow() -> Int64 { wallBase.load(ordering: .relaxed) &+ now() }

  /// Makes the present moment another one of the real world, as another process's clock has it.
  func set(wallTime: Int64) { wallBase.store(wallTime &- now(), ordering: .relaxed) }

  /// Moves on to a moment, unless it is past.
  func advance(to moment: Int64) {
    guard moment > now() else { return }
    time.store(moment, ordering: .relaxed)
    movedAt.store(real.now(), ordering: .relaxed)
  }

  /// The real nanoseconds from now until a deadline counts as passed although virtual time stands still; 0 or less if it does.
  func overdue(_ deadline: Int64) -> Int64 {
    let (allowed, overflow) = (deadline &- now()).addingReportingOverflow(Self.patience)
    guard !overflow else { return Int64.max }
    return allowed.subtractingReportingOverflow(real.now() - movedAt.load(ordering: .relaxed)).partialValue
  }
}
