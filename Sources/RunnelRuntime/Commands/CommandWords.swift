// From the words of a command, as written, to those that its programs get (language.md §13). An interpolated
// value is never split, and wildcards and `~` mean something only where they stand bare.

import RunnelCompiler
import RunnelSystem

/// Works out the words of one command. Values are taken in the order in which the interpolations stand.
struct CommandWords {
  private typealias Word = CommandDescriptor.Word

  private let strand: Strand
  private let values: [Value]
  private var next = 0
  /// The stage at work, for messages.
  private var text = ""

  init(_ strand: Strand, values: [Value]) {
    self.strand = strand
    self.values = values
  }

  /// All of a command.
  static func plan(
    _ descriptor: CommandDescriptor, values: [Value], _ strand: Strand
  ) throws(Raised) -> CommandPlan {
    var words = CommandWords(strand, values: values)
    var stages: [CommandPlan.Stage] = []
    stages.reserveCapacity(descriptor.stages.count)
    for stage in descriptor.stages { stages.append(try words.stage(stage)) }
    return CommandPlan(stages: stages)
  }

  private mutating func stage(_ stage: CommandDescriptor.Stage) throws(Raised) -> CommandPlan.Stage {
    text = stage.text
    var result = CommandPlan.Stage(arguments: [], text: stage.text)
    for (name, word) in stage.environment {
      result.environment.append((name, String(decoding: try single(word), as: UTF8.self)))
    }
    result.arguments.reserveCapacity(stage.words.count)
    for word in stage.words { try expand(word, into: &result.arguments) }
    guard let name = result.arguments.first, !name.isEmpty else {
      throw Raised(.valueError, "the command `\(text)` has no name: its first word is empty")
    }
    for redirect in stage.redirects {
      switch redirect {
      case .input(let word): result.redirects.append(.input(try file(word)))
      case .output(let word, let append): result.redirects.append(.output(try file(word), append: append))
      case .error(let word, let append): result.redirects.append(.error(try file(word), append: append))
      case .errorToOutput: result.redirects.append(.errorToOutput)
      case .outputToError: result.redirects.append(.outputToError)
      }
    }
    return result
  }

  // MARK: Words

  /// The words that one word of the script becomes: more than one for a list and for wildcards.
  private mutating func expand(_ word: Word, into words: inout [[UInt8]]) throws(Raised) {
    if word.parts.count == 1 {
      switch word.parts[0] {
      case .quoted(let text):
        words.append(try Self.checked(Array(text.utf8)))
        return
      case .value:
        let value = take()
        guard let list = value.list else {
          words.append(try bytes(of: value))
          return
        }
        for item in list.items {
          if item.list != nil {
            throw Raised(
              .typeError, "a list in the list of words in `\(text)`: each item is one word; flatten it first")
          }
          words.append(try bytes(of: item))
        }
        return
      case .bare(let text) where !Self.isSpecial(text):
        words.append(Array(text.utf8))
        return
      case .bare: break
      }
    }
    let (bytes, pieces) = try put(together: word)
    guard let pieces, Glob.hasWildcards(pieces) else {
      words.append(bytes)
      return
    }
    let found = try Glob.expand(pieces, in: strand.workingDirectory, strand)
    guard !found.isEmpty else {
      let pattern = String(decoding: bytes, as: UTF8.self)
      throw Raised(
        .noMatch, "no file matches `\(pattern)`; in quotes it stands for itself",
        data: ["pattern": .string(pattern)])
    }
    for path in found { words.append(Array(path.utf8)) }
  }

  /// A word that has to stay one and is no pattern: a variable's value.
  private mutating func single(_ word: Word) throws(Raised) -> [UInt8] { try put(together: word).bytes }

  /// The file that a redirection names.
  private mutating func file(_ word: Word) throws(Raised) -> FilePath {
    var words: [[UInt8]] = []
    try expand(word, into: &words)
    guard words.count == 1 else {
      throw Raised(
        .valueError, "a redirection in `\(text)` takes one file, and this word became \(words.count) words")
    }
    return try FilePath(String(decoding: words[0], as: UTF8.self), strand)
  }

  /// A word's parts in one; and as pieces of a pattern, if any bare part could hold a wildcard.
  private mutating func put(
    together word: Word
  ) throws(Raised) -> (bytes: [UInt8], pieces: [GlobPiece]?) {
    var bytes: [UInt8] = []
    var pieces: [GlobPiece] = []
    var hasWildcards = false
    for (index, part) in word.parts.enumerated() {
      switch part {
      case .bare(let text):
        var rest = text
        if index == 0, let (home, after) = tilde(text, isWholeWord: word.parts.count == 1) {
          bytes.append(contentsOf: home.utf8)
          pieces.append(.literal(home))
          rest = after
        }
        if Self.hasWildcard(rest) { hasWildcards = true }
        bytes.append(contentsOf: rest.utf8)
        pieces.append(.wildcard(rest))
      case .quoted(let text):
        bytes.append(contentsOf: text.utf8)
        pieces.append(.literal(text))
      case .value:
        let value = take()
        if value.list != nil {
          throw Raised(
            .typeError,
            "a list can be a whole word in `\(text)`, which becomes several words, but not a part of one")
        }
        let part = try self.bytes(of: value)
        bytes.append(contentsOf: part)
        pieces.append(.literal(String(decoding: part, as: UTF8.self)))
      }
    }
    return (try Self.checked(bytes), hasWildcards ? pieces : nil)
  }

  /// `~` or `~name` at a word's start, up to the first slash: the home, and what follows it.
  private func tilde(_ text: String, isWholeWord: Bool) -> (home: String, rest: String)? {
    guard text.utf8.first == UInt8(ascii: "~") else { return nil }
    let slash = text.firstIndex(of: "/")
    // In `~{name}` the name is not all there: nothing is known about it.
    guard slash != nil || isWholeWord else { return nil }
    let name = String(text[..<(slash ?? text.endIndex)])
    let home = PathText.expanded(name) { user in
      guard let user else { return PathLibrary.home(strand) }
      return SystemInfo.homeDirectory(ofUser: user)
    }
    guard home != name else { return nil }
    return (home, slash.map { String(text[$0...]) } ?? "")
  }

  private mutating func take() -> Value {
    defer { next += 1 }
    return next < values.count ? values[next] : .nil
  }

  // MARK: Values

  private func bytes(of value: Value) throws(Raised) -> [UInt8] {
    if value.isNil {
      throw Raised(.typeError, "nil is no word for `\(text)`; give a default: `{x ?? \"\"}`")
    }
    return try Self.bytes(of: value)
  }

  /// The word that a value is: bytes as they are, anything else as it is printed.
  static func bytes(of value: Value) throws(Raised) -> [UInt8] {
    if let string = value.string { return try checked(Array(string.text.utf8)) }
    if let bytes = value.bytes { return try checked(bytes.bytes) }
    return try checked(Array(try describe(value).utf8))
  }

  private static func checked(_ bytes: [UInt8]) throws(Raised) -> [UInt8] {
    guard bytes.contains(0) else { return bytes }
    throw Raised(.valueError, "a command's word cannot hold a NUL character: no program can be given one")
  }

  private static func isSpecial(_ text: String) -> Bool {
    text.utf8.first == UInt8(ascii: "~") || hasWildcard(text)
  }

  private static func hasWildcard(_ text: String) -> Bool {
    text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
  }
}
