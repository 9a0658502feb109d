// Turns what a system call says into errors of the language: the kind by the errno (language.md §5), a message
// that says what was being done to which path and, where it can be known, what to do instead.

internal import Glibc
internal import RunnelSyntax
internal import RunnelSystem

/// Errors of the file functions.
enum FileErrors {
  /// How many names are looked at for a hint: an error must stay cheap in a large directory.
  private static let namesForHints = 1_000

  /// The kind of error for an errno.
  static func kind(of code: Int32) -> ErrorKind {
    switch code {
    case ENOENT: .fileNotFound
    case EACCES, EPERM: .permissionDenied
    case EEXIST: .fileExists
    case EISDIR: .isADirectory
    case ENOTDIR: .notADirectory
    case ENOTEMPTY: .directoryNotEmpty
    case ENOSPC, EDQUOT: .diskFull
    case EPIPE: .brokenPipe
    default: .ioError
    }
  }

  /// The error for a failed call.
  ///
  /// - Parameters:
  ///   - action: what could not be done, such as ``read `a.txt` ``.
  ///   - path: the file that it failed on.
  ///   - hint: what to write instead.
  static func raised(_ error: SystemError, _ action: String, _ path: FilePath, hint: String? = nil) -> Raised
  {
    let (reason, ownHint) = explain(error, path)
    var message = "cannot \(action): \(reason)"
    if let hint = hint ?? ownHint { message += "; \(hint)" }
    return Raised(
      kind(of: error.code), message, data: ["path": .string(path.text), "errno": .string(error.name)])
  }

  /// A failure that no system call reported.
  static func raised(
    _ kind: ErrorKind, _ action: String, _ path: FilePath, because reason: String, hint: String? = nil
  ) -> Raised {
    var message = "cannot \(action): \(reason)"
    if let hint { message += "; \(hint)" }
    return Raised(kind, message, data: ["path": .string(path.text)])
  }

  private static func explain(_ error: SystemError, _ path: FilePath) -> (reason: String, hint: String?) {
    switch error.code {
    case ENOENT: return missing(path)
    case EISDIR: return ("it is a directory", nil)
    case ENOTDIR:
      if let part = firstOther(than: .directory, in: path) { return ("`\(part)` is not a directory", nil) }
      return ("it is not a directory", nil)
    case ENOTEMPTY: return ("the directory is not empty", nil)
    case EEXIST: return ("it exists already", nil)
    case ENOSPC: return ("no space is left on the device", nil)
    case EDQUOT: return ("the disk quota is used up", nil)
    case ELOOP: return ("its symbolic links go round in a circle", nil)
    default: return (error.message, nil)
    }
  }

  /// What is missing, the file or a directory on the way; and the nearest name that is there.
  private static func missing(_ path: FilePath) -> (reason: String, hint: String?) {
    let directory = PathText.directory(path.full)
    let name = PathText.name(path.full)
    let shown = PathText.directory(path.text)
    if (try? Files.status(of: path.full, followingLinks: false))?.kind == .link {
      let target = (try? Files.linkTarget(path.full)).map { String(decoding: $0, as: UTF8.self) } ?? ""
      return ("it is a link to `\(target)`, which does not exist", nil)
    }
    guard !directory.isEmpty, Files.exists(directory) else {
      return shown.isEmpty ? ("no such file", nil) : ("the directory `\(shown)` does not exist", nil)
    }
    var names: [String] = []
    if let handle = try? DirectoryHandle(opening: directory) {
      try? handle.forEachEntry { entry in
        names.append(entry.name)
        return names.count < namesForHints
      }
    }
    if names.contains(name) { return ("no such file", "its name on the disk is not valid UTF-8") }
    guard let nearest = nearest(name, among: names) else { return ("no such file", nil) }
    return ("no such file", "did you mean `\(PathText.join([shown, nearest]))`?")
  }

  /// The first part of a path that should be a directory, and is something else.
  private static func firstOther(than kind: FileKind, in path: FilePath) -> String? {
    var end = path.full.startIndex
    while let slash = path.full[end...].dropFirst().firstIndex(of: "/") {
      let part = String(path.full[..<slash])
      if let status = try? Files.status(of: part), status.kind != kind { return part }
      end = slash
    }
    return nil
  }
}

/// The name in a directory that a misspelt one probably stands for.
private func nearest(_ name: String, among names: [String]) -> String? {
  // Another case is one slip, however many letters it changes.
  let lowercased = name.lowercased()
  return names.first { $0 != name && $0.lowercased() == lowercased }
    ?? NearestName.suggest(for: name, among: names)
}
