// What a task inherits from the one that spawned it (language.md §13).

/// The environment, the directory and the output of a task. Shared by tasks until one of them changes it, which copies it first
/// (`Strand.changeContext`): a spawn costs a retain.
///
/// `@unchecked Sendable`: changed only while one strand alone has it.
final class TaskContext: @unchecked Sendable {
  var environment: MapStorage
  /// Absolute.
  var directory: String
  let output: OutputTarget

  init(environment: MapStorage, directory: String, output: OutputTarget) {
    self.environment = environment
    self.directory = directory
    self.output = output
  }

  convenience init(copying other: TaskContext) {
    self.init(environment: other.environment, directory: other.directory, output: other.output)
  }
}
