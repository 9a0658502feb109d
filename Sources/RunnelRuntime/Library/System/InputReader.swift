// Reading an open file ahead, in large blocks, and cutting lines, characters and bytes from what is there.
// `Now` in a name: does not wait. The position of what comes next is known, so that errors can say where.

internal import RunnelSystem

/// Limits on what is read into one value: a script that reads `/dev/zero` gets an error, not all the memory.
enum ReadLimit {
  /// Bytes of a text or of bytes read as a whole.
  static let whole = 2 << 30
  /// Bytes of a line.
  static let line = 256 << 20
}

/// A block of memory that is read into at its end and consumed from its start.
///
/// The memory is raw and owned by this object; what `bytes` and `room` lend is valid until the next change.
final class InputBuffer {
  private static let block = 128 << 10

  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var start = 0
  private var end = 0
  /// How many bytes from `start` are known to hold no newline.
  private var searched = 0

  deinit { memory.deallocate() }

  var count: Int { end - start }
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

  /// Room for the next read.
  func room(atMost wanted: Int = block) -> UnsafeMutableRawBufferPointer {
    let wanted = min(wanted, Self.block)
    if memory.count - end < wanted {
      if count + wanted > memory.count {
        // Twice as much each time, so that a long line is copied few times.
        let larger = UnsafeMutableRawBufferPointer.allocate(
          byteCount: max(count + wanted, count * 2), alignment: 16)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
      } else {
        memory.copyMemory(from: bytes)
      }
      end = count
      start = 0
    }
    return UnsafeMutableRawBufferPointer(rebasing: memory[end..<(end + wanted)])
  }

  func added(_ count: Int) { end += count }

  func consume(_ count: Int) {
    start += count
    searched = max(0, searched - count)
    if start == end { (start, end, searched) = (0, 0, 0) }
  }

  func clear() { consume(count) }

  /// Gives the memory back.
  func release() {
    memory.deallocate()
    memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    (start, end, searched) = (0, 0, 0)
  }

  /// Gives the lines that have an end, without it, so many at most, and consumes them.
  func takeWholeLines(atMost limit: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    var count = 0
    // What has been searched before is not searched again, and holds no newline.
    var from = start + searched
    while count < limit,
      let found = DescriptorIO.firstIndex(of: 0x0A, in: UnsafeRawBufferPointer(rebasing: memory[from..<end]))
    {
      body(UnsafeRawBufferPointer(rebasing: memory[start..<(from + found)]))
      start = from + found + 1
      from = start
      count += 1
    }
    searched = (count < limit ? end : from) - start
    if start == end { (start, end, searched) = (0, 0, 0) }
  }

  /// The number of bytes before the next newline, nil if there is none yet. Each byte is looked at once.
  func lineLength() -> Int? {
    let unsearched = UnsafeRawBufferPointer(rebasing: memory[(start + searched)..<end])
    if let found = DescriptorIO.firstIndex(of: 0x0A, in: unsearched) { return searched + found }
    searched = count
    return nil
  }
}

/// Reads an open file as lines, text, characters or bytes. Used by one strand at a time.
final class InputReader {
  let file: OpenFile
  private let buffer = InputBuffer()
  /// The offset, in bytes, of what comes next.
  private(set) var offset = 0
  /// How many lines have been taken.
  private var lines = 0
  /// How much was read as a whole since other tasks had their turn.
  private var sinceTurn = 0

  init(_ file: OpenFile) { self.file = file }

  /// How much was read ahead.
  var buffered: Int { buffer.count }

  private enum Filled { case more, end, wait }

  /// Forgets what was read ahead.
  func reset(to offset: Int) {
    buffer.clear()
    self.offset = offset
    lines = 0
  }

  /// Nothing will be read any more.
  func forgetBuffer() { buffer.release() }

  private func consume(_ count: Int) {
    buffer.consume(count)
    offset += count
  }

  private func fillNow(atMost wanted: Int = 128 << 10) throws(Raised) -> Filled {
    switch try file.read(into: buffer.room(atMost: wanted)) {
    case .bytes(let count):
      buffer.added(count)
      return .more
    case .endOfFile: return .end
    case .wouldBlock: return .wait
    }
  }

