// Times as text: RFC 3339, as they print, and `t.format(…)` by strftime's directives, always in English.

/// A time as it prints: RFC 3339 in its zone, with six digits of a second's fraction, or nine where six are not
/// enough. An offset of zero prints as `Z`.
func timeText(_ time: TimeObject) -> String {
  let offset = TimeZones.offset(of: time).seconds
  let civil = CivilTime(of: time, offset: offset)
  var text = "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
  text += "T\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2))"
  if civil.nanosecond % 1000 != 0 {
    text += "." + padded(civil.nanosecond, 9)
  } else if civil.nanosecond != 0 {
    text += "." + padded(civil.nanosecond / 1000, 6)
  }
  return text + (offset == 0 ? "Z" : offsetText(offset))
}

extension CivilTime {
  /// What a clock of an offset shows at a time.
  init(of time: TimeObject, offset: Int) {
    let (seconds, nanosecond) = floorDivided(time.nanoseconds, by: 1_000_000_000)
    self.init(seconds: seconds + offset, nanosecond: nanosecond)
  }
}

enum TimeFormat {
  static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November",
    "December",
  ]

  /// What directives that are short for others stand for.
  static let compounds: [Character: String] = [
    "c": "%a %b %e %H:%M:%S %Y", "D": "%m/%d/%y", "x": "%m/%d/%y", "F": "%Y-%m-%d", "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "R": "%H:%M", "r": "%I:%M:%S %p",
  ]

  /// Directives of weeks and centuries, which say too little of a time to read it by.
  static let writtenOnly: Set<Character> = ["C", "G", "g", "U", "u", "V", "W", "w"]

  /// The time as a format says.
  /// - Throws: `ValueError` for an unknown directive.
  static func format(_ time: TimeObject, _ format: String, strand: Strand? = nil) throws(Raised) -> String {
    let offset = TimeZones.offset(of: time)
    let civil = CivilTime(of: time, offset: offset.seconds)
    var output = ""
    try append(format, to: &output, time, civil, offset, strand)
    return output
  }

  private static func append(
    _ format: String, to output: inout String, _ time: TimeObject, _ civil: CivilTime, _ offset: ZoneOffset,
    _ strand: Strand?
  ) throws(Raised) {
    var rest = format[...]
    var steps = 0
    while let character = rest.popFirst() {
      steps += 1
      if steps & 0x3FF == 0 {
        try checkTextLength(output.utf8.count)
        try strand?.checkpoint()
      }
      guard character == "%" else {
        output.append(character)
        continue
      }
      // GNU's flags: `%-d` without padding, `%_d` padded with blanks.
      var flag: Character?
      if let next = rest.first, next == "-" || next == "_" || next == "0" { flag = rest.popFirst() }
      guard let directive = rest.popFirst() else {
        throw Raised(.valueError, "the format ends with a lone `%`; a percent sign is `%%`")
      }
      func number(_ number: Int, _ width: Int, with pad: Character = "0") -> String {
        switch flag {
        case "-": padded(number, 0)
        case "_": padded(number, width, with: " ")
        case "0": padded(number, width)
        default: padded(number, width, with: pad)
        }
      }
      let hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12
      switch directive {
      case "Y": output += number(civil.year, 4)
      case "C": output += number(civil.year / 100, 2)
      case "y": output += number(civil.year % 100, 2)
      case "m": output += number(civil.month, 2)
      case "d": output += number(civil.day, 2)
      case "e": output += number(civil.day, 2, with: " ")
      case "H": output += number(civil.hour, 2)
      case "k": output += number(civil.hour, 2, with: " ")
      case "I": output += number(hour12, 2)
      case "l": output += number(hour12, 2, with: " ")
      case "M": output += number(civil.minute, 2)
      case "S": output += number(civil.second, 2)
      case "L": output += number(civil.nanosecond / 1_000_000, 3)
      case "f": output += number(civil.nanosecond / 1000, 6)
      case "N": output += number(civil.nanosecond, 9)
      case "j": output += number(civil.dayOfYear, 3)
      case "p": output += civil.hour < 12 ? "AM" : "PM"
      case "P": output += civil.hour < 12 ? "am" : "pm"
      case "a": output += weekdays[civil.weekday - 1].prefix(3)
      case "A": output += weekdays[civil.weekday - 1]
      case "b", "h": output += months[civil.month - 1].prefix(3)
      case "B": output += months[civil.month - 1]
      case "u": output += String(civil.weekday)
      case "w": output += String(civil.weekday % 7)
      case "U": output += number((civil.dayOfYear + 6 - civil.weekday % 7) / 7, 2)
      case "W": output += number((civil.dayOfYear + 6 - (civil.weekday - 1)) / 7, 2)
      case "V": output += number(civil.isoWeek.week, 2)
      case "G": output += number(civil.isoWeek.year, 4)
      case "g": output += number(civil.isoWeek.year % 100, 2)
      case "s": output += String(floorDivided(time.nanoseconds, by: 1_000_000_000).quotient)
      case "z": output += offsetText(offset.seconds, separator: "")
      case "Z": output += offset.abbreviation
      case "n": output += "\n"
      case "t": output += "\t"
      case "%": output += "%"
      case ":":
        guard rest.popFirst() == "z" else { throw unknown("%:") }
        output += offsetText(offset.seconds)
      default:
        guard let compound = compounds[directive] else { throw unknown("%\(directive)") }
        try append(compound, to: &output, time, civil, offset, strand)
      }
    }
  }

  static func unknown(_ directive: String) -> Raised {
    Raised(.valueError, "`\(directive)` is no directive of a time format; a percent sign is `%%`")
  }
}
