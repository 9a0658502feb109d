// Values as text: `str` and `print` (strings bare) and `repr` (strings quoted, as inside a list), by
// language.md §3. Everything is appended to one buffer of UTF-8, so that printing is linear in what is printed;
// a value that shares its parts ([x, x], forty times over) is stopped by a limit, not by the memory's end.

/// The longest string that a built-in makes, in bytes.
let textLimit = 1 << 30

/// What `str(x)` and `print(x)` write: a string as it is, anything else as `represent` does.
/// - Parameter strand: the strand whose cancellation stops a long one.
func describe(_ value: Value, strand: Strand? = nil) throws(Raised) -> String {
  if let string = value.string { return string.text }
  var printer = Printer(strand: strand)
  try printer.append(value, quoted: false)
  return try printer.finish()
}

/// What `repr(x)` gives: as inside a list, strings quoted with a literal's escapes.
func represent(_ value: Value, strand: Strand? = nil) throws(Raised) -> String {
  var printer = Printer(strand: strand)
  try printer.append(value, quoted: true)
  return try printer.finish()
}

/// `represent` for messages: never fails, and ends with `…` where it would be longer than about `limit` bytes.
func brief(_ value: Value, limit: Int = 200) -> String {
  var printer = Printer(strand: nil, limit: limit)
  do throws(Raised) {
    try printer.append(value, quoted: true)
    return printer.text
  } catch {
    return String(String(decoding: printer.bytes.prefix(limit), as: UTF8.self).dropLast()) + "…"
  }
}

/// Text for people to see, for code that cannot raise: as `describe`, but what is no string ends with `…` after a MiB.
/// Nobody reads on, and data that shares its parts has no end.
func describeSafely(_ value: Value) -> String {
  if let string = value.string { return string.text }
  var printer = Printer(strand: nil, limit: 1 << 20)
  do throws(Raised) {
    try printer.append(value, quoted: false)
    return printer.text
  } catch {
    return brief(value, limit: 10_000)
  }
}

enum Formatting {
  /// The text of `print(a, b, end: …)`: one space between.
  static func line(
    _ values: some Collection<Value>, end: String = "\n", strand: Strand? = nil
  ) throws(Raised) -> String {
    // A line that is one string needs no buffer.
    if values.count == 1, let string = values.first?.string { return string.text + end }
    var printer = Printer(strand: strand)
    var isFirst = true
    for value in values {
      if !isFirst { printer.bytes.append(UInt8(ascii: " ")) }
      isFirst = false
      try printer.append(value, quoted: false)
    }
    try printer.append(text: end)
    return try printer.finish()
  }

  /// A duration: `1d2h3m4.5s`, below a second in `ms us ns`.
  static func duration(_ nanoseconds: Int) -> String {
    var printer = Printer(strand: nil)
    printer.append(duration: nanoseconds)
    return printer.text
  }

  /// The shortest text that reads back as the same float: `2.0`, `1e-09`, `inf`, `nan`.
  static func float(_ number: Double) -> String {
    if number.isNaN { return "nan" }
    let text = number.description
    // Swift writes whole numbers up to 2^54 without an exponent, Python those below 1e16.
    guard number.magnitude >= 1e16, number.isFinite, !text.utf8.contains(UInt8(ascii: "e")) else {
      return text
    }
    let digits = String(text.utf8.prefix { $0 != UInt8(ascii: ".") }.drop { $0 == UInt8(ascii: "-") }) ?? ""
    var significant = digits
    while significant.hasSuffix("0") { significant.removeLast() }
    let rest = significant.dropFirst()
    return
      "\(number < 0 ? "-" : "")\(significant.prefix(1))\(rest.isEmpty ? "" : ".")\(rest)e+\(digits.count - 1)"
  }
}

/// A buffer that values are written into. Use `describe` and `represent`; this is for who builds a longer text.
struct Printer {
  var bytes: [UInt8] = []
  private let strand: Strand?
  private let limit: Int
  private var steps = 0
  /// The length at which the strand is looked at next.
  private var nextLook = textPiece

