// Taking a script's arguments by a usage text, and the built-in `cli` (library.md, Global).

internal import RunnelSyntax

/// The arguments, taken by a usage.
enum CommandLineArguments {
  enum Outcome {
    /// By key, in the usage's order.
    case values(MapStorage)
    /// `--help` was asked for.
    case help
    /// What is wrong.
    case wrong(String)
  }

  /// Why arguments are refused: what to say.
  private struct Wrong: Error {
    let message: String

    init(_ message: String) { self.message = message }
  }

  static func parse(_ arguments: [String], _ usage: CommandLineUsage) -> Outcome {
    do throws(Wrong) {
      var parser = Parser(usage)
      guard try parser.take(arguments) else { return .help }
      return .values(try parser.finish())
    } catch {
      return .wrong(error.message)
    }
  }

  private struct Parser {
    let usage: CommandLineUsage
    /// What was given, by key.
    private var given: [String: Value] = [:]
    private var words: [String] = []
    /// How many words come before those of the positional argument that takes several; nil if there is none.
    private let wordsBeforeVariadic: Int?

    init(_ usage: CommandLineUsage) {
      self.usage = usage
      wordsBeforeVariadic = usage.positionals.firstIndex {
        if case .variadic = $0.form { return true }
        return false
      }
    }

    /// False if help is wanted.
    mutating func take(_ arguments: [String]) throws(Wrong) -> Bool {
      var rest = arguments[...]
      var optionsEnded = false
      while let word = rest.popFirst() {
        if optionsEnded || word == "-" || !word.hasPrefix("-") || isNegativeNumber(word) {
          words.append(word)
          // The first of several words ends the options: what follows may be another program's.
          if let before = wordsBeforeVariadic, words.count > before { optionsEnded = true }
        } else if word == "--" {
          optionsEnded = true
        } else if word == "--help", !usage.options.contains(where: { $0.key == "help" }) {
          return false
        } else {
          try takeOption(word, &rest)
        }
      }
      return true
    }

    private func isNegativeNumber(_ word: String) -> Bool {
      CommandLineUsage.value(word, of: .float) != nil || CommandLineUsage.value(word, of: .duration) != nil
    }

    private mutating func takeOption(_ word: String, _ rest: inout ArraySlice<String>) throws(Wrong) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let label = String(parts[0])
      guard let option = usage.options.first(where: { $0.label == label }) else {
        throw Wrong("unknown option `\(label)`" + suggestion(for: label))
      }
      if case .flag = option.form {
        if parts.count == 2 { throw Wrong("`\(label)` takes no value") }
        given[option.key] = .bool(true)
        return
      }
      let text: String
      if parts.count == 2 {
        text = String(parts[1])
      } else if let next = rest.first, !next.hasPrefix("--") {
        text = next
        rest = rest.dropFirst()
      } else {
        throw Wrong("`\(label)` needs a value")
      }
      if case .value(let type, _) = option.form {
        guard let value = CommandLineUsage.value(text, of: type) else {
          throw Wrong("`\(label)` takes \(type.article), not `\(text)`")
        }
        given[option.key] = value
      } else {
        given[option.key] = .list((given[option.key]?.list?.items ?? []) + [.string(text)])
      }
    }

    private func suggestion(for label: String) -> String {
      let labels = usage.options.map(\.label) + ["--help"]
      if label.hasPrefix("--") {
        let nearest = NearestName.suggest(
          for:
            String(label.dropFirst(2)), among: labels.map { String($0.dropFirst(2)) })
        return nearest.map { "; did you mean `--\($0)`?" } ?? ""
      }
      let letter = label.dropFirst().prefix(1)
      let match = labels.first { $0.dropFirst(2).hasPrefix(letter) }
      return match.map { "; did you mean `\($0)`?" } ?? ""
    }

    func finish() throws(Wrong) -> MapStorage {
      let positionals = usage.positionals
      let required = positionals.count { $0.isRequired }
      if words.count < required {
        let missing = positionals.filter(\.isRequired)[words.count]
        throw Wrong("`\(missing.label)` is missing")
      }
      if wordsBeforeVariadic == nil, words.count > positionals.count {
        throw Wrong("`\(words[positionals.count])` is one argument too many")
      }
      if let option = usage.options.first(where: { $0.isRequired && given[$0.key] == nil }) {
        throw Wrong("`\(option.label)` is missing")
      }
      var values = MapStorage()
      var next = 0
      for (position, entry) in positions {
        let value: Value
        switch entry.form {
        case .flag: value = given[entry.key] ?? .bool(false)
        case .value(_, let standard): value = given[entry.key] ?? standard
        case .repeated: value = given[entry.key] ?? .list([])
        case .positional:
          value = next < words.count ? .string(words[next]) : .nil
          next += 1
        case .variadic:
          let after = positionals.count - position - 1
          let count = max(0, words.count - next - after)
          value = .list(words[next..<(next + count)].map { .string($0) })
          next += count
        }
        values.set(.string(entry.key), value)
      }
      return values
    }

    /// The entries, with the number of positional ones before each.
    private var positions: [(Int, CommandLineUsage.Entry)] {
      var position = 0
      return usage.entries.map { entry in
        defer { if !entry.isOption { position += 1 } }
        return (position, entry)
      }
    }
  }
}

/// The built-in `cli`.
enum CommandLineLibrary {
  static var cli: NativeFunction {
    .plain(
      "cli(usage) → map",
      documentation: """
        The script's arguments as a map, by a usage text: `cli("sync [--jobs=4] [--tag=NAME...] SOURCE TARGET...")`. \
        Wrong use prints what is wrong and the usage, and ends the script with 2; `--help` prints the usage with the \
        script's leading `##` comment, and ends it with 0.
        """
    ) { (call) throws(Raised) in
      let usage = try CommandLineUsage(try call.string(0))
      switch CommandLineArguments.parse(SystemHost.arguments(call.strand), usage) {
      case .values(let values): return .object(MapObject(values))
      case .help:
        SystemHost.writeOutput(help(usage, SystemHost.documentation(call.strand)), call.strand)
        throw exit(0)
      case .wrong(let message):
        SystemHost.writeError(complaint(usage, message), call.strand)
        throw exit(2)
      }
    }
  }

  static func help(_ usage: CommandLineUsage, _ documentation: String) -> String {
    var text = documentation
    while text.last?.isNewline == true { text.removeLast() }
    if !text.isEmpty { text += "\n\n" }
    return text + "usage: \(usage.text)\n"
  }

  static func complaint(_ usage: CommandLineUsage, _ message: String) -> String {
    (usage.program.isEmpty ? "" : "\(usage.program): ") + "\(message)\nusage: \(usage.text)\n"
  }

  /// Ends the script, after its cleanup.
  private static func exit(_ code: Int) -> Raised {
    let error = ErrorObject(.exit, "")
    error.exitCode = code
    return Raised(error)
  }
}
