// JSON text to values, straight from UTF-8 bytes (RFC 8259, strictly: no comments, trailing commas or NaN).
//
// One loop with a stack of open containers instead of recursion, so depth costs no host stack. Finished values
// wait on a `ValueStack` until their container closes, which then takes them in one move. Keys repeat, so equal
// keys of one document share one string object (`KeyCache`). What RFC 8259 leaves open is decided so:
// the last of equal keys wins; an int that 64 bits cannot hold becomes a float, as in JavaScript and Go (system
// tools print 2^64-1 for "no limit", so refusing it would refuse whole documents); a number beyond a float's
// range is an error; a lone surrogate escape becomes U+FFFD; a byte order mark at the start is skipped.

/// Parses one JSON document, or one value of a row of them.
///
/// Invariant: every read of `bytes` is below `end`, checked where it happens; `bytes` is valid UTF-8 and outlives
/// the parser.
struct JSONParser: ~Copyable {
  private let bytes: UnsafePointer<UInt8>
  private let end: Int
  private var position = 0
  private let strand: Strand
  /// Where `bytes` begins in what the script gave, for messages.
  private let origin: TextPlace
  private var nextCheckpoint = checkpointDistance
  private var values = ValueStack()
  private var containers: [Container] = []
  private var keys = KeyCache()

  private static let checkpointDistance = 64 * 1024

  private struct Container {
    let isMap: Bool
    /// Where its items (or keys and values, by turns) begin on the value stack.
    let base: Int
    /// Where it was opened, for messages.
    let opened: Int
  }

  init(_ bytes: UnsafeBufferPointer<UInt8>, strand: Strand, origin: TextPlace = TextPlace()) {
    // An empty buffer may have no address; it is then never read.
    self.bytes = bytes.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
    self.end = bytes.count
    self.strand = strand
    self.origin = origin
  }

  /// Parses a whole document: one value with nothing but white space around it.
  /// - Throws: `ParseError` with `line` and `column` (from 1); `LimitError` for values nested too deeply.
  static func parse(_ text: String, strand: Strand) throws(Raised) -> Value {
    var text = text
    return try text.withUTF8 { bytes in
      Result { () throws(Raised) in
        var parser = JSONParser(bytes, strand: strand)
        return try parser.document()
      }
    }.get()
  }

  private mutating func document() throws(Raised) -> Value {
    if end >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    return try wholeValue()
  }

  /// Parses the rest of the text as one value.
  mutating func wholeValue() throws(Raised) -> Value {
    let result = try value()
    skipSpace()
    guard position == end else { throw failure("expected the end of the text, found \(found())") }
    return result
  }

  // MARK: Values

