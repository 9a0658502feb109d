// `math.mean median stdev percentile`: of a list or range of numbers, as floats, or of durations, as durations.

enum StatisticsLibrary {
  static var functions: [NativeFunction] {
    [
      NativeFunction(
        "mean(xs)", documentation: "The arithmetic mean of numbers (a float) or durations.",
        body: .plain(mean)),
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

  private static func mean(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let sample = try sample(call)
    if let exact = try exactMean(call) { return .float(exact) }
    return try sample.value(mean(sample.numbers), "mean")
  }

  /// The mean of ints whose sum fits: their sum is exact, where that of floats is rounded at each step.
  private static func exactMean(_ call: borrowing NativeCall) throws(Raised) -> Double? {
    let items = try call.items(0)
    var sum = 0
    for item in items {
      guard case .int(let number) = item else { return nil }
      let (next, overflow) = sum.addingReportingOverflow(number)
      if overflow { return nil }
      sum = next
    }
    return Double(sum) / Double(items.count)
  }

  private static func mean(_ numbers: [Double]) -> Double {
    numbers.reduce(0, +) / Double(numbers.count)
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
    let mean = mean(sample.numbers)
    var squares = 0.0
    for number in sample.numbers { squares += (number - mean) * (number - mean) }
    return try sample.value((squares / Double(sample.numbers.count - 1)).squareRoot(), "stdev")
  }

  private static func percentile(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let share = try call.number(1)
    guard share >= 0, share <= 100 else {
      throw Raised(.valueError, "`percentile` takes 0 to 100 for `p`, not \(floatText(share))")
    }
    let sample = try sorted(call)
    let position = Double(sample.numbers.count - 1) * share / 100
    let below = min(Int(position), sample.numbers.count - 1)
    let above = min(below + 1, sample.numbers.count - 1)
    let (low, high) = (sample.numbers[below], sample.numbers[above])
    return try sample.value(low == high ? low : low + (high - low) * (position - Double(below)), "percentile")
  }
}
