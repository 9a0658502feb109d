// SHA-1 (FIPS 180-4). No longer safe against forgers; still what many files are listed with.

struct SHA1: BlockCompression {
  static let isBigEndian = true

  private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
    0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0
  )

  init() {}

  var words: [UInt32] { [state.0, state.1, state.2, state.3, state.4] }

  mutating func compress(_ block: UnsafeRawPointer) {
    var schedule = InlineArray<16, UInt32>(repeating: 0)
    for index in 0..<16 {
      schedule[unchecked: index] = UInt32(
        bigEndian: block.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
    }
    var (a, b, c, d, e) = state

    @inline(__always)
    func step(_ round: Int, _ mix: UInt32, _ constant: UInt32) {
      // Indexes are masked, so they are below 16.
      let index = round & 15
      if round >= 16 {
        schedule[unchecked: index] = rotatedLeft(
          schedule[unchecked: (round &+ 13) & 15] ^ schedule[unchecked: (round &+ 8) & 15]
            ^ schedule[unchecked: (round &+ 2) & 15] ^ schedule[unchecked: index], 1)
      }
      let next = rotatedLeft(a, 5) &+ mix &+ e &+ constant &+ schedule[unchecked: index]
      (e, d, c, b, a) = (d, c, rotatedLeft(b, 30), a, next)
    }

    for round in 0..<20 { step(round, (b & c) | (~b & d), 0x5A82_7999) }
    for round in 20..<40 { step(round, b ^ c ^ d, 0x6ED9_EBA1) }
    for round in 40..<60 { step(round, (b & c) | (b & d) | (c & d), 0x8F1B_BCDC) }
    for round in 60..<80 { step(round, b ^ c ^ d, 0xCA62_C1D6) }
    state.0 &+= a
    state.1 &+= b
    state.2 &+= c
    state.3 &+= d
    state.4 &+= e
  }
}
