// `gather` in all its modes (language.md §8).

import RunnelScheduler

enum GatherMode {
  case all, settled, any, race

  init(number: Int) {
    switch number {
    case 1: self = .settled
    case 2: self = .any
    case 3: self = .race
    default: self = .all
    }
  }
}

/// Counts members that end, and wakes the one who gathers.
///
/// `@unchecked Sendable`: what changes is protected by `lock`.
final class GatherSignal: @unchecked Sendable {
  private let lock = Lock()
  private var ended: [Int] = []
  private var waiter: Waiter?

  func note(_ index: Int) {
    let waiting = lock.withLock { () -> Waiter? in
      ended.append(index)
      defer { waiter = nil }
      return waiter
    }
    waiting?.resume(with: .nil)
  }

  /// Takes the numbers of those that have ended; or leaves a waiter that the next wakes.
  func take(or waiter: Waiter) -> [Int] {
    lock.withLock {
      if ended.isEmpty { self.waiter = waiter }
      defer { ended = [] }
      return ended
    }
  }

  func take() -> [Int] {
    lock.withLock {
      defer { ended = [] }; return ended
    }
  }

  func forget() { lock.withLock { waiter = nil } }
}

/// The members of a gather that run, by number, and the task that reads its source.
///
/// `@unchecked Sendable`: under the tree lock, as the wait-for graph looks at them.
final class GatherMembers: @unchecked Sendable {
  /// Nil for what has ended, or was no task.
  var tasks: [TaskObject?]
  var reader: TaskObject?
  /// All before this one have ended.
  private var first = 0

  init(count: Int) { tasks = Array(repeating: nil, count: count) }

  var running: [TaskObject] { (tasks + [reader]).compactMap { $0 } }

  /// One that runs, found without looking at all.
  var one: TaskObject? {
    while first < tasks.count, tasks[first] == nil { first += 1 }
    return first < tasks.count ? tasks[first] : reader
  }
}

/// What a `gather … for` runs for each item, and where.
struct GatherBody {
  let closure: Closure
  let executor: Executor
  let scope: Scope
  let place: CodePlace

  func spawn(_ arguments: [Value], _ strand: Strand) throws(Raised) -> TaskObject {
    try strand.interpreter.spawn(
      closure, arguments: arguments, in: scope, from: strand, on: executor,
      place: executor.isTask ? nil : place,
      name: nil)
  }
}

enum Gather {
  /// `gather [mode] EXPR` over a list or map of tasks; other values pass through.
  static func run(_ value: Value, _ mode: GatherMode, _ strand: Strand) async throws(Raised) -> Value {
    var keys: [Value]?
    let members: [Value]
    if let list = value.list {
      members = list.items
    } else if let map = value.map {
      keys = map.storage.map(\.key)
      members = map.storage.map(\.value)
    } else {
      throw Raised(.typeError, "`gather` takes a list or map of tasks, not \(value.typeName)")
    }
    var collector = Collector(mode: mode, count: members.count, strand: strand)
    try collector.checkNotEmpty()
    let signal = GatherSignal()
    for (index, member) in members.enumerated() {
      if let task = member.object(.task, as: TaskObject.self) {
        collector.watch(task, index, signal)
      } else {
        collector.settle(index, .value(member))
      }
    }
    try await collector.wait(signal)
    return try collector.result(keys: keys)
  }

