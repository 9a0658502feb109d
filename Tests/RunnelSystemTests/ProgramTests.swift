// Starting real programs, and taking their exits.

import Glibc
import RunnelSystem
import Testing

@Suite struct ProgramTests {
  private func shell(_ script: String) -> ProgramSpec { ProgramSpec(["/bin/sh", "-c", script]) }

  private func startError(_ spec: ProgramSpec) -> StartError? {
    do throws(StartError) {
      let program = try Programs.start(spec)
      _ = try? program.finish()
      return nil
    } catch { return error }
  }

  // MARK: Exits

  @Test func `an exit code is given`() throws {
    #expect(try Programs.start(shell("exit 7")).finish() == .exited(7))
    #expect(try Programs.start(ProgramSpec(["true"])).finish() == .exited(0))
  }

  @Test func `a death by signal is told from an exit`() throws {
    let status = try Programs.start(shell("kill -TERM $$")).finish()
    #expect(status == .signalled(SIGTERM, dumpedCore: false))
    #expect(status.shellCode == 143)
  }

  @Test func `looking at an exit does not take it`() throws {
    let program = try Programs.start(shell("exit 3"))
    while try program.peekExit() == nil { usleep(500) }
    #expect(try program.peekExit() == .exited(3))
    #expect(kill(program.pid, 0) == 0)
    #expect(try program.finish() == .exited(3))
  }

  @Test func `a running program has no exit yet, and gets signals`() throws {
    let program = try Programs.start(ProgramSpec(["sleep", "100"]))
    #expect(try program.peekExit() == nil)
    let isThere = program.signal(SIGTERM)
    #expect(isThere)
    #expect(try program.finish() == .signalled(SIGTERM, dumpedCore: false))
  }

  @Test func `a stop is told, once, and is no exit`() throws {
    let program = try Programs.start(ProgramSpec(["sleep", "100"]))
    #expect(program.takeStop() == nil)
    program.signal(SIGSTOP)
    var stop: Int32?
    _ = eventually {
      stop = program.takeStop()
      return stop != nil
    }
    #expect(stop == SIGSTOP)
    #expect(program.takeStop() == nil)
    #expect(try program.peekExit() == nil)
    program.signal(SIGKILL)
    #expect(try program.finish() == .signalled(SIGKILL, dumpedCore: false))
  }

  // MARK: Finding

  @Test func `an unknown command is not found`() {
    #expect(startError(ProgramSpec(["runnel-no-such-command"])) == .notFound(name: "runnel-no-such-command"))
    #expect(startError(ProgramSpec(["/no/such/file"])) == .notFound(name: "/no/such/file"))
    #expect(startError(ProgramSpec([""])) == .notFound(name: ""))
  }

  @Test func `a missing working directory is named as such`() {
    for name in ["true", "/bin/true", "runnel-no-such-command"] {
      var spec = ProgramSpec([name])
      spec.directory = "/no/such/directory"
      let expected = SystemError(code: ENOENT, operation: "chdir", path: "/no/such/directory")
      #expect(startError(spec) == .workingDirectory(expected))
    }
  }

