// Starting a pipeline of programs: files are opened, pipes made, and the programs started from left to right into
// one process group. Nothing has run when a file cannot be opened or a program is not there.

import Glibc
import RunnelScheduler
import RunnelSystem

enum CommandStart {
  /// Starts a command. What has been printed is written out before it can write.
  static func start(
    _ plan: CommandPlan, _ manner: CommandManner, _ strand: Strand
  ) async throws(Raised) -> RunningCommand {
    try strand.checkpoint()
    let began = strand.interpreter.scheduler.now
    var files: [[OpenEnd]] = []
    for stage in plan.stages { files.append(try await open(stage.redirects, strand)) }
    let starter = Starter(plan, manner, files, strand)
    if plan.stages.count > 1 { try starter.checkPrograms() }
    switch (manner.output, manner.errors) {
    case (.inherited, _), (_, .inherited): strand.interpreter.output.yieldTerminal()
    default: strand.interpreter.output.flush()
    }
    let failure = starter.startAll()
    let command = starter.command(began: began)
    if let failure {
      // Those to the left of what could not be started run already.
      if let command {
        command.watch()
        await command.stop()
      }
      throw failure
    }
    guard let command else { throw Raised(.valueError, "a command without a program") }
    command.watch()
    return command
  }

  // MARK: Files

  /// Opens the files of one stage's redirections, from left to right.
  private static func open(
    _ redirects: [CommandPlan.Redirect], _ strand: Strand
  ) async throws(Raised) -> [OpenEnd] {
    var files: [OpenEnd] = []
    for redirect in redirects {
      switch redirect {
      case .input(let path): files.append(try await open(path, .read, "read", strand))
      case .output(let path, let append), .error(let path, let append):
        let options: Files.OpenOptions = [.write, .create, append ? .append : .truncate]
        files.append(try await open(path, options, "write", strand))
      case .errorToOutput, .outputToError: break
      }
    }
    return files
  }

  private static func open(
    _ path: FilePath, _ options: Files.OpenOptions, _ action: String, _ strand: Strand
  ) async throws(Raised) -> OpenEnd {
    // The open of a FIFO waits for its other side.
    if (try? Files.status(of: path.full))?.kind == .pipe {
      return try await openFIFO(path, options, action, strand)
    }
    return try openNow(path, options, action)
  }

  private static func openNow(
    _ path: FilePath, _ options: Files.OpenOptions, _ action: String
  ) throws(Raised) -> OpenEnd {
    do throws(SystemError) {
      return OpenEnd(try Files.open(path.full, options))
    } catch {
      throw FileErrors.raised(error, "\(action) `\(path.text)`", path)
    }
  }

  private static func openFIFO(
    _ path: FilePath, _ options: Files.OpenOptions, _ action: String, _ strand: Strand
  ) async throws(Raised) -> OpenEnd {
    do throws(Raised) {
      return try await strand.blocking("opening `\(path.text)`, a FIFO whose other side nobody has opened") {
        () throws(Raised) in try openNow(path, options, action)
      }
    } catch {
      // It was given up: the other side, opened for a moment, lets the thread go.
      let other: Files.OpenOptions = options.contains(.write) ? .read : .write
      _ = try? Files.open(path.full, other.union(.nonblocking))
      throw error
    }
  }
}

/// The work of starting one command.
private final class Starter {
  private let plan: CommandPlan
  private let manner: CommandManner
  private let files: [[OpenEnd]]
  private let strand: Strand
  private let interpreter: Interpreter
  private let environment: [String]
  private let directory: String?
  private var processes: [StageProcess] = []
  private var output: OutputPipe?
  private var errors: OutputPipe?
  private var input: InputFeed?
  private var terminal: CommandTerminal?

  init(_ plan: CommandPlan, _ manner: CommandManner, _ files: [[OpenEnd]], _ strand: Strand) {
    self.plan = plan
    self.manner = manner
    self.files = files
    self.strand = strand
    interpreter = strand.interpreter
    environment = interpreter.commands.environment(strand.environment)
    directory = plan.directory?.full ?? interpreter.commands.directory(strand.workingDirectory)
  }

  /// What has been started; nil if nothing was.
  func command(began: Int64) -> RunningCommand? {
    guard !processes.isEmpty else { return nil }
    return RunningCommand(
      interpreter, plan, manner, processes, output: output, errors: errors, input: input, terminal: terminal,
      began: began)
  }

  /// A program that is not there is found before the first one runs.
  func checkPrograms() throws(Raised) {
    for stage in plan.stages {
      let spec = spec(for: stage)
      do throws(StartError) {
        _ = try ProgramSearch.find(stage.arguments[0], for: spec)
      } catch {
        throw StartFailure.raised(error, stage, spec, directory: plan.directory)
      }
    }
  }

  private func spec(for stage: CommandPlan.Stage) -> ProgramSpec {
    var spec = ProgramSpec(arguments: stage.arguments)
    spec.environment = stage.environment.isEmpty ? environment : Self.changed(environment, stage.environment)
    spec.directory = directory
    return spec
  }

