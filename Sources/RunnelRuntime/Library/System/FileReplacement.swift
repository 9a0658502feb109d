// How `fs.write` writes: into a private file beside the old one, which takes its name when all is there. A failure,
// a cancellation or a crash in between leaves the old one whole (library.md). The new file has the old one's mode
// and, where that is allowed, its owner. What is no regular file (a FIFO, a device) is written in place.
// It is not forced to the disk: against a power failure the file system's own ordering has to do.

internal import Glibc
internal import RunnelSystem

/// A file that is being written anew.
///
/// `@unchecked Sendable`: used by the strand that began it; `close` comes from there, or from its scope's end.
final class ReplacementObject: ResourceObject, @unchecked Sendable {
  private static let blockSize = 256 << 10

  private let path: FilePath
  private let file: OpenFile
  /// Where the new file lies until it is done; nil when the old one is written in place.
  private var temporary: [UInt8]?
  private let target: [UInt8]
  /// Set at the end: writing would take away that it runs with its owner's rights, and until then it is private.
  private var permissions: UInt32?
  private var pending: [UInt8] = []

  private init(_ path: FilePath, _ file: OpenFile, temporary: [UInt8]?, target: [UInt8]) {
    self.path = path
    self.file = file
    self.temporary = temporary
    self.target = target
    super.init(tag: .resource)
  }

  deinit { close() }

  override var label: String { "write of `\(path.text)`" }
  override var isClosed: Bool { file.number < 0 && temporary == nil }

  // MARK: Beginning

  /// Begins to replace a file.
  ///
  /// - Parameter permissions: of the new file; nil for those of the old one, or for the usual ones.
  static func begin(
    _ path: FilePath, permissions: UInt32? = nil, action: String? = nil, _ strand: Strand
  ) async throws(Raised) -> ReplacementObject {
    let action = action ?? "write `\(path.text)`"
    let target = try finalTarget(of: path, action)
    var old: FileStatus?
    do throws(SystemError) {
      old = try Files.status(of: target)
    } catch  where error.code == ENOENT {
    } catch {
      throw FileErrors.raised(error, action, path)
    }
    switch old?.kind {
    case nil, .file: break
    case .directory:
      throw FileErrors.raised(SystemError(code: EISDIR, operation: "open"), action, path)
    default:
      let file = try await OpenFile.forWriting(path, .write, strand)
      return ReplacementObject(path, file, temporary: nil, target: target)
    }
    return try begin(path, target, permissions: permissions ?? old?.permissions, old: old, action)
  }

  private static func begin(
    _ path: FilePath, _ target: [UInt8], permissions: UInt32?, old: FileStatus?, _ action: String
  ) throws(Raised) -> ReplacementObject {
    let slash = UInt8(ascii: "/")
    let directory = target[...(target.lastIndex(of: slash) ?? target.startIndex)]
    var lastError = SystemError(code: EEXIST, operation: "open")
    for _ in 0..<20 {
      let temporary = Array(directory) + randomName()
      do throws(SystemError) {
        // Nobody else may look into what replaces a private file, not even for a moment.
        let file = try OpenFile.exclusively(
          path, at: temporary, permissions: permissions == nil ? 0o666 : 0o600)
        let replacement = ReplacementObject(path, file, temporary: temporary, target: target)
        if let old { replacement.takeOwner(of: old) }
        replacement.permissions = permissions
        return replacement
      } catch {
        lastError = error
        guard error.code == EEXIST else { break }
      }
    }
    var hint: String?
    if old != nil, [EACCES, EPERM, EROFS].contains(lastError.code), Files.mayWrite(target) {
      hint =
        "a file is written anew beside the old one, and its directory may not be written; "
        + "`fs.open(p, \"w\")` writes in place"
    }
    throw FileErrors.raised(lastError, action, path, hint: hint)
  }

  /// Where a path leads, also if there is nothing yet: a link stays, and what it leads to is replaced.
  private static func finalTarget(of path: FilePath, _ action: String) throws(Raised) -> [UInt8] {
    var target = Array(path.full.utf8)
    for _ in 0..<40 {
      guard let content = try? Files.linkTarget(target) else { return target }
      if content.first == UInt8(ascii: "/") {
        target = content
      } else {
        target = Array(target[...(target.lastIndex(of: UInt8(ascii: "/")) ?? 0)]) + content
      }
    }
    throw FileErrors.raised(SystemError(code: ELOOP, operation: "open"), action, path)
  }

