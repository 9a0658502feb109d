// The script's standard input: `input()`, `sys.stdin` and the questions of `term` read from one place, so that what
// one has read ahead the other does not miss. A turn (Turn) keeps the calls of several tasks apart.

internal import RunnelSystem

/// This process's stdin.
///
/// `@unchecked Sendable`: `reader` belongs to whoever has the turn.
final class StandardInput: @unchecked Sendable {
  static let shared = StandardInput(OpenFile(standardInput: 0, name: "stdin"))

  private let turn = Turn()
  /// Nil where stdin was closed when the process started: as if it were empty.
  private let reader: InputReader?

  init(_ file: OpenFile?) { reader = file.map(InputReader.init) }

  /// The next line without its newline; nil at the end.
  func line(_ strand: Strand) async throws(Raised) -> Value {
    guard let reader else { return .nil }
    try await take(strand)
    defer { turn.give() }
    return try await reader.line(asBytes: false, strand)
  }

  /// All that is left.
  func text(_ strand: Strand) async throws(Raised) -> String {
    guard let reader else { return "" }
    try await take(strand)
    defer { turn.give() }
    return try await reader.text(strand)
  }

  func bytes(_ strand: Strand) async throws(Raised) -> [UInt8] {
    guard let reader else { return [] }
    try await take(strand)
    defer { turn.give() }
    return try await reader.bytes(strand)
  }

  private func take(_ strand: Strand) async throws(Raised) {
    if !turn.tryTake() { try await turn.take(strand, reason: "stdin, which another task reads") }
  }

  fileprivate func lineNow(_ strand: Strand) throws(Raised) -> StreamStep {
    guard let reader else { return .end }
    guard turn.tryTake() else { return .wait }
    defer { turn.give() }
    return try reader.lineNow(asBytes: false, strand)
  }

  fileprivate func wait(_ strand: Strand) async throws(Raised) {
    guard let reader else { return }
    try await take(strand)
    defer { turn.give() }
    if !reader.file.isAlwaysReady { try await reader.wait(strand) }
  }
}

/// `sys.stdin`: a stream of lines, which a script may begin to read more than once.
final class StandardInputSource: StreamSource {
  let input: StandardInput

  init(_ input: StandardInput = .shared) { self.input = input }

  func next(_ strand: Strand) throws(Raised) -> StreamStep { try input.lineNow(strand) }
  func fill(_ strand: Strand) async throws(Raised) { try await input.wait(strand) }
  func close() {}
}

/// `input`, and the methods of `sys.stdin`.
enum InputLibrary {
  static var input: NativeFunction {
    .waiting(
      "input(prompt = \"\") → string|nil",
      documentation:
        "A line of the standard input without its newline, or nil at its end; shows the prompt before."
    ) { (call) async throws(Raised) in
      let prompt = call.has(0) ? SystemHost.text(of: call[0]) : ""
      if !prompt.isEmpty { SystemHost.writeOutput(prompt, call.strand) }
      return try await StandardInput.shared.line(call.strand)
    }
  }

  static var streamMethods: NativeGroup {
    NativeGroup(
      "stream", summary: "Items that come one after the other, and can be read once.",
      functions: [
        .waiting(
          "read() → string", receiver: "stream", documentation: "Of `sys.stdin`: all that is left, as text."
        ) {
          (call) async throws(Raised) in .string(try await source(call).input.text(call.strand))
        },
        .waiting(
          "read_bytes() → bytes", receiver: "stream",
          documentation: "Of `sys.stdin`: all that is left, as bytes."
        ) { (call) async throws(Raised) in .bytes(try await source(call).input.bytes(call.strand)) },
      ])
  }

  private static func source(_ call: WaitingCall) throws(Raised) -> StandardInputSource {
    let stream = call[0].object(.stream, as: StreamObject.self)
    guard let source = stream?.source as? StandardInputSource else {
      throw Raised(
        .typeError, "`\(call.name)` is for `sys.stdin`; the items of other streams come by `collect`")
    }
    return source
  }
}
