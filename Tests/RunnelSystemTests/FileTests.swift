// Descriptors, pipes, files, the terminal and the system's facts.

import Glibc
import RunnelSystem
import Testing

@Suite struct DescriptorTests {
  private func drop(_ descriptor: consuming Descriptor) {}

  @Test func `a pipe gives what was written, says when it would wait, and ends`() throws {
    let pipe = try Pipe(nonblocking: .reader)
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(try buffer.withUnsafeMutableBytes { try pipe.reader.read(into: $0) } == .wouldBlock)
    try write("hello", to: pipe.writer.number)
    #expect(try buffer.withUnsafeMutableBytes { try pipe.reader.read(into: $0) } == .bytes(5))
    #expect(buffer.starts(with: "hello".utf8))
    // Dropping the only writer closes it.
    // Eventually: a program that another test is starting holds everything open until its exec.
    let reader = pipe.reader.number
    drop(pipe.writer)
    #expect(
      try eventually {
        try buffer.withUnsafeMutableBytes { try DescriptorIO.read(reader, into: $0) } == .endOfFile
      })
  }

  @Test func `a full pipe would wait, and one without a reader is broken`() throws {
    Signals.ignoreBrokenPipe()
    let pipe = try Pipe(nonblocking: .both)
    let block = [UInt8](repeating: 1, count: 65536)
    while case .bytes = try block.withUnsafeBytes({ try pipe.writer.write($0) }) {}
    #expect(try block.withUnsafeBytes { try pipe.writer.write($0) } == .wouldBlock)
    let writer = pipe.writer.number
    try pipe.reader.close()
    let error = #expect(throws: SystemError.self) {
      _ = try eventually { try block.withUnsafeBytes { try DescriptorIO.write(writer, $0) } != .wouldBlock }
    }
    #expect(error?.name == "EPIPE")
  }

  @Test func `everything is closed by exec`() throws {
    let pipe = try Pipe()
    let file = try Files.open("/etc/passwd")
    let copy = try file.duplicate()
    for number in [pipe.reader.number, pipe.writer.number, file.number, copy.number] {
      #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
    }
  }

  @Test func `a released descriptor stays open`() throws {
    let file = try Files.open("/etc/passwd")
    let number = file.release()
    #expect(fcntl(number, F_GETFD) >= 0)
    DescriptorIO.close(number)
  }

  @Test func `a system error says what, on which file, and why`() {
    do throws(SystemError) {
      _ = try Files.open("/no/such/file")
      Issue.record("it was opened")
    } catch {
      #expect(error.code == ENOENT)
      #expect(error.name == "ENOENT")
      #expect(error.message == "no such file or directory")
      #expect(error.path == "/no/such/file")
      #expect(error.description == "open `/no/such/file`: no such file or directory (ENOENT)")
    }
  }
}

@Suite struct FileTests {
  private func code(_ body: () throws(SystemError) -> Void) -> String? {
    do throws(SystemError) {
      try body()
      return nil
    } catch { return error.name }
  }

