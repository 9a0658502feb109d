// Commands as functions: `exec`, `start`, `cd`; the methods of what `start` gives.

import Glibc
import RunnelSystem
import Synchronization

enum CommandLibrary {
  static let groups: [NativeGroup] = [global, handle, sink, FedCommandFunctions.group]

  /// What of this is written in Runnel.
  static let prelude = FedCommandFunctions.prelude

  private static let global = NativeGroup(
    "", summary: "",
    functions: [
      .waiting(
        """
        exec(argv, cwd: nil, env: nil, stdin: nil, stdout: "capture", stderr: "capture", check: true, leave: false) \
        → map
        """,
        documentation: """
          Runs a command given as a list of words and gives `{ok, code, signal, stdout, stderr, duration}`; raises \
          `ExitError` if it fails, unless `check: false`. `env` is added to the environment (nil takes a variable \
          away), `stdin` is text or bytes. `stdout` and `stderr` are `"capture"`, `"inherit"`, `"discard"` or a path. \
          With `leave: true` what it has started in the background lives on.
          """
      ) { call throws(Raised) in try await exec(call) },
      .waiting(
        "start(argv, cwd: nil, env: nil) → command",
        documentation: """
          Starts a command and goes on. The command has `pid`, `stdin`, `stdout` and `stderr`, and is stopped at the \
          end of its scope.
          """
      ) { call throws(Raised) in
        let plan = try plan(call)
        let manner = CommandManner(input: .fed, output: .read, errors: .read)
        let command = CommandObject(try await CommandStart.start(plan, manner, call.strand))
        command.belongs(to: call.strand)
        return .object(command)
      },
      .plain(
        "cd(path)",
        documentation: """
          For `with cd(path) { }`: the directory of this task, and of those that it spawns, until the end of the \
          block.
          """
      ) { call throws(Raised) in try DirectoryChange.make(try call.path(0), call.strand) },
    ])

  private static let handle = NativeGroup(
    "command", summary: "Commands that run beside the script.",
    functions: [
      .plain(
        "signal(name) → bool", receiver: "command",
        documentation:
          "Sends the command and what it has started a signal, such as `\"INT\"`; false if it has ended."
      ) { call throws(Raised) in
        let name = try call.string(1)
        guard let number = Signals.number(named: name) else {
          throw Raised(
            .valueError, "there is no signal `\(name)`; a signal is `\"TERM\"`, `\"INT\"`, `\"HUP\"`…")
        }
        return .bool(try command(call[0]).signal(number))
      },
      .waiting(
        "wait(check: true) → map", receiver: "command",
        documentation: """
          Closes its stdin, waits for its end and gives `{ok, code, signal, duration}`; raises `ExitError` if it \
          failed, unless `check: false`.
          """
      ) { call throws(Raised) in
        try await command(call[0]).wait(check: try call.bool(1, default: true), call.strand)
      },
      .waiting(
        "close()", receiver: "command", documentation: "Stops the command, if it runs, and waits for its end."
      ) { call throws(Raised) in
        let command = try command(call[0])
        command.close()
        await command.waitForEnd()
        command.isDone()
        return .nil
      },
    ])

  private static let sink = NativeGroup(
    "resource", summary: "The stdin of a running command.",
    functions: [
      .waiting("write(x)", receiver: "resource", documentation: "Writes text or bytes; waits for room.") {
        call throws(Raised) in
        switch try call.data(1) {
        case .text(let text): try await input(call[0]).write(Array(text.utf8), call.strand)
        case .bytes(let bytes): try await input(call[0]).write(bytes, call.strand)
        }
        return .nil
      },
      .waiting("flush()", receiver: "resource", documentation: "Waits until what was written is taken.") {
        call throws(Raised) in
        try await input(call[0]).flush(call.strand)
        return .nil
      },
      .plain("close()", receiver: "resource", documentation: "Says that nothing more will come.") {
        call throws(Raised) in
        guard case .object(let object) = call[0], let resource = object as? ResourceObject else {
          return .nil
        }
        resource.close()
        return .nil
      },
    ])

  private static func command(_ value: Value) throws(Raised) -> CommandObject {
    guard let command = value.object(.command, as: CommandObject.self) else {
      throw Raised(.typeError, "this is for what `start` gives, not for \(value.typeName)")
    }
    return command
  }

  private static func input(_ value: Value) throws(Raised) -> CommandInput {
    guard case .object(let object) = value, let input = object as? CommandInput else {
      throw Raised(.typeError, "this is for the stdin of a command, not for \(value.typeName)")
    }
    return input
  }

  // MARK: exec

  private static func exec(_ call: WaitingCall) async throws(Raised) -> Value {
    let strand = call.strand
    var plan = try plan(call)
    var manner = CommandManner(
      output: try stream(call, 4, "stdout", &plan), errors: try stream(call, 5, "stderr", &plan))
    manner.leavesGroup = try call.bool(7, default: false)
    var data: OutputData?
    if call.has(3) {
      data = try call.data(3)
      manner.input = .fed
    }
    let check = try call.bool(6, default: true)
    let command = try await CommandStart.start(plan, manner, strand)
    switch data {
    case .text(let text)?: _ = command.feed(text.utf8)
    case .bytes(let bytes)?: _ = command.feed(bytes)
    case nil: break
    }
    command.endInput()
    try await command.finish(strand)
    let outcome = command.outcome
    if check, let error = outcome.error { throw error }
    return outcome.record(
      stdout: isCaptured(manner.output) ? command.capturedOutput : "",
      stderr: isCaptured(manner.errors) ? command.capturedErrors : "")
  }

