// What the words after `runnel` ask for. The plain forms are handled here; everything else (options, subcommands,
// `--help`, wrong usage) goes to swift-argument-parser.

import ArgumentParser
import RunnelREPL
import RunnelSystem
import RunnelTesting

/// How `runnel` was called.
enum Invocation {
  /// `runnel` alone: the REPL on a terminal, else the script comes from standard input.
  case bare
  /// `runnel FILE [ARG…]`, `runnel run FILE [ARG…]`; `-` is standard input.
  case file(String, [String])
  /// `runnel -c CODE [ARG…]`.
  case code(String, [String])
  /// The process of one test, which `runnel test` has started.
  case test([String])
  /// Whatever needs the option parser.
  case parsed([String])

  init(_ words: [String]) {
    guard let first = words.first else {
      self = .bare
      return
    }
    switch first {
    case _ where TestChild.isOrder(words): self = .test(words)
    case "-c" where words.count >= 2: self = .code(words[1], Array(words.dropFirst(2)))
    case "run" where words.count >= 2 && Self.isFile(words[1]):
      self = .file(words[1], Array(words.dropFirst(2)))
    case _ where Self.isFile(first) && !RunnelCommand.names.contains(first):
      self = .file(first, Array(words.dropFirst()))
    default: self = .parsed(words)
    }
  }

  private static func isFile(_ word: String) -> Bool {
    word == "-" || (!word.isEmpty && word.utf8.first != UInt8(ascii: "-"))
  }

  /// Does it; gives the exit status (language.md §5).
  func run() -> Int32 {
    switch self {
    case .bare:
      Terminal.isTerminal(0)
        ? REPL(isColoured: Console.isColoured).run() : ScriptRun(.standardInput, arguments: []).run()
    case .file(let path, let arguments): ScriptRun(ScriptInput(path: path), arguments: arguments).run()
    case .code(let text, let arguments): ScriptRun(.code(text), arguments: arguments).run()
    case .test(let words): TestChild.run(words)
    case .parsed(let words): Self.parse(words)
    }
  }

  private static func parse(_ words: [String]) -> Int32 {
    do {
      var command = try RunnelCommand.parseAsRoot(words)
      try command.run()
      return 0
    } catch let end as ExitStatus {
      return end.status
    } catch {
      // Asked-for text (`--help`, `--version`, completions) goes to stdout; complaints are wrong usage.
      let isAsked = RunnelCommand.exitCode(for: error).isSuccess
      let text = RunnelCommand.fullMessage(for: error)
      if isAsked { return Console.write(text.isEmpty ? "" : text + "\n") }
      Console.complain(text + "\n")
      return 2
    }
  }
}

/// A command that has run and says how `runnel` ends.
struct ExitStatus: Error {
  let status: Int32
}
