// Shared values: one value that many tasks read and replace, one at a time (language.md §12).

import RunnelScheduler

/// A shared value.
///
/// `@unchecked Sendable`: all that changes is guarded by `lock`.
final class SharedObject: HoldableObject, @unchecked Sendable {
  private enum Want {
    case read
    case write(Value)
    /// To be the one who changes it, until `finish`.
    case turn(Strand, Holding)
  }

  private let lock = Lock()
  private var value: Value
  /// Who runs a function on it now.
  private var changer: Strand?
  /// Not empty only while somebody does.
  private var line = WaitLine<Want>()

  init(_ value: Value) {
    self.value = value
    super.init(tag: .shared)
  }

  override var typeName: String { "shared" }
  override var label: String { "the turn to change a shared value" }
  override var holder: Strand? { lock.withLock { changer } }

  // MARK: At once

  /// The value; nil if somebody has to be waited for.
  func tryGet(_ strand: Strand) throws(Raised) -> Value? {
    try lock.withLock { () throws(Raised) in try isFree(for: strand) ? value : nil }
  }

  func trySet(_ new: Value, _ strand: Strand) throws(Raised) -> Bool {
    try lock.withLock { () throws(Raised) in
      guard try isFree(for: strand) else { return false }
      value = new
      return true
    }
  }

  /// Begins a change and gives the value; nil if somebody has to be waited for.
  func tryBegin(_ strand: Strand) throws(Raised) -> Value? {
    try lock.withLock { () throws(Raised) in
      guard try isFree(for: strand) else { return nil }
      begin(strand, strand.holding(self))
      return value
    }
  }

  private func begin(_ strand: Strand, _ holding: Holding) {
    strand.hold(holding)
    changer = strand
  }

  private func isFree(for strand: Strand) throws(Raised) -> Bool {
    guard let changer else { return true }
    guard changer !== strand else {
      throw Raised(
        .deadlock, "\(strand.label) is changing this shared value, and cannot use it within that function")
    }
    return false
  }

  // MARK: Waiting

  func getting() -> Wait { wait(for: .read) }

  func setting(_ new: Value) -> Wait { wait(for: .write(new)) }

  func beginning(_ strand: Strand) -> Wait { wait(for: .turn(strand, strand.holding(self))) }

  private func wait(for want: Want) -> Wait {
    .other(WaitDescription("a shared value that another task changes", on: .holder(of: self))) {
      [self] waiter in
      lock.withLock {
        guard changer != nil else {
          serve(want, waiter)
          return {}
        }
        let place = line.join(waiter, want)
        return { self.lock.withLock { self.line.leave(place) } }
      }
    }
  }

  private func serve(_ want: Want, _ waiter: Waiter) {
    switch want {
    case .read: waiter.resume(with: value)
    case .write(let new): if waiter.resume(with: .nil) { value = new }
    case .turn(let strand, let holding):
      // Before that one can go on.
      begin(strand, holding)
      if !waiter.resume(with: value) { end(strand) }
    }
  }

  /// Ends a change, with the new value or, if its function failed, without one; those who wait have their turn.
  func finish(_ new: Value?, _ strand: Strand) {
    lock.withLock {
      guard changer === strand else { return }
      if let new { value = new }
      end(strand)
      while changer == nil, let next = line.next() { serve(next.want, next.waiter) }
    }
  }

  private func end(_ strand: Strand) {
    strand.letGo(of: self)
    changer = nil
  }
}
