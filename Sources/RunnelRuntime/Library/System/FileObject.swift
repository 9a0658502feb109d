// `file`: what `fs.open` gives. Reads are ahead and writes are collected, both in large blocks; a turn (Turn)
// keeps apart the calls of several tasks, so that what one `write` gets stays together. Regular files never
// wait; what is written to anything else goes out with each call.

internal import Glibc
internal import RunnelSystem
internal import Synchronization

/// What a file is opened for: `r`, `w`, `a` or `r+`, with a `b` for bytes.
struct FileMode: Sendable {
  let text: String
  let reads: Bool
  let writes: Bool
  let isBytes: Bool
  let options: Files.OpenOptions

  init(_ text: String) throws(Raised) {
    self.text = text
    isBytes = text.contains("b")
    let base = text.filter { $0 != "b" }
    // The `b` may stand in one place, and once: `rb`, `r+b`, `rb+`.
    let isWellFormed = text.utf8.count == base.utf8.count + (isBytes ? 1 : 0) && text.first != "b"
    switch base {
    case "r" where isWellFormed: (reads, writes, options) = (true, false, .read)
    case "w" where isWellFormed: (reads, writes, options) = (false, true, [.write, .create, .truncate])
    case "a" where isWellFormed: (reads, writes, options) = (false, true, [.write, .create, .append])
    case "r+" where isWellFormed: (reads, writes, options) = (true, true, .readWrite)
    default:
      throw Raised(
        .valueError, "`open` knows no mode `\(text)`: there are `r`, `w`, `a` and `r+`, with a `b` for bytes")
    }
  }
}

/// An open file.
///
/// `@unchecked Sendable`: `reader` and `pending` belong to whoever has the turn; the flags are atomic.
public final class FileObject: ResourceObject, @unchecked Sendable {
  /// How much is collected before it is written.
  private static let blockSize = 64 << 10

  let path: FilePath
  let mode: FileMode
  private let turn = Turn()
  private let file: OpenFile
  private let reader: InputReader
  private var pending: [UInt8] = []
  private let isClosing = Atomic<Bool>(false)

  private init(_ file: OpenFile, _ path: FilePath, _ mode: FileMode) {
    self.file = file
    self.path = path
    self.mode = mode
    reader = InputReader(file)
    super.init(tag: .file)
  }

  static func open(_ path: FilePath, _ mode: FileMode, _ strand: Strand) async throws(Raised) -> FileObject {
    let file: OpenFile
    if mode.writes {
      file = try await OpenFile.forWriting(path, mode.options, action: "open", strand)
    } else {
      file = try OpenFile.forReading(path, action: "open")
    }
    let object = FileObject(file, path, mode)
    strand.own(object)
    return object
  }

  public override var typeName: String { "file" }
  public override var label: String { "file `\(path.text)`" }
  public override var isLeft: Bool { !isClosed }

  /// Whether it is closed, or will be when the call that is using it ends.
  public override var isClosed: Bool { isClosing.load(ordering: .acquiring) }

  // MARK: Turns

  private func begin(_ action: String, _ strand: Strand) async throws(Raised) {
    if !turn.tryTake() {
      try await turn.take(strand, reason: "the file `\(path.text)`, which another task uses")
    }
    do throws(Raised) {
      try checkOpen(action)
    } catch {
      end()
      throw error
    }
  }

  private func checkOpen(_ action: String) throws(Raised) {
    guard isClosed else { return }
    throw Raised(
      .valueError, "cannot \(action) `\(path.text)`: the file is closed", data: ["path": .string(path.text)])
  }

  /// Gives the turn back. Who closed the file meanwhile has left the closing to this.
  private func end() {
    if isClosed { try? letGo() }
    turn.give()
    // It may have been closed between the two lines above.
    if isClosed, file.number >= 0, turn.tryTake() {
      try? letGo()
      turn.give()
    }
  }

  private func checkReads() throws(Raised) {
    guard !mode.reads else { return }
    throw Raised(
      .valueError,
      "`\(path.text)` was opened to be written (mode `\(mode.text)`); to read it use `r` or `r+`",
      data: ["path": .string(path.text)])
  }

