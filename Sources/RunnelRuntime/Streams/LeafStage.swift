// `filter` and `map` by a leaf function over a native source, as `$(seq 100) | filter(line => line.ends_with("7"))`: the lines are
// tested in native code, many at a time, and only those that pass reach the stage's own loop. The stage is what it was, a
// generator that may go on in a task of its own; its loop has less to do.

import RunnelScheduler

/// The part of a stage that native code does.
///
/// `@unchecked Sendable`: used by one strand at a time, as every source.
final class LeafStage: StreamSource, @unchecked Sendable {
  private let upstream: StreamObject
  private let source: any StreamSource
  private let function: LeafFunction
  private let filters: Bool
  private let done = ItemBatch()
  /// It has met an item that the machine has to look at: that one, and all that follow, are for `rest`.
  private var leaves = false
  private var first: Value?
  /// Its reader has come to the end of what it has done: from now on `rest` has what the stage reads, and closes it.
  private var handsOver = false

  /// As many items are done at once, if some pass, and so many if none does.
  private static let batch = 32
  private static let limit = 256

  /// What a stage reads: first what native code has done with the items, then the items that it has left, which the function is to be
  /// called for. One of the two may be empty from the beginning.
  ///
  /// - Parameter filters: the function tests the items; else it gives what takes their place.
  static func split(_ stream: StreamObject, _ function: Value, filters: Bool) throws(Raised) -> (
    done: Value, left: Value
  ) {
    guard let source = stream.source, stream.hold == .none, let leaf = LeafFunction(function) else {
      return (.list([]), .object(stream))
    }
    try stream.take()
    let stage = LeafStage(stream, source, leaf, filters: filters)
    return (.object(StreamObject(source: stage)), .object(StreamObject(source: Rest(stage))))
  }

  private init(
    _ upstream: StreamObject, _ source: any StreamSource, _ function: LeafFunction, filters: Bool
  ) {
    self.upstream = upstream
    self.source = source
    self.function = function
    self.filters = filters
  }

  var ready: ItemBatch? { done }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    if let item = done.takeFirst() { return .item(item) }
    done.removeAll()
    // Virtual time repeats, however fast the machine is.
    let isTimed = !strand.interpreter.scheduler.repeats
    let tick = isTimed ? CoarseClock.now() : 0
    for count in 1...Self.limit {
      if leaves { break }
      if !upstream.takeReady(into: function.item) {
        // What is there goes on before anything that takes time, or fails.
        guard done.isEmpty else { break }
        switch try nextOfSource(strand) {
        case .item(let item): function.item.pointee = item
        case let other: return other
        }
      }
      process(strand)
      if done.count == Self.batch || (isTimed && count % 4 == 0 && CoarseClock.now() != tick) { break }
    }
    if let item = done.takeFirst() { return .item(item) }
    guard leaves else { return .turn }
    handsOver = true
    return .end
  }

  private func process(_ strand: Strand) {
    let item = function.item
    guard let result = function.apply(strand) else { return leave() }
    guard filters else {
      done.append(result)
      item.put(.nil)
      return
    }
    guard case .bool(let passes) = result else { return leave() }
    if passes {
      done.append(item.move())
      item.initialize(to: .nil)
    } else {
      item.put(.nil)
    }
  }

  private func leave() {
    leaves = true
    first = function.item.pointee
    function.item.put(.nil)
  }

  /// What comes after `ready` of the stream before.
  private func nextOfSource(_ strand: Strand) throws(Raised) -> StreamStep {
    if upstream.isClosed { return .end }
    return try source.next(strand)
  }

  func fill(_ strand: Strand) async throws(Raised) { try await source.fill(strand) }
  func wait() -> Wait? { source.wait() }

  func close() {
    if !handsOver { _ = upstream.close() }
  }

  /// The items that have been left.
  private final class Rest: StreamSource {
    private let stage: LeafStage

    init(_ stage: LeafStage) { self.stage = stage }

    func next(_ strand: Strand) throws(Raised) -> StreamStep {
      guard stage.leaves else { return .end }
      if let item = stage.first.take() { return .item(item) }
      var item = Value.nil
      if withUnsafeMutablePointer(to: &item, { stage.upstream.takeReady(into: $0) }) { return .item(item) }
      return try stage.nextOfSource(strand)
    }

    func fill(_ strand: Strand) async throws(Raised) { try await stage.source.fill(strand) }
    func wait() -> Wait? { stage.source.wait() }
    func close() { _ = stage.upstream.close() }
  }
}
