// `fs`: what belongs to a scope: temporary files and directories, and locks (language.md §6.8).

internal import Glibc
internal import RunnelScheduler
internal import RunnelSystem

/// The built-ins of `fs` that give something to the scope.
enum ScopedFiles {
  static var functions: [NativeFunction] {
    [
      .plain(
        "temp_dir() → string",
        documentation:
          "The path of a new private directory (0700) in `TMPDIR` or `/tmp`, removed at the scope's end."
      ) { (call) throws(Raised) in
        let directory = temporaryDirectory(call.strand)
        do throws(SystemError) {
          let path = try Files.makeTemporaryDirectory(in: directory)
          call.strand.own(TemporaryPath(path))
          return .string(path)
        } catch {
          throw failure(error, "make a temporary directory", directory)
        }
      },
      .plain(
        "temp_file(suffix = \"\") → string",
        documentation:
          "The path of a new private file (0600) in `TMPDIR` or `/tmp`, removed at the scope's end."
      ) { (call) throws(Raised) in
        let directory = temporaryDirectory(call.strand)
        let suffix = try call.string(0, default: "")
        guard !suffix.utf8.contains(UInt8(ascii: "/")), !suffix.utf8.contains(0) else {
          throw Raised(.valueError, "`temp_file` takes a suffix without slashes and NUL characters")
        }
        do throws(SystemError) {
          let path = try Files.makeTemporaryFile(in: directory, suffix: suffix).path
          call.strand.own(TemporaryPath(path))
          return .string(path)
        } catch {
          throw failure(error, "make a temporary file", directory)
        }
      },
      .waiting(
        "lock(p, wait: nil)",
        documentation: """
          An exclusive lock on a file (`flock`), for `with`; the file is made if need be. Waits until it is free, or \
          for at most `wait`, then raises `Timeout`. It is released by `with`, at the scope's end, and when the \
          process dies.
          """
      ) { (call) async throws(Raised) in
        .object(try await FileLockObject.take(try call.path(0), wait: try call.duration(1), call.strand))
      },
    ]
  }

  private static func temporaryDirectory(_ strand: Strand) -> String {
    guard let directory = strand.environment["TMPDIR"]?.string?.text, !directory.isEmpty else {
      return "/tmp"
    }
    return strand.resolved(directory)
  }

  private static func failure(_ error: SystemError, _ action: String, _ directory: String) -> Raised {
    FileErrors.raised(error, "\(action) in `\(directory)`", FilePath(text: directory, full: directory))
  }
}

/// A temporary file or directory, which goes with its scope.
///
/// `@unchecked Sendable`: never changes.
final class TemporaryPath: ResourceObject, @unchecked Sendable {
  private let path: String

  init(_ path: String) {
    self.path = path
    super.init(tag: .resource)
  }

  override var label: String { "temporary file `\(path)`" }

  override func close() {
    try? TreeRemoval.remove(
      FilePath(text: path, full: path), recursive: true, missingIsFine: true
    ) { () throws(Raised) in }
  }
}

/// An exclusive lock on a file.
///
/// `@unchecked Sendable`: what changes is protected by `descriptorLock`.
final class FileLockObject: ResourceObject, @unchecked Sendable {
  private let path: FilePath
  private let descriptorLock = Lock()
  private var descriptor: Descriptor?

  private init(_ path: FilePath, _ descriptor: consuming Descriptor) {
    self.path = path
    self.descriptor = consume descriptor
    super.init(tag: .resource)
  }

  override var label: String { "lock `\(path.text)`" }
  override var isClosed: Bool { descriptorLock.withLock { descriptor == nil } }

  override func close() {
    descriptorLock.withLock { descriptor = nil }
  }

  /// Takes the lock. The kernel cannot be asked to say when it is free, other than by a thread that blocks until
  /// then and could not be given up; so it is tried in pauses, short ones at first.
  static func take(_ path: FilePath, wait: Int?, _ strand: Strand) async throws(Raised) -> FileLockObject {
    var pause = 1_000_000
    var waited = 0
    while true {
      try strand.checkpoint()
      if let lock = try attempt(path) {
        strand.own(lock)
        return lock
      }
      if let wait, waited >= wait {
        throw Raised(
          .timeout, "the lock `\(path.text)` was not free within \(Formatting.duration(max(0, wait)))",
          data: ["path": .string(path.text)])
      }
      let next = min(pause, wait.map { $0 - waited } ?? pause)
      try await strand.pause(next, reason: "the lock `\(path.text)`")
      waited += next
      pause = min(pause * 2, 25_000_000)
    }
  }

  private static func attempt(_ path: FilePath) throws(Raised) -> FileLockObject? {
    do throws(SystemError) {
      let descriptor = try open(path)
      guard try Files.lock(descriptor.number, waiting: false) else { return nil }
      // Whoever held it may have removed the file meanwhile: then others lock another one of that name.
      let held = try Files.status(of: descriptor.number)
      guard let named = try? Files.status(of: path.full), named.inode == held.inode,
        named.device == held.device
      else { return nil }
      return FileLockObject(path, descriptor)
    } catch {
      throw FileErrors.raised(error, "lock `\(path.text)`", path)
    }
  }

  private static func open(_ path: FilePath) throws(SystemError) -> Descriptor {
    do throws(SystemError) {
      return try Files.open(path.full, [.readWrite, .create, .nonblocking])
    } catch  where error.code == EACCES || error.code == EISDIR || error.code == EROFS {
      // A file that may only be read, or a directory, can be locked as well.
      return try Files.open(path.full, [.read, .nonblocking])
    }
  }
}
