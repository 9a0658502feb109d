// Dates of the proleptic Gregorian calendar and times of day, as people read them off a clock, without a zone.
// Seconds count from 1970-01-01T00:00:00 of the same clock.

/// A date and a time of day.
struct CivilTime: Equatable {
  var year = 1970
  /// 1 to 12.
  var month = 1
  /// 1 to 31.
  var day = 1
  var hour = 0
  var minute = 0
  var second = 0
  var nanosecond = 0
}

extension CivilTime {
  static let secondsPerDay = 86_400

  /// From seconds of the clock.
  init(seconds: Int, nanosecond: Int = 0) {
    let (days, second) = floorDivided(seconds, by: Self.secondsPerDay)
    self.init(day: days)
    self.hour = second / 3600
    self.minute = second / 60 % 60
    self.second = second % 60
    self.nanosecond = nanosecond
  }

  /// Midnight of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
  init(day number: Int) {
    // Eras of 400 years that begin on 1 March, so that the leap day is a year's last.
    let (era, dayOfEra) = floorDivided(number + 719_468, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The day, counted from 1970-01-01.
  var dayNumber: Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = floorDivided(shiftedYear, by: 400)
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Seconds of the clock. The year must be within a million of 1970.
  var seconds: Int { dayNumber * Self.secondsPerDay + hour * 3600 + minute * 60 + second }

  /// 1 for Monday to 7 for Sunday.
  var weekday: Int { floorDivided(dayNumber + 3, by: 7).remainder + 1 }

  /// 1 for 1 January.
  var dayOfYear: Int { dayNumber - CivilTime(year: year).dayNumber + 1 }

  /// The year and number of the week as ISO 8601 counts them: weeks begin on Monday and belong to the year of
  /// their Thursday.
  var isoWeek: (year: Int, week: Int) {
    let thursday = CivilTime(day: dayNumber - weekday + 4)
    return (thursday.year, (thursday.dayOfYear - 1) / 7 + 1)
  }

  static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// What is wrong with it, if it is no date and time.
  var fault: String? {
    if !(1...12).contains(month) { return "the month is 1 to 12, not \(month)" }
    let days = Self.days(inMonth: month, of: year)
    if !(1...days).contains(day) {
      return "the day is 1 to \(days) in \(year)-\(padded(month, 2)), not \(day)"
    }
    if !(0...23).contains(hour) { return "the hour is 0 to 23, not \(hour)" }
    if !(0...59).contains(minute) { return "the minute is 0 to 59, not \(minute)" }
    if !(0...59).contains(second) { return "the second is 0 to 59, not \(second)" }
    return nil
  }
}

/// The quotient rounded down, and what is left, never negative. The divisor is positive.
func floorDivided(_ number: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
  let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// A number with zeros (or something else) before it.
func padded(_ number: Int, _ width: Int, with pad: Character = "0") -> String {
  let digits = String(number.magnitude)
  let text = String(repeating: pad, count: max(0, width - digits.count)) + digits
  return number < 0 ? "-" + text : text
}
