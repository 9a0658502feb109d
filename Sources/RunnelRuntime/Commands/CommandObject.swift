// `start(…)`: a command that runs beside the script, as a value. It belongs to the scope that started it, which
// stops it at its end at the latest (language.md §6.8, §13).

import RunnelScheduler
import RunnelSystem

/// A running command.
///
/// `@unchecked Sendable`: of its own it has nothing that changes.
final class CommandObject: CommandResource, @unchecked Sendable {
  private let running: RunningCommand
  /// Its streams, made once: a stream can be read once.
  private let output: StreamObject
  private let errors: StreamObject
  private let input: CommandInput

  init(_ running: RunningCommand) {
    self.running = running
    output = StreamObject(source: CommandOutput(running, .output))
    errors = StreamObject(source: CommandOutput(running, .errors))
    input = CommandInput(running, output: output, errors: errors)
    super.init(running.plan.text, tag: .command)
    holds(running)
  }

  override var typeName: String { "command" }
  override var isLeft: Bool { isForgotten }

  static let fieldNames = ["pid", "stdin", "stdout", "stderr"]

  /// What `p.name` gives.
  func field(_ name: String) -> Value? {
    switch name {
    case "pid": .int(Int(running.group))
    case "stdin": .object(input)
    case "stdout": .object(output)
    case "stderr": .object(errors)
    default: nil
    }
  }

  /// Waits for its end. What nobody reads is read and kept, so that the command never stands still for it.
  func wait(check: Bool, _ strand: Strand) async throws(Raised) -> Value {
    running.endInput()
    input.keepWhatNobodyReads()
    try await running.waitForPrograms(strand)
    isDone()
    let outcome = running.outcome
    if check, let error = outcome.error { throw error }
    return outcome.record
  }

  /// Sends it a signal; says false if it has ended.
  func signal(_ number: Int32) -> Bool { running.signal(number) }

  override func close() {
    running.endInput()
    super.close()
  }
}

/// `p.stdout`, `p.stderr`: lines, as they come.
///
/// `@unchecked Sendable`: used by one strand at a time, as every source.
private final class CommandOutput: StreamSource, @unchecked Sendable {
  private let command: RunningCommand
  private let channel: RunningCommand.Channel
  private var hasBegun = false

  init(_ command: RunningCommand, _ channel: RunningCommand.Channel) {
    self.command = command
    self.channel = channel
  }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    if !hasBegun {
      hasBegun = true
      command.readAsItComes(channel)
    }
    return try command.next(channel, .lines)
  }

  func fill(_ strand: Strand) async throws(Raised) {
    try await command.waitForOutput(channel, .lines, strand)
  }

  /// A reader that has had enough leaves the command running.
  func close() { command.drop(channel) }
}

/// `p.stdin`: takes text and bytes.
///
/// `@unchecked Sendable`: never changes.
final class CommandInput: ResourceObject, @unchecked Sendable {
  private let command: RunningCommand
  private let output: StreamObject
  private let errors: StreamObject

  init(_ command: RunningCommand, output: StreamObject, errors: StreamObject) {
    self.command = command
    self.output = output
    self.errors = errors
    super.init(tag: .resource)
  }

  override var label: String { "stdin of `\(command.plan.text)`" }

  func write(_ bytes: [UInt8], _ strand: Strand) async throws(Raised) {
    guard command.takesInput else {
      throw Raised(.valueError, "cannot write to `\(command.plan.text)`: its stdin is closed")
    }
    guard command.feed(bytes) else { throw gone }
    guard command.isInputFull else { return }
    keepWhatNobodyReads()
    try await command.waitForRoom(strand)
  }

  func flush(_ strand: Strand) async throws(Raised) {
    keepWhatNobodyReads()
    try await command.flushInput(strand)
  }

  /// While the script waits for the command, the command must not have to wait for the script.
  func keepWhatNobodyReads() {
    if !output.isTaken { command.keep(.output) }
    if !errors.isTaken { command.keep(.errors) }
  }

  private var gone: Raised {
    Raised(.brokenPipe, "`\(command.plan.text)` reads its input no more")
  }

  override func close() { command.endInput() }
}
