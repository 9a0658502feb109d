// A value behind a lock, for the few things of this folder that all strands share: compiled patterns, zones.

import Synchronization

/// A value that is touched only inside `withLock`, for a few lines at a time.
// TODO(#12): over the project's own `Lock`, which ThreadSanitizer will know.
struct Guarded<Value>: ~Copyable, Sendable {
  private let mutex: Mutex<Box>

  /// Never leaves the lock.
  private struct Box: @unchecked Sendable {
    var value: Value
  }

  init(_ value: sending Value) {
    mutex = Mutex(Box(value: value))
  }

  borrowing func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
    mutex.withLock { body(&$0.value) }
  }
}
