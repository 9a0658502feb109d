// The root of the command line as swift-argument-parser sees it: what `--help` shows and completions are made from.

import ArgumentParser
import RunnelRuntime

/// `runnel`.
struct RunnelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runnel",
    abstract: "A small scripting language for concurrent pipelines.",
    usage: """
      runnel FILE [ARG…]
      runnel -c CODE [ARG…]
      runnel                   (the REPL on a terminal, else a script from standard input)
      runnel <subcommand> …
      """,
    discussion: """
      A script gets the words after its file, or its code, as `args`. `-` as FILE reads the script from standard \
      input, to its end, before it runs.

      Exit status: 0; 2 for a script that does not parse or resolve, and for wrong usage; the command's own for an \
      uncaught ExitError; 124 for an uncaught Timeout; 130, 143 or 129 after SIGINT, SIGTERM or SIGHUP; 141 when the \
      reader of stdout has gone; 1 for any other uncaught error.
      """,
    version: "runnel \(RunnelVersion.text)",
    subcommands: [
      RunCommand.self, CheckCommand.self, TestCommand.self, InspectCommand.self, ReferenceCommand.self,
    ],
    defaultSubcommand: RunCommand.self)

  /// First words that are never a file.
  static let names: Set<String> = ["run", "check", "test", "inspect", "reference", "help"]
  /// Those that help may suggest.
  static let visibleNames = ["run", "check", "test", "inspect", "help"]
}
