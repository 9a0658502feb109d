// An open file, as everything here reads and writes it. Regular files are read and written at once, on the
// thread that asks; anything else (FIFOs, devices, terminals, sockets) may have nothing to say for long, so it
// is open without blocking, and whoever meets `wouldBlock` waits at the strand's door (language.md §10.1).

internal import Glibc
internal import RunnelSystem
internal import Synchronization

/// An open file and its name.
///
/// `@unchecked Sendable`: used by one strand at a time; its owners see to that (`Turn`).
final class OpenFile: @unchecked Sendable {
  let path: FilePath
  let kind: FileKind
  /// When it was opened.
  let status: FileStatus
  /// -1 when closed.
  private(set) var number: Int32
  private let isOwned: Bool
  /// Whether to look before each read: a FIFO says "end" as long as no writer has ever come, and the open file
  /// behind stdin belongs to other processes too, for which it must stay blocking.
  private var looksBeforeReading: Bool
  private let isStandard: Bool

  private init(_ descriptor: consuming Descriptor, _ path: FilePath, _ status: FileStatus) {
    self.path = path
    self.status = status
    kind = status.kind
    looksBeforeReading = status.kind == .pipe
    isOwned = true
    isStandard = false
    number = descriptor.release()
  }

  /// Takes over an open descriptor of a regular file.
  convenience init(adopting descriptor: consuming Descriptor, _ path: FilePath) throws(SystemError) {
    let status = try Files.status(of: descriptor.number)
    self.init(descriptor, path, status)
  }

  /// The standard input that this process was started with, which stays open.
  init?(standardInput number: Int32, name: String) {
    guard let status = try? Files.status(of: number) else { return nil }
    path = FilePath(text: name, full: name)
    self.status = status
    kind = status.kind
    isStandard = true
    // Also a terminal that is read without waiting: set to give what is there (`stty min 0`), it says "end" for nothing.
    looksBeforeReading = !Self.isAlwaysReady(status.kind)
    let terminal = Terminal.reopen(number)?.release()
    self.number = terminal ?? number
    isOwned = terminal != nil
  }

  deinit {
    if isOwned, number >= 0 { DescriptorIO.close(number) }
  }

  /// Whether reads and writes never have to wait.
  var isAlwaysReady: Bool { Self.isAlwaysReady(kind) }

  private static func isAlwaysReady(_ kind: FileKind) -> Bool {
    switch kind {
    case .file, .directory, .blockDevice: true
    default: false
    }
  }

  // MARK: Opening

  /// Opens a file to read it. Does not wait: a FIFO's reader waits at its first read.
  static func forReading(_ path: FilePath, action: String = "read") throws(Raised) -> OpenFile {
    do throws(SystemError) {
      let descriptor = try Files.open(path.full, [.read, .nonblocking])
      let status = try Files.status(of: descriptor.number)
      if status.kind == .directory { throw SystemError(code: EISDIR, operation: "open") }
      return OpenFile(descriptor, path, status)
    } catch {
      throw failure(error, "\(action) `\(path.text)`", path)
    }
  }

  /// Opens a file to write it. A FIFO that nobody reads yet is waited for.
  static func forWriting(
    _ path: FilePath, _ options: Files.OpenOptions, permissions: UInt32 = 0o666, action: String = "write",
    _ strand: Strand
  ) async throws(Raised) -> OpenFile {
    do throws(SystemError) {
      return try openNow(path, options.union(.nonblocking), permissions)
    } catch {
      let isFIFO = error.code == ENXIO && (try? Files.status(of: path.full))?.kind == .pipe
      guard isFIFO else { throw failure(error, "\(action) `\(path.text)`", path) }
    }
    return try await openFIFO(path, options, action, strand)
  }

  private static func openNow(
    _ path: FilePath, _ options: Files.OpenOptions, _ permissions: UInt32
  ) throws(SystemError) -> OpenFile {
    let descriptor = try Files.open(path.full, options, permissions: permissions)
    let status = try Files.status(of: descriptor.number)
    if status.kind == .directory { throw SystemError(code: EISDIR, operation: "open") }
    return OpenFile(descriptor, path, status)
  }

