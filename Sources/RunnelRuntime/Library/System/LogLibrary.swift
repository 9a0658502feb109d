// `log`: one line on stderr for each message, written whole: time, level, task, message and fields. The two formats
// are part of the language (`--log-format`), and so is where the lines go; a logging façade such as swift-log would
// only stand between the two, so there is none.

/// How important a message is.
public enum LogLevel: Int, CaseIterable, Comparable, Sendable {
  case debug, info, warn, error

  /// As in `--log-level`.
  public init?(name: String) {
    guard let level = Self.allCases.first(where: { $0.name == name.lowercased() }) else { return nil }
    self = level
  }

  public var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warn: "warn"
    case .error: "error"
    }
  }

  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// How a line of the log looks.
public enum LogFormat: String, CaseIterable, Sendable {
  case text, json
}

/// A message of the log.
struct LogEntry {
  let level: LogLevel
  /// Nanoseconds since 1970.
  let time: Int
  /// nil for the main task.
  let task: String?
  let message: String
  let fields: MapStorage

  /// The line, with its newline.
  func line(_ format: LogFormat) -> String {
    switch format {
    case .text: textLine
    case .json: jsonLine
    }
  }

  private var textLine: String {
    let level = self.level.name.uppercased()
    var line = "\(Self.timestamp(time)) \(level)\(level.count < 5 ? " " : "") "
    if let task { line += "[\(Self.oneLine(task))] " }
    line += Self.oneLine(message)
    for (key, value) in fields {
      line += " \(Self.oneLine(SystemHost.text(of: key)))=\(Self.field(value))"
    }
    return line + "\n"
  }

  private var jsonLine: String {
    let own = ["time", "level", "task", "message"]
    var line = "{\"time\":\"\(Self.timestamp(time))\",\"level\":\"\(level.name)\""
    line += ",\"task\":\(JSONLine.quoted(task ?? "main")),\"message\":\(JSONLine.quoted(message))"
    for (key, value) in fields {
      let name = SystemHost.text(of: key)
      line += ",\(JSONLine.quoted(own.contains(name) ? name + "_" : name)):\(JSONLine.of(value))"
    }
    return line + "}\n"
  }

  private static func field(_ value: Value) -> String {
    guard let text = value.string?.text else { return oneLine(SystemHost.text(of: value)) }
    let isBare =
      !text.isEmpty
      && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "=" && $0.value != 0x7F }
    return isBare ? text : JSONLine.quoted(text)
  }

  /// A message must not look like two, nor reach for the terminal.
  private static func oneLine(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return text }
    var line = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": line += "\\n"
      case "\r": line += "\\r"
      case "\t": line += "\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          line += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
          line.unicodeScalars.append(scalar)
        }
      }
    }
    return line
  }

  /// `2026-01-31T12:00:00.123Z`.
  static func timestamp(_ nanoseconds: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let milliseconds = floorDivide(nanoseconds, 1_000_000)
    let seconds = floorDivide(milliseconds, 1_000)
    let days = floorDivide(seconds, 86_400)
    let second = seconds - days * 86_400
    // The calendar repeats every 400 years; years begin in March here, so that leap days are at the end.
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    let fraction = String(milliseconds - seconds * 1_000 + 1_000).dropFirst()
    return
      "\(year)-\(two(month < 10 ? month + 3 : month - 9))-\(two(day))"
      + "T\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60)).\(fraction)Z"
  }

  private static func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : (a - b + 1) / b }
}

/// The built-ins of `log`.
enum LogLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "log",
      summary: """
        Messages for people and machines who watch the script: a line each on stderr, with time, level and task. \
        `--log-level` says from which level on, `--log-format` whether as `text` or `json`.
        """,
      functions: LogLevel.allCases.map(function))
  }

  private static func function(_ level: LogLevel) -> NativeFunction {
    .plain(
      "\(level.name)(message, ...fields)",
      documentation:
        "Writes a message of the level \(level.name); fields are given by name: `log.\(level.name)(\"started\", port: 80)`."
    ) { (call) throws(Raised) in
      guard level >= SystemHost.logLevel(call.strand) else { return .nil }
      var message = SystemHost.text(of: call[0])
      // Arguments by name come as one map, the last of the rest.
      var fields = MapStorage()
      for value in call.rest {
        if let map = value.map {
          for (key, value) in map.storage { fields.set(key, value) }
        } else {
          message += " " + SystemHost.text(of: value)
        }
      }
      let entry = LogEntry(
        level: level, time: SystemHost.now(call.strand), task: SystemHost.taskName(call.strand),
        message: message,
        fields: fields)
      SystemHost.writeError(entry.line(SystemHost.logFormat(call.strand)), call.strand)
      return .nil
    }
  }
}
