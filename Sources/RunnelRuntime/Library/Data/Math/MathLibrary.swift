// The namespace `math`. As in Python, a function outside its domain raises `ValueError` instead of giving NaN,
// and a result too large for a float `OverflowError`; NaN itself passes through.

import Glibc

enum MathLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "math",
      summary: """
        Numbers. Arguments may be ints or floats; a function outside its domain (`math.sqrt(-1)`) raises `ValueError`, a \
        result too large for its type `OverflowError`.
        """,
      functions: rounding + powers + trigonometry + integers + comparing + StatisticsLibrary.functions,
      constants: [
        ("pi", "The ratio of a circle's circumference to its diameter.", { _ in .float(Double.pi) }),
        ("e", "The base of the natural logarithm.", { _ in .float(M_E) }),
        ("inf", "The infinite float; `-math.inf` is the negative one.", { _ in .float(.infinity) }),
        ("nan", "The float that is no number, and not equal to itself.", { _ in .float(.nan) }),
      ])
  }

  // MARK: Declarations

  private static var rounding: [NativeFunction] {
    [
      whole("floor", "The largest int that is not above x.") { $0.rounded(.down) },
      whole("ceil", "The smallest int that is not below x.") { $0.rounded(.up) },
      whole("trunc", "The int part of x, towards zero.") { $0.rounded(.towardZero) },
    ]
  }

  private static var powers: [NativeFunction] {
    [
      function("sqrt", "The square root.", Glibc.sqrt),
      function("exp", "e to the power x.", Glibc.exp),
      function("log2", "The logarithm to base 2.", logarithm(Glibc.log2)),
      function("log10", "The logarithm to base 10.", logarithm(Glibc.log10)),
      NativeFunction(
        "log(x, base = math.e)", documentation: "The logarithm of x, natural if no base is given.",
        body: .plain(log)),
      NativeFunction(
        "pow(x, y)", documentation: "x to the power y, as a float; `**` keeps ints.", body: .plain(pow)),
    ]
  }

  private static var trigonometry: [NativeFunction] {
    [
      function("sin", "The sine of an angle in radians.", Glibc.sin),
      function("cos", "The cosine of an angle in radians.", Glibc.cos),
      function("tan", "The tangent of an angle in radians.", Glibc.tan),
      function("asin", "The arc sine, in radians.", Glibc.asin),
      function("acos", "The arc cosine, in radians.", Glibc.acos),
      function("atan", "The arc tangent, in radians.", Glibc.atan),
      NativeFunction(
        "atan2(y, x)", documentation: "The angle of the point (x, y), in radians from -π to π.",
        body: .plain(atan2)),
    ]
  }

  private static var integers: [NativeFunction] {
    [
      NativeFunction(
        "gcd(a, b, ...more)", documentation: "The greatest common divisor of ints; `gcd(0, 0)` is 0.",
        body: .plain(gcd)),
      NativeFunction(
        "lcm(a, b, ...more)", documentation: "The least common multiple of ints.", body: .plain(lcm)),
    ]
  }

  private static var comparing: [NativeFunction] {
    [
      NativeFunction(
        "sign(x)", documentation: "-1, 0 or 1, as an int. Of a duration too.", body: .plain(sign)),
      NativeFunction(
        "clamp(x, lo, hi)",
        documentation: "x, or the nearer bound if it is outside `lo` to `hi`. Of anything that has an order.",
        body: .plain(clamp)),
      NativeFunction(
        "is_nan(x)", documentation: "Whether x is the float that is no number.", body: .plain(isNaN)),
    ]
  }

  // MARK: Making functions

  /// A function of one number whose result is checked as Python does it.
  private static func function(
    _ name: String, _ documentation: String, _ compute: @escaping (Double) -> Double
  ) -> NativeFunction {
    NativeFunction(
      "\(name)(x)", documentation: documentation,
      body: .plain { call throws(Raised) in
        let x = try call.number(0)
        return .float(try checked(compute(x), of: [x], name))
      })
  }

  /// A logarithm's pole at 0 is outside its domain.
  private static func logarithm(_ compute: @escaping (Double) -> Double) -> (Double) -> Double {
    { $0 == 0 ? .nan : compute($0) }
  }

  private static func whole(
    _ name: String, _ documentation: String, _ round: @escaping (Double) -> Double
  ) -> NativeFunction {
    NativeFunction(
      "\(name)(x)", documentation: documentation,
      body: .plain { call throws(Raised) in
        if case .int = call[0] { return call[0] }
        return .int(try wholeNumber(round(try call.number(0)), name))
      })
  }

  /// A float without fraction as an int.
  /// - Throws: `ValueError` for NaN, `OverflowError` for what 64 bits cannot hold.
  static func wholeNumber(_ number: Double, _ name: String) throws(Raised) -> Int {
    if number.isNaN { throw Raised(.valueError, "`\(name)` has no int for NaN") }
    guard let whole = Int(exactly: number) else {
      throw Raised(.overflowError, "`\(name)` gives \(Formatting.float(number)), which no int can hold")
    }
    return whole
  }

  /// A result, refused where the arguments are outside the function's domain.
  private static func checked(_ result: Double, of arguments: [Double], _ name: String) throws(Raised)
    -> Double
  {
    if result.isFinite { return result }
    if result.isNaN {
      if arguments.contains(where: \.isNaN) { return result }
    } else if arguments.contains(where: { !$0.isFinite }) {
      return result
    } else {
      throw Raised(.overflowError, "`\(name)` gives a number too large for a float")
    }
    let given = arguments.map(Formatting.float).joined(separator: ", ")
    throw Raised(.valueError, "`\(name)` is not defined for \(given)")
  }

  // MARK: Code

  private static func log(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let x = try call.number(0)
    let natural = logarithm(Glibc.log)
    guard call.has(1) else { return .float(try checked(natural(x), of: [x], "log")) }
    let base = try call.number(1)
    // Exact where C has a function for the base.
    let result =
      switch base {
      case 2: logarithm(Glibc.log2)(x)
      case 10: logarithm(Glibc.log10)(x)
      case 1: Double.nan
      default: natural(x) / natural(base)
      }
    return .float(try checked(result, of: [x, base], "log"))
  }

  private static func pow(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let (x, y) = (try call.number(0), try call.number(1))
    if x == 0, y < 0 { throw Raised(.valueError, "`pow` is not defined for 0 to a negative power") }
    return .float(try checked(Glibc.pow(x, y), of: [x, y], "pow"))
  }

  private static func atan2(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .float(Glibc.atan2(try call.number(0), try call.number(1)))
  }

  private static func gcd(_ call: borrowing NativeCall) throws(Raised) -> Value {
    var result: UInt = 0
    for number in try ints(call) { result = greatestCommonDivisor(result, number.magnitude) }
    guard let whole = Int(exactly: result) else {
      throw Raised(.overflowError, "`gcd` gives a number that no int can hold")
    }
    return .int(whole)
  }

  private static func lcm(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let numbers = try ints(call)
    if numbers.contains(0) { return .int(0) }
    var result: UInt = 1
    for number in numbers {
      let (product, overflow) = (result / greatestCommonDivisor(result, number.magnitude))
        .multipliedReportingOverflow(by: number.magnitude)
      guard !overflow, product <= UInt(Int.max) else {
        throw Raised(.overflowError, "`lcm` gives a number that no int can hold")
      }
      result = product
    }
    return .int(Int(result))
  }

  private static func ints(_ call: borrowing NativeCall) throws(Raised) -> [Int] {
    var numbers = [try call.int(0), try call.int(1)]
    for value in call.rest {
      guard case .int(let number) = value else {
        throw Raised(.typeError, "`\(call.function.name)` takes ints, not \(value.typeName)")
      }
      numbers.append(number)
    }
    return numbers
  }

  private static func greatestCommonDivisor(_ a: UInt, _ b: UInt) -> UInt {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }

  private static func sign(_ call: borrowing NativeCall) throws(Raised) -> Value {
    switch call[0] {
    case .int(let number), .duration(let number): return .int(number.signum())
    default:
      let number = try call.number(0)
      return .int(number > 0 ? 1 : (number < 0 ? -1 : 0))
    }
  }

  private static func clamp(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let (x, low, high) = (call[0], call[1], call[2])
    if let order = try orderOf(low, high, strand: call.strand), order > 0 {
      throw Raised(.valueError, "`clamp` takes a `lo` that is not above `hi`")
    }
    if let order = try orderOf(x, low, strand: call.strand), order < 0 { return low }
    if let order = try orderOf(x, high, strand: call.strand), order > 0 { return high }
    return x
  }

  private static func isNaN(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .bool(try call.number(0).isNaN)
  }
}