  /// The kernel has no event for "somebody reads now", so a thread of the pool blocks in `open`. If the strand
  /// gives up, it opens the other end for a moment: that frees the thread, which then closes what it got.
  private static func openFIFO(
    _ path: FilePath, _ options: Files.OpenOptions, _ action: String, _ strand: Strand
  ) async throws(Raised) -> OpenFile {
    let givenUp = GivenUp()
    do throws(Raised) {
      return try await strand.blocking("opening `\(path.text)`, which nobody reads") { () throws(Raised) in
        do throws(SystemError) {
          let descriptor = try Files.open(path.full, options)
          if givenUp.isSet { throw SystemError(code: ECANCELED, operation: "open") }
          try descriptor.setNonblocking()
          let status = try Files.status(of: descriptor.number)
          return OpenFile(descriptor, path, status)
        } catch {
          throw failure(error, "\(action) `\(path.text)`", path)
        }
      }
    } catch {
      givenUp.set()
      _ = try? Files.open(path.full, [.read, .nonblocking])
      throw error
    }
  }

  private static func failure(_ error: SystemError, _ action: String, _ path: FilePath) -> Raised {
    var hint: String?
    if error.code == EISDIR { hint = "use `fs.list` for its names" }
    if error.code == ENXIO { hint = "it is a socket or a device that is not there" }
    return FileErrors.raised(error, action, path, hint: hint)
  }

  // MARK: Reading, writing

  /// Reads what is there.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Raised) -> Transfer {
    if looksBeforeReading, !DescriptorIO.isReadable(number) { return .wouldBlock }
    do throws(SystemError) {
      let transfer = try DescriptorIO.read(number, into: buffer)
      if !isStandard, case .bytes = transfer { looksBeforeReading = false }
      return transfer
    } catch {
      throw FileErrors.raised(error, "read `\(path.text)`", path)
    }
  }

  /// Writes what there is room for.
  func write(_ bytes: UnsafeRawBufferPointer) -> Result<Transfer, SystemError> {
    do throws(SystemError) {
      return .success(try DescriptorIO.write(number, bytes))
    } catch {
      return .failure(error)
    }
  }

  func writeFailure(_ error: SystemError) -> Raised {
    FileErrors.raised(error, "write `\(path.text)`", path)
  }

  /// Writes everything, in blocks between which the strand can be stopped.
  func writeAll(_ data: OutputData, _ strand: Strand) async throws(Raised) {
    var offset = 0
    while offset < data.count {
      try strand.checkpoint()
      if offset > 0, offset & (Self.turnSize - 1) == 0 { try await letOthersRun(strand) }
      switch data.withBytes(from: offset, limit: 1 << 20, write) {
      case .success(.bytes(let count)): offset += count
      case .success: try await waitUntilWritable(strand)
      case .failure(let error): throw writeFailure(error)
      }
    }
  }

  /// After how many bytes that needed no wait the other tasks get a turn.
  static let turnSize = 8 << 20

  func letOthersRun(_ strand: Strand) async throws(Raised) {
    try await strand.pause(0, reason: "other tasks, while it copies `\(path.text)`")
  }

  func waitUntilReadable(_ strand: Strand) async throws(Raised) {
    try await strand.waitUntilReadable(number, reason: "reading `\(path.text)`")
  }

  func waitUntilWritable(_ strand: Strand) async throws(Raised) {
    try await strand.waitUntilWritable(number, reason: "writing `\(path.text)`")
  }

  /// Closes it, and says if what was written could not be stored after all.
  func close() throws(Raised) {
    guard isOwned, number >= 0 else { return }
    let descriptor = Descriptor(owning: number)
    number = -1
    do throws(SystemError) {
      try descriptor.close()
    } catch {
      throw writeFailure(error)
    }
  }
}

/// Says to work on another thread that nobody wants its result any more.
private final class GivenUp: Sendable {
  private let flag = Atomic<Bool>(false)

  var isSet: Bool { flag.load(ordering: .acquiring) }
  func set() { flag.store(true, ordering: .releasing) }
}

/// Whose turn it is to use something that several tasks share: an open file, stdin. A turn lasts for one call,
/// which may have to wait in the middle, so it is no lock. It is nearly always free: another taker looks again
/// a few times, then in short pauses.
final class Turn: Sendable {
  private let isTaken = Atomic<Bool>(false)

  func tryTake() -> Bool {
    isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
  }

  func take(_ strand: Strand, reason: String) async throws(Raised) {
    for _ in 0..<100 where tryTake() { return }
    var pause = 50_000
    while !tryTake() {
      try await strand.pause(pause, reason: reason)
      pause = min(pause * 2, 5_000_000)
    }
  }

  func give() { isTaken.store(false, ordering: .releasing) }
}
