// What Tab offers: names of the session and the library, members after a dot, files inside quotes and in commands.

import RunnelRuntime
import RunnelSyntax

/// Finds what may complete a word.
struct Completion {
  let session: Session

  /// The candidates for a word that follows `before`; nil where a file is meant.
  func candidates(after before: String, word: String) -> [String]? {
    if before.hasPrefix(":") || (before.isEmpty && word.hasPrefix(":")) {
      return matching(word, REPL.commandNames)
    }
    if isInCommandOrString(before) { return nil }
    guard let dot = word.lastIndex(of: ".") else {
      return matching(word, session.names.filter { !$0.contains(".") } + Keyword.allCases.map(\.rawValue))
    }
    let base = String(word[..<dot])
    let members = session.members(of: base)
    if !members.isEmpty { return matching(word, members.map { base + "." + $0 }) }
    return matching(word, session.names)
  }

  private func matching(_ word: String, _ names: [String]) -> [String] {
    Array(Set(names.filter { $0.hasPrefix(word) })).sorted()
  }

  /// Whether a text ends inside quotes, or in a command's words.
  private func isInCommandOrString(_ text: String) -> Bool {
    var quote: Character?
    var isCommand = false
    var previous: Character = " "
    for character in text {
      if let open = quote {
        if character == open, previous != "\\" { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if previous == "$", character == " " || character == "(" {
        isCommand = true
      } else if character == ")" || character == ";" {
        isCommand = false
      }
      previous = character
    }
    return quote != nil || isCommand
  }
}
