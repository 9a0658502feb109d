// What the compiler gives: code, plain constants and source positions, one `ModuleCode` a file. No values:
// the loader (RunnelRuntime) makes those.

public import RunnelSyntax

/// The code of one file.
public final class ModuleCode: Sendable {
  public let source: SourceFile
  /// Function 0 is the file's top level.
  public let functions: [FunctionCode]
  /// The module's number in its program: modules are numbered as they must be run.
  public let index: Int
  /// Members, by name: the number of the global that holds each (top-level `let`, `fn`, `error`).
  public let members: [String: Int]
  /// The file's leading `##` comment.
  public let documentation: String?
  /// Its tests, in their order.
  public let tests: [TestDeclaration]

  public init(
    source: SourceFile, functions: [FunctionCode], index: Int, members: [String: Int], documentation: String?,
    tests: [TestDeclaration] = []
  ) {
    self.source = source
    self.functions = functions
    self.index = index
    self.members = members
    self.documentation = documentation
    self.tests = tests
  }
}

/// A `test "…" { }` of a file.
public struct TestDeclaration: Sendable, Hashable {
  public let name: String
  public let span: Span
}

/// The code of one function.
public final class FunctionCode: Sendable {
  public struct Parameters: Sendable {
    /// For keyword arguments; a parameter that is a pattern has none.
    public var names: [String?] = []
    /// How many must be given; the rest have defaults.
    public var required = 0
    /// Whether the last one takes the rest as a list.
    public var hasRest = false

    public init() {}
  }

  /// Where a closure's captured value comes from when the closure is made.
  public enum Capture: Sendable {
    /// A register of the function that makes it: a value, or a cell that both share.
    case register(Int)
    /// The maker's own captured value.
    case upvalue(Int)
    /// The maker itself.
    case current
    /// The value that a cell in a register holds now (a task's snapshot).
    case snapshotOfRegister(Int)
    /// The value that a captured cell holds now.
    case snapshotOfUpvalue(Int)
  }

  /// Where an error raised between two instructions goes.
  public struct Handler: Sendable {
    public let start: Int32
    public let end: Int32
    public let target: Int32
    /// Gets the error; or, for a completion, gets 1 and the next register gets the error.
    public let register: Int32
    public let isCompletion: Bool
  }

  /// For traces: `f`, `module`, `task`, `lambda`.
  public let name: String
  public let instructions: [Instruction]
  public let constants: [Constant]
  /// The place of each instruction, for those that can fail.
  public let spans: [Span]
  public let registerCount: Int
  public let parameters: Parameters
  public let captures: [Capture]
  /// The variables that they are of, for messages.
  public let captureNames: [String]
  /// Innermost first.
  public let handlers: [Handler]
  public let isGenerator: Bool
  /// A lambda is no scope of its own (language.md §6).
  public let isScope: Bool
  public let documentation: String?
  public let span: Span

  init(
    name: String, instructions: [Instruction], constants: [Constant], spans: [Span], registerCount: Int,
    parameters: Parameters, captures: [Capture], captureNames: [String], handlers: [Handler],
    isGenerator: Bool,
    isScope: Bool, documentation: String?, span: Span
  ) {
    self.name = name
    self.instructions = instructions
    self.constants = constants
    self.spans = spans
    self.registerCount = registerCount
    self.parameters = parameters
    self.captures = captures
    self.captureNames = captureNames
    self.handlers = handlers
    self.isGenerator = isGenerator
    self.isScope = isScope
    self.documentation = documentation
    self.span = span
  }
}

/// What instructions refer to by number.
public enum Constant: Sendable {
  case int(Int64)
  case float(Double)
  case duration(Int64)
  case string(String)
  /// A built-in function, namespace, kind or other global, by name.
  case builtin(String)
  case names([String])
  case shape(CallShape)
  case place(PlaceDescriptor)
  case command(CommandDescriptor)
  case assertion(AssertDescriptor)
  case spawn(SpawnDescriptor)
  case module(Int)
}

/// What the head of a `retry` says, in the flag of `retryBegin`.
public struct RetryFlags: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// `every D`, not `backoff`.
  public static let every = RetryFlags(rawValue: 1)
  /// `else` stands after it.
  public static let hasElse = RetryFlags(rawValue: 2)
  /// `on` names kinds, so that what it names is retried even under `Bug`.
  public static let filtered = RetryFlags(rawValue: 4)
}

/// What a command at the end of a pipeline does with its output, in the flag of `commandStage`.
public enum CommandRole: UInt8, Sendable {
  /// A stage: its lines go on.
  case stage
  /// A stage before one that takes bytes: its output goes on as it is.
  case rawStage
  /// The last: its text is the pipeline's value.
  case capture
  /// The last, in statement position: its output is inherited.
  case inherit
}

/// How the arguments of a call stand in its registers, where they are not all positional.
public struct CallShape: Sendable {
  public enum Argument: Sendable {
    case positional
    case spread
    case keyword(String)
  }
  public let arguments: [Argument]
}

/// A path from a variable to the place that is read or changed. Its key registers follow one another in the
/// order of the steps that need one.
public struct PlaceDescriptor: Sendable {
  public enum Base: Sendable {
    case register(Int)
    /// A register that holds a cell.
    case cell(Int)
    case upvalueCell(Int)
    case global(Int)
    /// The task's environment, `env`.
    case environment
  }
  public enum Step: Sendable {
    case field(String)
    case index
  }
  public let base: Base
  public let steps: [Step]
  /// For `placeCall`: the method, and how many arguments or their shape.
  public let method: String
  public let argumentCount: Int
  public let shape: CallShape?

  init(base: Base, steps: [Step], method: String = "", argumentCount: Int = 0, shape: CallShape? = nil) {
    self.base = base
    self.steps = steps
    self.method = method
    self.argumentCount = argumentCount
    self.shape = shape
  }

  /// How many steps take their key from a register.
  public var keyCount: Int {
    steps.reduce(0) { count, step in if case .index = step { count + 1 } else { count } }
  }
}

/// A command of one or more stages. Interpolated values are in registers, in the order in which they stand.
public struct CommandDescriptor: Sendable {
  public struct Word: Sendable {
    public enum Part: Sendable {
      case bare(String)
      case quoted(String)
      case value
    }
    public var parts: [Part]
  }
  public enum Redirect: Sendable {
    case input(Word)
    case output(Word, append: Bool)
    case error(Word, append: Bool)
    case errorToOutput
    case outputToError
  }
  public struct Stage: Sendable {
    public var environment: [(name: String, value: Word)]
    public var words: [Word]
    public var redirects: [Redirect]
    /// As written, for messages.
    public var text: String
  }
  public var form: CommandForm
  public var stages: [Stage]
}

/// What an `assert` says when it fails.
public struct AssertDescriptor: Sendable {
  /// The condition as written.
  public let text: String
  /// For a comparison: its operator; its sides are in the two registers after the message's.
  public let comparison: String?
}

/// What stands between `spawn` and its body. Values are in registers after the closure's: the name, then
/// the scope, then the executor, each if there is one.
public struct SpawnDescriptor: Sendable {
  public let isDetached: Bool
  public let isService: Bool
  public let hasName: Bool
  public let hasScope: Bool
  public let hasExecutor: Bool
  /// The handle's value is dropped: a failure of the task cancels its scope at once.
  public let isDiscarded: Bool
}

/// Why there is a scope: how it ends depends on it.
public enum ScopeForm: UInt8, Sendable, CaseIterable {
  case plain
  case timeout
  case shield
  case with
  case attempt
  case test
}
