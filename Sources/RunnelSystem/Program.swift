// Starting programs and taking their exits. The way of one: find the file on PATH (here, in the parent), start
// it in C (program.c), watch its pidfd with the reactor, look at its exit without taking it, stop what is
// left of its process group, strike the group off the watchdog's list, and only then reap the leader, so that
// the group's number cannot have become somebody else's meanwhile.

internal import CRunnelSystem
internal import Glibc

/// What to start, and with what around it.
public struct ProgramSpec: Sendable {
  /// Which process group the program runs in.
  public enum Group: Hashable, Sendable {
    /// A new one, of which it is the leader; the watchdog knows of it.
    case new
    /// One whose leader is not reaped yet.
    case join(Int32)
    /// The caller's own.
    case inherit
  }

  /// The name, or a path with a `/`, and the arguments, as bytes.
  public var arguments: [[UInt8]]
  /// `NAME=value` each; nil is this process's environment.
  public var environment: [String]?
  /// Where it runs; nil is this process's directory.
  public var directory: String?
  /// Descriptors that become its 0, 1 and 2, in any order and overlap; -1 is `/dev/null`.
  public var standardInput: Int32 = 0
  public var standardOutput: Int32 = 1
  public var standardError: Int32 = 2
  /// Descriptors, numbered 3 or above, that it inherits under their numbers. Nothing else is inherited.
  public var inherited: [Int32] = []
  public var group: Group = .new
  /// A terminal whose foreground the program's group becomes.
  public var terminal: Int32?

  public init(arguments: [[UInt8]]) {
    self.arguments = arguments
  }

  public init(_ arguments: [String]) {
    self.arguments = arguments.map { Array($0.utf8) }
  }
}

/// Why a program did not start.
public enum StartError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No such command on PATH, or no such file.
  case notFound(name: String)
  /// The file is there but may not be executed.
  case permissionDenied(path: String)
  /// The working directory is missing, is none, or may not be entered.
  case workingDirectory(SystemError)
  /// The file is there, but what its `#!` line names is not.
  case interpreterMissing(path: String)
  /// Anything else: too many processes, too long arguments…
  case system(SystemError)

  public var description: String {
    switch self {
    case .notFound(let name): "command not found: `\(name)`"
    case .permissionDenied(let path): "permission denied: `\(path)`"
    case .workingDirectory(let error):
      "cannot enter the working directory `\(error.path ?? "")`: \(error.message)"
    case .interpreterMissing(let path): "the interpreter that `\(path)` names in its `#!` line is missing"
    case .system(let error): error.description
    }
  }
}

/// How a program ended.
public enum ExitStatus: Hashable, Sendable {
  case exited(Int32)
  case signalled(Int32, dumpedCore: Bool)

  /// The code as a shell would say it: 128 and the signal's number for a signal.
  public var shellCode: Int32 {
    switch self {
    case .exited(let code): code
    case .signalled(let signal, _): 128 + signal
    }
  }

  init?(_ exit: runnel_exit) {
    guard exit.ended else { return nil }
    self = exit.signalled ? .signalled(exit.status, dumpedCore: exit.core_dumped) : .exited(exit.status)
  }
}

/// A program that runs, or has ended and is not reaped: until then its number is its own.
///
/// It must be given to `finish` or `reap`; dropped without, it stays a zombie.
public struct StartedProgram: ~Copyable, Sendable {
  /// The process's number.
  public let pid: Int32
  /// The number of its process group; its own for a leader.
  public let processGroup: Int32
  /// Becomes readable when the process has ended.
  public let pidfd: Descriptor
  /// Whether the watchdog's list has the group under this process's number.
  public let isLeader: Bool

  /// How it has ended, nil while it runs. Takes nothing: the number stays reserved.
  public borrowing func peekExit() throws(SystemError) -> ExitStatus? {
    try Programs.peekExit(pidfd.number)
  }

  /// Which signal has stopped it since the last question (Ctrl-Z), nil for none. A pidfd does not tell: who
  /// gives the terminal away asks at each SIGCHLD, or it would wait for ever in the background.
  public borrowing func takeStop() -> Int32? {
    let signal = runnel_take_stop(pidfd.number)
    return signal > 0 ? signal : nil
  }

