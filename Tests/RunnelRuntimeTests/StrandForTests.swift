// A strand for tests that call built-ins without running a script.

@testable import RunnelRuntime

extension Strand {
  /// A strand of the script itself, in the root directory, with no environment.
  convenience init(interpreter: Interpreter) {
    self.init(
      interpreter: interpreter, task: nil,
      context: TaskContext(environment: MapStorage(), directory: "/", output: .standard))
  }
}
