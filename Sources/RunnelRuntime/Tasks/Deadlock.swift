// Deadlocks: what becomes of tasks that wait for each other, or for nothing that could still happen (language.md §12.1).

import RunnelScheduler
import Synchronization

/// Failures that nobody has observed yet, in the order in which they came: one of them goes before a deadlock that it has led to.
struct UnobservedFailures {
  private var tasks: [TaskObject] = []
  private var forgetsAt = 32

  /// Amortised O(1): those that have been observed meanwhile are forgotten.
  mutating func add(_ task: TaskObject) {
    if tasks.count >= forgetsAt {
      tasks.removeAll { $0.isObserved || $0.scope.hasEnded }
      forgetsAt = max(32, tasks.count * 2)
    }
    tasks.append(task)
  }

  /// Has the first raised, if there is one, or the deadlock.
  /// - Parameter raise: says whether somebody has got it: then it has been observed.
  mutating func raiseFirst(or deadlock: ErrorObject, _ raise: (ErrorObject) -> Bool) -> Bool {
    tasks.removeAll { $0.isObserved || $0.scope.hasEnded }
    guard let task = tasks.first, let error = task.failure else { return raise(deadlock) }
    guard raise(error.copied()) else { return false }
    tasks.removeFirst()
    task.isObserved = true
    return true
  }
}

extension Interpreter {
  /// A strand has begun a wait: if that closes a circle, `Deadlock` is raised in it.
  func breakCircle(closedBy strand: Strand, _ waiter: Waiter) {
    if case .open = waiter.reason.target { return }
    if waiter.reason.isAgain, !strand.wasReached.load(ordering: .relaxed) { return }
    strand.wasReached.store(false, ordering: .relaxed)
    tree.withLock { breakCircleLocked(closedBy: strand, waiter) }
  }

  /// Under the tree lock.
  func breakCircleLocked(closedBy strand: Strand, _ waiter: Waiter) {
    // Where tasks are stopped to break it, others may still stand in it: those that a shield protects.
    while waiter.isPending, let circle = WaitGraph.circle(closedBy: strand, waiter.reason.target) {
      let count = circle.count
      let text =
        count == 1
        ? "\(strand.label) waits for itself" : "\(count) tasks wait for each other, and none can go on"
      guard raise(DeadlockReport.error(text, circle), in: circle) else { return }
    }
  }

  /// Nothing is ready, and nothing can make anything ready: `Deadlock` is raised in the main strand.
  /// - Returns: whether somebody has been woken by it.
  func endStandstill(of main: Strand) -> Bool {
    tree.withLock {
      // Between two pieces of a session nothing runs, and nothing has to.
      guard main.isWaiting else { return false }
      let all = waitingStrands(first: main)
      return raise(DeadlockReport.error("every task waits, and nothing can wake any of them", all), in: all)
    }
  }

  /// Every strand that waits, that one first, then by the tree.
  private func waitingStrands(first main: Strand) -> [Strand] {
    var found = [main]
    // A list of what is left to do: tasks may be nested as deeply as they like.
    var left = [mainStrand ?? main]
    while let strand = left.popLast() {
      if strand !== main, strand.isWaiting { found.append(strand) }
      left += strand.busyScopes.flatMap(\.live.all).sorted { $0.id > $1.id }.compactMap(\.strand)
    }
    return found
  }

  /// Raises an error in the first of some strands, or, where that waits for what must be waited for, in the scope that it waits at,
  /// which stops its tasks; if that has been done, in the next that can be woken. An unobserved failure goes before it.
  /// - Returns: whether it was raised.
  private func raise(_ deadlock: ErrorObject, in strands: [Strand]) -> Bool {
    for strand in strands {
      guard let waiter = strand.pendingWait else { continue }
      if waiter.isInterruptible {
        return unobserved.raiseFirst(or: deadlock) { waiter.resume(deadlock: $0) }
      }
      guard case .tasks(let scope) = waiter.reason.target, scope.failure == nil, scope.cancelReason == nil
      else { continue }
      deadlock.add(place: { strand.waitingNow?.place?.with(role: .raised) })
      return unobserved.raiseFirst(or: deadlock) { error in
        scope.failure = error
        return cancelLocked(scope, .failure)
      }
    }
    return false
  }
}

/// What a deadlock is made of, in words and as data.
private enum DeadlockReport {
  /// More tasks than these are not named.
  static let limit = 20

  /// An error that names each strand, what it holds and what it waits for, and where: as notes, and as the list `tasks`.
  static func error(_ text: String, _ strands: [Strand]) -> ErrorObject {
    let error = ErrorObject(.deadlock, text)
    var records: [Value] = []
    for strand in strands.prefix(limit) {
      let wait = strand.waitingNow
      let holdings = strand.lockOwner.holdings
      error.add(note: strand.account)
      records.append(
        .record([
          "task": .string(strand.label),
          "waits_for": wait.map { .string($0.reason.account) } ?? .nil,
          "at": wait?.place.map { .string($0.location) } ?? .nil,
          "holds": .list(
            holdings.map { holding in
              .record([
                "what": .string(holding.object.label),
                "at": holding.place?.entry(.called).map { .string($0.location) } ?? .nil,
              ])
            }),
        ]))
    }
    if strands.count > limit { error.add(note: "and \(strands.count - limit) more") }
    error.data.set(.string("tasks"), .list(records))
    return error
  }
}

extension Strand {
  /// One line: what it waits for and where, what it holds and since where.
  fileprivate var account: String {
    var text = label
    if let wait = waitingNow {
      text += " waits for \(wait.reason.account)"
      if let place = wait.place { text += ", at \(place.location)" }
    }
    return text + heldAccount
  }

  /// `; it holds lock 1 (taken at f.rnl:3:8)`, or nothing.
  var heldAccount: String {
    let held = lockOwner.holdings.map { holding in
      holding.object.label
        + (holding.place?.entry(.called).map { " (taken at \($0.location))" } ?? "")
    }
    return held.isEmpty ? "" : "; it holds " + held.joined(separator: ", ")
  }
}

extension WaitDescription {
  /// `lock 2, which task 3 holds`.
  var account: String {
    if case .task(let task) = target { return task.label }
    if case .holder(let object) = target, let holder = object.holder {
      return "\(what), which \(holder.label) holds"
    }
    return what
  }
}
