// A task as scripts hold it: its state, its result, who waits for it.

import RunnelScheduler

public final class TaskObject: Object, @unchecked Sendable {
  enum State {
    case running
    case ok(Value)
    case failed(ErrorObject)
    /// Somebody cancelled it by hand, perhaps for a reason, or with its scope; what its tasks raised while they were stopped.
    case cancelled(reason: String?, suppressed: [ErrorObject])
  }

  /// Who is told of its end.
  struct Listeners {
    /// Mostly one waits, for whom no list is made.
    private var firstWaiter: Waiter?
    private var waiters: [Waiter] = []
    /// For which it is one case of a `select`.
    private var choices: [(waiter: Waiter, receiver: Receiver)] = []
    private var firstAction: Action?
    private var actions: [Action] = []

    /// What is done outside the lock.
    enum Action {
      case call(@Sendable () -> Void)
      /// It is a member of a gather, by this number.
      case member(GatherSignal, Int)

      func perform() {
        switch self {
        case .call(let body): body()
        case .member(let signal, let number): signal.note(number)
        }
      }
    }

    /// Gives all who wait an outcome of its own each. Says whether somebody has had it.
    func answer(_ outcome: () -> Waiter.Outcome?) -> Bool {
      var isTaken = false
      func answer(_ waiter: Waiter, _ receiver: Receiver) {
        if let outcome = outcome(), waiter.resume(with: outcome, for: receiver) { isTaken = true }
      }
      if let firstWaiter { answer(firstWaiter, .one) }
      for waiter in waiters { answer(waiter, .one) }
      for (waiter, receiver) in choices { answer(waiter, receiver) }
      return isTaken
    }

    mutating func add(_ waiter: Waiter) {
      if firstWaiter == nil, waiters.isEmpty { firstWaiter = waiter } else { waiters.append(waiter) }
    }

    mutating func add(_ waiter: Waiter, _ receiver: Receiver) { choices.append((waiter, receiver)) }

    mutating func add(_ action: Action) {
      if firstAction == nil { firstAction = action } else { actions.append(action) }
    }

    /// Whether something is to be called. (The scope of a gather's members cannot end before the gather has.)
    var hasCalls: Bool {
      if case .call? = firstAction { return true }
      return !actions.isEmpty
    }

    func performActions() {
      firstAction?.perform()
      for action in actions { action.perform() }
    }

    mutating func remove(_ waiter: Waiter) {
      if firstWaiter === waiter {
        firstWaiter = nil
      } else {
        waiters.removeAll { $0 === waiter }
        choices.removeAll { $0.waiter === waiter }
      }
    }
  }

  let id: Int
  let name: String?
  /// The scope that it belongs to.
  let scope: Scope
  let isService: Bool
  let isDetached: Bool
  let began: Int64
  /// Where it was spawned; nil for tasks that the library starts.
  var place: CodePlace?
  /// Used while its scripts run: by the machine for the handle's fields, and when the task ends.
  unowned(unsafe) let interpreter: Interpreter
  /// Guarded by the interpreter's tree lock, as all below.
  @exclusivity(unchecked) private(set) var state = State.running
  private(set) var ended: Int64?
  /// A failure reaches somebody: its handle was awaited, gathered or asked.
  var isObserved = false
  /// Its handle was dropped: a failure stops the scope at once.
  var isDiscarded = false
  @exclusivity(unchecked) var listeners = Listeners()
  @exclusivity(unchecked) var strand: Strand?
  /// Where it stands in `scope.live`.
  var numberAmongLive = 0

  init(id: Int, name: String?, scope: Scope, isService: Bool, isDetached: Bool, interpreter: Interpreter) {
    self.id = id
    self.name = name
    self.scope = scope
    self.isService = isService
    self.isDetached = isDetached
    self.interpreter = interpreter
    began = interpreter.scheduler.now
    super.init(tag: .task)
  }

  public override var typeName: String { "task" }

  /// The name that reports show.
  var label: String { name.map { "task \(id) \"\($0)\"" } ?? "task \(id)" }

  /// The error that it has failed with. Under the tree lock.
  var failure: ErrorObject? { if case .failed(let error) = state { error } else { nil } }

  var isRunning: Bool { if case .running = state { true } else { false } }

  /// The task has ended. Under the tree lock.
  func finish(_ outcome: State) -> Listeners {
    state = outcome
    ended = interpreter.scheduler.now
    strand = nil
    defer { listeners = Listeners() }
    return listeners
  }

  /// What an awaiter gets. Under the tree lock.
  func outcome() -> Waiter.Outcome? {
    switch state {
    case .running: return nil
    case .ok(let value): return .value(value)
    case .failed(let error):
      isObserved = true
      return .failure(error.copied())
    case .cancelled(let reason, let suppressed):
      let task = name.map { "task `\($0)`" } ?? "task \(id)"
      let error = ErrorObject(.taskCancelled, "\(task) was cancelled" + (reason.map { ": \($0)" } ?? ""))
      for other in suppressed { error.add(suppressed: other) }
      return .failure(error)
    }
  }

  var stateName: String {
    switch state {
    case .running: "running"
    case .ok: "ok"
    case .failed: "failed"
    case .cancelled: "cancelled"
    }
  }
}
