// What `int`, `float`, `bool`, `bytes`, `list` and `duration` make of a value (library.md). What is of the right
// type but cannot be read raises `ValueError` with the text; what can never be converted raises `TypeError`.

enum Conversions {
  static func int(_ value: Value, base: Int?) throws(Raised) -> Value {
    switch value {
    case .int: return value
    case .float(let number):
      guard number.isFinite else {
        throw Raised(.valueError, "\(Formatting.float(number)) is no int")
      }
      guard let whole = Int(exactly: number.rounded(.towardZero)) else { throw Arithmetic.overflow }
      return .int(whole)
    default:
      guard let string = value.string else {
        throw Raised(.typeError, "`int` takes a string or a number, not \(value.typeName)")
      }
      if base == nil, let number = plainInt(string) { return .int(number) }
      return .int(try parseInt(string.text, base: base ?? 10))
    }
  }

  /// What most texts of ints are: digits, so few that nothing overflows, perhaps after a `-`. Nil for all others.
  private static func plainInt(_ string: StringObject) -> Int? {
    string.withBytes { bytes in
      let isNegative = bytes.first == UInt8(ascii: "-")
      let first = isNegative ? 1 : 0
      guard bytes.count > first, bytes.count < 19 else { return nil }
      var number = 0
      for index in first..<bytes.count {
        let digit = bytes[index] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        number = number * 10 + Int(digit)
      }
      return isNegative ? -number : number
    }
  }

