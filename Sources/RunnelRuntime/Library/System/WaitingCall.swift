// The arguments of a built-in, read with checks. `NativeCall` does it for those that compute at once; here is
// the same for those that may wait, and what the file functions need of both: paths.

/// One call of a built-in that may wait.
struct WaitingCall: Sendable {
  let strand: Strand
  let arguments: [Value]
  let name: String
  let parameters: NativeParameters
  let isMethod: Bool

  /// The argument at a position (for a method 0 is the receiver), nil if it was not given.
  subscript(position: Int) -> Value { position < arguments.count ? arguments[position] : .nil }

  func has(_ position: Int) -> Bool { !self[position].isNil }

  func wrongType(_ position: Int, expected: String) -> Raised {
    let index = isMethod ? position - 1 : position
    let parameter =
      index < 0
      ? "the receiver"
      : index < parameters.names.count ? "`\(parameters.names[index])`" : "argument \(index + 1)"
    return Raised(.typeError, "`\(name)` takes \(expected) for \(parameter), not \(self[position].typeName)")
  }

  func string(_ position: Int, default value: String? = nil) throws(Raised) -> String {
    if let string = self[position].string { return string.text }
    if let value, !has(position) { return value }
    throw wrongType(position, expected: "a string")
  }

  func int(_ position: Int) throws(Raised) -> Int {
    if case .int(let number) = self[position] { return number }
    throw wrongType(position, expected: "an int")
  }

  func bool(_ position: Int, default value: Bool) throws(Raised) -> Bool {
    guard has(position) else { return value }
    if case .bool(let flag) = self[position] { return flag }
    throw wrongType(position, expected: "a bool")
  }

  /// Nanoseconds, or nil if it was not given.
  func duration(_ position: Int) throws(Raised) -> Int? {
    guard has(position) else { return nil }
    if case .duration(let nanoseconds) = self[position] { return nanoseconds }
    throw wrongType(position, expected: "a duration")
  }

  func path(_ position: Int, default value: String? = nil) throws(Raised) -> FilePath {
    try FilePath(try string(position, default: value), strand)
  }

  /// What is written to a file: text or bytes.
  func data(_ position: Int) throws(Raised) -> OutputData {
    if let string = self[position].string { return .text(string.text) }
    if let bytes = self[position].bytes { return .bytes(bytes.bytes) }
    throw wrongType(position, expected: "a string or bytes")
  }
}

extension NativeFunction {
  /// A built-in that may wait.
  static func waiting(
    _ signature: String, receiver: String? = nil, documentation: String,
    _ body: @escaping @Sendable (WaitingCall) async throws(Raised) -> Value
  ) -> NativeFunction {
    let parameters = NativeParameters(signature: signature)
    return NativeFunction(
      signature, receiver: receiver, documentation: documentation,
      body: .waiting { (strand, arguments) async throws(Raised) -> Value in
        try await body(
          WaitingCall(
            strand: strand, arguments: arguments, name: parameters.functionName, parameters: parameters,
            isMethod: receiver != nil))
      })
  }

  /// A built-in that computes at once.
  static func plain(
    _ signature: String, receiver: String? = nil, documentation: String,
    _ body: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, receiver: receiver, documentation: documentation, body: .plain(body))
  }

  /// A built-in that is written in Runnel (`SystemPrelude`).
  static func prelude(_ signature: String, documentation: String, _ name: String) -> NativeFunction {
    NativeFunction(signature, documentation: documentation, body: .prelude(name))
  }
}

extension NativeCall {
  func path(_ position: Int, default value: String? = nil) throws(Raised) -> FilePath {
    if let value, !has(position) { return try FilePath(value, strand) }
    return try FilePath(try string(position), strand)
  }
}

/// A path as a script gave it, and as the system should see it.
struct FilePath: Sendable {
  /// What messages and `e.path` show.
  let text: String
  /// From the task's working directory.
  let full: String

  init(_ text: String, _ strand: Strand) throws(Raised) {
    guard !text.utf8.contains(0) else {
      throw Raised(.valueError, "a path cannot hold a NUL character", data: ["path": .string(text)])
    }
    // Resolved, it would be the working directory, which nobody means.
    guard !text.isEmpty else {
      throw Raised(.fileNotFound, "no such file: the path is empty", data: ["path": .string(text)])
    }
    self.text = text
    full = strand.resolved(text)
  }

  init(text: String, full: String) {
    self.text = text
    self.full = full
  }
}

/// What is written to a file.
enum OutputData: Sendable {
  case text(String)
  case bytes([UInt8])

  var count: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .bytes(let bytes): bytes.count
    }
  }

  func append(to buffer: inout [UInt8]) {
    switch self {
    case .text(let text): buffer.append(contentsOf: text.utf8)
    case .bytes(let bytes): buffer.append(contentsOf: bytes)
    }
  }

  /// Lends at most `limit` of the bytes from `offset` on.
  func withBytes<Result>(from offset: Int, limit: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    func part(_ all: UnsafeRawBufferPointer) -> Result {
      body(UnsafeRawBufferPointer(rebasing: all[offset..<min(all.count, offset + limit)]))
    }
    switch self {
    case .bytes(let bytes): return bytes.withUnsafeBytes(part)
    case .text(var text): return text.withUTF8 { part(UnsafeRawBufferPointer($0)) }
    }
  }
}
