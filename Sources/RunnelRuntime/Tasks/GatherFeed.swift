// What lies between a stream and the `gather for` over it: a task of its own reads the stream, an item each time there is
// room for one more member (language.md §8.5).

import RunnelScheduler

/// Hands items from the task that reads a stream to the gather.
///
/// `@unchecked Sendable`: all that changes is guarded by `lock`.
final class GatherFeed: Object, @unchecked Sendable {
  private let lock = Lock()
  private var isWanted = false
  private var reader: Waiter?
  private var items: [Value] = []
  private let arrived: @Sendable () -> Void

  /// - Parameter arrived: called when there is an item to be taken.
  init(arrived: @escaping @Sendable () -> Void) {
    self.arrived = arrived
    super.init(tag: .resource)
  }

  // MARK: For the gather

  /// There is room for one more.
  func want() {
    let waiting = lock.withLock { () -> Waiter? in
      isWanted = true
      defer { reader = nil }
      return reader
    }
    waiting?.resume(with: .nil)
  }

  func take() -> [Value] {
    lock.withLock {
      defer { items = [] }
      return items
    }
  }

  // MARK: For the reader

  /// The wait for room.
  func waitForRoom() -> Wait {
    .other(WaitDescription("room in a gather")) { [self] waiter in
      let hasRoom = lock.withLock {
        if !isWanted { reader = waiter }
        return isWanted
      }
      if hasRoom { waiter.resume(with: .nil) }
      return { self.lock.withLock { self.reader = nil } }
    }
  }

  func put(_ item: Value) {
    lock.withLock {
      isWanted = false
      items.append(item)
    }
    arrived()
  }

  static let functions: [NativeFunction] = [
    NativeFunction(
      "__feed_wait(feed)", documentation: "Waits until the gather has room for an item.",
      body: .parking { call in call[0].object(.resource, as: GatherFeed.self)?.waitForRoom() ?? .turn }),
    NativeFunction(
      "__feed_put(feed, x)", documentation: "Hands the gather an item.",
      body: .plain { call in
        call[0].object(.resource, as: GatherFeed.self)?.put(call[1])
        return .nil
      }),
  ]

  /// The body of the task that reads.
  static let prelude = #"""
    fn __gather_feed(s, feed) {
      __feed_wait(feed)
      for x in s {
        __feed_put(feed, x)
        __feed_wait(feed)
      }
    }
    """#
}