  /// Sends a signal to this process alone. It cannot hit another.
  ///
  /// - Returns: whether there was still somebody to get it.
  @discardableResult
  public borrowing func signal(_ signal: Int32) -> Bool {
    runnel_pidfd_signal(pidfd.number, signal) == 0
  }

  /// Takes the exit, waiting for it if need be. For a leader, `finish` is what is meant nearly always.
  public consuming func reap() throws(SystemError) -> ExitStatus {
    try Programs.reap(pidfd.number)
  }

  /// Ends a leader that has exited, or waits until it has, and its group: kills what is left of the group,
  /// strikes it off, and reaps the leader.
  ///
  /// Members that were started with `.join` are to be reaped before, or after; they get the signal too.
  ///
  /// - Parameter leavingGroup: lets the rest of the group live.
  public consuming func finish(
    leavingGroup: Bool = false, watchdog: Watchdog = .shared
  ) throws(SystemError) -> ExitStatus {
    if isLeader {
      _ = try Programs.awaitExit(pidfd.number)
      if !leavingGroup { Programs.signal(group: processGroup, SIGKILL) }
      watchdog.strikeOff(group: processGroup)
    }
    return try Programs.reap(pidfd.number)
  }
}

/// Starting programs, and what can be done to those that run.
public enum Programs {
  /// Starts a program. Returns when it executes, or has failed to.
  ///
  /// - Parameter watchdog: learns of a new group before the program runs; nil for programs that may survive us.
  public static func start(
    _ spec: ProgramSpec, watchdog: Watchdog? = .shared
  ) throws(StartError) -> StartedProgram {
    _ = prepareOnce
    guard let name = spec.arguments.first, !name.isEmpty else { throw .notFound(name: "") }
    let path = try ProgramSearch.find(name, for: spec)
    do {
      return try launchUnbusy(path, spec.arguments, spec, watchdog)
    } catch .system(let error) where error.code == ENOEXEC {
      // A script without a `#!` line: run by sh, as execvp and every shell do.
      let shell = Array("/bin/sh".utf8)
      return try launch(shell, [shell, path] + spec.arguments.dropFirst(), spec, watchdog)
    }
  }

  /// A file that was just written can be "busy": a program that another thread is starting holds all our
  /// descriptors, that file's among them, until its own exec, well under a millisecond (golang/go#22315).
  private static func launchUnbusy(
    _ path: [UInt8], _ arguments: [[UInt8]], _ spec: ProgramSpec, _ watchdog: Watchdog?
  ) throws(StartError) -> StartedProgram {
    for attempt in 0..<5 {
      do {
        return try launch(path, arguments, spec, watchdog)
      } catch .system(let error) where error.code == ETXTBSY {
        usleep(1000 << UInt32(attempt))
      }
    }
    return try launch(path, arguments, spec, watchdog)
  }

  /// How the child behind a pidfd has ended, nil while it runs. It stays unreaped.
  public static func peekExit(_ pidfd: Int32) throws(SystemError) -> ExitStatus? {
    try wait(pidfd, RUNNEL_PEEK)
  }

  /// Waits until the child behind a pidfd has ended, and leaves it unreaped.
  public static func awaitExit(_ pidfd: Int32) throws(SystemError) -> ExitStatus {
    try wait(pidfd, RUNNEL_AWAIT) ?? .exited(0)
  }

  /// Takes the exit of the child behind a pidfd, waiting for it if need be.
  public static func reap(_ pidfd: Int32) throws(SystemError) -> ExitStatus {
    try wait(pidfd, RUNNEL_REAP) ?? .exited(0)
  }

  private static func wait(_ pidfd: Int32, _ manner: runnel_wait_manner) throws(SystemError) -> ExitStatus? {
    var exit = runnel_exit()
    try shimCheck("waitid", nil, runnel_wait(pidfd, Int32(manner.rawValue), &exit))
    return ExitStatus(exit)
  }