  /// `gather [mode] for P in SOURCE limit N { … }`.
  static func each(
    _ source: Value, _ body: GatherBody, limit: Value, _ mode: GatherMode, isPair: Bool, _ strand: Strand
  ) async throws(Raised) -> Value {
    var keys: [Value]?
    var items: [Value]
    var values: [Value]?
    switch source {
    case .object(let object) where object.tag == .map:
      let storage = unsafeDowncast(object, to: MapObject.self).storage
      items = storage.map(\.key)
      if isPair {
        keys = items
        values = storage.map(\.value)
      }
    case .object(let object) where object.tag == .list || object.tag == .range:
      items =
        object.tag == .list
        ? unsafeDowncast(object, to: ListObject.self).items
        : unsafeDowncast(object, to: RangeObject.self).values()
      if isPair {
        values = items
        items = items.indices.map { .int($0) }
      }
    case _ where source.isStream:
      guard let most = try most(limit) else {
        throw Raised(
          .valueError,
          "`gather for` over a \(source.typeName) needs a limit, `gather for x in xs limit 8 { … }`: there may be any number of items"
        )
      }
      return try await eachOfStream(source, body, most: most, mode, isPair: isPair, strand)
    default:
      throw Raised(
        .typeError, "`gather for` takes a list, a range, a map or a stream, not \(source.typeName)")
    }
    let most = try most(limit) ?? Int.max
    var collector = Collector(mode: mode, count: items.count, strand: strand)
    collector.items = values.map { zip(items, $0).map { .list([$0, $1]) } } ?? items
    try collector.checkNotEmpty()
    let signal = GatherSignal()
    var next = 0
    while true {
      while next < items.count, collector.running < most, !collector.isDecided {
        let arguments = values.map { [items[next], $0[next]] } ?? [items[next]]
        let task: TaskObject
        do throws(Raised) {
          task = try body.spawn(arguments, strand)
        } catch {
          try await collector.abandon(signal, error)
        }
        collector.watch(task, next, signal)
        next += 1
      }
      if collector.isDecided || (next == items.count && collector.running == 0) { break }
      try await collector.waitForOne(signal)
    }
    try await collector.wait(signal)
    return try collector.result(keys: keys)
  }

  /// How many members may be live at once, nil for any number.
  private static func most(_ limit: Value) throws(Raised) -> Int? {
    switch limit {
    case .nil: return nil
    case .int(let number) where number >= 1: return number
    case .int(let number): throw Raised(.valueError, "`limit` is at least 1, not \(number)")
    default: throw Raised(.typeError, "`limit` takes an int, not \(limit.typeName)")
    }
  }

  /// As `each`, for items that come one by one, and are taken only as there is room for them.
  private static func eachOfStream(
    _ source: Value, _ body: GatherBody, most: Int, _ mode: GatherMode, isPair: Bool, _ strand: Strand
  ) async throws(Raised) -> Value {
    let signal = GatherSignal()
    let feed = GatherFeed { signal.note(Collector.source) }
    let reader = try strand.interpreter.spawn(
      PreludeCode.closure(named: "__gather_feed"), arguments: [source, .object(feed)], in: body.scope,
      from: strand,
      name: nil)
    var collector = Collector(mode: mode, count: 0, strand: strand)
    collector.items = []
    collector.watchSource(reader, signal)
    while !collector.isDecided, collector.isReading || collector.running > 0 {
      if collector.isReading, collector.running < most { feed.want() }
      try await collector.waitForOne(signal)
      for item in feed.take() where !collector.isDecided {
        let arguments = isPair ? [.int(collector.count), item] : [item]
        let task: TaskObject
        do throws(Raised) {
          task = try body.spawn(arguments, strand)
        } catch {
          try await collector.abandon(signal, error)
        }
        collector.add(task, item: isPair ? .list(arguments) : item, signal)
      }
    }
    try await collector.wait(signal)
    try collector.checkNotEmpty()
    return try collector.result(keys: nil)
  }

  /// What has become of the members so far.
  private struct Collector {
    let mode: GatherMode
    let strand: Strand
    var items: [Value]?
    private var outcomes: [Waiter.Outcome?]
    private let members: GatherMembers
    private(set) var running = 0
    /// The member that decided, for `any` and `race`; or whose failure did, for all.
    private var winner: Int?
    private var failure: ErrorObject?
    /// The tasks whose failures have been taken in, by number.
    private var failedTasks: Set<Int> = []
    private var failures: [(index: Int, error: ErrorObject)] = []
    /// Whether the task that reads the stream runs, and how it failed: that decides in every mode.
    private(set) var isReading = false
    private var hasWaitedForAll = false
    private var sourceFailure: ErrorObject?
    /// The number by which the reader is known.
    static let source = -1

    init(mode: GatherMode, count: Int, strand: Strand) {
      self.mode = mode
      self.strand = strand
      outcomes = Array(repeating: nil, count: count)
      members = GatherMembers(count: count)
    }

