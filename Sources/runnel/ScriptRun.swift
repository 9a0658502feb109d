// Running a script: read, compile, run, report; the exit status is that of language.md §5.

import RunnelRuntime
import RunnelSyntax
import RunnelSystem

/// One script with how it is to be run.
struct ScriptRun {
  let input: ScriptInput
  let arguments: [String]
  var options = InterpreterOptions()
  var diagnosticFormat = DiagnosticFormat.text

  init(_ input: ScriptInput, arguments: [String]) {
    self.input = input
    self.arguments = arguments
  }

  /// Runs it to its end; gives the exit status.
  func run() -> Int32 {
    let source: SourceFile
    do throws(UnreadableScript) {
      source = try input.read()
    } catch {
      Console.complain(diagnosticFormat.render(error))
      return 2
    }
    let program = ProgramLoader.load(source, path: input.path, arguments: arguments)
    guard program.isValid else {
      // What only warns is `runnel check`'s to say.
      Console.complain(diagnosticFormat.render(program.diagnostics.filter { $0.severity == .error }))
      return 2
    }
    Signals.ignoreBrokenPipe()
    var options = options
    options.arguments = arguments
    options.script = input.path
    options.workerProgram = InterpreterOptions.ownProgram
    let interpreter = Interpreter(options: options)
    let end = interpreter.run(program)
    if let error = end.report {
      Console.complain(ErrorReport(isColoured: Console.isColoured).render(error))
    }
    if let leaks = interpreter.leaks { Console.complain(leaks.render(isColoured: Console.isColoured)) }
    return end.status
  }
}

/// How diagnostics are written (`--format`).
enum DiagnosticFormat: String, CaseIterable {
  case text, json

  func render(_ diagnostics: [Diagnostic]) -> String {
    switch self {
    case .text: DiagnosticRenderer(color: Console.isColoured).render(diagnostics)
    case .json: DiagnosticRenderer().renderJSON(diagnostics)
    }
  }

  func render(_ problem: UnreadableScript) -> String {
    switch self {
    case .text: problem.render(DiagnosticRenderer(color: Console.isColoured))
    case .json: DiagnosticRenderer().renderJSON([problem.diagnostic])
    }
  }
}
