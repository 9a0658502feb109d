// The rule by which a zone goes on after its last listed change, in POSIX's notation (and the value of TZ may be
// one): `CET-1CEST,M3.5.0,M10.5.0/3` is one hour east, summer time from the last Sunday of March at two to the
// last of October at three.

/// A zone of one offset, or of two that take turns every year.
struct PosixZoneRule: Equatable, Sendable {
  private var standard: ZoneOffset
  private var daylight: ZoneOffset?
  private var start = Day(kind: .week(month: 3, week: 2, weekday: 0))
  private var end = Day(kind: .week(month: 11, week: 1, weekday: 0))

  /// A day of every year, and when on it the clocks change.
  private struct Day: Equatable {
    enum Kind: Equatable {
      /// 1 to 365, 29 February never counted.
      case julian(Int)
      /// 0 to 365, 29 February counted.
      case ordinal(Int)
      /// The weekday (0 is Sunday) of a month's week; week 5 is the last.
      case week(month: Int, week: Int, weekday: Int)
    }
    var kind: Kind
    /// Seconds from midnight, which may be on another day.
    var time = 7200

    /// When it is in a year, in seconds of the clock.
    func seconds(in year: Int) -> Int {
      let newYear = CivilTime(year: year).dayNumber
      let day: Int
      switch kind {
      case .julian(let number): day = newYear + number - (CivilTime.isLeap(year) && number >= 60 ? 0 : 1)
      case .ordinal(let number): day = newYear + number
      case .week(let month, let week, let weekday):
        let first = CivilTime(year: year, month: month)
        let offset = (weekday + 7 - first.weekday % 7) % 7
        let last = CivilTime.days(inMonth: month, of: year) - 1
        var inMonth = offset + (week - 1) * 7
        if inMonth > last { inMonth -= 7 }
        day = first.dayNumber + inMonth
      }
      return day * CivilTime.secondsPerDay + time
    }
  }

  /// The offset at a moment, in seconds since 1970 in UTC.
  func offset(at moment: Int) -> ZoneOffset {
    guard let daylight else { return standard }
    let year = CivilTime(seconds: moment + standard.seconds).year
    let begins = start.seconds(in: year) - standard.seconds
    let ends = end.seconds(in: year) - daylight.seconds
    // South of the equator summer goes over the new year.
    let isSummer = begins < ends ? begins <= moment && moment < ends : moment < ends || begins <= moment
    return isSummer ? daylight : standard
  }
}

// MARK: Reading

extension PosixZoneRule {
  /// Nil if the text is no rule.
  init?(_ text: String) {
    var parser = Parser(rest: text.utf8[...])
    guard let name = parser.name(), let west = parser.offset() else { return nil }
    standard = ZoneOffset(seconds: -west, abbreviation: name)
    if parser.rest.isEmpty { return }
    guard let name = parser.name() else { return nil }
    var seconds = standard.seconds + 3600
    if let byte = parser.rest.first, byte != UInt8(ascii: ",") {
      guard let west = parser.offset() else { return nil }
      seconds = -west
    }
    daylight = ZoneOffset(seconds: seconds, isDaylightSaving: true, abbreviation: name)
    if parser.rest.isEmpty { return }
    guard parser.take(","), let start = parser.day(), parser.take(","), let end = parser.day(),
      parser.rest.isEmpty
    else { return nil }
    (self.start, self.end) = (start, end)
  }

  private struct Parser {
    var rest: Substring.UTF8View

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard rest.first == UInt8(ascii: character) else { return false }
      rest = rest.dropFirst()
      return true
    }

    /// Three letters or more, or anything in angle brackets.
    mutating func name() -> String? {
      let isQuoted = take("<")
      let name = rest.prefix { byte in
        isQuoted ? byte != UInt8(ascii: ">") : (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      }
      rest = rest.dropFirst(name.count)
      guard name.count >= (isQuoted ? 1 : 3), !isQuoted || take(">") else { return nil }
      return String(Substring(name))
    }

    mutating func number(upTo limit: Int) -> Int? {
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard let number = Int(Substring(digits)), number <= limit else { return nil }
      rest = rest.dropFirst(digits.count)
      return number
    }

    /// `[+-]hh[:mm[:ss]]`, west of Greenwich positive.
    mutating func offset() -> Int? {
      let isNegative = take("-")
      if !isNegative { _ = take("+") }
      guard let hours = number(upTo: 167) else { return nil }
      var seconds = hours * 3600
      if take(":") {
        guard let minutes = number(upTo: 59) else { return nil }
        seconds += minutes * 60
        if take(":") {
          guard let second = number(upTo: 59) else { return nil }
          seconds += second
        }
      }
      return isNegative ? -seconds : seconds
    }

    mutating func day() -> Day? {
      var day: Day
      if take("J") {
        guard let number = number(upTo: 365), number >= 1 else { return nil }
        day = Day(kind: .julian(number))
      } else if take("M") {
        guard let month = number(upTo: 12), month >= 1, take("."), let week = number(upTo: 5), week >= 1,
          take("."),
          let weekday = number(upTo: 6)
        else { return nil }
        day = Day(kind: .week(month: month, week: week, weekday: weekday))
      } else {
        guard let number = number(upTo: 365) else { return nil }
        day = Day(kind: .ordinal(number))
      }
      if take("/") {
        guard let time = offset() else { return nil }
        day.time = time
      }
      return day
    }
  }
}
