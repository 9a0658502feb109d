// The one lock of the whole project. It protects named fields for a few lines and is never held across a
// call-out. It lies inside its owner (no allocation), and everything that locks comes through `withLock`,
// so ThreadSanitizer needs to be told in one place only: it does not see into `Synchronization.Mutex`, which is part of the
// standard library (docs/architecture.md, "Locks").

public import Synchronization

#if RUNNEL_SANITIZER
  internal import CRunnelScheduler
#endif

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
    #if RUNNEL_SANITIZER
      withUnsafePointer(to: mutex) { Sanitizer.acquired(UnsafeRawPointer($0)) }
    #endif
    defer {
      #if RUNNEL_SANITIZER
        withUnsafePointer(to: mutex) { Sanitizer.willRelease(UnsafeRawPointer($0)) }
      #endif
      mutex._unsafeUnlock()
    }
    return try body()
  }
}

#if RUNNEL_SANITIZER
  /// What ThreadSanitizer is told: what one thread did before it releases an address, another sees after it has acquired it.
  public enum Sanitizer {
    public static func acquired(_ address: UnsafeRawPointer) { runnel_sanitizer_acquired(address) }
    public static func willRelease(_ address: UnsafeRawPointer) { runnel_sanitizer_will_release(address) }
  }
#endif
