// Streams: what is read item by item, once. A stream is either a generator, which the machine runs itself,
// or a native source (a file's lines, a command's output, a directory walk).

/// What a native source gives when asked for an item.
public enum StreamStep {
  case item(Value)
  case end
  /// Nothing yet: `fill` waits for more.
  case wait
}

/// Where a native stream's items come from. Used by one strand at a time.
public protocol StreamSource: AnyObject, Sendable {
  /// The next item, if it is there without waiting.
  func next(_ strand: Strand) throws(Raised) -> StreamStep
  /// Waits, through the strand's door, until `next` can go on.
  func fill(_ strand: Strand) async throws(Raised)
  /// Lets go of what it holds. Called once at most, also after the end.
  func close()
}

/// A stream.
public final class StreamObject: Object, @unchecked Sendable {
  /// The native source; nil for a generator's stream.
  public let source: (any StreamSource)?
  /// Whether a reader has begun: a stream can be read once (language.md §14.0).
  var isTaken = false
  var isClosed = false

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

  /// The fiber of a generator; nil for a native source.
  let generator: Fiber?

  public init(source: any StreamSource) {
    self.source = source
    generator = nil
    super.init(tag: .stream)
  }

  init(generator: Fiber) {
    source = nil
    self.generator = generator
    super.init(tag: .stream)
  }

  public override var typeName: String { "stream" }

  /// The same stream for a stage that reads it an item at a time. Nobody else can read it then.
  func held() throws(Raised) -> StreamObject {
    try take()
    let stream =
      generator.map { StreamObject(generator: $0) } ?? StreamObject(source: source ?? ListSource([]))
    stream.isClosed = isClosed
    stream.hold = .held
    return stream
  }

  /// A reader begins.
  func take() throws(Raised) {
    if isTaken, hold == .none {
      throw Raised(.valueError, "the stream is read already: a stream can be read once")
    }
    isTaken = true
  }
}

/// A source over items that are already there.
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
