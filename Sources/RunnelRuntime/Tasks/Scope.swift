// Scopes: what has tasks, resources, a deadline or a shield of its own (language.md §6, §9, §10).
//
// Scopes form a tree through `parent`, across strands: a task's outermost scope has as parent the scope that the
// task belongs to. Cancelling sets a mark on one scope; whether a strand is to stop is found by walking up
// from its innermost scope (`cancellation(reaching:)`), so shields and cleanup are nothing but places on that way.
//
// Safety: what changes is read and written under the interpreter's tree lock; when a scope is sealed, no other strand writes to
// it any more. `resources` has a lock of its own: what they are asked for may lead to the tree lock. `deadline`, `timer`,
// `limit`, `ownGrace`, `isUnbounded` and `retry` are set before another strand knows the scope. No access lasts, so exclusivity is
// not checked: that would be a call each time.

import RunnelScheduler

/// Why a scope is being stopped.
enum CancelReason {
  /// `t.cancel(reason)`.
  case byHand(String?)
  /// Its own deadline passed.
  case deadline
  /// Its body or one of its tasks failed, or what the group was for is done.
  case failure
  /// A signal to the script.
  case signal(Int32)
  /// The reader of a generator has gone.
  case readerGone

  /// What somebody has given as the reason.
  var given: String? {
    if case .byHand(let reason?) = self, !reason.isEmpty { reason } else { nil }
  }

  var message: String {
    switch self {
    case .byHand: given ?? ""
    case .deadline: "the deadline has passed"
    case .failure: "its scope has failed"
    case .signal(2): "interrupted"
    case .signal(13): "the reader of the output has gone"
    case .signal(let number): "stopped by signal \(number)"
    case .readerGone: ""
    }
  }
}

public final class Scope: @unchecked Sendable {
  enum Form {
    /// The body of a task or of the script.
    case task
    /// What the lines of a session spawn: a failure in it ends nothing else.
    case session
    /// The body of a function that spawned or opened something.
    case function
    case plain
    case timeout
    case shield
    case with
    case attempt
    /// The body of a test.
    case test
    /// `finally`, `defer`, `catch Cancelled`, the end of `with`.
    case cleanup
  }

  let form: Form
  let parent: Scope?
  /// Whose scope it is.
  let strand: Strand
  /// How many frames its fiber had when it began: it belongs to the topmost of them.
  let frameDepth: Int

  @exclusivity(unchecked) var cancelReason: CancelReason?
  /// It is to end at once: neither shields nor cleanup hold its stopping back (a second Ctrl-C).
  var isForced = false
  /// A checkpoint has raised `Cancelled` on account of this scope.
  var wasDelivered = false
  /// Tasks that have not ended.
  @exclusivity(unchecked) var live = LiveTasks()
  /// Tasks that have failed and that nobody has observed, in the order in which they failed.
  @exclusivity(unchecked) var failed: [TaskObject] = []
  /// Errors of tasks while they were being stopped.
  @exclusivity(unchecked) var suppressed: [ErrorObject] = []
  /// The failure that stopped the scope.
  @exclusivity(unchecked) var failure: ErrorObject?
  /// Its tasks have ended and no more can be spawned in it.
  var hasEnded = false
  /// The body has ended: an unobserved failure now ends the scope at once.
  var isJoining = false
  /// It has waited at its end since it last looked whether it was stopped meanwhile.
  var hasWaited = false
  /// Woken when all tasks of the scope have ended, or all but services.
  @exclusivity(unchecked) var joiner: Waiter?
  /// How many of the live tasks are services.
  var serviceCount = 0
  var hasOnlyServices: Bool { live.count == serviceCount }
  /// At its end these have been stopped, and none has been added since.
  var hasStoppedServices = false

  /// Absolute, on the scheduler's clock.
  var deadline: Int64?
  var timer: TimerID?
  /// For cleanup, and for the scope whose stopping it belongs to: when its grace is spent.
  var graceEnd: Int64?
  var graceOwner: Scope?
  /// Has its strand look when that is spent. Under the tree lock.
  var graceTimer: TimerID?
  /// For cleanup: the grace period that it has been given itself, in nanoseconds. It counts from when it is stopped.
  var ownGrace: Int64?
  /// For cleanup of the library's: it gives back what others wait for, which takes no time, and is never cut short.
  var isUnbounded = false
  /// What it opened, to be closed at its end. Under `resourceLock`, as a task's resources may pass to its spawner's scope.
  @exclusivity(unchecked) private var resources: [ResourceObject] = []
  /// At how many resources those that are closed already are forgotten.
  private var forgetsAt = 32
  private let resourceLock = Lock()
  /// For `with` of a lock or a semaphore: what is given back at its end. Set by its own strand.
  @exclusivity(unchecked) var held: HoldableObject?
  /// For an attempt: the retry that it belongs to.
  @exclusivity(unchecked) var retry: RetryObject?
  /// The duration of a `timeout`, for its message.
  var limit = 0

