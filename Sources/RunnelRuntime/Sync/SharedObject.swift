// Shared values: one value that many tasks read and replace, one at a time (language.md §12).

import RunnelScheduler

/// A shared value.
///
/// `@unchecked Sendable`: all that changes is guarded by `lock`.
final class SharedObject: Object, @unchecked Sendable {
  private enum Want {
    case read
    case write(Value)
    /// To be the one who changes it, until `finish`.
    case turn(Strand)
  }

  private let lock = Lock()
  private var value: Value
  /// Who runs a function on it now.
  private var holder: Strand?
  /// Not empty only while there is a holder.
  private var line = WaitLine<Want>()

  init(_ value: Value) {
    self.value = value
    super.init(tag: .shared)
  }

  override var typeName: String { "shared" }

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
      holder = strand
      return value
    }
  }

  private func isFree(for strand: Strand) throws(Raised) -> Bool {
    guard let holder else { return true }
    guard holder !== strand else {
      throw Raised(
        .deadlock, "\(strand.label) is changing this shared value, and cannot use it within that function")
    }
    return false
  }

  // MARK: Waiting

  func getting() -> Wait { wait(for: .read) }

  func setting(_ new: Value) -> Wait { wait(for: .write(new)) }

  func beginning(_ strand: Strand) -> Wait { wait(for: .turn(strand)) }

  private func wait(for want: Want) -> Wait {
    .other(WaitDescription("a shared value that another task changes")) { [self] waiter in
      lock.withLock {
        guard holder != nil else {
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
    case .turn(let strand): if waiter.resume(with: value) { holder = strand }
    }
  }

  /// Ends a change, with the new value or, if its function failed, without one; those who wait have their turn.
  func finish(_ new: Value?, _ strand: Strand) {
    lock.withLock {
      guard holder === strand else { return }
      if let new { value = new }
      holder = nil
      while holder == nil, let next = line.next() { serve(next.want, next.waiter) }
    }
  }
}
