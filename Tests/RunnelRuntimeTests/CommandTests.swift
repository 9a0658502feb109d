// Words, redirections and outcomes of commands, without running any.

import RunnelSyntax
import RunnelSystem
import Testing

@testable import RunnelCompiler
@testable import RunnelRuntime

private typealias Word = CommandDescriptor.Word
private typealias Stage = CommandDescriptor.Stage

private func word(_ parts: Word.Part...) -> Word { Word(parts: parts) }

/// The words of one program, as text.
private func words(
  _ words: [Word], _ values: [Value] = [], in strand: Strand = systemStrand()
) throws -> [String] {
  let stage = Stage(environment: [], words: [word(.bare("cmd"))] + words, redirects: [], text: "cmd …")
  let descriptor = CommandDescriptor(form: .capture, stages: [stage])
  let plan = try CommandWords.plan(descriptor, values: values, strand)
  return plan.stages[0].arguments.dropFirst().map { String(decoding: $0, as: UTF8.self) }
}

private func kind(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return "none"
  } catch let raised as Raised {
    return raised.error.kind.name
  } catch { return "\(error)" }
}

@Suite("The words of a command")
struct CommandWordsTests {
  @Test("A value is one word, whatever it holds")
  func valuesAreNotSplit() throws {
    #expect(try words([word(.value)], [.string("a b; rm -rf *")]) == ["a b; rm -rf *"])
    #expect(try words([word(.value)], [.string("")]) == [""])
    #expect(try words([word(.value)], [.int(3)]) == ["3"])
  }

  @Test("A list as a whole word becomes several words, or none")
  func lists() throws {
    #expect(try words([word(.value)], [.list([.string("a b"), .int(1)])]) == ["a b", "1"])
    #expect(try words([word(.value)], [.list([])]) == [])
    #expect(kind { try words([word(.bare("x"), .value)], [.list([])]) } == "TypeError")
    #expect(kind { try words([word(.value)], [.list([.list([])])]) } == "TypeError")
  }

  @Test("nil is no word, and neither is a NUL character")
  func refused() {
    #expect(kind { try words([word(.value)], [.nil]) } == "TypeError")
    #expect(kind { try words([word(.value)], [.list([.nil])]) } == "TypeError")
    #expect(kind { try words([word(.value)], [.string("a\0")]) } == "ValueError")
    #expect(kind { try words([word(.quoted("a\0"))]) } == "ValueError")
  }

  @Test("Parts are put together, and values in the order in which they stand")
  func parts() throws {
    #expect(
      try words([word(.bare("--n="), .value), word(.quoted("it's "), .value)], [.int(3), .int(4)])
        == ["--n=3", "it's 4"])
  }

  @Test("Wildcards mean something only where they stand bare")
  func quotedWildcards() throws {
    #expect(try words([word(.quoted("/etc/*"))]) == ["/etc/*"])
    #expect(try words([word(.bare("/etc/"), .value)], [.string("*")]) == ["/etc/*"])
    #expect(try words([word(.bare("/etc/passw?"))]) == ["/etc/passwd"])
    #expect(kind { try words([word(.bare("/no-such-*"))]) } == "NoMatch")
    #expect(try words([word(.bare("["))]) == ["["])
  }

  @Test("A tilde at the start of a bare word is the home of the task's HOME")
  func tilde() throws {
    let strand = systemStrand()
    strand.environment.set(.string("HOME"), .string("/ho me"))
    #expect(try words([word(.bare("~/x")), word(.bare("~"))], in: strand) == ["/ho me/x", "/ho me"])
    #expect(try words([word(.quoted("~/x")), word(.bare("a~"))], in: strand) == ["~/x", "a~"])
    #expect(try words([word(.bare("~"), .value)], [.string("x")], in: strand) == ["~x"])
  }

  @Test("Bytes are given as they are")
  func bytes() throws {
    let stage = Stage(environment: [], words: [word(.bare("cmd")), word(.value)], redirects: [], text: "")
    let plan = try CommandWords.plan(
      CommandDescriptor(form: .ask, stages: [stage]), values: [.bytes([0xFF, 0x41])], systemStrand())
    #expect(plan.stages[0].arguments[1] == [0xFF, 0x41])
  }

  @Test("The values of environments, words and redirections are taken stage by stage")
  func order() throws {
    let stage = Stage(
      environment: [("A", word(.value))], words: [word(.bare("cmd")), word(.value)],
      redirects: [.output(word(.value), append: true)], text: "cmd")
    let descriptor = CommandDescriptor(form: .statement, stages: [stage, stage])
    #expect(descriptor.valueCount == 6)
    let plan = try CommandWords.plan(descriptor, values: (0..<6).map { .int($0) }, systemStrand())
    #expect(plan.stages.map { $0.environment[0].value } == ["0", "3"])
    #expect(plan.stages.map { String(decoding: $0.arguments[1], as: UTF8.self) } == ["1", "4"])
    guard case .output(let path, append: true) = plan.stages[1].redirects[0] else {
      Issue.record("no redirection")
      return
    }
    #expect(path.full == "/5")
  }

  @Test("A redirection takes one file")
  func redirectionTakesOne() {
    let stage = Stage(
      environment: [], words: [word(.bare("cmd"))], redirects: [.input(word(.value))], text: "cmd")
    let descriptor = CommandDescriptor(form: .statement, stages: [stage])
    #expect(
      kind { try CommandWords.plan(descriptor, values: [.list([.int(1), .int(2)])], systemStrand()) }
        == "ValueError")
  }
}

