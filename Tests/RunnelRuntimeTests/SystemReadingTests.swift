// `fs.read`, `fs.read_bytes`, `fs.lines`: what they give, and what they say when they cannot.

import Glibc
import RunnelSystem
import Testing

@testable import RunnelRuntime

@Suite struct ReadingTests {
  let folder: SystemFolder

  init() throws { folder = try SystemFolder() }

  @Test func `a file is read as text or as bytes`() async throws {
    let path = try folder.file("a.txt", "häl\r\nlo\0")
    #expect(try await fs("read", path).string?.text == "häl\r\nlo\0")
    #expect(try await fs("read_bytes", path).bytes?.bytes == Array("häl\r\nlo\0".utf8))
    #expect(try await fs("read", folder.file("empty")).string?.text == "")
    #expect(try await fs("read_bytes", folder.file("empty")).bytes?.bytes == [])
  }

  @Test(arguments: [127, 4_095, 131_071, 131_072, 131_073, 1_000_000, 9_000_000])
  func `a text of any length comes whole, wherever its characters meet the blocks`(count: Int) async throws {
    // Characters of one to four bytes, so that some are cut by every block's end.
    let unit = "aé€😀\n"
    let text =
      String(repeating: unit, count: count / unit.utf8.count)
      + String(repeating: "x", count: count % unit.utf8.count)
    let path = try folder.file("long", text)
    #expect(try await fs("read", path).string?.text == text)
    #expect(try await fs("read_bytes", path).bytes?.bytes.count == count)
  }

  @Test(
    arguments: [
      ([0x61, 0xFF, 0x62], 1, 1),
      ([0x61, 0x0A, 0x0A, 0xC3], 3, 3),
      ([0xC0, 0x80], 0, 1),
      ([0xED, 0xA0, 0x80], 0, 1),
      ([0xF4, 0x90, 0x80, 0x80], 0, 1),
      ([0xE2, 0x82, 0x0A], 0, 1),
      ([0x80], 0, 1),
    ] as [([UInt8], Int, Int)])
  func `what is no UTF-8 is refused with its offset and line`(bytes: [UInt8], offset: Int, line: Int)
    async throws
  {
    let path = try folder.file("bad", bytes: bytes)
    for name in ["read", "lines"] {
      let error = await systemError {
        name == "read" ? try await fs("read", path) : Value.list(try await streamItems(fs("lines", path)))
      }
      #expect(error.kind === ErrorKind.valueError)
      #expect(error.data["offset"].map(describeSafely) == "\(offset)")
      #expect(error.data["line"].map(describeSafely) == "\(line)")
      #expect(error.message.contains("fs.read_bytes"))
    }
  }

  @Test func `the offset of a bad byte counts from the file's start, beyond the first block`() async throws {
    var bytes = [UInt8](repeating: 0x0A, count: 300_000)
    bytes[250_000] = 0xFE
    let path = try folder.file("bad", bytes: bytes)
    let error = await systemError { try await fs("read", path) }
    #expect(error.message.contains("at byte 250000 (line 250001)"))
  }

  @Test(arguments: [
    ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("\n\n", ["", ""]),
    ("a\r\nb\r\n", ["a", "b"]),
    ("a\rb\n", ["a\rb"]), ("\r\n", [""]), ("a\n\r", ["a", ""]),
  ])
  func `lines end with a newline, or one after a carriage return, and the last may have none`(
    text: String, lines: [String]
  ) async throws {
    #expect(try await streamTexts(fs("lines", folder.file("f", text))) == lines)
  }

  @Test func `lines longer than a block come whole`() async throws {
    let lines = [10, 200_000, 0, 131_072, 131_071, 500_000].map { String(repeating: "é", count: $0) }
    let path = try folder.file("f", lines.joined(separator: "\n"))
    #expect(try await streamTexts(fs("lines", path)) == lines)
  }

  @Test func `a million lines are read in order`() async throws {
    let path = try folder.file("f", (0..<1_000_000).map { "\($0)\n" }.joined())
    let lines = try await streamItems(fs("lines", path))
    #expect(lines.count == 1_000_000)
    #expect(lines.last?.string?.text == "999999")
  }

  @Test func `a file that says it is empty is read to its end`() async throws {
    #expect(try await fs("read", "/proc/self/status").string?.text.contains("Name:") == true)
    #expect(try await streamTexts(fs("lines", "/proc/self/status")).count > 10)
    #expect(try await fs("read_bytes", "/dev/null").bytes?.bytes == [])
  }

  @Test func `what has no end raises LimitError instead of taking all memory`() async throws {
    let path = folder("sparse")
    let file = try Files.open(folder.path("sparse"), [.write, .create])
    try Files.setSize(file.number, to: 3 << 40)
    let error = await systemError { Value.list(try await streamItems(fs("lines", path))) }
    #expect(error.kind === ErrorKind.limitError)
    #expect(error.message.contains("longer than 256 MiB"))
  }

