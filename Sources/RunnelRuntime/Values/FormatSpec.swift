// The format spec of an interpolation, `{n:>8}` (language.md §2), as in Python:
//
//     [[fill]align][sign][#][0][width][, or _][.digits][type]
//
// with `B` and `iB` for sizes, and `.n` on durations. Parsed once where the text is known when compiling.

/// A parsed format spec.
struct FormatSpec: Sendable {
  enum Alignment: Character, Sendable {
    case left = "<"
    case right = ">"
    case center = "^"
    /// Fills between the sign and the digits.
    case afterSign = "="
  }

  enum Style: String, CaseIterable, Sendable {
    case hexadecimal = "x"
    case upperHexadecimal = "X"
    case octal = "o"
    case binary = "b"
    case scientific = "e"
    case fixed = "f"
    case percent = "%"
    case decimal = "d"
    case text = "s"
    case size = "B"
    case binarySize = "iB"
  }

  private(set) var fill: Character = " "
  private(set) var alignment: Alignment?
  /// `+` or a space, put before numbers that are not negative.
  private(set) var sign: Character?
  /// `#`: with the prefix of a literal, `0xff`.
  private(set) var hasPrefix = false
  private(set) var fillsWithZeros = false
  private(set) var width = 0
  private(set) var separator: Character?
  private(set) var digits: Int?
  private(set) var style: Style?
  /// As written.
  let text: String

  private static let largestWidth = 1_000_000
  private static let mostDigits = 10_000

  /// Raises `ValueError` for what is no spec.
  init(parsing text: String) throws(Raised) {
    self.text = text
    var rest = Array(text)[...]
    if rest.count >= 2, let found = Alignment(rawValue: rest[rest.startIndex + 1]) {
      fill = rest.removeFirst()
      alignment = found
      rest.removeFirst()
    } else if let first = rest.first, let found = Alignment(rawValue: first) {
      alignment = found
      rest.removeFirst()
    }
    if let first = rest.first, first == "+" || first == "-" || first == " " {
      sign = first == "-" ? nil : first
      rest.removeFirst()
    }
    if rest.first == "#" {
      hasPrefix = true
      rest.removeFirst()
    }
    if rest.first == "0" {
      fillsWithZeros = true
      rest.removeFirst()
    }
    if let number = try Self.number(&rest, of: text, most: Self.largestWidth) { width = number }
    if let first = rest.first, first == "," || first == "_" {
      separator = first
      rest.removeFirst()
    }
    if rest.first == "." {
      rest.removeFirst()
      guard let number = try Self.number(&rest, of: text, most: Self.mostDigits) else {
        throw Raised(.valueError, "the format `\(text)` has no number after its point")
      }
      digits = number
    }
    if !rest.isEmpty {
      guard let found = Style(rawValue: String(rest)) else {
        throw Raised(
          .valueError,
          "`\(text)` is no format: [fill][<>^=][+][0][width][,][.digits], then one of \(Self.styleList)")
      }
      style = found
    }
  }

  private static let styleList = "x X o b e f % d s B iB"

  private static func number(
    _ rest: inout ArraySlice<Character>, of text: String, most: Int
  ) throws(Raised) -> Int? {
    var number: Int?
    while let first = rest.first, first.isASCII, let digit = first.wholeNumberValue {
      let next = (number ?? 0) * 10 + digit
      guard next <= most else {
        throw Raised(.valueError, "a number in the format `\(text)` is over \(most)")
      }
      number = next
      rest.removeFirst()
    }
    return number
  }

  // MARK: Applying

  /// The value as text. Raises `ValueError` where the spec does not fit the value's type.
  func apply(_ value: Value, strand: Strand? = nil) throws(Raised) -> String {
    switch value {
    case .int(let number): return try apply(int: number)
    case .float(let number): return try apply(float: number)
    case .duration(let nanoseconds): return try apply(duration: nanoseconds)
    default:
      guard style == nil || (style == .text && value.string != nil) else { throw unfit(value.typeName) }
      return try apply(text: describe(value, strand: strand), typeName: value.typeName)
    }
  }

  private func unfit(_ typeName: String) -> Raised {
    Raised(.valueError, "the format `\(text)` does not fit \(typeName == "int" ? "an" : "a") \(typeName)")
  }

  /// Text: cut to `digits` characters, to the left where nothing else is said.
  private func apply(text value: String, typeName: String) throws(Raised) -> String {
    guard sign == nil, separator == nil, !hasPrefix, alignment != .afterSign else { throw unfit(typeName) }
    let kept = digits.map { String(value.prefix($0)) } ?? value
    return padded(sign: "", body: kept, isNumber: false)
  }

  private func apply(int number: Int) throws(Raised) -> String {
    switch style {
    case nil, .decimal:
      guard digits == nil else { throw unfit("int") }
      return finished(isNegative: number < 0, body: grouped(String(number.magnitude)))
    case .hexadecimal: return try radix(number, 16, "0x")
    case .upperHexadecimal: return try radix(number, 16, "0X", uppercase: true)
    case .octal: return try radix(number, 8, "0o")
    case .binary: return try radix(number, 2, "0b")
    case .size, .binarySize: return size(number)
    case .scientific, .fixed, .percent: return try apply(float: Double(number))
    case .text: throw unfit("int")
    }
  }

  private func radix(
    _ number: Int, _ base: Int, _ prefix: String, uppercase: Bool = false
  ) throws(Raised) -> String {
    guard digits == nil, separator != "," else { throw unfit("int") }
    var body = String(number.magnitude, radix: base, uppercase: uppercase)
    if separator != nil { body = grouped(body, every: 4) }
    return finished(isNegative: number < 0, prefix: hasPrefix ? prefix : "", body: body)
  }