  init(_ form: Form, parent: Scope?, strand: Strand, frameDepth: Int) {
    self.form = form
    self.parent = parent
    self.strand = strand
    self.frameDepth = frameDepth
  }

  /// Takes over what was opened. A long loop may open and close a million files: they are not all kept.
  func own(_ resource: ResourceObject) {
    resourceLock.withLock {
      if resources.count >= forgetsAt {
        resources.removeAll { $0.isClosed }
        forgetsAt = max(32, resources.count * 2)
      }
      resources.append(resource)
    }
  }

  /// Whether it owns nothing: for its own strand, when its tasks have ended. Without the lock, as nobody else adds anything then.
  var ownsNothing: Bool { resources.isEmpty }

  /// What it owns, in the order in which it was opened.
  var owned: [ResourceObject] { resourceLock.withLock { resources } }

  /// Lets go of what it owns, or of what is among these.
  func disown(_ among: Set<ObjectIdentifier>? = nil) -> [ResourceObject] {
    resourceLock.withLock {
      guard let among else {
        defer { resources = [] }
        return resources
      }
      defer { resources.removeAll { among.contains(ObjectIdentifier($0)) } }
      return resources.filter { among.contains(ObjectIdentifier($0)) }
    }
  }

  /// Whether a scope is this one or lies in it.
  func holds(_ scope: Scope) -> Bool {
    var current: Scope? = scope
    while let one = current {
      if one === self { return true }
      current = one.parent
    }
    return false
  }

  private func graceIsSpent(at now: Int64) -> Bool {
    guard let end = graceEnd ?? graceOwner?.graceEnd else { return false }
    return now >= end
  }

  /// The outermost scope on account of which code that runs in `scope` is to stop, or nil.
  ///
  /// A shield and cleanup hold back what comes from outside them; cleanup whose grace is spent holds back
  /// nothing, and stops shields begun in it as well (language.md §5, §10.3), but not the library's own cleanup.
  static func cancellation(reaching scope: Scope, now: Int64) -> Scope? {
    var cause: Scope?
    var isBlocked = false
    var isInUnbounded = false
    var current: Scope? = scope
    while let one = current {
      if one.form == .cleanup {
        if one.isUnbounded { isInUnbounded = true }
        if !isInUnbounded, one.graceIsSpent(at: now) {
          cause = one
          isBlocked = false
        } else {
          if !isBlocked, one.cancelReason != nil { cause = one }
          isBlocked = true
        }
      } else {
        if !isBlocked, one.cancelReason != nil { cause = one }
        if one.form == .shield { isBlocked = true }
      }
      if one.isForced {
        cause = one
        isBlocked = false
      }
      current = one.parent
    }
    return cause
  }

  /// What would stop `scope` if no shield and no cleanup held it back.
  static func cancellation(beyondShields scope: Scope) -> Scope? {
    var cause: Scope?
    var current: Scope? = scope
    while let one = current {
      if one.cancelReason != nil { cause = one }
      current = one.parent
    }
    return cause
  }

  /// The nearest deadline that holds for code in `scope`: those inside the innermost shield.
  static func deadline(reaching scope: Scope) -> Int64? {
    var nearest: Int64?
    var current: Scope? = scope
    while let one = current {
      if let deadline = one.deadline { nearest = min(nearest ?? deadline, deadline) }
      if one.form == .shield || one.form == .cleanup { break }
      current = one.parent
    }
    return nearest
  }
}

/// The tasks of a scope that have not ended, in no order. Each knows its place, so that joining and leaving cost the same in
/// a scope of a million.
struct LiveTasks {
  private(set) var all: [TaskObject] = []

  var isEmpty: Bool { all.isEmpty }
  var count: Int { all.count }

  mutating func add(_ task: TaskObject) {
    task.numberAmongLive = all.count
    all.append(task)
  }

  /// Takes out one that is there.
  mutating func remove(_ task: TaskObject) {
    guard let last = all.popLast(), last !== task else { return }
    all[task.numberAmongLive] = last
    last.numberAmongLive = task.numberAmongLive
  }
}

/// A scope as scripts hold it, `scope as s`: for `spawn in s`.
final class ScopeObject: Object, @unchecked Sendable {
  let scope: Scope

  init(_ scope: Scope) {
    self.scope = scope
    super.init(tag: .scope)
  }

  override var typeName: String { "scope" }
}