  private func takeOwner(of old: FileStatus) {
    guard old.userID != file.status.userID || old.groupID != file.status.groupID else { return }
    // Only root may; for others the file becomes their own, as with any editor.
    try? Files.setOwner(file.number, user: old.userID, group: old.groupID)
  }

  private static func randomName() -> [UInt8] {
    let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)
    var number = UInt64.random(in: .min ... .max)
    var name = Array(".runnel-".utf8)
    for _ in 0..<12 {
      name.append(digits[Int(number & 31)])
      number >>= 5
    }
    return name
  }

  // MARK: Writing

  /// Takes more to write. Says whether `flush` should be called: this one never waits.
  func add(_ data: OutputData, isLine: Bool = false) throws(Raised) -> Bool {
    try checkOpen()
    data.append(to: &pending)
    if isLine { pending.append(0x0A) }
    guard pending.count >= Self.blockSize || !file.isAlwaysReady else { return false }
    return true
  }

  func flush(_ strand: Strand) async throws(Raised) {
    guard !pending.isEmpty else { return }
    let data = pending
    pending = []
    try await file.writeAll(.bytes(data), strand)
  }

  /// Writes a whole text or whole bytes.
  func write(_ data: OutputData, _ strand: Strand) async throws(Raised) {
    try checkOpen()
    try await flush(strand)
    try await file.writeAll(data, strand)
  }

  /// Copies the rest of an open file.
  func copy(_ source: OpenFile, _ strand: Strand) async throws(Raised) {
    if source.isAlwaysReady, file.isAlwaysReady {
      // A block of the kernel's for each turn.
      while try copyBlock(source, strand) > 0 { try await file.letOthersRun(strand) }
      return
    }
    let reader = InputReader(source)
    while true {
      let block = try await reader.bytes(strand, limit: 1 << 20)
      if block.isEmpty { return }
      try await file.writeAll(.bytes(block), strand)
    }
  }

  private func copyBlock(_ source: OpenFile, _ strand: Strand) throws(Raised) -> Int64 {
    try strand.checkpoint()
    // It asks before each block, and once more where the kernel cannot do it.
    var blocks = 0
    do throws(SystemError) {
      return try Files.copy(from: source.number, to: file.number) {
        blocks += 1
        return blocks <= 2
      }
    } catch {
      throw FileErrors.raised(error, "copy `\(source.path.text)` to `\(path.text)`", path)
    }
  }

  private func checkOpen() throws(Raised) {
    guard file.number < 0 else { return }
    throw Raised(.valueError, "`\(path.text)` has been written already")
  }

  /// Everything is there: the new file takes the name.
  func commit(_ strand: Strand) async throws(Raised) {
    try checkOpen()
    try await flush(strand)
    try strand.checkpoint()
    do throws(SystemError) {
      if let permissions { try Files.setPermissions(file.number, to: permissions) }
    } catch {
      throw FileErrors.raised(error, "write `\(path.text)`", path)
    }
    try file.close()
    guard let temporary else { return }
    do throws(SystemError) {
      try Files.rename(temporary, to: target)
      self.temporary = nil
    } catch {
      let hint = error.code == EBUSY ? "it is mounted; `fs.open(p, \"w\")` writes in place" : nil
      throw FileErrors.raised(error, "write `\(path.text)`", path, hint: hint)
    }
  }

  /// Without `commit` before: as if nothing had been written.
  override func close() {
    try? file.close()
    pending = []
    if let temporary { try? Files.remove(temporary) }
    temporary = nil
  }
}

extension OpenFile {
  /// Makes a file that did not exist.
  static func exclusively(
    _ path: FilePath, at place: [UInt8], permissions: UInt32
  ) throws(SystemError) -> OpenFile {
    let descriptor = try Files.open(
      place, [.write, .create, .exclusive], permissions: permissions)
    return try OpenFile(adopting: descriptor, path)
  }
}

// MARK: - Built-ins