  private func checkWrites() throws(Raised) {
    guard !mode.writes else { return }
    throw Raised(
      .valueError, "`\(path.text)` was opened to be read; to write it use the mode `w`, `a` or `r+`",
      data: ["path": .string(path.text)])
  }

  // MARK: Reading

  /// `count` characters or bytes, the rest for nil; the empty value at the end.
  func read(_ count: Int?, _ strand: Strand) async throws(Raised) -> Value {
    try await begin("read", strand)
    defer { end() }
    try checkReads()
    try await flushNow(strand)
    if mode.isBytes { return .bytes(try await reader.bytes(strand, limit: count ?? .max)) }
    if let count { return .string(try await reader.characters(count, strand)) }
    return .string(try await reader.text(strand))
  }

  /// The next line without its newline; nil at the end.
  func readLine(_ strand: Strand) async throws(Raised) -> Value {
    try await begin("read", strand)
    defer { end() }
    try checkReads()
    try await flushNow(strand)
    return try await reader.line(asBytes: mode.isBytes, strand)
  }

  /// A stream of the lines from here on. The file stays open, and its position is after the last line taken.
  func lines() throws(Raised) -> StreamObject {
    try checkOpen("read")
    try checkReads()
    return StreamObject(source: FileLines(self))
  }

  /// The next line, if that needs no wait.
  fileprivate func lineNow(_ strand: Strand) throws(Raised) -> StreamStep {
    guard turn.tryTake() else { return .wait }
    defer { end() }
    try checkOpen("read")
    guard pending.isEmpty else { return .wait }
    return try reader.lineNow(asBytes: mode.isBytes, strand)
  }

  fileprivate func waitForLine(_ strand: Strand) async throws(Raised) {
    try await begin("read", strand)
    defer { end() }
    try await flushNow(strand)
    if !file.isAlwaysReady { try await reader.wait(strand) }
  }

  // MARK: Writing

  func write(_ data: OutputData, _ strand: Strand) async throws(Raised) {
    try await begin("write", strand)
    defer { end() }
    try checkWrites()
    try forgetReadAhead()
    if data.count < Self.blockSize {
      data.append(to: &pending)
      if pending.count >= Self.blockSize || !file.isAlwaysReady { try await flushNow(strand) }
    } else {
      try await flushNow(strand)
      try await file.writeAll(data, strand)
    }
  }

  func flush(_ strand: Strand) async throws(Raised) {
    try await begin("flush", strand)
    defer { end() }
    try await flushNow(strand)
  }

  private func flushNow(_ strand: Strand) async throws(Raised) {
    guard !pending.isEmpty else { return }
    let data = pending
    // What cannot be written is dropped: it would fail again at the close, and hide where.
    pending = []
    try await file.writeAll(.bytes(data), strand)
  }

  /// After reads, the file's own position is ahead of what the script has seen.
  private func forgetReadAhead() throws(Raised) {
    guard mode.reads, reader.buffered > 0, file.isAlwaysReady else { return }
    do throws(SystemError) {
      let position = try DescriptorIO.seek(file.number, back: Int64(reader.buffered))
      reader.reset(to: Int(position))
    } catch {
      throw FileErrors.raised(error, "seek in `\(path.text)`", path)
    }
  }

  /// Goes to a position in bytes, from the start, or from the end if it is negative.
  func seek(_ position: Int, _ strand: Strand) async throws(Raised) {
    try await begin("seek in", strand)
    defer { end() }
    try await flushNow(strand)
    do throws(SystemError) {
      let reached = try DescriptorIO.seek(file.number, toStart: Int64(position))
      reader.reset(to: Int(reached))
    } catch {
      let hint = error.code == ESPIPE ? "only regular files have positions" : nil
      throw FileErrors.raised(error, "seek in `\(path.text)`", path, hint: hint)
    }
  }

  // MARK: Closing

