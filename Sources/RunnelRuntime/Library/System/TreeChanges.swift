// `fs`: making, copying, moving and removing. Nothing here follows a symbolic link out of the tree that it was
// given: removing goes by held directories (`openat`, `unlinkat`), so that a link put in a directory's place
// meanwhile cannot lead it elsewhere; copying copies links as links.

internal import Glibc
internal import RunnelSystem

/// The built-ins of `fs` that change the tree.
enum TreeChanges {
  static var functions: [NativeFunction] {
    [
      .plain(
        "mkdir(p, parents: true)",
        documentation:
          "Makes a directory, and with `parents` those above it; then one that exists is no error."
      ) { (call) throws(Raised) in
        let path = try call.path(0)
        try makeDirectory(path, parents: try call.bool(1, default: true))
        return .nil
      },
      .plain(
        "remove(p, recursive: false, missing_ok: false)",
        documentation: """
          Removes a file, a link itself, or an empty directory; with `recursive`, a directory with all that is in \
          it; with `missing_ok`, what is not there is no error.
          """
      ) { (call) throws(Raised) in
        let strand = call.strand
        try TreeRemoval.remove(
          try call.path(0), recursive: try call.bool(1, default: false),
          missingIsFine: try call.bool(2, default: false)
        ) { () throws(Raised) in try strand.checkpoint() }
        return .nil
      },
      .waiting(
        "copy(a, b, recursive: false)",
        documentation: """
          Copies a file with its mode; into `b` if that is a directory. With `recursive`, a directory: `b` must not \
          exist, and links are copied as links.
          """
      ) { (call) async throws(Raised) in
        try await TreeCopy.copy(
          try call.path(0), try call.path(1), recursive: try call.bool(2, default: false), call.strand)
        return .nil
      },
      .waiting(
        "move(a, b)",
        documentation:
          "Gives a file or directory another name, also on another disk; into `b` if that is a directory."
      ) { (call) async throws(Raised) in
        try await TreeCopy.move(try call.path(0), try call.path(1), call.strand)
        return .nil
      },
      .plain("link(a, b)", documentation: "Gives the file `a` a second name, `b`.") { (call) throws(Raised) in
        let (a, b) = (try call.path(0), try call.path(1))
        do throws(SystemError) {
          try Files.link(a.full, as: b.full)
        } catch {
          let isSource = error.code == ENOENT && !Files.exists(a.full)
          throw FileErrors.raised(error, "link `\(b.text)` to `\(a.text)`", isSource ? a : b)
        }
        return .nil
      },
      .plain(
        "symlink(a, b)", documentation: "Makes `b` a symbolic link that says `a`, whether or not that exists."
      ) { (call) throws(Raised) in
        let content = try call.path(0).text
        let path = try call.path(1)
        do throws(SystemError) {
          try Files.makeLink(at: path.full, to: content)
        } catch {
          throw FileErrors.raised(error, "link `\(path.text)` to `\(content)`", path)
        }
        return .nil
      },
      .plain("chmod(p, mode)", documentation: "Sets the permission bits, such as `0o644`.") {
        (call) throws(Raised) in
        let path = try call.path(0)
        let mode = try call.int(1)
        guard (0...0o7777).contains(mode) else {
          throw Raised(
            .valueError, "`chmod` takes a mode from 0 to 0o7777, such as 0o644, not \(mode)",
            data: ["path": .string(path.text)])
        }
        do throws(SystemError) {
          try Files.setPermissions(path.full, to: UInt32(mode))
        } catch {
          throw FileErrors.raised(error, "change the mode of `\(path.text)`", path)
        }
        return .nil
      },
      .plain("touch(p)", documentation: "Sets the file's times to now; makes an empty one if there is none.")
      {
        (call) throws(Raised) in
        let path = try call.path(0)
        do throws(SystemError) {
          try Files.touch(path.full)
        } catch {
          throw FileErrors.raised(error, "touch `\(path.text)`", path)
        }
        return .nil
      },
    ]
  }

  static func makeDirectory(_ path: FilePath, parents: Bool) throws(Raised) {
    do throws(SystemError) {
      try parents ? makeWithParents(path.full) : Files.makeDirectory(path.full)
    } catch {
      throw FileErrors.raised(error, "make the directory `\(path.text)`", path)
    }
  }

