// Locks: held by one task at a time, handed to the next in line (language.md §12).

import RunnelScheduler

/// A lock.
///
/// `@unchecked Sendable`: all that changes is guarded by `guardian`.
final class LockObject: HoldableObject, @unchecked Sendable {
  /// Who wants it, and where in the script.
  struct Want {
    fileprivate let strand: Strand
    fileprivate let holding: Holding

    init(_ taker: Strand, of lock: LockObject) {
      strand = taker.lockOwner
      holding = taker.holding(lock)
    }
  }

  let id: Int
  let rank: Int?
  private let guardian = Lock()
  private var owner: Strand?
  /// Not empty only while somebody holds it.
  private var line = WaitLine<Want>()

  init(id: Int, rank: Int?) {
    self.id = id
    self.rank = rank
    super.init(tag: .lock)
  }

  override var typeName: String { "lock" }
  override var label: String { rank.map { "lock \(id) (rank \($0))" } ?? "lock \(id)" }
  override var holder: Strand? { guardian.withLock { owner } }
  var isHeld: Bool { guardian.withLock { owner != nil } }

  // MARK: Taking

  /// Takes it if it is free; says false if somebody has to be waited for.
  /// - Throws: `Deadlock` if the task holds it already, `LockOrder` if it holds one whose rank is not below this one's.
  func acquireAtOnce(_ strand: Strand) throws(Raised) -> Bool {
    let taker = strand.lockOwner
    guard holder !== taker else {
      throw Raised(.deadlock, "\(strand.label) takes \(label), which it holds already\(taker.wherever(self))")
    }
    try checkRank(taker)
    return takeIfFree(strand, taker)
  }

  /// The same for who has only lent it, which is no new order of locks: true also if it has not.
  func retake(_ strand: Strand) -> Bool {
    let taker = strand.lockOwner
    return holder === taker || takeIfFree(strand, taker)
  }

  /// The same for who would rather not wait, for whatever holder.
  func tryAcquire(_ strand: Strand) throws(Raised) -> Bool {
    let taker = strand.lockOwner
    guard !isHeld else { return false }
    try checkRank(taker)
    return takeIfFree(strand, taker)
  }

  private func takeIfFree(_ strand: Strand, _ taker: Strand) -> Bool {
    guardian.withLock {
      guard owner == nil else { return false }
      owner = taker
      taker.hold(strand.holding(self))
      return true
    }
  }

  /// Ranks rise: so no two tasks take two locks in opposite order.
  private func checkRank(_ taker: Strand) throws(Raised) {
    guard let rank, let highest = taker.highestRank, highest.rank >= rank else { return }
    throw Raised(
      .lockOrder,
      "\(label) cannot be taken by who holds \(highest.lock.label)\(taker.wherever(highest.lock)): ranks must rise"
    )
  }

  /// The wait for it.
  func acquiring(_ strand: Strand) -> Wait {
    let want = Want(strand, of: self)
    return .other(WaitDescription(label, on: .holder(of: self))) { [self] waiter in join(waiter, want) }
  }

  /// Gives it to one who waits, or has that one stand in line.
  /// - Returns: how to leave the line.
  func join(_ waiter: Waiter, _ want: Want) -> () -> Void {
    guardian.withLock {
      guard owner != nil else {
        _ = give(to: waiter, want)
        return {}
      }
      let place = line.join(waiter, want)
      return { self.guardian.withLock { self.line.leave(place) } }
    }
  }

  /// Noted with its new holder before that one can go on, and taken back if it was given up at the same moment.
  private func give(to waiter: Waiter, _ want: Want) -> Bool {
    want.strand.hold(want.holding)
    owner = want.strand
    if waiter.resume(with: .nil) { return true }
    want.strand.letGo(of: self)
    owner = nil
    return false
  }

  // MARK: Giving back

  /// The next in line has it.
  /// - Throws: `ValueError` unless the task holds it.
  func release(_ strand: Strand) throws(Raised) {
    let taker = strand.lockOwner
    let current = holder
    guard current === taker else {
      throw Raised(
        .valueError,
        current.map { "\(label) is held by \($0.label): only who holds a lock can release it" }
          ?? "\(label) is not held")
    }
    passOn(from: taker)
  }

  override func giveBack(by strand: Strand) { passOn(from: strand.lockOwner) }

  /// Nothing if that one does not hold it.
  func passOn(from taker: Strand) {
    guardian.withLock {
      guard owner === taker else { return }
      taker.letGo(of: self)
      owner = nil
      while let next = line.next() { if give(to: next.waiter, next.want) { return } }
    }
  }
}

extension Strand {
  /// The lock of the highest rank that it holds.
  fileprivate var highestRank: (rank: Int, lock: LockObject)? {
    var highest: (rank: Int, lock: LockObject)?
    for holding in holdings {
      guard let lock = holding.object as? LockObject, let rank = lock.rank, lock.holder === self,
        rank > highest?.rank ?? Int.min
      else { continue }
      highest = (rank, lock)
    }
    return highest
  }

  /// Where it took what it holds, for messages.
  fileprivate func wherever(_ object: HoldableObject) -> String {
    holdings.first { $0.object === object }?.place?.entry(.called).map { " (taken at \($0.location))" } ?? ""
  }

  /// Its task has ended: what it has not released is, and that is how the task has failed (language.md §12.3).
  func releasingLocks(_ result: Result<Value, Raised>) -> Result<Value, Raised> {
    let left = holdings.compactMap { holding in
      (holding.object as? LockObject).flatMap { $0.holder === self ? (lock: $0, holding.place) : nil }
    }
    guard !left.isEmpty else { return result }
    let names = left.map { $0.lock.label + wherever($0.lock) }.joined(separator: ", ")
    for (lock, _) in left { lock.passOn(from: self) }
    let error = ErrorObject(
      .error, "\(label) ended holding \(names); it has been released: hold locks by `with`")
    error.add(place: { left.first?.1?.entry(.raised) })
    if case .failure(let raised) = result {
      if raised.error.kind === ErrorKind.exit { return result }
      if raised.error.kind !== ErrorKind.cancelled {
        raised.error.add(suppressed: error)
        return result
      }
      for other in raised.error.suppressed { error.add(suppressed: other) }
    }
    return .failure(Raised(error))
  }
}