    var isDecided: Bool { winner != nil || failure != nil || sourceFailure != nil }
    var count: Int { outcomes.count }
    private var isBusy: Bool { running > 0 || isReading }

    /// Adds a member to those of a stream.
    mutating func add(_ task: TaskObject, item: Value, _ signal: GatherSignal) {
      outcomes.append(nil)
      strand.interpreter.tree.withLock { members.tasks.append(nil) }
      items?.append(item)
      watch(task, outcomes.count - 1, signal)
    }

    mutating func watchSource(_ task: TaskObject, _ signal: GatherSignal) {
      isReading = true
      strand.interpreter.tree.withLock { members.reader = task }
      strand.interpreter.whenEnded(task, observing: true) { signal.note(Self.source) }
    }

    func checkNotEmpty() throws(Raised) {
      guard outcomes.isEmpty, sourceFailure == nil else { return }
      switch mode {
      case .any: throw Raised(.valueError, "`gather any` of nothing has no result")
      case .race: throw Raised(.valueError, "`gather race` of nothing has no result")
      default: return
      }
    }

    mutating func watch(_ task: TaskObject, _ index: Int, _ signal: GatherSignal) {
      let hasEnded = strand.interpreter.tree.withLock { () -> Bool in
        task.isObserved = true
        members.tasks[index] = task
        if !task.isRunning { return true }
        task.listeners.add(.member(signal, index))
        return false
      }
      running += 1
      if hasEnded { end(index) }
    }

    /// What the gatherer waits for. A wait for all is looked at once: what is left of it later closes no other circle.
    private mutating func description(isFirst: Bool) -> WaitDescription {
      defer { hasWaitedForAll = !isFirst }
      return WaitDescription(
        "the members of a gather", on: .members(members, isFirst: isFirst),
        isAgain: hasWaitedForAll && !isFirst)
    }

    private mutating func end(_ index: Int) {
      if index == Self.source { return lookAtReader() }
      let ended = strand.interpreter.tree.withLock { () -> (task: TaskObject, outcome: Waiter.Outcome?)? in
        members.tasks[index].take().map { ($0, $0.outcome()) }
      }
      guard let ended else { return }
      running -= 1
      guard let outcome = ended.outcome else { return }
      settle(index, outcome, isAgain: hasFailedBefore(ended.task, outcome))
    }

    /// The reader has an item, or has ended.
    private mutating func lookAtReader() {
      let known = strand.interpreter.tree.withLock { () -> Waiter.Outcome? in
        guard let outcome = members.reader?.outcome() else { return nil }
        members.reader = nil
        return outcome
      }
      guard let outcome = known else { return }
      isReading = false
      if case .failure(let error) = outcome, error.kind !== ErrorKind.taskCancelled { sourceFailure = error }
    }

    /// Whether a task's failure has been taken in already: it may be a member twice.
    private mutating func hasFailedBefore(_ task: TaskObject, _ outcome: Waiter.Outcome) -> Bool {
      guard mode == .all, case .failure = outcome else { return false }
      return !failedTasks.insert(task.id).inserted
    }

    mutating func settle(_ index: Int, _ outcome: Waiter.Outcome, isAgain: Bool = false) {
      outcomes[index] = outcome
      switch (mode, outcome) {
      case (.all, .failure(let error)):
        if failure == nil {
          failure = error
        } else if !isAgain {
          for other in error.withoutCancellation { failure?.add(suppressed: other) }
        }
      case (.any, .value), (.race, .value):
        if !isDecided { winner = index }
      case (.race, .failure(let error)):
        if !isDecided { failure = error }
      case (.any, .failure(let error)): failures.append((index, error))
      default: break
      }
    }

    /// Waits until a member ends. When the gatherer is to stop, its members are stopped and waited for first; that they have been
    /// stopped already, with the scope of both, is no failure of theirs.
    mutating func waitForOne(_ signal: GatherSignal) async throws(Raised) {
      var ended = signal.take()
      do throws(Raised) {
        if ended.isEmpty {
          let description = description(isFirst: mode == .any || mode == .race)
          _ = try await strand.wait(description) { waiter in
            ended = signal.take(or: waiter)
            if !ended.isEmpty { waiter.resume(with: .nil) }
            return { signal.forget() }
          }
          ended += signal.take()
        }
        try strand.checkInterrupt()
      } catch {
        cancelMembers()
        // How members failed while they were stopped, nobody will ask them.
        for failure in takeIn(ended) { error.error.add(suppressed: failure) }
        for failure in await waitForAll(signal) { error.error.add(suppressed: failure) }
        throw error
      }
      for index in ended { end(index) }
    }