  @Test func `a missing file is named, with the nearest name beside it`() async throws {
    try folder.file("urls.txt")
    let error = await systemError { try await fs("read", folder("url.txt")) }
    #expect(error.kind === ErrorKind.fileNotFound)
    #expect(error.kind.isKind(of: ErrorKind.ioError))
    #expect(
      error.message
        == "cannot read `\(folder.path)/url.txt`: no such file; did you mean `\(folder.path)/urls.txt`?")
    #expect(error.data["path"]?.string?.text == "\(folder.path)/url.txt")
    #expect(error.data["errno"]?.string?.text == "ENOENT")
    let other = await systemError { try await fs("read", folder("README")) }
    #expect(other.message.hasSuffix("no such file"))
    try folder.file("readme")
    #expect(
      await systemError { try await fs("read", folder("README")) }.message.hasSuffix(
        "`\(folder.path)/readme`?"))
  }

  @Test func `a missing directory on the way is named`() async throws {
    let error = await systemError { try await fs("read", folder("no/such/file")) }
    #expect(error.kind === ErrorKind.fileNotFound)
    #expect(error.message.hasSuffix("the directory `\(folder.path)/no/such` does not exist"))
  }

  @Test func `a link to nothing is named as such`() async throws {
    try folder.link("l", to: "gone")
    #expect(
      await systemError { try await fs("read", folder("l")) }.message.hasSuffix(
        "it is a link to `gone`, which does not exist"))
  }

  @Test(arguments: ["read", "read_bytes", "lines", "open"])
  func `reading a directory says what to use`(name: String) async throws {
    let error = await systemError { try await fs(name, folder.path) }
    #expect(error.kind === ErrorKind.isADirectory)
    #expect(error.message.hasSuffix("it is a directory; use `fs.list` for its names"))
  }

  @Test func `a file is no directory on the way`() async throws {
    try folder.file("f")
    let error = await systemError { try await fs("read", folder("f/x")) }
    #expect(error.kind === ErrorKind.notADirectory)
    #expect(error.message.hasSuffix("`\(folder.path)/f` is not a directory"))
  }

  @Test func `links in a circle are an error that says so`() async throws {
    try folder.link("a", to: "b")
    try folder.link("b", to: "a")
    let error = await systemError { try await fs("read", folder("a")) }
    #expect(error.kind === ErrorKind.ioError)
    #expect(error.message.contains("go round in a circle"))
  }

  @Test(.enabled(if: !runsAsRoot)) func `what may not be read raises PermissionDenied`() async throws {
    try folder.file("secret", permissions: 0)
    #expect(await systemError { try await fs("read", folder("secret")) }.kind === ErrorKind.permissionDenied)
  }

  @Test(arguments: ["read", "lines", "exists", "stat", "list", "mkdir", "remove", "glob", "touch"])
  func `a NUL in a path is refused`(name: String) async throws {
    let error = await systemError { try await fs(name, "a\0b") }
    #expect(error.kind === ErrorKind.valueError)
  }

  @Test(arguments: ["read", "lines", "exists", "write", "mkdir", "remove", "temp_file"])
  func `a path that is no string is a TypeError that names the parameter`(name: String) async throws {
    let error = await systemError { try await fs(name, 5, "x") }
    #expect(error.kind === ErrorKind.typeError)
    #expect(error.message.contains("not int"))
  }

  @Test func `names that are no UTF-8 are listed, and are hinted at when they cannot be opened`() async throws
  {
    let name = Array("\(folder.path)/b".utf8) + [0xFF, 0x64]
    _ = try Files.open(name, [.write, .create])
    #expect(try await streamTexts(fs("list", folder.path)) == ["b\u{FFFD}d"])
    let error = await systemError { try await fs("read", folder("b\u{FFFD}d")) }
    #expect(error.message.contains("not valid UTF-8"))
    try await fs("remove", folder.path, true)
    #expect(try await fs("exists", folder.path).flag == false)
  }

  // MARK: FIFOs

  private func fifo(_ name: String) throws -> String {
    try Files.makeFIFO(folder.path(name))
    return folder.path(name)
  }

  @Test func `a FIFO is read to its end, once a writer has come`() async throws {
    let path = try fifo("pipe")
    onOtherThread {
      usleep(30_000)
      guard let file = try? Files.open(path, .write) else { return }
      for part in ["one\ntw", "o\nthree"] {
        try? Array(part.utf8).withUnsafeBytes { try DescriptorIO.writeAll(file.number, $0) }
        usleep(10_000)
      }
    }
    #expect(try await streamTexts(fs("lines", path)) == ["one", "two", "three"])
  }

  @Test func `opening a FIFO to read does not block`() async throws {
    let file = try await fs("open", try fifo("pipe"))
    try await fileMethod(file, "close")
  }

  @Test func `opening a FIFO to write waits for its reader`() async throws {
    let path = try fifo("pipe")
    let (reader, number) = try pipeNumbers()
    onOtherThread {
      usleep(30_000)
      guard let file = try? Files.open(path) else { return }
      var buffer = [UInt8](repeating: 0, count: 100)
      while case .bytes(let count) = try? buffer.withUnsafeMutableBytes({
        try DescriptorIO.read(file.number, into: $0)
      }) {
        try? buffer[..<count].withUnsafeBytes { try DescriptorIO.writeAll(number, $0) }
      }
      DescriptorIO.close(number)
    }
    try await fs("write", path, "hello")
    var buffer = [UInt8](repeating: 0, count: 100)
    #expect(try buffer.withUnsafeMutableBytes { try DescriptorIO.read(reader, into: $0) } == .bytes(5))
    DescriptorIO.close(reader)
  }
}
