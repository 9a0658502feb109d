// Random numbers: xoshiro256** (Blackman and Vigna 2018), seeded from the system or by `--seed`. Good for
// simulations, jitter and samples, not for secrets; `uuid` asks the system instead.

/// A generator of random numbers. A value: a copy goes on with the same numbers.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// Seeded from the system.
  public init() {
    self.init(seed: SystemRandom.word())
  }

  /// The same seed gives the same numbers.
  public init(seed: UInt64) {
    // Filled by splitmix64, as its authors advise, so that no seed gives a poor state.
    var word = seed
    func next() -> UInt64 {
      word &+= 0x9E37_79B9_7F4A_7C15
      var mixed = word
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
    state = (next(), next(), next(), next())
  }

  public mutating func next() -> UInt64 {
    let result = Self.rotated(state.1 &* 5, by: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = Self.rotated(state.3, by: 45)
    return result
  }

  private static func rotated(_ word: UInt64, by count: UInt64) -> UInt64 {
    word << count | word >> (64 - count)
  }

  /// A float in 0..<1, of 2^53 equally likely ones.
  public mutating func float() -> Double { Double(next() >> 11) * 0x1p-53 }
}

extension RandomSource {
  /// Uses the generator of a strand's interpreter.
  static func use<Result: Sendable>(_ strand: Strand, _ body: (inout RandomSource) -> Result) -> Result {
    strand.interpreter.withRandom(body)
  }
}

/// The system's random bytes, fit for secrets: Swift's own generator asks getrandom(2).
enum SystemRandom {
  static func bytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in generator.next() }
  }

  static func word() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}
