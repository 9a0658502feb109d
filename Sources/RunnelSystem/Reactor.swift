// Turns what the kernel has to say into completions: one epoll, one eventfd to be woken by. Nothing is
// created before it is needed, because start-up is a feature (docs/architecture.md, "Start-up").
//
// Each watch is for one event. The kernel disarms a descriptor when it reports it (EPOLLONESHOT), and each
// watch arms it anew; so a watch costs one system call, a cancelled one costs none, and the table cannot go
// wrong when numbers of closed descriptors are used again: the kernel forgets a closed file by itself, and
// arming falls back from "change" to "add" and the other way.

internal import CRunnelSystem
internal import Glibc
public import RunnelScheduler
internal import Synchronization

/// Names one watch, also after it has completed.
public struct WatchID: Hashable, Sendable {
  let descriptor: Int32
  let event: Reactor.Event
  let sequence: UInt64
}

/// Waits for descriptors. `watch`, `cancel` and `wake` are for any thread, `poll` for one at a time.
///
/// `@unchecked Sendable`: all stored state is protected by `lock`, but for `events`, which belongs to the thread
/// that polls, and the atomics.
public final class Reactor: IdlePoller, @unchecked Sendable {
  /// What to wait for.
  public enum Event: Sendable {
    /// A read would not wait: there are bytes, the end of the file, or an error.
    case readable
    /// A write would not wait: there is room, or nobody reads any more.
    case writable
  }

  /// What runs when the event has come, on the polling thread. It is a hint: try, and watch again if need be.
  public typealias Completion = @Sendable () -> Void

  private struct Watch {
    let sequence: UInt64
    let isBackground: Bool
    let completion: Completion
  }

  private struct Interest {
    var readers: [Watch] = []
    var writers: [Watch] = []
    /// Whether the kernel probably knows the descriptor; decides only what is tried first.
    var isKnown = false

    var mask: UInt32 {
      (readers.isEmpty ? 0 : EPOLLIN.rawValue) | (writers.isEmpty ? 0 : EPOLLOUT.rawValue)
    }
  }

  private let lock = Lock()
  /// By descriptor.
  private var interests: [Interest] = []
  /// Watches that need no waiting, by descriptor and event: regular files, or what epoll refuses.
  private var immediate: [WatchID] = []
  private var lastSequence: UInt64 = 0
  private var epoll: Int32 = -1
  private var wakeEvent: Int32 = -1
  /// Whether a wake-up is written that no poll has taken.
  private let isWoken = Atomic<Bool>(false)
  private let foreground = Atomic<Int>(0)

  private static let eventCount = 128
  private static let wakeMark = UInt64.max
  private var events: UnsafeMutablePointer<epoll_event>?

  /// A reactor without any descriptor.
  public init() {}

  deinit {
    events?.deallocate()
    if epoll >= 0 { _ = close(epoll) }
    if wakeEvent >= 0 { _ = close(wakeEvent) }
  }

  // MARK: Watches

  /// Calls `completion` once, when the event comes. From any thread; it never calls it right here.
  ///
  /// A regular file is ready at once, and so is a descriptor that cannot be watched: its read or write will
  /// say why. Any number of watches for one descriptor is fine. Cancel them before it is closed.
  ///
  /// - Parameter isBackground: it alone is no reason to wait (signals): see `interestCount`.
  @discardableResult
  public func watch(
    _ descriptor: Int32, for event: Event, isBackground: Bool = false, completion: @escaping Completion
  ) -> WatchID {
    if !isBackground { foreground.wrappingAdd(1, ordering: .relaxed) }
    let (watch, mustWake) = lock.withLock {
      lastSequence += 1
      let id = WatchID(descriptor: descriptor, event: event, sequence: lastSequence)
      let watch = Watch(sequence: lastSequence, isBackground: isBackground, completion: completion)
      let index = Int(max(0, descriptor))
      while interests.count <= index { interests.append(Interest()) }
      switch event {
      case .readable: interests[index].readers.append(watch)
      case .writable: interests[index].writers.append(watch)
      }
      // A poll that is under way on another thread knows nothing of an epoll that did not exist.
      let isFirst = epoll < 0
      let isArmed = descriptor >= 0 && arm(descriptor)
      if !isArmed { immediate.append(id) }
      return (id, isFirst || !isArmed)
    }
    if mustWake { wake() }
    return watch
  }

  /// Takes a watch back. From any thread.
  ///
  /// - Returns: whether it will not complete; false if it has, or is being completed just now.
  @discardableResult
  public func cancel(_ watch: WatchID) -> Bool {
    // Freed outside the lock: what the completion captures may call back here when it goes.
    let taken = lock.withLock { take(watch) }
    guard let taken else { return false }
    forget(taken)
    return true
  }

  /// How many watches are outstanding, those in the background not counted. Cheap.
  public var interestCount: Int { foreground.load(ordering: .acquiring) }

  public var hasInterests: Bool { interestCount > 0 }

  // MARK: Polling

  public func wake() {
    guard !isWoken.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let event = lock.withLock { wakeDescriptor() }
    var one: UInt64 = 1
    _ = write(event, &one, 8)
  }

