// Reading what a command says bit by bit: as a source of lines, and as the `stdout` and `stderr` of a started command.

import RunnelScheduler
import RunnelSystem

extension RunningCommand {
  enum Channel { case output, errors }

  private func pipe(_ channel: Channel) -> OutputPipe? {
    switch channel {
    case .output: output
    case .errors: errors
    }
  }

  /// How a reader wants the output cut: into lines, or as it comes, in bytes (language.md §14.4).
  enum Cut { case lines, pieces }

  /// The next line or piece, if there is one; `.end` only when nothing more can come.
  func next(_ channel: Channel, _ cut: Cut) throws(Raised) -> StreamStep {
    switch cut {
    case .lines: try nextLine(channel)
    case .pieces: nextPiece(channel)
    }
  }

  /// Lines are without their ends.
  private func nextLine(_ channel: Channel) throws(Raised) -> StreamStep {
    let (line, isTooLong, isWaiting) = lock.withLock { () -> (Value?, Bool, Bool) in
      guard let pipe = pipe(channel) else { return (nil, false, false) }
      let line = Self.takeLine(pipe)
      // Read on, if it was full and has room again.
      if line != nil, pipe.watch == nil, pipe.wantsMore, !isConcluded { watchOutput(of: pipe) }
      if line == nil, !pipe.hasEnded, pipe.buffer.count >= ReadLimit.line { return (nil, true, false) }
      return (line, false, !pipe.hasEnded)
    }
    if let line { return .item(line) }
    if isTooLong { throw Raised(.limitError, "a line of `\(plan.text)` is longer than 256 MiB") }
    return isWaiting ? .wait : .end
  }

  /// All that is there, as bytes.
  private func nextPiece(_ channel: Channel) -> StreamStep {
    lock.withLock {
      guard let pipe = pipe(channel) else { return .end }
      let count = pipe.buffer.count
      guard count > 0 else { return pipe.hasEnded ? .end : .wait }
      let piece = [UInt8](pipe.buffer.bytes[..<count])
      pipe.buffer.consume(count)
      if pipe.watch == nil, pipe.wantsMore, !isConcluded { watchOutput(of: pipe) }
      return .item(.bytes(piece))
    }
  }

  /// Takes the lines of stdout that are there with their ends, so many at most.
  func takeLines(into lines: ItemBatch, atMost count: Int) {
    lock.withLock {
      guard let pipe = pipe(.output) else { return }
      pipe.buffer.takeWholeLines(atMost: count) { lines.append(Self.line($0)) }
      guard !lines.isEmpty else { return }
      pipe.tookLine()
      if pipe.watch == nil, pipe.wantsMore, !isConcluded { watchOutput(of: pipe) }
    }
  }

  private static func takeLine(_ pipe: OutputPipe) -> Value? {
    let buffer = pipe.buffer
    guard buffer.count > 0 else { return nil }
    let length: Int
    if let found = buffer.lineLength() {
      length = found
    } else if pipe.hasEnded {
      length = buffer.count
    } else {
      pipe.makeRoomForLine()
      return nil
    }
    let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<length])
    let hasEnd = length < buffer.count
    defer {
      buffer.consume(hasEnd ? length + 1 : length)
      pipe.tookLine()
    }
    return hasEnd ? line(bytes) : .object(StringObject(repairing: bytes))
  }

  /// A line without its `\n`, and without a `\r` before that.
  private static func line(_ bytes: UnsafeRawBufferPointer) -> Value {
    let end = bytes.last == 0x0D ? bytes.count - 1 : bytes.count
    return .object(StringObject(repairing: UnsafeRawBufferPointer(rebasing: bytes[..<end])))
  }

  /// Whether a whole line, or a piece, of stdout is there.
  func hasOutput(_ cut: Cut) -> Bool { lock.withLock { output.map { Self.has(cut, $0) } ?? false } }

  /// Under the lock.
  static func has(_ cut: Cut, _ pipe: OutputPipe) -> Bool {
    guard case .read = pipe.use else { return false }
    switch cut {
    case .lines: return pipe.buffer.lineLength() != nil
    case .pieces: return pipe.buffer.count > 0
    }
  }

  /// Whether more is kept than may be, with nobody to take it. Under the lock.
  func isTooMuch(_ pipe: OutputPipe?) -> Bool {
    guard let pipe, !pipe.hasEnded, !pipe.drops else { return false }
    return pipe.isOverLimit || pipe.buffer.count >= interpreter.options.captureLimit
  }

  /// Where the output that is read bit by bit stands.
  var outputState: OutputPipe.Progress {
    lock.withLock { output.map { $0.hasEnded && $0.buffer.count == 0 } ?? true ? .ended : .more }
  }

  /// Waits until `next` can go on: there is something, or more of a long line may come than was allowed so far, or the
  /// output has ended, also when all programs have and somebody else holds the pipe.
  func waitForOutput(_ channel: Channel, _ cut: Cut, _ strand: Strand) async throws(Raised) {
    try await wait(strand, "the output of `\(plan.text)`") {
      guard !isConcluded, let pipe = pipe(channel), !pipe.hasEnded else { return true }
      if Self.has(cut, pipe) || pipe.isFull || runningCount == 0 { return true }
      if pipe.watch == nil { watchOutput(of: pipe) }
      return false
    }
    if lock.withLock({ runningCount == 0 }) { conclude() }
  }

  /// Nobody reads this any more: who writes to it gets SIGPIPE.
  func closeOutput(_ channel: Channel) {
    lock.withLock {
      guard let pipe = pipe(channel) else { return }
      cancel(&pipe.watch)
      pipe.close()
    }
  }

  /// How much is read ahead for a reader.
  static let readAhead = 1 << 20

  /// Nobody reads this at present: what comes is kept, as a capture is, so that the command does not stand still.
  func keep(_ channel: Channel) {
    lock.withLock {
      guard !isConcluded, let pipe = pipe(channel) else { return }
      pipe.setMark(interpreter.options.captureLimit)
      watchOutput(of: pipe)
    }
  }

  /// Nobody will read this any more: what comes is thrown away.
  func drop(_ channel: Channel) {
    lock.withLock {
      guard !isConcluded, let pipe = pipe(channel) else { return }
      pipe.drops = true
      watchOutput(of: pipe)
    }
  }

  /// Waits until all programs have ended. It goes on running if the strand is to stop: its scope stops it.
  func waitForPrograms(_ strand: Strand) async throws(Raised) {
    try await wait(strand, "the command `\(plan.text)`") {
      runningCount == 0 || isConcluded || isTooMuch(output) || isTooMuch(errors)
    }
    if lock.withLock({ runningCount > 0 }) { throw tooMuchOutput() }
    conclude()
  }

  /// From now on somebody reads the output: no more than usual is read ahead.
  func readAsItComes(_ channel: Channel) {
    lock.withLock { pipe(channel)?.setMark(Self.readAhead) }
  }
}
