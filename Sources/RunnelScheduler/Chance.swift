// Chance that repeats: the choices of a scheduler with a seed, and of each strand that it runs. Streams of one seed
// do not depend on each other, so that what one strand does (reads a pipe once more) does not change the choices of all others.

/// Numbers drawn from a seed: splitmix64 (Steele, Lea, Flood 2014), one word of state. A value: a copy draws the same.
public struct Chance: Sendable {
  private var state: UInt64

  /// - Parameters:
  ///   - seed: the same gives the same numbers.
  ///   - stream: tells apart those who draw from one seed.
  public init(seed: UInt64, stream: UInt64 = 0) {
    state = Self.mixed(seed &+ Self.step &* (stream &+ 1))
  }

  public mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mixed(state)
  }

  /// A number from 0 to below `bound`, which is at least 1. Of small bounds each is as likely as the others, near enough.
  public mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(max(1, bound))).high)
  }

  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mixed(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// How often the strands of a seeded run give up their turn, drawn once from the seed: some mistakes show only where nearly
/// every step is torn from the next, others only where a task runs far ahead before another begins.
public enum Restlessness: Sendable {
  case calm, lively, restless

  init(seed: UInt64) {
    var chance = Chance(seed: seed, stream: .max)
    switch chance.below(3) {
    case 0: self = .calm
    case 1: self = .lively
    default: self = .restless
    }
  }

  /// The most loop turns and calls between two chances of others.
  public var longestSlice: Int {
    switch self {
    case .calm: 500
    case .lively: 50
    case .restless: 6
    }
  }

  /// Before one in how many of the built-ins that others notice a turn is given up.
  public var oneIn: Int {
    switch self {
    case .calm: 8
    case .lively: 2
    case .restless: 1
    }
  }
}
