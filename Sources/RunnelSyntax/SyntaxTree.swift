// The syntax tree: what a script says, as the parser understood it. Pure data; every node knows its span.
// Identifiers and function-like nodes carry dense ids, given by the parser in order, so that the resolver
// can keep what it learns about them in flat arrays instead of in the tree.

/// A whole file.
public struct SyntaxTree: Sendable {
  public let source: SourceFile
  public var statements: [Statement]
  /// One more than the highest `Identifier.id`.
  public var identifierCount: Int
  /// One more than the highest `FunctionNode.id`.
  public var functionCount: Int
  /// The `##` comment at the head of the file, if it has one (`cli(…)` shows it).
  public var documentation: String?

  public init(
    source: SourceFile, statements: [Statement], identifierCount: Int, functionCount: Int,
    documentation: String? = nil
  ) {
    self.source = source
    self.statements = statements
    self.identifierCount = identifierCount
    self.functionCount = functionCount
    self.documentation = documentation
  }
}

/// A name where it is declared or used.
public struct Identifier: Sendable {
  public let text: String
  public let span: Span
  public let id: Int32

  public init(_ text: String, span: Span, id: Int32) {
    self.text = text
    self.span = span
    self.id = id
  }
}

/// `{ … }` where the syntax wants a body.
public struct Block: Sendable {
  public var statements: [Statement]
  public var span: Span

  public init(_ statements: [Statement], span: Span) {
    self.statements = statements
    self.span = span
  }
}

// MARK: - Statements

public struct Statement: Sendable {
  public var kind: StatementKind
  public var span: Span

  public init(_ kind: StatementKind, span: Span) {
    self.kind = kind
    self.span = span
  }
}

public indirect enum StatementKind: Sendable {
  case expression(Expression)
  /// `let PATTERN = value` (`mutable` false) or `var PATTERN = value`.
  case declaration(mutable: Bool, Pattern, Expression, documentation: String?)
  /// `target = value`, and `target op= value` with `operation` set.
  case assignment(target: Expression, operation: BinaryOperator?, operatorSpan: Span, value: Expression)
  /// `fn name(…) { }`; `node.name` is set.
  case function(FunctionNode)
  case yield(Expression, spread: Bool)
  case `defer`(DeferNode)
  case `import`(path: String, pathSpan: Span, name: Identifier)
  /// `error Name is Parent`
  case errorKind(name: Identifier, parent: KindPath?, documentation: String?)
  /// `assert condition, message`. `text` is the condition as written.
  case assert(condition: Expression, message: Expression?, text: String)
  case test(name: StringLiteral, body: Block)
  /// What the parser could not make sense of; a diagnostic has been reported.
  case invalid
}

public struct DeferNode: Sendable {
  public var body: Block
  /// `defer error …`
  public var onError: Bool
  /// `defer error as e`
  public var errorName: Identifier?
  /// `within D`
  public var grace: Expression?

  public init(body: Block, onError: Bool, errorName: Identifier?, grace: Expression?) {
    self.body = body
    self.onError = onError
    self.errorName = errorName
    self.grace = grace
  }
}

/// The name of an error kind, `Timeout` or `api.NotFound`.
public struct KindPath: Sendable {
  public var parts: [Identifier]
  public var span: Span

  public init(_ parts: [Identifier], span: Span) {
    self.parts = parts
    self.span = span
  }

  public var text: String { parts.map(\.text).joined(separator: ".") }
}

// MARK: - Functions

/// What a `FunctionNode` stands for.
public enum FunctionForm: Sendable, Equatable {
  /// `fn name(…) { }` and `fn (…) { }`: a scope of its own.
  case function
  /// `x => …`: no scope of its own.
  case lambda
}

/// A function or lambda.
public struct FunctionNode: Sendable {
  public var id: Int32
  public var form: FunctionForm
  public var name: Identifier?
  public var parameters: [Parameter]
  public var body: Body
  /// True if `yield` stands in its body (not in a function within it).
  public var isGenerator: Bool
  public var documentation: String?
  public var span: Span

