// Single values as the text of a field: of a CSV row, of a query.

/// A value that is no container, as `str` gives it, nil as nothing; nil for what has no such text.
func plainText(_ value: Value) -> String? {
  switch value {
  case .nil: return ""
  case .bool(let flag): return flag ? "true" : "false"
  case .int(let number): return String(number)
  case .float(let number): return number.isNaN ? "nan" : floatText(number)
  case .duration(let nanoseconds): return durationText(nanoseconds)
  case .object(let object):
    switch object.tag {
    case .string: return unsafeDowncast(object, to: StringObject.self).text
    case .time: return timeText(unsafeDowncast(object, to: TimeObject.self))
    default: return nil
    }
  }
}

/// `1h30m`, `1.5s`, `250us`.
private func durationText(_ nanoseconds: Int) -> String {
  let sign = nanoseconds < 0 ? "-" : ""
  var rest = nanoseconds.magnitude
  if rest == 0 { return "0s" }
  func decimal(_ number: UInt, _ unit: UInt) -> String {
    let (whole, part) = number.quotientAndRemainder(dividingBy: unit)
    guard part > 0 else { return String(whole) }
    var digits = String(String(part + unit).dropFirst())
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(whole).\(digits)"
  }
  if rest < 1000 { return "\(sign)\(rest)ns" }
  if rest < 1_000_000 { return "\(sign)\(decimal(rest, 1000))us" }
  if rest < 1_000_000_000 { return "\(sign)\(decimal(rest, 1_000_000))ms" }
  var text = sign
  for (unit, letter): (UInt, String) in [
    (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"),
  ] where rest >= unit {
    text += "\(rest / unit)\(letter)"
    rest %= unit
  }
  return rest == 0 ? text : text + decimal(rest, 1_000_000_000) + "s"
}
