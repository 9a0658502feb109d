// The file system, a thin function per call. They may block (a slow disk, a FIFO that nobody writes), so a
// strand runs them on the blocking pool. Paths are strings or bytes (PathArgument.swift).

internal import CRunnelSystem
internal import Glibc

/// Files and directories by name.
public enum Files {
  // MARK: Opening

  /// What for, and how, a file is opened.
  public struct OpenOptions: OptionSet, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let read = OpenOptions([])
    public static let write = OpenOptions(rawValue: O_WRONLY)
    public static let readWrite = OpenOptions(rawValue: O_RDWR)
    public static let create = OpenOptions(rawValue: O_CREAT)
    public static let exclusive = OpenOptions(rawValue: O_EXCL)
    public static let truncate = OpenOptions(rawValue: O_TRUNC)
    public static let append = OpenOptions(rawValue: O_APPEND)
    public static let nonblocking = OpenOptions(rawValue: O_NONBLOCK)
    public static let noFollow = OpenOptions(rawValue: O_NOFOLLOW)
  }

  /// Opens a file; no program inherits it.
  ///
  /// - Parameter permissions: of a file that this creates, less the umask.
  public static func open(
    _ path: some PathArgument, _ options: OpenOptions = .read, permissions: UInt32 = 0o666
  ) throws(SystemError) -> Descriptor {
    let number = try path.withPath("open") { (pointer) throws(SystemError) -> Int32 in
      try shimResult("open", path.pathText, runnel_open(pointer, options.rawValue, permissions))
    }
    return Descriptor(owning: number)
  }

  // MARK: Status

  /// A file's status.
  ///
  /// - Parameter followingLinks: of what a link leads to, or of the link.
  public static func status(
    of path: some PathArgument, followingLinks: Bool = true
  ) throws(SystemError) -> FileStatus {
    var status = Glibc.stat()
    if followingLinks {
      try systemCall("stat", on: path) { stat($0, &status) }
    } else {
      try systemCall("lstat", on: path) { lstat($0, &status) }
    }
    return FileStatus(status)
  }

  /// An open file's status.
  public static func status(of descriptor: Int32) throws(SystemError) -> FileStatus {
    var status = Glibc.stat()
    try systemCall("fstat") { fstat(descriptor, &status) }
    return FileStatus(status)
  }

  /// Whether the name leads to anything; a link to nothing does not.
  public static func exists(_ path: some PathArgument) -> Bool {
    (try? status(of: path)) != nil
  }

  /// Whether this process may execute the file (or search the directory).
  public static func mayExecute(_ path: some PathArgument) -> Bool {
    (try? systemCall("access", on: path) { faccessat(AT_FDCWD, $0, X_OK, AT_EACCESS) }) != nil
  }

  /// The space of the file system that holds the file.
  public static func space(at path: some PathArgument) throws(SystemError) -> DiskSpace {
    var space = statvfs()
    try systemCall("statvfs", on: path) { statvfs($0, &space) }
    let unit = Int64(space.f_frsize)
    return DiskSpace(
      total: Int64(space.f_blocks) &* unit, free: Int64(space.f_bavail) &* unit,
      used: (Int64(space.f_blocks) - Int64(space.f_bfree)) &* unit)
  }

  // MARK: Directories

  /// What is in a directory, unsorted, without `.` and `..`.
  public static func entries(of path: some PathArgument) throws(SystemError) -> [DirectoryEntry] {
    let directory = try path.withPath("opendir") { (pointer) throws(SystemError) -> OpaquePointer in
      guard let directory = opendir(pointer) else { throw path.failure("opendir") }
      return directory
    }
    defer { closedir(directory) }
    guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
    var entries: [DirectoryEntry] = []
    while true {
      errno = 0
      guard let entry = readdir(directory) else {
        if errno != 0 { throw path.failure("readdir") }
        return entries
      }
      // The name is as long as it is, not as its declaration says: look at it in place.
      let start = UnsafeRawPointer(entry).advanced(by: nameOffset).assumingMemoryBound(to: UInt8.self)
      let length = strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
      let name = UnsafeBufferPointer(start: start, count: length)
      if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
      entries.append(DirectoryEntry(bytes: name, kind: FileKind(entryType: entry.pointee.d_type)))
    }
  }

  /// The names in a directory, unsorted; what is no UTF-8 is shown replaced (`entries` has the bytes).
  public static func names(in path: some PathArgument) throws(SystemError) -> [String] {
    try entries(of: path).map(\.name)
  }

  public static func makeDirectory(
    _ path: some PathArgument, permissions: UInt32 = 0o777
  ) throws(SystemError) {
    try systemCall("mkdir", on: path) { mkdir($0, permissions) }
  }

  /// Removes an empty directory.
  public static func removeDirectory(_ path: some PathArgument) throws(SystemError) {
    try systemCall("rmdir", on: path) { rmdir($0) }
  }

  /// This process's working directory.
  public static func currentDirectory() throws(SystemError) -> String {
    guard let buffer = getcwd(nil, 0) else { throw SystemError(code: errno, operation: "getcwd") }
    defer { free(buffer) }
    return String(cString: buffer)
  }

  // MARK: Names

  /// Removes a name; a link itself, not what it leads to.
  public static func remove(_ path: some PathArgument) throws(SystemError) {
    try systemCall("unlink", on: path) { unlink($0) }
  }

  /// Gives a file another name on the same file system, replacing what had it.
  public static func rename(_ path: some PathArgument, to target: some PathArgument) throws(SystemError) {
    try path.withPath("rename") { (old) throws(SystemError) in
      try target.withPath("rename") { (new) throws(SystemError) in
        try systemCall("rename", path.pathText) { Glibc.rename(old, new) }
      }
    }
  }

  /// Gives a file a second name.
  public static func link(_ path: some PathArgument, as name: some PathArgument) throws(SystemError) {
    try path.withPath("link") { (old) throws(SystemError) in
      try name.withPath("link") { (new) throws(SystemError) in
        try systemCall("link", name.pathText) { Glibc.link(old, new) }
      }
    }
  }

  /// Makes a symbolic link.
  ///
  /// - Parameter target: what it says; it need not exist.
  public static func makeLink(at path: some PathArgument, to target: some PathArgument) throws(SystemError) {
    try target.withPath("symlink") { (content) throws(SystemError) in
      try systemCall("symlink", on: path) { symlink(content, $0) }
    }
  }

  /// What a symbolic link says, as bytes.
  public static func linkTarget(_ path: some PathArgument) throws(SystemError) -> [UInt8] {
    var size = 256
    while true {
      var buffer = [UInt8](repeating: 0, count: size)
      let count = try systemCall("readlink", on: path) { pointer in
        buffer.withUnsafeMutableBytes { bytes in
          guard let start = bytes.baseAddress else { return 0 }
          return readlink(pointer, start.assumingMemoryBound(to: CChar.self), size)
        }
      }
      // A full buffer may have been too small.
      if count < size { return Array(buffer[..<count]) }
      size *= 4
    }
  }

  /// The absolute path without links, `.` and `..`, as bytes.
  public static func realPath(_ path: some PathArgument) throws(SystemError) -> [UInt8] {
    let buffer = try path.withPath("realpath") {
      (pointer) throws(SystemError) -> UnsafeMutablePointer<CChar> in
      guard let buffer = realpath(pointer, nil) else { throw path.failure("realpath") }
      return buffer
    }
    defer { free(buffer) }
    return UnsafeBufferPointer(start: buffer, count: strlen(buffer)).map { UInt8(bitPattern: $0) }
  }

  // MARK: Properties

  /// Sets permission bits.
  public static func setPermissions(
    _ path: some PathArgument, to permissions: UInt32
  ) throws(SystemError) {
    try systemCall("chmod", on: path) { chmod($0, permissions) }
  }

  /// Sets an open file's permission bits.
  public static func setPermissions(_ descriptor: Int32, to permissions: UInt32) throws(SystemError) {
    try systemCall("fchmod") { fchmod(descriptor, permissions) }
  }

  /// Sets the times of last access and change; nil is now.
  ///
  /// - Parameters: nanoseconds since 1970.
  public static func setTimes(
    _ path: some PathArgument, accessed: Int64?, modified: Int64?
  ) throws(SystemError) {
    // UTIME_NOW, a macro with a cast.
    let now = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 1)
    let times = [
      accessed.map(timespec.init(nanoseconds:)) ?? now, modified.map(timespec.init(nanoseconds:)) ?? now,
    ]
    try systemCall("utimensat", on: path) { utimensat(AT_FDCWD, $0, times, 0) }
  }

  /// Sets the times to now; makes an empty file if there is none.
  public static func touch(_ path: some PathArgument) throws(SystemError) {
    do throws(SystemError) {
      try setTimes(path, accessed: nil, modified: nil)
    } catch  where error.code == ENOENT {
      try open(path, [.write, .create]).close()
    }
  }

  /// Cuts or extends an open file.
  public static func setSize(_ descriptor: Int32, to size: Int64) throws(SystemError) {
    try systemCall("ftruncate") { ftruncate(descriptor, off_t(size)) }
  }

  /// Waits until what was written is on the disk.
  public static func synchronise(_ descriptor: Int32) throws(SystemError) {
    try systemCall("fsync") { fsync(descriptor) }
  }

  // MARK: Locks

  /// Takes the exclusive lock of an open file (`flock`); the file's closing releases it.
  ///
  /// - Parameter waiting: whether to block until it is free.
  /// - Returns: whether it was free; always true with `waiting`.
  public static func lock(_ descriptor: Int32, waiting: Bool) throws(SystemError) -> Bool {
    do throws(SystemError) {
      try systemCall("flock") { flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) }
      return true
    } catch  where error.code == EWOULDBLOCK {
      return false
    }
  }

  /// Releases it.
  public static func unlock(_ descriptor: Int32) throws(SystemError) {
    try systemCall("flock") { flock(descriptor, LOCK_UN) }
  }

  // MARK: Temporary files

  /// Makes a directory that only this user can enter (0700).
  ///
  /// - Returns: its path.
  public static func makeTemporaryDirectory(
    in directory: String, prefix: String = "runnel-"
  ) throws(SystemError) -> String {
    try withTemplate(directory, prefix, "", "mkdtemp") { (template) throws(SystemError) in
      try shimCheck("mkdtemp", directory, runnel_make_directory(template))
    }.path
  }

  /// Makes and opens a file that only this user can read (0600).
  public static func makeTemporaryFile(
    in directory: String, prefix: String = "runnel-", suffix: String = ""
  ) throws(SystemError) -> TemporaryFile {
    let (path, number) = try withTemplate(directory, prefix, suffix, "mkstemp") {
      (template) throws(SystemError) in
      try shimResult("mkstemp", directory, runnel_make_file(template, Int32(suffix.utf8.count)))
    }
    return TemporaryFile(path: path, descriptor: Descriptor(owning: number))
  }

  private static func withTemplate<Result>(
    _ directory: String, _ prefix: String, _ suffix: String, _ operation: String,
    _ make: (UnsafeMutablePointer<CChar>) throws(SystemError) -> Result
  ) throws(SystemError) -> (path: String, result: Result) {
    let text = "\(directory)/\(prefix)XXXXXX\(suffix)"
    guard !text.utf8.contains(0) else { throw directory.failure(operation, EINVAL) }
    guard let template = strdup(text) else { throw directory.failure(operation, ENOMEM) }
    defer { free(template) }
    let result = try make(template)
    return (String(cString: template), result)
  }

  // MARK: Copying

  /// Copies the rest of an open file to another, within the kernel if it can.
  ///
  /// - Parameter shouldGoOn: asked about every 16 MiB; false ends the copy early.
  /// - Returns: how many bytes were copied.
  @discardableResult
  public static func copy(
    from source: Int32, to target: Int32, shouldGoOn: () -> Bool = { true }
  ) throws(SystemError) -> Int64 {
    var total: Int64 = 0
    while shouldGoOn() {
      let count = runnel_copy_range(source, target, 16 << 20)
      if count > 0 {
        total += count
      } else if count == 0, total > 0 {
        return total
      } else if count == 0 || [-EINVAL, -EXDEV, -ENOSYS, -EOPNOTSUPP, -EPERM, -EBADF].contains(Int32(count)) {
        // Not between these two; and files of /proc seem empty to it.
        return try total + copyByHand(from: source, to: target, shouldGoOn)
      } else {
        throw SystemError(code: Int32(-count), operation: "copy_file_range")
      }
    }
    return total
  }

  private static func copyByHand(
    from source: Int32, to target: Int32, _ shouldGoOn: () -> Bool
  ) throws(SystemError) -> Int64 {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var total: Int64 = 0
    while shouldGoOn(), case .bytes(let count) = try DescriptorIO.read(source, into: buffer) {
      try DescriptorIO.writeAll(target, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      total += Int64(count)
    }
    return total
  }
}

/// A private file that was just made; its maker removes it.
@frozen
public struct TemporaryFile: ~Copyable, Sendable {
  public let path: String
  public let descriptor: Descriptor
}
