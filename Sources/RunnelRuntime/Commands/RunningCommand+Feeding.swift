// Feeding a command: what it is given is gathered, and written by the reactor as the command takes it.

import RunnelScheduler
import RunnelSystem

extension RunningCommand {
  /// Feeds it. Says false if it takes nothing any more.
  func feed(_ bytes: some Sequence<UInt8>) -> Bool {
    lock.withLock {
      guard let input, !input.isGone, !isConcluded, output?.isOverLimit != true else { return false }
      input.append(bytes)
      guard input.watch == nil else { return true }
      if input.isFull {
        if input.flush() { watchInput(of: input) }
        return !input.isGone
      }
      scheduleFlush(input)
      return true
    }
  }

  /// What has been gathered goes out as soon as the strand that feeds waits, or lets others run.
  private func scheduleFlush(_ feed: InputFeed) {
    guard !feed.isFlushScheduled else { return }
    feed.isFlushScheduled = true
    Task(executorPreference: interpreter.scheduler) { [weak self] in self?.flushScheduled(feed) }
  }

  private func flushScheduled(_ feed: InputFeed) {
    wake(
      lock.withLock { () -> [Waiter] in
        feed.isFlushScheduled = false
        guard !isConcluded, feed.watch == nil else { return [] }
        if feed.flush() { watchInput(of: feed) }
        return takeWaiters()
      })
  }

  /// Whether who feeds has to wait.
  var isInputFull: Bool { lock.withLock { input?.isFull ?? false } }

  /// Waits until it takes more, or nothing any more.
  ///
  /// - Parameter cut: or until it has said something, which may have to be taken first.
  func waitForRoom(_ strand: Strand, orOutput cut: Cut? = nil) async throws(Raised) {
    try await wait(strand, "`\(plan.text)` to read its input") {
      guard let input, !isConcluded, input.isFull else { return true }
      if isTooMuch(output) || isTooMuch(errors) { return true }
      guard let cut, let output else { return false }
      return Self.has(cut, output)
    }
    if lock.withLock({ isTooMuch(output) || isTooMuch(errors) }) { throw tooMuchOutput() }
  }

  /// Waits until everything that was fed is written.
  func flushInput(_ strand: Strand) async throws(Raised) {
    lock.withLock {
      if let input, !isConcluded, input.watch == nil, input.flush() { watchInput(of: input) }
    }
    try await wait(strand, "`\(plan.text)` to read its input") {
      guard let input, !isConcluded else { return true }
      return input.isEmpty || input.isGone
    }
  }

  /// Whether its stdin has not been closed from here; whether it reads is another matter.
  var takesInput: Bool { lock.withLock { input.map { !$0.isClosing } ?? false } }

  /// Nothing more will be fed.
  func endInput() {
    lock.withLock {
      guard let input, !isConcluded else { return }
      input.finish()
      if !input.isGone, input.watch == nil, input.flush() { watchInput(of: input) }
    }
  }
}