  /// `f.close()`: waits for the calls of other tasks.
  func finish(_ strand: Strand) async throws(Raised) {
    guard !isClosed else { return }
    try await turn.take(strand, reason: "the file `\(path.text)`, which another task uses")
    defer { end() }
    // Another task may have closed it while this one waited for its turn.
    guard !isClosed else { return }
    isClosing.store(true, ordering: .releasing)
    try letGo()
  }

  public override func close() { try? closeRaising() }

  /// Closes it without waiting. A call of another task that is under way ends first, and then closes it.
  public override func closeRaising() throws(Raised) {
    isClosing.store(true, ordering: .releasing)
    guard turn.tryTake() else { return }
    defer { turn.give() }
    try letGo()
  }

  /// Writes what is left, which never has to wait: only for regular files is anything left. Only with the turn.
  private func letGo() throws(Raised) {
    guard file.number >= 0 else { return }
    reader.forgetBuffer()
    var rest = pending[...]
    pending = []
    var failure: SystemError?
    while !rest.isEmpty, failure == nil {
      switch rest.withUnsafeBytes({ file.write($0) }) {
      case .success(.bytes(let count)): rest = rest.dropFirst(count)
      case .success: rest = []
      case .failure(let error): failure = error
      }
    }
    if let failure {
      try? file.close()
      throw file.writeFailure(failure)
    }
    try file.close()
  }
}

/// The lines of an open file, as a stream.
private final class FileLines: StreamSource {
  private let file: FileObject

  init(_ file: FileObject) { self.file = file }

  func next(_ strand: Strand) throws(Raised) -> StreamStep { try file.lineNow(strand) }
  func fill(_ strand: Strand) async throws(Raised) { try await file.waitForLine(strand) }
  func close() {}
}

/// The methods of `file`.
enum FileMethods {
  static var group: NativeGroup {
    NativeGroup(
      "file",
      summary:
        "An open file, from `fs.open`. It is closed by `with`, by `close`, or at the end of its scope.",
      functions: functions)
  }

  private static var functions: [NativeFunction] {
    [
      method(
        "read(n?) → string|bytes",
        "The next `n` characters (bytes, with the mode `b`), or all that is left; the empty value at the end."
      ) { (file, call) throws(Raised) in
        guard call.has(1) else { return try await file.read(nil, call.strand) }
        let count = try call.int(1)
        guard count >= 0 else { throw Raised(.valueError, "`read` cannot read \(count) characters") }
        return try await file.read(count, call.strand)
      },
      method("read_line() → string|bytes|nil", "The next line without its newline; nil at the end.") {
        (file, call) throws(Raised) in try await file.readLine(call.strand)
      },
      method("lines() → stream", "The lines from here on, without their newlines.") {
        (file, _) throws(Raised) in .object(try file.lines())
      },
      method("write(x)", "Writes a string or bytes. It is on the disk after `flush` or `close`.") {
        (file, call) throws(Raised) in
        try await file.write(try call.data(1), call.strand)
        return .nil
      },
      method("flush()", "Hands what was written to the system, where other programs see it.") {
        (file, call) throws(Raised) in
        try await file.flush(call.strand)
        return .nil
      },
      method("seek(n)", "Goes to a position, in bytes from the start.") { (file, call) throws(Raised) in
        let position = try call.int(1)
        guard position >= 0 else {
          throw Raised(.valueError, "`seek` counts from the file's start: \(position) is before it")
        }
        try await file.seek(position, call.strand)
        return .nil
      },
      method("close()", "Writes what is left and closes the file. Closing it again does nothing.") {
        (file, call) throws(Raised) in
        try await file.finish(call.strand)
        return .nil
      },
    ]
  }

  private static func method(
    _ signature: String, _ documentation: String,
    _ body: @escaping @Sendable (FileObject, WaitingCall) async throws(Raised) -> Value
  ) -> NativeFunction {
    .waiting(signature, receiver: "file", documentation: documentation) {
      (call) async throws(Raised) -> Value in
      guard let file = call[0].object(.file, as: FileObject.self) else {
        throw call.wrongType(0, expected: "a file")
      }
      return try await body(file, call)
    }
  }
}
