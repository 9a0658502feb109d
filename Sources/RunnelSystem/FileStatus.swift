// What the file system says about files: status, directory entries, space.

internal import Glibc

/// What kind of thing a name leads to.
public enum FileKind: Hashable, Sendable {
  case file, directory, link, pipe, socket, characterDevice, blockDevice
  /// The file system did not say: ask for the status.
  case unknown

  init(mode: UInt32) {
    switch mode & S_IFMT {
    case S_IFREG: self = .file
    case S_IFDIR: self = .directory
    case S_IFLNK: self = .link
    case S_IFIFO: self = .pipe
    case S_IFSOCK: self = .socket
    case S_IFCHR: self = .characterDevice
    case S_IFBLK: self = .blockDevice
    default: self = .unknown
    }
  }

  init(entryType: UInt8) {
    // DT_* are the mode's type bits, shifted.
    self.init(mode: UInt32(entryType) << 12)
  }
}

/// A file's status.
public struct FileStatus: Hashable, Sendable {
  public let kind: FileKind
  /// In bytes.
  public let size: Int64
  /// Permission bits, with set-user-id, set-group-id and sticky.
  public let permissions: UInt32
  public let userID: UInt32
  public let groupID: UInt32
  public let device: UInt64
  public let inode: UInt64
  /// How many names it has.
  public let linkCount: Int
  /// Nanoseconds since 1970 of the last change of the content.
  public let modified: Int64
  /// Nanoseconds since 1970 of the last read, as far as the file system keeps it.
  public let accessed: Int64
  /// Nanoseconds since 1970 of the last change of content or status.
  public let changed: Int64

  init(_ status: stat) {
    kind = FileKind(mode: status.st_mode)
    size = Int64(status.st_size)
    permissions = status.st_mode & 0o7777
    userID = status.st_uid
    groupID = status.st_gid
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    linkCount = Int(status.st_nlink)
    modified = status.st_mtim.nanoseconds
    accessed = status.st_atim.nanoseconds
    changed = status.st_ctim.nanoseconds
  }
}

extension timespec {
  var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }

  init(nanoseconds: Int64) {
    // Rounded down, so that the fraction is never negative before 1970.
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    self = timespec(
      tv_sec: Int(rest < 0 ? seconds - 1 : seconds), tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
  }
}

/// A name in a directory.
public struct DirectoryEntry: Hashable, Sendable {
  /// The name; bytes that are no UTF-8 are replaced by U+FFFD, and then `rawName` has the true ones.
  public let name: String
  /// The name's bytes, if they are not valid UTF-8.
  public let rawName: [UInt8]?
  /// Of the name itself: a link is a link.
  public let kind: FileKind

  init(bytes: UnsafeBufferPointer<UInt8>, kind: FileKind) {
    if let name = String(validating: bytes, as: UTF8.self) {
      self.name = name
      rawName = nil
    } else {
      name = String(decoding: bytes, as: UTF8.self)
      rawName = Array(bytes)
    }
    self.kind = kind
  }

  /// The name's bytes in any case.
  public var pathBytes: [UInt8] { rawName ?? Array(name.utf8) }
}

/// The space of a file system, in bytes.
public struct DiskSpace: Hashable, Sendable {
  public let total: Int64
  /// What an ordinary user can still write.
  public let free: Int64
  public let used: Int64
}
