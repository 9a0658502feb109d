// What other languages call our keywords and constants. The parser advises where such a word stands like a keyword, the
// resolver where it stands like a name.

/// Words of other languages that have another word here.
package enum ForeignWords {
  /// What to write instead, by the word.
  package static let advice: [String: String] = [
    "elif": "write `else if`", "elsif": "write `else if`", "elseif": "write `else if`",
    "def": "write `fn name(…) { … }`", "func": "write `fn name(…) { … }`",
    "function": "write `fn name(…) { … }`",
    "const": "write `let`", "local": "write `let`", "foreach": "write `for x in xs { … }`",
    "switch": "write `match value { pattern => … }`", "case": "write `match value { pattern => … }`",
    "throw": "write `raise`", "except": "write `catch`",
    "async": "any function may wait; `spawn f()` starts a task",
    "go": "write `spawn f()`", "until": "write `while not …`", "unless": "write `if not …`",
    "loop": "write `while true { … }`", "do": "write `{ … }`", "then": "write `{ … }`",
    "echo": "write `print(…)`, or `$ echo …` for the command", "export": "write `env.NAME = value`",
    "null": "write `nil`", "None": "write `nil`", "True": "write `true`", "False": "write `false`",
  ]
}
