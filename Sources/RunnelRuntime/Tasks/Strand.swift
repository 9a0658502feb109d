// A strand is one Runnel task at work: it runs the machine in slices on the scheduler's workers, and waits at one door.
//
// Safety: a strand is ready, running or waiting, one at a time; its machine and fibers are touched only by the thread that runs
// it at the moment, and handed over by the locks of queues and waiters, or by `handOff`. What others touch are `interruptMark`
// (atomic), `waiter` (under `waitLock`) and `busyScopes` (under the interpreter's tree lock).

import Glibc
public import RunnelScheduler
import RunnelSystem
import Synchronization

public final class Strand: Resumable, @unchecked Sendable {
  public let interpreter: Interpreter
  /// Nil for the script itself.
  let task: TaskObject?
  private(set) var context: TaskContext
  @exclusivity(unchecked) private(set) var machine: Machine!
  /// Set by whoever cancels something that this strand may have to stop for.
  /// Read by the machine's loop through a pointer: it lies in the strand, which outlives its machine's use of it.
  private let interruptMark = Atomic<Bool>(false)
  /// Of the worker that begins an `async` wait and the Swift task in which it goes on, the second to get here runs the machine
  /// again.
  private let handOff = Atomic<Bool>(false)
  /// Who is told of its end, if that is no task.
  private var onEnd: ((Result<Value, Raised>) -> Void)?
  private let waitLock = Lock()
  /// What it waits for just now. A strand that waits opens and closes no scopes; who holds `waitLock` can rely on that.
  @exclusivity(unchecked) private(set) var waiter: Waiter?
  /// What it holds, in the order in which it took it. Under `waitLock`, as who hands something over notes it.
  @exclusivity(unchecked) private var held: [Holding] = []
  /// The strand's scopes that have live tasks. Under the tree lock.
  @exclusivity(unchecked) var busyScopes: [Scope] = []
  /// For the task of a stage: where its items go.
  let stage: StageBuffer?
  /// How often it has waited, or has had a turn after which others might have run beside it.
  private(set) var pauses = 0

  /// What its slices are drawn from, in a run with a seed.
  @exclusivity(unchecked) var chance: Chance?
  /// It has let others go first at the call that it is about to make.
  @exclusivity(unchecked) var hasGivenWay = false

  /// How many slices ago the strand began its turn, and when; 0 until somebody asks.
  private var slices = 0
  private var turnBegan: Int64 = 0
  /// When it last looked whether another worker is needed.
  private var lastLook: Int64 = 0
  /// When it let others go first at the end of its turn, until it runs again; else 0.
  private var letOthersGo: Int64 = 0
  /// How often in a row that took long.
  private var longWaits = 0
  /// At the ends of how many turns another worker is woken for what is ready, because the others took long the last time.
  private var turnsToShare = 0

  /// How often a busy strand looks at timers, signals and descriptors.
  private static let pollInterval: Int64 = 2_000_000
  /// After how long it lets others run, and after how many slices at the latest.
  private static let turn: Int64 = 100_000
  private static let turnSlices = 40
  /// From how long on others are worth a worker of their own: half a turn, since to wake one and to send it to sleep again takes
  /// some 20 µs of both. How often they must have taken so long, as the system may have run something else meanwhile; and
  /// after how many turns it is tried again.
  private static let worthWaking: Int64 = 50_000
  private static let triesBeforeSharing = 3
  private static let turnsBetweenTries = 256

  /// In a session: the scopes, instead of its own, that what its top level spawns (language.md §16) and opens belongs to.
  let spawnScope: Scope?
  let resourceScope: Scope?
  /// For a task on a thread or a pool: the place it has there, or waits for. Set before it is made ready.
  var seat: TaskSeat?
  /// For a task in another process: what it does there. Touched by the strand, and under the tree lock by others.
  @exclusivity(unchecked) var remoteWork: RemoteWork?
  /// For a stand-in: what reports call it. Set before it does anything.
  @exclusivity(unchecked) var title: String?
  /// In a worker process: by whom it has used what stays in the script's process.
  var caller: WorkerClient?

  /// A strand of the script or of a task.
  convenience init(
    interpreter: Interpreter, task: TaskObject?, context: TaskContext, stage: StageBuffer? = nil
  ) {
    self.init(interpreter, context, .task, parent: task?.scope, task: task, stage: stage)
  }

