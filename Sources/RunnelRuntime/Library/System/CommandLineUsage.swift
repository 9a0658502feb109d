// The usage text of `cli`, which is both what people read and what the arguments are taken by (library.md):
//
//     sync [--jobs=4] [--dry-run] [--tag=NAME...] SOURCE [TARGET]
//
// `[--name]` is a flag; `[--name=4]` an option whose default gives the type; `[--name=WORD]`, in capitals, one
// without a default; `...` after it one that may be repeated; without brackets an option must be given. Words in
// capitals are positional arguments: in brackets the last may be missing, with `...` there may be several.

/// A usage text, understood.
struct CommandLineUsage: Sendable {
  enum ValueType: String, Sendable {
    case int, float, duration, string

    var article: String { self == .int ? "an int" : "a \(rawValue)" }
  }

  enum Form: Sendable {
    case flag
    /// An option with a value.
    case value(ValueType, default: Value)
    /// One that may be given several times.
    case repeated
    case positional
    /// Takes as many words as there are.
    case variadic
  }

  struct Entry: Sendable {
    /// As the usage shows it: `--jobs`, `SOURCE`.
    let label: String
    /// In the map that `cli` gives.
    let key: String
    let form: Form
    let isRequired: Bool

    var isOption: Bool {
      switch form {
      case .flag, .value, .repeated: true
      case .positional, .variadic: false
      }
    }
  }

  /// As it was given, without white space around it.
  let text: String
  /// What comes before the first argument: the name of the program.
  let program: String
  let entries: [Entry]

  var options: [Entry] { entries.filter(\.isOption) }
  var positionals: [Entry] { entries.filter { !$0.isOption } }

  init(_ text: String) throws(Raised) {
    var scanner = Scanner(text)
    self.text = scanner.trimmed
    var program: [String] = []
    var entries: [Entry] = []
    while let item = try scanner.next() {
      if entries.isEmpty, item.isProgram {
        program.append(item.text)
        continue
      }
      let entry = try Self.entry(item)
      if let other = entries.first(where: { $0.key == entry.key }) {
        throw item.error("`\(entry.label)` and `\(other.label)` would both be `\(entry.key)` in the map")
      }
      if !entry.isOption { try Self.checkOrder(entry, after: entries, item) }
      entries.append(entry)
    }
    self.program = program.joined(separator: " ")
    self.entries = entries
  }

  // MARK: Items

  /// A word of the text, or what is between brackets.
  private struct Item {
    var text: String
    var isBracketed = false
    /// `...` follows it, inside or after the brackets.
    var isRepeated = false
    /// From 1.
    let column: Int

    var isProgram: Bool {
      !isBracketed && !isRepeated && !text.hasPrefix("-") && !CommandLineUsage.isPlaceholder(text)
    }

    func error(_ message: String) -> Raised {
      Raised(
        .valueError, "`cli` cannot read its usage text at `\(text)` (column \(column)): \(message)",
        data: ["column": .int(column)])
    }
  }

  private struct Scanner {
    let trimmed: String
    private let characters: [Character]
    private var position = 0
    private let offset: Int

    init(_ text: String) {
      let start = text.firstIndex { !$0.isWhitespace } ?? text.endIndex
      let end = text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? start
      trimmed = String(text[start..<end])
      characters = Array(trimmed)
      offset = text.distance(from: text.startIndex, to: start) + 1
    }

    mutating func next() throws(Raised) -> Item? {
      while position < characters.count, characters[position].isWhitespace { position += 1 }
      guard position < characters.count else { return nil }
      let start = position
      var item: Item
      if characters[position] == "[" {
        guard let end = characters[position...].firstIndex(of: "]") else {
          let item = Item(text: String(characters[start...]), column: start + offset)
          throw item.error("the bracket is not closed")
        }
        item = Item(text: String(characters[(start + 1)..<end]), isBracketed: true, column: start + offset)
        position = end + 1
        takeDots(into: &item)
        guard position == characters.count || characters[position].isWhitespace else {
          throw item.error("a space is missing after the bracket")
        }
      } else {
        while position < characters.count, !characters[position].isWhitespace { position += 1 }
        item = Item(text: String(characters[start..<position]), column: start + offset)
      }
      for dots in ["...", "…"] where item.text.hasSuffix(dots) {
        item.text.removeLast(dots.count)
        item.isRepeated = true
      }
      return item
    }

    private mutating func takeDots(into item: inout Item) {
      for dots in ["...", "…"] where String(characters[position...].prefix(dots.count)) == dots {
        item.isRepeated = true
        position += dots.count
        return
      }
    }
  }

  // MARK: Entries