  @Test func `a file that may not be executed is denied, not missing`() throws {
    try withTemporaryDirectory { directory in
      try write("#!/bin/sh\n", to: "\(directory)/plain")
      #expect(
        startError(ProgramSpec(["\(directory)/plain"])) == .permissionDenied(path: "\(directory)/plain"))
      var spec = ProgramSpec(["plain"])
      spec.environment = ["PATH=\(directory)"]
      #expect(startError(spec) == .permissionDenied(path: "\(directory)/plain"))
    }
  }

  @Test func `the search takes the program's own PATH and passes over directories and plain files`() throws {
    try withTemporaryDirectory { directory in
      for name in ["a", "b", "c", "a/tool"] { try Files.makeDirectory("\(directory)/\(name)") }
      try write("#!/bin/sh\n", to: "\(directory)/b/tool")
      try write("#!/bin/sh\necho found\n", to: "\(directory)/c/tool", permissions: 0o755)
      var spec = ProgramSpec(["tool"])
      spec.environment = ["PATH=\(directory)/missing:\(directory)/a:\(directory)/b:\(directory)/c"]
      #expect(try capture(spec).output == "found\n")
      #expect(ProgramSearch.which("tool", searchPath: "\(directory)/c") == "\(directory)/c/tool")
      #expect(ProgramSearch.which("tool", searchPath: "\(directory)/b") == nil)
      #expect(ProgramSearch.names(searchPath: "\(directory)/a:\(directory)/c") == ["tool"])
    }
  }

  @Test func `a relative path counts from the program's directory`() throws {
    try withTemporaryDirectory { directory in
      try write("#!/bin/sh\npwd\n", to: "\(directory)/here", permissions: 0o755)
      var spec = ProgramSpec(["./here"])
      spec.directory = directory
      #expect(try capture(spec).output == "\(directory)\n")
      spec.arguments = [Array("here".utf8)]
      spec.environment = ["PATH=."]
      #expect(try capture(spec).output == "\(directory)\n")
    }
  }

  @Test func `a script without a first line for it is run by sh`() throws {
    try withTemporaryDirectory { directory in
      try write("echo \"$1\" $#\n", to: "\(directory)/script", permissions: 0o755)
      #expect(try capture(ProgramSpec(["\(directory)/script", "a b", "c"])).output == "a b 2\n")
    }
  }

  @Test func `a missing interpreter is told from a missing command`() throws {
    try withTemporaryDirectory { directory in
      try write("#!/no/such/interpreter\n", to: "\(directory)/script", permissions: 0o755)
      #expect(
        startError(ProgramSpec(["\(directory)/script"])) == .interpreterMissing(path: "\(directory)/script"))
    }
  }

  @Test func `a word with a zero byte is refused, not cut short`() {
    guard case .system(let error)? = startError(ProgramSpec(["true", "a\0b"])) else {
      Issue.record("it was started")
      return
    }
    #expect(error.name == "EINVAL")
  }

  @Test func `words arrive as bytes, whatever they hold`() throws {
    var spec = ProgramSpec(["printf", "%s|", "", "a  b", "é\n", "$x"])
    #expect(try capture(spec).output == "|a  b|é\n|$x|")
    spec = ProgramSpec(arguments: [Array("printf".utf8), [0xFF, 0x41]])
    #expect(try capture(spec).output == "\u{FFFD}A")
  }

  // MARK: What is around it

  @Test func `it gets the environment it is given, and no other`() throws {
    var spec = ProgramSpec(["/usr/bin/env"])
    spec.environment = ["A=1", "B=x y"]
    #expect(try capture(spec).output == "A=1\nB=x y\n")
  }

  @Test func `it inherits no descriptor but the ones it is given`() throws {
    // Like one that our own parent left open for us: not closed by exec.
    let leak = fcntl(0, F_DUPFD, 900)
    let wanted = fcntl(0, F_DUPFD_CLOEXEC, 950)
    defer {
      close(leak)
      close(wanted)
    }
    var spec = shell("test -e /proc/self/fd/\(leak); echo $?; test -e /proc/self/fd/\(wanted); echo $?")
    spec.inherited = [wanted]
    #expect(try capture(spec).output == "1\n0\n")
  }

  @Test func `its signals are all at their defaults and none is blocked`() throws {
    Signals.ignoreBrokenPipe()
    var blocked = sigset_t()
    var before = sigset_t()
    sigemptyset(&blocked)
    sigaddset(&blocked, SIGUSR1)
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let output = try capture(ProgramSpec(["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"])).output
    #expect(output == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
  }

  @Test func `without an input it reads an empty one`() throws {
    #expect(try capture(ProgramSpec(["cat"])).output == "")
  }

  @Test func `output and errors go where they are sent, together if so wished`() throws {
    let pipe = try Pipe()
    var spec = shell("echo out; echo err >&2")
    spec.standardOutput = pipe.writer.number
    spec.standardError = pipe.writer.number
    let program = try Programs.start(spec)
    try pipe.writer.close()
    #expect(try readAll(pipe.reader.number) == "out\nerr\n")
    _ = try program.finish()
  }

  @Test func `descriptors below three are placed right however they cross`() async {
    await #expect(processExitsWith: .success) {
      let first = try Pipe()
      let second = try Pipe()
      let input = try Pipe()
      try write("input\n", to: input.writer.number)
      let text = input.reader.number
      dup2(first.writer.number, 1)
      dup2(second.writer.number, 2)
      // 1 and 2 change places, and the input was 0 already.
      dup2(text, 0)
      var spec = ProgramSpec(["/bin/sh", "-c", "read x; echo $x out; echo $x err >&2"])
      spec.standardOutput = 2
      spec.standardError = 1
      guard try Programs.start(spec).finish() == .exited(0) else { exit(1) }
      // All three in a circle: 0 gets 1's place, 1 gets 2's, 2 gets 0's.
      dup2(first.writer.number, 0)
      dup2(text, 2)
      try write("again\n", to: input.writer.number)
      dup2(second.writer.number, 1)
      spec.standardInput = 2
      spec.standardOutput = 0
      spec.standardError = 1
      guard try Programs.start(spec).finish() == .exited(0) else { exit(2) }
      close(0)
      close(1)
      close(2)
      try first.writer.close()
      try second.writer.close()
      guard try readAll(first.reader.number) == "input err\nagain out\n" else { exit(3) }
      guard try readAll(second.reader.number) == "input out\nagain err\n" else { exit(4) }
      exit(0)
    }
  }

  @Test func `a program starts when 0, 1 and 2 are closed here`() async {
    await #expect(processExitsWith: .success) {
      for number in 0...2 { close(Int32(number)) }
      // The pipe's ends are now 0 and 1 themselves.
      let pipe = try Pipe()
      var spec = ProgramSpec(["/bin/sh", "-c", "echo out; echo err >&2"])
      spec.standardInput = -1
      spec.standardOutput = pipe.writer.number
      spec.standardError = -1
      let program = try Programs.start(spec)
      try pipe.writer.close()
      guard try readAll(pipe.reader.number) == "out\n" else { exit(1) }
      guard try program.finish() == .exited(0) else { exit(2) }
      exit(0)
    }
  }

  @Test func `a SIGCHLD that was inherited as ignored does not swallow exits`() async {
    await #expect(processExitsWith: .success) {
      signal(SIGCHLD, SIG_IGN)
      exit(try Programs.start(ProgramSpec(["/bin/sh", "-c", "exit 5"])).finish() == .exited(5) ? 0 : 1)
    }
  }

  // MARK: Groups

  @Test func `a program leads a group of its own, which others join`() throws {
    let leader = try Programs.start(ProgramSpec(["sleep", "100"]))
    #expect(leader.processGroup == leader.pid)
    #expect(getpgid(leader.pid) == leader.pid)
    var spec = ProgramSpec(["sleep", "100"])
    spec.group = .join(leader.processGroup)
    let member = try Programs.start(spec)
    #expect(getpgid(member.pid) == leader.pid)
    // Also once the leader has ended, as long as it is not reaped.
    leader.signal(SIGKILL)
    while try leader.peekExit() == nil { usleep(500) }
    let late = try Programs.start(spec)
    #expect(getpgid(late.pid) == leader.pid)
    #expect(try leader.finish() == .signalled(SIGKILL, dumpedCore: false))
    #expect(try member.reap() == .signalled(SIGKILL, dumpedCore: false))
    #expect(try late.reap() == .signalled(SIGKILL, dumpedCore: false))
  }

  @Test func `what a program leaves behind in its group is gone when it is finished`() throws {
    let (output, status) = try capture(shell("sleep 100 >/dev/null & echo $!"))
    #expect(status == .exited(0))
    let pid = try #require(Int32(output.dropLast()))
    #expect(eventually { !isAlive(pid) })
  }

  @Test func `what is to be left is left`() throws {
    var spec = shell("sleep 100 >/dev/null & echo $!")
    let pipe = try Pipe()
    spec.standardOutput = pipe.writer.number
    let program = try Programs.start(spec)
    try pipe.writer.close()
    let pid = try #require(Int32(try readAll(pipe.reader.number).dropLast()))
    #expect(try program.finish(leavingGroup: true) == .exited(0))
    #expect(isAlive(pid))
    kill(pid, SIGKILL)
  }

  @Test func `a signal to the group reaches grandchildren`() throws {
    let pipe = try Pipe()
    var spec = shell("sleep 100 & echo $!; wait")
    spec.standardOutput = pipe.writer.number
    let program = try Programs.start(spec)
    var buffer = [UInt8](repeating: 0, count: 32)
    guard case .bytes(let count) = try buffer.withUnsafeMutableBytes({ try pipe.reader.read(into: $0) })
    else {
      Issue.record("no output")
      return
    }
    let pid = try #require(Int32(String(decoding: buffer[..<(count - 1)], as: UTF8.self)))
    #expect(isAlive(pid))
    #expect(Programs.signal(group: program.processGroup, SIGTERM))
    #expect(eventually { !isAlive(pid) })
    #expect(try program.finish() == .signalled(SIGTERM, dumpedCore: false))
  }
}
