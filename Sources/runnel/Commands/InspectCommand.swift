// `runnel inspect`: what the front end makes of a script, stage by stage.

import ArgumentParser
import RunnelCompiler
import RunnelRuntime
import RunnelSyntax

/// Shows a script's tokens, syntax tree or code.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show a script's tokens, syntax tree or bytecode.",
    usage: "runnel inspect --tokens|--ast|--bytecode FILE")

  enum Stage: String, EnumerableFlag {
    case tokens, ast, bytecode

    static func help(for stage: Stage) -> ArgumentHelp? {
      switch stage {
      case .tokens: "What the lexer gives: place, kind and text of each token."
      case .ast: "The syntax tree."
      case .bytecode: "The instructions, function by function, with their lines."
      }
    }
  }

  @Flag(exclusivity: .exclusive)
  var stage: Stage

  @ArgumentParser.Argument(
    help: ArgumentHelp("The script; `-` is standard input.", valueName: "file"),
    completion: .file(extensions: ["rnl"]))
  var file: String

  func run() throws {
    let input = ScriptInput(path: file)
    let source: SourceFile
    do throws(UnreadableScript) {
      source = try input.read()
    } catch {
      Console.complain(DiagnosticFormat.text.render(error))
      throw ExitStatus(status: 2)
    }
    // What can be shown is shown, also of a script that is wrong.
    let (text, problems) = show(source, path: input.path)
    let status = Console.write(text)
    let errors = problems.filter { $0.severity == .error }
    Console.complain(DiagnosticFormat.text.render(errors))
    throw ExitStatus(status: errors.isEmpty ? status : 2)
  }

  private func show(_ source: SourceFile, path: String?) -> (String, [Diagnostic]) {
    switch stage {
    case .tokens:
      let list = Lexer.tokenize(source)
      return (TokenDumper.dump(list), list.diagnostics)
    case .ast:
      let (tree, problems) = Parser.parse(source)
      return (SyntaxTreeDumper.dump(tree), problems)
    case .bytecode:
      let program = ProgramLoader.load(source, path: path)
      return (program.isValid ? program.code.map(disassemble) ?? "" : "", program.diagnostics)
    }
  }
}
