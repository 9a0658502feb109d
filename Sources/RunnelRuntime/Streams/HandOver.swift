// Items on their way from a task that reads a stream to one that cannot wait for the stream alone: one at a time, the
// reader no further than an item ahead. (A stage that is cut by time waits for an item or for a moment.)

import RunnelScheduler

/// Where one task leaves an item for another.
///
/// `@unchecked Sendable`: what changes is under `lock`. Waiters are woken to look again; only `receive` takes an item, so
/// that a wait that ends early has taken nothing.
final class HandOver: Object, @unchecked Sendable {
  private let lock = Lock()
  private var item: Value?
  private var hasEnded = false
  private var giver: Waiter?
  private var receiver: Waiter?

  init() { super.init(tag: .resource) }

  /// Leaves an item, and waits until it is taken.
  func hand(_ item: Value, _ strand: Strand) async throws(Raised) {
    let receiver = lock.withLock { () -> Waiter? in
      self.item = item
      return self.receiver
    }
    receiver?.resume(with: .nil)
    _ = try await strand.wait(WaitDescription("the next stage")) { waiter in
      let isTaken = lock.withLock { () -> Bool in
        giver = waiter
        return self.item == nil
      }
      if isTaken { waiter.resume(with: .nil) }
      return {}
    }
  }

  /// Nothing more will come.
  func end() {
    let receiver = lock.withLock { () -> Waiter? in
      hasEnded = true
      return self.receiver
    }
    receiver?.resume(with: .nil)
  }

  enum Received {
    case item(Value)
    case late
    case end
  }

  /// Waits for an item, at most for so many nanoseconds if that is given.
  func receive(within limit: Int?, _ strand: Strand) async throws(Raised) -> Received {
    let scheduler = strand.interpreter.scheduler
    let due = limit.map { scheduler.now.addingReportingOverflow(Int64($0)) }
    while true {
      if let received = take() { return received }
      if let due, !due.overflow, scheduler.now >= due.partialValue { return .late }
      var timer: TimerID?
      defer { if let timer { scheduler.cancelTimer(timer) } }
      _ = try await strand.wait(WaitDescription("the stage before")) { waiter in
        let isThere = lock.withLock { () -> Bool in
          receiver = waiter
          return item != nil || hasEnded
        }
        if isThere {
          waiter.resume(with: .nil)
        } else if let due, !due.overflow {
          let id = scheduler.schedule(at: due.partialValue) { waiter.resume(with: .nil) }
          timer = id
          return { scheduler.cancelTimer(id) }
        }
        return {}
      }
    }
  }

  private func take() -> Received? {
    let (received, giver) = lock.withLock { () -> (Received?, Waiter?) in
      guard let item else { return (hasEnded ? .end : nil, nil) }
      self.item = nil
      return (.item(item), self.giver)
    }
    giver?.resume(with: .nil)
    return received
  }
}

/// What the prelude does with it, and with streams that are read an item at a time.
enum StreamFunctions {
  static let group = NativeGroup("__", summary: "For the prelude only.", functions: holding + handing)

  private static let holding: [NativeFunction] = [
    .plain(
      "__hold(xs) → stream",
      documentation: "What a stage reads, as something that a loop may leave and another go on with."
    ) { call throws(Raised) in
      guard case .object(let object) = call[0] else { return call[0] }
      switch object.tag {
      case .stream: return .object(try unsafeDowncast(object, to: StreamObject.self).held())
      case .file:
        guard let file = call[0].object(.file, as: FileObject.self) else { return call[0] }
        return .object(try file.lines().held())
      case .range:
        return .object(
          try StreamObject(source: RangeSource(unsafeDowncast(object, to: RangeObject.self))).held())
      case .list: return .object(try StreamObject(source: ListSource(try call.items(0))).held())
      default: return call[0]
      }
    },
    .plain(
      "__read_ahead(stream, n) → stream",
      documentation: "The same stream, read by a task of its own that is at most `n` items ahead."
    ) { call throws(Raised) in
      call[0].object(.stream, as: StreamObject.self)?.link = StageLink(readingAhead: try call.int(1))
      return call[0]
    },
    .plain("__let_go(stream) → stream", documentation: "Nothing more is read: a loop over it only closes it.")
    {
      call in
      call[0].object(.stream, as: StreamObject.self)?.hold = .letGo
      return call[0]
    },
  ]

  private static let handing: [NativeFunction] = [
    .plain("__hand_over()", documentation: "Where a task leaves items for another.") { _ in
      .object(HandOver())
    },
    .waiting("__hand(items, x)", documentation: "Leaves an item, and waits until it is taken.") {
      call throws(Raised) in
      try await items(call[0])?.hand(call[1], call.strand)
      return .nil
    },
    .plain("__end_handing(items)", documentation: "Nothing more will come.") { call in
      items(call[0])?.end()
      return .nil
    },
    .waiting(
      "__receive(items, within = nil) → list",
      documentation: "Waits for an item: a list of it, an empty one when it is late, nil at the end."
    ) { call throws(Raised) in
      switch try await items(call[0])?.receive(within: try call.duration(1), call.strand) {
      case .item(let item)?: return .list([item])
      case .late?: return .list([])
      case .end?, nil: return .nil
      }
    },
  ]

  private static func items(_ value: Value) -> HandOver? {
    guard case .object(let object) = value else { return nil }
    return object as? HandOver
  }
}