  public init(
    id: Int32, form: FunctionForm, name: Identifier?, parameters: [Parameter], body: Body,
    isGenerator: Bool, documentation: String?, span: Span
  ) {
    self.id = id
    self.form = form
    self.name = name
    self.parameters = parameters
    self.body = body
    self.isGenerator = isGenerator
    self.documentation = documentation
    self.span = span
  }
}

public struct Parameter: Sendable {
  public var pattern: Pattern
  public var defaultValue: Expression?
  public var isRest: Bool

  public init(pattern: Pattern, defaultValue: Expression?, isRest: Bool) {
    self.pattern = pattern
    self.defaultValue = defaultValue
    self.isRest = isRest
  }
}

/// The body of a prefix form or a lambda: a block, or an expression that reaches as far right as it can.
public indirect enum Body: Sendable {
  case block(Block)
  case expression(Expression)

  public var span: Span {
    switch self {
    case .block(let block): block.span
    case .expression(let expression): expression.span
    }
  }
}

// MARK: - Expressions

public struct Expression: Sendable {
  public var kind: ExpressionKind
  public var span: Span

  public init(_ kind: ExpressionKind, span: Span) {
    self.kind = kind
    self.span = span
  }
}

public indirect enum ExpressionKind: Sendable {
  case `nil`
  case bool(Bool)
  case int(Int64)
  case float(Double)
  /// Nanoseconds.
  case duration(Int64)
  case string(StringLiteral)
  case list([ListElement])
  case map([MapEntry])
  case name(Identifier)
  case paren(Expression)

  case call(Expression, [Argument], argumentsSpan: Span)
  /// `base.name`, `base?.name`
  case member(Expression, name: String, nameSpan: Span, optional: Bool)
  /// `base[index]`, `base?[index]`; the index may be an open `range`.
  case index(Expression, Expression, optional: Bool)
  /// A chain of calls, members and indexes that holds a `?.` or `?[`: where one gives nil, the whole chain is nil.
  case chain(Expression)

  /// `a..b`, `a..=b`; a missing bound only inside an index.
  case range(lower: Expression?, upper: Expression?, inclusive: Bool)
  case unary(UnaryOperator, Expression)
  case binary(BinaryOperator, Expression, Expression, operatorSpan: Span)
  /// `e is Timeout`
  case isKind(Expression, KindPath)
  case `await`(Expression)

  case `if`([ConditionalArm], else: Block?)
  case match(Expression, [MatchArm])
  case `while`(Expression, Block)
  /// `for P in xs`, `for P, Q in xs`
  case `for`([Pattern], Expression, Block)
  case `try`(TryNode)
  case with(Expression, name: Identifier?, Block)
  case scope(name: Identifier?, Block)

  case function(FunctionNode)
  case spawn(SpawnNode)
  /// `gather [mode] EXPR`
  case gather(GatherMode, Expression)
  case gatherFor(GatherForNode)
  case timeout(duration: Expression, body: Body, else: Body?)
  case shield(Body)
  case retry(RetryNode)

  case command(CommandNode)
  /// `source | stage | …`: two or more.
  case pipeline([Expression])

  case `return`(Expression?)
  case `break`
  case `continue`
  case raise(Expression, from: Expression?)
  /// What the parser could not make sense of; a diagnostic has been reported.
  case invalid
}

public enum UnaryOperator: Sendable {
  case negate
  case not
}

public enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case `in` = "in"
  case notIn = "not in"
  case and = "and"
  case or = "or"
  case coalesce = "??"
}

public struct ListElement: Sendable {
  public var isSpread: Bool
  public var value: Expression

  public init(isSpread: Bool, value: Expression) {
    self.isSpread = isSpread
    self.value = value
  }
}

public enum MapEntry: Sendable {
  /// `name: v` and the shorthand `name` (whose value is then a `.name`), `"text": v`, `1: v`, `[key]: v`
  case pair(key: Expression, value: Expression)
  case spread(Expression)
}

public struct Argument: Sendable {
  public enum Kind: Sendable {
    case positional
    case spread
    case keyword(String)
  }
  public var kind: Kind
  public var value: Expression
  public var span: Span

