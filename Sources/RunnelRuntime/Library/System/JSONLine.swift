// JSON for a line of the log: whatever is in it, a line comes out, so what JSON does not know is shown as text.
// (`json.encode`, which refuses such things, belongs to the data half of the library.)

/// JSON without line breaks.
enum JSONLine {
  static func quoted(_ text: String) -> String {
    var line = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": line += "\\\""
      case "\\": line += "\\\\"
      case "\n": line += "\\n"
      case "\r": line += "\\r"
      case "\t": line += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0x2028 || scalar.value == 0x2029 {
          let digits = String(scalar.value, radix: 16)
          line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          line.unicodeScalars.append(scalar)
        }
      }
    }
    return line + "\""
  }

  /// A value as JSON; what JSON has not is a string of its text. After a MiB the rest is `"…"`.
  static func of(_ value: Value) -> String {
    var left = 1 << 20
    return of(value, depth: 0, &left)
  }

  /// - Parameter left: how many bytes there may still be.
  private static func of(_ value: Value, depth: Int, _ left: inout Int) -> String {
    guard left > 0 else { return "\"…\"" }
    var text: String
    if depth < 100, let list = value.list {
      text = "["
      for item in list.items {
        if text.utf8.count > 1 { text += "," }
        let isCut = left <= 0
        text += of(item, depth: depth + 1, &left)
        if isCut { break }
      }
      return text + "]"
    }
    if depth < 100, let map = value.map {
      text = "{"
      for (key, value) in map.storage {
        if text.utf8.count > 1 { text += "," }
        let isCut = left <= 0
        text += quoted(SystemHost.text(of: key)) + ":" + of(value, depth: depth + 1, &left)
        if isCut { break }
      }
      return text + "}"
    }
    switch value {
    case .nil: text = "null"
    case .bool(let flag): text = flag ? "true" : "false"
    case .int(let number): text = String(number)
    case .float(let number) where number.isFinite: text = String(number)
    default: text = quoted(SystemHost.text(of: value))
    }
    left -= text.utf8.count + 1
    return text
  }
}