  /// Tries the path itself first: mostly, all but the last part is there. Other tasks may make the same meanwhile.
  private static func makeWithParents(_ path: String) throws(SystemError) {
    var missing: [String] = []
    var current = path
    while true {
      do throws(SystemError) {
        try Files.makeDirectory(current)
        guard let next = missing.popLast() else { return }
        current = next
      } catch {
        switch error.code {
        case EEXIST:
          guard (try? Files.status(of: current))?.kind == .directory else { throw error }
          guard let next = missing.popLast() else { return }
          current = next
        case ENOENT:
          let parent = PathText.directory(current)
          // A link to nothing, or a path that cannot be shortened: no parent will help.
          guard !parent.isEmpty, parent != current, missing.count < 2_000, !Files.exists(parent) else {
            throw error
          }
          missing.append(current)
          current = parent
        default: throw error
        }
      }
    }
  }
}

/// Removing.
enum TreeRemoval {
  typealias Checkpoint = () throws(Raised) -> Void

  static func remove(
    _ path: FilePath, recursive: Bool, missingIsFine: Bool, _ checkpoint: Checkpoint
  ) throws(Raised) {
    let action = "remove `\(path.text)`"
    let last = PathText.name(trimmed(path.text))
    if last == "." || last == ".." || last.isEmpty {
      // What `rm` refuses, too: it is hardly ever meant.
      throw FileErrors.raised(.ioError, action, path, because: "it is `.`, `..`, the root or no name at all")
    }
    let full = trimmed(path.full)
    do throws(SystemError) {
      let isDirectory = try Files.status(of: full, followingLinks: false).kind == .directory
      if !isDirectory {
        // A slash at the end means a directory.
        if path.full.hasSuffix("/") { throw SystemError(code: ENOTDIR, operation: "unlink") }
        return try Files.remove(full)
      }
      if !recursive { return try Files.removeDirectory(full) }
    } catch {
      if missingIsFine, error.code == ENOENT { return }
      let hint = error.code == ENOTEMPTY ? "`recursive: true` removes it with all that is in it" : nil
      throw FileErrors.raised(error, action, path, hint: hint)
    }
    try removeTree(full, path, checkpoint)
  }

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
    return path
  }

  /// What is left to do in a directory on the way down.
  private struct Level {
    let name: [UInt8]
    let inode: UInt64
    let device: UInt64
    var entries: [DirectoryEntry]
  }

  /// Holds one directory at a time, however deep the tree is: the way back up is `..`, checked to be where it
  /// came from.
  private static func removeTree(_ full: String, _ path: FilePath, _ checkpoint: Checkpoint) throws(Raised) {
    var current = try open(full, path)
    var levels = [try level(Array(PathText.name(full).utf8), current, path, checkpoint)]
    func shown(_ name: [UInt8]) -> FilePath {
      let names = levels.dropFirst().map { String(decoding: $0.name, as: UTF8.self) }
      let below = (names + [String(decoding: name, as: UTF8.self)]).joined(separator: "/")
      return FilePath(text: path.text + "/" + below, full: full + "/" + below)
    }
    var count = 0
    while let entry = levels[levels.count - 1].entries.popLast() {
      count += 1
      if count & 255 == 0 { try checkpoint() }
      let name = entry.pathBytes
      var isBelow = false
      do throws(SystemError) {
        var kind = entry.kind
        if kind == .unknown { kind = try current.status(of: name).kind }
        if kind == .directory {
          current = try current.directory(name)
          isBelow = true
        } else {
          try current.remove(name, isDirectory: false)
        }
      } catch  where error.code == ENOENT {
        // Somebody else was quicker.
      } catch {
        let place = shown(name)
        throw FileErrors.raised(error, "remove `\(place.text)`", place)
      }
      if isBelow { levels.append(try level(name, current, shown(name), checkpoint)) }
      while levels.count > 1, levels[levels.count - 1].entries.isEmpty {
        let done = levels.removeLast()
        do throws(SystemError) {
          let above = try current.parent()
          let status = try above.status()
          let expected = levels[levels.count - 1]
          guard status.inode == expected.inode, status.device == expected.device else {
            throw SystemError(code: EBUSY, operation: "unlink")
          }
          current = above
          try current.remove(done.name, isDirectory: true)
        } catch  where error.code == ENOENT {
        } catch {
          let place = shown(done.name)
          throw FileErrors.raised(error, "remove `\(place.text)`", place)
        }
      }
    }
    do throws(SystemError) {
      try Files.removeDirectory(full)
    } catch  where error.code == ENOENT {
    } catch {
      throw FileErrors.raised(error, "remove `\(path.text)`", path)
    }
  }

  private static func open(_ full: String, _ path: FilePath) throws(Raised) -> DirectoryHandle {
    do throws(SystemError) {
      // The parent may be reached over links, the directory itself may not be one.
      let parent = PathText.directory(full)
      return try DirectoryHandle(opening: parent.isEmpty ? "." : parent).directory(
        Array(PathText.name(full).utf8))
    } catch {
      throw FileErrors.raised(error, "remove `\(path.text)`", path)
    }
  }

  private static func level(
    _ name: [UInt8], _ directory: borrowing DirectoryHandle, _ path: FilePath, _ checkpoint: Checkpoint
  ) throws(Raised) -> Level {
    var entries: [DirectoryEntry] = []
    var stopped: Raised?
    let status: FileStatus
    do throws(SystemError) {
      status = try directory.status()
      try directory.forEachEntry { entry in
        entries.append(entry)
        guard entries.count & 1_023 == 0 else { return true }
        do throws(Raised) {
          try checkpoint()
          return true
        } catch {
          stopped = error
          return false
        }
      }
    } catch {
      throw FileErrors.raised(error, "remove `\(path.text)`", path)
    }
    if let stopped { throw stopped }
    return Level(name: name, inode: status.inode, device: status.device, entries: entries)
  }
}