  /// A strand of a session: the one that stands for it (without a parent), a line, or a call.
  convenience init(
    interpreter: Interpreter, context: TaskContext, parent: Scope?, spawnScope: Scope? = nil,
    resourceScope: Scope? = nil
  ) {
    self.init(
      interpreter, context, parent == nil ? .session : .task, parent: parent, spawnScope: spawnScope,
      resourceScope: resourceScope)
  }

  private init(
    _ interpreter: Interpreter, _ context: TaskContext, _ form: Scope.Form, parent: Scope?,
    task: TaskObject? = nil, stage: StageBuffer? = nil, spawnScope: Scope? = nil, resourceScope: Scope? = nil
  ) {
    self.interpreter = interpreter
    self.task = task
    self.stage = stage
    self.context = context
    self.spawnScope = spawnScope
    self.resourceScope = resourceScope
    super.init()
    if let seed = interpreter.scheduler.seed { chance = Chance(seed: seed, stream: stream) }
    root = Scope(form, parent: parent, strand: self, frameDepth: 1)
  }

  @exclusivity(unchecked) private(set) var root: Scope!

  /// Where the machine's loop looks whether the strand was interrupted.
  var interrupts: UnsafePointer<Atomic<Bool>> { withUnsafePointer(to: interruptMark) { $0 } }

  /// The innermost scope that is running.
  var innermostScope: Scope { machine?.fiber.innermostScope ?? root }

  /// The name that reports show.
  var label: String {
    title ?? task?.label ?? interpreter.mainLabel
  }

  /// Its task has ended: it and its scopes, its machine and it no longer hold each other.
  func letGo() {
    root = nil
    guard let machine else { return }
    self.machine = nil
    interpreter.machines.take(back: machine)
  }

  func prepare(_ machine: Machine) {
    self.machine = machine
    if chance != nil { machine.fuel = drawSlice() }
  }

  // MARK: Running

  /// Makes the strand ready to begin. `onEnd` gets its result, on the worker that ran it last.
  func start(_ onEnd: @escaping (Result<Value, Raised>) -> Void) {
    self.onEnd = onEnd
    interpreter.scheduler.enqueue(self)
  }

  /// Runs the machine until it waits, has had its turn, or ends.
  public override func resume() {
    guard unpark() else { return }
    turnBegan = 0
    if home == nil, let thread = seat?.thread {
      home = thread
      return interpreter.scheduler.enqueue(self)
    }
    if letOthersGo > 0 { noteTurn() }
    while true {
      switch machine.run() {
      case .ended(let value): return end(.success(value))
      case .failed(let error): return end(.failure(Raised(error)))
      case .fuel:
        if isTurnOver() { return interpreter.scheduler.enqueueHere(self) }
      case .await(let task):
        stage?.handOverEarly()
        pauses += 1
        guard park(awaiting: task) else { return }
      case .park(let wait):
        stage?.handOverEarly()
        pauses += 1
        guard park(wait) else { return }
      case .wait(let operation):
        stage?.handOverEarly()
        pauses += 1
        guard run(operation) else { return }
      }
    }
  }

  private func end(_ result: Result<Value, Raised>) {
    caller?.ended(self)
    // Nobody hands it anything any more.
    let result = held.isEmpty ? result : releasingLocks(result)
    guard let task else {
      onEnd?(result)
      onEnd = nil
      return
    }
    stage?.end(result)
    interpreter.finish(task, result)
    letGo()
    seat?.leave()
  }

  /// Has used up its fuel once more: says whether others are to go first.
  private func isTurnOver() -> Bool {
    let now = RealClock().now()
    pollIfDue(now)
    if chance != nil { return isDrawnTurnOver() }
    slices += 1
    if turnBegan == 0 { turnBegan = now }
    // Virtual time repeats: there turns are counted, not measured.
    guard
      slices >= Self.turnSlices || (now - turnBegan >= Self.turn && !interpreter.scheduler.hasVirtualTime)
    else { return false }
    slices = 0
    turnBegan = now
    stage?.handOverEarly()
    let scheduler = interpreter.scheduler
    guard !scheduler.hasVirtualTime else { return scheduler.shareWork() }
    if scheduler.workerCount > 1 { pauses += 1 }
    if turnsToShare > 0 { turnsToShare -= 1 }
    guard turnsToShare > 0 ? scheduler.shareWork() : scheduler.hasOtherWork else { return false }
    letOthersGo = now
    return true
  }

