// Paths as text, without a look at the disk. They follow Python's `os.path` on POSIX systems: the directory of
// a path, a slash and its name give the path again.

/// Pure functions on paths.
enum PathText {
  private static let slash = UInt8(ascii: "/")
  private static let dot = UInt8(ascii: ".")

  /// Parts with a slash between them; an absolute part starts anew.
  static func join(_ parts: [String]) -> String {
    var path = ""
    for part in parts {
      if part.utf8.first == slash || path.isEmpty {
        path = part
      } else if path.utf8.last == slash {
        path += part
      } else {
        path += "/" + part
      }
    }
    return path
  }

  /// What comes after the last slash.
  static func name(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: slash) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// What comes before the last slash, without slashes at its end; `/` for what is directly in the root.
  static func directory(_ path: String) -> String {
    guard let last = path.utf8.lastIndex(of: slash) else { return "" }
    let head = path[...last]
    guard let end = head.utf8.lastIndex(where: { $0 != slash }) else { return String(head) }
    return String(head[...end])
  }

  /// The name without its extension.
  static func stem(_ path: String) -> String { split(name(path)).stem }

  /// The last dot of the name and what follows, or nothing. Dots at the name's start begin no extension.
  static func fileExtension(_ path: String) -> String { split(name(path)).ext }

  private static func split(_ name: String) -> (stem: String, ext: String) {
    let utf8 = name.utf8
    guard let lastDot = utf8.lastIndex(of: dot), let first = utf8.firstIndex(where: { $0 != dot }),
      first < lastDot
    else { return (name, "") }
    return (String(name[..<lastDot]), String(name[lastDot...]))
  }

  /// The names on the way; `/` is the first of an absolute path.
  static func parts(_ path: String) -> [String] {
    let names = path.split(separator: "/").map(String.init)
    return path.utf8.first == slash ? ["/"] + names : names
  }

  /// Without `.`, `..` after a name, and needless slashes; `.` for nothing. Does not know about links.
  static func normalized(_ path: String) -> String {
    let isAbsolute = path.utf8.first == slash
    var kept: [Substring] = []
    for name in path.split(separator: "/") where name != "." {
      if name != ".." {
        kept.append(name)
      } else if let last = kept.last, last != ".." {
        kept.removeLast()
      } else if !isAbsolute {
        kept.append(name)
      }
    }
    let text = kept.joined(separator: "/")
    if isAbsolute { return "/" + text }
    return text.isEmpty ? "." : text
  }

  /// How to get from one absolute path to another.
  static func relative(_ path: String, to base: String) -> String {
    let target = normalized(path).split(separator: "/")
    let start = normalized(base).split(separator: "/")
    var common = 0
    while common < min(target.count, start.count), target[common] == start[common] { common += 1 }
    let way = Array(repeating: Substring(".."), count: start.count - common) + target[common...]
    return way.isEmpty ? "." : way.joined(separator: "/")
  }

  /// `~` and `~name` at the start replaced by a home; what has none is left as it is.
  ///
  /// - Parameter home: of a user, of this one for nil.
  static func expanded(_ path: String, home: (String?) -> String?) -> String {
    guard path.utf8.first == UInt8(ascii: "~") else { return path }
    let user = path.dropFirst().prefix { $0 != "/" }
    guard var directory = home(user.isEmpty ? nil : String(user)) else { return path }
    while directory.utf8.count > 1, directory.utf8.last == slash { directory.removeLast() }
    let rest = path.dropFirst(1 + user.count)
    if rest.isEmpty { return directory }
    return directory == "/" ? String(rest) : directory + rest
  }
}
