// Numbers: `42 1_000 0xff 0b1010 0o755 1.5 1e-9`, sizes `4KiB 10MB`, durations `250us 1h30m` (language.md §2).
// Their values are worked out here, so that every mistake in a number is reported where the number stands.

extension Lexer {
  mutating func lexNumber() {
    let start = position
    if bytes[start] == UInt8(ascii: "0"), let radix = radix(of: byte(at: start + 1)) {
      lexRadix(radix)
      return
    }
    var isFloat = false
    skipDigits()
    if byte(at: position) == UInt8(ascii: "."), isDigit(byte(at: position + 1)) {
      isFloat = true
      position += 1
      skipDigits()
    }
    if byte(at: position) | 0x20 == UInt8(ascii: "e") {
      let sign = byte(at: position + 1)
      let digits = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") ? position + 2 : position + 1
      if isDigit(byte(at: digits)) {
        isFloat = true
        position = digits
        skipDigits()
      }
    }
    let mantissaEnd = position
    guard startsName(at: position) else {
      if isFloat { emitFloat(from: start, to: mantissaEnd) } else { emitInt(from: start, to: mantissaEnd) }
      return
    }
    position = endOfName(from: position)
    let suffix = source.text(of: Span(mantissaEnd, position))
    if let size = Self.sizes[suffix] {
      emitSize(size, from: start, mantissaEnd: mantissaEnd)
    } else {
      emitDuration(from: start, mantissaEnd: mantissaEnd, suffix: suffix)
    }
  }

  private static let sizes: [String: UInt64] = [
    "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
  ]

  /// Nanoseconds of a unit.
  private static let durations: [(unit: String, nanoseconds: UInt64)] = [
    ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
    ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
  ]

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private mutating func skipDigits() {
    while isDigit(byte(at: position)) || byte(at: position) == UInt8(ascii: "_") { position += 1 }
  }

  private mutating func emitNumber(_ kind: Token.Kind, _ value: UInt64, from start: Int) {
    emit(kind, link: Int32(truncatingIfNeeded: numbers.count), from: start, to: position)
    numbers.append(value)
  }

  // MARK: - Ints and floats

