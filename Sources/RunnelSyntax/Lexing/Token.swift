// Tokens: what the lexer makes of a script and the parser reads. The list is flat; what nests (strings with
// interpolations, commands) is bracketed by start and end tokens, and every bracket knows its partner, so that
// the parser can look past a bracket, and skip one, in one step.

/// An operator or a bracket.
public enum Symbol: String, CaseIterable, Sendable {
  case leftParen = "("
  case rightParen = ")"
  case leftBracket = "["
  case optionalBracket = "?["
  case rightBracket = "]"
  case leftBrace = "{"
  case rightBrace = "}"
  case comma = ","
  case colon = ":"
  case semicolon = ";"
  case dot = "."
  case optionalDot = "?."
  case spread = "..."
  case range = ".."
  case closedRange = "..="
  case arrow = "=>"
  case pipe = "|"
  case assign = "="
  case plusAssign = "+="
  case minusAssign = "-="
  case starAssign = "*="
  case slashAssign = "/="
  case floorAssign = "//="
  case percentAssign = "%="
  case powerAssign = "**="
  case plus = "+"
  case minus = "-"
  case star = "*"
  case slash = "/"
  case floorSlash = "//"
  case percent = "%"
  case power = "**"
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case coalesce = "??"
}

/// One piece of a script.
public struct Token: Sendable {
  /// What a token is. The names are those of `runnel inspect --tokens` and of the terminals in the grammar.
  public enum Kind: String, CaseIterable, Sendable {
    case keyword
    case name
    case symbol
    case int
    case float
    case duration
    /// A string's quote or quotes, raw or not; then texts and interpolations, then `stringEnd`.
    case stringStart
    case stringText
    case stringEnd
    /// `{` in a string or a command; then the tokens of an expression, perhaps a format, and `interpolationEnd`.
    case interpolationStart
    /// What stands after `:` in an interpolation of a string.
    case format
    case interpolationEnd
    /// `$ `, `$(` or `$?(`; then words, redirections and pipes, then `commandEnd`.
    case commandStart
    /// A part of a word: text as it stands.
    case bareText
    /// A part of a word: text that was quoted, or escaped by a backslash.
    case quotedText
    /// The end of a word; takes no room.
    case wordEnd
    case commandPipe
    case redirect
    case commandEnd
    /// What is no token; a diagnostic has been reported.
    case invalid
    case endOfFile
  }

  /// What else is known about a token.
  public struct Flags: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It is the first on its line.
    public static let newlineBefore = Flags(rawValue: 1)
    /// Its text holds escapes that have to be decoded.
    public static let escapes = Flags(rawValue: 2)
    /// It is one character after a backslash, outside quotes, in a command.
    public static let bareEscape = Flags(rawValue: 4)
    /// A `##` comment stands directly above it.
    public static let documented = Flags(rawValue: 8)
    /// A diagnostic has been reported about the command or the string that it begins.
    public static let failed = Flags(rawValue: 16)
  }

  public var kind: Kind
  public var keyword: Keyword?
  public var symbol: Symbol?
  public var flags: Flags
  /// Byte offset of its first byte.
  public var start: UInt32
  /// Byte offset after its last byte.
  public var end: UInt32
  /// For a bracket, the index of its partner in the list, or -1; for a number, its index among the numbers.
  public var link: Int32

  public var span: Span { Span(Int(start), Int(end)) }
  public var newlineBefore: Bool { flags.contains(.newlineBefore) }
}

/// A `##` comment: the lines that stand together, as a span of the source.
struct DocumentationComment: Sendable {
  var span: Span
  /// The index of the token that follows it.
  var token: Int
  /// Nothing but comments stands between it and that token: no empty line.
  var isAttached: Bool
}

/// All tokens of a script, ending with `endOfFile`.
public struct TokenList: Sendable {
  public let source: SourceFile
  public internal(set) var tokens: [Token]
  /// The values of the numbers: an int's magnitude, a float's bits, a duration's nanoseconds.
  public internal(set) var numbers: [UInt64]
  /// What the lexer could not make sense of, in the order of the text.
  public internal(set) var diagnostics: [Diagnostic]
  var documentation: [DocumentationComment]
  /// The text ended inside a string, a command or an interpolation that further lines could finish.
  var endsOpen: Bool
}
