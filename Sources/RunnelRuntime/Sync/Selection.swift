// `select`: the first of several that is ready (language.md §12).
//
// All channels and events among the cases are locked together, in one order that holds for everybody, while the cases are looked
// at and joined: so nobody can end the wait halfway, and what is ready is taken from one case only. After that it is one waiter in
// several lines: who serves it first ends the wait, and finds out that it was first.

import RunnelScheduler

/// How one who waits in a line gets what it waits for: alone, or as the case of a `select` with this key.
enum Receiver {
  case one
  case choice(key: Value)

  func given(_ value: Value) -> Value {
    switch self {
    case .one: value
    case .choice(let key): .record(["key": key, "value": value])
    }
  }

  func given(_ error: ErrorObject) -> ErrorObject {
    guard case .choice(let key) = self else { return error }
    error.data.set(.string("key"), key)
    return error
  }
}

/// What a `select` waits for.
///
/// `@unchecked Sendable`: used by the strand that waits; the wait-for graph reads `cases`, which never changes.
public final class Selection: @unchecked Sendable {
  enum Source {
    case channel(ChannelObject)
    case event(EventObject)
    case task(TaskObject)
    /// A moment of the scheduler's clock.
    case moment(Int64)
  }

  let cases: [(receiver: Receiver, source: Source)]
  private let interpreter: Interpreter
  /// The locks of the channels and events, each once, in the order of their addresses.
  private let guarded: [Object]
  /// How to leave the lines that have been joined.
  private var leaving: [() -> Void] = []

  /// - Throws: `TypeError` for what cannot be waited for, `ValueError` if there is nothing.
  init(_ map: MapStorage, _ interpreter: Interpreter) throws(Raised) {
    guard map.count > 0 else { throw Raised(.valueError, "`select` of nothing would wait for ever") }
    let now = interpreter.scheduler.now
    var cases: [(Receiver, Source)] = []
    for (key, value) in map {
      let receiver = Receiver.choice(key: key)
      if let channel = value.object(.channel, as: ChannelObject.self) {
        cases.append((receiver, .channel(channel)))
      } else if let event = value.object(.event, as: EventObject.self) {
        cases.append((receiver, .event(event)))
      } else if let task = value.object(.task, as: TaskObject.self) {
        cases.append((receiver, .task(task)))
      } else if case .duration(let duration) = value {
        cases.append((receiver, .moment(now.addingOrLast(Int64(max(duration, 0))))))
      } else {
        let name = key.string?.text ?? brief(key)
        throw Raised(
          .typeError,
          "`select` waits for channels, tasks, events and durations: `\(name)` is \(value.typeName)")
      }
    }
    self.cases = cases
    self.interpreter = interpreter
    var seen: Set<ObjectIdentifier> = []
    guarded = cases.compactMap { one -> Object? in
      switch one.1 {
      case .channel(let channel): channel
      case .event(let event): event
      case .task, .moment: nil
      }
    }.filter { seen.insert(ObjectIdentifier($0)).inserted }.sorted {
      ObjectIdentifier($0) < ObjectIdentifier($1)
    }
  }

  /// The tasks among the cases, if all are: only then can the wait be part of a circle.
  var tasks: [TaskObject]? {
    var tasks: [TaskObject] = []
    for (_, source) in cases {
      guard case .task(let task) = source else { return nil }
      tasks.append(task)
    }
    return tasks
  }

  // MARK: Taking

  /// Takes from the first that is ready, or waits in all lines at once.
  func arm(_ waiter: Waiter) {
    withLocks {
      do throws(Raised) {
        if let value = try ready() {
          waiter.resume(with: value)
          return
        }
      } catch {
        waiter.resume(raising: error.error)
        return
      }
      for (receiver, source) in cases { join(source, receiver, waiter) }
    }
  }

  /// The wait is over: leaves the lines.
  func leave() {
    let leaving = leaving
    self.leaving = []
    for leave in leaving { leave() }
  }

  private func ready() throws(Raised) -> Value? {
    for (receiver, source) in cases {
      do throws(Raised) {
        switch source {
        case .channel(let channel):
          if let value = try channel.takeNow() { return receiver.given(value) }
        case .event(let event): if event.isSetNow { return receiver.given(.nil) }
        case .task(let task):
          switch task.outcome() {
          case .value(let value)?: return receiver.given(value)
          case .failure(let error)?: throw Raised(error)
          default: break
          }
        case .moment(let moment): if moment <= interpreter.scheduler.now { return receiver.given(.nil) }
        }
      } catch {
        throw Raised(receiver.given(error.error))
      }
    }
    return nil
  }

  private func join(_ source: Source, _ receiver: Receiver, _ waiter: Waiter) {
    switch source {
    case .channel(let channel):
      let place = channel.join(waiter, receiver)
      leaving.append { channel.leave(place) }
    case .event(let event):
      let place = event.join(waiter, receiver)
      leaving.append { event.leave(place) }
    case .task(let task):
      task.listeners.add(waiter, receiver)
      leaving.append { [interpreter] in interpreter.disarm(waiter, forEndOf: task) }
    case .moment(let moment):
      let scheduler = interpreter.scheduler
      let timer = scheduler.schedule(at: moment) { waiter.resume(with: receiver.given(.nil)) }
      leaving.append { scheduler.cancelTimer(timer) }
    }
  }

  /// Holds the tree lock, if there are tasks among the cases, and the locks of channels and events.
  private func withLocks(_ body: () -> Void) {
    let hasTasks = cases.contains { if case .task = $0.source { true } else { false } }
    if hasTasks { interpreter.tree.lock() }
    for object in guarded { Self.withLock(of: object) { $0.lock() } }
    defer {
      for object in guarded.reversed() { Self.withLock(of: object) { $0.unlock() } }
      if hasTasks { interpreter.tree.unlock() }
    }
    body()
  }

  private static func withLock(of object: Object, _ body: (borrowing Lock) -> Void) {
    switch object {
    case let channel as ChannelObject: body(channel.lock)
    case let event as EventObject: body(event.lock)
    default: break
    }
  }
}