  init(strand: Strand?, limit: Int = textLimit) {
    self.strand = strand
    self.limit = limit
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The whole text. Raises `LimitError` where it is too long.
  func finish() throws(Raised) -> String {
    if bytes.count > limit { throw tooLong }
    return try String(utf8: bytes, strand: strand)
  }

  /// Appends a text as it is.
  mutating func append(text: String) throws(Raised) {
    bytes.append(contentsOf: text.utf8)
    try look()
  }

  /// After some bytes more.
  @inline(__always)
  private mutating func look() throws(Raised) {
    if bytes.count > limit { throw tooLong }
    if bytes.count >= nextLook {
      nextLook = bytes.count + textPiece
      try strand?.checkpoint()
    }
  }

  /// Appends a value. Raises `LimitError` when the text gets too long or the value is nested too deeply.
  mutating func append(_ value: Value, quoted: Bool, depth: Int = 0) throws(Raised) {
    steps &+= 1
    if steps & 0xFFF == 0 { try checkpoint() }
    switch value {
    case .nil: bytes.append(contentsOf: "nil".utf8)
    case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    case .int(let number): append(int: number)
    case .float(let number): bytes.append(contentsOf: Formatting.float(number).utf8)
    case .duration(let nanoseconds): append(duration: nanoseconds)
    case .object(let object):
      try append(object, quoted: quoted, depth: depth)
      try look()
    }
  }

  private mutating func append(_ object: Object, quoted: Bool, depth: Int) throws(Raised) {
    switch object.tag {
    case .string:
      let string = unsafeDowncast(object, to: StringObject.self)
      if quoted { try append(quoted: string.text) } else { bytes.append(contentsOf: string.text.utf8) }
    case .list:
      guard depth < nestingLimit else { throw tooDeep }
      bytes.append(UInt8(ascii: "["))
      var isFirst = true
      for item in unsafeDowncast(object, to: ListObject.self).items {
        if !isFirst { appendSeparator() }
        isFirst = false
        try append(item, quoted: true, depth: depth + 1)
      }
      bytes.append(UInt8(ascii: "]"))
    case .map:
      guard depth < nestingLimit else { throw tooDeep }
      try append(unsafeDowncast(object, to: MapObject.self).storage, depth: depth)
    case .bytes:
      bytes.append(UInt8(ascii: "<"))
      append(int: unsafeDowncast(object, to: BytesObject.self).bytes.count)
      bytes.append(contentsOf: " bytes>".utf8)
    case .range: append(unsafeDowncast(object, to: RangeObject.self))
    case .error: bytes.append(contentsOf: unsafeDowncast(object, to: ErrorObject.self).summary.utf8)
    case .time: bytes.append(contentsOf: timeText(unsafeDowncast(object, to: TimeObject.self)).utf8)
    case .environment where strand != nil:
      try append(strand?.environment ?? MapStorage(), depth: depth)
    default:
      bytes.append(UInt8(ascii: "<"))
      bytes.append(contentsOf: object.typeName.utf8)
      bytes.append(UInt8(ascii: ">"))
    }
  }

  private mutating func append(_ map: MapStorage, depth: Int) throws(Raised) {
    bytes.append(UInt8(ascii: "{"))
    var isFirst = true
    for position in 0..<map.positionCount {
      guard let entry = map.entry(at: position) else { continue }
      if !isFirst { appendSeparator() }
      isFirst = false
      if let key = entry.key.string, isName(key.text) {
        bytes.append(contentsOf: key.text.utf8)
      } else {
        try append(entry.key, quoted: true, depth: depth + 1)
      }
      bytes.append(UInt8(ascii: ":"))
      bytes.append(UInt8(ascii: " "))
      try append(entry.value, quoted: true, depth: depth + 1)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  /// `0..10`, `0..=10`; with a step as the call that makes it, since there is no literal.
  private mutating func append(_ range: RangeObject) {
    if range.step != 1, !range.isDuration {
      bytes.append(contentsOf: "range(".utf8)
      append(int: range.lower)
      appendSeparator()
      append(int: range.upper)
      appendSeparator()
      append(int: range.step)
      bytes.append(UInt8(ascii: ")"))
      return
    }
    if range.isDuration { append(duration: range.lower) } else { append(int: range.lower) }
    bytes.append(contentsOf: (range.inclusive ? "..=" : "..").utf8)
    if range.isDuration { append(duration: range.upper) } else { append(int: range.upper) }
  }

  private mutating func appendSeparator() {
    bytes.append(UInt8(ascii: ","))
    bytes.append(UInt8(ascii: " "))
  }

  private func checkpoint() throws(Raised) {
    if bytes.count > limit { throw tooLong }
    try strand?.checkpoint()
  }

  private var tooLong: Raised { Raised(.limitError, "the text would be longer than \(limit) bytes") }

  private var tooDeep: Raised {
    Raised(.limitError, "a value nested more than \(nestingLimit) deep cannot be printed")
  }

  // MARK: Leaves

  /// An int in decimal.
  mutating func append(int number: Int) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    append(magnitude: number.magnitude)
  }

  mutating func append(magnitude: UInt) {
    if magnitude < 10 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude))
      return
    }
    let start = bytes.count
    var rest = magnitude
    while rest > 0 {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
      rest = quotient
    }
    bytes[start...].reverse()
  }

  /// A duration: `1d2h3m4.5s`, below a second in `ms us ns`.
  mutating func append(duration nanoseconds: Int) {
    if nanoseconds == 0 {
      bytes.append(contentsOf: "0s".utf8)
      return
    }
    if nanoseconds < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = nanoseconds.magnitude
    for unit in DurationUnit.allCases where unit.nanoseconds >= DurationUnit.minute.nanoseconds {
      let (whole, left) = rest.quotientAndRemainder(dividingBy: unit.nanoseconds)
      if whole > 0 {
        append(magnitude: whole)
        bytes.append(contentsOf: unit.rawValue.utf8)
        rest = left
      }
    }
    guard rest > 0 else { return }
    for unit in DurationUnit.allCases where rest >= unit.nanoseconds {
      let (whole, part) = rest.quotientAndRemainder(dividingBy: unit.nanoseconds)
      append(magnitude: whole)
      if part > 0 {
        // The digits after the point: those of `part`, filled with zeros to the unit's, less the zeros at the end.
        bytes.append(UInt8(ascii: "."))
        var digits = unit.nanoseconds / 10
        var left = part
        while left > 0 {
          bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: left / digits))
          left %= digits
          digits /= 10
        }
      }
      bytes.append(contentsOf: unit.rawValue.utf8)
      return
    }
  }

  /// A string as a literal: in double quotes, with the escapes that the literal would need to show.
  mutating func append(quoted text: String) throws(Raised) {
    let source = text.utf8Span.span
    bytes.append(UInt8(ascii: "\""))
    var start = 0
    while start < source.count {
      let end = min(start + textPiece, source.count)
      append(escaped: source.extracting(start..<end))
      start = end
      try look()
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(escaped source: Span<UInt8>) {
    for index in 0..<source.count {
      let byte = source[index]
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0..<0x20, 0x7F: bytes.append(contentsOf: "\\u{\(String(byte, radix: 16))}".utf8)
      default: bytes.append(byte)
      }
    }
  }
}

/// The units of durations, largest first; the raw value is the literal's suffix.
enum DurationUnit: String, CaseIterable {
  case day = "d"
  case hour = "h"
  case minute = "m"
  case second = "s"
  case millisecond = "ms"
  case microsecond = "us"
  case nanosecond = "ns"

  var nanoseconds: UInt {
    switch self {
    case .day: 86_400_000_000_000
    case .hour: 3_600_000_000_000
    case .minute: 60_000_000_000
    case .second: 1_000_000_000
    case .millisecond: 1_000_000
    case .microsecond: 1_000
    case .nanosecond: 1
    }
  }
}

/// Whether a map's key can stand bare before its colon.
func isName(_ text: String) -> Bool {
  var isFirst = true
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
      break
    case UInt8(ascii: "0")...UInt8(ascii: "9"): if isFirst { return false }
    case 0x80...: return isUnicodeName(text)
    default: return false
    }
    isFirst = false
  }
  return !isFirst
}

private func isUnicodeName(_ text: String) -> Bool {
  var isFirst = true
  for scalar in text.unicodeScalars {
    let properties = scalar.properties
    guard scalar == "_" || (isFirst ? properties.isXIDStart : properties.isXIDContinue) else { return false }
    isFirst = false
  }
  return true
}