  private static func entry(_ item: Item) throws(Raised) -> Entry {
    if item.text.hasPrefix("-") { return try option(item) }
    guard isPlaceholder(item.text) else {
      throw item.error(
        item.isBracketed
          ? "what is in brackets begins with `--`, or is a word in capitals"
          : "after the program's name come options, `[--name]`, and words in capitals")
    }
    return Entry(
      label: item.text, key: item.text.lowercased(), form: item.isRepeated ? .variadic : .positional,
      isRequired: !item.isBracketed)
  }

  private static func option(_ item: Item) throws(Raised) -> Entry {
    guard item.text.hasPrefix("--") else {
      throw item.error("options have long names, such as `[--verbose]`")
    }
    let parts = item.text.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts.first ?? "")
    guard isOptionName(name) else {
      throw item.error("an option's name consists of letters, digits and dashes")
    }
    guard parts.count == 2 else {
      if item.isRepeated { throw item.error("a flag cannot be repeated; `[--\(name)=WORD...]` can") }
      if !item.isBracketed { throw item.error("a flag may always be missing: write `[--\(name)]`") }
      return Entry(label: "--\(name)", key: name, form: .flag, isRequired: false)
    }
    let value = String(parts[1])
    let form: Form
    if item.isRepeated {
      guard isPlaceholder(value) else {
        throw item.error("an option that can be repeated has no default: write `[--\(name)=WORD...]`")
      }
      form = .repeated
    } else if isPlaceholder(value) {
      form = .value(.string, default: .nil)
    } else if !item.isBracketed {
      throw item.error("an option with a default may be missing: write `[--\(name)=\(value)]`")
    } else {
      let digits = value.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
      if digits.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x5F }), !digits.isEmpty,
        Self.value(value, of: .int) == nil, Self.value(value, of: .float) != nil
      {
        throw item.error(
          "the default `\(value)` does not fit an int of 64 bits; as a float it is `\(value).0`")
      }
      let (type, standard) = inferred(value)
      form = .value(type, default: standard)
    }
    return Entry(label: "--\(name)", key: name, form: form, isRequired: !item.isBracketed)
  }

  /// Which words a positional argument gets must be plain from where it stands.
  private static func checkOrder(_ entry: Entry, after entries: [Entry], _ item: Item) throws(Raised) {
    for other in entries where !other.isOption {
      switch (other.form, entry.form) {
      case (.variadic, .variadic): throw item.error("only one argument can take several words")
      case (.variadic, _) where !entry.isRequired || !other.isRequired:
        throw item.error("beside `\(other.label)...` it is not plain who gets which word")
      case (_, _) where !other.isRequired:
        throw item.error("after `[\(other.label)]`, which may be missing, no other argument can stand")
      default: break
      }
    }
  }

  /// `SOURCE`, `OUT-FILE`: capitals, digits, dashes and underscores, a capital first.
  private static func isPlaceholder(_ text: String) -> Bool {
    guard let first = text.utf8.first, (0x41...0x5A).contains(first) else { return false }
    return text.utf8.allSatisfy {
      (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2D
    }
  }

  private static func isOptionName(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, first.properties.isAlphabetic else { return false }
    return text.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == "_"
    }
  }

  // MARK: Values

  /// The type that a default has, and the default.
  private static func inferred(_ text: String) -> (ValueType, Value) {
    for type in [ValueType.int, .float, .duration] {
      if let value = value(text, of: type) { return (type, value) }
    }
    return (.string, .string(text))
  }

  /// A word as a value; nil if it is none of the type.
  static func value(_ text: String, of type: ValueType) -> Value? {
    switch type {
    case .string: return .string(text)
    case .int: return integer(text).map { .int($0) }
    case .duration: return Durations.parse(text).map { .duration($0) }
    case .float:
      // `inf`, `nan` and hexadecimal are words rather than numbers.
      let isNumber = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
      guard isNumber, let number = Double(text), number.isFinite else { return nil }
      return .float(number)
    }
  }

  private static let sizes: [(suffix: String, factor: Int)] = [
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("KB", 1_000), ("MB", 1_000_000),
    ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
  ]

  /// `4`, `1_000`, and sizes as the language has them: `64KiB`.
  private static func integer(_ text: String) -> Int? {
    for (suffix, factor) in sizes where text.hasSuffix(suffix) {
      guard let number = integer(String(text.dropLast(suffix.count))) else { return nil }
      let (product, overflow) = number.multipliedReportingOverflow(by: factor)
      return overflow ? nil : product
    }
    guard text.utf8.last != 0x5F, let first = text.utf8.first, first != 0x5F else { return nil }
    return Int(text.filter { $0 != "_" })
  }
}
