// Workers that are none: programs that answer with anything else than a worker's messages, or not at all. Their task fails and says
// why, the script goes on, and nothing is left of them.

import Glibc
import RunnelSyntax
import RunnelSystem
import Testing

@testable import RunnelRuntime

@Suite(.serialized) struct `Programs that are no worker` {
  /// Runs a script whose process tasks run in a program of ours.
  private func run(_ worker: String, _ text: String) throws -> Session.Outcome {
    let folder = try Files.makeTemporaryDirectory(in: "/tmp", prefix: "fake-worker-")
    let path = folder + "/worker"
    defer {
      try? Files.remove(path)
      try? Files.removeDirectory(folder)
    }
    try write("#!/bin/bash\n" + worker + "\n", to: path)
    var options = InterpreterOptions()
    options.workerProgram = path
    options.grace = 200_000_000
    options.killGrace = 300_000_000
    let session = Session(options: options)
    defer { session.close() }
    return session.run(SourceFile(name: "test", text: text), isLine: false)
  }

  private func write(_ text: String, to path: String) throws {
    let file = try Files.open(path, [.write, .create, .truncate])
    try Array(text.utf8).withUnsafeBytes { try DescriptorIO.writeAll(file.number, $0) }
    chmod(path, 0o755)
  }

  private func text(_ outcome: Session.Outcome) -> String {
    switch outcome {
    case .value(let value): Session.text(of: value)
    case .failed(let error): error.summary
    case .cancelled: "cancelled"
    case .exit(let status): "exit \(status)"
    case .invalid(let problems): problems.map(\.message).joined(separator: "; ")
    }
  }

  private static let crash =
    "try { await spawn on process { 1 } } catch WorkerCrashed as e { [e.signal, e.code, e.message] }"

  /// The first message of a worker, as bash writes it.
  private static let greeting: String = {
    let message = Message(kind: .hello, payload: Array(WorkerGreeting.text.utf8))
    return "printf '"
      + message.bytes.map { "\\x" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      + "' >&$2\n"
  }()

  @Test func `one that only ends has crashed with its status`() throws {
    let shown = text(try run("exit 5", Self.crash))
    #expect(shown.hasPrefix("[nil, 5, ") && shown.contains("exited with status 5"), "\(shown)")
  }

  @Test func `one that sends random bytes is killed`() throws {
    let shown = text(try run("head -c 100000 /dev/urandom >&$2; sleep 100", Self.crash))
    #expect(shown.hasPrefix("[\"SIGKILL\", 137, ") && shown.contains("it sent"), "\(shown)")
  }

  @Test func `one of another version is killed`() throws {
    let other = Message(kind: .hello, payload: Array("runnel worker 9.9.9 1".utf8))
    let bytes = other.bytes.map { "\\x" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    let shown = text(try run("printf '\(bytes)' >&$2; sleep 100", Self.crash))
    #expect(shown.contains("another version"), "\(shown)")
  }

  @Test func `one whose result is no value is killed, and the script goes on`() throws {
    let result = "printf '\\x04\\x00\\x00\\x00\\x08\\x00\\x00\\x00\\xff\\xff' >&$2; sleep 100"
    let shown = text(try run(Self.greeting + result, Self.crash))
    #expect(shown.hasPrefix("[\"SIGKILL\", 137, ") && shown.contains("it sent"), "\(shown)")
  }

  @Test func `one that calls what it may not is killed`() throws {
    // A call of caller 0, number 1, of "exec" without arguments.
    let call = "printf '\\x08\\x00\\x00\\x00\\x09\\x00\\x00\\x01\\x04exec\\x00' >&$2; sleep 100"
    let shown = text(try run(Self.greeting + call, Self.crash))
    #expect(shown.hasPrefix("[\"SIGKILL\", 137, "), "\(shown)")
  }

  @Test func `one that is killed in the middle of a message has crashed`() throws {
    let half = "printf '\\xff\\x00\\x00\\x00\\x08\\x00abc' >&$2; kill -9 $$"
    let shown = text(try run(Self.greeting + half, Self.crash))
    #expect(shown.hasPrefix("[\"SIGKILL\", 137, ") && shown.contains("killed by SIGKILL"), "\(shown)")
  }

  @Test func `one that closes its socket and lives on is killed after a while`() throws {
    let shown = text(try run("eval \"exec $2>&-\"; sleep 100", Self.crash))
    #expect(shown.hasPrefix("[\"SIGKILL\", 137, "), "\(shown)")
  }

  @Test func `one that says nothing can be given up by a deadline`() throws {
    let script = "try { timeout 100ms { await spawn on process { 1 } } } catch e { e.kind }"
    #expect(text(try run("trap '' TERM; sleep 100", script)) == "\"Timeout\"")
  }

  @Test func `without a program there are no process tasks`() {
    let session = Session()
    defer { session.close() }
    let outcome = session.run(
      SourceFile(name: "test", text: "try { spawn on process { 1 } } catch e { e.message }"), isLine: false)
    #expect(text(outcome).contains("workerProgram"))
  }
}
