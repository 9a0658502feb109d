// A command as a source: `for line in $(…)`, `$(…) | map(f)`. Its output is taken as lines, as it comes (language.md
// §14.2), or for `bytes`, `text`, `json` and `csv` as it is. The command starts when the first line is asked for, and
// raises its failure after the last.

import RunnelScheduler

/// The lines of a command's output, or the output in pieces.
///
/// `@unchecked Sendable`: used by one strand at a time, as every source.
final class CommandSource: StreamSource, @unchecked Sendable {
  private let plan: CommandPlan
  private let cut: RunningCommand.Cut
  private var command: RunningCommand?
  private let resource: CommandResource
  private var hasEnded = false
  /// Lines that have been taken and not been read.
  private let lines = ItemBatch(minimumCapacity: batch)
  private static let batch = 32

  private init(_ plan: CommandPlan, _ cut: RunningCommand.Cut, _ resource: CommandResource) {
    self.plan = plan
    self.cut = cut
    self.resource = resource
  }

  /// A stream that runs a command. What has not been read when the scope ends is stopped then.
  static func stream(_ plan: CommandPlan, _ cut: RunningCommand.Cut, _ strand: Strand) -> StreamObject {
    let resource = CommandResource(plan.text)
    resource.belongs(to: strand)
    return StreamObject(source: CommandSource(plan, cut, resource))
  }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    if let line = lines.takeFirst() { return .item(line) }
    if hasEnded { return .end }
    guard let command else { return .wait }
    if case .lines = cut {
      lines.removeAll()
      command.takeLines(into: lines, atMost: Self.batch)
      if let line = lines.takeFirst() { return .item(line) }
    }
    let step = try command.next(.output, cut)
    // Before the end it must be known whether it failed.
    guard case .end = step else { return step }
    guard command.hasEnded else { return .wait }
    hasEnded = true
    resource.isDone()
    if let error = command.outcome.error { throw error }
    return .end
  }

  var ready: ItemBatch? { lines }

  func fill(_ strand: Strand) async throws(Raised) {
    guard let command else {
      let started = try await CommandStart.start(plan, CommandManner(output: .read), strand)
      command = started
      resource.holds(started)
      return
    }
    do throws(Raised) {
      try await command.waitForOutput(.output, cut, strand)
      if case .ended = command.outputState { try await command.finish(strand) }
    } catch {
      // The task is to stop: so is the command, and it is waited for.
      await command.stop(first: CommandStop.signal(for: strand))
      throw error
    }
  }

  /// Its reader has had enough, which is no failure.
  func close() {
    hasEnded = true
    resource.close()
  }
}

/// A running command as something that a scope closes.
///
/// `@unchecked Sendable`: what changes is under `lock`, since the task that reads the command's output need not be the
/// one whose scope owns it.
class CommandResource: ResourceObject, @unchecked Sendable {
  private let text: String
  private let lock = Lock()
  private var started: RunningCommand?
  private var isStopping = false

  init(_ text: String, tag: ObjectTag = .resource) {
    self.text = text
    super.init(tag: tag)
  }

  override var label: String { "command `\(text)`" }

  var command: RunningCommand? { lock.withLock { started } }

  /// The scope that is running closes it.
  func belongs(to strand: Strand) {
    strand.noteOpening(of: self)
    strand.scopeForOwning().own(self)
  }

  func holds(_ command: RunningCommand) {
    let mustStop = lock.withLock { () -> Bool in
      started = command
      return isStopping
    }
    if mustStop { command.stopInBackground() }
  }

  /// It has ended: its scope need not keep it, and forgets it as others that are closed.
  func isDone() { lock.withLock { isStopping = true } }

  /// Begins to stop it.
  override func close() {
    isDone()
    guard let command else { return }
    command.closeOutput(.output)
    command.stopInBackground()
  }

  /// Waits for the end of what `close` has begun to stop.
  override func waitForEnd() async { await command?.stop() }
  /// Whether it runs and nobody has asked it to end.
  final var isForgotten: Bool { takesTimeToEnd && !lock.withLock { isStopping } }
  override var isClosed: Bool { lock.withLock { isStopping } && !takesTimeToEnd }
  override var takesTimeToEnd: Bool { command.map { !$0.hasEnded } ?? false }
}
