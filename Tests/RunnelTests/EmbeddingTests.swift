// The library product, as those who embed it see it.

import Glibc
import Runnel
import Synchronization
import Testing

@Suite struct EmbeddingTests {
  @Test("the example of docs/embedding.md does what it says") func example() async throws {
    #expect(
      try await shippingRules() == [
        "anvil by truck, 3 left", "feather by mail, 900 left", "KeyError: no unicorn",
      ])
  }

  @Test("the example of docs/embedding.md is the one that is compiled") func exampleIsCurrent() throws {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let page = try text(of: "/\(folder)/../../docs/embedding.md")
    let code = try text(of: "/\(folder)/EmbeddingExample.swift")
    let begin = try #require(code.firstRange(of: "func shippingRules"))
    let body = code[begin.lowerBound...]
    #expect(page.contains(body.trimmed))
  }

  @Test("a script gives the value of its last expression") func value() async throws {
    #expect(try await Script("let x = 20\nx * 2 + 2").run() == 42)
    #expect(try await Script("let x = 1").run() == nil)
    #expect(
      try await Script("{a: [1, 2.5, \"b\"], \"c d\": nil}").run() == ["a": [1, 2.5, "b"], "c d": nil])
    #expect(
      try await Script("[1h30m, bytes(\"hi\"), true]").run() == [
        .duration(.seconds(5400)), .bytes([104, 105]), true,
      ])
  }

  @Test("problems have code, place and hint") func problems() throws {
    let problems = #expect(throws: ScriptProblems.self) {
      try Script("let a = 1\nprint(nowhere)", name: "bad.rnl")
    }
    let first = try #require(problems?.problems.first)
    #expect(first.code == "E0301")
    #expect(first.file == "bad.rnl")
    #expect((first.line, first.column) == (2, 7))
    #expect(problems?.description.contains("print(nowhere)") == true)
  }

  @Test("an uncaught error is thrown with its kind, message and report") func errors() async throws {
    let error = await #expect(throws: ScriptError.self) {
      try await Script("fn f() { raise ValueError(\"bad\") }\nf()", name: "s.rnl").run()
    }
    #expect(error?.kind == "ValueError")
    #expect(error?.message == "bad")
    #expect(error?.description.contains("s.rnl:1") == true)
    let end = await #expect(throws: ScriptExit.self) { try await Script("exit(3)").run() }
    #expect(end?.status == 3)
  }

  @Test("functions of a started script share its variables") func calls() async throws {
    let counter = try await Script("var n = 0\nfn next(by = 1) { n += by; n }\nfn all(...xs) { xs }").start()
    #expect(try await counter.call("next") == 1)
    #expect(try await counter.call("next", 5) == 6)
    #expect(try await counter.value(of: "n") == 6)
    #expect(try await counter.call("all", 1, "b") == [1, "b"])
    await #expect(throws: ScriptError.self) { try await counter.call("nowhere") }
    await #expect(throws: ScriptError.self) { try await counter.call("next", 1, 2, 3) }
    await counter.close()
    await #expect(throws: ScriptError.self) { try await counter.call("next") }
  }

  @Test("runs of one script have variables of their own") func independence() async throws {
    let script = try Script("var n = 0\nfor i in 0..1000 { n += 1 }\nn")
    let values = try await withThrowingTaskGroup(of: ScriptValue.self) { group in
      for _ in 0..<8 { group.addTask { try await script.run() } }
      var values: [ScriptValue] = []
      for try await value in group { values.append(value) }
      return values
    }
    #expect(values == Array(repeating: 1000, count: 8))
  }

  @Test("host functions take keyword arguments and raise errors") func hostFunctions() async throws {
    var options = ScriptOptions()
    options.functions = [
      HostFunction("shout(text, times = 1)") { arguments in
        guard let text = arguments[0].string else { throw ScriptError("TypeError", "a text, please") }
        return .string(String(repeating: text.uppercased(), count: arguments[1].int ?? 1))
      },
      HostFunction("sum(...numbers)") { .int($0.compactMap(\.int).reduce(0, +)) },
    ]
    #expect(try await Script("shout(\"a\", times: 3) + shout(\"b\")", options: options).run() == "AAAB")
    #expect(try await Script("sum(1, 2, 3)", options: options).run() == 6)
    #expect(
      try await Script("try { shout(1) } catch TypeError as e { e.message }", options: options).run()
        == "a text, please")
  }

  @Test("a waiting host function holds nobody up, and is cancelled by a deadline") func waiting() async throws
  {
    let isCancelled = Mutex(false)
    var options = ScriptOptions()
    options.functions = [
      HostFunction(waiting: "slow(n)") { arguments in
        try await Task.sleep(for: .milliseconds(20))
        return arguments[0]
      },
      HostFunction(waiting: "never()") { _ in
        do {
          try await Task.sleep(for: .seconds(60))
        } catch {
          isCancelled.withLock { $0 = true }
        }
        return nil
      },
    ]
    #expect(try await Script("gather for i in 0..5 { slow(i) }", options: options).run() == [0, 1, 2, 3, 4])
    let script = try Script("try { timeout 10ms { never() } } catch Timeout { \"late\" }", options: options)
    #expect(try await script.run() == "late")
    // Its task is told at once; when it gets to run is the system's business.
    while !isCancelled.withLock({ $0 }) { await Task.yield() }
  }

  @Test("cancelling the caller cancels the script, with its cleanup") func cancellation() async throws {
    let output = Mutex("")
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    var options = ScriptOptions()
    options.functions = [
      HostFunction("started()") { _ in
        start.finish()
        return nil
      }
    ]
    options.output = { text, _ in output.withLock { $0 += text } }
    let script = try Script("defer { print(\"cleaned up\") }\nstarted()\nwhile true { }", options: options)
    let task = Task { try await script.run() }
    for await _ in started {}
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(output.withLock { $0 } == "cleaned up\n")
  }

  @Test("what a script prints goes to the host, with its arguments") func output() async throws {
    let output = Mutex("")
    var options = ScriptOptions()
    options.arguments = ["a", "b"]
    options.output = { text, isError in output.withLock { $0 += isError ? "E:\(text)" : text } }
    try await Script("print(args)\neprint(\"oops\")", options: options).run()
    #expect(output.withLock { $0 } == "[\"a\", \"b\"]\nE:oops\n")
  }

  private func text(of path: String) throws -> String {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}

extension String {
  fileprivate func range(of part: String) -> Range<Index> {
    var start = startIndex
    while start < endIndex, !self[start...].hasPrefix(part) { start = index(after: start) }
    return start..<(index(start, offsetBy: part.count, limitedBy: endIndex) ?? endIndex)
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = self
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