  public init(_ kind: Kind, value: Expression, span: Span) {
    self.kind = kind
    self.value = value
    self.span = span
  }
}

/// A string literal: text and interpolations in turn. A raw or plain one has at most one text part.
public struct StringLiteral: Sendable {
  public enum Part: Sendable {
    case text(String)
    /// `{expression}` or `{expression:format}`; the format text as written.
    case interpolation(Expression, format: String?, formatSpan: Span)
  }
  public var parts: [Part]
  public var span: Span

  public init(parts: [Part], span: Span) {
    self.parts = parts
    self.span = span
  }

  /// The text if nothing is interpolated.
  public var plainText: String? {
    switch parts.count {
    case 0: ""
    case 1: if case .text(let text) = parts[0] { text } else { nil }
    default: nil
    }
  }
}

public struct ConditionalArm: Sendable {
  public var condition: Expression
  public var body: Block

  public init(condition: Expression, body: Block) {
    self.condition = condition
    self.body = body
  }
}

public struct MatchArm: Sendable {
  public var pattern: Pattern
  public var `guard`: Expression?
  public var body: Body
  public var span: Span

  public init(pattern: Pattern, guard: Expression?, body: Body, span: Span) {
    self.pattern = pattern
    self.guard = `guard`
    self.body = body
    self.span = span
  }
}

public struct TryNode: Sendable {
  public struct Catch: Sendable {
    /// Empty: any `Error`.
    public var kinds: [KindPath]
    public var name: Identifier?
    public var condition: Expression?
    public var body: Block
    public var span: Span

    public init(kinds: [KindPath], name: Identifier?, condition: Expression?, body: Block, span: Span) {
      self.kinds = kinds
      self.name = name
      self.condition = condition
      self.body = body
      self.span = span
    }
  }
  public var body: Block
  public var catches: [Catch]
  public var finally: Block?
  /// `finally within D`
  public var grace: Expression?

  public init(body: Block, catches: [Catch], finally: Block?, grace: Expression?) {
    self.body = body
    self.catches = catches
    self.finally = finally
    self.grace = grace
  }
}

// MARK: - Concurrency

public struct SpawnNode: Sendable {
  /// The body, as a parameterless `FunctionNode` id (a task's code is compiled as a function).
  public var functionID: Int32
  public var body: Body
  public var isDetached: Bool
  public var isService: Bool
  public var name: Expression?
  public var scope: Expression?
  public var executor: Expression?

  public init(
    functionID: Int32, body: Body, isDetached: Bool, isService: Bool, name: Expression?, scope: Expression?,
    executor: Expression?
  ) {
    self.functionID = functionID
    self.body = body
    self.isDetached = isDetached
    self.isService = isService
    self.name = name
    self.scope = scope
    self.executor = executor
  }
}

public enum GatherMode: String, Sendable {
  case all
  case settled
  case any
  case race
}

public struct GatherForNode: Sendable {
  public var functionID: Int32
  public var mode: GatherMode
  public var patterns: [Pattern]
  public var source: Expression
  public var limit: Expression?
  public var executor: Expression?
  public var body: Block

  public init(
    functionID: Int32, mode: GatherMode, patterns: [Pattern], source: Expression, limit: Expression?,
    executor: Expression?, body: Block
  ) {
    self.functionID = functionID
    self.mode = mode
    self.patterns = patterns
    self.source = source
    self.limit = limit
    self.executor = executor
    self.body = body
  }
}

public struct RetryNode: Sendable {
  public enum Backoff: Sendable {
    /// `backoff E`: a duration, a range of durations (`A..B`) or a function.
    case backoff(Expression)
    /// `every D`
    case every(Expression)
  }
  public struct Filter: Sendable {
    public var kinds: [KindPath]
    public var name: Identifier?
    public var condition: Expression?

    public init(kinds: [KindPath], name: Identifier?, condition: Expression?) {
      self.kinds = kinds
      self.name = name
      self.condition = condition
    }
  }
  public var count: Expression
  public var backoff: Backoff?
  public var jitter: Expression?
  public var within: Expression?
  public var filter: Filter?
  /// A function expression or lambda.
  public var until: Expression?
  public var body: Body
  public var elseName: Identifier?
  public var elseBody: Body?

