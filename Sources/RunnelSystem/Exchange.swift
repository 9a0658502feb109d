// Sockets between processes of ours, with descriptors beside the bytes, and memory that several processes have mapped.

internal import CRunnelSystem
internal import Glibc

/// Both ends of a stream between two processes; no program inherits them unless they are given to it.
@frozen
public struct SocketPair: ~Copyable, Sendable {
  public var ours: Descriptor
  public var theirs: Descriptor

  public init() throws(SystemError) {
    var ends: (one: Int32, other: Int32) = (-1, -1)
    try shimCheck("socketpair", nil, runnel_socket_pair(&ends.one, &ends.other))
    ours = Descriptor(owning: ends.one)
    theirs = Descriptor(owning: ends.other)
  }
}

/// Sending and receiving by number.
public enum SocketIO {
  /// The most descriptors that go with one message.
  public static let descriptorLimit = Int(RUNNEL_DESCRIPTOR_LIMIT)

  /// Sends what there is room for of some bytes, from an offset on, and descriptors with the first of them; never waits.
  public static func send(
    _ number: Int32, _ bytes: [UInt8], from offset: Int = 0, descriptors: [Int32] = []
  ) throws(SystemError) -> Transfer {
    let sent = bytes.withUnsafeBytes { bytes in
      let part = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      return descriptors.withUnsafeBufferPointer {
        runnel_send(number, part.baseAddress, part.count, $0.baseAddress, Int32($0.count))
      }
    }
    if sent >= 0 { return .bytes(Int(sent)) }
    if sent == -Int64(EAGAIN) { return .wouldBlock }
    throw SystemError(code: Int32(-sent), operation: "send")
  }

  /// Takes what is there, never waiting.
  ///
  /// - Parameter descriptors: those that came are added; the caller owns them.
  public static func receive(
    _ number: Int32, into buffer: UnsafeMutableRawBufferPointer, descriptors: inout [Int32]
  ) throws(SystemError) -> Transfer {
    let (received, came) = withUnsafeTemporaryAllocation(of: Int32.self, capacity: descriptorLimit) { room in
      var count: Int32 = 0
      let received = runnel_receive(number, buffer.baseAddress, buffer.count, room.baseAddress, &count)
      return (received, Array(room[..<Int(count)]))
    }
    descriptors += came
    if received > 0 { return .bytes(Int(received)) }
    if received == 0 { return .endOfFile }
    if received == -Int64(EAGAIN) { return .wouldBlock }
    throw SystemError(code: Int32(-received), operation: "receive")
  }

  /// Whether a descriptor is a socket.
  public static func isSocket(_ number: Int32) -> Bool {
    var status = stat()
    return fstat(number, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }
}

/// Memory of 64-bit words that all processes which have its descriptor see at once. What is not yet written is 0.
///
/// `@unchecked Sendable`: words are read and written atomically, and the mapping lives as long as this object.
public final class SharedMemory: @unchecked Sendable {
  /// How many words it has.
  public let count: Int
  private let descriptor: Int32
  private let words: UnsafeMutablePointer<Int64>

  /// Makes memory of at least one word.
  public convenience init(count: Int) throws(SystemError) {
    let descriptor = try shimResult("memfd_create", nil, runnel_shared_memory(Int64(count) * 8))
    try self.init(owning: descriptor, count: count)
  }

  /// Maps memory that another process has made.
  ///
  /// - Throws: `EINVAL` if it is smaller than that, or no such memory at all.
  public init(owning descriptor: Int32, count: Int) throws(SystemError) {
    guard count > 0, count <= Int.max / 8, runnel_shared_memory_size(descriptor) >= Int64(count) * 8,
      let address = runnel_map_shared(descriptor, Int64(count) * 8)
    else {
      _ = close(descriptor)
      throw SystemError(code: EINVAL, operation: "mmap")
    }
    self.descriptor = descriptor
    self.count = count
    words = address.bindMemory(to: Int64.self, capacity: count)
  }

  deinit {
    runnel_unmap(words, Int64(count) * 8)
    _ = close(descriptor)
  }

  /// The descriptor, for sending it while this object lives.
  public var number: Int32 { descriptor }

  /// Reads a word; the index is the caller's to check, here as below.
  public func load(_ index: Int) -> Int64 { runnel_atomic_load(words + index) }

  public func store(_ value: Int64, at index: Int) { runnel_atomic_store(words + index, value) }

  /// Writes a word if it still is as expected.
  /// - Returns: nil if so; else what it is.
  public func exchange(_ expected: Int64, for value: Int64, at index: Int) -> Int64? {
    var expected = expected
    return runnel_atomic_exchange_if(words + index, &expected, value) ? nil : expected
  }
}

extension SystemInfo {
  /// The name that `ps` and `pgrep` show for this process.
  public static func nameProcess(_ name: String) { runnel_name_process(name) }
}
