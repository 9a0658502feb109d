// What the system half of the library takes from the interpreter and its options: all of it in this file, a
// line each, so that no other file here knows how the interpreter keeps it.

import RunnelScheduler

/// What `runnel --version` and `sys.version` say.
public enum RunnelVersion {
  public static let text = "0.1.0"
}

/// The interpreter's side of the system library.
enum SystemHost {
  /// The version that `sys.version` gives.
  static let version = RunnelVersion.text

  /// The script's arguments, `args`.
  static func arguments(_ strand: Strand) -> [String] { strand.interpreter.options.arguments }

  /// The script's leading `##` comment, without the marks; empty where it has none.
  static func documentation(_ strand: Strand) -> String { strand.interpreter.documentation ?? "" }

  /// The script's path as given on the command line; nil in the REPL and for `-c`.
  static func scriptPath(_ strand: Strand) -> String? { strand.interpreter.options.script }

  /// The name of the task, as in reports: `web`, `task 3`; nil for the main task.
  static func taskName(_ strand: Strand) -> String? {
    strand.task.map { $0.name ?? "task \($0.id)" } ?? strand.interpreter.mainName
  }

  /// From which level on the log is written (`--log-level`).
  static func logLevel(_ strand: Strand) -> LogLevel { strand.interpreter.options.logLevel }

  /// How a line of the log looks (`--log-format`).
  static func logFormat(_ strand: Strand) -> LogFormat { strand.interpreter.options.logFormat }

  /// Nanoseconds since 1970, by the clock of the script (which `runnel test` turns by itself).
  static func now(_ strand: Strand) -> Int { Int(strand.interpreter.scheduler.clock.wallNow()) }

  /// Writes text to the script's stdout, at once.
  static func writeOutput(_ text: String, _ strand: Strand) {
    strand.interpreter.write(text)
    strand.interpreter.output.flush()
  }

  /// Writes text, which is whole lines or a prompt, to the script's stderr, at once and in one piece.
  static func writeError(_ text: String, _ strand: Strand) {
    strand.interpreter.write(text, toError: true)
  }

  /// What `str(x)` gives, but for what is too long to look at.
  static func text(of value: Value) -> String { describeSafely(value) }
}
