// Standard output and error as scripts write them: whole lines, gathered in a buffer, written out before a command
// can write, before the script waits on people or time, and at the end.

import RunnelScheduler
import RunnelSystem

/// Where a task's `print` and its commands' output go.
enum OutputTarget: Sendable {
  case standard
}

final class OutputWriter: @unchecked Sendable {
  private let lock = Lock()
  /// What has not been written out yet; guarded by `lock`.
  private var buffer: [UInt8] = []
  private var isTerminal: Bool?
  /// The reader of standard output has gone (EPIPE): nothing is written any more.
  private(set) var isBroken = false
  private static let limit = 1 << 16
  /// Called before something is written, under the lock: the REPL takes its prompt away.
  var onWriting: (@Sendable () -> Void)?
  /// Where an embedder wants what is written, instead of the process's own descriptors: 1 or 2, and the bytes.
  private let sink: (@Sendable (Int32, UnsafeRawBufferPointer) -> Void)?

  /// Whether what commands write has to come through here, too.
  var takesAll: Bool { sink != nil }

  init(sink: (@Sendable (Int32, UnsafeRawBufferPointer) -> Void)? = nil) {
    self.sink = sink
    if sink != nil { isTerminal = false }
  }

  func write(_ text: String, toError: Bool) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), toError: toError) }
  }

  func write(_ bytes: UnsafeRawBufferPointer, toError: Bool) {
    lock.withLock {
      if toError {
        writeOut()
        writeAll(2, bytes)
        return
      }
      buffer.append(contentsOf: bytes)
      let flushNow: Bool
      if let isTerminal {
        flushNow = isTerminal
      } else {
        flushNow = Terminal.isTerminal(1)
        isTerminal = flushNow
      }
      if flushNow || buffer.count >= Self.limit { writeOut() }
    }
  }

  /// Writes out what is gathered.
  func flush() { lock.withLock { writeOut() } }

  private func writeOut() {
    guard !buffer.isEmpty else { return }
    buffer.withUnsafeBytes { writeAll(1, $0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) {
    if descriptor == 1, isBroken { return }
    onWriting?()
    if let sink { return sink(descriptor, bytes) }
    do {
      try DescriptorIO.writeAll(descriptor, bytes)
    } catch {
      if descriptor == 1 { isBroken = true }
    }
  }
}
