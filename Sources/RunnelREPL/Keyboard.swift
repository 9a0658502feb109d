// What is typed, one byte at a time: what follows a line may be for a program that the line starts.

import Glibc
import RunnelSystem

/// The terminal's keys.
struct Keyboard {
  /// What reading a key came to.
  enum Key {
    case byte(UInt8)
    /// The terminal is gone.
    case end
    /// A signal has come, which must not wait for the rest of a key or of what is pasted.
    case interrupted
  }

  /// Where to read: standard input opened again, for good, so that no read waits; itself where that cannot be done.
  private let number: Int32

  init() { number = Terminal.reopen(0)?.release() ?? 0 }

  /// The next byte, if one has been typed.
  func nextIfAny() -> Key? {
    guard DescriptorIO.isReadable(number) else { return nil }
    return read()
  }

  /// The next byte, for which it waits: the rest of what one key sends.
  func next() -> Key {
    while true {
      if let key = read() { return key }
      if Signals.pending { return .interrupted }
      DescriptorIO.waitUntilReadable(number, forNanoseconds: 100_000_000)
    }
  }

  private func read() -> Key? {
    var byte: UInt8 = 0
    let transfer = withUnsafeMutableBytes(of: &byte) { try? DescriptorIO.read(number, into: $0) }
    guard let transfer else { return .end }
    switch transfer {
    case .bytes: return .byte(byte)
    case .wouldBlock: return nil
    case .endOfFile: return .end
    }
  }
}
