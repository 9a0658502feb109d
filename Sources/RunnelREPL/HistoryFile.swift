// Where the history is kept between sessions: `$XDG_STATE_HOME/runnel/history`, for its user's eyes only.

import RunnelSystem

/// The history's file.
enum HistoryFile {
  /// How many entries are kept.
  static let limit: Int32 = 2000

  /// The file, made if need be; nil where it cannot be kept.
  static func path() -> String? {
    var state: String?
    var home: String?
    for (name, value) in SystemInfo.environment() {
      // A relative one is to be ignored (XDG Base Directory Specification).
      if name == "XDG_STATE_HOME", value.hasPrefix("/") { state = value }
      if name == "HOME", value.hasPrefix("/") { home = value }
    }
    guard let base = state ?? home.map({ $0 + "/.local/state" }) else { return nil }
    let path = base + "/runnel/history"
    do throws(SystemError) {
      try makeDirectories(base + "/runnel")
      _ = try Files.open(path, [.write, .create, .append], permissions: 0o600)
      try Files.setPermissions(path, to: 0o600)
    } catch {
      return nil
    }
    return path
  }

  private static func makeDirectories(_ path: String) throws(SystemError) {
    guard !Files.exists(path), let slash = path.lastIndex(of: "/") else { return }
    try makeDirectories(String(path[..<slash]))
    try Files.makeDirectory(path, permissions: 0o700)
  }
}
