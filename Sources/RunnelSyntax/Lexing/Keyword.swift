// Every word that means something to the grammar, declared once: the lexer, the parser's suggestions, the
// REPL's completion and the editor grammar derive from these tables. A test holds grammar/runnel.ebnf to them.

/// A reserved word: never a variable's name.
public enum Keyword: String, CaseIterable, Sendable {
  case `let`, `var`, fn, `return`
  case `if`, `else`, `while`, `for`, `in`, `break`, `continue`, match
  case `try`, `catch`, finally, raise, `defer`, with
  case `import`, `as`
  case `true`, `false`, `nil`
  case and, or, not, `is`
  case yield, spawn, await, gather, shield, retry, timeout
}

/// A word that is a keyword only in its place, and a name everywhere else.
public enum ContextualWord: String, CaseIterable, Sendable {
  // Statements and expressions that begin with a word of their own.
  case test, scope, error, assert
  // The modes of `gather`.
  case settled, any, race
  // Clauses.
  case on, limit, backoff, jitter, within, until, every, detached, service, from
}

/// The names that mean a type in a pattern of `match`.
public enum SyntaxNames {
  /// In the order in which the manual lists them.
  public static let types = [
    "nil", "bool", "int", "float", "duration", "string", "bytes", "list", "map", "range", "function", "error",
    "regex", "time", "module", "task", "stream", "channel", "lock", "semaphore", "limiter", "event",
    "barrier",
    "condition", "shared", "shared_array", "pool", "file", "command",
  ]

  /// True if `name` tests a type where it stands alone in an arm of `match`.
  public static func isType(_ name: String) -> Bool { typeSet.contains(name) }

  private static let typeSet = Set(types)
}

/// Finds keywords by their bytes: they are all ASCII of at most eight letters, so each fits one word.
struct KeywordTable {
  static let shared = KeywordTable()

  private var keys: [UInt64]
  private var values: [Keyword]
  private static let size = 128

  private init() {
    keys = [UInt64](repeating: 0, count: Self.size)
    values = [Keyword](repeating: .let, count: Self.size)
    for keyword in Keyword.allCases {
      var key: UInt64 = 0
      for byte in keyword.rawValue.utf8 { key = key << 8 | UInt64(byte) }
      var slot = Self.slot(of: key)
      while keys[slot] != 0 { slot = (slot + 1) % Self.size }
      keys[slot] = key
      values[slot] = keyword
    }
  }

  private static func slot(of key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 57)
  }

  /// The keyword whose letters are packed in `key`, the last one lowest.
  func keyword(_ key: UInt64) -> Keyword? {
    var slot = Self.slot(of: key)
    while keys[slot] != 0 {
      if keys[slot] == key { return values[slot] }
      slot = (slot + 1) % Self.size
    }
    return nil
  }
}