  /// Runs again after it has let others go first, which may have taken so long that another worker would have been worth waking.
  private func noteTurn() {
    turnBegan = RealClock().now()
    let waited = turnBegan - letOthersGo
    letOthersGo = 0
    longWaits = waited > Self.worthWaking ? longWaits + 1 : 0
    if longWaits == Self.triesBeforeSharing || waited > Self.pollInterval {
      longWaits = 0
      turnsToShare = Self.turnsBetweenTries
    }
  }

  /// Runs an `async` function for the machine. Says true if it has ended already; else the strand goes on when it does.
  private func run(_ operation: @escaping @Sendable (Strand) async throws(Raised) -> Value) -> Bool {
    handOff.store(false, ordering: .relaxed)
    let executor: any TaskExecutor = home ?? interpreter.scheduler
    Task.immediate(executorPreference: executor) {
      do throws(Raised) {
        machine.deliver(try await operation(self))
      } catch {
        machine.deliver(raising: error.error)
      }
      if handOff.exchange(true, ordering: .acquiringAndReleasing) { resume() }
    }
    return handOff.exchange(true, ordering: .acquiringAndReleasing)
  }

  // MARK: Interrupting

  /// Whether a checkpoint has to look closer.
  @inline(__always)
  var isInterrupted: Bool { interruptMark.load(ordering: .relaxed) }

  /// Asks the strand to look whether it is to stop: at its next checkpoint, or now if it waits. Under the tree lock, so that
  /// what it is asked for does not change meanwhile.
  func interrupt() {
    interruptMark.store(true, ordering: .releasing)
    let found = waitLock.withLock { () -> (waiter: Waiter, scope: Scope)? in
      guard let waiter, waiter.isInterruptible else { return nil }
      return (waiter, innermostScope)
    }
    guard let found else { return }
    let now = interpreter.scheduler.now
    if Scope.cancellation(reaching: found.scope, now: now) != nil {
      found.waiter.interrupt()
    } else {
      boundCleanup(around: found.scope, now: now)
    }
  }

  func begin(_ waiter: Waiter) {
    waitLock.withLock { self.waiter = waiter }
    guard waiter.isInterruptible else { return }
    // What was asked between the checkpoint and here has seen no waiter.
    guard isInterrupted else { return }
    let scope = innermostScope
    let isCancelled = interpreter.tree.withLock {
      Scope.cancellation(reaching: scope, now: interpreter.scheduler.now) != nil
    }
    if isCancelled { waiter.interrupt() }
  }

  /// The wait is over. Gives the waiter, to be let go of outside the lock: the last reference may free much.
  @discardableResult
  func endWait() -> Waiter? {
    // Nobody but the strand itself writes it.
    guard waiter != nil else { return nil }
    return waitLock.withLock { waiter.take() }
  }

  // MARK: Holding

  var holdings: [Holding] { waitLock.withLock { held } }

  func hold(_ holding: Holding) { waitLock.withLock { held.append(holding) } }

  func letGo(of object: HoldableObject) {
    let holding = waitLock.withLock { () -> Holding? in
      held.lastIndex { $0.object === object }.map { held.remove(at: $0) }
    }
    // Let go of outside the lock.
    withExtendedLifetime(holding) {}
  }

  // MARK: What others see

  var isWaiting: Bool { waitLock.withLock { waiter != nil } }

  /// Somebody's look at the wait-for graph has come to this strand since its own last one. Set before its wait is looked at: so
  /// if that is not seen, this is when it begins.
  let wasReached = Atomic<Bool>(false)

  /// The wait that nobody has ended yet.
  var pendingWait: Waiter? {
    guard let waiter = waitLock.withLock({ waiter }), waiter.isPending else { return nil }
    return waiter
  }

  /// What the strand waits for, since when, and where in the script; nil while it runs. From any thread: a strand that waits
  /// cannot go on while this holds its lock.
  var waitingNow: (reason: WaitDescription, since: Int64, place: TraceEntry?)? {
    waitLock.withLock {
      waiter.map { waiter in
        (
          waiter.reason, waiter.since,
          machine.flatMap { $0.place(ofFrame: $0.fiber.frameCount - 1, role: .awaited) }
        )
      }
    }
  }

  /// Raises `Cancelled` if this strand is to stop. Long built-ins call it every few thousand steps.
  public func checkpoint() throws(Raised) {
    pollIfDue(RealClock().now())
    try checkInterrupt()
  }

