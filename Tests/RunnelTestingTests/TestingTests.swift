// `runnel test` piece by piece; what it does as a whole is in Tests/Scripts/testing.

import RunnelSystem
import Testing

@testable import RunnelTesting

private func run(_ seed: UInt64, failure: String? = nil, leaks: [String] = []) -> TestRun {
  TestRun(
    seed: seed, answer: TestAnswer(failure: failure, leaks: leaks), printed: CapturedText(), duration: 1)
}

private let test = TestCase(path: "it's.rnl", number: 0, name: "a & b", line: 3)

@Suite struct TestAnswerTests {
  @Test func `an answer is read as it was written`() {
    let answer = TestAnswer(failure: "error: ä\n", summary: "ä", leaks: ["one", ""])
    #expect(TestAnswer(bytes: answer.bytes) == answer)
    #expect(TestAnswer(bytes: TestAnswer().bytes).failure == nil)
  }

  @Test func `an answer that breaks off is not whole, wherever that is`() {
    let bytes = TestAnswer(failure: "error", summary: "s", leaks: ["leak"]).bytes
    for count in 0..<bytes.count { #expect(!TestAnswer(bytes: Array(bytes[..<count])).isWhole) }
  }

  @Test func `an order survives a command line, and nothing else is one`() {
    let order = TestOrder(
      path: "--odd name", number: 2, seed: .max, workers: 3, limit: 5_000_000_000, answer: 9)
    #expect(TestOrder(order.words) == order)
    #expect(TestOrder(Array(order.words.dropLast())) == nil)
    #expect(TestOrder(["run"] + order.words.dropFirst()) == nil)
    #expect(TestOrder(order.words.map { $0 == "2" ? "two" : $0 }) == nil)
  }
}

@Suite struct CapturedTextTests {
  @Test func `little is kept whole, of much the beginning and the end`() {
    var text = CapturedText(limit: 8)
    text.append(Array("abcd".utf8))
    text.append(Array("efgh".utf8))
    #expect(text.text == "abcdefgh")
    for _ in 0..<1000 { text.append(Array("-----".utf8)) }
    text.append(Array("wxyz".utf8))
    #expect(text.text == "abcd\n… 5004 bytes left out …\nwxyz")
  }
}

@Suite struct TestResultTests {
  @Test func `the failure with the lowest seed is the result, whichever run ends first`() {
    var result = TestResult(test)
    for next in [run(1), run(5, failure: "five"), run(3, failure: "three"), run(4), run(7, failure: "seven")]
    {
      result.take(next, failsOnLeaks: false)
    }
    #expect(result.run?.seed == 3)
    #expect(result.run?.answer.failure == "three")
    #expect(result.runs == 5)
    #expect(result.duration == 5)
  }

  @Test func `a leak is remembered when later runs leave nothing, and gives way to a failure`() {
    var result = TestResult(test)
    for next in [run(0), run(1, leaks: ["file"]), run(2)] { result.take(next, failsOnLeaks: false) }
    #expect(result.run?.seed == 1)
    result.take(run(3, failure: "x"), failsOnLeaks: false)
    #expect(result.run?.seed == 3)
  }

  @Test func `where leaks fail the first leak is the result`() {
    var result = TestResult(test)
    for next in [run(2, leaks: ["b"]), run(1, leaks: ["a"]), run(3, failure: "x")] {
      result.take(next, failsOnLeaks: true)
    }
    #expect(result.run?.seed == 1)
  }
}

@Suite struct TestTextTests {
  @Test(arguments: [
    ("plain/name.rnl", "plain/name.rnl"), ("two words", "'two words'"), ("it's", #"'it'\''s'"#), ("", "''"),
    ("-v", "'-v'"), ("$HOME", "'$HOME'"), ("ü", "'ü'"),
  ])
  func `words are quoted for a shell where they must be`(_ word: String, _ quoted: String) {
    #expect(TestText.quoted(word) == quoted)
  }

  @Test func `the command that does it again names what decides`() {
    var options = TestOptions()
    options.workers = 2
    options.failsOnLeaks = true
    #expect(
      TestText(options).replay(test, 417)
        == #"runnel test 'it'\''s.rnl' --filter 'a & b' --seed 417 --workers 2 --leaks"#)
  }
}

@Suite struct JUnitReportTests {
  @Test func `what XML cannot hold is shown instead`() {
    #expect(
      JUnitReport.content("a<b>&\"\u{0}\u{1B}[1m\u{FFFF}\r\n\tü😀")
        == "a&lt;b&gt;&amp;&quot;\\x00\\x1B[1m\\xFFFF&#13;\n\tü😀")
    #expect(JUnitReport.attribute("a\n\tb") == "a&#10;&#9;b")
  }

  @Test func `files without tests of their own are errors, tests that did not run are left out`() {
    let report = JUnitReport(TestOptions())
    let text = report.render(
      [TestResult(test)], [TestProblem(path: "p", summary: "wrong", text: "all of it")])
    #expect(text.contains("<testsuites tests=\"1\" failures=\"0\" errors=\"1\""))
    #expect(text.contains("<error message=\"wrong\">all of it</error>"))
    #expect(!text.contains("a &amp; b"))
  }

  @Test func `a report that cannot be written leaves nothing behind`() throws {
    let folder = try Files.makeTemporaryDirectory(in: "/tmp")
    defer { try? Files.removeDirectory(folder) }
    try Files.makeDirectory(folder + "/taken")
    #expect(throws: SystemError.self) {
      try JUnitReport(TestOptions()).write([], [], to: folder + "/taken")
    }
    #expect(try Files.names(in: folder) == ["taken"])
    try Files.removeDirectory(folder + "/taken")
  }
}

@Suite struct TestDiscoveryTests {
  @Test(arguments: [
    ("test \"a\" { }", true), ("let x = 1\n  test\t\"a\" { }", true), ("x; test \"a\" { }", true),
    ("test 'a' { }", true), ("", false), ("test", false), ("test(1)", false), ("let test = \"a\"", false),
    ("# test \"a\"", false), ("latest \"a\"", false),
  ])
  func `only what has a line that begins with a test may hold one`(_ text: String, _ mayHold: Bool) {
    #expect(TestDiscovery.mayHoldTests(Array(text.utf8)) == mayHold)
  }
}
