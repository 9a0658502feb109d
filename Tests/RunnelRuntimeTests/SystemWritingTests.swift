// `fs.write` and `fs.append`: a file is replaced when all is there, and as it was if not.

import Glibc
import RunnelSystem
import Testing

@testable import RunnelRuntime

@Suite struct WritingTests {
  let folder: SystemFolder

  init() throws { folder = try SystemFolder() }

  @Test func `text and bytes are written, and added`() async throws {
    try await fs("write", folder("f"), "one\n")
    try await fs("append", folder("f"), "two")
    try await fs("append", folder("f"), Value.bytes([0, 255]))
    #expect(try await fs("read_bytes", folder("f")).bytes?.bytes == Array("one\ntwo".utf8) + [0, 255])
    try await fs("write", folder("f"), Value.bytes([1]))
    #expect(try await fs("read_bytes", folder("f")).bytes?.bytes == [1])
    try await fs("append", folder("new"), "x")
    #expect(try folder.content("new") == "x")
    #expect(try folder.names() == ["f", "new"])
  }

  @Test func `a new file has the usual mode, a replaced one keeps its own`() async throws {
    let mask = umask(0o027)
    umask(mask)
    try await fs("write", folder("f"), "x")
    #expect(try folder.mode("f") == 0o666 & ~mask)
    for mode: UInt32 in [0o600, 0o640, 0o755, 0o4711] {
      try Files.setPermissions(folder.path("f"), to: mode)
      try await fs("write", folder("f"), "y")
      #expect(try folder.mode("f") == mode)
    }
  }

  @Test(.enabled(if: runsAsRoot)) func `a replaced file keeps its owner`() async throws {
    try folder.file("f")
    #expect(chown(folder.path("f"), 1_234, 5_678) == 0)
    try await fs("write", folder("f"), "x")
    let status = try Files.status(of: folder.path("f"))
    #expect(status.userID == 1_234 && status.groupID == 5_678)
  }

  @Test func `the file behind a link is replaced, not the link`() async throws {
    try folder.file("d/real", "old")
    try folder.link("d/link", to: "real")
    try folder.link("outer", to: "d/link")
    try folder.link("absolute", to: folder.path("d/link"))
    for name in ["outer", "absolute"] {
      try await fs("write", folder(name), "by \(name)")
      #expect(try folder.content("d/real") == "by \(name)")
    }
    #expect(try Files.status(of: folder.path("outer"), followingLinks: false).kind == .link)
    try folder.link("dangling", to: "d/made")
    try await fs("write", folder("dangling"), "new")
    #expect(try folder.content("d/made") == "new")
    #expect(try folder.names("d") == ["link", "made", "real"])
  }

  @Test func `a reader that has the old file open goes on reading it`() async throws {
    try folder.file("f", "old")
    let file = try Files.open(folder.path("f"))
    try await fs("write", folder("f"), "new")
    var buffer = [UInt8](repeating: 0, count: 10)
    #expect(try buffer.withUnsafeMutableBytes { try file.read(into: $0) } == .bytes(3))
    #expect(buffer.starts(with: "old".utf8))
  }

  @Test func `until the writing is done the old file is there, and after a failure nothing else`()
    async throws
  {
    try folder.file("f", "old")
    let strand = systemStrand()
    let path = try FilePath(folder.path("f"), strand)
    let replacement = try await ReplacementObject.begin(path, strand)
    try await replacement.write(.text("half"), strand)
    #expect(try folder.content("f") == "old")
    #expect(try folder.names().count == 2)
    replacement.close()
    #expect(try folder.names() == ["f"])
    #expect(try folder.content("f") == "old")
    replacement.close()
    let error = await systemError {
      try await replacement.commit(strand)
      return .nil
    }
    #expect(error.kind === ErrorKind.valueError)
  }

  @Test func `strings of a stream are lines, bytes are themselves`() async throws {
    let out = try await SystemBuiltins.call("", "__write_begin", [folder("f"), .list([])])
    for item in [Value.string("a"), .string("b\n"), .bytes([0x63]), .string("")] {
      if try await SystemBuiltins.call("", "__write_chunk", [out, item]).flag == true {
        _ = try await SystemBuiltins.call("", "__write_flush", [out])
      }
    }
    #expect(try await fs("exists", folder("f")).flag == false)
    _ = try await SystemBuiltins.call("", "__write_commit", [out])
    #expect(try folder.content("f") == "a\nb\n\nc\n")
    out.object(.resource, as: ResourceObject.self)?.close()
    #expect(try folder.names() == ["f"])
  }

  @Test func `much is written as it is`() async throws {
    let text = String(repeating: "0123456789é\n", count: 800_000)
    try await fs("write", folder("f"), text)
    try await fs("append", folder("f"), text)
    #expect(try await fs("read", folder("f")).string?.text == text + text)
  }

