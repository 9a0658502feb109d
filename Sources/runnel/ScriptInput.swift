// Where a script's text comes from, and what can be wrong with a file before its first line is read. A script that is
// read from standard input is read to its end first: what runs then finds its own standard input at its end.

import RunnelRuntime
import RunnelSyntax
import RunnelSystem

/// A script's text before it is read.
enum ScriptInput {
  case file(String)
  case standardInput
  case code(String)

  /// As on the command line: `-` is standard input.
  init(path: String) { self = path == "-" ? .standardInput : .file(path) }

  /// What imports are relative to, and `sys.script`.
  var path: String? {
    if case .file(let path) = self { return path }
    return nil
  }

  /// The name in messages.
  var name: String {
    switch self {
    case .file(let path): path
    case .standardInput: "stdin"
    case .code: "-c"
    }
  }

  /// The script's text, checked to be UTF-8.
  func read() throws(UnreadableScript) -> SourceFile {
    let bytes: [UInt8]
    switch self {
    case .code(let text): return SourceFile(name: name, text: text)
    case .file, .standardInput:
      do throws(SystemError) {
        bytes = try FileReading.wholeFile(path ?? "-")
      } catch {
        throw UnreadableScript(error, input: self)
      }
    }
    if let offset = FileReading.invalidOffset(in: bytes) {
      throw UnreadableScript(notUTF8: SourceFile(name: name, bytes: bytes), at: offset)
    }
    return SourceFile(name: name, bytes: bytes)
  }
}

/// Why there is no script.
struct UnreadableScript: Error {
  let diagnostic: Diagnostic
  /// Whether the diagnostic has a line to show.
  private let hasPlace: Bool

  /// The file cannot be read.
  init(_ error: SystemError, input: ScriptInput) {
    let hint: String? =
      switch error.name {
      case "ENOENT": Self.nearest(to: input.name)
      case "EISDIR": "give the script's file in it: `runnel \(input.name)/NAME.rnl`"
      case "EACCES": "its permissions keep you from reading it or a directory on the way to it"
      case "EFBIG": "a script has at most 256 MiB"
      case "ENOTDIR": "something on the way to it is a file, not a directory"
      default: nil
      }
    diagnostic = Diagnostic(
      .scriptNotReadable, source: SourceFile(name: input.name, bytes: []), span: .none,
      message: "cannot read `\(input.name)`: \(error.message)", hint: hint)
    hasPlace = false
  }

  /// The file is no text that we know.
  init(notUTF8 source: SourceFile, at offset: Int) {
    let byte = source.bytes[offset]
    let digits = String(byte, radix: 16, uppercase: true)
    let start = source.bytes.prefix(2)
    let hint: String
    if start == [0xFF, 0xFE] || start == [0xFE, 0xFF] {
      hint = "this looks like UTF-16: save it as UTF-8"
    } else if source.bytes.prefix(4) == [0x7F, 0x45, 0x4C, 0x46] {
      hint = "this is a program, not a script: run it as `./NAME`"
    } else {
      hint = "scripts are UTF-8: convert it, for example with `iconv -f latin1 -t utf-8`"
    }
    diagnostic = Diagnostic(
      .notUTF8, source: source, span: Span(offset, offset + 1),
      message: "not UTF-8: byte \(offset) is 0x\(digits.count == 1 ? "0" : "")\(digits)", hint: hint)
    hasPlace = true
  }

  /// For people.
  func render(_ renderer: DiagnosticRenderer) -> String {
    if hasPlace { return renderer.render(diagnostic) }
    var text = "runnel: \(diagnostic.message)\n"
    if let hint = diagnostic.hint { text += "  hint: \(hint)\n" }
    return text
  }

  /// A file of a similar name beside it, or a subcommand.
  private static func nearest(to path: String) -> String? {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { String(path[...$0]) } ?? ""
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    if slash == nil, let command = NearestName.suggest(for: name, among: RunnelCommand.visibleNames) {
      return "did you mean `runnel \(command)`?"
    }
    let names = (try? Files.names(in: directory.isEmpty ? "." : directory)) ?? []
    if names.contains(name + ".rnl") { return "did you mean `\(directory)\(name).rnl`?" }
    let scripts = names.filter { $0.hasSuffix(".rnl") }
    return (NearestName.suggest(for: name, among: scripts) ?? NearestName.suggest(for: name, among: names))
      .map { "did you mean `\(directory)\($0)`?" }
  }
}