  /// Waits for more; false at the end.
  private func fill(_ strand: Strand, atMost wanted: Int = 128 << 10) async throws(Raised) -> Bool {
    while true {
      try strand.checkpoint()
      switch try fillNow(atMost: wanted) {
      case .more:
        sinceTurn += buffer.count
        if sinceTurn >= OpenFile.turnSize {
          sinceTurn = 0
          try await file.letOthersRun(strand)
        }
        return true
      case .end: return false
      case .wait: try await file.waitUntilReadable(strand)
      }
    }
  }

  /// Waits until a line that was not there may be.
  func wait(_ strand: Strand) async throws(Raised) { try await file.waitUntilReadable(strand) }

  // MARK: Lines

  /// The next line without its newline, as text or bytes, if it is there.
  func lineNow(asBytes: Bool, _ strand: Strand) throws(Raised) -> StreamStep {
    while true {
      if let length = buffer.lineLength() {
        defer { consume(length + 1) }
        return .item(try line(length, asBytes))
      }
      guard buffer.count <= ReadLimit.line else {
        throw Raised(.limitError, "line \(lines + 1) of `\(file.path.text)` is longer than 256 MiB")
      }
      if buffer.count > 0 { try strand.checkpoint() }
      switch try fillNow() {
      case .more: continue
      case .wait: return .wait
      case .end:
        guard buffer.count > 0 else { return .end }
        defer { consume(buffer.count) }
        return .item(try line(buffer.count, asBytes))
      }
    }
  }

  /// The next line, or nil at the end.
  func line(asBytes: Bool, _ strand: Strand) async throws(Raised) -> Value {
    while true {
      switch try lineNow(asBytes: asBytes, strand) {
      case .item(let line): return line
      case .end: return .nil
      case .wait, .turn: try await wait(strand)
      }
    }
  }