    /// Waits for all members, which are stopped where the result is decided.
    mutating func wait(_ signal: GatherSignal) async throws(Raised) {
      while isBusy, !isDecided { try await waitForOne(signal) }
      if isBusy {
        cancelMembers()
        _ = await waitForAll(signal)
      }
      // The gatherer is stopped itself: what that has made of its members decides nothing.
      let cancelled = failure ?? failures.first?.error
      if let cancelled, cancelled.kind === ErrorKind.taskCancelled { try strand.checkInterrupt() }
    }

    /// A member could not be begun: stops the others, and raises why.
    mutating func abandon(_ signal: GatherSignal, _ raised: Raised) async throws(Raised) -> Never {
      cancelMembers()
      for failure in await waitForAll(signal) { raised.error.add(suppressed: failure) }
      throw raised
    }

    private func cancelMembers() {
      let interpreter = strand.interpreter
      for task in interpreter.tree.withLock({ members.running }) {
        let root = interpreter.tree.withLock { task.isRunning ? task.strand?.root : nil }
        if let root { interpreter.cancel(root, .byHand(nil)) }
      }
    }

    /// - Returns: the failures of those that have ended now, but for cancellations.
    private mutating func waitForAll(_ signal: GatherSignal) async -> [ErrorObject] {
      var failures: [ErrorObject] = []
      while isBusy {
        var ended = signal.take()
        if ended.isEmpty {
          await strand.waitUninterrupted(description(isFirst: false)) { waiter in
            ended = signal.take(or: waiter)
            if !ended.isEmpty { waiter.resume(with: .nil) }
          }
          ended += signal.take()
        }
        failures += takeIn(ended)
      }
      return failures
    }

    /// Notes that members have ended.
    /// - Returns: the failures among them, but for cancellations.
    private mutating func takeIn(_ ended: [Int]) -> [ErrorObject] {
      var failures: [ErrorObject] = []
      for index in ended {
        end(index)
        guard index != Self.source, case .failure(let error)? = outcomes[index] else { continue }
        failures += error.withoutCancellation
      }
      return failures
    }

    func result(keys: [Value]?) throws(Raised) -> Value {
      if let sourceFailure { throw Raised(sourceFailure) }
      switch mode {
      case .all:
        if let failure { throw Raised(failure) }
        return shaped(outcomes.map { if case .value(let value)? = $0 { value } else { .nil } }, keys)
      case .settled:
        let records = outcomes.enumerated().map { index, outcome -> Value in
          var record = MapStorage(minimumCapacity: 3)
          switch outcome {
          case .value(let value):
            record.set(.string("ok"), .bool(true))
            record.set(.string("value"), value)
          case .failure(let error):
            record.set(.string("ok"), .bool(false))
            record.set(.string("error"), .object(error))
          default: break
          }
          if let items { record.set(.string("item"), items[index]) }
          return .object(MapObject(record))
        }
        return shaped(records, keys)
      case .any, .race:
        if let winner, case .value(let value)? = outcomes[winner] { return value }
        if let failure { throw Raised(failure) }
        throw Raised(
          .groupError, "all \(failures.count) have failed",
          data: ["errors": .list(failures.sorted { $0.index < $1.index }.map { .object($0.error) })])
      }
    }

    private func shaped(_ values: [Value], _ keys: [Value]?) -> Value {
      guard let keys else { return .list(values) }
      var storage = MapStorage(minimumCapacity: values.count)
      for (key, value) in zip(keys, values) { storage.set(key, value) }
      return .object(MapObject(storage))
    }
  }
}

extension ErrorObject {
  /// The error, or, if it only says that a task was cancelled, what was raised while that was stopped.
  fileprivate var withoutCancellation: [ErrorObject] {
    kind === ErrorKind.taskCancelled ? suppressed : [self]
  }
}
