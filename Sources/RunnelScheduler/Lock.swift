// The one lock of the whole project. It protects named fields for a few lines and is never held across a
// call-out. It lies inside its owner (no allocation), and everything that locks comes through `withLock`.
//
// It is our own because `Synchronization.Mutex` is built on priority-inheriting futexes on Linux: as soon as two threads meet at
// one, each hand-over is a system call and a switch, also when the lock is free again after some nanoseconds. Tasks that do little
// met at the tree lock so, and spent a fifth of their time in the kernel. This is the plain mutex of U. Drepper, "Futexes Are
// Tricky", with a short spin before it sleeps; who comes first takes it, woken or not.
//
// ThreadSanitizer sees atomics, so it needs to be told nothing about this (docs/architecture.md, "Locks").

internal import CRunnelScheduler
public import Synchronization

/// A mutual-exclusion lock that is stored in place, in a `let` of the class whose fields it protects.
///
/// Uncontended locking is one compare-and-swap, unlocking one exchange; a contended one spins briefly, then sleeps in a futex.
/// Not recursive: locking it twice on one thread waits for ever.
public struct Lock: ~Copyable, Sendable {
  /// 0: free; 1: held; 2: held, and others may sleep.
  @usableFromInline
  let state = Atomic<UInt32>(0)

  @inlinable
  public init() {}

  /// Runs `body` with the lock held, and gives its result or its error.
  ///
  /// - Parameter body: a few lines that touch the protected fields; it must not call out.
  @inlinable
  @inline(__always)
  public borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if !state.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged { waitAndLock() }
    defer { if state.exchange(0, ordering: .releasing) == 2 { wakeOne() } }
    return try body()
  }

  /// Locks it, for who needs several locks at once: all take them in one order, and each calls `unlock` on the same thread.
  public borrowing func lock() {
    if !state.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged { waitAndLock() }
  }

  /// The end of what `lock` has begun.
  public borrowing func unlock() { if state.exchange(0, ordering: .releasing) == 2 { wakeOne() } }

  /// About as long as a holder that runs takes to end.
  private static let spins = 100

  @usableFromInline
  borrowing func waitAndLock() {
    for _ in 0..<Self.spins {
      if state.load(ordering: .relaxed) == 0,
        state.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
      {
        return
      }
      runnel_spin_hint()
    }
    // Whoever has slept cannot know whether others still do, and says so.
    while state.exchange(2, ordering: .acquiring) != 0 {
      withUnsafePointer(to: state) { runnel_futex_wait($0, 2) }
    }
  }

  @usableFromInline
  borrowing func wakeOne() { withUnsafePointer(to: state) { runnel_futex_wake($0) } }
}
