// Channels: values handed from task to task, in order (language.md §12).

import RunnelScheduler

/// A channel.
///
/// `@unchecked Sendable`: all that changes is guarded by `lock`.
final class ChannelObject: Object, @unchecked Sendable {
  /// How many items wait in it at most; with 0 a sender waits for its receiver.
  private let capacity: Int
  let lock = Lock()
  private var items = RingBuffer<Value>()
  /// Not empty only while `items` is full, each with what it sends.
  private var senders = WaitLine<Value>()
  /// Not empty only while `items` is.
  private var receivers = WaitLine<Receiver>()
  private var isClosed = false
  /// What receivers get after the last item, if it was closed with an error.
  private var error: ErrorObject?

  init(capacity: Int) {
    self.capacity = capacity
    super.init(tag: .channel)
  }

  override var typeName: String { "channel" }

  // MARK: Sending

  /// Sends if nobody has to be waited for; false if somebody has.
  func trySend(_ value: Value) throws(Raised) -> Bool {
    try lock.withLock { () throws(Raised) in try offer(value) }
  }

  /// The wait that sends a value.
  func sending(_ value: Value) -> Wait {
    .other(WaitDescription("room in a channel")) { [self] waiter in
      lock.withLock {
        do throws(Raised) {
          if try offer(value) {
            waiter.resume(with: .nil)
            return {}
          }
        } catch {
          waiter.resume(raising: error.error)
          return {}
        }
        let place = senders.join(waiter, value)
        return { self.lock.withLock { self.senders.leave(place) } }
      }
    }
  }

  private func offer(_ value: Value) throws(Raised) -> Bool {
    if isClosed { throw Raised(.channelClosed, "the channel is closed: nothing can be sent to it") }
    while let receiver = receivers.next() {
      if receiver.waiter.resume(with: receiver.want.given(value)) { return true }
    }
    guard items.count < capacity else { return false }
    items.append(value)
    return true
  }

  // MARK: Receiving

  /// Receives if there is something; nil if that has to be waited for.
  func tryReceive() throws(Raised) -> Value? { try lock.withLock { () throws(Raised) in try takeNow() } }

  /// The wait that gives the next value.
  func receiving() -> Wait { .other(Self.awaitedItem, arm: arm) }

  func receive(_ strand: Strand) async throws(Raised) -> Value {
    try await strand.wait(Self.awaitedItem, arm)
  }

  private static var awaitedItem: WaitDescription { WaitDescription("an item from a channel") }

  private func arm(_ receiver: Waiter) -> () -> Void {
    lock.withLock {
      do throws(Raised) {
        // Who takes an item has begun to wait just now, and cannot be given up before this ends.
        if let value = try takeNow() {
          receiver.resume(with: value)
          return {}
        }
      } catch {
        receiver.resume(raising: error.error)
        return {}
      }
      let place = receivers.join(receiver, .one)
      return { self.leave(place) }
    }
  }

  /// `select` waits as well: under `lock`.
  func join(_ waiter: Waiter, _ receiver: Receiver) -> WaitLine<Receiver>.Place {
    receivers.join(waiter, receiver)
  }

  func leave(_ place: WaitLine<Receiver>.Place) { lock.withLock { receivers.leave(place) } }

  /// Under `lock`.
  func takeNow() throws(Raised) -> Value? {
    if let value = items.popFirst() {
      if let next = nextSent() { items.append(next) }
      return value
    }
    if let value = nextSent() { return value }
    guard isClosed else { return nil }
    throw error.map { Raised($0.copied()) } ?? Raised(.channelClosed, "the channel is closed, and empty")
  }

  /// What the first waiting sender sends; it goes on.
  private func nextSent() -> Value? {
    while let sender = senders.next() {
      if sender.waiter.resume(with: .nil) { return sender.want }
    }
    return nil
  }

  // MARK: Closing

  /// Nothing more can be sent; what is in it can still be received. The first error counts.
  func close(with error: ErrorObject?) {
    lock.withLock {
      guard !isClosed else { return }
      isClosed = true
      self.error = error
      while let receiver = receivers.next() {
        let failure = error?.copied() ?? ErrorObject(.channelClosed, "the channel is closed, and empty")
        receiver.waiter.resume(raising: receiver.want.given(failure))
      }
      while let sender = senders.next() {
        sender.waiter.resume(
          raising: Raised(.channelClosed, "the channel was closed before this was received").error)
      }
    }
  }

  /// Whether it was closed without an error, and is empty.
  var isOver: Bool { lock.withLock { isClosed && error == nil && items.isEmpty } }
}

/// The items of a channel as a stream: takes one when it is asked for one, so that what nobody reads stays in the channel.
///
/// `@unchecked Sendable`: used by one strand at a time, as every source.
final class ChannelSource: StreamSource, @unchecked Sendable {
  private let channel: ChannelObject
  /// What `fill` has received for `next`.
  private var received: Value?

  init(_ channel: ChannelObject) { self.channel = channel }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    if let value = received {
      received = nil
      return .item(value)
    }
    do throws(Raised) {
      return try channel.tryReceive().map { .item($0) } ?? .wait
    } catch {
      if error.error.kind === ErrorKind.channelClosed, channel.isOver { return .end }
      throw error
    }
  }

  func fill(_ strand: Strand) async throws(Raised) {
    do throws(Raised) {
      received = try await channel.receive(strand)
    } catch {
      // It was closed meanwhile, which `next` will find: no failure.
      if error.error.kind === ErrorKind.channelClosed, channel.isOver { return }
      throw error
    }
  }

  func close() {}
}