  private func apply(float number: Double) throws(Raised) -> String {
    var isNegative = number.sign == .minus && !number.isNaN
    var body: String
    let magnitude = number.magnitude
    switch style {
    case nil:
      if let digits, magnitude.isFinite {
        body = DecimalText.fixed(magnitude, digits: digits)
      } else {
        body = Formatting.float(magnitude)
      }
    case .fixed:
      body =
        magnitude.isFinite ? DecimalText.fixed(magnitude, digits: digits ?? 6) : Formatting.float(magnitude)
    case .scientific:
      body =
        magnitude.isFinite
        ? DecimalText.scientific(magnitude, digits: digits ?? 6) : Formatting.float(magnitude)
    case .percent:
      let scaled = magnitude * 100
      body =
        (scaled.isFinite ? DecimalText.fixed(scaled, digits: digits ?? 6) : Formatting.float(scaled)) + "%"
    case .size, .binarySize:
      let whole = number.rounded()
      guard let size = Int(exactly: whole) else { throw unfit("float") }
      return self.size(size)
    case .hexadecimal, .upperHexadecimal, .octal, .binary, .decimal, .text: throw unfit("float")
    }
    if number.isNaN { isNegative = false }
    return finished(isNegative: isNegative, body: grouped(body))
  }

  private func apply(duration nanoseconds: Int) throws(Raised) -> String {
    guard style == nil else { throw unfit("duration") }
    guard let digits else { return try apply(text: Formatting.duration(nanoseconds), typeName: "duration") }
    guard sign == nil, separator == nil, !hasPrefix else { throw unfit("duration") }
    let magnitude = nanoseconds.magnitude
    let unit =
      magnitude == 0
      ? DurationUnit.second : (DurationUnit.allCases.first { magnitude >= $0.nanoseconds } ?? .nanosecond)
    let body = DecimalText.fixed(Double(magnitude) / Double(unit.nanoseconds), digits: digits) + unit.rawValue
    return padded(sign: nanoseconds < 0 ? "-" : "", body: body, isNumber: false)
  }

  /// `999B`, `1.4KB`, `1.3MiB`: one digit after the point where nothing else is said.
  private func size(_ bytes: Int) -> String {
    let base: Double = style == .binarySize ? 1024 : 1000
    let infix = style == .binarySize ? "i" : ""
    var amount = Double(bytes.magnitude)
    if amount < base { return finished(isNegative: bytes < 0, body: "\(bytes.magnitude)B") }
    let places = digits ?? 1
    for unit in ["K", "M", "G", "T"] {
      amount /= base
      // What would be shown as 1000.0 is shown in the next unit.
      if unit == "T" || DecimalText.rounded(amount, digits: places) < base {
        return finished(
          isNegative: bytes < 0, body: grouped(DecimalText.fixed(amount, digits: places)) + unit + infix + "B"
        )
      }
    }
    return ""
  }

  /// With separators between groups of digits before the point.
  private func grouped(_ body: String, every group: Int = 3) -> String {
    guard let separator else { return body }
    let characters = Array(body)
    let whole = characters.prefix { $0.isHexDigit }.count
    // `1e+20` has no groups to speak of, `inf` none at all.
    guard whole == characters.count || characters[whole] == "." || characters[whole] == "%" else {
      return body
    }
    var result = ""
    for (index, character) in characters.enumerated() {
      if index > 0, index < whole, (whole - index) % group == 0 { result.append(separator) }
      result.append(character)
    }
    return result
  }

  private func finished(isNegative: Bool, prefix: String = "", body: String) -> String {
    let sign = isNegative ? "-" : (self.sign.map(String.init) ?? "")
    return padded(sign: sign + prefix, body: body, isNumber: true)
  }

  /// Numbers to the right, all else to the left, where the spec does not say. `0` fills numbers after the sign.
  private func padded(sign: String, body: String, isNumber: Bool) -> String {
    let missing = width - sign.count - body.count
    guard missing > 0 else { return sign + body }
    let fill = fillsWithZeros && fill == " " ? "0" : fill
    let alignment = alignment ?? (isNumber ? (fillsWithZeros ? .afterSign : .right) : .left)
    func filler(_ count: Int) -> String { String(repeating: fill, count: count) }
    switch alignment {
    case .left: return sign + body + filler(missing)
    case .right: return filler(missing) + sign + body
    case .center: return filler(missing / 2) + sign + body + filler(missing - missing / 2)
    case .afterSign:
      guard let separator, fill == "0" else { return sign + filler(missing) + body }
      return sign + groupedZeros(body, separator, width: width - sign.count)
    }
  }

  /// Zeros in front take separators too: `000,001,234`, never beginning with one.
  private func groupedZeros(_ body: String, _ separator: Character, width: Int) -> String {
    let group = style == nil || style == .decimal || style == .fixed || style == .percent ? 3 : 4
    let whole = body.prefix { $0.isHexDigit || $0 == separator }
    let tail = body.dropFirst(whole.count)
    var digits = whole.filter { $0 != separator }.reversed() as [Character]
    var result: [Character] = []
    var placed = 0
    while placed < digits.count || result.count + tail.count < width {
      if placed > 0, placed % group == 0 { result.append(separator) }
      if placed >= digits.count { digits.append("0") }
      result.append(digits[placed])
      placed += 1
    }
    return String(result.reversed()) + tail
  }
}
