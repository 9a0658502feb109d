// The sending half of a connection between the script's process and a worker: what the socket has no room for waits here, in order,
// and goes when there is room. So nobody who sends ever waits for who receives.

import RunnelScheduler
import RunnelSystem

/// Sends messages, from any thread.
///
/// `@unchecked Sendable`: what changes is under `lock`.
final class MessageSender: @unchecked Sendable {
  private let reactor: Reactor
  private let lock = Lock()
  /// The socket, while messages can be sent.
  private var socket: Int32?
  private var messages: [(bytes: [UInt8], descriptors: [Int32])] = []
  /// How many of the messages have gone, and how much of the one after them.
  private var gone = 0
  private var offset = 0
  private var watch: WatchID?

  /// - Parameter socket: stays open until `close`.
  init(_ socket: Int32, _ reactor: Reactor) {
    self.socket = socket
    self.reactor = reactor
  }

  /// Sends a message, or what there is room for; the rest as there is room.
  ///
  /// What its descriptors belong to must be kept until then: as long as the task whose message it is.
  func send(_ message: Message) {
    lock.withLock {
      guard socket != nil else { return }
      messages.append((message.bytes, message.descriptors))
      flush()
    }
  }

  /// No more can be sent.
  func close() {
    lock.withLock {
      socket = nil
      messages = []
      gone = 0
      if let watch { reactor.cancel(watch) }
      watch = nil
    }
  }

  private func flush() {
    guard let socket, watch == nil else { return }
    while gone < messages.count {
      let (bytes, descriptors) = messages[gone]
      let sent: Transfer
      do throws(SystemError) {
        let from = offset
        sent = try SocketIO.send(socket, bytes, from: from, descriptors: from == 0 ? descriptors : [])
      } catch {
        // Who receives has gone, which whoever reads from there will see.
        messages = []
        gone = 0
        self.socket = nil
        return
      }
      guard case .bytes(let count) = sent else {
        watch = reactor.watch(socket, for: .writable) { [self] in
          lock.withLock {
            watch = nil
            flush()
          }
        }
        return
      }
      offset += count
      if offset == bytes.count {
        offset = 0
        // What has gone is let go of, also where the socket is never idle.
        messages[gone] = ([], [])
        gone += 1
        if gone > 64, gone * 2 > messages.count {
          messages.removeFirst(gone)
          gone = 0
        }
      }
    }
    messages.removeAll(keepingCapacity: true)
    gone = 0
  }
}
