// The terminal that a descriptor may be.

internal import CRunnelSystem
internal import Glibc

/// What can be asked of a terminal, and who is in its foreground.
public enum Terminal {
  /// Whether the descriptor is a terminal.
  public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// A second opening of the terminal behind a descriptor, of which reads never wait: what `isReadable` saw may be
  /// gone when it is read, as the kernel throws typed-ahead keys away at Ctrl-C, and the descriptor that was inherited
  /// must stay blocking for the processes that share it. Nil if it is no terminal or cannot be opened again.
  public static func reopen(_ descriptor: Int32) -> Descriptor? {
    // The other side of a pseudo-terminal would be the side of a new one.
    guard isTerminal(descriptor), runnel_terminal_is_master(descriptor) == 0 else { return nil }
    let options = Files.OpenOptions.nonblocking.union(Files.OpenOptions(rawValue: O_NOCTTY))
    return try? Files.open("/proc/self/fd/\(descriptor)", options)
  }

  /// Its columns; 80 if it is none or does not say.
  public static func width(of descriptor: Int32 = 1) -> Int {
    let width = runnel_terminal_width(descriptor)
    return width > 0 ? Int(width) : 80
  }

  /// Its rows; 24 if it is none or does not say.
  public static func height(of descriptor: Int32 = 1) -> Int {
    let height = runnel_terminal_height(descriptor)
    return height > 0 ? Int(height) : 24
  }

  /// The process group in its foreground.
  public static func foregroundGroup(of descriptor: Int32) throws(SystemError) -> Int32 {
    try systemCall("tcgetpgrp") { tcgetpgrp(descriptor) }
  }

  /// Makes a group of this session the foreground one, also from the background.
  public static func setForegroundGroup(of descriptor: Int32, to group: Int32) throws(SystemError) {
    try shimCheck("tcsetpgrp", nil, runnel_terminal_set_group(descriptor, group))
  }

  /// This process's own group.
  public static var ownGroup: Int32 { getpgrp() }
}
