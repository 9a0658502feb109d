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

  static func of(_ value: Value, depth: Int = 0) -> String {
    switch value {
    case .nil: return "null"
    case .bool(let flag): return flag ? "true" : "false"
    case .int(let number): return String(number)
    case .float(let number) where number.isFinite: return String(number)
    default: break
    }
    if depth < 100 {
      if let list = value.list {
        return "[" + list.items.map { of($0, depth: depth + 1) }.joined(separator: ",") + "]"
      }
      if let map = value.map {
        let pairs = map.storage.map {
          quoted(SystemHost.text(of: $0.key)) + ":" + of($0.value, depth: depth + 1)
        }
        return "{" + pairs.joined(separator: ",") + "}"
      }
    }
    return quoted(SystemHost.text(of: value))
  }
}
