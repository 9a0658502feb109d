// Giving the script's terminal to a command of the main task, so that editors, pagers and password prompts work,
// and taking it back (language.md §13).

import Glibc
import RunnelSystem

/// The terminal while a command has it.
final class CommandTerminal {
  /// Whether this command is to have the terminal: a `$ …` of the main task, neither shielded nor in cleanup, of a
  /// script that is itself in the foreground of a terminal.
  static func isFor(_ strand: Strand) -> Bool {
    guard strand.task == nil, Terminal.isTerminal(0) else { return false }
    var scope: Scope? = strand.innermostScope
    while let one = scope {
      if one.form == .shield || one.form == .cleanup { return false }
      scope = one.parent
    }
    return isInForeground
  }

  /// Whether the script is in the foreground, and neither a command nor another job of the shell's.
  private static var isInForeground: Bool { (try? Terminal.foregroundGroup(of: 0)) == Terminal.ownGroup }

  /// Under the lock of the command, as is every call that changes it.
  private var isGiven = true

  /// Whether the user has ended the programs by Ctrl-C: the kernel sends it to those that have the terminal, not to us.
  func wasInterrupted(_ statuses: [ExitStatus]) -> Bool {
    statuses.contains { status in
      if case .signalled(SIGINT, _) = status { true } else { false }
    }
  }

  /// Puts the script into the foreground again.
  func takeBack() {
    guard isGiven else { return }
    isGiven = false
    try? Terminal.setForegroundGroup(of: 0, to: Terminal.ownGroup)
  }

  /// The programs have been stopped: by Ctrl-Z, or because they wanted the terminal when the script had gone on in the
  /// background (`bg`). Says whether the script is to be stopped with them: it is not where it has come to the
  /// foreground meanwhile (`fg`).
  func leave() -> Bool {
    let hadIt = isGiven
    takeBack()
    return hadIt || !Self.isInForeground
  }

  /// The programs go on, with the terminal if the script has it.
  func goOn(_ group: Int32) {
    if Self.isInForeground {
      isGiven = true
      try? Terminal.setForegroundGroup(of: 0, to: group)
    }
    Programs.signal(group: group, SIGCONT)
  }
}

extension CommandTerminal {
  /// Whether the script's stderr is a terminal.
  static var hasErrors: Bool { Terminal.isTerminal(2) }
}
