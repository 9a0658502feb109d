// Text to times: RFC 3339 (and what of ISO 8601 people write for it), and strptime's directives. What is not given
// is that of 1900-01-01T00:00:00, as in Python, and the local zone.

/// Reads one text as a time.
struct TimeParser {
  private let text: [UInt8]
  private var position = 0
  private var civil = CivilTime(year: 1900)
  /// Of the second, where it was 60: it then is the first one of the next minute.
  private var leap = 0
  private var isAfternoon: Bool?
  private var dayOfYear: Int?
  private var zone: Zone = .local
  private var unixSeconds: Int?

  private enum Zone {
    case local
    case utc
    case offset(Int)
  }

  private init(_ text: String) {
    self.text = Array(text.utf8)
  }

  /// `2024-02-29T12:30:45.5+01:00`. The time may be missing (midnight), its seconds, and the offset (the local zone);
  /// a blank may stand for the `T`.
  /// - Throws: `ParseError`, with the place where there is one: a year that no time reaches has none.
  static func parse(_ text: String) throws(Raised) -> TimeObject {
    var parser = TimeParser(text)
    try parser.readRFC3339()
    return try parser.timeInRange()
  }

  /// By a format of strptime.
  static func parse(_ text: String, format: String) throws(Raised) -> TimeObject {
    var parser = TimeParser(text)
    try parser.read(format: format)
    guard parser.position == parser.text.count else {
      throw parser.failure("there is more text than the format says")
    }
    return try parser.timeInRange()
  }

  // MARK: RFC 3339

  private mutating func readRFC3339() throws(Raised) {
    civil.year = try digits(4, "year")
    try expect("-")
    civil.month = try digits(2, "month")
    try expect("-")
    civil.day = try digits(2, "day")
    guard position < text.count else { return }
    guard ["T", "t", " "].contains(where: { take($0) }) else {
      throw failure("expected `T` and the time of day")
    }
    civil.hour = try digits(2, "hour")
    try expect(":")
    civil.minute = try digits(2, "minute")
    if take(":") {
      try readSecond(try digits(2, "second"))
      if take(".") || take(",") { civil.nanosecond = try fraction() }
    }
    if position < text.count { try readOffset() }
    guard position == text.count else { throw failure("there is more text after the time") }
  }

  private mutating func readSecond(_ second: Int) throws(Raised) {
    leap = second == 60 ? 1 : 0
    civil.second = second - leap
  }

  /// `Z`, `+hh:mm`, `+hhmm` or `+hh`.
  private mutating func readOffset() throws(Raised) {
    if take("Z") || take("z") {
      zone = .utc
      return
    }
    let isNegative = take("-")
    guard isNegative || take("+") else {
      throw failure("expected an offset from UTC such as `Z` or `+01:00`")
    }
    var seconds = try digits(2, "hours of the offset") * 3600
    var parts = 1
    while parts < 3, position < text.count, text[position] == UInt8(ascii: ":") || isDigit(text[position]) {
      _ = take(":")
      let part = try digits(2, parts == 1 ? "minutes of the offset" : "seconds of the offset")
      guard part < 60 else { throw failure("the minutes of an offset are 0 to 59") }
      seconds += part * (parts == 1 ? 60 : 1)
      parts += 1
    }
    guard seconds < CivilTime.secondsPerDay else { throw failure("an offset is below 24 hours") }
    zone = .offset(isNegative ? -seconds : seconds)
  }

  /// Digits after the point, as nanoseconds; those after the ninth are dropped.
  private mutating func fraction() throws(Raised) -> Int {
    var nanoseconds = 0
    var unit = 100_000_000
    let start = position
    while position < text.count, isDigit(text[position]) {
      nanoseconds += Int(text[position] - UInt8(ascii: "0")) * unit
      unit /= 10
      position += 1
    }
    guard position > start else { throw failure("expected the digits of a fraction") }
    return nanoseconds
  }

