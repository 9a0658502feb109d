// Error kinds: the built-in ones, declared once in one table, and those that scripts declare. A kind is an
// object: scripts call it to make an error, and two declarations of one name are two kinds (language.md §5).

/// A kind of error.
///
/// `@unchecked Sendable`: never changes.
public final class ErrorKind: Object, @unchecked Sendable {
  public let name: String
  public let parent: ErrorKind?
  /// The module that declared it, for messages; empty for built-in kinds.
  public let module: String

  public init(_ name: String, parent: ErrorKind?, module: String = "") {
    self.name = name
    self.parent = parent
    self.module = module
    super.init(tag: .kind)
  }

  public override var typeName: String { "function" }

  /// Whether this is `other` or one of its sub-kinds.
  public func isKind(of other: ErrorKind) -> Bool {
    var kind: ErrorKind? = self
    while let current = kind {
      if current === other { return true }
      kind = current.parent
    }
    return false
  }
}

extension ErrorKind {
  public static let error = ErrorKind("Error", parent: nil)
  /// Beside `Error`, not under it: this task is being cancelled.
  public static let cancelled = ErrorKind("Cancelled", parent: nil)
  /// How `exit(n)` unwinds. No script can name it.
  static let exit = ErrorKind("exit", parent: nil)

  public static let exitError = ErrorKind("ExitError", parent: error)
  public static let timeout = ErrorKind("Timeout", parent: error)
  public static let taskCancelled = ErrorKind("TaskCancelled", parent: error)
  public static let workerCrashed = ErrorKind("WorkerCrashed", parent: error)
  public static let transferError = ErrorKind("TransferError", parent: error)
  public static let groupError = ErrorKind("GroupError", parent: error)
  public static let retryExhausted = ErrorKind("RetryExhausted", parent: error)
  public static let deadlock = ErrorKind("Deadlock", parent: error)
  public static let lockOrder = ErrorKind("LockOrder", parent: error)
  public static let channelClosed = ErrorKind("ChannelClosed", parent: error)
  public static let parseError = ErrorKind("ParseError", parent: error)
  public static let limitError = ErrorKind("LimitError", parent: error)
  public static let commandNotFound = ErrorKind("CommandNotFound", parent: error)
  public static let noMatch = ErrorKind("NoMatch", parent: error)

  public static let ioError = ErrorKind("IOError", parent: error)
  public static let fileNotFound = ErrorKind("FileNotFound", parent: ioError)
  public static let permissionDenied = ErrorKind("PermissionDenied", parent: ioError)
  public static let fileExists = ErrorKind("FileExists", parent: ioError)
  public static let isADirectory = ErrorKind("IsADirectory", parent: ioError)
  public static let notADirectory = ErrorKind("NotADirectory", parent: ioError)
  public static let directoryNotEmpty = ErrorKind("DirectoryNotEmpty", parent: ioError)
  public static let diskFull = ErrorKind("DiskFull", parent: ioError)
  public static let brokenPipe = ErrorKind("BrokenPipe", parent: ioError)

  public static let bug = ErrorKind("Bug", parent: error)
  public static let typeError = ErrorKind("TypeError", parent: bug)
  public static let valueError = ErrorKind("ValueError", parent: bug)
  public static let nameError = ErrorKind("NameError", parent: bug)
  public static let arityError = ErrorKind("ArityError", parent: bug)
  public static let indexError = ErrorKind("IndexError", parent: bug)
  public static let keyError = ErrorKind("KeyError", parent: bug)
  public static let mathError = ErrorKind("MathError", parent: bug)
  public static let overflowError = ErrorKind("OverflowError", parent: bug)
  public static let matchError = ErrorKind("MatchError", parent: bug)
  public static let assertionError = ErrorKind("AssertionError", parent: bug)
  public static let isolationError = ErrorKind("IsolationError", parent: bug)
  public static let stackOverflow = ErrorKind("StackOverflow", parent: bug)

  /// Every kind that a script can name without declaring it.
  public static let builtIn: [ErrorKind] = [
    error, cancelled, exitError, timeout, taskCancelled, workerCrashed, transferError, groupError,
    retryExhausted, deadlock, lockOrder, channelClosed, parseError, limitError, commandNotFound, noMatch,
    ioError, fileNotFound, permissionDenied, fileExists, isADirectory, notADirectory, directoryNotEmpty,
    diskFull, brokenPipe, bug, typeError, valueError, nameError, arityError, indexError, keyError, mathError,
    overflowError, matchError, assertionError, isolationError, stackOverflow,
  ]
}
