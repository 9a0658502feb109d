// A compiled script, and the world that it runs in: one thread, which runs its top level and its functions' calls, one
// after the other. Whoever calls waits without holding a thread of Swift's.

import RunnelRuntime
import RunnelSyntax

/// How a script is run.
public struct ScriptOptions: Sendable {
  /// The script's `args`.
  public var arguments: [String] = []
  /// Functions that it can call by name, beside the library.
  public var functions: [HostFunction] = []
  /// Takes what the script prints, in pieces, on the script's thread; nil: the process's standard output and error.
  public var output: (@Sendable (_ text: String, _ isError: Bool) -> Void)?
  /// How long all cleanup of one unwinding may take after it was told to stop.
  public var grace: Duration = .seconds(5)
  /// The path of a `runnel` of the same version, which process tasks (`spawn on process`) run in; nil: there are none, and a script
  /// that wants one gets an `IOError`.
  public var workerProgram: String?
  /// Makes `random` and its kin give the same numbers at each run.
  public var seed: UInt64?

  public init() {}
}

/// A script that has been compiled and can be run, any number of times, also at the same time.
public struct Script: Sendable {
  private let source: SourceFile
  private let path: String?
  private let options: ScriptOptions

  /// Compiles a script.
  /// - Parameters:
  ///   - text: its source.
  ///   - name: what messages call it.
  ///   - path: its file, which `import` is relative to; nil: the current directory.
  /// - Throws: `ScriptProblems` if it does not parse or resolve.
  public init(
    _ text: String, name: String = "script", path: String? = nil, options: ScriptOptions = ScriptOptions()
  ) throws(ScriptProblems) {
    let source = SourceFile(name: name, text: text)
    let names = options.functions.map(\.native)
    let program = ProgramLoader.load(
      source, path: path, globals: Dictionary(names.map { ($0.name, .object($0)) }) { _, last in last })
    guard program.isValid else {
      throw ScriptProblems(program.diagnostics.filter { $0.severity == .error })
    }
    self.source = source
    self.path = path
    self.options = options
  }

  /// Runs the script to its end, its tasks included.
  /// - Returns: the value of its last expression.
  /// - Throws: `ScriptError`, `ScriptExit`, or `CancellationError` where the calling task was cancelled: then the script has
  ///   been cancelled too, and its cleanup has run.
  @discardableResult
  public func run() async throws -> ScriptValue {
    let instance = ScriptInstance(source, path: path, options: options)
    do {
      let value = try await instance.start()
      await instance.close()
      return value
    } catch {
      await instance.close()
      throw error
    }
  }

  /// Runs the script's top level and keeps it for calls. The instance must be closed at last.
  /// - Throws: as `run`.
  public func start() async throws -> ScriptInstance {
    let instance = ScriptInstance(source, path: path, options: options)
    do {
      _ = try await instance.start()
      return instance
    } catch {
      await instance.close()
      throw error
    }
  }
}

/// A script whose top level has run: its functions can be called.
///
/// The top level, and each call, ends when its tasks have ended, as everywhere in the language; what the top level has
/// opened stays open until `close`. Calls run one after the other, in the order in which they are made. A host's function
/// must not call the instance it is called by: it would wait for itself.
public final class ScriptInstance: Sendable {
  private let thread: ScriptThread
  private let source: SourceFile
  private let path: String?

  init(_ source: SourceFile, path: String?, options: ScriptOptions) {
    self.source = source
    self.path = path
    thread = ScriptThread(options)
  }

  deinit { thread.close(then: nil) }

  func start() async throws -> ScriptValue {
    let (source, path) = (source, path)
    return try await thread.perform { $0.run(source, path: path, isLine: false) }
  }

  /// Calls a function that the script's top level declares.
  /// - Throws: `ScriptError` (a `NameError` if there is no such function), `ScriptExit`, or `CancellationError` where the
  ///   calling task was cancelled: then the call has been cancelled too, and its cleanup has run.
  @discardableResult
  public func call(_ function: String, _ arguments: ScriptValue...) async throws -> ScriptValue {
    try await call(function, arguments: arguments)
  }

  /// As `call`, with the arguments in a list.
  @discardableResult
  public func call(_ function: String, arguments: [ScriptValue]) async throws -> ScriptValue {
    try await thread.perform { session in
      do throws(Raised) {
        var values: [Value] = []
        for argument in arguments { values.append(try argument.value()) }
        return session.call(function, values)
          ?? .failed(ErrorObject(.nameError, "the script has no function `\(function)`"))
      } catch {
        return .failed(error.error)
      }
    }
  }

  /// The value of a name that the script's top level declares; nil if there is none.
  public func value(of name: String) async throws -> ScriptValue {
    try await thread.perform { .value($0.value(named: name) ?? .nil) }
  }

  /// Stops what the script has left running, waits for its cleanup, and ends its thread. More than once is once.
  public func close() async {
    await withCheckedContinuation { continuation in thread.close { continuation.resume() } }
  }
}