  /// Sends a signal to every process of a group whose leader is not reaped.
  ///
  /// - Returns: whether there was anybody to get it.
  @discardableResult
  public static func signal(group: Int32, _ signal: Int32) -> Bool {
    // 0 would be our own group, -1 every process there is.
    precondition(group > 1, "not a process group that we started")
    return kill(-group, signal) == 0
  }

  /// A SIGCHLD inherited as ignored would make exits vanish (pains-and-edge-cases.md, 98).
  private static let prepareOnce: Void = runnel_restore_child_signal()

  private static func launch(
    _ path: [UInt8], _ arguments: [[UInt8]], _ spec: ProgramSpec, _ watchdog: Watchdog?
  ) throws(StartError) -> StartedProgram {
    var result = runnel_started()
    let isNew = spec.group == .new
    do throws(SystemError) {
      let pipe: Int32 = if isNew, let watchdog { try watchdog.descriptor() } else { -1 }
      let words = try CStrings(arguments, operation: "execve")
      let variables: CStrings? =
        if let environment = spec.environment {
          try CStrings(environment.map { Array($0.utf8) }, operation: "execve")
        } else { nil }
      let texts = try CStrings([path, Array((spec.directory ?? "").utf8)], operation: "execve")
      words.withPointers { argv in
        texts.withPointers { texts in
          withEnvironment(variables) { environment in
            spec.inherited.withUnsafeBufferPointer { inherited in
              var program = runnel_program()
              program.path = UnsafePointer(texts[0])
              program.arguments = UnsafePointer(argv)
              program.environment = environment
              program.directory = spec.directory == nil ? nil : UnsafePointer(texts[1])
              program.standard = (spec.standardInput, spec.standardOutput, spec.standardError)
              program.inherited = inherited.baseAddress
              program.inherited_count = Int32(inherited.count)
              program.group = spec.group.number
              program.terminal = spec.terminal ?? -1
              program.watchdog = pipe
              runnel_start(&program, &result)
            }
          }
        }
      }
    } catch { throw .system(error) }
    guard result.error == 0 else { throw failure(result, path, spec) }
    if isNew, let watchdog { watchdog.noteAdded(group: result.pid, isLost: result.watchdog_lost) }
    let group: Int32 =
      switch spec.group {
      case .new: result.pid
      case .join(let group): group
      case .inherit: getpgrp()
      }
    return StartedProgram(
      pid: result.pid, processGroup: group, pidfd: Descriptor(owning: result.pidfd), isLeader: isNew)
  }

  private static func withEnvironment(
    _ variables: borrowing CStrings?, _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Void
  ) {
    switch variables {
    case .some(let variables): variables.withPointers { body(UnsafePointer($0)) }
    case .none: body(runnel_environment())
    }
  }

  private static func failure(_ result: runnel_started, _ path: [UInt8], _ spec: ProgramSpec) -> StartError {
    let text = String(decoding: path, as: UTF8.self)
    switch runnel_stage(UInt32(result.stage)) {
    case RUNNEL_STAGE_DIRECTORY:
      return .workingDirectory(SystemError(code: result.error, operation: "chdir", path: spec.directory))
    case RUNNEL_STAGE_EXECUTE:
      switch result.error {
      case ENOENT, ENOTDIR:
        let place = ProgramSearch.placed(path, in: spec.directory)
        return Files.exists(place) ? .interpreterMissing(path: text) : .notFound(name: text)
      case EACCES: return .permissionDenied(path: text)
      default: return .system(SystemError(code: result.error, operation: "execve", path: text))
      }
    case RUNNEL_STAGE_GROUP: return .system(SystemError(code: result.error, operation: "setpgid"))
    case RUNNEL_STAGE_TERMINAL: return .system(SystemError(code: result.error, operation: "tcsetpgrp"))
    case RUNNEL_STAGE_DESCRIPTORS: return .system(SystemError(code: result.error, operation: "dup2"))
    default: return .system(SystemError(code: result.error, operation: "vfork"))
    }
  }
}

extension ProgramSpec.Group {
  /// As `struct runnel_program` wants it.
  fileprivate var number: Int32 {
    switch self {
    case .new: 0
    case .join(let group): group
    case .inherit: -1
    }
  }
}
