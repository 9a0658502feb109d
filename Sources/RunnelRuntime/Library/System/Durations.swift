// Durations as text, for what this half of the library reads and shows itself: defaults and values of options,
// messages about waits.

/// Durations in the language's notation.
enum Durations {
  private static let units: [(name: String, nanoseconds: Int)] = [
    ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
  ]

  /// `1h30m` as nanoseconds; nil for what is no duration, or too long a one.
  static func parse(_ text: String) -> Int? {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative { rest = rest.dropFirst() }
    guard !rest.isEmpty else { return nil }
    var total = 0
    while !rest.isEmpty {
      let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { ("a"..."z").contains($0) }
      rest = rest.dropFirst(name.count)
      guard let unit = units.first(where: { $0.name == name }) else { return nil }
      guard let part = amount(digits, of: unit.nanoseconds) else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(part)
      if overflow { return nil }
      total = sum
    }
    return isNegative ? -total : total
  }

  private static func amount(_ digits: Substring, of unit: Int) -> Int? {
    if let whole = Int(digits) {
      let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
      return overflow ? nil : product
    }
    guard digits.last != ".", digits.first != ".", let number = Double(digits) else { return nil }
    return Int(exactly: (number * Double(unit)).rounded())
  }

  /// As a message shows it: `1h30m`, `1.5s`, `250ms`.
  static func text(_ nanoseconds: Int) -> String {
    if nanoseconds == 0 { return "0s" }
    let sign = nanoseconds < 0 ? "-" : ""
    var rest = nanoseconds.magnitude
    if rest < 1_000_000_000 {
      for (name, unit) in [("ms", UInt(1_000_000)), ("us", 1_000)] where rest >= unit {
        return sign + decimal(rest, unit) + name
      }
      return "\(sign)\(rest)ns"
    }
    var text = sign
    for (name, unit) in [("d", UInt(86_400_000_000_000)), ("h", 3_600_000_000_000), ("m", 60_000_000_000)]
    where rest >= unit {
      text += "\(rest / unit)\(name)"
      rest %= unit
    }
    if rest > 0 { text += decimal(rest, 1_000_000_000) + "s" }
    return text
  }

  private static func decimal(_ amount: UInt, _ unit: UInt) -> String {
    let (whole, rest) = amount.quotientAndRemainder(dividingBy: unit)
    guard rest > 0 else { return String(whole) }
    var digits = String(rest)
    digits = String(repeating: "0", count: String(unit).utf8.count - 1 - digits.utf8.count) + digits
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}
