// Floats in decimal with a given number of digits, rounded correctly: half to even of the float's exact value,
// as C and Python do, and independent of any locale. A float is a whole number times a power of two, so its
// decimal expansion is finite and is computed exactly, with a few words of integer arithmetic.

/// The exact decimal expansion of a finite float, cut after some digits.
private struct Expansion {
  /// Digits before the point, without leading zeros (empty for a number below 1), then those after it.
  var digits: [UInt8]
  var integerCount: Int
  /// What was cut off, against half of the last digit.
  var remainder: Remainder

  enum Remainder { case zero, belowHalf, half, aboveHalf }

  /// - Parameter fractionDigits: how many digits after the point, at least 0.
  init(_ number: Double, fractionDigits: Int) {
    let exponent = number == 0 ? 0 : Int(number.exponent) - 52
    let isSubnormal = number.isSubnormal
    let significand = number.significandBitPattern | (number.isNormal ? 1 << 52 : 0)
    let power = isSubnormal ? -1074 : exponent
    digits = []
    remainder = .zero
    integerCount = 0
    guard significand != 0 else {
      digits = [UInt8](repeating: 0, count: fractionDigits)
      return
    }
    if power >= 0 {
      digits = Self.wholeDigits(significand, shiftedBy: power)
      integerCount = digits.count
      digits.append(contentsOf: [UInt8](repeating: 0, count: fractionDigits))
      return
    }
    let shift = -power
    let whole = shift < 64 ? significand >> UInt64(shift) : 0
    if whole > 0 { digits = String(whole).utf8.map { $0 - UInt8(ascii: "0") } }
    integerCount = digits.count
    // The fraction in words of 32 bits, most significant first: a number below 1 with the point before word 0.
    let part = shift < 64 ? significand & ((1 << UInt64(shift)) - 1) : significand
    var words = [UInt32](repeating: 0, count: (shift + 31) / 32 + 2)
    for bit in 0..<64 where part >> UInt64(bit) & 1 == 1 {
      let place = shift - 1 - bit
      words[place / 32] |= 1 << UInt32(31 - place % 32)
    }
    for _ in 0..<fractionDigits {
      var carry: UInt64 = 0
      for index in words.indices.reversed() {
        let product = UInt64(words[index]) * 10 + carry
        words[index] = UInt32(truncatingIfNeeded: product)
        carry = product >> 32
      }
      digits.append(UInt8(truncatingIfNeeded: carry))
      while words.count > 1, words.last == 0 { words.removeLast() }
    }
    let rest = words.dropFirst().contains { $0 != 0 }
    if words[0] == 0x8000_0000, !rest {
      remainder = .half
    } else if words[0] >= 0x8000_0000 {
      remainder = .aboveHalf
    } else {
      remainder = words[0] != 0 || rest ? .belowHalf : .zero
    }
  }

  private static func wholeDigits(_ significand: UInt64, shiftedBy shift: Int) -> [UInt8] {
    // Words of 32 bits, least significant first, divided by ten to the ninth until nothing is left.
    var words = [UInt32](repeating: 0, count: shift / 32 + 3)
    for bit in 0..<64 where significand >> UInt64(bit) & 1 == 1 {
      let place = bit + shift
      words[place / 32] |= 1 << UInt32(place % 32)
    }
    var digits: [UInt8] = []
    while let last = words.lastIndex(where: { $0 != 0 }) {
      var rest: UInt64 = 0
      for index in (0...last).reversed() {
        let value = rest << 32 | UInt64(words[index])
        words[index] = UInt32(truncatingIfNeeded: value / 1_000_000_000)
        rest = value % 1_000_000_000
      }
      for _ in 0..<9 {
        digits.append(UInt8(truncatingIfNeeded: rest % 10))
        rest /= 10
      }
    }
    while digits.last == 0 { digits.removeLast() }
    return digits.reversed()
  }

