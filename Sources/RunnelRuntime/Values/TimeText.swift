// How a moment prints: RFC 3339 (language.md §3). The zones are in the time library; this is the one place
// that `print` asks.

/// A moment as RFC 3339 text, in its zone.
func describeTime(_ time: TimeObject) -> String {
  // TODO(merge): the time library's formatter, which knows zones; until then UTC or a fixed offset.
  let offset = time.offset ?? 0
  let (days, second) = floorDivision(floorDivision(time.nanoseconds, 1_000_000_000).0 + offset, 86_400)
  let (year, month, day) = civilDate(days)
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  var text = "\(year)-\(two(month))-\(two(day))T\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
  let fraction = floorDivision(time.nanoseconds, 1_000_000_000).1
  if fraction != 0 {
    var digits = String(String(fraction + 1_000_000_000).dropFirst())
    while digits.hasSuffix("000") { digits.removeLast(3) }
    text += "." + digits
  }
  guard offset != 0 else { return text + "Z" }
  return text + (offset < 0 ? "-" : "+") + two(abs(offset) / 3600) + ":" + two(abs(offset) / 60 % 60)
}

private func floorDivision(_ number: Int, _ divisor: Int) -> (Int, Int) {
  let quotient = number >= 0 ? number / divisor : -((-(number + 1)) / divisor) - 1
  return (quotient, number &- quotient &* divisor)
}

/// The date of a day counted from 1970-01-01 (Howard Hinnant's algorithm).
private func civilDate(_ days: Int) -> (Int, Int, Int) {
  let shifted = days + 719_468
  let (era, dayOfEra) = floorDivision(shifted, 146_097)
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shiftedMonth = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
  let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}
