// Streams: what is read item by item, once. A stream is either a generator, which the machine runs itself,
// or a native source (a file's lines, a command's output, a directory walk).
//
// Tasks may hold the same stream, but one reads it: the first that takes it. Only who has taken a stream touches its source or its
// generator; who closes one that another task reads leaves a mark, at which the reader stops.

import Synchronization

/// What a native source gives when asked for an item.
public enum StreamStep {
  case item(Value)
  case end
  /// Nothing yet: `fill` waits for more.
  case wait
  /// Nothing yet, although it has computed for a while: it is to be asked again when others have had their turn.
  case turn
}

/// Where a native stream's items come from. Used by one strand at a time: the one that has taken the stream.
public protocol StreamSource: AnyObject, Sendable {
  /// The next item, if it is there without waiting.
  func next(_ strand: Strand) throws(Raised) -> StreamStep
  /// Waits, through the strand's door, until `next` can go on.
  func fill(_ strand: Strand) async throws(Raised)
  /// What to wait for instead of `fill`, where that needs no Swift task; nil if it does.
  func wait() -> Wait?
  /// Lets go of what it holds. Called once at most, also after the end.
  func close()
  /// What `next` would give before anything else, for a source that gets several items at once: its reader takes them from here.
  var ready: ItemBatch? { get }
}

extension StreamSource {
  public func fill(_ strand: Strand) async throws(Raised) {}
  public func wait() -> Wait? { nil }
  public var ready: ItemBatch? { nil }
}

/// A stream.
///
/// `@unchecked Sendable`: `generator`, `source`, `hold` and `link` are used by the strand that has taken the stream.
public final class StreamObject: Object, @unchecked Sendable {
  /// The native source; nil for a generator's stream.
  public let source: (any StreamSource)?

  /// What a stream has in common with the same stream held by a stage.
  private final class Use: Sendable {
    let isTaken = Atomic<Bool>(false)
    let isClosed = Atomic<Bool>(false)
    let isReleased = Atomic<Bool>(false)
  }
  private let use: Use

  /// Whether a stage reads it an item at a time, by a loop for each (`zip`).
  enum Hold {
    /// The one loop that reads it closes it.
    case none
    /// A loop that is left does not close it, and another goes on.
    case held
    /// The stage has done with it: one more loop reads nothing and closes it.
    case letGo
  }
  var hold = Hold.none

  /// For a stage of a pipeline: how its reader runs it.
  var link: StageLink?

  /// What its source, or the stage in a task of its own, has ready; kept by that.
  @exclusivity(unchecked) private var ready: Unmanaged<ItemBatch>?

  /// The fiber of a generator; nil for a native source.
  let generator: Fiber?

  public init(source: any StreamSource) {
    self.source = source
    ready = source.ready.map { .passUnretained($0) }
    generator = nil
    use = Use()
    super.init(tag: .stream)
  }

  init(generator: Fiber) {
    source = nil
    self.generator = generator
    use = Use()
    super.init(tag: .stream)
  }

  private init(held stream: StreamObject) {
    source = stream.source
    ready = stream.ready
    generator = stream.generator
    use = stream.use
    hold = .held
    super.init(tag: .stream)
  }

  public override var typeName: String { "stream" }

  /// The same stream for a stage that reads it an item at a time. Nobody else can read it then.
  func held() throws(Raised) -> StreamObject {
    try take()
    return StreamObject(held: self)
  }

  /// Whether a reader has begun: a stream can be read once (language.md §14.0).
  var isTaken: Bool { use.isTaken.load(ordering: .acquiring) }

  /// A reader begins.
  func take() throws(Raised) {
    guard hold == .none else { return }
    guard tryTake() else {
      throw Raised(.valueError, "the stream is read already: a stream can be read once")
    }
  }

  private func tryTake() -> Bool {
    use.isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
  }

  /// Its stage runs in a task of its own from now on, and leaves its items here.
  func readsFrom(_ buffer: StageBuffer) { ready = .passUnretained(buffer.ready) }

  /// Moves the next item to a register if it is there already, and says whether it was: by its reader.
  @inline(__always)
  func takeReady(into register: UnsafeMutablePointer<Value>) -> Bool {
    guard let ready, !isClosed else { return false }
    return ready._withUnsafeGuaranteedRef { $0.takeFirst(into: register) }
  }

  /// Nothing more is to be read from it.
  var isClosed: Bool { use.isClosed.load(ordering: .acquiring) }

  /// By its reader: lets go of the source. Says whether it was open until now.
  func close() -> Bool {
    let wasOpen = !use.isClosed.exchange(true, ordering: .acquiringAndReleasing)
    if !use.isReleased.exchange(true, ordering: .acquiringAndReleasing) { source?.close() }
    return wasOpen
  }

  /// By anybody: nothing more is to be read. If it has a reader, that lets go of the source, as soon as it asks for an item.
  func closeFromOutside() {
    if tryTake() { _ = close() } else { use.isClosed.store(true, ordering: .releasing) }
  }
}

/// A source over items that are already there.
///
/// `@unchecked Sendable`: used by one strand at a time, as every source.
final class ListSource: StreamSource, @unchecked Sendable {
  private let items: [Value]
  private var position = 0

  init(_ items: [Value]) { self.items = items }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    guard position < items.count else { return .end }
    defer { position += 1 }
    return .item(items[position])
  }

  func fill(_ strand: Strand) async throws(Raised) {}
  func close() {}
}