  /// Keeps the first `count` digits, rounded half to even by all that follow. May add a digit before the point.
  mutating func round(toFirst count: Int) {
    if count < digits.count {
      let next = count < 0 ? 0 : digits[count]
      let later = count < 0 || digits[(count + 1)...].contains { $0 != 0 } || remainder != .zero
      remainder = next > 5 || (next == 5 && later) ? .aboveHalf : (next == 5 ? .half : .belowHalf)
      if count < 0 { remainder = .belowHalf }
      digits.removeLast(digits.count - max(count, 0))
    }
    let isOdd = (digits.last ?? 0) & 1 == 1
    guard remainder == .aboveHalf || (remainder == .half && isOdd) else { return }
    var index = digits.count - 1
    while index >= 0 {
      if digits[index] < 9 {
        digits[index] += 1
        return
      }
      digits[index] = 0
      index -= 1
    }
    digits.insert(1, at: 0)
    integerCount += 1
  }
}

enum DecimalText {
  /// `1234.57`: a finite float with that many digits after the point.
  static func fixed(_ number: Double, digits count: Int) -> String {
    var expansion = Expansion(number.magnitude, fractionDigits: count)
    expansion.round(toFirst: expansion.integerCount + count)
    var bytes: [UInt8] = number.sign == .minus ? [UInt8(ascii: "-")] : []
    if expansion.integerCount == 0 { bytes.append(UInt8(ascii: "0")) }
    for (index, digit) in expansion.digits.enumerated() {
      if index == expansion.integerCount { bytes.append(UInt8(ascii: ".")) }
      bytes.append(UInt8(ascii: "0") + digit)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `1.23e+07`: a finite float with that many digits after the point of its first digit.
  static func scientific(_ number: Double, digits count: Int) -> String {
    let magnitude = number.magnitude
    var exponent = 0
    var digits = [UInt8](repeating: 0, count: count + 1)
    if magnitude != 0 {
      // Enough digits after the point to have `count + 1` after the leading zeros.
      let zeros = magnitude < 1 ? Int(Double(-magnitude.exponent) * 0.30103) + 1 : 0
      var expansion = Expansion(magnitude, fractionDigits: count + 1 + zeros)
      let leading = expansion.integerCount > 0 ? 0 : expansion.digits.prefix { $0 == 0 }.count
      let before = expansion.integerCount
      expansion.round(toFirst: leading + count + 1)
      let carried = expansion.integerCount - before
      // A carry into a new first digit either lengthened the number or took one of the leading zeros.
      let first = expansion.digits.firstIndex { $0 != 0 } ?? 0
      exponent = expansion.integerCount - 1 - first
      if before > 0, carried == 0 { exponent = before - 1 }
      digits = Array(expansion.digits[first...].prefix(count + 1))
      while digits.count < count + 1 { digits.append(0) }
    }
    var text = number.sign == .minus ? "-" : ""
    text += String(digits[0])
    if count > 0 { text += "." + digits.dropFirst().map(String.init).joined() }
    text += exponent < 0 ? "e-" : "e+"
    return text + (exponent.magnitude < 10 ? "0" : "") + String(exponent.magnitude)
  }

  /// A finite float rounded to a number of digits after the point, or before it where that is negative.
  static func rounded(_ number: Double, digits count: Int) -> Double {
    if count >= 0 {
      // No float has digits after these.
      if count > 1_100 { return number }
      return Double(fixed(number, digits: count)) ?? number
    }
    if count < -400 { return number.sign == .minus ? -0.0 : 0 }
    var expansion = Expansion(number.magnitude, fractionDigits: 0)
    let wanted = expansion.integerCount + count
    if wanted < 0 { return number.sign == .minus ? -0.0 : 0 }
    expansion.round(toFirst: wanted)
    var text = number.sign == .minus ? "-" : ""
    for digit in expansion.digits { text += String(digit) }
    if expansion.digits.isEmpty { text += "0" }
    return Double(text + "e\(-count)") ?? number
  }
}