  @Test(arguments: ["write", "append"]) func `a full disk is an error, and no place of a name`(name: String)
    async throws
  {
    let error = await systemError { try await fs(name, "/dev/full", "x") }
    #expect(error.kind === ErrorKind.diskFull)
    #expect(error.message == "cannot write `/dev/full`: no space is left on the device")
    #expect(try Files.status(of: "/dev/full").kind == .characterDevice)
  }

  @Test func `a device is written in place`() async throws {
    try await fs("write", "/dev/null", "x")
    #expect(try Files.status(of: "/dev/null").kind == .characterDevice)
  }

  @Test(arguments: ["write", "append"]) func `a directory cannot be written`(name: String) async throws {
    let error = await systemError { try await fs(name, folder.path, "x") }
    #expect(error.kind === ErrorKind.isADirectory)
  }

  @Test(arguments: ["write", "append", "touch"])
  func `a missing directory is named`(name: String) async throws {
    let error = await systemError { try await fs(name, folder("no/f"), "x") }
    #expect(error.kind === ErrorKind.fileNotFound)
    #expect(error.message.hasSuffix("the directory `\(folder.path)/no` does not exist"))
  }

  @Test func `what is neither text, bytes nor items is refused before anything is written`() async throws {
    try folder.file("f", "old")
    for (value, hint) in [
      (Value.int(5), "str(x)"), (.record(["a": .int(1)]), "json.encode(x)"), (.nil, "not nil"),
    ] {
      let error = await systemError {
        try await SystemBuiltins.call("", "__write_begin", [folder("f"), value])
      }
      #expect(error.kind === ErrorKind.typeError)
      #expect(error.message.contains(hint))
    }
    #expect(try folder.names() == ["f"])
  }

  @Test(.enabled(if: !runsAsRoot))
  func `where the directory may not be written, the error says how to write in place`() async throws {
    try folder.file("d/f", "old")
    try Files.setPermissions(folder.path("d"), to: 0o500)
    let error = await systemError { try await fs("write", folder("d/f"), "new") }
    try Files.setPermissions(folder.path("d"), to: 0o700)
    #expect(error.kind === ErrorKind.permissionDenied)
    #expect(error.message.contains("`fs.open(p, \"w\")` writes in place"))
    #expect(try folder.content("d/f") == "old")
  }
}

/// `file`: open files.
@Suite struct OpenFileTests {
  let folder: SystemFolder

  init() throws { folder = try SystemFolder() }

  private func open(_ name: String, _ mode: String = "r") async throws -> Value {
    try await fs("open", folder(name), mode)
  }

  private func text(_ file: Value, _ name: String, _ arguments: any SystemArgument...) async throws -> String
  {
    describeSafely(try await SystemBuiltins.call("file", name, [file] + arguments.map(\.value)))
  }

  @Test func `lines come one by one, then nil`() async throws {
    try folder.file("f", "first\r\nsecond")
    let file = try await open("f")
    #expect(try await text(file, "read_line") == "first")
    #expect(try await text(file, "read_line") == "second")
    #expect(try await fileMethod(file, "read_line").isNil)
    #expect(try await fileMethod(file, "read_line").isNil)
  }

  @Test func `parts count characters, as people see them`() async throws {
    try folder.file("f", "ae\u{301}👨‍👩‍👧z\r\n€")
    let file = try await open("f")
    for part in ["a", "e\u{301}", "👨‍👩‍👧", "z", "\r\n", "€", "", ""] {
      #expect(try await text(file, "read", 1) == part)
    }
  }

  @Test(arguments: [1, 2, 1_000, 131_072, 250_000])
  func `parts of any size join to the whole`(size: Int) async throws {
    let whole = String(repeating: "aé€😀", count: size < 10 ? 200 : 70_000)
    try folder.file("f", whole)
    let file = try await open("f")
    var read = ""
    while true {
      let part = try await text(file, "read", size)
      if part.isEmpty { break }
      read += part
    }
    #expect(read == whole)
  }

  @Test func `bytes are counted as bytes`() async throws {
    try folder.file("f", bytes: [1, 2, 0xFF, 0x0A, 3])
    let file = try await open("f", "rb")
    #expect(try await fileMethod(file, "read", 2).bytes?.bytes == [1, 2])
    #expect(try await fileMethod(file, "read_line").bytes?.bytes == [0xFF])
    #expect(try await fileMethod(file, "read").bytes?.bytes == [3])
    #expect(try await fileMethod(file, "read", 5).bytes?.bytes == [])
  }

