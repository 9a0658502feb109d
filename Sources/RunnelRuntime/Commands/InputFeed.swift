// Our end of the pipe that a command reads its stdin from. What is fed is gathered until who feeds it waits, so that
// many short lines cost few writes, and written by the reactor as the program takes it.

import RunnelSystem

/// What a command is fed with.
///
/// `@unchecked Sendable`: everything here is under the lock of the command that it belongs to.
final class InputFeed: @unchecked Sendable {
  /// How much may be gathered before who feeds has to wait.
  static let limit = 256 << 10

  private var end: OpenEnd?
  private var pending: [UInt8] = []
  /// How many of the first bytes of `pending` are written.
  private var written = 0
  /// Nothing more will come.
  private(set) var isClosing = false
  var watch: WatchID?
  var isFlushScheduled = false

  init(_ end: OpenEnd) { self.end = end }

  /// The descriptor, while it is open.
  var number: Int32? { end?.number }
  /// Nobody reads any more, or all has been said.
  var isGone: Bool { end == nil }
  var isFull: Bool { end != nil && pending.count - written >= Self.limit }
  var isEmpty: Bool { pending.count == written }

  func append(_ bytes: some Sequence<UInt8>) {
    if end != nil, !isClosing { pending.append(contentsOf: bytes) }
  }

  /// Says that nothing more will come; it is closed when all is written.
  func finish() {
    isClosing = true
    if isEmpty { close() }
  }

  func close() {
    end?.close()
    end = nil
    pending = []
    written = 0
  }

  /// Writes what there is room for. Says whether room has to be waited for.
  func flush() -> Bool {
    while let end, written < pending.count {
      switch pending[written...].withUnsafeBytes({ Self.write(end.number, $0) }) {
      case .success(.bytes(let count)): written += count
      case .success:
        // What is written is forgotten now and then: a slow reader may never let all of it go.
        if written >= Self.limit / 4 {
          pending.removeFirst(written)
          written = 0
        }
        return true
      case .failure:
        // A reader that has had enough is no failure (language.md §13).
        close()
        return false
      }
    }
    pending.removeAll(keepingCapacity: true)
    written = 0
    if isClosing { close() }
    return false
  }

  private static func write(_ number: Int32, _ bytes: UnsafeRawBufferPointer) -> Result<Transfer, SystemError>
  {
    do throws(SystemError) {
      return .success(try DescriptorIO.write(number, bytes))
    } catch {
      return .failure(error)
    }
  }
}