  @Test func `a file has kind, size, permissions and times`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try write("12345", to: path)
      try Files.setPermissions(path, to: 0o640)
      try Files.setTimes(path, accessed: 1_000_000_007, modified: -1)
      let status = try Files.status(of: path)
      #expect(status.kind == .file)
      #expect(status.size == 5)
      #expect(status.permissions == 0o640)
      #expect(status.accessed == 1_000_000_007)
      #expect(status.modified == -1)
      #expect(status.linkCount == 1)
      #expect(status.userID == SystemInfo.userID)
      #expect(try Files.status(of: directory).kind == .directory)
      #expect(try Files.status(of: "/dev/null").kind == .characterDevice)
    }
  }

  @Test func `names are made, changed and removed`() throws {
    try withTemporaryDirectory { directory in
      try Files.makeDirectory("\(directory)/d")
      #expect(code { () throws(SystemError) in try Files.makeDirectory("\(directory)/d") } == "EEXIST")
      try write("x", to: "\(directory)/d/a")
      try Files.rename("\(directory)/d/a", to: "\(directory)/d/b")
      try Files.link("\(directory)/d/b", as: "\(directory)/d/c")
      #expect(try Files.status(of: "\(directory)/d/c").linkCount == 2)
      #expect(try Files.names(in: "\(directory)/d").sorted() == ["b", "c"])
      #expect(code { () throws(SystemError) in try Files.removeDirectory("\(directory)/d") } == "ENOTEMPTY")
      try Files.remove("\(directory)/d/b")
      try Files.remove("\(directory)/d/c")
      try Files.removeDirectory("\(directory)/d")
      #expect(!Files.exists("\(directory)/d"))
    }
  }

  @Test func `links are followed or looked at, as wished`() throws {
    try withTemporaryDirectory { directory in
      let target = String(repeating: "x/", count: 300) + "y"
      try Files.makeLink(at: "\(directory)/long", to: target)
      #expect(try Files.linkTarget("\(directory)/long") == Array(target.utf8))
      #expect(!Files.exists("\(directory)/long"))
      #expect(try Files.status(of: "\(directory)/long", followingLinks: false).kind == .link)
      try write("x", to: "\(directory)/file")
      try Files.makeLink(at: "\(directory)/link", to: "./file")
      #expect(try Files.realPath("\(directory)/./link") == Array("\(directory)/file".utf8))
      let kinds = try Files.entries(of: directory).sorted { $0.name < $1.name }.map(\.kind)
      #expect(kinds == [.file, .link, .link])
    }
  }

  @Test func `a name that is no UTF-8 keeps its bytes`() throws {
    try withTemporaryDirectory { directory in
      let name: [UInt8] = [0x61, 0xFF, 0x62]
      let path = Array(directory.utf8) + [UInt8(ascii: "/")] + name
      try Files.open(path, [.write, .create]).close()
      let entry = try #require(try Files.entries(of: directory).first)
      #expect(entry.name == "a\u{FFFD}b")
      #expect(entry.rawName == name)
      #expect(Files.exists(Array(directory.utf8) + [UInt8(ascii: "/")] + entry.pathBytes))
      try Files.remove(path)
    }
  }

  @Test func `a path with a zero byte is refused, not cut short`() {
    #expect(code { () throws(SystemError) in _ = try Files.status(of: "/etc/passwd\0.txt") } == "EINVAL")
  }

  @Test func `touch makes a file, or sets its times`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try Files.touch(path)
      #expect(try Files.status(of: path).size == 0)
      try Files.setTimes(path, accessed: 0, modified: 0)
      try Files.touch(path)
      #expect(try Files.status(of: path).modified > 0)
    }
  }

  @Test func `a copy is the same, within the kernel and by hand`() throws {
    try withTemporaryDirectory { directory in
      let text = String(repeating: "0123456789", count: 100_000)
      try write(text, to: "\(directory)/a")
      let source = try Files.open("\(directory)/a")
      let target = try Files.open("\(directory)/b", [.write, .create])
      #expect(try Files.copy(from: source.number, to: target.number) == 1_000_000)
      #expect(try read("\(directory)/b") == text)
      // A file of /proc has no size, and a pipe is no file.
      let proc = try Files.open("/proc/self/status")
      let pipe = try Pipe()
      #expect(try Files.copy(from: proc.number, to: pipe.writer.number) > 0)
    }
  }

  @Test func `temporary names are private`() throws {
    try withTemporaryDirectory { directory in
      let path = try Files.makeTemporaryDirectory(in: directory)
      #expect(try Files.status(of: path).permissions == 0o700)
      let file = try Files.makeTemporaryFile(in: directory, suffix: ".txt")
      #expect(file.path.hasSuffix(".txt"))
      #expect(try Files.status(of: file.descriptor.number).permissions == 0o600)
      #expect(fcntl(file.descriptor.number, F_GETFD) & FD_CLOEXEC != 0)
      #expect(code { () throws(SystemError) in _ = try Files.makeTemporaryFile(in: "/no/such") } == "ENOENT")
    }
  }

  @Test func `a file's lock keeps others out until it is released`() throws {
    try withTemporaryDirectory { directory in
      let first = try Files.open("\(directory)/lock", [.write, .create])
      let second = try Files.open("\(directory)/lock", [.write])
      #expect(try Files.lock(first.number, waiting: false))
      #expect(try !Files.lock(second.number, waiting: false))
      try Files.unlock(first.number)
      #expect(try Files.lock(second.number, waiting: true))
    }
  }

  @Test func `a file is read at a place, and its position moves`() throws {
    try withTemporaryDirectory { directory in
      let file = try Files.open("\(directory)/file", [.readWrite, .create])
      try write("hello world", to: file.number)
      var buffer = [UInt8](repeating: 0, count: 5)
      #expect(
        try buffer.withUnsafeMutableBytes { try DescriptorIO.read(file.number, into: $0, at: 6) } == .bytes(5)
      )
      #expect(buffer == Array("world".utf8))
      #expect(try DescriptorIO.seek(file.number, to: -5, from: SEEK_END) == 6)
      #expect(try readAll(file.number) == "world")
      try Files.setSize(file.number, to: 3)
      #expect(try Files.status(of: file.number).size == 3)
    }
  }

  @Test func `a disk has space`() throws {
    let space = try Files.space(at: "/")
    #expect(space.total > 0)
    #expect(space.used + space.free <= space.total)
  }
}

