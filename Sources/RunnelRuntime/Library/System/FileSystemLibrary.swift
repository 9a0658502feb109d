// `fs`: reading files, and asking about them. Changing the tree is in TreeChanges.swift, walking it in
// DirectoryWalk.swift, patterns in GlobExpansion.swift, writing in FileReplacement.swift.

internal import Glibc
internal import RunnelSystem

/// The built-ins of `fs`, without `watch`.
enum FileSystemLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "fs",
      summary: """
        Files and directories. Relative paths count from the task's working directory (`cd`). Errors are \
        `IOError` and its sub-kinds, with `path` and `errno`.
        """,
      functions: reading + WritingFunctions.functions + questions + TreeChanges.functions
        + TreeLooks.functions
        + ScopedFiles.functions)
  }

  private static var reading: [NativeFunction] {
    [
      .waiting(
        "read(p) → string",
        documentation: "The whole text of a file. What is not UTF-8 raises `ValueError` with the `offset`."
      ) { (call) async throws(Raised) in
        let file = try OpenFile.forReading(try call.path(0))
        return .string(try await InputReader(file).text(call.strand))
      },
      .waiting("read_bytes(p) → bytes", documentation: "The whole content of a file.") {
        (call) async throws(Raised) in
        let file = try OpenFile.forReading(try call.path(0))
        return .bytes(try await InputReader(file).bytes(call.strand))
      },
      .plain(
        "lines(p) → stream",
        documentation: """
          The lines of a file, without `\\n` or `\\r\\n`, read as they are asked for. The file is opened at once, \
          and closed when the stream ends.
          """
      ) { (call) throws(Raised) in
        .object(StreamObject(source: LineSource(try OpenFile.forReading(try call.path(0)))))
      },
      .waiting(
        "open(p, mode = \"r\") → file",
        documentation: """
          An open file, for `with`. Modes: `r` to read, `w` to write anew, `a` to add, `r+` to read and write; \
          with a `b` after it, reads give bytes.
          """
      ) { (call) async throws(Raised) in
        let mode = try FileMode(try call.string(1, default: "r"))
        return .object(try await FileObject.open(try call.path(0), mode, call.strand))
      },
    ]
  }

  private static var questions: [NativeFunction] {
    [
      .plain(
        "exists(p) → bool", documentation: "Whether the path leads to anything. A link to nothing does not."
      ) {
        (call) throws(Raised) in .bool(try status(call) != nil)
      },
      .plain("is_file(p) → bool", documentation: "Whether the path leads to a regular file.") {
        (call) throws(Raised) in .bool(try status(call)?.kind == .file)
      },
      .plain("is_dir(p) → bool", documentation: "Whether the path leads to a directory.") {
        (call) throws(Raised) in .bool(try status(call)?.kind == .directory)
      },
      .plain(
        "stat(p, follow: true) → map",
        documentation: """
          `{size, mtime, atime, mode, uid, gid, is_file, is_dir, is_link, inode, links}`; `mode` are the permission \
          bits. With `follow: false`, of a link itself.
          """
      ) { (call) throws(Raised) in
        let path = try call.path(0)
        let follow = try call.bool(1, default: true)
        do throws(SystemError) {
          return record(try Files.status(of: path.full, followingLinks: follow))
        } catch {
          throw FileErrors.raised(error, "look at `\(path.text)`", path)
        }
      },
      .plain("read_link(p) → string", documentation: "What a symbolic link says.") { (call) throws(Raised) in
        let path = try call.path(0)
        do throws(SystemError) {
          return .string(String(decoding: try Files.linkTarget(path.full), as: UTF8.self))
        } catch {
          if error.code == EINVAL {
            throw FileErrors.raised(
              .ioError, "read the link `\(path.text)`", path, because: "it is no symbolic link")
          }
          throw FileErrors.raised(error, "read the link `\(path.text)`", path)
        }
      },
      .plain("cwd() → string", documentation: "The task's working directory.") { (call) throws(Raised) in
        .string(call.strand.workingDirectory)
      },
      .plain("home() → string", documentation: "The user's home.") { (call) throws(Raised) in
        .string(PathLibrary.home(call.strand))
      },
      .plain(
        "disk(p = \".\") → map",
        documentation: "`{total, free, used}` of the file system that holds the path, in bytes."
      ) { (call) throws(Raised) in
        let path = try call.path(0, default: ".")
        do throws(SystemError) {
          let space = try Files.space(at: path.full)
          return .record([
            "total": .int(Int(space.total)), "free": .int(Int(space.free)), "used": .int(Int(space.used)),
          ])
        } catch {
          throw FileErrors.raised(error, "look at `\(path.text)`", path)
        }
      },
    ]
  }

  /// Nil for what is not there, and for what cannot be because a part of the path is no directory.
  private static func status(
    _ call: borrowing NativeCall
  ) throws(Raised) -> FileStatus? {
    if try call.string(0).isEmpty { return nil }
    let path = try call.path(0)
    do throws(SystemError) {
      return try Files.status(of: path.full, followingLinks: true)
    } catch {
      switch error.code {
      case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG: return nil
      default: throw FileErrors.raised(error, "look at `\(path.text)`", path)
      }
    }
  }

  private static func record(_ status: FileStatus) -> Value {
    .record([
      "size": .int(Int(status.size)),
      "mtime": .object(TimeObject(nanoseconds: Int(status.modified))),
      "atime": .object(TimeObject(nanoseconds: Int(status.accessed))),
      "mode": .int(Int(status.permissions)),
      "uid": .int(Int(status.userID)),
      "gid": .int(Int(status.groupID)),
      "is_file": .bool(status.kind == .file),
      "is_dir": .bool(status.kind == .directory),
      "is_link": .bool(status.kind == .link),
      "inode": .int(Int(bitPattern: UInt(status.inode))),
      "links": .int(status.linkCount),
    ])
  }
}