  private static func isCaptured(_ output: CommandManner.Output) -> Bool {
    if case .captured = output { true } else { false }
  }

  /// What `stdout:` or `stderr:` says.
  private static func stream(
    _ call: WaitingCall, _ position: Int, _ name: String, _ plan: inout CommandPlan
  ) throws(Raised) -> CommandManner.Output {
    switch try call.string(position, default: "capture") {
    case "capture": return .captured
    case "inherit": return position == 4 ? CommandRun.inherited(call.strand) : .relayed
    case "discard": return .discarded
    case "":
      throw Raised(
        .valueError, "`\(name)` is \"capture\", \"inherit\", \"discard\" or a path, and no empty text")
    default:
      let path = try call.path(position)
      plan.stages[0].redirects.append(
        position == 4 ? .output(path, append: false) : .error(path, append: false))
      return .discarded
    }
  }

  /// The words, the directory and the environment that a call gives.
  private static func plan(_ call: WaitingCall) throws(Raised) -> CommandPlan {
    guard let list = call[0].list else {
      if let text = call[0].string?.text {
        let words = text.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ", ")
        throw Raised(
          .typeError, "`\(call.name)` takes a list of words, not a string: `\(call.name)([\(words)])`")
      }
      throw call.wrongType(0, expected: "a list of words")
    }
    var stage = CommandPlan.Stage(arguments: [], text: "")
    for item in list.items {
      if item.isNil || item.list != nil {
        throw Raised(.typeError, "`\(call.name)` takes a list of words; \(item.typeName) is no word")
      }
      stage.arguments.append(try CommandWords.bytes(of: item))
    }
    guard let name = stage.arguments.first, !name.isEmpty else {
      throw Raised(.valueError, "`\(call.name)` takes at least one word that is not empty, the command")
    }
    stage.text = text(of: stage.arguments)
    if call.has(2) {
      guard let map = call[2].map else { throw call.wrongType(2, expected: "a map") }
      for (key, value) in map.storage {
        let name = describeSafely(key)
        guard !name.isEmpty, !name.utf8.contains(0x3D), !name.utf8.contains(0) else {
          throw Raised(.valueError, "`\(name)` cannot be the name of a variable of the environment")
        }
        if value.isNil {
          stage.environment.append((name, nil))
        } else {
          let bytes = try CommandWords.bytes(of: value)
          stage.environment.append((name, String(decoding: bytes, as: UTF8.self)))
        }
      }
    }
    return CommandPlan(stages: [stage], directory: call.has(1) ? try call.path(1) : nil)
  }

  /// Words as they would be written in a command.
  static func text(of words: [[UInt8]]) -> String {
    words.map { word in
      let text = String(decoding: word, as: UTF8.self)
      let isPlain =
        !text.isEmpty
        && text.utf8.allSatisfy { byte in
          byte >= 0x80 || (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A || byte >= 0x30 && byte <= 0x39
            || "-_./=:,+@%".utf8.contains(byte)
        }
      if isPlain { return text }
      return text.utf8.contains(0x27) ? represented(text) : "'\(text)'"
    }.joined(separator: " ")
  }

  private static func represented(_ text: String) -> String { brief(.string(text), limit: 10_000) }
}

/// `with cd(path)`: the task's directory until it is closed.
///
/// `@unchecked Sendable`: `hasGoneBack` is atomic. Only the task itself goes back, or, after its end, the one whose scope
/// this has passed to.
final class DirectoryChange: ResourceObject, @unchecked Sendable {
  private let strand: Strand
  private let before: String
  private let path: String
  private let hasGoneBack = Atomic<Bool>(false)

  private init(_ strand: Strand, _ path: FilePath) {
    self.strand = strand
    self.path = path.text
    before = strand.context.directory
    super.init(tag: .resource)
  }

  static func make(_ path: FilePath, _ strand: Strand) throws(Raised) -> Value {
    do throws(SystemError) {
      guard try Files.status(of: path.full).kind == .directory else {
        throw SystemError(code: ENOTDIR, operation: "chdir", path: path.text)
      }
      guard Files.mayExecute(path.full) else {
        throw SystemError(code: EACCES, operation: "chdir", path: path.text)
      }
    } catch {
      throw FileErrors.raised(error, "go to `\(path.text)`", path)
    }
    let change = DirectoryChange(strand, path)
    strand.changeContext { $0.directory = PathText.normalized(path.full) }
    strand.own(change)
    return .object(change)
  }

  override var typeName: String { "directory" }
  override var label: String { "directory `\(path)`" }
  override var isClosed: Bool { hasGoneBack.load(ordering: .acquiring) }

  override func close() {
    if hasGoneBack.exchange(true, ordering: .acquiringAndReleasing) { return }
    strand.changeContext { $0.directory = before }
  }

  /// Only the task that has changed its directory can go back: another has one of its own.
  override func close(by closer: Strand) throws(Raised) {
    guard closer === strand else {
      throw Raised(.isolationError, "the directory was changed in another task, and is that task's own")
    }
    close()
  }
}
