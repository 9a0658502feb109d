// Arithmetic by language.md §3, for every pair of types: the machine does ints and floats itself and comes here
// for the rest and for what went wrong. Ints never wrap and nothing divides by zero: those are errors.

private import Glibc

/// The binary operators of arithmetic.
enum ArithmeticOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
}

/// `a op b`. Raises `TypeError` naming both types, `OverflowError` or `MathError`.
func binary(_ op: ArithmeticOperator, _ a: Value, _ b: Value) throws(Raised) -> Value {
  switch (a, b) {
  case (.int(let x), .int(let y)): return try Arithmetic.ints(op, x, y)
  case (.float(let x), .float(let y)): return .float(try Arithmetic.floats(op, x, y))
  case (.int(let x), .float(let y)): return .float(try Arithmetic.floats(op, Double(x), y))
  case (.float(let x), .int(let y)): return .float(try Arithmetic.floats(op, x, Double(y)))
  case (.duration, _), (_, .duration):
    if let result = try Arithmetic.durations(op, a, b) { return result }
  case (.object(let x), .object(let y)):
    if let result = try Arithmetic.objects(op, x, y) { return result }
  default: break
  }
  throw Arithmetic.mismatch(op, a, b)
}

/// `-a`.
func negated(_ value: Value) throws(Raised) -> Value {
  switch value {
  case .int(let number):
    guard number != Int.min else { throw Arithmetic.overflow }
    return .int(-number)
  case .float(let number): return .float(-number)
  case .duration(let nanoseconds):
    guard nanoseconds != Int.min else { throw Arithmetic.durationOverflow }
    return .duration(-nanoseconds)
  default: throw Raised(.typeError, "cannot negate \(value.typeName)")
  }
}

enum Arithmetic {
  static var overflow: Raised { Raised(.overflowError, "the result does not fit an int of 64 bits") }
  static var durationOverflow: Raised { Raised(.overflowError, "the duration is out of range (292 years)") }
  static var timeOverflow: Raised { Raised(.overflowError, "the time is out of range") }
  static var divisionByZero: Raised { Raised(.mathError, "division by zero") }

  static func mismatch(_ op: ArithmeticOperator, _ a: Value, _ b: Value) -> Raised {
    let text = "`\(op.rawValue)` between \(a.typeName) and \(b.typeName)"
    return Raised(.typeError, advice(op, a, b).map { "\(text): \($0)" } ?? text)
  }

  private static func advice(_ op: ArithmeticOperator, _ a: Value, _ b: Value) -> String? {
    switch op {
    case .add:
      if a.string != nil || b.string != nil {
        if a.bytes != nil || b.bytes != nil { return "use `.encode()` or `.decode()` to have two of a kind" }
        return "interpolate, `\"{x}\"`, or use `str(x)`"
      }
      if a.list != nil { return b.range != nil ? "use `list(range)`" : "use `[...xs, x]` to add one item" }
      if a.map != nil, b.map != nil { return "use `{...a, ...b}`" }
      if a.range != nil { return "use `list(range)`" }
      if isTime(a), isTime(b) { return "only `-` is defined, and gives a duration" }
    case .subtract:
      if a.string != nil, b.string != nil { return "use `.replace(part, \"\")` or `.remove_suffix(part)`" }
      if a.list != nil { return "use `.filter(…)`" }
    case .multiply:
      if a.string != nil || b.string != nil { return "use `.repeat(n)`" }
      if a.list != nil || b.list != nil { return "use `(0..n).flat_map(i => xs)`" }
    case .remainder:
      if a.string != nil { return "use interpolation, `\"{x:>8}\"`" }
    default: break
    }
    if isDuration(a) != isDuration(b), isNumber(a) || isNumber(b) {
      return "give the number a unit, as in `5s`"
    }
    if a.isNil || b.isNil { return "use `??` to give a value for nil" }
    return nil
  }

  private static func isTime(_ value: Value) -> Bool { value.time != nil }

  private static func isDuration(_ value: Value) -> Bool {
    if case .duration = value { return true }
    return false
  }

  private static func isNumber(_ value: Value) -> Bool {
    switch value {
    case .int, .float: true
    default: false
    }
  }

  // MARK: Numbers