  /// Digits with `_` between, a sign, white space around, and the prefix of the base. Base 0 goes by the prefix.
  static func parseInt(_ text: String, base: Int) throws(Raised) -> Int {
    guard base == 0 || (2...36).contains(base) else {
      throw Raised(.valueError, "a base is from 2 to 36, not \(base)")
    }
    func notAnInt() -> Raised { Raised(.valueError, "not an int: \(brief(.string(text)))") }
    var bytes = trimmedBytes(text)
    var isNegative = false
    if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      bytes = bytes.dropFirst()
    }
    var base = base
    if bytes.count > 2, bytes.first == UInt8(ascii: "0") {
      let named: Int? =
        switch bytes[bytes.startIndex + 1] | 0x20 {
        case UInt8(ascii: "x"): 16
        case UInt8(ascii: "o"): 8
        case UInt8(ascii: "b"): 2
        default: nil
        }
      if let named, base == 0 || base == named {
        base = named
        bytes = bytes.dropFirst(2)
      }
    }
    if base == 0 { base = 10 }
    var number = 0
    var overflows = false
    var mayBreak = false
    for byte in bytes {
      if byte == UInt8(ascii: "_") {
        guard mayBreak else { throw notAnInt() }
        mayBreak = false
        continue
      }
      guard let digit = digit(byte), digit < base else { throw notAnInt() }
      // Downwards, where there is room for one more.
      let (product, tooLow) = number.multipliedReportingOverflow(by: base)
      let (sum, lower) = product.subtractingReportingOverflow(digit)
      overflows = overflows || tooLow || lower
      number = sum
      mayBreak = true
    }
    guard mayBreak else { throw notAnInt() }
    guard !overflows, isNegative || number != Int.min else { throw Arithmetic.overflow }
    return isNegative ? number : -number
  }

  private static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }

  private static func trimmedBytes(_ text: String) -> ArraySlice<UInt8> {
    var scalars = text[...].unicodeScalars
    while let first = scalars.first, first.isSpace { scalars.removeFirst() }
    while let last = scalars.last, last.isSpace { scalars.removeLast() }
    return Array(String(scalars).utf8)[...]
  }

  static func float(_ value: Value) throws(Raised) -> Value {
    switch value {
    case .float: return value
    case .int(let number): return .float(Double(number))
    default:
      guard let string = value.string else {
        throw Raised(.typeError, "`float` takes a string or a number, not \(value.typeName)")
      }
      guard let number = parseFloat(string.text) else {
        throw Raised(.valueError, "not a float: \(brief(value))")
      }
      return .float(number)
    }
  }

  /// Decimal digits with `_` between, a point, an exponent, a sign, white space around; `inf`, `infinity`, `nan`.
  static func parseFloat(_ text: String) -> Double? {
    let bytes = trimmedBytes(text)
    var plain: [UInt8] = []
    var before: UInt8 = 0
    for (offset, byte) in bytes.enumerated() {
      let isDigit = byte >= 0x30 && byte <= 0x39
      guard byte < 0x80 else { return nil }
      if byte == UInt8(ascii: "_") {
        // Between digits only.
        guard before >= 0x30, before <= 0x39, offset + 1 < bytes.count else { return nil }
      } else {
        if before == UInt8(ascii: "_"), !isDigit { return nil }
        plain.append(byte)
      }
      before = byte
    }
    let word = String(decoding: plain, as: UTF8.self)
    let letters = word.lowercased().drop { $0 == "-" || $0 == "+" }
    let isNamed = letters == "inf" || letters == "infinity" || letters == "nan"
    // No hexadecimal floats and no payloads of NaN.
    guard isNamed || !letters.contains(where: { $0 != "e" && $0.isLetter || $0 == "(" }) else { return nil }
    return Double(word)
  }

  static func bool(_ value: Value) throws(Raised) -> Value {
    if case .bool = value { return value }
    guard let string = value.string else {
      throw Raised(.typeError, "`bool` takes a bool or a string, not \(value.typeName): write a comparison")
    }
    switch string.text {
    case "true": return .bool(true)
    case "false": return .bool(false)
    default: throw Raised(.valueError, "not a bool: \(brief(value)); only \"true\" and \"false\" are")
    }
  }

  static func bytes(_ value: Value, strand: Strand? = nil) throws(Raised) -> Value {
    if value.bytes != nil { return value }
    if let string = value.string { return .bytes(Array(string.text.utf8)) }
    guard value.map == nil, let items = try iteratedItems(value, strand: strand) else {
      throw Raised(.typeError, "`bytes` takes a string or a list of ints, not \(value.typeName)")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(items.count)
    for item in items {
      guard case .int(let number) = item else {
        throw Raised(.typeError, "`bytes` takes a list of ints; it holds a \(item.typeName)")
      }
      guard let byte = UInt8(exactly: number) else {
        throw Raised(.valueError, "a byte is from 0 to 255, not \(number)")
      }
      bytes.append(byte)
      if bytes.count & 0xFFFF == 0 { try strand?.checkpoint() }
    }
    return .bytes(bytes)
  }

  static func list(_ value: Value, strand: Strand? = nil) throws(Raised) -> Value {
    if value.list != nil { return value }
    if let bytes = value.bytes?.bytes {
      try checkListLength(bytes.count)
      var items: [Value] = []
      items.reserveCapacity(bytes.count)
      for byte in bytes {
        items.append(.int(Int(byte)))
        if items.count & 0xFFFF == 0 { try strand?.checkpoint() }
      }
      return .list(items)
    }
    guard let items = try iteratedItems(value, strand: strand) else { throw notIterable(value) }
    return .list(items)
  }

  static func duration(_ value: Value) throws(Raised) -> Value {
    if case .duration = value { return value }
    guard let string = value.string else {
      let advice =
        switch value {
        case .int, .float: ": multiply a unit, `n * 1s`"
        default: ""
        }
      throw Raised(.typeError, "`duration` takes a string such as \"1h30m\", not \(value.typeName)\(advice)")
    }
    guard let nanoseconds = try parseDuration(string.text) else {
      throw Raised(.valueError, "not a duration: \(brief(value)); write it as `1h30m`, `1.5s` or `250ms`")
    }
    return .duration(nanoseconds)
  }

  /// As a literal, with a sign: `1h30m`, `1.5s`, `-250us`. Nil for what is none; raises `OverflowError`.
  static func parseDuration(_ text: String) throws(Raised) -> Int? {
    var bytes = Array(text.utf8)[...]
    let isNegative = bytes.first == UInt8(ascii: "-")
    if isNegative { bytes = bytes.dropFirst() }
    guard !bytes.isEmpty else { return nil }
    var total = 0
    while !bytes.isEmpty {
      let number = bytes.prefix {
        ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
      }
      bytes = bytes.dropFirst(number.count)
      let suffix = bytes.prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
      guard let first = number.first, first >= 0x30, first <= 0x39,
        let (unit, length) = unit(
          String(decoding: suffix, as: UTF8.self), isLast: suffix.count == bytes.count)
      else { return nil }
      bytes = bytes.dropFirst(length)
      let digits = String(decoding: number, as: UTF8.self)
      let part: Int
      if digits.contains(".") {
        guard let amount = parseFloat(digits) else { return nil }
        part = try Arithmetic.nanoseconds(amount * Double(unit.nanoseconds))
      } else {
        let (product, overflows) = try parseInt(digits, base: 10).multipliedReportingOverflow(
          by: Int(unit.nanoseconds))
        guard !overflows else { throw Arithmetic.durationOverflow }
        part = product
      }
      let (sum, overflows) = total.addingReportingOverflow(part)
      guard !overflows else { throw Arithmetic.durationOverflow }
      total = sum
    }
    return isNegative ? -total : total
  }

  private static func unit(_ suffix: String, isLast: Bool) -> (DurationUnit, Int)? {
    guard let unit = DurationUnit(rawValue: suffix) else { return nil }
    return (unit, suffix.utf8.count)
  }

  /// `round(x, digits)`: half to even; an int where no digits are given, unless `x` is one anyway.
  static func round(_ value: Value, digits: Int?) throws(Raised) -> Value {
    switch value {
    case .float(let number):
      guard let digits else {
        guard number.isFinite else {
          throw Raised(.valueError, "\(Formatting.float(number)) cannot be rounded to an int")
        }
        guard let whole = Int(exactly: number.rounded(.toNearestOrEven)) else { throw Arithmetic.overflow }
        return .int(whole)
      }
      guard number.isFinite else { return value }
      let rounded = DecimalText.rounded(number, digits: digits)
      guard rounded.isFinite else {
        throw Raised(.overflowError, "`round` gives a number too large for a float")
      }
      return .float(rounded)
    case .int(let number):
      guard let digits, digits < 0 else { return value }
      guard digits > -19 else { return .int(0) }
      var unit = 1
      for _ in 0..<(-digits) { unit *= 10 }
      let rest = try Arithmetic.floorRemainder(number, unit)
      // Without the rest; upwards it is the distance to the next that is added, so that nothing overflows between.
      let isOdd = try Arithmetic.floorQuotient(number, unit) & 1 == 1
      let isUp = rest > unit - rest || (rest == unit - rest && isOdd)
      let (result, overflows) =
        isUp ? number.addingReportingOverflow(unit - rest) : number.subtractingReportingOverflow(rest)
      guard !overflows else { throw Arithmetic.overflow }
      return .int(result)
    default: throw Raised(.typeError, "`round` takes a number, not \(value.typeName)")
    }
  }

  static func absolute(_ value: Value) throws(Raised) -> Value {
    switch value {
    case .int(let number): return number < 0 ? try negated(value) : value
    case .float(let number): return .float(number.magnitude)
    case .duration(let nanoseconds): return nanoseconds < 0 ? try negated(value) : value
    default: throw Raised(.typeError, "`abs` takes a number or a duration, not \(value.typeName)")
    }
  }
}