  // MARK: Formats

  private mutating func read(format: String) throws(Raised) {
    var rest = format[...]
    while let character = rest.popFirst() {
      if character == "%" {
        if let next = rest.first, next == "-" || next == "_" || next == "0" { rest.removeFirst() }
        guard let directive = rest.popFirst() else {
          throw Raised(.valueError, "the format ends with a lone `%`; a percent sign is `%%`")
        }
        if directive == ":", rest.first == "z" {
          rest.removeFirst()
          try readOffset()
          continue
        }
        try read(directive)
      } else if character.isWhitespace {
        skipBlanks()
      } else {
        for byte in String(character).utf8 {
          guard position < text.count, text[position] == byte else {
            throw failure("expected `\(character)`")
          }
          position += 1
        }
      }
    }
  }

  private mutating func read(_ directive: Character) throws(Raised) {
    switch directive {
    case "Y": civil.year = try digits(4, "year")
    case "m": civil.month = try number(2, "month")
    case "d": civil.day = try number(2, "day")
    case "e":
      skipBlanks()
      civil.day = try number(2, "day")
    case "H": civil.hour = try number(2, "hour")
    case "k":
      skipBlanks()
      civil.hour = try number(2, "hour")
    case "I", "l":
      skipBlanks()
      let hour = try number(2, "hour")
      guard (1...12).contains(hour) else { throw failure("the hour is 1 to 12 with `%I`, not \(hour)") }
      civil.hour = hour % 12
      if isAfternoon == nil { isAfternoon = false }
    case "M": civil.minute = try number(2, "minute")
    case "S": try readSecond(try number(2, "second"))
    case "f", "N", "L": civil.nanosecond = try fraction()
    case "j": dayOfYear = try number(3, "day of the year")
    case "y":
      // As POSIX has it.
      let year = try digits(2, "year")
      civil.year = year < 69 ? 2000 + year : 1900 + year
    case "p", "P":
      guard let index = word(of: ["AM", "PM"]) else { throw failure("expected `AM` or `PM`") }
      isAfternoon = index == 1
    case "b", "B", "h":
      guard let index = word(of: TimeFormat.months) else { throw failure("expected a month's name") }
      civil.month = index + 1
    case "a", "A":
      guard word(of: TimeFormat.weekdays) != nil else { throw failure("expected a weekday's name") }
    case "z": try readOffset()
    case "Z":
      guard word(of: ["UTC", "GMT", "Z"]) != nil else {
        throw failure("expected `UTC` or `GMT`; other names of zones are ambiguous")
      }
      zone = .utc
    case "s":
      let isNegative = take("-")
      let seconds = try number(18, "seconds since 1970")
      unixSeconds = isNegative ? -seconds : seconds
    case "n", "t": skipBlanks()
    case "%": try expect("%")
    case _ where TimeFormat.writtenOnly.contains(directive):
      throw Raised(
        .valueError,
        "`time.parse` does not read `%\(directive)`, which `t.format` writes: it does not say which day it is"
      )
    default:
      guard let compound = TimeFormat.compounds[directive] else { throw TimeFormat.unknown("%\(directive)") }
      try read(format: compound)
    }
  }

  /// The number of the longest word that comes next, in full or by its first three letters, whatever its case.
  private mutating func word(of words: [String]) -> Int? {
    for (index, word) in words.enumerated() {
      for form in [word, String(word.prefix(3))] where matches(form) {
        position += form.utf8.count
        return index
      }
    }
    return nil
  }

  private func matches(_ word: String) -> Bool {
    guard position + word.utf8.count <= text.count else { return false }
    return zip(text[position...], word.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
  }

  // MARK: Pieces

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Raised) {
    guard take(character) else { throw failure("expected `\(character)`") }
  }

  private mutating func skipBlanks() {
    while position < text.count, text[position] == 0x20 || (0x09...0x0D).contains(text[position]) {
      position += 1
    }
  }

