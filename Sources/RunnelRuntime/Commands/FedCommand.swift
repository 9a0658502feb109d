// A command that is fed by a stream (language.md §14.4). The prelude reads the stream, item by item, and hands the
// items over by the functions at the end of this file; between two items it passes on what has come out, in lines, or as
// it is for `bytes`, `text`, `json` and `csv`.
// It cannot come to a deadlock: what the command writes is read in any case, and kept until it is asked for.

import RunnelCompiler
import RunnelScheduler

/// The command of a stage, as the prelude holds it.
///
/// `@unchecked Sendable`: of its own it has nothing that changes.
final class FedCommand: CommandResource, @unchecked Sendable {
  private let plan: CommandPlan
  private let role: CommandRole

  init(_ plan: CommandPlan, _ role: CommandRole, _ strand: Strand) {
    self.plan = plan
    self.role = role
    super.init(plan.text)
  }

  override var typeName: String { "command" }

  /// How the stage after it takes what comes out.
  var cut: RunningCommand.Cut { role == .rawStage ? .pieces : .lines }

  func begin(_ strand: Strand) async throws(Raised) {
    let output: CommandManner.Output =
      switch role {
      case .stage, .rawStage: .read
      case .capture: .captured
      case .inherit: CommandRun.inherited(strand)
      }
    let manner = CommandManner(input: .fed, output: output)
    holds(try await CommandStart.start(plan, manner, strand))
  }

  /// What an item is on a command's stdin: a string is a line, bytes are bytes, maps and lists are lines of JSON.
  func feed(_ item: Value, _ strand: Strand) throws(Raised) -> Bool {
    guard let command else { return false }
    if let bytes = item.bytes { return command.feed(bytes.bytes) }
    var text: String
    if let string = item.string {
      text = string.text
    } else if item.list != nil || item.map != nil {
      text = try JSONEncoder.encode(item, strand: strand)
    } else {
      text = try describe(item, strand: strand)
    }
    text += "\n"
    return command.feed(text.utf8)
  }

  /// The value of the pipeline that it ends.
  func result(_ strand: Strand) async throws(Raised) -> Value {
    guard let command else { return .nil }
    try await command.finish(strand)
    if let error = command.outcome.error { throw error }
    guard case .capture = role else { return .nil }
    return .string(CommandRun.withoutLastNewline(command.capturedOutput))
  }
}

/// What a fed command gives after it has got all of its input.
private final class RestOfOutput: StreamSource {
  private let command: RunningCommand
  private let cut: RunningCommand.Cut

  init(_ command: RunningCommand, _ cut: RunningCommand.Cut) {
    self.command = command
    self.cut = cut
  }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    let step = try command.next(.output, cut)
    guard case .end = step else { return step }
    guard command.hasEnded else { return .wait }
    if let error = command.outcome.error { throw error }
    return .end
  }

  func fill(_ strand: Strand) async throws(Raised) {
    try await command.waitForOutput(.output, cut, strand)
    if case .ended = command.outputState { try await command.finish(strand) }
  }

  /// Whoever began it stops it.
  func close() {}
}

/// What the prelude does with a fed command.
enum FedCommandFunctions {
  static let group = NativeGroup("__", summary: "For the prelude only.", functions: functions)

  private static let functions: [NativeFunction] = [
    .waiting("__command_begin(cmd)", documentation: "Starts it.") { call throws(Raised) in
      try await command(call[0])?.begin(call.strand)
      return .nil
    },
    .plain("__command_feed(cmd, item) → bool", documentation: "Feeds it; false if it takes no more.") {
      call throws(Raised) in .bool(try command(call[0])?.feed(call[1], call.strand) ?? false)
    },
    .plain("__command_is_full(cmd) → bool", documentation: "Whether `__command_room` has to be called.") {
      call in
      .bool(command(call[0])?.command?.isInputFull ?? false)
    },
    .waiting("__command_room(cmd)", documentation: "Waits until it takes more, or has said something.") {
      call throws(Raised) in
      guard let fed = command(call[0]) else { return .nil }
      try await fed.command?.waitForRoom(call.strand, orOutput: fed.cut)
      return .nil
    },
    .plain("__command_has_output(cmd) → bool", documentation: "Whether something has come out.") { call in
      guard let fed = command(call[0]) else { return .bool(false) }
      return .bool(fed.command?.hasOutput(fed.cut) ?? false)
    },
    .plain("__command_output(cmd) → string|bytes", documentation: "That line or piece.") {
      call throws(Raised) in
      guard let fed = command(call[0]), case .item(let item)? = try fed.command?.next(.output, fed.cut)
      else { return .nil }
      return item
    },
    .plain("__command_end_input(cmd)", documentation: "Nothing more will be fed.") { call in
      command(call[0])?.command?.endInput()
      return .nil
    },
    .plain("__command_rest(cmd) → stream", documentation: "What is still to come; raises if it failed.") {
      call in
      guard let fed = command(call[0]), let running = fed.command else { return .list([]) }
      running.readAsItComes(.output)
      return .object(StreamObject(source: RestOfOutput(running, fed.cut)))
    },
    .waiting("__command_result(cmd)", documentation: "Waits for its end; its text, if that was captured.") {
      call throws(Raised) in try await command(call[0])?.result(call.strand) ?? .nil
    },
    .waiting("__command_stop(cmd)", documentation: "Stops it, if it runs, and waits for its end.") { call in
      await command(call[0])?.command?.stop(first: call.strand.interpreter.stopSignal)
      return .nil
    },
  ]

  private static func command(_ value: Value) -> FedCommand? {
    guard case .object(let object) = value else { return nil }
    return object as? FedCommand
  }

  /// What of this is written in Runnel.
  static let prelude = #"""
    fn __command_stage(s, cmd) {
      defer { __command_stop(cmd) }
      __command_begin(cmd)
      for x in s {
        if not __command_feed(cmd, x) { break }
        while __command_has_output(cmd) { yield __command_output(cmd) }
        while __command_is_full(cmd) {
          __command_room(cmd)
          while __command_has_output(cmd) { yield __command_output(cmd) }
        }
      }
      __command_end_input(cmd)
      yield ...__command_rest(cmd)
    }

    # A command at the end of a pipeline: its text, or nil where its output is the script's.
    fn __command_sink(s, cmd) {
      defer { __command_stop(cmd) }
      __command_begin(cmd)
      for x in s {
        if not __command_feed(cmd, x) { break }
        if __command_is_full(cmd) { __command_room(cmd) }
      }
      __command_end_input(cmd)
      __command_result(cmd)
    }
    """#
}