  public init(
    count: Expression, backoff: Backoff?, jitter: Expression?, within: Expression?, filter: Filter?,
    until: Expression?, body: Body, elseName: Identifier?, elseBody: Body?
  ) {
    self.count = count
    self.backoff = backoff
    self.jitter = jitter
    self.within = within
    self.filter = filter
    self.until = until
    self.body = body
    self.elseName = elseName
    self.elseBody = elseBody
  }
}

// MARK: - Patterns

public struct Pattern: Sendable {
  public var kind: PatternKind
  public var span: Span

  public init(_ kind: PatternKind, span: Span) {
    self.kind = kind
    self.span = span
  }
}

public indirect enum PatternKind: Sendable {
  /// `_`
  case wildcard
  case bind(Identifier)
  /// `nil`, a bool, a number, a duration or a string; a negative number too.
  case literal(Expression)
  /// `a..b`, `..b`, `a..`, `a..=b`
  case range(lower: Expression?, upper: Expression?, inclusive: Bool)
  /// A built-in type's name, in an arm of `match`.
  case type(String)
  /// An error kind, in an arm of `match`, with a map pattern for its fields if one follows.
  case errorKind(KindPath, fields: MapPattern?)
  /// `[a, b, ...rest]`; `rest` is nil without one; `...rest` may only end it.
  case list([Pattern], rest: Identifier?)
  case map(MapPattern)
  case alternatives([Pattern])
  /// `PATTERN as name`
  case named(Pattern, Identifier)
  case invalid
}

public struct MapPattern: Sendable {
  public struct Entry: Sendable {
    public var key: String
    public var keySpan: Span
    /// For a bare key, a `bind` of it.
    public var pattern: Pattern

    public init(key: String, keySpan: Span, pattern: Pattern) {
      self.key = key
      self.keySpan = keySpan
      self.pattern = pattern
    }
  }
  public var entries: [Entry]
  public var rest: Identifier?

  public init(entries: [Entry], rest: Identifier?) {
    self.entries = entries
    self.rest = rest
  }
}

// MARK: - Commands

public enum CommandForm: Sendable {
  /// `$ …`
  case statement
  /// `$(…)`
  case capture
  /// `$?(…)`
  case ask
}

public struct CommandNode: Sendable {
  public var form: CommandForm
  /// The stages, joined by kernel pipes.
  public var stages: [CommandStage]
  public var span: Span

  public init(form: CommandForm, stages: [CommandStage], span: Span) {
    self.form = form
    self.stages = stages
    self.span = span
  }
}

public struct CommandStage: Sendable {
  /// `NAME=value` before the command.
  public var environment: [(name: String, value: CommandWord)]
  /// The program and its arguments.
  public var words: [CommandWord]
  /// In the order in which they stand.
  public var redirects: [CommandRedirect]
  public var span: Span

  public init(
    environment: [(name: String, value: CommandWord)], words: [CommandWord], redirects: [CommandRedirect],
    span: Span
  ) {
    self.environment = environment
    self.words = words
    self.redirects = redirects
    self.span = span
  }
}

/// One word: parts that stand together.
public struct CommandWord: Sendable {
  public enum Part: Sendable {
    /// Bare text: `~` (at the start of the word) and globs count in it.
    case bare(String)
    /// Quoted text, and what a backslash escaped: taken as it is.
    case quoted(String)
    case interpolation(Expression)
  }
  public var parts: [Part]
  public var span: Span

  public init(parts: [Part], span: Span) {
    self.parts = parts
    self.span = span
  }
}

public enum CommandRedirect: Sendable {
  /// `< file`
  case input(CommandWord)
  /// `> file`, `>> file`
  case output(CommandWord, append: Bool)
  /// `2> file`, `2>> file`
  case error(CommandWord, append: Bool)
  /// `2>&1`
  case errorToOutput
  /// `>&2`
  case outputToError
}