  static func ints(_ op: ArithmeticOperator, _ x: Int, _ y: Int) throws(Raised) -> Value {
    let (result, overflows): (Int, Bool)
    switch op {
    case .add: (result, overflows) = x.addingReportingOverflow(y)
    case .subtract: (result, overflows) = x.subtractingReportingOverflow(y)
    case .multiply: (result, overflows) = x.multipliedReportingOverflow(by: y)
    case .divide:
      guard y != 0 else { throw divisionByZero }
      return .float(Double(x) / Double(y))
    case .floorDivide: return .int(try floorQuotient(x, y))
    case .remainder: return .int(try floorRemainder(x, y))
    case .power:
      if y >= 0 { return .int(try power(x, y)) }
      guard x != 0 else { throw divisionByZero }
      return .float(pow(Double(x), Double(y)))
    }
    guard !overflows else { throw overflow }
    return .int(result)
  }

  /// Rounded down.
  static func floorQuotient(_ x: Int, _ y: Int) throws(Raised) -> Int {
    guard y != 0 else { throw divisionByZero }
    let (quotient, overflows) = x.dividedReportingOverflow(by: y)
    guard !overflows else { throw overflow }
    let rest = x &- quotient &* y
    return rest != 0 && (rest < 0) != (y < 0) ? quotient - 1 : quotient
  }

  /// With the divisor's sign.
  static func floorRemainder(_ x: Int, _ y: Int) throws(Raised) -> Int {
    guard y != 0 else { throw divisionByZero }
    if y == -1 { return 0 }
    let rest = x % y
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest
  }

