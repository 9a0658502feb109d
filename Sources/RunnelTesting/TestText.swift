// What people see of tests: failures with all that helps to understand them and to have them again, a line for each of the others
// if that is wanted, and the sum.

/// The runner's words.
struct TestText {
  private let options: TestOptions

  init(_ options: TestOptions) { self.options = options }

  func of(_ problem: TestProblem) -> String {
    "\(style("31;1", "FAIL")) \(problem.path): \(problem.summary)\n" + indented(problem.text, by: 4)
  }

  /// Empty for a test that there is nothing to be said of.
  func of(_ result: TestResult) -> String {
    guard let run = result.run else { return "" }
    let heading = result.test.heading
    switch result.verdict(failsOnLeaks: options.failsOnLeaks) {
    case .notRun: return ""
    case .passed:
      return options.isVerbose ? "\(style("32", "ok"))   \(heading) (\(time(result.duration)))\n" : ""
    case .leaked:
      return "\(style("33;1", "ok"))   \(heading)\(options.isVerbose ? " (\(time(result.duration)))" : "")\n"
        + leaks(of: run)
    case .failed:
      var text = "\(style("31;1", "FAIL")) \(heading)\n"
      if let failure = run.answer.failure { text += indented(failure, by: 4) }
      text += leaks(of: run)
      if !run.printed.isEmpty { text += "    printed:\n" + indented(run.printed.text, by: 6) }
      return text + "    \(seeds(of: result, run)); again: \(replay(result.test, run.seed))\n"
    }
  }

  private func leaks(of run: TestRun) -> String {
    run.answer.leaks.map { "    \(style("33;1", "leaked")): \($0)\n" }.joined()
  }

  private func seeds(of result: TestResult, _ run: TestRun) -> String {
    guard options.seeds != nil else { return "seed \(run.seed)" }
    let passed = run.seed &- options.seed
    return "failed with seed \(run.seed)" + (passed > 0 ? ", after \(passed) that passed" : "")
  }

  /// The command that does it again.
  func replay(_ test: TestCase, _ seed: UInt64) -> String {
    var words = [
      "runnel", "test", Self.quoted(test.path), "--filter", Self.quoted(test.name), "--seed", "\(seed)",
    ]
    if options.workers != 1 { words += ["--workers", "\(options.workers)"] }
    if options.failsOnLeaks { words.append("--leaks") }
    return words.joined(separator: " ")
  }

  /// A word for a shell.
  static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "./_-+:,@%".utf8.contains(byte)
      }
    }
    if isPlain, !word.isEmpty, !word.hasPrefix("-") { return word }
    var text = "'"
    for character in word { text += character == "'" ? #"'\''"# : String(character) }
    return text + "'"
  }

  /// `12 passed, 1 failed`, and what else there is to say.
  func summary(_ results: [TestResult], _ problems: [TestProblem], isInterrupted: Bool) -> String {
    let verdicts = results.map { $0.verdict(failsOnLeaks: options.failsOnLeaks) }
    func count(_ verdict: TestResult.Verdict) -> Int { verdicts.count { $0 == verdict } }
    var text = "\(count(.passed) + count(.leaked)) passed, \(count(.failed)) failed"
    let leaking = results.count { $0.run?.answer.leaks.isEmpty == false }
    if leaking > 0 { text += ", \(leaking) leaked" }
    if count(.notRun) > 0 { text += ", \(count(.notRun)) not run" }
    if !problems.isEmpty {
      text += ", \(problems.count) \(problems.count == 1 ? "file" : "files") with errors"
    }
    return isInterrupted ? "interrupted: \(text)\n" : text + "\n"
  }

  private func indented(_ text: String, by count: Int) -> String {
    let space = String(repeating: " ", count: count)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    return lines.map { $0.isEmpty ? "\n" : space + $0 + "\n" }.joined()
  }

  private func time(_ nanoseconds: Int64) -> String {
    let milliseconds = nanoseconds / 1_000_000
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    return "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s"
  }

  private func style(_ code: String, _ text: String) -> String {
    options.isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
