// `math.mean median stdev percentile`: of a list or range of numbers, as floats, or of durations, as durations.

enum StatisticsLibrary {
  static var functions: [NativeFunction] {
    [
      NativeFunction(
        "mean(xs)",
        documentation:
          "The arithmetic mean of numbers (a float) or durations. Raises `ValueError` for none, as all statistics do.",
        body: .plain { call throws(Raised) in try Averaging.mean(call, ofNone: .valueError) }),
      NativeFunction(
        "median(xs)",
        documentation:
          "The middle one of the sorted items; of an even number of them, the mean of the middle two.",
        body: .plain(median)),
      NativeFunction(
        "stdev(xs)",
        documentation: "The standard deviation of a sample (divided by n - 1), of at least two items.",
        body: .plain(stdev)),
      NativeFunction(
        "percentile(xs, p)",
        documentation: """
          The value below which `p` percent of the items lie, interpolated between neighbours: 0 gives the least, 50 the \
          median, 100 the greatest.
          """, body: .plain(percentile)),
    ]
  }

  /// The items of a call's list as floats.
  private struct Sample {
    var numbers: [Double]
    /// Whether the items were durations, and so is what comes of them.
    let areDurations: Bool

    func value(_ number: Double, _ name: String) throws(Raised) -> Value {
      areDurations ? .duration(try MathLibrary.wholeNumber(number.rounded(), name)) : .float(number)
    }
  }

  private static func sample(_ call: borrowing NativeCall, atLeast least: Int = 1) throws(Raised) -> Sample {
    let items = try call.items(0)
    let name = call.function.name
    guard items.count >= least else {
      throw Raised(
        .valueError,
        items.isEmpty
          ? "`\(name)` of nothing has no value"
          : "`\(name)` takes at least \(least) items, not \(items.count)")
    }
    var numbers: [Double] = []
    numbers.reserveCapacity(items.count)
    var durations = 0
    for item in items {
      switch item {
      case .int(let number): numbers.append(Double(number))
      case .float(let number): numbers.append(number)
      case .duration(let nanoseconds):
        numbers.append(Double(nanoseconds))
        durations += 1
      default: throw Raised(.typeError, "`\(name)` takes numbers or durations, not \(item.typeName)")
      }
      if numbers.count & 0xFFFF == 0 { try call.checkpoint() }
    }
    guard durations == 0 || durations == numbers.count else {
      throw Raised(.typeError, "`\(name)` cannot mix numbers and durations")
    }
    return Sample(numbers: numbers, areDurations: durations > 0)
  }

  /// Sorted, NaN refused: it has no place in an order.
  private static func sorted(_ call: borrowing NativeCall) throws(Raised) -> Sample {
    var sample = try sample(call)
    guard !sample.numbers.contains(where: \.isNaN) else {
      throw Raised(.valueError, "`\(call.function.name)` has no order for NaN")
    }
    try call.checkpoint()
    sample.numbers.sort()
    return sample
  }

  private static func median(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let sample = try sorted(call)
    let middle = sample.numbers.count / 2
    let upper = sample.numbers[middle]
    guard sample.numbers.count % 2 == 0 else { return try sample.value(upper, "median") }
    let lower = sample.numbers[middle - 1]
    // Halved first only where the sum would be infinite.
    let sum = lower + upper
    return try sample.value(sum.isFinite ? sum / 2 : lower / 2 + upper / 2, "median")
  }

  private static func stdev(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let sample = try sample(call, atLeast: 2)
    var deviation = deviation(sample.numbers)
    if !deviation.isFinite, sample.numbers.allSatisfy(\.isFinite) {
      // Squares of very large numbers: those of a small part of them, and the whole of the root.
      let part = 0x1p-600
      deviation = Self.deviation(sample.numbers.map { $0 * part }) / part
      guard deviation.isFinite else {
        throw Raised(.overflowError, "`stdev` gives a number too large for a float")
      }
    }
    return try sample.value(deviation, "stdev")
  }

  private static func deviation(_ numbers: [Double]) -> Double {
    let mean = Averaging.mean(numbers)
    var squares = 0.0
    for number in numbers { squares += (number - mean) * (number - mean) }
    return (squares / Double(numbers.count - 1)).squareRoot()
  }

  private static func percentile(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let share = try call.number(1)
    guard share >= 0, share <= 100 else {
      throw Raised(.valueError, "`percentile` takes 0 to 100 for `p`, not \(Formatting.float(share))")
    }
    let sample = try sorted(call)
    let position = Double(sample.numbers.count - 1) * share / 100
    let below = min(Int(position), sample.numbers.count - 1)
    let above = min(below + 1, sample.numbers.count - 1)
    let (low, high) = (sample.numbers[below], sample.numbers[above])
    let part = position - Double(below)
    let way = high - low
    // Two far ends may be further from each other than a float can say.
    let between = way.isFinite ? low + way * part : low * (1 - part) + high * part
    return try sample.value(low == high ? low : between, "percentile")
  }
}

/// The mean, of lists and of `math.mean`.
enum Averaging {
  /// Raises `TypeError` for what is no number or duration, or a mixture of both.
  /// - Parameter ofNone: the kind of error for no items.
  static func mean(
    _ call: borrowing NativeCall, ofNone kind: ErrorKind = .mathError
  ) throws(Raised) -> Value {
    let nothing = Raised(kind, "the mean of nothing")
    if let range = call[0].range {
      try range.requireInts()
      guard let (first, last) = range.ends else { throw nothing }
      return .float(Double(Int128(first) + Int128(last)) / 2)
    }
    let items = try call.items(0)
    guard !items.isEmpty else { throw nothing }
    // Ints and durations exactly: a sum of floats is rounded at each step.
    var whole: Int128 = 0
    var floats: [Double] = []
    var durations = 0
    for (index, item) in items.enumerated() {
      switch item {
      case .int(let number): whole += Int128(number)
      case .float(let number): floats.append(number)
      case .duration(let nanoseconds):
        whole += Int128(nanoseconds)
        durations += 1
      default: throw Raised(.typeError, "`mean` takes numbers or durations, not \(item.typeName)")
      }
      if index & 0xFFFF == 0xFFFF { try call.checkpoint() }
    }
    guard durations == 0 || durations == items.count else {
      throw Raised(.typeError, "`mean` cannot mix numbers and durations")
    }
    if durations > 0 {
      // The mean of durations lies between them, and so is one; to the nearest, halves away from zero.
      let count = Int128(items.count)
      let half = whole < 0 ? -count / 2 : count / 2
      return .duration(Int((whole + half) / count))
    }
    guard !floats.isEmpty else { return .float(Double(whole) / Double(items.count)) }
    let sum = floats.reduce(Double(whole), +)
    if sum.isFinite || !floats.allSatisfy(\.isFinite) { return .float(sum / Double(items.count)) }
    return .float(mean(floats, of: items.count) + Double(whole) / Double(items.count))
  }

  static func mean(_ numbers: [Double]) -> Double {
    let sum = numbers.reduce(0, +)
    return sum.isFinite || !numbers.allSatisfy(\.isFinite)
      ? sum / Double(numbers.count) : mean(numbers, of: numbers.count)
  }

  /// Divided first, where the sum would be infinite.
  private static func mean(_ numbers: [Double], of count: Int) -> Double {
    numbers.reduce(0) { $0 + $1 / Double(count) }
  }
}
