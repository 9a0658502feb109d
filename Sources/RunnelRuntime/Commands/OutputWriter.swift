// Standard output and error as scripts write them: whole lines, gathered in a buffer, written out before a command
// can write, before the script waits on people or time, and at the end.

import Glibc
import RunnelScheduler
import RunnelSystem
import Synchronization

/// Where a task's `print` and its commands' output go.
enum OutputTarget: Sendable {
  case standard
}

/// What a script writes to its standard output and error.
///
/// `@unchecked Sendable`: what changes is atomic or under `lock`, but for `onBroken` and `onWriting`: these are set
/// while nothing runs that could write.
final class OutputWriter: @unchecked Sendable {
  private let lock = Lock()
  /// What has not been written out yet; guarded by `lock`.
  private var buffer: [UInt8] = []
  private var isTerminal: Bool?
  /// The reader of standard output has gone (EPIPE): nothing is written any more.
  var isBroken: Bool { broken.load(ordering: .acquiring) }
  private let broken = Atomic<Bool>(false)
  /// What else went wrong with standard output (a full disk), until somebody raises it; guarded by `lock`.
  private var failure: SystemError?
  private static let limit = 1 << 16
  /// Called once, when the reader of standard output has gone.
  var onBroken: (@Sendable () -> Void)?
  /// Called before something is written, under the lock: the REPL takes its prompt away.
  var onWriting: (@Sendable () -> Void)?
  /// Where the terminal's cursor stands, for the prompt that comes next; kept while there is one, and guarded by `lock`.
  private enum Column { case start, within, unknown }
  private var column = Column.start
  /// Where an embedder wants what is written, instead of the process's own descriptors: 1 or 2, and the bytes.
  private let sink: (@Sendable (Int32, UnsafeRawBufferPointer) -> Void)?

  /// Whether what commands write has to come through here, too.
  var takesAll: Bool { sink != nil }

  init(sink: (@Sendable (Int32, UnsafeRawBufferPointer) -> Void)? = nil) {
    self.sink = sink
    if sink != nil { isTerminal = false }
  }

  /// What is written comes out at once: a terminal is at its other end, if not right there.
  func behaveAsOnTerminal() { lock.withLock { isTerminal = true } }

  func write(_ text: String, toError: Bool) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), toError: toError) }
  }

  func write(_ bytes: UnsafeRawBufferPointer, toError: Bool) {
    breaking {
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
  func flush() { breaking { writeOut() } }

  /// Raises what went wrong with standard output since it was last asked, other than that its reader has gone.
  func raiseFailure() throws(Raised) {
    let failure = lock.withLock {
      defer { self.failure = nil }
      return self.failure
    }
    guard let failure else { return }
    throw FileErrors.raised(failure, "write to the standard output", FilePath(text: "stdout", full: "stdout"))
  }

  /// Does something under the lock; what is to happen when that has found that the reader has gone happens after it.
  private func breaking(_ body: () -> Void) {
    let hasBroken = lock.withLock {
      let before = isBroken
      body()
      return isBroken && !before
    }
    if hasBroken { onBroken?() }
  }

  /// Writes out what is gathered, before somebody else writes to the terminal.
  func yieldTerminal() {
    breaking {
      writeOut()
      column = .unknown
    }
  }

  /// Sees to it that what comes next begins a line of the terminal.
  ///
  /// Where a command has written nobody knows the column: as many spaces as a line has columns lead to the next line
  /// from anywhere but its start. (Asking the terminal would mix its answer with what is typed.)
  /// - Parameter canWrap: the terminal goes on in the next line when one is full.
  func beginLine(canWrap: Bool) {
    breaking {
      writeOut()
      let descriptor: Int32 = Terminal.isTerminal(1) ? 1 : 2
      var text = ""
      switch column {
      case .start: return
      case .within: text = "\n"
      case .unknown:
        if canWrap { text = String(repeating: " ", count: Terminal.width(of: descriptor)) + "\r" }
      }
      text.withUTF8 { if !$0.isEmpty { writeAll(descriptor, UnsafeRawBufferPointer($0)) } }
      column = .start
    }
  }

  private func writeOut() {
    guard !buffer.isEmpty else { return }
    buffer.withUnsafeBytes { writeAll(1, $0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) {
    if descriptor == 1, isBroken { return }
    onWriting?()
    if let sink { return sink(descriptor, bytes) }
    if onWriting != nil, let last = bytes.last, Terminal.isTerminal(descriptor) {
      column = last == 0x0A ? .start : .within
    }
    do throws(SystemError) {
      try DescriptorIO.writeAll(descriptor, bytes)
    } catch {
      guard descriptor == 1 else { return }
      if error.code == EPIPE { broken.store(true, ordering: .releasing) } else { failure = failure ?? error }
    }
  }
}
