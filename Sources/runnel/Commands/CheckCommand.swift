// `runnel check`: all that can be said about scripts without running them.

import ArgumentParser
import RunnelRuntime
import RunnelSyntax

/// Reports problems and warnings of scripts.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Report what is wrong with scripts, and what looks wrong, without running them.",
    discussion: """
      Text goes to stderr; JSON (an object on a line for each finding) to stdout, for tools. Exit status: 0, with \
      warnings too; 2 if a script does not parse or resolve, or cannot be read.
      """)

  @Option(help: "How the findings are written.")
  var format = DiagnosticFormat.text

  @ArgumentParser.Argument(
    help: ArgumentHelp("The scripts; `-` is standard input.", valueName: "file"),
    completion: .file(extensions: ["rnl"]))
  var files: [String]

  func run() throws {
    var isGood = true
    var reports: [String] = []
    for file in files {
      let input = ScriptInput(path: file)
      do throws(UnreadableScript) {
        let program = ProgramLoader.load(try input.read(), path: input.path)
        if !program.isValid { isGood = false }
        if !program.diagnostics.isEmpty { reports.append(format.render(program.diagnostics)) }
      } catch {
        isGood = false
        reports.append(format.render(error))
      }
    }
    switch format {
    case .text: Console.complain(reports.joined(separator: "\n"))
    case .json:
      let status = Console.write(reports.joined())
      if status != 0 { throw ExitStatus(status: status) }
    }
    throw ExitStatus(status: isGood ? 0 : 2)
  }
}