  /// The environment with a stage's own variables.
  private static func changed(
    _ texts: [String], _ changes: [(name: String, value: String?)]
  ) -> [String] {
    var texts = texts
    for (name, value) in changes {
      let prefix = name + "="
      texts.removeAll { $0.utf8.starts(with: prefix.utf8) }
      if let value { texts.append(prefix + value) }
    }
    return texts
  }

  /// Starts all programs. Gives what has gone wrong; those before it run then.
  func startAll() -> Raised? {
    do throws(SystemError) {
      return try startEach()
    } catch {
      return Raised(
        .ioError, "cannot start `\(plan.text)`: \(error.message)", data: ["errno": .string(error.name)])
    }
  }

  private func startEach() throws(SystemError) -> Raised? {
    let count = plan.stages.count
    let streams = plan.stages.enumerated().map { index, stage in
      var streams = StandardStreams(stage: index, of: count, manner)
      streams.apply(stage.redirects)
      return streams
    }
    // A pipe that no stage has would only have to be looked after.
    var ends = Ends()
    if streams.contains(where: { $0.contains(.output) }) {
      let pipe = try Pipe(nonblocking: .reader)
      ends.output = OpenEnd(pipe.writer)
      output = OutputPipe(OpenEnd(pipe.reader), use(manner.output, toError: false))
    }
    if streams.contains(where: { $0.contains(.errors) }) {
      let pipe = try Pipe(nonblocking: .reader)
      ends.errors = OpenEnd(pipe.writer)
      errors = OutputPipe(OpenEnd(pipe.reader), use(manner.errors, toError: true))
    }
    if streams.contains(where: { $0.contains(.fed) }) {
      Signals.ignoreBrokenPipe()
      let pipe = try Pipe(nonblocking: .writer)
      ends.fed = OpenEnd(pipe.reader)
      input = InputFeed(OpenEnd(pipe.writer))
    }
    for (index, stage) in plan.stages.enumerated() {
      var nextReader: OpenEnd?
      if index < count - 1 {
        let pipe = try Pipe()
        nextReader = OpenEnd(pipe.reader)
        ends.next = OpenEnd(pipe.writer)
      } else {
        ends.next = nil
      }
      ends.files = files[index]
      var spec = spec(for: stage)
      spec.standardInput = ends.number(of: streams[index].input)
      spec.standardOutput = ends.number(of: streams[index].output)
      spec.standardError = ends.number(of: streams[index].error)
      if let leader = processes.first {
        spec.group = .join(leader.pid)
      } else if case .terminal = manner.input {
        spec.terminal = 0
        terminal = CommandTerminal()
      }
      do throws(StartError) {
        processes.append(StageProcess(try Programs.start(spec), text: stage.text))
      } catch {
        if processes.isEmpty { terminal?.takeBack() }
        return StartFailure.raised(error, stage, spec, directory: plan.directory)
      }
      // Ours must not keep a pipe open that a program waits to see closed.
      ends.next?.close()
      ends.previous?.close()
      ends.previous = nextReader
    }
    ends.closeAll()
    for file in files.joined() { file.close() }
    return nil
  }

  private func use(_ output: CommandManner.Output, toError: Bool) -> OutputPipe.Use {
    let limit = interpreter.options.captureLimit
    switch output {
    case .captured, .inherited, .discarded: return .capture(limit: limit)
    // While it is fed, nobody reads it: what it says is kept, or both would wait for ever.
    case .read: return .read(mark: input(isFed: manner) ? limit : RunningCommand.readAhead)
    case .relayed:
      return .relay(OutputRelay(interpreter.output, toError: toError, isAlone: strand.isAlone))
    }
  }

  private func input(isFed manner: CommandManner) -> Bool {
    if case .fed = manner.input { true } else { false }
  }
}

/// The programs' ends of the pipes, ours until all programs have them.
private struct Ends {
  var output: OpenEnd?
  var errors: OpenEnd?
  var fed: OpenEnd?
  var previous: OpenEnd?
  var next: OpenEnd?
  var files: [OpenEnd] = []

  func number(of end: StreamEnd) -> Int32 {
    switch end {
    case .null: -1
    case .inherited(let number): number
    case .previous: previous?.number ?? -1
    case .next: next?.number ?? -1
    case .fed: fed?.number ?? -1
    case .output: output?.number ?? -1
    case .errors: errors?.number ?? -1
    case .file(let index): index < files.count ? files[index].number : -1
    }
  }

  func closeAll() {
    for end in [output, errors, fed, previous, next] { end?.close() }
  }
}

extension Strand {
  /// Whether nothing else of the script runs: then nobody's output can come between. While the main task waits for a
  /// command, nobody can begin a task either.
  var isAlone: Bool {
    guard task == nil else { return false }
    return interpreter.tree.withLock { busyScopes.isEmpty }
  }
}