/// Copying and moving.
enum TreeCopy {
  static func copy(_ a: FilePath, _ b: FilePath, recursive: Bool, _ strand: Strand) async throws(Raised) {
    let action = "copy `\(a.text)` to `\(b.text)`"
    let source = try status(of: a, action)
    let target = placed(a, b)
    if source.kind == .directory {
      guard recursive else {
        throw FileErrors.raised(
          .isADirectory, action, a, because: "`\(a.text)` is a directory",
          hint: "`recursive: true` copies it with all that is in it")
      }
      try await copyTree(a, source, b, action, strand)
    } else {
      try refuseSame(source, target, action)
      try await copyFile(a, target, action, strand)
    }
  }

  /// In the directory `b`, or `b` itself.
  private static func placed(_ a: FilePath, _ b: FilePath) -> FilePath {
    guard (try? Files.status(of: b.full))?.kind == .directory else { return b }
    var name = a.text
    while name.utf8.count > 1, name.utf8.last == UInt8(ascii: "/") { name.removeLast() }
    name = PathText.name(name)
    return FilePath(text: PathText.join([b.text, name]), full: PathText.join([b.full, name]))
  }

  private static func status(of path: FilePath, _ action: String, follow: Bool = true) throws(Raised)
    -> FileStatus
  {
    do throws(SystemError) {
      return try Files.status(of: path.full, followingLinks: follow)
    } catch {
      throw FileErrors.raised(error, action, path)
    }
  }

  private static func refuseSame(_ source: FileStatus, _ target: FilePath, _ action: String) throws(Raised) {
    guard let other = try? Files.status(of: target.full), other.inode == source.inode,
      other.device == source.device
    else { return }
    throw FileErrors.raised(.ioError, action, target, because: "both are the same file")
  }

  private static func copyFile(
    _ a: FilePath, _ b: FilePath, _ action: String, keepingTimes: Bool = false, _ strand: Strand
  ) async throws(Raised) {
    let source = try OpenFile.forReading(a, action: "copy")
    // As `cp` does: what runs with its owner's rights does not so for whoever copied it.
    let permissions = source.status.permissions & 0o777
    let replacement = try await ReplacementObject.begin(b, permissions: permissions, action: action, strand)
    defer { replacement.close() }
    try await replacement.copy(source, strand)
    try await replacement.commit(strand)
    if keepingTimes {
      try? Files.setTimes(b.full, accessed: source.status.accessed, modified: source.status.modified)
    }
  }

