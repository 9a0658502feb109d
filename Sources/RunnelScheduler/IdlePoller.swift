// Where the scheduler sits when nothing is ready. The reactor of `RunnelSystem` is one; tests bring their own.

/// What a scheduler waits in, and what turns outside events into completions.
public protocol IdlePoller: Sendable {
  /// Waits for an event, for `wake`, or for the time to pass, and runs the completions of what happened on
  /// the calling thread. It may return early for no reason. Only one thread polls at a time.
  ///
  /// - Parameter timeoutNanoseconds: how long at most; 0 only looks, nil waits for ever.
  func poll(timeoutNanoseconds: Int64?)

  /// Makes a `poll` that waits, or else the next one, return soon. Callable from any thread.
  func wake()

  /// Whether any completion is outstanding that could make somebody ready. Cheap; callable from any thread.
  var hasInterests: Bool { get }
}
