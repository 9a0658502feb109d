// What a scope opened and must close at its end at the latest: files, temporary files, running commands
// (language.md §6.8, §12.4).

/// A value that holds something of the system's. `close` may be called more than once.
open class ResourceObject: Object, @unchecked Sendable {
  open override var typeName: String { "resource" }
  /// Lets go of what it holds, without waiting.
  open func close() {}
  /// Closes it, and raises what went wrong with what was still to be written: at the end of `with` and of a scope.
  open func closeRaising() throws(Raised) { close() }
  /// Closes it at the end of a `with`, or because the script says so.
  open func close(by strand: Strand) throws(Raised) { try closeRaising() }
  /// Whether it is closed: then its scope may forget it before its end.
  open var isClosed: Bool { false }
  /// Whether closing it takes time, for which its scope has to wait: a command that runs has to be stopped.
  open var takesTimeToEnd: Bool { false }
  /// Waits for the end of what `close` has begun, also when the task that waits is to stop.
  open func waitForEnd() async {}
  /// What `--leaks` and errors call it, such as `file "a.txt"`.
  open var label: String { typeName }
  /// Whether the script should have closed it and has not yet: then a scope that closes it has found a leak. Never for what is
  /// made to go with its scope, such as a temporary file.
  open var isLeft: Bool { false }
  /// Where it was opened, if leaks are looked for. Set before anybody else knows it.
  @exclusivity(unchecked) final var opened: TraceEntry?
}