  @Test func `the lines of a stream are taken from the file's position`() async throws {
    try folder.file("f", "a\nb\nc\n")
    let file = try await open("f")
    _ = try await text(file, "read_line")
    let stream = try #require(
      try await fileMethod(file, "lines").object(.stream, as: StreamObject.self)?.source)
    guard case .item(let line) = try stream.next(systemStrand()) else { return #expect(Bool(false)) }
    #expect(describeSafely(line) == "b")
    stream.close()
    #expect(try await text(file, "read") == "c\n")
  }

  @Test func `seek goes to a byte, also back`() async throws {
    try folder.file("f", "abcdef")
    let file = try await open("f")
    #expect(try await text(file, "read", 2) == "ab")
    try await fileMethod(file, "seek", 1)
    #expect(try await text(file, "read", 2) == "bc")
    try await fileMethod(file, "seek", 100)
    #expect(try await text(file, "read") == "")
    #expect(await systemError { try await fileMethod(file, "seek", -1) }.kind === ErrorKind.valueError)
  }

  @Test func `a position in the middle of a character is refused with its offset`() async throws {
    try folder.file("f", "aé")
    let file = try await open("f")
    try await fileMethod(file, "seek", 2)
    #expect(await systemError { try await fileMethod(file, "read") }.message.contains("at byte 2"))
  }

  @Test func `what is written is there after flush, and after close`() async throws {
    let file = try await open("f", "w")
    try await fileMethod(file, "write", "one")
    #expect(try folder.content("f") == "")
    try await fileMethod(file, "flush")
    #expect(try folder.content("f") == "one")
    try await fileMethod(file, "write", Value.bytes([33]))
    try await fileMethod(file, "close")
    #expect(try folder.content("f") == "one!")
  }

  @Test func `a resource that is closed by its scope writes what is left`() async throws {
    let file = try await open("f", "w")
    try await fileMethod(file, "write", "left")
    file.object(.file, as: FileObject.self)?.close()
    #expect(try folder.content("f") == "left")
  }

  @Test func `a file for writing anew is emptied at once, one for adding is not`() async throws {
    try folder.file("f", "old")
    let added = try await open("f", "a")
    try await fileMethod(added, "write", "+")
    try await fileMethod(added, "close")
    #expect(try folder.content("f") == "old+")
    _ = try await open("f", "w")
    #expect(try folder.content("f") == "")
  }

  @Test func `one for reading and writing writes where it has read to`() async throws {
    try folder.file("f", "abcdef")
    let file = try await open("f", "r+")
    #expect(try await text(file, "read", 2) == "ab")
    try await fileMethod(file, "write", "X")
    #expect(try await text(file, "read", 1) == "d")
    try await fileMethod(file, "write", "YZ!")
    try await fileMethod(file, "seek", 0)
    #expect(try await text(file, "read") == "abXdYZ!")
    try await fileMethod(file, "close")
    #expect(try folder.content("f") == "abXdYZ!")
  }

  @Test func `bytes that fill blocks exactly, and more, are all written`() async throws {
    let file = try await open("f", "w")
    var expected = 0
    for size in [65_535, 1, 65_536, 65_537, 10, 3_000_000, 5] {
      try await fileMethod(file, "write", String(repeating: "x", count: size))
      expected += size
    }
    try await fileMethod(file, "close")
    #expect(try Files.status(of: folder.path("f")).size == Int64(expected))
  }

  @Test(arguments: ["", "x", "rw", "b", "br", "rbb", "w+", "R", "r +"])
  func `a mode that is none is refused`(mode: String) async throws {
    try folder.file("f")
    #expect(await systemError { try await open("f", mode) }.kind === ErrorKind.valueError)
  }

  @Test(arguments: ["r", "r+"]) func `what is read must be there`(mode: String) async throws {
    let error = await systemError { try await open("none", mode) }
    #expect(error.kind === ErrorKind.fileNotFound)
    #expect(error.message.hasPrefix("cannot open"))
  }

