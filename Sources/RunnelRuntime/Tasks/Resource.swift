// What a scope opened and must close at its end at the latest: files, temporary files, running commands
// (language.md §6.8, §12.4).

/// A value that holds something of the system's. `close` may be called more than once.
open class ResourceObject: Object, @unchecked Sendable {
  /// Lets go of what it holds, without waiting.
  open func close() {}
  /// Whether `close` has begun something that `waitForEnd` has to wait for: a command that is being stopped.
  open var isEnding: Bool { false }
  /// Waits for the end of what `close` has begun, whatever stops the task that waits.
  open func waitForEnd() async {}
  /// What `--leaks` and errors call it, such as `file "a.txt"`.
  open var label: String { typeName }
}
