// The instruction format, drawn once:
//
//      63            48 47            32 31            16 15     8 7      0
//     +----------------+----------------+----------------+--------+--------+
//     |       C        |       B        |       A        |  flag  | opcode |
//     +----------------+----------------+----------------+--------+--------+
//     |           immediate (signed)    |       A        |  flag  | opcode |
//     +---------------------------------+----------------+--------+--------+
//
// A, B and C are register numbers unless the opcode says otherwise. Jumps count instructions from the one
// after the jump: 32 bits in `immediate`, 16 signed bits in C for the instructions that compare and jump.
//
// Sixty-four bits, not thirty-two: operands of sixteen bits need no second form for large functions and no
// limit of 256 registers, three of them and a flag fit one load, and a loop of eight-byte instructions
// still fits the first-level cache many times over (measured in docs/performance.md).

/// One instruction of the machine.
public struct Instruction: Sendable {
  public var word: UInt64

  @inlinable @inline(__always)
  public init(word: UInt64) { self.word = word }

  public init(_ opcode: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, flag: UInt8 = 0) {
    word =
      UInt64(opcode.rawValue) | UInt64(flag) << 8 | UInt64(UInt16(truncatingIfNeeded: a)) << 16
      | UInt64(UInt16(truncatingIfNeeded: b)) << 32 | UInt64(UInt16(truncatingIfNeeded: c)) << 48
  }

  public init(_ opcode: Opcode, _ a: Int, immediate: Int, flag: UInt8 = 0) {
    word =
      UInt64(opcode.rawValue) | UInt64(flag) << 8 | UInt64(UInt16(truncatingIfNeeded: a)) << 16
      | UInt64(UInt32(truncatingIfNeeded: immediate)) << 32
  }

  /// The opcode. Sound because `Opcode` has a case for every byte below its count, in order, and the
  /// compiler is the only writer of instructions.
  @inlinable @inline(__always)
  public var opcode: Opcode { unsafeBitCast(UInt8(truncatingIfNeeded: word), to: Opcode.self) }
  @inlinable @inline(__always)
  public var flag: UInt8 { UInt8(truncatingIfNeeded: word >> 8) }
  @inlinable @inline(__always)
  public var a: Int { Int(UInt16(truncatingIfNeeded: word >> 16)) }
  @inlinable @inline(__always)
  public var b: Int { Int(UInt16(truncatingIfNeeded: word >> 32)) }
  @inlinable @inline(__always)
  public var c: Int { Int(UInt16(truncatingIfNeeded: word >> 48)) }
  /// B as a signed number.
  @inlinable @inline(__always)
  public var signedB: Int { Int(Int16(truncatingIfNeeded: Int64(bitPattern: word) >> 32)) }
  /// C as a signed number.
  @inlinable @inline(__always)
  public var signedC: Int { Int(Int64(bitPattern: word) >> 48) }
  @inlinable @inline(__always)
  public var immediate: Int { Int(Int64(bitPattern: word) >> 32) }
}
