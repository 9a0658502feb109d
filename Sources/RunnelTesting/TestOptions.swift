// How tests are run: what `runnel test` was asked for.

/// What `runnel test` was asked for.
public struct TestOptions: Sendable {
  /// Files and folders; the current folder where none is given.
  public var paths: [String] = []
  /// Only tests whose `file: name` contains this.
  public var filter = ""
  /// How many tests run at the same time, each in a process of its own.
  public var jobs = 1
  /// The seed of a test's run, or of the first.
  public var seed: UInt64 = 0
  /// How many seeds each test runs under, one after another from `seed` on; nil for that one.
  public var seeds: Int?
  /// On how many threads the tasks of a test run: with one, the seed decides their order.
  public var workers = 1
  /// How long a run may take in real time, in nanoseconds.
  public var limit: Int64 = 60_000_000_000
  /// Whether a test fails that leaves something for its scopes to close.
  public var failsOnLeaks = false
  /// Whether each test has a line, or only those with something to say.
  public var isVerbose = false
  public var isColoured = false
  /// Where a report for other tools is written.
  public var junit: String?

  public init() {}

  /// How many runs a test has.
  var runCount: Int { seeds ?? 1 }
}
