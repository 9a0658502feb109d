// What the tests of the system library share: a strand, calls of built-ins as the machine makes them, and a
// temporary directory.

import Glibc
import RunnelSystem
import Testing

@testable import RunnelRuntime

/// A strand that nobody runs, for what does not wait.
func systemStrand() -> Strand { Strand(interpreter: Interpreter()) }

/// The built-ins of the system library.
enum SystemBuiltins {
  /// By `group.name`.
  private static let all = Dictionary(
    uniqueKeysWithValues: SystemLibrary.groups.flatMap { group in
      // The prelude's own are asked for without a group.
      group.functions.map { ("\(group.name == "__" ? "" : group.name).\($0.name)", $0) }
    })

  static func function(_ group: String, _ name: String) throws -> NativeFunction {
    try #require(all["\(group).\(name)"], "no built-in \(group).\(name)")
  }

  /// Calls a built-in as the machine would: what is not given is nil, what is too much goes to `...rest`.
  static func call(_ group: String, _ name: String, _ arguments: [Value]) async throws -> Value {
    let function = try function(group, name)
    let receivers = function.receiver == nil ? 0 : 1
    var named = arguments
    var rest: [Value] = []
    if let position = function.parameters.rest, arguments.count > position + receivers {
      rest = Array(arguments[(position + receivers)...])
      named = Array(arguments[..<(position + receivers)])
    }
    while named.count < function.parameters.names.count + receivers { named.append(.nil) }
    let bound = named
    let more = rest
    switch function.body {
    case .plain(let body):
      return try bound.withUnsafeBufferPointer { named in
        try more.withUnsafeBufferPointer { rest in
          try body(NativeCall(function: function, strand: systemStrand(), arguments: named, rest: rest))
        }
      }
    case .waiting(let body):
      return try await RunningInterpreter.run { strand in try await body(strand, bound) }
    case .prelude("__fs_write"): return try await call("", "__write_whole", arguments)
    case .prelude("__fs_append"): return try await call("", "__append_whole", arguments)
    default:
      Issue.record("\(group).\(name) cannot be called without the machine")
      return .nil
    }
  }
}

@discardableResult
func fs(_ name: String, _ arguments: any SystemArgument...) async throws -> Value {
  try await SystemBuiltins.call("fs", name, arguments.map(\.value))
}

/// Calls a method of an open file.
@discardableResult
func fileMethod(_ file: Value, _ name: String, _ arguments: any SystemArgument...) async throws -> Value {
  try await SystemBuiltins.call("file", name, [file] + arguments.map(\.value))
}

/// The error that something raises.
func systemError(
  _ body: () async throws -> Value, sourceLocation: SourceLocation = #_sourceLocation
) async -> ErrorObject {
  do {
    let value = try await body()
    Issue.record("no error, but \(describeSafely(value))", sourceLocation: sourceLocation)
  } catch let error as Raised {
    return error.error
  } catch {
    Issue.record("another error: \(error)", sourceLocation: sourceLocation)
  }
  return ErrorObject(.error, "nothing was raised")
}

/// The items of a native stream.
func streamItems(_ value: Value) async throws -> [Value] {
  let stream = try #require(value.object(.stream, as: StreamObject.self))
  let source = try #require(stream.source)
  return try await RunningInterpreter.run { strand in
    var items: [Value] = []
    while true {
      switch try source.next(strand) {
      case .item(let item): items.append(item)
      case .end:
        source.close()
        return items
      case .wait: try await source.fill(strand)
      case .turn: break
      }
    }
  }
}

func streamTexts(_ value: Value) async throws -> [String] {
  if let list = value.list { return list.items.map { describeSafely($0) } }
  return try await streamItems(value).map { describeSafely($0) }
}

/// What a test can give to a built-in.
protocol SystemArgument {
  var value: Value { get }
}

extension Value: SystemArgument {
  var value: Value { self }

  /// Of a bool.
  var flag: Bool? {
    if case .bool(let flag) = self { return flag }
    return nil
  }
}

extension String: SystemArgument {
  var value: Value { .string(self) }
}

extension Int: SystemArgument {
  var value: Value { .int(self) }
}

extension Bool: SystemArgument {
  var value: Value { .bool(self) }
}

/// A directory that goes with the test.
final class SystemFolder: Sendable {
  let path: String

  init() throws { path = try Files.makeTemporaryDirectory(in: "/tmp", prefix: "runnel-library-") }

  deinit {
    TemporaryPath(path).close()
  }

  /// A path in it, as a value.
  func callAsFunction(_ name: String) -> Value { .string("\(path)/\(name)") }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes a file, and the directories above it.
  @discardableResult
  func file(_ name: String, _ content: String = "", permissions: UInt32 = 0o644) throws -> Value {
    try file(name, bytes: Array(content.utf8), permissions: permissions)
  }

  @discardableResult
  func file(_ name: String, bytes: [UInt8], permissions: UInt32 = 0o644) throws -> Value {
    let above = PathText.directory(path(name))
    try TreeChanges.makeDirectory(FilePath(text: above, full: above), parents: true)
    let file = try Files.open(path(name), [.write, .create, .truncate])
    try bytes.withUnsafeBytes { try DescriptorIO.writeAll(file.number, $0) }
    try Files.setPermissions(file.number, to: permissions)
    return self(name)
  }

  func directory(_ name: String) throws {
    try TreeChanges.makeDirectory(FilePath(text: path(name), full: path(name)), parents: true)
  }

  func link(_ name: String, to content: String) throws { try Files.makeLink(at: path(name), to: content) }

  func content(_ name: String) throws -> String {
    let file = try Files.open(path(name))
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case .bytes(let count) = try buffer.withUnsafeMutableBytes({
      try DescriptorIO.read(file.number, into: $0)
    }) {
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func mode(_ name: String) throws -> UInt32 { try Files.status(of: path(name)).permissions }

  /// Every name in it, sorted, hidden ones too.
  func names(_ name: String = ".") throws -> [String] { try Files.names(in: path(name)).sorted() }
}

/// Root may do everything: tests of what is forbidden are for others.
let runsAsRoot = geteuid() == 0

/// A pipe by its numbers, which the test closes.
func pipeNumbers() throws -> (reader: Int32, writer: Int32) {
  var numbers: [Int32] = [0, 0]
  try #require(pipe(&numbers) == 0)
  return (numbers[0], numbers[1])
}