  /// Parses one value, white space before it skipped.
  private mutating func value() throws(Raised) -> Value {
    parsing: while true {
      skipSpace()
      guard position < end else { throw endsEarly("expected a value") }
      if position >= nextCheckpoint {
        try strand.checkpoint()
        nextCheckpoint = position + Self.checkpointDistance
      }
      var complete: Value
      switch bytes[position] {
      case UInt8(ascii: "\""):
        complete = .object(try string())
      case UInt8(ascii: "{"):
        try open(isMap: true)
        if position < end, bytes[position] == UInt8(ascii: "}") {
          complete = close()
        } else {
          try key()
          continue parsing
        }
      case UInt8(ascii: "["):
        try open(isMap: false)
        if position < end, bytes[position] == UInt8(ascii: "]") {
          complete = close()
        } else {
          continue parsing
        }
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        complete = try number()
      case UInt8(ascii: "t"): complete = try literal("true", .bool(true))
      case UInt8(ascii: "f"): complete = try literal("false", .bool(false))
      case UInt8(ascii: "n"): complete = try literal("null", .nil)
      default: throw failure("expected a value, found \(found())")
      }
      // The value is complete: it goes into its container, and containers that end with it close.
      while let container = containers.last {
        values.push(complete)
        skipSpace()
        guard position < end else { throw unclosed(container) }
        switch bytes[position] {
        case UInt8(ascii: ","):
          position += 1
          if container.isMap {
            skipSpace()
            try key()
          }
          continue parsing
        case UInt8(ascii: "}") where container.isMap, UInt8(ascii: "]") where !container.isMap:
          complete = close()
        default:
          throw failure("expected `,` or `\(container.isMap ? "}" : "]")`, found \(found())")
        }
      }
      return complete
    }
  }

  private mutating func open(isMap: Bool) throws(Raised) {
    guard containers.count < nestingLimit else {
      throw failure("the text is nested more than \(nestingLimit) levels deep", kind: .limitError)
    }
    containers.append(Container(isMap: isMap, base: values.count, opened: position))
    position += 1
    skipSpace()
  }

  /// Ends the innermost container at its closing bracket; gives its value.
  private mutating func close() -> Value {
    position += 1
    let container = containers.removeLast()
    if !container.isMap { return .object(ListObject(values.take(from: container.base))) }
    return .object(MapObject(values.takeMap(from: container.base)))
  }

  /// Reads `"key" :` and puts the key on the value stack.
  private mutating func key() throws(Raised) {
    guard position < end else { throw endsEarly("expected a key") }
    guard bytes[position] == UInt8(ascii: "\"") else {
      throw failure("expected a key in double quotes, found \(found())")
    }
    let start = position + 1
    let key: StringObject
    if let close = plainStringEnd(from: start) {
      position = close + 1
      key = keys.object(for: bytes + start, count: close - start)
    } else {
      key = try escapedString()
    }
    skipSpace()
    guard position < end else { throw endsEarly("expected `:`") }
    guard bytes[position] == UInt8(ascii: ":") else { throw failure("expected `:`, found \(found())") }
    position += 1
    values.push(.object(key))
  }

  private mutating func literal(_ word: StaticString, _ value: Value) throws(Raised) -> Value {
    let count = word.utf8CodeUnitCount
    guard end - position >= count else { throw failure("expected a value, found \(found())") }
    for index in 0..<count where bytes[position + index] != word.utf8Start[index] {
      throw failure("expected a value, found \(found())")
    }
    position += count
    return value
  }

  @inline(__always)
  private mutating func skipSpace() {
    while position < end {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      position += 1
    }
  }

  // MARK: Strings

  /// Reads a string at its opening quote.
  private mutating func string() throws(Raised) -> StringObject {
    let start = position + 1
    guard let close = plainStringEnd(from: start) else { return try escapedString() }
    position = close + 1
    return StringObject(
      String(decoding: UnsafeBufferPointer(start: bytes + start, count: close - start), as: UTF8.self))
  }

  /// Where a string without escapes ends: at its closing quote. Nil if a backslash, a control character or the
  /// end of the text comes first.
  @inline(__always)
  private func plainStringEnd(from start: Int) -> Int? {
    let stop = plainRunEnd(from: start)
    return stop < end && bytes[stop] == UInt8(ascii: "\"") ? stop : nil
  }

  /// The first quote, backslash or control character at or after `start`, or the end. Eight bytes at a time.
  @inline(__always)
  private func plainRunEnd(from start: Int) -> Int {
    var index = start
    while index + 8 <= end {
      let word = UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt64.self).littleEndian
      let special =
        EightBytes.match(word, UInt8(ascii: "\"")) | EightBytes.match(word, UInt8(ascii: "\\"))
        | EightBytes.below0x20(word)
      if special != 0 { return index + special.trailingZeroBitCount >> 3 }
      index += 8
    }
    while index < end {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return index }
      index += 1
    }
    return end
  }

  /// Reads a string that has escapes, at its opening quote.
  private mutating func escapedString() throws(Raised) -> StringObject {
    let opened = position
    var text: [UInt8] = []
    position += 1
    while true {
      let stop = plainRunEnd(from: position)
      text.append(contentsOf: UnsafeBufferPointer(start: bytes + position, count: stop - position))
      position = stop
      guard position < end else { throw failure("the text ends inside a string", at: opened) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return StringObject(String(decoding: text, as: UTF8.self))
      case UInt8(ascii: "\\"):
        try escape(into: &text, stringOpened: opened)
      default:
        throw failure("a control character in a string must be escaped, found \(found())")
      }
    }
  }

  private mutating func escape(into text: inout [UInt8], stringOpened: Int) throws(Raised) {
    guard position + 1 < end else { throw failure("the text ends inside a string", at: stringOpened) }
    switch bytes[position + 1] {
    case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      guard let unit = hexDigits(at: position + 2) else {
        throw failure("`\\u` takes four hexadecimal digits")
      }
      position += 6
      var scalar = UInt32(unit)
      if UTF16.isLeadSurrogate(unit), position + 1 < end, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u"), let low = hexDigits(at: position + 2),
        UTF16.isTrailSurrogate(low)
      {
        position += 6
        scalar = 0x10000 + (UInt32(unit & 0x3FF) << 10) + UInt32(low & 0x3FF)
      }
      text.append(contentsOf: Character(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
      return
    default:
      throw failure("`\\\(character(at: position + 1))` is no escape of JSON")
    }
    position += 2
  }

  private func hexDigits(at start: Int) -> UInt16? {
    guard start + 4 <= end else { return nil }
    var unit: UInt16 = 0
    for index in start..<start + 4 {
      guard let digit = hexDigitValue(bytes[index]) else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  // MARK: Numbers

  private mutating func number() throws(Raised) -> Value {
    let start = position
    let negative = bytes[position] == UInt8(ascii: "-")
    if negative { position += 1 }
    var mantissa: UInt64 = 0
    let digits = try self.digits(into: &mantissa, start: start)
    if digits > 1, bytes[position - digits] == UInt8(ascii: "0") {
      throw failure("a number cannot begin with a 0", at: start)
    }
    var significant = digits
    var exponent = 0
    var isFloat = false
    if position < end, bytes[position] == UInt8(ascii: ".") {
      position += 1
      isFloat = true
      let decimals = try self.digits(into: &mantissa, start: start)
      significant += decimals
      exponent = -decimals
    }
    if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      isFloat = true
      var minus = false
      if position < end, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
        minus = bytes[position] == UInt8(ascii: "-")
        position += 1
      }
      var power: UInt64 = 0
      let count = try self.digits(into: &power, start: start)
      // Past nine digits the fast way below is out of the question; its value does not matter.
      exponent += (minus ? -1 : 1) * (count > 9 ? 1_000_000 : Int(power))
    }
    if !isFloat, significant <= 18 {
      return .int(negative ? -Int(mantissa) : Int(mantissa))
    }
    // Exact where mantissa and power of ten are both exact doubles (Clinger 1990).
    if isFloat, significant <= 19, mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
      let magnitude =
        exponent < 0
        ? Double(mantissa) / Self.powersOfTen[-exponent] : Double(mantissa) * Self.powersOfTen[exponent]
      return .float(negative ? -magnitude : magnitude)
    }
    let text = String(
      decoding: UnsafeBufferPointer(start: bytes + start, count: position - start), as: UTF8.self)
    if !isFloat, let exact = Int(text) { return .int(exact) }
    guard let value = Double(text), value.isFinite else {
      throw failure("the number is too large for a float", at: start)
    }
    return .float(value)
  }

  /// Reads digits, at least one, into a number that may wrap around when there are more than 19.
  @inline(__always)
  private mutating func digits(into number: inout UInt64, start: Int) throws(Raised) -> Int {
    let first = position
    while position < end {
      let digit = bytes[position] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      number = number &* 10 &+ UInt64(digit)
      position += 1
    }
    if position == first {
      throw position < end
        ? failure("expected a digit in a number, found \(found())")
        : failure("the text ends inside a number", at: start)
    }
    return position - first
  }

  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20,
    1e21, 1e22,
  ]

  // MARK: Errors

  private func failure(_ message: String, at offset: Int? = nil, kind: ErrorKind = .parseError) -> Raised {
    let place = origin.advanced(
      over: UnsafeBufferPointer(start: bytes, count: offset ?? position))
    return place.failure(kind, message)
  }

  /// The text ended where something was expected.
  private func endsEarly(_ expectation: String) -> Raised {
    if let container = containers.last { return unclosed(container) }
    return failure("\(expectation), found the end of the text")
  }

  private func unclosed(_ container: Container) -> Raised {
    let opened = origin.advanced(over: UnsafeBufferPointer(start: bytes, count: container.opened))
    return failure(
      "the text ends before the `\(container.isMap ? "{" : "[")` of line \(opened.line) is closed")
  }

  /// What stands at the position, for messages.
  private func found() -> String {
    guard position < end else { return "the end of the text" }
    let byte = bytes[position]
    if byte < 0x20 || byte == 0x7F {
      return "the control character U+\(hexadecimal(UInt32(byte), digits: 4))"
    }
    return "`\(character(at: position))`"
  }

  private func character(at offset: Int) -> Character {
    let rest = UnsafeBufferPointer(start: bytes + offset, count: min(64, end - offset))
    return String(decoding: rest, as: UTF8.self).first ?? " "
  }
}