  private func line(_ length: Int, _ asBytes: Bool) throws(Raised) -> Value {
    lines += 1
    var bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<length])
    if asBytes { return .bytes(Array(bytes)) }
    // A line of a file from Windows ends in `\r\n`.
    if length > 0, bytes[length - 1] == 0x0D {
      bytes = UnsafeRawBufferPointer(rebasing: bytes[..<(length - 1)])
    }
    let (text, invalid) = UTF8Text.of(bytes)
    if let invalid { throw notUTF8(at: offset + invalid, line: lines) }
    return .string(text)
  }

  private func notUTF8(at offset: Int, line: Int) -> Raised {
    let name = file.path.text
    return Raised(
      .valueError,
      "`\(name)` is not valid UTF-8 at byte \(offset) (line \(line)); use `fs.read_bytes`, or `fs.open(p, \"rb\")`",
      data: ["path": .string(name), "offset": .int(offset), "line": .int(line)])
  }

  // MARK: Everything

  /// The rest as text.
  func text(_ strand: Strand) async throws(Raised) -> String {
    var text = ""
    let expected = expectedRest
    if expected > 256 << 10 { text.reserveCapacity(expected) }
    while true {
      let bytes = buffer.bytes
      let whole = bytes.count - UTF8Text.unfinishedLength(bytes)
      if whole > 0 {
        let (valid, invalid) = UTF8Text.of(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
        if let invalid { throw notUTF8(at: invalid, after: text) }
        if text.isEmpty, expected <= whole { text = valid } else { text += valid }
        consume(whole)
      }
      try checkLimit(text.utf8.count)
      guard try await fill(strand, atMost: wanted(text.utf8.count)) else { break }
    }
    if buffer.count > 0 { throw notUTF8(at: 0, after: text) }
    return text
  }

  private func notUTF8(at position: Int, after text: String) -> Raised {
    var line = lines + 1
    for byte in text.utf8 where byte == 0x0A { line += 1 }
    for byte in buffer.bytes[..<position] where byte == 0x0A { line += 1 }
    return notUTF8(at: offset + position, line: line)
  }

  /// The rest as bytes, at most `limit` of them.
  func bytes(_ strand: Strand, limit: Int = .max) async throws(Raised) -> [UInt8] {
    var all: [UInt8] = []
    let expected = min(expectedRest, limit)
    if expected > 0 { all.reserveCapacity(expected) }
    while true {
      let count = min(buffer.count, limit - all.count)
      all.append(contentsOf: buffer.bytes[..<count])
      consume(count)
      try checkLimit(all.count)
      guard all.count < limit, try await fill(strand, atMost: wanted(all.count)) else { return all }
    }
  }

  /// How much a regular file should still hold; nothing is taken for granted (`/proc` says 0, others write).
  private var expectedRest: Int {
    guard file.kind == .file else { return 0 }
    return max(0, min(Int(file.status.size) - offset, ReadLimit.whole))
  }

  /// One byte more than is expected, so that a small file takes one read and a small buffer.
  private func wanted(_ known: Int) -> Int {
    guard file.kind == .file, file.status.size > 0, known == 0 else { return 128 << 10 }
    return max(4096, expectedRest + 1)
  }

  private func checkLimit(_ count: Int) throws(Raised) {
    guard count > ReadLimit.whole else { return }
    throw Raised(
      .limitError, "`\(file.path.text)` is larger than 2 GiB; read it in parts, with `fs.lines` or `fs.open`",
      data: ["path": .string(file.path.text)])
  }

  // MARK: Characters

  /// The next `count` characters (fewer at the end) as people see them.
  func characters(_ count: Int, _ strand: Strand) async throws(Raised) -> String {
    var text = ""
    var missing = count
    while missing > 0 {
      var bytes = buffer.bytes
      let unfinished = UTF8Text.unfinishedLength(bytes)
      bytes = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - unfinished)])
      let (window, invalid) = UTF8Text.of(bytes)
      if let invalid { throw notUTF8(at: invalid, after: "") }
      // The last character there may go on in what has not been read yet.
      var taken = window.startIndex
      var number = 0
      while number < missing, taken < window.endIndex {
        let next = window.index(after: taken)
        if next == window.endIndex { break }
        taken = next
        number += 1
      }
      text += window[..<taken]
      missing -= number
      consume(window.utf8.distance(from: window.startIndex, to: taken))
      guard missing > 0 else { return text }
      // What may wait is asked only for what is still wanted.
      if !file.isAlwaysReady, taken < window.endIndex, missing == 1 {
        text += window[taken...]
        consume(bytes.count - window.utf8.distance(from: window.startIndex, to: taken))
        return text
      }
      if try await !fill(strand) {
        if unfinished > 0 { throw notUTF8(at: buffer.count - unfinished, after: "") }
        text += window[taken...]
        consume(buffer.count)
        return text
      }
    }
    return text
  }
}

/// Bytes as text. (`String(validating:as:)` is generic at run time, and takes three times as long for a line.)
enum UTF8Text {
  /// The text, or the offset of the first byte that is no UTF-8.
  static func of(_ bytes: UnsafeRawBufferPointer) -> (text: String, invalid: Int?) {
    do throws(UTF8.ValidationError) {
      return (String(copying: try UTF8Span(validating: bytes.assumingMemoryBound(to: UInt8.self).span)), nil)
    } catch {
      return ("", error.byteOffsets.lowerBound)
    }
  }

  /// How many bytes at the end begin a character whose rest is still to come.
  static func unfinishedLength(_ bytes: UnsafeRawBufferPointer) -> Int {
    for back in 1...3 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte < 0x80 { return 0 }
      if byte >= 0xC0 { return expectedLength(byte) > back ? back : 0 }
    }
    return 0
  }

  private static func expectedLength(_ lead: UInt8) -> Int {
    switch lead {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 0
    }
  }
}

/// A stream of a file's lines, which reads ahead and closes the file at its end.
///
/// `@unchecked Sendable`: used by one strand at a time, as every source.
final class LineSource: StreamSource, @unchecked Sendable {
  private var reader: InputReader?
  private let asBytes: Bool

  init(_ file: OpenFile, asBytes: Bool = false) {
    reader = InputReader(file)
    self.asBytes = asBytes
  }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    guard let reader else { return .end }
    let step = try reader.lineNow(asBytes: asBytes, strand)
    if case .end = step { close() }
    return step
  }

  func fill(_ strand: Strand) async throws(Raised) { try await reader?.wait(strand) }

  func close() {
    try? reader?.file.close()
    reader = nil
  }
}
