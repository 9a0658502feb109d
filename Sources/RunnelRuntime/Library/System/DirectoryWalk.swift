// Looking at directories: `fs.list`, `fs.walk`, `fs.glob`. Names are ordered by their bytes, as strings are
// (language.md §3). A name that is no UTF-8 is shown with U+FFFD; what is below it is found all the same.

internal import RunnelSystem

/// The built-ins of `fs` that look at directories.
enum TreeLooks {
  static var functions: [NativeFunction] {
    [
      .plain(
        "list(p = \".\") → list", documentation: "The names in a directory, sorted, hidden ones included."
      ) { (call) throws(Raised) in
        let path = try call.path(0, default: ".")
        let entries = try sortedEntries(of: Array(path.full.utf8), path, call.strand)
        return .list(entries.map { .string($0.name) })
      },
      .plain(
        "walk(p = \".\", hidden: false) → stream",
        documentation: """
          The paths of all files below a directory, itself not among them: each directory's own files, then those \
          of the directories in it, sorted. Links are given, not followed. Without `hidden`, names that begin with \
          a dot are left out.
          """
      ) { (call) throws(Raised) in
        let path = try call.path(0, default: ".")
        let hidden = try call.bool(1, default: false)
        return .object(StreamObject(source: try WalkSource(path, hidden: hidden, call.strand)))
      },
      .plain(
        "glob(pattern) → list",
        documentation: """
          The paths that match, sorted; `[]` if none does. `*` and `?` stand for any characters and any one, `[a-z]` \
          and `[!a-z]` for one of (or none of) a set, `**` for any directories, `{a,b}` for either. A leading dot is \
          matched by a dot only; `\\` takes the next character as it is.
          """
      ) { (call) throws(Raised) in
        let path = try call.path(0)
        return .list(
          try Glob.expand(path.text, in: call.strand.workingDirectory, call.strand).map { .string($0) })
      },
    ]
  }

  /// What is in a directory, sorted by name.
  static func sortedEntries(
    of directory: [UInt8], _ path: FilePath, _ strand: Strand
  ) throws(Raised) -> [DirectoryEntry] {
    var entries: [DirectoryEntry]
    switch try self.entries(of: directory, strand) {
    case .success(let found): entries = found
    case .failure(let error): throw FileErrors.raised(error, "list `\(path.text)`", path)
    }
    try sort(&entries, strand) { byteOrder($0.name, $1.name) }
    return entries
  }

  /// What is in a directory, unsorted. Can be stopped meanwhile: there may be a million names.
  static func entries(
    of directory: [UInt8], _ strand: Strand
  ) throws(Raised) -> Result<[DirectoryEntry], SystemError> {
    var entries: [DirectoryEntry] = []
    var stopped: Raised?
    do throws(SystemError) {
      try DirectoryHandle(opening: directory).forEachEntry { entry in
        entries.append(entry)
        guard entries.count & 1_023 == 0 else { return true }
        do throws(Raised) {
          try strand.checkpoint()
          return true
        } catch {
          stopped = error
          return false
        }
      }
    } catch {
      return .failure(error)
    }
    if let stopped { throw stopped }
    return .success(entries)
  }

  /// Sorts, and can be stopped meanwhile.
  static func sort<Item>(
    _ items: inout [Item], _ strand: Strand, _ areInOrder: (Item, Item) -> Bool
  ) throws(Raised) {
    var count = 0
    do {
      try items.sort { a, b in
        count &+= 1
        if count & 4095 == 0 { try strand.checkpoint() }
        return areInOrder(a, b)
      }
    } catch let raised as Raised {
      throw raised
    } catch {}
  }

  /// Swift's own order of strings is by normalised characters: not that of the language.
  static func byteOrder(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}

/// A stream of the files below a directory. One directory is read at a time, when it is needed.
///
/// `@unchecked Sendable`: used by one strand at a time, as every source.
final class WalkSource: StreamSource, @unchecked Sendable {
  private struct Directory {
    /// As the script sees it, with a slash at the end; empty for `.`.
    let prefix: String
    let bytes: [UInt8]
  }

  private let showsHidden: Bool
  /// Files of the directory that was read last, in reverse.
  private var files: [String] = []
  /// Directories to read, the next at the end.
  private var directories: [Directory] = []

  init(_ path: FilePath, hidden: Bool, _ strand: Strand) throws(Raised) {
    showsHidden = hidden
    var prefix = path.text
    if prefix == "." || prefix.isEmpty { prefix = "" } else if !prefix.hasSuffix("/") { prefix += "/" }
    // At once, so that a missing directory is an error of the call.
    try read(Directory(prefix: prefix, bytes: Array(path.full.utf8)), path, strand)
  }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    while true {
      if let file = files.popLast() { return .item(.string(file)) }
      guard let directory = directories.popLast() else { return .end }
      try strand.checkpoint()
      let text = directory.prefix.isEmpty ? "." : String(directory.prefix.dropLast())
      let path = FilePath(text: text, full: String(decoding: directory.bytes, as: UTF8.self))
      do throws(Raised) {
        try read(directory, path, strand)
      } catch {
        // Somebody removed it meanwhile: as if they had been quicker.
        if error.error.kind !== ErrorKind.fileNotFound { throw error }
      }
    }
  }

  private func read(_ directory: Directory, _ path: FilePath, _ strand: Strand) throws(Raised) {
    var below: [Directory] = []
    for entry in try TreeLooks.sortedEntries(of: directory.bytes, path, strand) {
      if !showsHidden, entry.name.utf8.first == UInt8(ascii: ".") { continue }
      let bytes = directory.bytes + [UInt8(ascii: "/")] + entry.pathBytes
      var kind = entry.kind
      if kind == .unknown { kind = (try? Files.status(of: bytes, followingLinks: false))?.kind ?? .file }
      if kind == .directory {
        below.append(Directory(prefix: directory.prefix + entry.name + "/", bytes: bytes))
      } else {
        files.append(directory.prefix + entry.name)
      }
    }
    files.reverse()
    directories.append(contentsOf: below.reversed())
  }

  func fill(_ strand: Strand) async throws(Raised) {}

  func close() {
    files = []
    directories = []
  }
}