  @Test func `reading what is written, and the other way round, says how to open it`() async throws {
    let written = try await open("f", "w")
    for name in ["read", "read_line", "lines"] {
      let error = await systemError { try await fileMethod(written, name) }
      #expect(error.kind === ErrorKind.valueError)
      #expect(error.message.contains("(mode `w`)"))
    }
    let read = try await open("f")
    #expect(
      await systemError { try await fileMethod(read, "write", "x") }.message.contains("`w`, `a` or `r+`"))
  }

  @Test func `a closed file can be closed, and nothing else`() async throws {
    try folder.file("f", "x")
    let file = try await open("f", "r+")
    let lines = try await fileMethod(file, "lines")
    try await fileMethod(file, "close")
    try await fileMethod(file, "close")
    for name in ["read", "read_line", "lines", "flush"] {
      let error = await systemError { try await fileMethod(file, name) }
      #expect(error.kind === ErrorKind.valueError)
      #expect(error.message.contains("the file is closed"))
    }
    #expect(await systemError { .list(try await streamItems(lines)) }.kind === ErrorKind.valueError)
    #expect(await systemError { try await fileMethod(file, "write", "x") }.kind === ErrorKind.valueError)
    #expect(await systemError { try await fileMethod(file, "seek", 0) }.kind === ErrorKind.valueError)
  }

  @Test func `an error of what was written is raised by flush or close, once`() async throws {
    let file = try await fs("open", "/dev/full", "w")
    let error = await systemError { try await fileMethod(file, "write", "x") }
    #expect(error.kind === ErrorKind.diskFull)
    try await fileMethod(file, "close")
  }

  @Test func `only text and bytes are written`() async throws {
    let file = try await open("f", "w")
    for value in [Value.int(1), .nil, .list([])] {
      #expect(await systemError { try await fileMethod(file, "write", value) }.kind === ErrorKind.typeError)
    }
  }

  @Test func `lines of tasks that write at the same time stay whole`() async throws {
    let file = try await open("f", "a")
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for _ in 0..<500 {
            let line = String(repeating: "\(task)", count: 1 + task * 40) + "\n"
            _ = try? await fileMethod(file, "write", line)
          }
        }
      }
    }
    try await fileMethod(file, "close")
    let lines = try folder.content("f").split(separator: "\n")
    #expect(lines.count == 4_000)
    #expect(lines.allSatisfy { Set($0).count == 1 && $0.count == 1 + (Int(String($0.prefix(1))) ?? 0) * 40 })
  }

  @Test func `lines are taken once each by tasks that read at the same time`() async throws {
    try folder.file("f", (0..<4_000).map { "\($0)\n" }.joined())
    let file = try await open("f")
    let all = await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          var lines: [String] = []
          while let line = try? await fileMethod(file, "read_line"), !line.isNil {
            lines.append(describeSafely(line))
          }
          return lines
        }
      }
      return await group.reduce(into: [String]()) { $0 += $1 }
    }
    #expect(Set(all).count == 4_000 && all.count == 4_000)
  }

  @Test func `what is written to a FIFO arrives with each write`() async throws {
    try Files.makeFIFO(folder.path("pipe"))
    let reader = try Files.open(folder.path("pipe"), [.read, .nonblocking])
    let file = try await open("pipe", "w")
    try await fileMethod(file, "write", "now")
    var buffer = [UInt8](repeating: 0, count: 10)
    #expect(try buffer.withUnsafeMutableBytes { try reader.read(into: $0) } == .bytes(3))
    let error = await systemError { try await fileMethod(file, "seek", 0) }
    #expect(error.message.contains("only regular files have positions"))
  }
}

/// Standard input, over a pipe.
@Suite struct StandardInputTests {
  @Test func `what one reader has read ahead the next one finds`() async throws {
    let (reader, writer) = try pipeNumbers()
    defer { DescriptorIO.close(reader) }
    onOtherThread {
      for part in ["one\ntwo\nth", "ree\nfour\nfive"] {
        try? Array(part.utf8).withUnsafeBytes { try DescriptorIO.writeAll(writer, $0) }
        usleep(10_000)
      }
      DescriptorIO.close(writer)
    }
    let input = StandardInput(OpenFile(standardInput: reader, name: "stdin"))
    try await RunningInterpreter.run { (strand) async throws in
      #expect(describeSafely(try await input.line(strand)) == "one")
      let source = StandardInputSource(input)
      var line: Value?
      while line == nil {
        switch try source.next(strand) {
        case .item(let item): line = item
        case .wait: try await source.fill(strand)
        case .turn: break
        case .end: line = .nil
        }
      }
      source.close()
      #expect(line.map(describeSafely) == "two")
      #expect(describeSafely(try await input.line(strand)) == "three")
      #expect(try await input.text(strand) == "four\nfive")
      #expect(try await input.line(strand).isNil)
      #expect(try await input.bytes(strand) == [])
    }
  }

  @Test func `a file as stdin is read without a wait`() async throws {
    let folder = try SystemFolder()
    try folder.file("f", "a\nb")
    let file = try Files.open(folder.path("f"))
    let input = StandardInput(OpenFile(standardInput: file.number, name: "stdin"))
    #expect(try await streamTexts(.object(StreamObject(source: StandardInputSource(input)))) == ["a", "b"])
  }

  @Test func `without stdin the input is empty`() async throws {
    let input = StandardInput(OpenFile(standardInput: 999_999, name: "stdin"))
    try await RunningInterpreter.run { (strand) async throws in
      #expect(try await input.line(strand).isNil)
      #expect(try await input.text(strand) == "")
    }
  }

  @Test func `read is for sys.stdin only`() async throws {
    let stream = Value.object(StreamObject(source: ListSource([])))
    let error = await systemError { try await SystemBuiltins.call("stream", "read", [stream]) }
    #expect(error.kind === ErrorKind.typeError)
  }
}