/// `fs.write`, `fs.append`, and what the prelude needs to write streams (SystemPrelude).
enum WritingFunctions {
  static var functions: [NativeFunction] {
    [
      .prelude(
        "write(p, data)",
        documentation: """
          Replaces a file by text, bytes or a stream's items, or makes it. The old file is replaced when all is \
          written, so a failure leaves it whole; the new one keeps its mode. Of a stream, strings are lines, \
          bytes are written as they are, maps and lists as lines of JSON.
          """, "__fs_write"),
      .prelude(
        "append(p, data)",
        documentation:
          "Adds text, bytes or a stream's items (as `write` does) to the end of a file, or makes it.",
        "__fs_append"),
    ]
  }

  /// Global functions that only the prelude can name.
  static var intrinsics: [NativeFunction] {
    [
      .waiting("__write_whole(p, data)", documentation: "Replaces a file by text or bytes.") {
        (call) async throws(Raised) in
        let data = try call.data(1)
        let replacement = try await ReplacementObject.begin(try call.path(0), call.strand)
        defer { replacement.close() }
        try await replacement.write(data, call.strand)
        try await replacement.commit(call.strand)
        return .nil
      },
      .waiting("__append_whole(p, data)", documentation: "Adds text or bytes to a file.") {
        (call) async throws(Raised) in
        let data = try call.data(1)
        let file = try await OpenFile.forWriting(
          try call.path(0), [.write, .create, .append], action: "append to", call.strand)
        try await file.writeAll(data, call.strand)
        try file.close()
        return .nil
      },
      .waiting("__write_begin(p, data)", documentation: "Begins to replace a file by the items of `data`.") {
        (call) async throws(Raised) in
        try checkItems(call)
        let replacement = try await ReplacementObject.begin(try call.path(0), call.strand)
        call.strand.own(replacement)
        return .object(replacement)
      },
      .waiting("__append_begin(p, data)", documentation: "Begins to add the items of `data` to a file.") {
        (call) async throws(Raised) in
        try checkItems(call)
        let mode = try FileMode("ab")
        return .object(try await FileObject.open(try call.path(0), mode, call.strand))
      },
      .plain(
        "__write_chunk(out, item) → bool",
        documentation: "Takes a string as a line, or bytes. Gives whether `__write_flush` should be called."
      ) { (call) throws(Raised) in
        let replacement = try self.replacement(call[0])
        if let bytes = call[1].bytes { return .bool(try replacement.add(.bytes(bytes.bytes))) }
        return .bool(try replacement.add(.text(try call.string(1)), isLine: true))
      },
      .waiting("__write_flush(out)", documentation: "Writes what was taken.") { (call) async throws(Raised) in
        try await replacement(call[0]).flush(call.strand)
        return .nil
      },
      .waiting("__append_chunk(out, item)", documentation: "Adds a string as a line, or bytes.") {
        (call) async throws(Raised) in
        guard let file = call[0].object(.file, as: FileObject.self) else {
          throw call.wrongType(0, expected: "a file")
        }
        if let bytes = call[1].bytes {
          try await file.write(.bytes(bytes.bytes), call.strand)
        } else {
          try await file.write(.text(try call.string(1) + "\n"), call.strand)
        }
        return .nil
      },
      .waiting("__write_commit(out)", documentation: "Ends the writing: the new file takes its name.") {
        (call) async throws(Raised) in
        try await replacement(call[0]).commit(call.strand)
        return .nil
      },
      .plain("__write_abort(out)", documentation: "Ends the writing: the old file stays.") {
        (call) throws(Raised) in
        try replacement(call[0]).close()
        return .nil
      },
    ]
  }

  private static func replacement(_ value: Value) throws(Raised) -> ReplacementObject {
    guard let resource = value.object(.resource, as: ResourceObject.self) as? ReplacementObject else {
      throw Raised(.typeError, "this is no file that is being written")
    }
    return resource
  }

  /// What has no items to write is refused before anything is begun.
  private static func checkItems(_ call: WaitingCall) throws(Raised) {
    let value = call[1]
    var hint = ""
    switch value {
    case .object(let object):
      switch object.tag {
      case .list, .range, .stream, .channel, .remoteChannel, .file, .command, .iterator: return
      case .map: hint = "; `json.encode(x)` makes text of a map"
      default: break
      }
    case .nil: break
    default: hint = "; `str(x)` makes text of it"
    }
    throw Raised(
      .typeError, "`write` and `append` take text, bytes or a stream for `data`, not \(value.typeName)\(hint)"
    )
  }
}