  /// As `checkpoint`, where the strand is about to leave its worker, which looks at the rest of the world itself.
  func checkInterrupt() throws(Raised) { if isInterrupted { try lookCloser() } }

  /// The next turn of a loop is to look at the rest of the world, since time has passed.
  func clockHasTicked() {
    if interpreter.scheduler.repeats { return }
    interruptMark.store(true, ordering: .relaxed)
  }

  private func pollIfDue(_ now: Int64) {
    let scheduler = interpreter.scheduler
    scheduler.poll(now: now, interval: Signals.pending ? 0 : Self.pollInterval)
    // The first look only says when the strand began to compute.
    let isDue = lastLook > 0 && now - lastLook >= Self.pollInterval
    guard isDue || lastLook == 0 else { return }
    lastLook = now
    guard isDue, !scheduler.repeats else { return }
    // In the middle of a long built-in there is no end of a turn: what is ready behind it must not wait for that.
    stage?.handOverEarly()
    _ = scheduler.shareWork()
  }

  private func lookCloser() throws(Raised) {
    let message = interpreter.tree.withLock { () -> String? in
      // First the mark, then the look: what comes later sets it again.
      interruptMark.store(false, ordering: .relaxed)
      let now = interpreter.scheduler.now
      let scope = innermostScope
      guard let cause = Scope.cancellation(reaching: scope, now: now) else {
        boundCleanup(around: scope, now: now)
        return nil
      }
      interruptMark.store(true, ordering: .relaxed)
      cause.wasDelivered = true
      // Cleanup that is cut short is so on account of what it belongs to.
      cause.graceOwner?.wasDelivered = true
      return cause.cancelReason?.message ?? "cleanup has used up its grace period"
    }
    if let message { throw Raised(.cancelled, message) }
  }

  /// A cancellation that comes while cleanup runs: from now on that cleanup has a grace period.
  private func boundCleanup(around scope: Scope, now: Int64) {
    var current: Scope? = scope
    while let one = current {
      // What a shield around it holds back does not stop it.
      if one.form == .cleanup, one.graceOwner == nil, let parent = one.parent,
        let cause = Scope.cancellation(reaching: parent, now: now)
      {
        startGrace(of: one, cause: cause, now: now)
      }
      current = one.parent
    }
  }

  /// Cleanup that belongs to the stopping of `cause` shares its one grace period, which begins with the first, unless it has one
  /// of its own. Under the tree lock.
  func startGrace(of cleanup: Scope, cause: Scope, now: Int64) {
    cleanup.graceOwner = cause
    if cause.graceEnd == nil { cause.graceEnd = now.addingOrLast(interpreter.options.grace) }
    if let own = cleanup.ownGrace { cleanup.graceEnd = now.addingOrLast(own) }
    if let timer = cleanup.graceTimer { interpreter.scheduler.cancelTimer(timer) }
    cleanup.graceTimer = scheduleInterrupt(at: cleanup.graceEnd ?? cause.graceEnd ?? Int64.max)
  }

  /// Has the strand look at a moment whether it is to stop.
  private func scheduleInterrupt(at moment: Int64) -> TimerID? {
    guard moment != Int64.max else { return nil }
    return interpreter.scheduler.schedule(at: moment) { [weak self] in
      guard let self else { return }
      interpreter.tree.withLock { self.interrupt() }
    }
  }

  /// After a shield or cleanup: what it held back counts again.
  func rearm() { interruptMark.store(true, ordering: .relaxed) }

  /// The variables of this task's environment.
  public var environment: MapStorage {
    get { context.environment }
    set { changeContext { $0.environment = newValue } }
  }

  /// A line of a session has ended: what it changed holds for the next ones.
  func takeContext(of other: Strand) { context = other.context }

  /// Changes what this task hands on to those that it spawns. Those that it has spawned keep what they have.
  func changeContext(_ change: (TaskContext) -> Void) {
    if !isKnownUniquelyReferenced(&context) { context = TaskContext(copying: context) }
    change(context)
  }

  /// The directory that relative paths of this task start from (`cd`), always absolute.
  public var workingDirectory: String { context.directory }

  /// The scope that what is opened now belongs to: one is begun for the running function where there is none.
  func scopeForOwning() -> Scope { machine?.scopeForOwning() ?? root }
}
