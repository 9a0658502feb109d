// What can be used from a worker process although it stays in the script's: one line each here, and `.served` on the group that
// declares its methods. A method or intrinsic of a served group that is called on a `RemoteHandle` becomes a message; in the
// script's process a stand-in makes the call.

import RunnelScheduler

enum RemoteCalls {
  /// Each type: the object's tag, and that of its handle in a worker.
  private static let types: [(tag: ObjectTag, handle: ObjectTag, name: String)] = [
    (.channel, .remoteChannel, "channel"),
    (.shared, .remoteShared, "shared"),
    (.lock, .remoteLock, "lock"),
    (.semaphore, .remoteSemaphore, "semaphore"),
    (.event, .remoteEvent, "event"),
    (.barrier, .remoteBarrier, "barrier"),
  ]

  /// Whether an object is one that workers get handles of.
  static func isServed(_ object: Object) -> Bool { types.contains { $0.tag == object.tag } }

  /// The tag of a handle for a type; nil for one that has none.
  static func handleTag(of typeName: String) -> ObjectTag? { types.first { $0.name == typeName }?.handle }

  /// What may be called from a worker, by name.
  static let natives: [String: NativeFunction] = {
    var natives: [String: NativeFunction] = [:]
    for function in Library.groups.lazy.flatMap(\.functions) {
      if let name = function.servedName { natives[name] = function }
    }
    return natives
  }()

  static let functions: [NativeFunction] = [
    NativeFunction(
      "__channel_is_over(c) → bool",
      documentation: "Whether a channel is closed, without an error, and empty.",
      body: .plain { call in .bool(call[0].object(.channel, as: ChannelObject.self)?.isOver ?? false) }),
    NativeFunction(
      "__remote_field(x, name) → value", documentation: "A field of what stays in the script's process.",
      body: .plain { call throws(Raised) in try call.strand.machine.field(call[0], call[1]) }),
    NativeFunction(
      "__serve_calls(s)", documentation: "Makes the calls of a worker's task.",
      body: .waiting { strand, arguments throws(Raised) in
        await arguments.first?.object(.resource, as: StandIn.self)?.serve(strand)
        return .nil
      }),
  ]
}

/// A channel, a shared value or the like of the script's process, as a worker has it.
///
/// `@unchecked Sendable`: never changes.
final class RemoteHandle: HoldableObject, @unchecked Sendable {
  let number: Int
  private let name: String
  private let client: WorkerClient

  init(_ number: Int, typeName: String, tag: ObjectTag, _ client: WorkerClient) {
    self.number = number
    name = typeName
    self.client = client
    super.init(tag: tag)
  }

  override var typeName: String { name }

  /// The handle in a value, if it is one.
  @inline(__always)
  static func of(_ value: Value) -> RemoteHandle? {
    guard case .object(let object) = value, object.tag.rawValue >= ObjectTag.remoteChannel.rawValue else {
      return nil
    }
    return unsafeDowncast(object, to: RemoteHandle.self)
  }

  override func giveBack(by strand: Strand) { client.post("\(name).release", [.object(self)], strand) }

  /// Has the script's process make a call, and waits for what it gives.
  func call(_ name: String, _ arguments: [Value], _ strand: Strand) async throws(Raised) -> Value {
    try await client.call(name, arguments, strand)
  }
}

/// The items of a channel that stays in the script's process.
///
/// `@unchecked Sendable`: used by one strand at a time, as every source.
final class RemoteChannelSource: StreamSource, @unchecked Sendable {
  private let channel: RemoteHandle
  private var received: Value?
  private var isOver = false

  init(_ channel: RemoteHandle) { self.channel = channel }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    if isOver { return .end }
    guard let value = received else { return .wait }
    received = nil
    return .item(value)
  }

  func fill(_ strand: Strand) async throws(Raised) {
    do throws(Raised) {
      received = try await channel.call("channel.recv", [.object(channel)], strand)
    } catch {
      guard error.error.kind === ErrorKind.channelClosed,
        case .bool(true) = try await channel.call("__channel_is_over", [.object(channel)], strand)
      else { throw error }
      isOver = true
    }
  }

  func close() {}
}

extension NativeGroup {
  /// The same group, whose functions can be called on handles in a worker process.
  var served: NativeGroup {
    NativeGroup(name, summary: summary, functions: functions.map(\.served), constants: constants)
  }
}

extension NativeFunction {
  /// The same function, which can be called on a handle in a worker process. What is written in Runnel runs there, and calls such
  /// functions.
  fileprivate var served: NativeFunction {
    if case .prelude = body { return self }
    return NativeFunction(
      signature, receiver: receiver, documentation: documentation, body: body, inverses: inverses,
      servedName: receiver.map { "\($0).\(name)" } ?? name)
  }
}
