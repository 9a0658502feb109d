// What several tests need.

import Glibc
import RunnelSystem

/// A directory that is removed with its content at the end.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let directory = try Files.makeTemporaryDirectory(in: "/tmp", prefix: "runnel-test-")
  defer {
    if let cleaner = try? Programs.start(ProgramSpec(["rm", "-rf", directory])) { _ = try? cleaner.finish() }
  }
  return try body(directory)
}

func write(_ text: String, to path: String, permissions: UInt32 = 0o644) throws {
  let file = try Files.open(path, [.write, .create, .truncate], permissions: permissions)
  try write(text, to: file.number)
}

func write(_ text: String, to descriptor: Int32) throws {
  try Array(text.utf8).withUnsafeBytes { try DescriptorIO.writeAll(descriptor, $0) }
}

/// Everything until the end of the file.
func readAll(_ descriptor: Int32) throws -> String {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while case .bytes(let count) = try buffer.withUnsafeMutableBytes({
    try DescriptorIO.read(descriptor, into: $0)
  }) {
    bytes += buffer[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}

func read(_ path: String) throws -> String {
  let file = try Files.open(path)
  return try readAll(file.number)
}

/// Starts a program, and gives what it wrote and how it ended.
func capture(_ spec: ProgramSpec) throws -> (output: String, status: ExitStatus) {
  var spec = spec
  let pipe = try Pipe()
  spec.standardInput = -1
  spec.standardOutput = pipe.writer.number
  let program = try Programs.start(spec)
  try pipe.writer.close()
  let output = try readAll(pipe.reader.number)
  return (output, try program.finish())
}

/// Whether a process runs; one that has ended but is not reaped does not.
func isAlive(_ pid: Int32) -> Bool {
  guard let status = try? read("/proc/\(pid)/stat") else { return false }
  // The state follows the name, which is in parentheses and may hold anything.
  let state = status.split(separator: ")").last?.split(separator: " ").first
  return state != "Z" && state != "X"
}

/// Asks again and again, for twenty seconds at most, so that a failure is a failure and not a hang.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<10_000 {
    if try condition() { return true }
    usleep(2000)
  }
  return try condition()
}
