// `runnel run [OPTIONS] FILE [ARG…]`.

public import ArgumentParser
public import RunnelRuntime
import RunnelSyntax

/// Runs a script.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a script (the default).",
    usage: "runnel run [<options>] FILE [ARG…]\nrunnel run [<options>] -c CODE [ARG…]",
    discussion: """
      Options stand before the file; all words after it are the script's. Durations are written as in scripts: \
      300ms, 5s, 1h30m; sizes too: 64KiB, 10MB.
      """)

  @Option(name: .customShort("c"), help: ArgumentHelp("Run this instead of a file.", valueName: "code"))
  var code: String?

  @Option(help: ArgumentHelp("How long all cleanup of one unwinding may take.", valueName: "duration"))
  var grace = DurationArgument(nanoseconds: InterpreterOptions().grace)

  @Option(
    help: ArgumentHelp(
      "How long a command that was told to stop has until it is killed.", valueName: "duration"))
  var killGrace = DurationArgument(nanoseconds: InterpreterOptions().killGrace)

  @Option(help: ArgumentHelp("How many bytes the captured output of a command may have.", valueName: "size"))
  var captureLimit = SizeArgument(bytes: InterpreterOptions().captureLimit)

  @Option(
    help: ArgumentHelp("On how many threads tasks run: one for each core, if not given.", valueName: "number")
  )
  var workers: Int?

  @Option(
    help: ArgumentHelp(
      "Draws the order of tasks, `random` and what else is left to chance from this, on one worker.",
      valueName: "number"))
  var seed: UInt64?

  @Flag(help: "Let time stand still while anything runs, and jump when everything waits for it.")
  var virtualTime = false

  @Flag(help: "Report at the end what the script opened and left for its scopes to close.")
  var leaks = false

  @Option(help: "From which level on the log is written.")
  var logLevel = InterpreterOptions().logLevel

  @Option(help: "How the lines of the log look.")
  var logFormat = InterpreterOptions().logFormat

  @Option(help: "How problems found before the script runs are written.")
  var format = DiagnosticFormat.text

  // After the first word that is no option, nothing is one: scripts have options of their own.
  @ArgumentParser.Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("The script's file and its arguments.", valueName: "file"),
    completion: .file(extensions: ["rnl"]))
  var words: [String] = []

  func validate() throws {
    if let workers, !(1...1024).contains(workers) {
      throw ValidationError("The number of '--workers' is from 1 to 1024, not \(workers)")
    }
    // What stands where the file should is taken for it; an option there is one that we do not know.
    guard let first = words.first, first.utf8.first == UInt8(ascii: "-"), first != "-", first != "--",
      code == nil
    else { return }
    let known = [
      "--grace", "--kill-grace", "--capture-limit", "--workers", "--seed", "--virtual-time", "--leaks",
      "--log-level",
      "--log-format",
      "--format",
    ]
    let name = String(first.prefix { $0 != "=" })
    let hint = NearestName.suggest(for: name, among: known).map { ". Did you mean '\($0)'?" } ?? ""
    throw ValidationError("Unknown option '\(name)'\(hint)")
  }

  func run() throws {
    var words = words
    if words.first == "--" { words.removeFirst() }
    let input: ScriptInput
    if let code {
      input = .code(code)
    } else if let file = words.first {
      input = ScriptInput(path: file)
      words.removeFirst()
    } else {
      throw ValidationError("Missing the script's file")
    }
    var options = InterpreterOptions()
    options.grace = grace.nanoseconds
    options.killGrace = killGrace.nanoseconds
    options.captureLimit = captureLimit.bytes
    options.seed = seed
    // What several threads do at the same time has no order that could repeat.
    options.workers = workers ?? (seed == nil ? nil : 1)
    options.hasVirtualTime = virtualTime
    options.findsLeaks = leaks
    options.logLevel = logLevel
    options.logFormat = logFormat
    var script = ScriptRun(input, arguments: words)
    script.options = options
    script.diagnosticFormat = format
    throw ExitStatus(status: script.run())
  }
}

extension DiagnosticFormat: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
extension LogLevel: ExpressibleByArgument {}
