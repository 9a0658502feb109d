// `runnel test [OPTIONS] [PATH…]`.

import ArgumentParser
import RunnelSystem
import RunnelTesting

/// Runs the tests of scripts.
struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the tests of scripts.",
    usage: "runnel test [<options>] [PATH…]",
    discussion: """
      Runs each `test "name" { … }` of the files, and of the `.rnl` files in the folders, by itself: in a process of its own, \
      after the top level of its file, in virtual time. Exit status: 0; 1 if a test failed; 2 if there are none, \
      for a file that does not parse or resolve, and for wrong usage.
      """)

  @Option(help: ArgumentHelp("Only tests whose `file: name` contains this.", valueName: "text"))
  var filter = ""

  @Option(
    help: ArgumentHelp("How many tests run at once: one for each core, if not given.", valueName: "number"))
  var jobs: Int?

  @Option(help: ArgumentHelp("The seed that decides the order of tasks and `random`.", valueName: "number"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Under how many seeds each test runs, until it fails under one: other orders of its tasks.",
      valueName: "number"))
  var seeds: Int?

  @Option(
    help: ArgumentHelp(
      "On how many threads a test's tasks run; with more than one their order does not repeat.",
      valueName: "number"))
  var workers = 1

  @Option(help: ArgumentHelp("How long a test may run in real time.", valueName: "duration"))
  var limit = DurationArgument(nanoseconds: TestOptions().limit)

  @Flag(help: "Let a test fail that leaves files or commands for its scopes to close.")
  var leaks = false

  @Option(
    help: ArgumentHelp("Write a report in JUnit's XML as well.", valueName: "file"), completion: .file())
  var junit: String?

  @Flag(name: .shortAndLong, help: "Show a line for each test, as on a terminal.")
  var verbose = false

  @ArgumentParser.Argument(
    help: ArgumentHelp("Files and folders; the current folder if none is given.", valueName: "path"),
    completion: .file(extensions: ["rnl"]))
  var paths: [String] = []

  func validate() throws {
    func check(_ name: String, _ number: Int?, _ range: ClosedRange<Int>) throws {
      guard let number, !range.contains(number) else { return }
      throw ValidationError(
        "The number of '--\(name)' is from \(range.lowerBound) to \(range.upperBound), not \(number)")
    }
    try check("jobs", jobs, 1...1024)
    try check("workers", workers, 1...1024)
    try check("seeds", seeds, 1...1_000_000_000)
    if seeds != nil, workers != 1 {
      throw ValidationError("A seed decides the order of tasks on one worker: '--seeds' takes no '--workers'")
    }
    if limit.nanoseconds == 0 { throw ValidationError("The '--limit' is more than 0s") }
  }

  func run() throws {
    Signals.ignoreBrokenPipe()
    let isTerminal = Terminal.isTerminal(1)
    var options = TestOptions()
    options.paths = paths
    options.filter = filter
    options.jobs = jobs ?? SystemInfo.processorCount
    options.seed = seed
    options.seeds = seeds
    options.workers = workers
    options.limit = limit.nanoseconds
    options.failsOnLeaks = leaks
    options.isVerbose = verbose || isTerminal
    options.isColoured = isTerminal && Console.wantsColour
    options.junit = junit
    let runner = TestRunner(options) {
      Console.write($0) == 0
    } complain: {
      Console.complain($0)
    }
    throw ExitStatus(status: runner.run())
  }
}
