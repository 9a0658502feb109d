// The three forms of a command that is waited for where it stands: `$ …`, `$(…)`, `$?(…)`.

import RunnelSyntax

enum CommandRun {
  /// Runs a command to its end and gives its form's value.
  static func run(_ plan: CommandPlan, _ form: CommandForm, _ strand: Strand) async throws(Raised) -> Value {
    let command = try await CommandStart.start(plan, manner(of: form, strand), strand)
    try await command.finish(strand)
    let outcome = command.outcome
    switch form {
    case .statement:
      if let error = outcome.error { throw error }
      return outcome.record
    case .capture:
      if let error = outcome.error { throw error }
      return .string(withoutLastNewline(command.capturedOutput))
    case .ask:
      return outcome.record(stdout: command.capturedOutput, stderr: command.capturedErrors)
    }
  }

  /// How the ends of each form are connected.
  static func manner(of form: CommandForm, _ strand: Strand) -> CommandManner {
    switch form {
    case .statement:
      var manner = CommandManner(output: inherited(strand))
      if CommandTerminal.isFor(strand), !strand.interpreter.output.takesAll {
        manner.input = .terminal
        // Who works on the terminal has all of it: prompts and colours go there, too.
        manner.errors = CommandTerminal.hasErrors ? .inherited : .relayed
      }
      return manner
    case .capture: return CommandManner(output: .captured)
    case .ask: return CommandManner(output: .captured, errors: .captured)
    }
  }

  /// stdout as the script has it: directly where nobody else can write meanwhile, else through us, so that lines stay
  /// whole (language.md §13).
  static func inherited(_ strand: Strand) -> CommandManner.Output {
    strand.isAlone && !strand.interpreter.output.takesAll ? .inherited : .relayed
  }

  static func withoutLastNewline(_ text: String) -> String {
    guard text.utf8.last == 0x0A else { return text }
    // By bytes: `\r\n` is one character.
    return String(decoding: text.utf8.dropLast(), as: UTF8.self)
  }
}
