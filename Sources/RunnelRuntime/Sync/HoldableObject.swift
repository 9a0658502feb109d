// What a task can hold so that others have to wait for it: a lock, a permit of a semaphore, the turn to change a shared value.

/// The base of what can be held.
///
/// `@unchecked Sendable`: holds nothing itself; what a subclass adds is the subclass's to answer for.
class HoldableObject: Object, @unchecked Sendable {
  /// Who holds it, where that is one and others wait for that one: an edge of the wait-for graph. Takes the object's own lock.
  var holder: Strand? { nil }
  /// What reports call it.
  var label: String { typeName }
  /// The end of a `with` that holds it.
  func giveBack(by strand: Strand) {}
}

extension ObjectTag {
  /// Whether `with` takes it at its beginning and gives it back at its end, also by handle from a worker.
  var isHeldByWith: Bool {
    self == .lock || self == .semaphore || self == .remoteLock || self == .remoteSemaphore
  }
}

/// Something that a strand holds, as reports show it.
struct Holding {
  let object: HoldableObject
  /// Where it was taken.
  let place: CodePlace?
  /// The fiber that took it: a stage that holds something stays with the strand that took it.
  let fiber: Int?
}

extension Strand {
  /// Who a task is to locks. A session's lines are one: what a line takes, a later one gives back.
  var lockOwner: Strand { spawnScope?.strand ?? self }

  /// Where it is, and in which fiber, for what it takes now.
  func holding(_ object: HoldableObject) -> Holding {
    Holding(object: object, place: machine?.scriptPlace, fiber: machine?.fiber.id)
  }
}
