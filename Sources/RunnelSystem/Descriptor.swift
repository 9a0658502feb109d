// Open files by number, each with exactly one owner, which closes it. Reading and writing take raw buffers,
// because they are the path of all bytes; nothing keeps a buffer beyond the call.

internal import CRunnelSystem
internal import Glibc

/// What a read or a write came to.
public enum Transfer: Hashable, Sendable {
  /// So many bytes went over, at least one (or the buffer was empty).
  case bytes(Int)
  /// Nothing is there yet, or there is no room: ask the reactor.
  case wouldBlock
  /// There will never be more (reads only).
  case endOfFile
}

/// An open file that is closed when its owner ends.
public struct Descriptor: ~Copyable, Sendable {
  /// Its number, for calls that only look at it. Never close it, nor keep it for longer than this value.
  public let number: Int32

  /// Takes over an open descriptor, which nobody else may close from now on.
  public init(owning number: Int32) {
    self.number = number
  }

  deinit {
    // After EINTR the descriptor is closed all the same on Linux: never again.
    _ = Glibc.close(number)
  }

  /// Closes it now and says what the file system says (`EIO`, `ENOSPC` of delayed writes).
  public consuming func close() throws(SystemError) {
    let number = release()
    guard Glibc.close(number) != 0, errno != EINTR else { return }
    throw SystemError(code: errno, operation: "close")
  }

  /// Gives up the ownership: the caller closes the number that it gets.
  public consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }

  /// A second descriptor for the same open file, numbered 3 or above.
  public borrowing func duplicate() throws(SystemError) -> Descriptor {
    Descriptor(owning: try shimResult("dup", nil, runnel_duplicate(number)))
  }

  /// Reads what is there.
  public borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Transfer {
    try DescriptorIO.read(number, into: buffer)
  }

  /// Writes what there is room for.
  public borrowing func write(_ buffer: UnsafeRawBufferPointer) throws(SystemError) -> Transfer {
    try DescriptorIO.write(number, buffer)
  }

  /// Sees to it that no program inherits it.
  public borrowing func setCloseOnExec() { _ = runnel_set_close_on_exec(number, true) }

  /// Makes reads and writes say `wouldBlock` instead of waiting. This belongs to the open file, which other
  /// processes may share: never do it to what we inherited.
  public borrowing func setNonblocking(_ on: Bool = true) throws(SystemError) {
    try shimCheck("fcntl", nil, runnel_set_nonblocking(number, on))
  }
}

/// Standard input, output and error.
public enum StandardDescriptors {
  /// Opens those that are closed in a way in which they cannot be used: else the next file or socket that is opened would
  /// take the number, and what is printed would go into it. To be called before anything is opened.
  public static func fillClosed() {
    for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is this one.
      _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
    }
  }
}

/// Reading and writing by number, for who keeps the descriptor elsewhere.
public enum DescriptorIO {
  /// Whether a descriptor is the writing end of a pipe or socket that nobody reads any more.
  public static func hasLostReader(_ descriptor: Int32) -> Bool {
    var query = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&query, 1, 0) > 0 && query.revents & Int16(POLLERR) != 0
  }

  /// Reads what is there, at most a buffer full.
  public static func read(
    _ number: Int32, into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Transfer {
    while true {
      let count = Glibc.read(number, buffer.baseAddress, buffer.count)
      if count > 0 { return .bytes(count) }
      if count == 0 { return buffer.isEmpty ? .bytes(0) : .endOfFile }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      // A pseudo-terminal whose other side is closed says this instead of end of file.
      case EIO where isatty(number) == 1: return .endOfFile
      default: throw SystemError(code: errno, operation: "read")
      }
    }
  }

  /// Writes what there is room for. SIGPIPE must be ignored (`Signals.ignoreBrokenPipe`).
  public static func write(_ number: Int32, _ buffer: UnsafeRawBufferPointer) throws(SystemError) -> Transfer
  {
    while true {
      let count = Glibc.write(number, buffer.baseAddress, buffer.count)
      if count >= 0 { return .bytes(count) }
      switch errno {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      default: throw SystemError(code: errno, operation: "write")
      }
    }
  }

  /// Reads at an offset, without moving the file's position.
  public static func read(
    _ number: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) throws(SystemError) -> Transfer {
    let count = try systemCall("pread") { pread(number, buffer.baseAddress, buffer.count, off_t(offset)) }
    return count == 0 && !buffer.isEmpty ? .endOfFile : .bytes(count)
  }

  /// Writes all of the bytes, waiting where it must: for what has no reactor (last words, blocking calls).
  public static func writeAll(_ number: Int32, _ buffer: UnsafeRawBufferPointer) throws(SystemError) {
    var rest = buffer[...]
    while !rest.isEmpty {
      switch try write(number, UnsafeRawBufferPointer(rebasing: rest)) {
      case .bytes(let count): rest = rest.dropFirst(count)
      case .wouldBlock, .endOfFile:
        var entry = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        try systemCall("poll") { Glibc.poll(&entry, 1, -1) }
      }
    }
  }

  /// Moves the position in a file.
  ///
  /// - Parameter origin: `SEEK_SET`, `SEEK_CUR` or `SEEK_END`.
  /// - Returns: the new position.
  @discardableResult
  public static func seek(_ number: Int32, to offset: Int64, from origin: Int32) throws(SystemError) -> Int64
  {
    Int64(try systemCall("lseek") { lseek(number, off_t(offset), origin) })
  }

  /// Closes a descriptor that the caller owns by its number.
  public static func close(_ number: Int32) {
    _ = Glibc.close(number)
  }

  /// Whether a read of the descriptor would find something (or its end) just now.
  public static func isReadable(_ number: Int32) -> Bool {
    runnel_wait_readable(number, 0) > 0
  }

  /// Blocks until a read of the descriptor would find something, or its end; or a signal has come; or the time is up.
  public static func waitUntilReadable(_ number: Int32, forNanoseconds limit: Int64) {
    _ = runnel_wait_readable(number, limit)
  }
}

/// Both ends of a kernel pipe; no program inherits them unless they are given to it.
@frozen
public struct Pipe: ~Copyable, Sendable {
  /// Where bytes come out.
  public var reader: Descriptor
  /// Where bytes go in.
  public var writer: Descriptor

  /// Which ends do not wait. A program expects its own end to wait.
  public enum Nonblocking: Sendable {
    case neither, reader, writer, both
  }

  /// Makes a pipe.
  public init(nonblocking: Nonblocking = .neither) throws(SystemError) {
    let reading = nonblocking == .reader || nonblocking == .both
    let writing = nonblocking == .writer || nonblocking == .both
    var ends: (reader: Int32, writer: Int32) = (-1, -1)
    try shimCheck("pipe", nil, runnel_pipe(&ends.reader, &ends.writer, reading, writing))
    reader = Descriptor(owning: ends.reader)
    writer = Descriptor(owning: ends.writer)
  }
}
