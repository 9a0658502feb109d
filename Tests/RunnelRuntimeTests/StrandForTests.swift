// Strands for tests that call built-ins without running a script.

import Glibc
import RunnelScheduler

@testable import RunnelRuntime

extension Strand {
  /// A strand of the script itself, in the root directory, with no environment.
  convenience init(interpreter: Interpreter) {
    self.init(
      interpreter: interpreter, task: nil,
      context: TaskContext(environment: MapStorage(), directory: "/", output: .standard))
  }
}

/// An interpreter whose scheduler runs on a thread of its own for as long as the tests do: built-ins that wait need
/// somebody who wakes them.
enum RunningInterpreter {
  static let shared: Interpreter = {
    let interpreter = Interpreter()
    onOtherThread { interpreter.scheduler.run(until: { false }) }
    return interpreter
  }()

  /// Runs `body` with a strand of its own where the machine would: on the scheduler.
  static func run<Result: Sendable>(
    _ body: @escaping @Sendable (Strand) async throws -> Result
  ) async throws -> Result {
    try await Task(executorPreference: shared.scheduler) {
      try await body(Strand(interpreter: shared))
    }.value
  }
}

/// Runs `body` on a thread of its own.
func onOtherThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { pointer in
      guard let pointer else { return nil }
      Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body()
      return nil
    }, Unmanaged.passRetained(Box(body)).toOpaque())
  pthread_detach(thread)
}