@Suite("The standard streams of a command")
struct StandardStreamsTests {
  private let file = FilePath(text: "f", full: "/f")

  private func streams(_ redirects: [CommandPlan.Redirect]) -> StandardStreams {
    var streams = StandardStreams(stage: 0, of: 1, CommandManner(output: .captured))
    streams.apply(redirects)
    return streams
  }

  @Test("Redirections are applied from left to right")
  func leftToRight() {
    let first = streams([.errorToOutput, .output(file, append: false)])
    #expect(first.output == .file(0))
    #expect(first.error == .output)
    let second = streams([.output(file, append: false), .errorToOutput])
    #expect(second.output == .file(0))
    #expect(second.error == .file(0))
    let swapped = streams([.outputToError, .error(file, append: false)])
    #expect(swapped.output == .errors)
    #expect(swapped.error == .file(0))
  }

  @Test("Files are numbered in the order in which they are opened")
  func numbers() {
    let result = streams([.output(file, append: false), .input(file), .output(file, append: true)])
    #expect(result.input == .file(1))
    #expect(result.output == .file(2))
  }

  @Test("Stages are joined, and only the ends are connected to the script")
  func stages() {
    let manner = CommandManner(output: .inherited)
    let ends = (0..<3).map { StandardStreams(stage: $0, of: 3, manner) }
    #expect(ends.map(\.input) == [.null, .previous, .previous])
    #expect(ends.map(\.output) == [.next, .next, .inherited(1)])
    #expect(ends.map(\.error) == [.errors, .errors, .errors])
  }
}

@Suite("What a command came to")
struct CommandOutcomeTests {
  private func outcome(_ statuses: [RunnelSystem.ExitStatus], stderr: String = "") -> CommandOutcome {
    CommandOutcome(
      stages: statuses.enumerated().map { ("s\($0)", $1) }, text: "s0 | s1", stderr: stderr, duration: 5)
  }

  @Test("The leftmost stage that failed decides")
  func leftmost() {
    #expect(outcome([.exited(0), .exited(2), .exited(3)]).failed?.text == "s1")
    #expect(outcome([.exited(0), .exited(0)]).failed == nil)
  }

  @Test("A stage that a later one had enough of has not failed; the last one has nobody after it")
  func brokenPipe() {
    #expect(outcome([.signalled(13, dumpedCore: false), .exited(0)]).failed == nil)
    #expect(outcome([.exited(141), .exited(0)]).failed == nil)
    #expect(outcome([.exited(0), .signalled(13, dumpedCore: false)]).failed?.text == "s1")
  }

  @Test("The message ends with the last line of stderr")
  func message() {
    let error = outcome([.exited(3)], stderr: "first\nwhy\n\n").error?.error
    #expect(error?.message == "`s0` exited with code 3: why")
    #expect(error?.data["code"].map { describeSafely($0) } == "3")
    let killed = outcome([.signalled(9, dumpedCore: false)]).error?.error
    #expect(killed?.message == "`s0` was ended by SIGKILL")
    #expect(killed?.data["code"].map { describeSafely($0) } == "137")
  }

  @Test("The end of an output begins with a whole character")
  func tail() {
    let bytes = Array(String(repeating: "é", count: 50_000).utf8) + [0x0A]
    let end = OutputEnd.text(of: bytes)
    #expect(end.utf8.count <= 64 << 10)
    #expect(end.first == "é")
    #expect(!end.contains("\u{FFFD}"))
  }
}

@Suite("Stopping a command")
struct CommandStopTests {
  @Test("SIGTERM, then SIGKILL after the grace; the user's own signal comes before both")
  func signals() {
    #expect(CommandStop.signals(first: nil, grace: 100).map(\.number) == [15, 9])
    #expect(CommandStop.signals(first: nil, grace: 100).map(\.delay) == [0, 100])
    #expect(CommandStop.signals(first: 2, grace: 100).map(\.number) == [2, 15, 9])
    #expect(CommandStop.signals(first: 2, grace: 100).map(\.delay) == [0, 50, 150])
    #expect(CommandStop.signals(first: 15, grace: 0).map(\.number) == [15, 9])
  }
}

@Suite("Words as text")
struct CommandTextTests {
  @Test("Words are shown as they would be written")
  func text() {
    let words = ["sh", "-c", "exit 3", "", "it's"].map { Array($0.utf8) }
    #expect(CommandLibrary.text(of: words) == "sh -c 'exit 3' '' \"it's\"")
  }

  @Test("One newline goes from the end of a capture")
  func lastNewline() {
    #expect(CommandRun.withoutLastNewline("a\n\n") == "a\n")
    #expect(CommandRun.withoutLastNewline("a") == "a")
    #expect(CommandRun.withoutLastNewline("") == "")
    #expect(CommandRun.withoutLastNewline("a\r\n") == "a\r")
  }
}