  private func radix(of byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "x"): 16
    case UInt8(ascii: "o"): 8
    case UInt8(ascii: "b"): 2
    default: nil
    }
  }

  private mutating func lexRadix(_ radix: UInt64) {
    let start = position
    position = endOfName(from: start + 2)
    var value: UInt64 = 0
    var overflow = false
    var digits = 0
    for offset in start + 2..<position {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "_") { continue }
      let digit: UInt64 =
        isDigit(byte)
        ? UInt64(byte - UInt8(ascii: "0"))
        : byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f") && byte < 0x80
          ? UInt64((byte | 0x20) - UInt8(ascii: "a")) + 10 : 99
      guard digit < radix else {
        let name = radix == 16 ? "hexadecimal" : radix == 8 ? "octal" : "binary"
        report(
          .badNumber, start, position,
          "`\(source.text(of: Span(start, position)))` is no \(name) number",
          labels: byte < 0x80 ? [.init(Span(offset, offset + 1), "no \(name) digit")] : [])
        emitNumber(.int, 0, from: start)
        return
      }
      digits += 1
      let (high, low) = value.multipliedFullWidth(by: radix)
      if high != 0 { overflow = true }
      value = low | digit
      if radix != 16, radix != 8, radix != 2 { overflow = true }
    }
    if digits == 0 {
      report(
        .badNumber, start, position, "`\(source.text(of: Span(start, position)))` has no digits",
        hint: "write digits after the prefix, as in `0xff`, `0b1010` or `0o755`")
    }
    if overflow || value > UInt64(Int64.max) {
      tooLarge(start)
      value = 0
    }
    emitNumber(.int, value, from: start)
  }

  private mutating func tooLarge(_ start: Int) {
    report(
      .numberTooLarge, start, position, "the number does not fit in 64 bits",
      hint: "an int goes up to 9223372036854775807; `1e19` is a float")
  }

  private mutating func emitInt(from start: Int, to end: Int) {
    var value: UInt64 = 0
    var overflow = false
    for offset in start..<end where bytes[offset] != UInt8(ascii: "_") {
      let (product, carried) = value.multipliedReportingOverflow(by: 10)
      let (sum, carriedMore) = product.addingReportingOverflow(UInt64(bytes[offset] - UInt8(ascii: "0")))
      overflow = overflow || carried || carriedMore
      value = sum
    }
    // Just above the largest int: right after a minus sign, which the parser knows.
    if overflow || value > UInt64(Int64.max) + 1 {
      tooLarge(start)
      value = 0
    }
    emitNumber(.int, value, from: start)
  }

  private func double(from start: Int, to end: Int) -> Double? {
    var text = ""
    text.reserveCapacity(end - start)
    for offset in start..<end where bytes[offset] != UInt8(ascii: "_") {
      text.unicodeScalars.append(Unicode.Scalar(bytes[offset]))
    }
    return Double(text)
  }

  private mutating func emitFloat(from start: Int, to end: Int) {
    var value = double(from: start, to: end) ?? .nan
    if !value.isFinite {
      report(
        .numberTooLarge, start, end, "the number is too large for a float", hint: "the largest is 1.79e308")
      value = 0
    }
    emitNumber(.float, value.bitPattern, from: start)
  }

  // MARK: - Sizes and durations

  /// A decimal number times a unit, rounded down; nil when it does not fit.
  ///
  /// Exact as long as the digits fit 64 bits, which a float's fifty-three would not be: `0.1s` is 100 ms.
  private func scaled(from start: Int, to end: Int, by unit: UInt64) -> UInt64? {
    var digits: UInt64 = 0
    var divisor: UInt64 = 1
    var isFraction = false
    for offset in start..<end {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "_") { continue }
      if byte == UInt8(ascii: ".") {
        isFraction = true
        continue
      }
      guard isDigit(byte) else {
        // An exponent.
        guard let value = double(from: start, to: end) else { return nil }
        let product = value * Double(unit)
        return product < 9.2e18 ? UInt64(product) : nil
      }
      // Digits beyond a billionth of a billionth change nothing.
      if isFraction, divisor > 100_000_000_000_000_000 { continue }
      let (product, carried) = digits.multipliedReportingOverflow(by: 10)
      let (sum, carriedMore) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      if carried || carriedMore {
        if isFraction { continue }
        return nil
      }
      digits = sum
      if isFraction { divisor *= 10 }
    }
    let (high, low) = digits.multipliedFullWidth(by: unit)
    guard high < divisor else { return nil }
    let value = divisor.dividingFullWidth((high, low)).quotient
    return value <= UInt64(Int64.max) ? value : nil
  }

  private mutating func emitSize(_ unit: UInt64, from start: Int, mantissaEnd: Int) {
    guard let value = scaled(from: start, to: mantissaEnd, by: unit) else {
      tooLarge(start)
      emitNumber(.int, 0, from: start)
      return
    }
    emitNumber(.int, value, from: start)
  }

  /// `5s`, `1.5h`, `1h30m`: the suffix holds the first unit and whatever follows it.
  private mutating func emitDuration(from start: Int, mantissaEnd: Int, suffix: String) {
    var total: UInt64 = 0
    var partStart = start
    var offset = mantissaEnd
    while true {
      var unitEnd = offset
      while unitEnd < position, !isDigit(bytes[unitEnd]) { unitEnd += 1 }
      let unit = source.text(of: Span(offset, unitEnd))
      guard let nanoseconds = Self.durations.first(where: { $0.unit == unit })?.nanoseconds else {
        badSuffix(start, mantissaEnd, suffix)
        return
      }
      guard let value = scaled(from: partStart, to: offset, by: nanoseconds) else {
        return durationTooLong(start)
      }
      let (sum, carried) = total.addingReportingOverflow(value)
      guard !carried, sum <= UInt64(Int64.max) else { return durationTooLong(start) }
      total = sum
      guard unitEnd < position else { break }
      partStart = unitEnd
      offset = unitEnd
      while offset < position, isDigit(bytes[offset]) { offset += 1 }
      if offset == position {
        let rest = source.text(of: Span(partStart, offset))
        report(
          .badNumber, start, position, "`\(rest)` at the end of the duration has no unit",
          hint: "write its unit too: ns, us, ms, s, m, h or d, as in `1h30m`")
        emitNumber(.duration, 0, from: start)
        return
      }
    }
    emitNumber(.duration, total, from: start)
  }

  private mutating func durationTooLong(_ start: Int) {
    report(
      .numberTooLarge, start, position, "the duration does not fit in 64 bits of nanoseconds",
      hint: "the longest is 106751d, about 292 years")
    emitNumber(.duration, 0, from: start)
  }

  private mutating func badSuffix(_ start: Int, _ mantissaEnd: Int, _ suffix: String) {
    let digits = source.text(of: Span(start, mantissaEnd))
    let hint: String
    switch suffix.lowercased() {
    case "kb", "mb", "gb", "tb": hint = "write `\(digits)\(suffix.uppercased())`"
    case "kib", "mib", "gib", "tib":
      hint = "write `\(digits)\(suffix.prefix(1).uppercased())iB`"
    case "k", "g", "t":
      hint = "write `\(digits)\(suffix.uppercased())B` or `\(digits)\(suffix.uppercased())iB`"
    case "sec", "secs", "second", "seconds": hint = "write `\(digits)s`"
    case "min", "mins", "minute", "minutes": hint = "write `\(digits)m`"
    case "hr", "hrs", "hour", "hours": hint = "write `\(digits)h`"
    case "day", "days": hint = "write `\(digits)d`"
    case "msec", "millis": hint = "write `\(digits)ms`"
    case "µs", "μs", "usec": hint = "write `\(digits)us`"
    case "e": hint = "an exponent has digits, as in `1e9`"
    default:
      hint =
        "units are ns us ms s m h d, and KB MB GB TB or KiB MiB GiB TiB; a name cannot begin with a digit"
    }
    report(
      .badNumber, start, position, "`\(digits)\(suffix)` is no number",
      labels: [.init(Span(mantissaEnd, position), "no unit of a number")], hint: hint)
    emitNumber(.int, 0, from: start)
  }
}
