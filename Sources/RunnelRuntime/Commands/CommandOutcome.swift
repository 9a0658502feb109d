// What a command came to: which stage decides, the record that scripts get, the error that is raised.

import Glibc
import RunnelSystem

/// How a pipeline has ended.
struct CommandOutcome: Sendable {
  let stages: [(text: String, status: ExitStatus)]
  /// The whole of it, as written.
  let text: String
  /// The end of what it said on stderr.
  let stderr: String
  /// Nanoseconds.
  let duration: Int

  /// The leftmost stage that failed. A stage that was ended by SIGPIPE because a later one had had enough is no
  /// failure (language.md §13); the last one has nobody after it.
  var failed: (text: String, status: ExitStatus)? {
    for (index, stage) in stages.enumerated() where stage.status.shellCode != 0 {
      if index < stages.count - 1, stage.status.shellCode == 128 + SIGPIPE { continue }
      return stage
    }
    return nil
  }

  private var status: ExitStatus { failed?.status ?? .exited(0) }

  /// `{ok, code, signal, duration}`.
  var record: Value {
    .record([
      "ok": .bool(failed == nil), "code": .int(Int(status.shellCode)), "signal": Self.signal(of: status),
      "duration": .duration(duration),
    ])
  }

  /// `{ok, code, signal, stdout, stderr, duration}`.
  func record(stdout: String, stderr: String) -> Value {
    .record([
      "ok": .bool(failed == nil), "code": .int(Int(status.shellCode)), "signal": Self.signal(of: status),
      "stdout": .string(stdout), "stderr": .string(stderr), "duration": .duration(duration),
    ])
  }

  /// The error that a failure raises, nil if there was none.
  var error: Raised? {
    guard let failed else { return nil }
    let stages = stages.map { stage -> Value in
      .record([
        "command": .string(stage.text), "code": .int(Int(stage.status.shellCode)),
        "signal": Self.signal(of: stage.status),
      ])
    }
    return Raised(
      .exitError, message(failed.text, failed.status),
      data: [
        "code": .int(Int(failed.status.shellCode)), "signal": Self.signal(of: failed.status),
        "command": .string(failed.text), "stderr": .string(stderr), "stages": .list(stages),
      ])
  }

  /// Ends with the last line of stderr.
  private func message(_ text: String, _ status: ExitStatus) -> String {
    var message = "`\(Self.shortened(text))` "
    switch status {
    case .exited(let code): message += "exited with code \(code)"
    case .signalled(let number, let dumpedCore):
      message += "was ended by \(Signals.name(of: number) ?? "signal \(number)")"
      if dumpedCore { message += " (core dumped)" }
    }
    if let line = lastLine { message += ": \(line)" }
    return message
  }

  private var lastLine: String? {
    guard let line = stderr.split(whereSeparator: \.isNewline).last(where: { !$0.allSatisfy(\.isWhitespace) })
    else { return nil }
    return Self.shortened(String(line), limit: 500)
  }

  /// On one line, and not longer than people read.
  private static func shortened(_ text: String, limit: Int = 120) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count <= limit ? line : line.prefix(limit - 1) + "…"
  }

  private static func signal(of status: ExitStatus) -> Value {
    guard case .signalled(let number, _) = status else { return .nil }
    return .string(Signals.name(of: number) ?? "SIG\(number)")
  }
}
