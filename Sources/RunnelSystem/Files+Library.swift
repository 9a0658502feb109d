// What the library's file functions need beyond Files.swift: directories that are held open, so that a tree
// can be walked and removed without following a link that somebody puts in the way; a look at what is ready;
// and a few rare calls.

internal import CRunnelSystem
internal import Glibc

extension Files.OpenOptions {
  /// Only a directory can be opened.
  public static let directory = Files.OpenOptions(rawValue: O_DIRECTORY)
}

extension Files {
  /// Makes a FIFO.
  public static func makeFIFO(_ path: some PathArgument, permissions: UInt32 = 0o666) throws(SystemError) {
    try systemCall("mkfifo", on: path) { mkfifo($0, permissions) }
  }

  /// Gives an open file to another user and group.
  public static func setOwner(
    _ descriptor: Int32, user: UInt32, group: UInt32
  ) throws(SystemError) {
    try systemCall("fchown") { fchown(descriptor, user, group) }
  }

  /// Whether this process may change what is in the directory, or write the file.
  public static func mayWrite(_ path: some PathArgument) -> Bool {
    (try? systemCall("access", on: path) { faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) }) != nil
  }
}

/// A directory that is held open: names in it mean what is in it, whatever its own name means by now.
public struct DirectoryHandle: ~Copyable, Sendable {
  private let descriptor: Descriptor

  /// Opens a directory.
  ///
  /// - Parameter followingLinks: whether the path may be a link to one; if not, a link is `ENOTDIR` or `ELOOP`.
  public init(opening path: some PathArgument, followingLinks: Bool = true) throws(SystemError) {
    descriptor = try Files.open(path, followingLinks ? .directory : [.directory, .noFollow])
  }

  private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Opens a directory in this one; a link is refused.
  public borrowing func directory(_ name: [UInt8]) throws(SystemError) -> DirectoryHandle {
    DirectoryHandle(try open(name, O_DIRECTORY | O_NOFOLLOW))
  }

  /// Opens the directory that this one is in.
  public borrowing func parent() throws(SystemError) -> DirectoryHandle {
    DirectoryHandle(try open(Array("..".utf8), O_DIRECTORY))
  }

  private borrowing func open(_ name: [UInt8], _ flags: Int32) throws(SystemError) -> Descriptor {
    let directory = descriptor.number
    let number = try name.withPath("open") { (pointer) throws(SystemError) -> Int32 in
      try shimResult("open", name.pathText, runnel_open_at(directory, pointer, flags))
    }
    return Descriptor(owning: number)
  }

  /// Lends its number, for calls that only look at it.
  public borrowing func withNumber<Result, Failure: Error>(
    _ body: (Int32) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(descriptor.number)
  }

  /// This directory's own status.
  public borrowing func status() throws(SystemError) -> FileStatus {
    try Files.status(of: descriptor.number)
  }

  /// The status of a name in it; of a link itself.
  public borrowing func status(of name: [UInt8]) throws(SystemError) -> FileStatus {
    var status = Glibc.stat()
    let directory = descriptor.number
    try systemCall("lstat", on: name) { fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }
    return FileStatus(status)
  }

  /// Removes a name in it.
  ///
  /// - Parameter isDirectory: an empty directory, or anything else.
  public borrowing func remove(_ name: [UInt8], isDirectory: Bool) throws(SystemError) {
    let directory = descriptor.number
    try systemCall("unlink", on: name) { unlinkat(directory, $0, isDirectory ? AT_REMOVEDIR : 0) }
  }

  /// What is in it, unsorted, without `.` and `..`.
  ///
  /// - Parameter body: gets an entry, and says whether to go on.
  public borrowing func forEachEntry(_ body: (DirectoryEntry) -> Bool) throws(SystemError) {
    // Reading moves a position that the open file has: a new one, so that two readings do not meet.
    let number = try open([UInt8(ascii: ".")], O_DIRECTORY).release()
    guard let stream = fdopendir(number) else {
      let error = SystemError(code: errno, operation: "opendir")
      DescriptorIO.close(number)
      throw error
    }
    defer { closedir(stream) }
    guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else { return }
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw SystemError(code: errno, operation: "readdir") }
        return
      }
      let start = UnsafeRawPointer(entry).advanced(by: nameOffset).assumingMemoryBound(to: UInt8.self)
      let length = strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
      let name = UnsafeBufferPointer(start: start, count: length)
      if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
      if !body(DirectoryEntry(bytes: name, kind: FileKind(entryType: entry.pointee.d_type))) { return }
    }
  }
}

extension DescriptorIO {
  /// Whether a write to the descriptor would find room (or an error) just now.
  public static func isWritable(_ number: Int32) -> Bool {
    runnel_wait_writable(number, 0) > 0
  }

  /// Moves the position from the file's start.
  @discardableResult
  public static func seek(_ number: Int32, toStart offset: Int64) throws(SystemError) -> Int64 {
    try seek(number, to: offset, from: SEEK_SET)
  }

  /// Moves the position back, to before what was read ahead.
  @discardableResult
  public static func seek(_ number: Int32, back count: Int64) throws(SystemError) -> Int64 {
    try seek(number, to: -count, from: SEEK_CUR)
  }

  /// The position of the first byte with this value, nil if there is none.
  public static func firstIndex(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else {
      return nil
    }
    return UnsafeRawPointer(found) - start
  }
}

extension Terminal {
  /// Switches the echo of what is typed on or off.
  ///
  /// - Returns: whether it was on.
  @discardableResult
  public static func setEcho(_ on: Bool, of descriptor: Int32) throws(SystemError) -> Bool {
    try shimResult("tcsetattr", nil, runnel_terminal_set_echo(descriptor, on ? 1 : 0)) == 1
  }

  /// Its columns, nil if it is no terminal or does not say.
  public static func knownWidth(of descriptor: Int32) -> Int? {
    let width = runnel_terminal_width(descriptor)
    return width > 0 ? Int(width) : nil
  }
}

extension SystemInfo {
  /// Another user's home by the user data base. May block.
  public static func homeDirectory(ofUser name: String) -> String? {
    guard !name.utf8.contains(0) else { return nil }
    var buffer = [CChar](repeating: 0, count: 64 << 10)
    var record = passwd()
    var found: UnsafeMutablePointer<passwd>?
    return buffer.withUnsafeMutableBufferPointer { buffer -> String? in
      // The record points into the buffer, so it is read in here.
      guard let start = buffer.baseAddress,
        getpwnam_r(name, &record, start, buffer.count, &found) == 0, found != nil, let home = record.pw_dir
      else { return nil }
      return String(cString: home)
    }
  }

  /// Whose rights this process has.
  public static var effectiveUserID: UInt32 { geteuid() }

  /// Nanoseconds since 1970.
  public static var wallClock: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.nanoseconds
  }
}
