// The one lock of the whole project. It protects named fields for a few lines and is never held across a
// call-out. It lies inside its owner (no allocation), and everything that locks comes through `withLock`,
// so ThreadSanitizer needs to be told in one place only: it reports correct uses of
// `Synchronization.Mutex` (docs/architecture.md, "Locks").

public import Synchronization

/// A mutual-exclusion lock that is stored in place, in a `let` of the class whose fields it protects.
///
/// Uncontended locking is one compare-and-swap; a contended one spins briefly, then sleeps in a futex.
/// Not recursive: locking it twice on one thread is a crash.
public struct Lock: ~Copyable, Sendable {
  @usableFromInline
  let mutex = Mutex<Void>(())

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
    // By halves, because its own `withLock` wants results that are `sending`, and to have a place for the shim.
    mutex._unsafeLock()
    // Here ThreadSanitizer will be told: acquired (a C shim, compiled in only under it).
    defer {
      // And here: released.
      mutex._unsafeUnlock()
    }
    return try body()
  }
}
