// Nothing survives us, however we die (language.md §10.5).

import Glibc
import RunnelSystem
import Testing

/// Starts some groups and writes the numbers of all their processes to a file. For processes of their own.
private func startGroups(_ count: Int, reportingTo path: String) throws {
  let report = try Files.open(path, [.write, .create, .append])
  for _ in 0..<count {
    let pipe = try Pipe()
    var spec = ProgramSpec(["/bin/sh", "-c", "sleep 1000 & echo $$ $!; exec sleep 1000"])
    spec.standardInput = -1
    spec.standardOutput = pipe.writer.number
    _ = try Programs.start(spec)
    var buffer = [UInt8](repeating: 0, count: 64)
    if case .bytes(let count) = try buffer.withUnsafeMutableBytes({ try pipe.reader.read(into: $0) }) {
      try buffer.withUnsafeBytes {
        try DescriptorIO.writeAll(report.number, UnsafeRawBufferPointer(rebasing: $0[..<count]))
      }
    }
  }
}

private func reportPath(_ name: String, of process: Int32) -> String {
  "/tmp/runnel-watchdog-\(name)-\(process)"
}

private func reported(_ path: String) throws -> [Int32] {
  try read(path).split { $0 == " " || $0 == "\n" }.compactMap { Int32($0) }
}

@Suite struct WatchdogTests {
  @Test func `nothing is alive after a kill -9 of who started it`() async throws {
    let path = reportPath("kill", of: getpid())
    defer { unlink(path) }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      // A large heap, which the watchdog gives back without falling over.
      let heap = [UInt8](repeating: 7, count: 64 << 20)
      try startGroups(3, reportingTo: reportPath("kill", of: getppid()))
      guard heap[heap.count / 2] == 7 else { exit(1) }
      kill(getpid(), SIGKILL)
      while true { pause() }
    }
    let processes = try reported(path)
    #expect(processes.count == 6)
    for process in processes { #expect(eventually { !isAlive(process) }) }
  }

  @Test func `nothing is alive after a crash, nor after an exit that forgot it`() async throws {
    let crash = reportPath("crash", of: getpid())
    let leave = reportPath("exit", of: getpid())
    defer {
      unlink(crash)
      unlink(leave)
    }
    await #expect(processExitsWith: .signal(SIGABRT)) {
      try startGroups(1, reportingTo: reportPath("crash", of: getppid()))
      abort()
    }
    await #expect(processExitsWith: .exitCode(3)) {
      try startGroups(1, reportingTo: reportPath("exit", of: getppid()))
      exit(3)
    }
    let processes = try reported(crash) + reported(leave)
    #expect(processes.count == 4)
    for process in processes { #expect(eventually { !isAlive(process) }) }
  }

  @Test func `a watchdog that is killed is replaced, and the new one knows everything`() async throws {
    let path = reportPath("replace", of: getpid())
    defer { unlink(path) }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let path = reportPath("replace", of: getppid())
      try startGroups(1, reportingTo: path)
      guard let first = Watchdog.shared.pid else { exit(1) }
      kill(first, SIGKILL)
      while isAlive(first) { usleep(500) }
      try startGroups(1, reportingTo: path)
      guard let second = Watchdog.shared.pid, second != first, isAlive(second) else { exit(2) }
      kill(getpid(), SIGKILL)
      while true { pause() }
    }
    let processes = try reported(path)
    #expect(processes.count == 4)
    for process in processes { #expect(eventually { !isAlive(process) }) }
  }

  @Test func `a group that is finished is off its list, and so is one that never started`() async {
    await #expect(processExitsWith: .success) {
      let program = try Programs.start(ProgramSpec(["sleep", "100"]))
      guard Watchdog.shared.watchedGroups == [program.processGroup] else { exit(1) }
      Programs.signal(group: program.processGroup, SIGKILL)
      _ = try program.finish()
      guard Watchdog.shared.watchedGroups.isEmpty else { exit(2) }
      do throws(StartError) {
        _ = try Programs.start(ProgramSpec(["/dev/null"]))
        exit(3)
      } catch {}
      guard Watchdog.shared.watchedGroups.isEmpty else { exit(4) }
      exit(0)
    }
  }

  @Test func `it is not there before the first program, and ends with us`() async throws {
    let path = reportPath("lazy", of: getpid())
    defer { unlink(path) }
    await #expect(processExitsWith: .success) {
      guard Watchdog.shared.pid == nil else { exit(1) }
      _ = try Programs.start(ProgramSpec(["true"])).finish()
      guard let watchdog = Watchdog.shared.pid, isAlive(watchdog) else { exit(2) }
      // A session of its own: neither Ctrl-C nor a hangup is for it.
      guard eventually({ getsid(watchdog) == watchdog }) else { exit(3) }
      kill(watchdog, SIGTERM)
      kill(watchdog, SIGHUP)
      kill(watchdog, SIGINT)
      guard isAlive(watchdog) else { exit(4) }
      try write("\(watchdog)", to: reportPath("lazy", of: getppid()))
      exit(0)
    }
    let watchdog = try #require(try reported(path).first)
    #expect(eventually { !isAlive(watchdog) })
  }
}
