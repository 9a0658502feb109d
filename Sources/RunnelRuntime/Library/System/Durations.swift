// Durations that a script's user writes, as defaults and values of options (`--wait=1h30m`).

/// Reading durations in the language's notation.
public enum Durations {
  private static let units: [(name: String, nanoseconds: Int)] = [
    ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
  ]

  /// `1h30m` as nanoseconds; nil for what is no duration, or too long a one.
  public static func parse(_ text: String) -> Int? {
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
}