  public func poll(timeoutNanoseconds: Int64?) {
    var timeout = timeoutNanoseconds.map { max(0, $0) } ?? -1
    let (epoll, wakeEvent, ready) = lock.withLock {
      let ready = immediate.compactMap(take)
      immediate.removeAll(keepingCapacity: true)
      if timeout != 0, ready.isEmpty { _ = wakeDescriptor() }
      return (self.epoll, self.wakeEvent, ready)
    }
    if !ready.isEmpty {
      timeout = 0
      for watch in ready { complete(watch) }
    }
    if epoll >= 0 {
      dispatch(epoll, timeout)
    } else if wakeEvent >= 0, timeout != 0 || isWoken.load(ordering: .relaxed) {
      if runnel_wait_readable(wakeEvent, timeout) > 0 { takeWakeUp(wakeEvent) }
    }
  }

  private func dispatch(_ epoll: Int32, _ timeout: Int64) {
    let events = eventBuffer()
    let count = runnel_epoll_wait(epoll, events, Int32(Self.eventCount), timeout)
    // EINTR: a signal has come, and its eventfd is readable at the next turn.
    guard count > 0 else { return }
    for index in 0..<Int(count) {
      let event = events[index]
      if event.data.u64 == Self.wakeMark {
        takeWakeUp(lock.withLock { wakeEvent })
      } else {
        dispatch(event, on: event.data.fd)
      }
    }
  }

  private func dispatch(_ event: epoll_event, on descriptor: Int32) {
    let failed = EPOLLERR.rawValue | EPOLLHUP.rawValue
    let isReadable = event.events & (EPOLLIN.rawValue | failed) != 0
    let isWritable = event.events & (EPOLLOUT.rawValue | failed) != 0
    let ready = lock.withLock {
      let index = Int(descriptor)
      guard interests.indices.contains(index) else { return [Watch]() }
      var ready: [Watch] = []
      if isReadable {
        ready = interests[index].readers
        interests[index].readers = []
      }
      if isWritable {
        ready += interests[index].writers
        interests[index].writers = []
      }
      // Reporting has disarmed it; the other direction still waits.
      if interests[index].mask != 0, !arm(descriptor) { ready += takeAll(index) }
      return ready
    }
    for watch in ready { complete(watch) }
  }

  /// Runs a completion before it stops counting, so that nobody sees a moment without interests in between.
  private func complete(_ watch: Watch) {
    watch.completion()
    forget(watch)
  }

  private func forget(_ watch: Watch) {
    if !watch.isBackground { foreground.wrappingSubtract(1, ordering: .releasing) }
  }

  private func takeWakeUp(_ event: Int32) {
    // First the counter, then the flag. Who wakes in between does not write, and need not: this poll is
    // returning, and the exchange makes what he did before visible to it.
    var count: UInt64 = 0
    _ = read(event, &count, 8)
    _ = isWoken.exchange(false, ordering: .acquiringAndReleasing)
  }

  private func eventBuffer() -> UnsafeMutablePointer<epoll_event> {
    if let events { return events }
    let buffer = UnsafeMutablePointer<epoll_event>.allocate(capacity: Self.eventCount)
    events = buffer
    return buffer
  }

  // MARK: Under the lock

  private func take(_ watch: WatchID) -> Watch? {
    let index = Int(max(0, watch.descriptor))
    guard interests.indices.contains(index) else { return nil }
    switch watch.event {
    case .readable:
      guard let place = interests[index].readers.firstIndex(where: { $0.sequence == watch.sequence }) else {
        return nil
      }
      return interests[index].readers.remove(at: place)
    case .writable:
      guard let place = interests[index].writers.firstIndex(where: { $0.sequence == watch.sequence }) else {
        return nil
      }
      return interests[index].writers.remove(at: place)
    }
  }

  private func takeAll(_ index: Int) -> [Watch] {
    let all = interests[index].readers + interests[index].writers
    interests[index].readers = []
    interests[index].writers = []
    return all
  }

  /// Tells the kernel what `descriptor` is watched for.
  ///
  /// - Returns: false if it cannot be watched (`EPERM`: regular files) and therefore counts as ready.
  private func arm(_ descriptor: Int32) -> Bool {
    let epoll = epollDescriptor()
    guard epoll >= 0 else { return false }
    let index = Int(descriptor)
    var event = epoll_event()
    event.events = interests[index].mask | EPOLLONESHOT.rawValue
    event.data.fd = descriptor
    let first = interests[index].isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
    if epoll_ctl(epoll, first, descriptor, &event) != 0 {
      let second: Int32
      switch errno {
      case ENOENT: second = EPOLL_CTL_ADD
      case EEXIST: second = EPOLL_CTL_MOD
      default: return false
      }
      guard epoll_ctl(epoll, second, descriptor, &event) == 0 else { return false }
    }
    interests[index].isKnown = true
    return true
  }

  private func epollDescriptor() -> Int32 {
    guard epoll < 0 else { return epoll }
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    addWakeEvent()
    return epoll
  }

  private func wakeDescriptor() -> Int32 {
    guard wakeEvent < 0 else { return wakeEvent }
    wakeEvent = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    addWakeEvent()
    return wakeEvent
  }

  /// Watches the eventfd once both exist.
  private func addWakeEvent() {
    guard epoll >= 0, wakeEvent >= 0 else { return }
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.u64 = Self.wakeMark
    _ = epoll_ctl(epoll, EPOLL_CTL_ADD, wakeEvent, &event)
  }
}
