// Which signals stop a command, and when (language.md §9.5, §10.5).

import Glibc
import RunnelScheduler

enum CommandStop {
  /// The signal by which the user stopped the script, where that is why a strand's command is stopped: the
  /// command gets it first.
  static func signal(for strand: Strand) -> Int32? {
    let interpreter = strand.interpreter
    let now = interpreter.scheduler.now
    let cause = interpreter.tree.withLock { Scope.cancellation(reaching: strand.innermostScope, now: now) }
    if case .signal(let number)? = cause?.cancelReason { return number }
    return nil
  }

  /// The signals to send, each with its delay in nanoseconds. After SIGTERM a program has the whole grace; one that
  /// was interrupted by the user first has half of it to end by itself.
  static func signals(first: Int32?, grace: Int64) -> [(number: Int32, delay: Int64)] {
    guard let first, first != SIGTERM, first != SIGKILL else {
      return [(SIGTERM, 0), (SIGKILL, max(grace, 1))]
    }
    let half = max(grace / 2, 1)
    return [(first, 0), (SIGTERM, half), (SIGKILL, half.addingReportingOverflow(max(grace, 1)).partialValue)]
  }
}