  /// A directory and all that is in it, depth first. Paths are bytes below the top: names may be any.
  private static func copyTree(
    _ a: FilePath, _ source: FileStatus, _ b: FilePath, _ action: String, keepingTimes: Bool = false,
    _ strand: Strand
  ) async throws(Raised) {
    do throws(SystemError) {
      // Private until it is filled: the source's mode may forbid writing.
      try Files.makeDirectory(b.full, permissions: 0o700)
    } catch {
      throw FileErrors.raised(error, action, b)
    }
    let top = try status(of: b, action)
    var directories: [(from: [UInt8], to: [UInt8], status: FileStatus)] = [
      (Array(a.full.utf8), Array(b.full.utf8), source)
    ]
    var position = 0
    while position < directories.count {
      let (from, to, _) = directories[position]
      position += 1
      let entries: [DirectoryEntry]
      switch try TreeLooks.entries(of: from, strand) {
      case .success(let found): entries = found
      case .failure(let error): throw failure(error, from, below: a)
      }
      for entry in entries {
        try strand.checkpoint()
        let (old, new) = (from + [0x2F] + entry.pathBytes, to + [0x2F] + entry.pathBytes)
        do throws(SystemError) {
          let status = try Files.status(of: old, followingLinks: false)
          // The copy itself, where a tree is copied into itself.
          if status.inode == top.inode, status.device == top.device { continue }
          switch status.kind {
          case .directory:
            try Files.makeDirectory(new, permissions: 0o700)
            directories.append((old, new, status))
            continue
          case .file: break
          case .link: try Files.makeLink(at: new, to: try Files.linkTarget(old))
          case .pipe: try Files.makeFIFO(new, permissions: status.permissions)
          default: throw SystemError(code: EOPNOTSUPP, operation: "copy")
          }
          guard status.kind == .file else { continue }
        } catch {
          throw failure(error, old, below: a)
        }
        try copyBytes(old, new, a, keepingTimes, strand)
      }
    }
    for (_, directory, status) in directories.reversed() {
      do throws(SystemError) {
        try Files.setPermissions(directory, to: status.permissions)
        if keepingTimes {
          try Files.setTimes(directory, accessed: status.accessed, modified: status.modified)
        }
      } catch {
        throw failure(error, directory, below: b)
      }
    }
  }

  /// One regular file of a tree: the target is new, so no replacement is needed.
  private static func copyBytes(
    _ old: [UInt8], _ new: [UInt8], _ top: FilePath, _ keepingTimes: Bool, _ strand: Strand
  ) throws(Raised) {
    var stopped: Raised?
    do throws(SystemError) {
      let source = try Files.open(old, [.read, .nonblocking, .noFollow])
      let status = try Files.status(of: source.number)
      let target = try Files.open(new, [.write, .create, .exclusive], permissions: 0o600)
      // Most trees have many empty files; what only says that it is empty (`/proc`) still has a first byte.
      let isFilled = status.size > 0 ? true : try hasBytes(source.number)
      if isFilled {
        try Files.copy(from: source.number, to: target.number) {
          do throws(Raised) {
            try strand.checkpoint()
            return true
          } catch {
            stopped = error
            return false
          }
        }
      }
      try Files.setPermissions(target.number, to: status.permissions & 0o777)
      try target.close()
      if keepingTimes { try Files.setTimes(new, accessed: status.accessed, modified: status.modified) }
    } catch {
      throw failure(error, old, below: top)
    }
    if let stopped { throw stopped }
  }

  private static func hasBytes(_ descriptor: Int32) throws(SystemError) -> Bool {
    var byte: UInt8 = 0
    let result = withUnsafeMutableBytes(of: &byte) { buffer in
      Result { () throws(SystemError) in try DescriptorIO.read(descriptor, into: buffer, at: 0) }
    }
    return try result.get() != .endOfFile
  }

  private static func failure(_ error: SystemError, _ place: [UInt8], below top: FilePath) -> Raised {
    let full = String(decoding: place, as: UTF8.self)
    let text = full.hasPrefix(top.full) ? top.text + full.dropFirst(top.full.count) : full
    return FileErrors.raised(error, "copy `\(text)`", FilePath(text: text, full: full))
  }

  static func move(_ a: FilePath, _ b: FilePath, _ strand: Strand) async throws(Raised) {
    let action = "move `\(a.text)` to `\(b.text)`"
    let source = try status(of: a, action, follow: false)
    let target = placed(a, b)
    do throws(SystemError) {
      return try Files.rename(a.full, to: target.full)
    } catch {
      if error.code == EINVAL {
        throw FileErrors.raised(.ioError, action, target, because: "a directory cannot be moved into itself")
      }
      guard error.code == EXDEV else { throw FileErrors.raised(error, action, target) }
    }
    // Another disk: the old one goes when all of it is there.
    switch source.kind {
    case .directory: try await copyTree(a, source, target, action, keepingTimes: true, strand)
    case .link, .pipe: try copySpecial(a, source, target, action)
    default: try await copyFile(a, target, action, keepingTimes: true, strand)
    }
    try TreeRemoval.remove(a, recursive: true, missingIsFine: true) { () throws(Raised) in }
  }

  private static func copySpecial(
    _ a: FilePath, _ source: FileStatus, _ b: FilePath, _ action: String
  ) throws(Raised) {
    do throws(SystemError) {
      if source.kind == .link {
        try Files.makeLink(at: b.full, to: String(decoding: try Files.linkTarget(a.full), as: UTF8.self))
      } else {
        try Files.makeFIFO(b.full, permissions: source.permissions)
      }
    } catch {
      throw FileErrors.raised(error, action, b)
    }
  }
}
