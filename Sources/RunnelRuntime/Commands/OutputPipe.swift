// Our end of a pipe that programs write to. The reactor reads it as it comes, whoever waits for what, so that a
// program never stands still because nobody looks (language.md §13: much output on both streams).

import RunnelSystem

/// An owned descriptor that arrays and optionals can hold. Closed with `close`, or when it is let go.
///
/// `@unchecked Sendable`: belongs to the strand that starts a command, then to a pipe under the lock of the command.
final class OpenEnd: @unchecked Sendable {
  private var descriptor: Descriptor?
  let number: Int32

  init(_ descriptor: consuming Descriptor) {
    number = descriptor.number
    self.descriptor = consume descriptor
  }

  func close() { descriptor = nil }

  /// Gives the descriptor away: who has it closes it.
  func release() -> Int32? { descriptor.take()?.release() }

  /// No program that is started from now on inherits it.
  func keepFromPrograms() { descriptor?.setCloseOnExec() }
}

/// What becomes of the bytes of one pipe.
///
/// `@unchecked Sendable`: everything here is under the lock of the command that it belongs to.
final class OutputPipe: @unchecked Sendable {
  enum Use {
    /// Kept as a whole, up to a limit.
    case capture(limit: Int)
    /// Read ahead, up to a mark, for somebody who takes it.
    case read(mark: Int)
    /// Passed on as it comes.
    case relay(OutputRelay)
  }

  /// What a look at the pipe came to.
  enum Progress {
    /// There may be more.
    case more
    /// Nothing is there just now.
    case waiting
    /// There will never be more.
    case ended
    /// It has all that it may hold, for now or for ever.
    case full
  }

  private(set) var use: Use
  let buffer = InputBuffer()
  private var end: OpenEnd?
  var watch: WatchID?
  /// What comes is thrown away: the command is being stopped.
  var drops = false
  /// The capture has outgrown its limit.
  private(set) var isOverLimit = false
  private var total = 0
  /// How much there may be while somebody waits for the end of a line; less than the mark counts for nothing.
  private var lineMark = 0

  init(_ end: OpenEnd, _ use: Use) {
    self.end = end
    self.use = use
  }

  /// The descriptor, while it is open.
  var number: Int32? { end?.number }
  var hasEnded: Bool { end == nil }

  /// Whether what is read ahead has become so little that it is worth reading on.
  var wantsMore: Bool {
    guard end != nil, case .read(let mark) = use else { return false }
    return buffer.count <= mark / 2
  }

  /// From now on at most so much is read ahead.
  func setMark(_ mark: Int) {
    if case .read = use { use = .read(mark: mark) }
  }

  /// Somebody wants a line, and what is there holds no end of one: a line that is longer than the mark may come as well.
  /// Twice as much each time, so that it is looked through and copied few times.
  func makeRoomForLine() { lineMark = min(buffer.count * 2, ReadLimit.line) }

  /// The line has been taken: from now on the mark holds again.
  func tookLine() { lineMark = 0 }

  /// Closes our end: who goes on writing gets SIGPIPE.
  func close() {
    end?.close()
    end = nil
    if case .relay(let relay) = use { relay.finish(buffer) }
  }

  /// Passes on what there is of a line that has no end yet.
  func passRest() { if case .relay(let relay) = use { relay.finish(buffer) } }

  /// Reads what is there, some 256 KiB at most, so that one command cannot keep the others waiting.
  func pump(budget: Int = 256 << 10) -> Progress {
    var budget = budget
    while let end {
      if isFull { return .full }
      // Most commands say little: they are not worth a large block.
      let room = buffer.room(atMost: total < 4096 ? 4096 : 64 << 10)
      do throws(SystemError) {
        switch try DescriptorIO.read(end.number, into: room) {
        case .bytes(let count):
          buffer.added(count)
          total += count
          budget -= count
          took()
        case .wouldBlock: return .waiting
        case .endOfFile:
          close()
          return .ended
        }
      } catch {
        close()
        return .ended
      }
      if budget <= 0 { return .more }
    }
    return .ended
  }

  /// Whether it reads on only when something has been taken, or more is allowed.
  var isFull: Bool {
    if drops { return false }
    switch use {
    case .capture: return isOverLimit
    case .read(let mark): return buffer.count >= max(mark, lineMark)
    case .relay: return false
    }
  }

  /// Does with what has just been read what is to be done with it.
  private func took() {
    switch use {
    case .capture(let limit):
      if drops { buffer.clear() } else if buffer.count > limit { isOverLimit = true }
    case .read:
      if drops { buffer.clear() }
    case .relay(let relay):
      if !relay.pass(buffer) { close() }
    }
  }

  /// What has been kept, as text. Bytes that are no UTF-8 are shown replaced, as every program shows them.
  var text: String { String(decoding: buffer.bytes, as: UTF8.self) }
}

/// Passes output on to the script's own stdout or stderr: in whole lines where others may write as well, at once
/// where nobody else can. The end of what went to stderr is kept for errors.
final class OutputRelay {
  /// How much of the end is kept.
  static let tailLimit = 64 << 10
  /// A line longer than this is passed on in parts.
  private static let lineLimit = 64 << 10

  private let writer: OutputWriter
  private let toError: Bool
  private let isAlone: Bool
  private var tail: [UInt8] = []

  init(_ writer: OutputWriter, toError: Bool, isAlone: Bool) {
    self.writer = writer
    self.toError = toError
    self.isAlone = isAlone
  }

  /// Passes on what can be. Says false if nobody takes it any more.
  func pass(_ buffer: InputBuffer) -> Bool {
    let bytes = buffer.bytes
    let count = isAlone || bytes.count > Self.lineLimit ? bytes.count : Self.wholeLines(bytes)
    if count > 0 { write(buffer, count) }
    return toError || !writer.isBroken
  }

  /// Passes on what is left: the last line may have no end.
  func finish(_ buffer: InputBuffer) {
    if buffer.count > 0 { write(buffer, buffer.count) }
  }

  private func write(_ buffer: InputBuffer, _ count: Int) {
    let part = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])
    if toError {
      tail.append(contentsOf: part)
      if tail.count > 2 * Self.tailLimit { tail.removeFirst(tail.count - Self.tailLimit) }
    }
    writer.write(part, toError: toError)
    if !toError { writer.flush() }
    buffer.consume(count)
  }

  /// How many bytes the whole lines have.
  private static func wholeLines(_ bytes: UnsafeRawBufferPointer) -> Int {
    var count = bytes.count
    while count > 0, bytes[count - 1] != 0x0A { count -= 1 }
    return count
  }

  /// What is passed on from now on has an end of its own.
  func forgetEnd() { tail = [] }

  /// The end of what was passed on.
  var end: String { OutputEnd.text(of: tail) }
}

/// The end of an output, for errors.
enum OutputEnd {
  /// The last 64 KiB, from the beginning of a character.
  static func text(of bytes: some RandomAccessCollection<UInt8>) -> String {
    var end = bytes.suffix(OutputRelay.tailLimit)
    if end.count < bytes.count {
      while let first = end.first, first & 0xC0 == 0x80 { end = end.dropFirst() }
    }
    return String(decoding: end, as: UTF8.self)
  }
}
