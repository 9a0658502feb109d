// Messages between the script's process and its workers: a header of six bytes (length, kind, how many descriptors came along),
// then what the kind says. Lengths are not believed: a message is read as its bytes come, into memory that grows with them.

import RunnelSystem

/// What a message is for.
enum MessageKind: UInt8, Sendable {
  // To the worker.
  /// How it is to run: the first one.
  case begin
  /// Modules that it does not have yet.
  case modules
  /// A task.
  case work
  /// The task is to stop.
  case cancel
  /// What a call came to.
  case reply
  /// Is anybody there?
  case ping
  /// Show what your tasks do.
  case report

  // From the worker.
  /// What program it is: the first one.
  case hello
  /// What the task came to.
  case result
  /// Use a channel or the like, for one of the worker's tasks.
  case call
  /// The same for what gives something back: nobody waits for an answer.
  case giveBack
  /// That call is no longer wanted.
  case giveUp
  /// One of the worker's tasks that has made calls has ended.
  case ended
  /// Here I am.
  case pong
}

/// One message.
struct Message: Sendable {
  let kind: MessageKind
  let payload: [UInt8]
  /// Open ones; whoever has the message owns them.
  var descriptors: [Int32] = []

  static let headerSize = 6
  /// A value that takes more is too large to be sent.
  static let limit = 1 << 30

  /// As it is sent.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headerSize + payload.count)
    withUnsafeBytes(of: UInt32(payload.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(kind.rawValue)
    bytes.append(UInt8(descriptors.count))
    bytes += payload
    return bytes
  }

  /// Raises `TransferError` for what is too large for one message.
  static func check(_ payload: [UInt8], descriptors: Int = 0) throws(Raised) {
    guard payload.count <= limit else {
      throw Raised(
        .transferError,
        "\(payload.count >> 20) MiB are too much to be sent to another process at once: 1 GiB is the limit"
      )
    }
    guard descriptors <= SocketIO.descriptorLimit else {
      throw Raised(
        .transferError, "more than \(SocketIO.descriptorLimit) shared arrays cannot be sent at once")
    }
  }
}

/// Cuts messages from what a socket gives. For one thread at a time.
final class MessageReader {
  enum Progress { case more, waiting, ended }

  private let buffer = InputBuffer()
  private var descriptors: [Int32] = []

  deinit { for number in descriptors { DescriptorIO.close(number) } }

  /// Reads what is there, some 256 KiB at most.
  func pump(_ socket: Int32) -> Progress {
    var budget = 256 << 10
    while budget > 0 {
      let room = buffer.room(atMost: buffer.count < 4096 ? 16 << 10 : 128 << 10)
      do throws(SystemError) {
        switch try SocketIO.receive(socket, into: room, descriptors: &descriptors) {
        case .bytes(let count):
          buffer.added(count)
          budget -= count
          // Mostly that was all, and asking again would be a system call for nothing.
          if count < room.count { return .waiting }
        case .wouldBlock: return .waiting
        case .endOfFile: return .ended
        }
      } catch {
        return .ended
      }
    }
    return .more
  }

  /// The next whole message, nil if more has to come first.
  func next() throws(WireError) -> Message? {
    let bytes = buffer.bytes
    guard bytes.count >= Message.headerSize else { return nil }
    let count = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    guard count <= Message.limit else { throw WireError(what: "a message of \(count) bytes") }
    guard let kind = MessageKind(rawValue: bytes[4]) else {
      throw WireError(what: "a message of a kind that there is not")
    }
    let carried = Int(bytes[5])
    guard bytes.count >= Message.headerSize + count else { return nil }
    guard carried <= descriptors.count else { throw WireError(what: "a message without its descriptors") }
    let payload = Array(bytes[Message.headerSize..<(Message.headerSize + count)])
    buffer.consume(Message.headerSize + count)
    defer { descriptors.removeFirst(carried) }
    return Message(kind: kind, payload: payload, descriptors: Array(descriptors.prefix(carried)))
  }
}