  /// A number of exactly so many digits.
  private mutating func digits(_ count: Int, _ name: String) throws(Raised) -> Int {
    let start = position
    let number = try number(count, name)
    guard position - start == count else {
      position = start
      throw failure("expected the \(name) with \(count) digits")
    }
    return number
  }

  /// A number of one to so many digits, at most 18.
  private mutating func number(_ most: Int, _ name: String) throws(Raised) -> Int {
    var number = 0
    let start = position
    while position < text.count, position - start < most, isDigit(text[position]) {
      number = number * 10 + Int(text[position] - UInt8(ascii: "0"))
      position += 1
    }
    guard position > start else { throw failure("expected the \(name)") }
    return number
  }

  // MARK: The result

  /// What is read is at fault, whatever is wrong with it.
  private func timeInRange() throws(Raised) -> TimeObject {
    do throws(Raised) {
      return try time()
    } catch {
      guard error.error.kind === ErrorKind.overflowError else { throw error }
      throw failure(error.error.message, at: nil)
    }
  }

  private func time() throws(Raised) -> TimeObject {
    var civil = civil
    if let isAfternoon, civil.hour < 12 { civil.hour += isAfternoon ? 12 : 0 }
    if let dayOfYear {
      guard (1...(CivilTime.isLeap(civil.year) ? 366 : 365)).contains(dayOfYear) else {
        throw failure("there is no day \(dayOfYear) in \(civil.year)", at: nil)
      }
      let date = CivilTime(day: CivilTime(year: civil.year).dayNumber + dayOfYear - 1)
      (civil.month, civil.day) = (date.month, date.day)
    }
    if let fault = civil.fault { throw failure(fault, at: nil) }
    switch zone {
    case _ where unixSeconds != nil:
      return try TimeObject(seconds: unixSeconds ?? 0, nanosecond: civil.nanosecond)
    case .utc: return try TimeObject(seconds: civil.seconds + leap, nanosecond: civil.nanosecond, zone: "UTC")
    case .offset(let offset):
      return try TimeObject(
        seconds: civil.seconds + leap - offset, nanosecond: civil.nanosecond, offset: offset)
    case .local:
      let moment = TimeZones.local.moment(ofClock: civil.seconds)
      return try TimeObject(seconds: moment + leap, nanosecond: civil.nanosecond)
    }
  }

  private func failure(_ message: String) -> Raised { failure(message, at: position) }

  private func failure(_ message: String, at offset: Int?) -> Raised {
    let shown = String(decoding: text.prefix(60), as: UTF8.self) + (text.count > 60 ? "…" : "")
    guard let offset else { return Raised(.parseError, "`\(shown)` is no time: \(message)") }
    let character = String(decoding: text.prefix(offset), as: UTF8.self).count
    return Raised(
      .parseError, "`\(shown)` is no time: \(message), at character \(character)",
      data: ["offset": .int(character)])
  }
}

extension TimeObject {
  /// - Throws: `OverflowError` for a time outside 1677 to 2262, which nanoseconds in 64 bits cannot hold.
  convenience init(
    seconds: Int, nanosecond: Int, zone: String? = nil, offset: Int? = nil
  ) throws(Raised) {
    // In two steps, so that the earliest times do not overflow half-way.
    let isNegative = seconds < 0
    let (whole, overflow) = (isNegative ? seconds + 1 : seconds).multipliedReportingOverflow(
      by: 1_000_000_000)
    let (sum, overflow2) = whole.addingReportingOverflow(isNegative ? nanosecond - 1_000_000_000 : nanosecond)
    guard !overflow, !overflow2 else { throw TimeObject.outOfRange }
    self.init(nanoseconds: sum, zone: zone, offset: offset)
  }

  static var outOfRange: Raised {
    Raised(
      .overflowError, "a time is from 1677-09-21 to 2262-04-11: nanoseconds of others do not fit 64 bits")
  }
}