  private static func power(_ base: Int, _ exponent: Int) throws(Raised) -> Int {
    var result = 1
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 {
        let (product, overflows) = result.multipliedReportingOverflow(by: square)
        guard !overflows else { throw overflow }
        result = product
      }
      rest >>= 1
      if rest > 0 {
        let (product, overflows) = square.multipliedReportingOverflow(by: square)
        // 0, 1 and -1 never get here with an overflow, so the power would not fit either.
        guard !overflows else { throw overflow }
        square = product
      }
    }
    return result
  }

  static func floats(_ op: ArithmeticOperator, _ x: Double, _ y: Double) throws(Raised) -> Double {
    switch op {
    case .add: return x + y
    case .subtract: return x - y
    case .multiply: return x * y
    case .divide:
      guard y != 0 else { throw divisionByZero }
      return x / y
    case .floorDivide:
      guard y != 0 else { throw divisionByZero }
      let rest = floorRemainder(x, y)
      let quotient = (x - rest) / y
      let whole = quotient.rounded(.down)
      return quotient - whole > 0.5 ? whole + 1 : whole
    case .remainder:
      guard y != 0 else { throw divisionByZero }
      return floorRemainder(x, y)
    case .power:
      if x == 0, y < 0 { throw divisionByZero }
      let result = pow(x, y)
      if result.isNaN, !x.isNaN, !y.isNaN {
        throw Raised(.mathError, "\(Formatting.float(x)) ** \(Formatting.float(y)) is no real number")
      }
      return result
    }
  }

  private static func floorRemainder(_ x: Double, _ y: Double) -> Double {
    let rest = fmod(x, y)
    if rest == 0 { return y.sign == .minus ? -0.0 : 0 }
    return (rest < 0) != (y < 0) ? rest + y : rest
  }

  // MARK: Durations and times

  static func durations(_ op: ArithmeticOperator, _ a: Value, _ b: Value) throws(Raised) -> Value? {
    switch (op, a, b) {
    case (.add, .duration(let x), .duration(let y)):
      let (sum, overflows) = x.addingReportingOverflow(y)
      guard !overflows else { throw durationOverflow }
      return .duration(sum)
    case (.subtract, .duration(let x), .duration(let y)):
      let (difference, overflows) = x.subtractingReportingOverflow(y)
      guard !overflows else { throw durationOverflow }
      return .duration(difference)
    case (.multiply, .duration(let x), .int(let y)), (.multiply, .int(let y), .duration(let x)):
      let (product, overflows) = x.multipliedReportingOverflow(by: y)
      guard !overflows else { throw durationOverflow }
      return .duration(product)
    case (.multiply, .duration(let x), .float(let y)), (.multiply, .float(let y), .duration(let x)):
      return .duration(try nanoseconds(Double(x) * y))
    case (.divide, .duration(let x), .int(let y)):
      guard y != 0 else { throw divisionByZero }
      return .duration(try roundedQuotient(x, y))
    case (.divide, .duration(let x), .float(let y)):
      guard y != 0 else { throw divisionByZero }
      return .duration(try nanoseconds(Double(x) / y))
    case (.divide, .duration(let x), .duration(let y)):
      guard y != 0 else { throw divisionByZero }
      return .float(Double(x) / Double(y))
    case (.floorDivide, .duration(let x), .duration(let y)): return .int(try floorQuotient(x, y))
    case (.remainder, .duration(let x), .duration(let y)): return .duration(try floorRemainder(x, y))
    case (.add, .duration(let x), .object(let object)), (.add, .object(let object), .duration(let x)):
      guard object.tag == .time else { return nil }
      return .object(try moved(unsafeDowncast(object, to: TimeObject.self), by: x))
    case (.subtract, .object(let object), .duration(let x)):
      guard object.tag == .time else { return nil }
      guard x != Int.min else { throw timeOverflow }
      return .object(try moved(unsafeDowncast(object, to: TimeObject.self), by: -x))
    default: return nil
    }
  }

  /// A number of nanoseconds that was computed as a float.
  static func nanoseconds(_ number: Double) throws(Raised) -> Int {
    guard let whole = Int(exactly: number.rounded(.toNearestOrEven)) else { throw durationOverflow }
    return whole
  }

  private static func roundedQuotient(_ x: Int, _ y: Int) throws(Raised) -> Int {
    let (quotient, overflows) = x.dividedReportingOverflow(by: y)
    guard !overflows else { throw durationOverflow }
    let rest = (x &- quotient &* y).magnitude
    guard rest >= y.magnitude - rest else { return quotient }
    return (x < 0) != (y < 0) ? quotient - 1 : quotient + 1
  }

  private static func moved(_ time: TimeObject, by nanoseconds: Int) throws(Raised) -> TimeObject {
    let (sum, overflows) = time.nanoseconds.addingReportingOverflow(nanoseconds)
    guard !overflows else { throw timeOverflow }
    return TimeObject(nanoseconds: sum, zone: time.zone, offset: time.offset)
  }

  // MARK: Objects

  static func objects(_ op: ArithmeticOperator, _ x: Object, _ y: Object) throws(Raised) -> Value? {
    guard x.tag == y.tag else { return nil }
    switch (op, x.tag) {
    case (.add, .string):
      let a = unsafeDowncast(x, to: StringObject.self)
      let b = unsafeDowncast(y, to: StringObject.self)
      try checkTextLength(a.byteCount, b.byteCount)
      if a.byteCount == 0 { return .object(b) }
      if b.byteCount == 0 { return .object(a) }
      return .string(a.text + b.text)
    case (.add, .bytes):
      let a = unsafeDowncast(x, to: BytesObject.self).bytes
      let b = unsafeDowncast(y, to: BytesObject.self).bytes
      try checkTextLength(a.count, b.count)
      return .bytes(a + b)
    case (.add, .list):
      let a = unsafeDowncast(x, to: ListObject.self).items
      let b = unsafeDowncast(y, to: ListObject.self).items
      try checkListLength(a.count + b.count)
      return .list(a + b)
    case (.subtract, .time):
      let s = unsafeDowncast(x, to: TimeObject.self).nanoseconds
      let t = unsafeDowncast(y, to: TimeObject.self).nanoseconds
      let (difference, overflows) = s.subtractingReportingOverflow(t)
      guard !overflows else { throw durationOverflow }
      return .duration(difference)
    default: return nil
    }
  }
}

/// Raises `LimitError` if a text of so many bytes, or of the sum of two lengths, would be too long.
func checkTextLength(_ first: Int, _ second: Int = 0) throws(Raised) {
  let (sum, overflows) = first.addingReportingOverflow(second)
  guard !overflows, sum <= textLimit else {
    throw Raised(.limitError, "the result would be longer than \(textLimit >> 20) MiB")
  }
}

/// The longest list that a built-in makes at once, in items.
let listLimit = 1 << 27

/// Raises `LimitError` if a list of so many items would be too long.
func checkListLength(_ count: Int) throws(Raised) {
  guard count <= listLimit else { throw Raised(.limitError, "a list of \(count) items would be too long") }
}
