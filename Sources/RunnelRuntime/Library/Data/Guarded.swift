// A value behind a lock, for the few things of this folder that all strands share: compiled patterns, zones.

import RunnelScheduler

/// A value that is touched only inside `withLock`, for a few lines at a time.
///
/// `@unchecked Sendable`: `value` is read and written under `lock` alone.
final class Guarded<Value>: @unchecked Sendable {
  private let lock = Lock()
  private var value: Value

  init(_ value: sending Value) { self.value = value }

  func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
    lock.withLock { body(&value) }
  }
}
