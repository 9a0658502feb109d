// `fs`: asking, making, removing, copying, moving, walking; temporary files and locks.

import Glibc
import RunnelSystem
import Testing

@testable import RunnelRuntime

@Suite struct TreeTests {
  let folder: SystemFolder

  init() throws { folder = try SystemFolder() }

  // MARK: Asking

  @Test func `what is there is told apart`() async throws {
    try folder.file("f", "abc")
    try folder.directory("d")
    try folder.link("to-file", to: "f")
    try folder.link("to-nothing", to: "none")
    for (name, exists, isFile, isDirectory) in [
      ("f", true, true, false), ("d", true, false, true), ("to-file", true, true, false),
      ("to-nothing", false, false, false), ("none", false, false, false), ("f/x", false, false, false),
    ] {
      #expect(try await fs("exists", folder(name)).flag == exists)
      #expect(try await fs("is_file", folder(name)).flag == isFile)
      #expect(try await fs("is_dir", folder(name)).flag == isDirectory)
    }
  }

  @Test func `stat tells of a file, and of a link itself`() async throws {
    try folder.file("f", "abc", permissions: 0o640)
    try folder.link("l", to: "f")
    let status = try #require(try await fs("stat", folder("l")).map).storage
    #expect(
      status.map { describeSafely($0.key) } == [
        "size", "mtime", "atime", "mode", "uid", "gid", "is_file", "is_dir", "is_link", "inode", "links",
      ])
    #expect(status["size"].map(describeSafely) == "3")
    #expect(status["mode"].map(describeSafely) == "\(0o640)")
    #expect(status["is_file"]?.flag == true && status["is_link"]?.flag == false)
    let seconds = (status["mtime"]?.time?.nanoseconds ?? 0) / 1_000_000_000
    #expect(abs(seconds - time(nil)) < 60)
    let link = try #require(try await fs("stat", folder("l"), false).map).storage
    #expect(link["is_link"]?.flag == true)
    #expect(await systemError { try await fs("stat", folder("x")) }.kind === ErrorKind.fileNotFound)
  }

  @Test func `list gives all names, sorted by their bytes`() async throws {
    for name in ["b", "a", "Z", ".h", "é", "10", "9"] { try folder.file(name) }
    #expect(try await streamTexts(fs("list", folder.path)) == [".h", "10", "9", "Z", "a", "b", "é"])
    let error = await systemError { try await fs("list", folder("none")) }
    #expect(error.kind === ErrorKind.fileNotFound)
    #expect(await systemError { try await fs("list", folder("a")) }.kind === ErrorKind.notADirectory)
  }

  @Test func `disk gives sizes that add up`() async throws {
    let disk = try #require(try await fs("disk", folder.path).map).storage
    guard case .int(let total) = disk["total"], case .int(let free) = disk["free"],
      case .int(let used) = disk["used"]
    else { return #expect(Bool(false)) }
    #expect(total > 0 && free >= 0 && used >= 0 && free + used <= total)
  }

  // MARK: Making

  @Test func `mkdir makes what is missing, and leaves what is there`() async throws {
    try await fs("mkdir", folder("a/b/c"))
    try await fs("mkdir", folder("a/b/c"))
    try await fs("mkdir", folder("a/b/c/d/"))
    #expect(try await fs("is_dir", folder("a/b/c/d")).flag == true)
    #expect(await systemError { try await fs("mkdir", folder("a/b"), false) }.kind === ErrorKind.fileExists)
    #expect(await systemError { try await fs("mkdir", folder("x/y"), false) }.kind === ErrorKind.fileNotFound)
    try folder.file("f")
    #expect(await systemError { try await fs("mkdir", folder("f")) }.kind === ErrorKind.fileExists)
    let error = await systemError { try await fs("mkdir", folder("f/g/h")) }
    #expect(error.kind === ErrorKind.notADirectory)
    #expect(error.message.hasSuffix("`\(folder.path)/f` is not a directory"))
  }

  @Test func `links say what they were given`() async throws {
    try folder.file("f", "x")
    try await fs("symlink", "f", folder("s"))
    #expect(try await fs("read_link", folder("s")).string?.text == "f")
    #expect(await systemError { try await fs("symlink", "f", folder("s")) }.kind === ErrorKind.fileExists)
    try await fs("link", folder("f"), folder("h"))
    #expect(try Files.status(of: folder.path("h")).linkCount == 2)
    #expect(
      await systemError { try await fs("link", folder("none"), folder("h2")) }.data["path"]?.string?.text
        == folder.path("none"))
    #expect(
      await systemError { try await fs("read_link", folder("f")) }.message.hasSuffix("it is no symbolic link")
    )
  }

  @Test func `chmod sets the bits, and refuses what are none`() async throws {
    try folder.file("f")
    try await fs("chmod", folder("f"), 0o601)
    #expect(try folder.mode("f") == 0o601)
    for mode in [-1, 0o10000, Int.max] {
      #expect(await systemError { try await fs("chmod", folder("f"), mode) }.kind === ErrorKind.valueError)
    }
  }

  @Test func `touch makes a file, or renews its times`() async throws {
    try await fs("touch", folder("f"))
    #expect(try folder.content("f") == "")
    try Files.setTimes(folder.path("f"), accessed: 0, modified: 0)
    try await fs("touch", folder("f"))
    #expect(try Files.status(of: folder.path("f")).modified > 1_000_000_000_000_000_000)
  }

  // MARK: Removing

  @Test func `a file, an empty directory and a link are removed by their names`() async throws {
    try folder.file("f")
    try folder.directory("d/e")
    try folder.link("l", to: "d")
    try await fs("remove", folder("f"))
    try await fs("remove", folder("d/e"))
    try await fs("remove", folder("l"))
    #expect(try folder.names() == ["d"])
    #expect(await systemError { try await fs("remove", folder("f")) }.kind === ErrorKind.fileNotFound)
    try await fs("remove", folder("f"), false, true)
  }

  @Test func `a full directory is removed with recursive only`() async throws {
    try folder.file("d/x/y")
    let error = await systemError { try await fs("remove", folder("d")) }
    #expect(error.kind === ErrorKind.directoryNotEmpty)
    #expect(error.message.contains("`recursive: true`"))
    try await fs("remove", folder("d"), true)
    #expect(try folder.names() == [])
  }

  @Test func `removing a tree leaves alone what its links lead to`() async throws {
    try folder.file("kept/f", "x")
    try folder.directory("d/sub")
    try folder.link("d/sub/l", to: "../../kept")
    try folder.link("d/abs", to: folder.path("kept"))
    try folder.link("top", to: "kept")
    try await fs("remove", folder("d"), true)
    try await fs("remove", folder("top"), true)
    #expect(try folder.names() == ["kept"])
    #expect(try folder.content("kept/f") == "x")
  }

  @Test func `an empty path is no file to remove`() async {
    #expect(await systemError { try await fs("remove", "", true) }.kind === ErrorKind.fileNotFound)
  }

  @Test(arguments: [".", "..", "/", "//", "d/.", "d/..", "./"])
  func `what hardly anybody means is not removed`(path: String) async throws {
    let error = await systemError { try await fs("remove", path, true) }
    #expect(error.kind === ErrorKind.ioError)
    #expect(error.message.contains("it is `.`, `..`, the root or no name at all"))
  }

  @Test func `a tree deeper than any path can be is removed`() async throws {
    try folder.directory("deep")
    var handle = try DirectoryHandle(opening: folder.path("deep"))
    let name = [UInt8](repeating: 0x64, count: 100)
    for _ in 0..<1_000 {
      try handle.make(name)
      handle = try handle.directory(name)
    }
    try await fs("remove", folder("deep"), true)
    #expect(try folder.names() == [])
  }

  @Test func `a tree with many names is removed`() async throws {
    for index in 0..<3_000 { try folder.file("d/\(index % 30)/f\(index)") }
    try await fs("remove", folder("d"), true)
    #expect(try folder.names() == [])
  }

  @Test(.enabled(if: !runsAsRoot)) func `what may not be removed is named`() async throws {
    try folder.file("d/locked/f")
    try Files.setPermissions(folder.path("d/locked"), to: 0o500)
    let error = await systemError { try await fs("remove", folder("d"), true) }
    try Files.setPermissions(folder.path("d/locked"), to: 0o700)
    #expect(error.kind === ErrorKind.permissionDenied)
    #expect(error.data["path"]?.string?.text == folder.path("d/locked/f"))
  }

  // MARK: Copying, moving

  @Test func `a file is copied with its mode, onto another or into a directory`() async throws {
    try folder.file("f", "content", permissions: 0o751)
    try folder.directory("d")
    try folder.file("old", "old", permissions: 0o600)
    for (target, name) in [("g", "g"), ("d", "d/f"), ("old", "old")] {
      try await fs("copy", folder("f"), folder(target))
      #expect(try folder.content(name) == "content")
      #expect(try folder.mode(name) == 0o751)
    }
    #expect(try folder.names() == ["d", "f", "g", "old"])
  }

  @Test func `large and strange files are copied whole`() async throws {
    let text = String(repeating: "0123456789abcdef", count: 2_500_000)
    try folder.file("f", text)
    try await fs("copy", folder("f"), folder("g"))
    #expect(try folder.content("g") == text)
    try await fs("copy", "/proc/self/status", folder("p"))
    #expect(try folder.content("p").hasPrefix("Name:"))
  }

  @Test func `copying onto itself, or without recursive, is refused`() async throws {
    try folder.file("f", "x")
    try folder.link("l", to: "f")
    try folder.directory("d")
    for target in ["f", "l"] {
      #expect(
        await systemError { try await fs("copy", folder("f"), folder(target)) }.message.hasSuffix(
          "both are the same file"))
    }
    #expect(
      await systemError { try await fs("copy", folder("f"), folder.path) }.message.hasSuffix(
        "both are the same file"))
    let error = await systemError { try await fs("copy", folder("d"), folder("e")) }
    #expect(error.kind === ErrorKind.isADirectory)
    #expect(error.message.contains("`recursive: true`"))
    #expect(
      await systemError { try await fs("copy", folder("none"), folder("e")) }.kind === ErrorKind.fileNotFound)
    #expect(try folder.content("f") == "x")
  }

  @Test func `a tree is copied with modes and links`() async throws {
    try folder.file("a/x/f", "1", permissions: 0o640)
    try folder.file("a/.h", "2")
    try folder.link("a/x/l", to: "../.h")
    try folder.link("a/gone", to: "none")
    try Files.makeFIFO(folder.path("a/pipe"))
    try Files.setPermissions(folder.path("a/x"), to: 0o555)
    try await fs("copy", folder("a"), folder("b"), true)
    #expect(try folder.content("b/x/f") == "1" && folder.content("b/x/l") == "2")
    #expect(try folder.mode("b/x/f") == 0o640 && folder.mode("b/x") == 0o555)
    #expect(try Files.linkTarget(folder.path("b/gone")) == Array("none".utf8))
    #expect(try Files.status(of: folder.path("b/pipe")).kind == .pipe)
    #expect(
      await systemError { try await fs("copy", folder("a"), folder("b"), true) }.kind === ErrorKind.fileExists
    )
    for name in ["a/x", "b/x"] { try Files.setPermissions(folder.path(name), to: 0o755) }
  }

  @Test func `a tree copied into itself ends`() async throws {
    try folder.file("a/x/f", "1")
    try await fs("copy", folder("a"), folder("a/x/copy"), true)
    #expect(try folder.content("a/x/copy/x/f") == "1")
    #expect(try folder.names("a/x/copy/x") == ["f"])
  }

  @Test func `names that are no UTF-8 are copied as they are`() async throws {
    try folder.directory("a")
    let name: [UInt8] = [0x62, 0xFF]
    _ = try Files.open(Array("\(folder.path)/a/".utf8) + name, [.write, .create])
    try await fs("copy", folder("a"), folder("b"), true)
    #expect(try Files.entries(of: folder.path("b")).map(\.pathBytes) == [name])
  }

  @Test func `moving renames, into a directory too`() async throws {
    try folder.file("f", "1")
    try folder.file("d/x", "2")
    try folder.file("g", "old")
    try await fs("move", folder("f"), folder("g"))
    #expect(try folder.content("g") == "1")
    try await fs("move", folder("g"), folder("d"))
    try await fs("move", folder("d/"), folder("e"))
    #expect(try folder.names("e") == ["g", "x"])
    let error = await systemError { try await fs("move", folder("e"), folder("e/x2")) }
    #expect(error.message.hasSuffix("a directory cannot be moved into itself"))
    #expect(
      await systemError { try await fs("move", folder("none"), folder("q")) }.kind === ErrorKind.fileNotFound)
  }

  @Test(.enabled(if: Files.exists("/dev/shm")))
  func `moving to another disk copies and removes, with times and links`() async throws {
    let other = try Files.makeTemporaryDirectory(in: "/dev/shm")
    defer { TemporaryPath(other).close() }
    try #require(try Files.status(of: other).device != Files.status(of: folder.path).device)
    try folder.file("d/x/f", "1", permissions: 0o600)
    try folder.link("d/l", to: "x")
    try folder.file("f", "2")
    try Files.setTimes(folder.path("d/x/f"), accessed: 1_000_000_000, modified: 2_000_000_000)
    try await fs("move", folder("d"), other)
    try await fs("move", folder("f"), other + "/g")
    #expect(try folder.names() == [])
    #expect(try Files.status(of: other + "/d/x/f").modified == 2_000_000_000)
    #expect(try Files.status(of: other + "/d/x/f").permissions == 0o600)
    #expect(try Files.linkTarget(other + "/d/l") == Array("x".utf8))
    #expect(try await fs("read", other + "/g").string?.text == "2")
  }

  // MARK: Walking

  @Test func `walk gives the files below, sorted, hidden ones when asked`() async throws {
    for name in ["b", "a/z", "a/y/x", "c/.h/f", ".hid", "a.txt"] { try folder.file(name) }
    try folder.directory("empty")
    func walk(_ hidden: Bool) async throws -> [String] {
      try await streamTexts(fs("walk", folder.path, hidden)).map {
        String($0.dropFirst(folder.path.count + 1))
      }
    }
    #expect(try await walk(false) == ["a.txt", "b", "a/z", "a/y/x"])
    #expect(try await walk(true) == [".hid", "a.txt", "b", "a/z", "a/y/x", "c/.h/f"])
  }

  @Test func `walk gives links and does not follow them`() async throws {
    try folder.file("d/f")
    try folder.link("d/up", to: "..")
    try folder.link("d/gone", to: "none")
    #expect(
      try await streamTexts(fs("walk", folder("d/"))) == ["f", "gone", "up"].map { folder.path("d/\($0)") })
  }

  @Test func `walk needs a directory`() async throws {
    #expect(await systemError { try await fs("walk", folder("none")) }.kind === ErrorKind.fileNotFound)
    try folder.file("f")
    #expect(await systemError { try await fs("walk", folder("f")) }.kind === ErrorKind.notADirectory)
  }

  // MARK: What belongs to a scope

  @Test func `temporary files are private and go with their scope`() async throws {
    let directory = try #require(try await fs("temp_dir").string?.text)
    let file = try #require(try await fs("temp_file", ".log").string?.text)
    #expect(try Files.status(of: directory).permissions == 0o700)
    #expect(try Files.status(of: file).permissions == 0o600)
    #expect(file.hasSuffix(".log"))
    try await fs("write", directory + "/x", "1")
    TemporaryPath(directory).close()
    TemporaryPath(file).close()
    TemporaryPath(file).close()
    #expect(!Files.exists(directory) && !Files.exists(file))
    #expect(await systemError { try await fs("temp_file", "a/b") }.kind === ErrorKind.valueError)
  }

  @Test func `a lock is held once, and free when it is closed`() async throws {
    let lock = try #require(try await fs("lock", folder("l")).object(.resource, as: ResourceObject.self))
    let error = await systemError { try await fs("lock", folder("l"), Value.duration(50_000_000)) }
    #expect(error.kind === ErrorKind.timeout)
    #expect(error.message == "the lock `\(folder.path)/l` was not free within 50ms")
    lock.close()
    lock.close()
    try await fs("lock", folder("l"), Value.duration(0))
  }

  @Test func `a lock whose file is removed is not held by those who come later`() async throws {
    let first = try #require(try await fs("lock", folder("l")).object(.resource, as: ResourceObject.self))
    try await fs("remove", folder("l"))
    let second = try #require(try await fs("lock", folder("l")).object(.resource, as: ResourceObject.self))
    #expect(
      await systemError { try await fs("lock", folder("l"), Value.duration(0)) }.kind === ErrorKind.timeout)
    first.close()
    second.close()
    #expect(await systemError { try await fs("lock", folder("no/l")) }.kind === ErrorKind.fileNotFound)
  }
}

extension DirectoryHandle {
  /// Makes a directory in it, over `/proc`, because its path may be too long.
  fileprivate borrowing func make(_ name: [UInt8]) throws {
    try withNumber { number in
      try Files.makeDirectory(Array("/proc/self/fd/\(number)/".utf8) + name)
    }
  }
}
