// Which tests there are: files and folders are read, what does not parse or resolve is noted, and the rest gives its tests in
// the order in which they stand. A folder may hold anything: there, what has no test in it is no business of ours, be it right or
// wrong.

import RunnelCompiler
import RunnelRuntime
import RunnelSyntax
import RunnelSystem

/// One `test "…" { }`.
struct TestCase: Sendable, Hashable {
  let path: String
  /// Which of its file's tests it is.
  let number: Int
  let name: String
  let line: Int

  /// What `--filter` looks at.
  var title: String { "\(path): \(name)" }
  /// What people see.
  var heading: String { "\(path):\(line): \(name)" }
}

/// A file or folder that gives no tests although it should.
struct TestProblem: Sendable, Hashable {
  let path: String
  /// In a few words.
  let summary: String
  /// As `runnel check` would say it.
  let text: String
}

/// What is to be run, file by file in the order in which they were given, those of a folder by name.
struct TestDiscovery {
  private(set) var cases: [TestCase] = []
  private(set) var problems: [TestProblem] = []
  /// Files given by name that hold no test.
  private(set) var withoutTests: [String] = []
  private var seen: Set<[UInt8]> = []

  /// Looks into files and folders.
  init(_ paths: [String]) {
    for path in paths.isEmpty ? ["."] : paths { look(at: path) }
  }

  /// Leaves only tests whose `file: name` contains a text.
  mutating func filter(_ text: String) {
    if !text.isEmpty { cases.removeAll { !$0.title.contains(text) } }
  }

  private mutating func look(at path: String) {
    do throws(SystemError) {
      if try Files.status(of: path).kind == .directory { walk(path) } else { read(path, isGiven: true) }
    } catch {
      refuse(path, error)
    }
  }

  private mutating func refuse(_ path: String, _ error: SystemError) {
    let text = "cannot read `\(path)`: \(error.message)"
    problems.append(TestProblem(path: path, summary: text, text: "runnel: \(text)\n"))
  }

  /// A folder with all that is in it, without hidden names and without folders behind links, which may lead round in circles.
  private mutating func walk(_ folder: String) {
    // What is left to look at, the next last: folders may be nested as deeply as they like.
    var left = [(path: folder, isFolder: true)]
    while let (path, isFolder) = left.popLast() {
      guard isFolder else {
        read(path, isGiven: false)
        continue
      }
      var found: [(path: String, isFolder: Bool)] = []
      do throws(SystemError) {
        for entry in try Files.entries(of: path).sorted(by: { $0.name < $1.name }) {
          guard !entry.name.hasPrefix(".") else { continue }
          let inner =
            path == "." ? entry.name : path.hasSuffix("/") ? path + entry.name : "\(path)/\(entry.name)"
          let isFolder =
            entry.kind == .directory
            || entry.kind == .unknown
              && (try? Files.status(of: inner, followingLinks: false).kind) == .directory
          if isFolder || entry.name.hasSuffix(".rnl") && (try? Files.status(of: inner).kind) == .file {
            found.append((inner, isFolder))
          }
        }
      } catch {
        refuse(path, error)
      }
      left += found.reversed()
    }
  }

  private mutating func read(_ path: String, isGiven: Bool) {
    let bytes: [UInt8]
    do throws(SystemError) {
      if let real = try? Files.realPath(path), !seen.insert(real).inserted { return }
      bytes = try FileReading.wholeFile(path)
    } catch {
      return refuse(path, error)
    }
    guard isGiven || Self.mayHoldTests(bytes) else { return }
    if let offset = FileReading.invalidOffset(in: bytes) {
      let text = "`\(path)` is not UTF-8: byte \(offset)"
      problems.append(TestProblem(path: path, summary: text, text: "runnel: \(text)\n"))
      return
    }
    let source = SourceFile(name: path, bytes: bytes)
    // With a test, so that all of them have been seen to compile before one runs.
    let program = ProgramLoader.load(source, path: path, test: 0)
    guard program.isValid else {
      let errors = program.diagnostics.filter { $0.severity == .error }
      let count = errors.count == 1 ? "an error" : "\(errors.count) errors"
      problems.append(
        TestProblem(
          path: path, summary: "\(count) found before anything ran",
          text: DiagnosticRenderer(color: false).render(errors)))
      return
    }
    if program.tests.isEmpty, isGiven { withoutTests.append(path) }
    for (number, test) in program.tests.enumerated() {
      let line = source.place(of: test.span.start).line
      cases.append(TestCase(path: path, number: number, name: test.name, line: line))
    }
  }

  /// Whether a line begins with the word `test` and a string: what has none need not be understood.
  static func mayHoldTests(_ bytes: [UInt8]) -> Bool {
    let word = Array("test".utf8)
    var atLineStart = true
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: ";") {
        atLineStart = true
      } else if byte != UInt8(ascii: " "), byte != UInt8(ascii: "\t"), byte != UInt8(ascii: "\r"), atLineStart
      {
        atLineStart = false
        let end = position + word.count
        if end < bytes.count, bytes[position..<end].elementsEqual(word) {
          let rest = bytes[end...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
          if let first = rest.first,
            [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "r")].contains(first)
          {
            return true
          }
        }
      }
      position += 1
    }
    return false
  }
}