@Suite struct SystemInfoTests {
  @Test func `the process knows itself and its machine`() throws {
    #expect(SystemInfo.processID == getpid())
    #expect(SystemInfo.processorCount >= 1)
    #expect(SystemInfo.memorySize > 1 << 20)
    #expect(!SystemInfo.hostName.isEmpty)
    #expect(try capture(ProgramSpec(["id", "-un"])).output == SystemInfo.userName + "\n")
    #expect(try capture(ProgramSpec(["uname", "-m"])).output == SystemInfo.architecture + "\n")
    #expect(SystemInfo.executablePath?.hasPrefix("/") == true)
    let path = SystemInfo.environment().first { $0.name == "PATH" }?.value
    #expect(path == getenv("PATH").map { String(cString: $0) })
  }

  @Test func `a pipe is no terminal and is eighty columns wide`() throws {
    let pipe = try Pipe()
    #expect(!Terminal.isTerminal(pipe.reader.number))
    #expect(Terminal.width(of: pipe.reader.number) == 80)
    #expect(Terminal.height(of: pipe.reader.number) == 24)
  }

  @Test func `a session's terminal goes to a program's group and comes back from the background`() async {
    await #expect(processExitsWith: .success) {
      // In a child, because the session's leader must not be a group's leader already.
      let master = try Files.open("/dev/ptmx", .readWrite)
      var number: Int32 = 0
      // TIOCSPTLCK and TIOCGPTN: unlock the other side, and ask for its number.
      guard ioctl(master.number, 0x4004_5431, &number) == 0 else { exit(1) }
      guard ioctl(master.number, 0x8004_5430, &number) == 0 else { exit(1) }
      let path = "/dev/pts/\(number)"
      // Whoever opens a terminal first in a session of its own gets it.
      setsid()
      guard getsid(0) == getpid() else { exit(0) }
      let terminal = try Files.open(path, .readWrite)
      guard Terminal.isTerminal(terminal.number) else { exit(2) }
      guard try Terminal.foregroundGroup(of: terminal.number) == Terminal.ownGroup else { exit(3) }
      var spec = ProgramSpec(["sleep", "100"])
      spec.terminal = terminal.number
      let program = try Programs.start(spec)
      guard try Terminal.foregroundGroup(of: terminal.number) == program.processGroup else { exit(4) }
      try Terminal.setForegroundGroup(of: terminal.number, to: Terminal.ownGroup)
      guard try Terminal.foregroundGroup(of: terminal.number) == Terminal.ownGroup else { exit(5) }
      Programs.signal(group: program.processGroup, SIGKILL)
      _ = try program.finish()
      exit(0)
    }
  }
}
