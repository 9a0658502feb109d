// A report for other tools, in the form that JUnit has given to the world: a `testsuite` for each file, a `testcase` for each
// test. Written whole or not at all.

import RunnelSystem

/// Writes results as XML.
struct JUnitReport {
  private let options: TestOptions

  init(_ options: TestOptions) { self.options = options }

  /// Writes the report beside the file, then gives it the name: who reads it at any time finds a whole one.
  func write(_ results: [TestResult], _ problems: [TestProblem], to path: String) throws(SystemError) {
    let bytes = Array(render(results, problems).utf8)
    let draft = "\(path).\(SystemInfo.processID).part"
    var failure: SystemError?
    do throws(SystemError) {
      let file = try Files.open(draft, [.write, .create, .truncate])
      bytes.withUnsafeBytes { all in
        do throws(SystemError) { try DescriptorIO.writeAll(file.number, all) } catch { failure = error }
      }
      if let failure { throw failure }
      try file.close()
      try Files.rename(draft, to: path)
    } catch {
      try? Files.remove(draft)
      throw error
    }
  }

  func render(_ results: [TestResult], _ problems: [TestProblem]) -> String {
    let done = results.filter { verdict($0) != .notRun }
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text += "<testsuites" + counts(done, errors: problems.count) + ">\n"
    for problem in problems {
      text += "  <testsuite name=\"\(Self.attribute(problem.path))\"" + counts([], errors: 1) + ">\n"
      text += "    <testcase classname=\"\(Self.attribute(problem.path))\" name=\"(file)\" time=\"0.000\">\n"
      text +=
        "      <error message=\"\(Self.attribute(problem.summary))\">\(Self.content(problem.text))</error>\n"
      text += "    </testcase>\n  </testsuite>\n"
    }
    var start = done.startIndex
    while start < done.endIndex {
      let path = done[start].test.path
      let end = done[start...].firstIndex { $0.test.path != path } ?? done.endIndex
      text +=
        "  <testsuite name=\"\(Self.attribute(path))\"" + counts(Array(done[start..<end]), errors: 0) + ">\n"
      for result in done[start..<end] { text += testcase(result) }
      text += "  </testsuite>\n"
      start = end
    }
    return text + "</testsuites>\n"
  }

  private func verdict(_ result: TestResult) -> TestResult.Verdict {
    result.verdict(failsOnLeaks: options.failsOnLeaks)
  }

  /// - Parameter errors: how many files have no tests because they are no scripts; each counts as one.
  private func counts(_ results: [TestResult], errors: Int) -> String {
    let failures = results.count { verdict($0) == .failed }
    let time = Self.seconds(results.reduce(0) { $0 + $1.duration })
    return
      " tests=\"\(results.count + errors)\" failures=\"\(failures)\" errors=\"\(errors)\" time=\"\(time)\""
  }

  private func testcase(_ result: TestResult) -> String {
    guard let run = result.run else { return "" }
    let test = result.test
    var inner = ""
    if verdict(result) == .failed {
      let leaks = run.answer.leaks.map { "leaked: \($0)\n" }.joined()
      let message = run.hasFailed ? run.answer.summary : "leaked: \(run.answer.leaks.first ?? "")"
      let replay = "seed \(run.seed); again: \(TestText(options).replay(test, run.seed))\n"
      inner += "      <failure message=\"\(Self.attribute(message))\">"
      inner += Self.content((run.answer.failure ?? "") + leaks + replay) + "</failure>\n"
      if !run.printed.isEmpty {
        inner += "      <system-out>\(Self.content(run.printed.text))</system-out>\n"
      }
    }
    let head =
      "    <testcase classname=\"\(Self.attribute(test.path))\" name=\"\(Self.attribute(test.name))\""
      + " file=\"\(Self.attribute(test.path))\" line=\"\(test.line)\" time=\"\(Self.seconds(result.duration))\""
    return inner.isEmpty ? head + "/>\n" : head + ">\n" + inner + "    </testcase>\n"
  }

  private static func seconds(_ nanoseconds: Int64) -> String {
    let fraction = "\(nanoseconds / 1_000_000 % 1000)"
    return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }

  /// Text between tags. XML has no way at all to write most control characters: they are shown as `\x1B`.
  static func content(_ text: String) -> String { escaped(text, isAttribute: false) }

  /// Text between quotes, whose line ends would be taken for spaces.
  static func attribute(_ text: String) -> String { escaped(text, isAttribute: true) }

  private static func escaped(_ text: String, isAttribute: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\r": result += "&#13;"
      case "\n" where isAttribute: result += "&#10;"
      case "\t" where isAttribute: result += "&#9;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}":
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\x" + (digits.count == 1 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
