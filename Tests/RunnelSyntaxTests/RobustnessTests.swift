// Whatever the bytes: the parser ends, within its limits, and says something about what it refuses.

import Foundation
import RunnelSyntax
import Testing

@Suite struct `The parser, given anything` {
  /// Parses bytes, checks what holds for every text, and gives the diagnostics.
  @discardableResult
  private func parse(_ bytes: [UInt8]) -> [Diagnostic] {
    let source = SourceFile(name: "test.rnl", bytes: bytes)
    let (tree, diagnostics) = Parser.parse(source)
    for diagnostic in diagnostics {
      #expect(Int(diagnostic.span.end) <= bytes.count && diagnostic.span.start <= diagnostic.span.end)
    }
    #expect(diagnostics.map(\.span.start) == diagnostics.map(\.span.start).sorted())
    if !diagnostics.isEmpty {
      let rendered = DiagnosticRenderer().render(diagnostics)
      #expect(rendered.contains("^"))
    }
    if diagnostics.isEmpty { #expect(!SyntaxTreeDumper.dump(tree).contains("(invalid")) }
    return diagnostics
  }

  @discardableResult
  private func parse(_ text: String) -> [Diagnostic] { parse(Array(text.utf8)) }

  private static let nestings = [
    ("(", ")"), ("[", "]"), ("{a:", "}"), ("{", "}"), ("- ", ""), ("not ", ""), ("await ", ""), ("x=>", ""),
    ("x=>{", "}"), ("if x {", "}"), ("if ", ""), ("while a {", "}"), ("for x in ", ""),
    ("match x { _ => ", "}"),
    ("match ", ""), ("try { ", "}"), ("try {} catch e if ", ""), ("with ", ""), ("scope { ", "}"),
    ("fn f() {", "}"), ("fn (a = ", ")"), ("spawn ", ""), ("gather ", ""), ("gather for x in ", ""),
    ("timeout 1s ", ""), ("timeout 1s {} else ", ""), ("shield ", ""), ("retry 3 ", ""),
    ("retry 3 until x => ", ""),
    ("return ", ""), ("raise ", ""), ("raise x from ", ""), ("f(", ")"), ("f(a:", ")"), ("[...", "]"),
    ("a[", "]"),
    ("\"{", "}\""), ("\"\"\"{", "}\"\"\""), ("$(a {", "})"), ("$(a \"{", "}\")"), ("$ a {", "}"),
    ("{[", "]}"),
    ("let [", "]"), ("match x { [", "]"), ("match x { {a: ", "}"), ("defer { ", "}"), ("([{a:-", "}])"),
    ("1 ** ", ""), ("(a) => ", ""), ("test \"a\" {", "}"),
  ]

  @Test(arguments: nestings)
  func `nested ten thousand deep says so, and does not overflow the stack`(
    _ opening: String, _ closing: String
  ) {
    #expect(!parse(String(repeating: opening, count: 10_000)).isEmpty)
    let closed = parse(
      String(repeating: opening, count: 2000) + "x" + String(repeating: closing, count: 2000))
    #expect(!closed.isEmpty)
  }

  @Test(arguments: nestings.prefix(9).map(\.0))
  func `nested a hundred thousand deep says so too`(_ opening: String) {
    #expect(!parse(String(repeating: opening, count: 100_000)).isEmpty)
  }

  @Test(arguments: [
    ("1", "+1"), ("a", " or b"), ("a", " ?? b"), ("a", ".b"), ("a", "()"), ("a", "[0]"), ("a", "?.b"),
    ("a", " * b"),
  ])
  func `with a chain of 100,000 parts says that they are too many`(_ first: String, _ part: String) {
    let long = parse(first + String(repeating: part, count: 100_000))
    #expect(long.map(\.code) == [.nestedTooDeeply])
    #expect(parse(first + String(repeating: part, count: 900)).isEmpty)
  }

  @Test func `with chains within nesting bounds their product`() {
    let text =
      String(repeating: "(", count: 100) + "1"
      + String(repeating: String(repeating: "+1", count: 900) + ")", count: 100)
    #expect(parse(text).map(\.code) == [.nestedTooDeeply])
  }

  @Test(arguments: [
    "a;", "a | b\n", "x => 1, ", "1, ", "else ", "|", "..", ")", "}", "@", "\u{1}", "'", "\"", "\"\"\"", "$ ",
    "$(a\n", "#\n", "##\n", "\\", "9", "1h", "_", "a ", "if x {} else ", "let a\n",
  ])
  func `with anything repeated 10,000 times ends`(_ piece: String) {
    parse(String(repeating: piece, count: 10_000))
    parse("[" + String(repeating: piece, count: 10_000) + "]")
  }

  @Test func `nests as deep as people do`() {
    let depth = 60
    #expect(parse(String(repeating: "if a { ", count: depth) + String(repeating: "}", count: depth)).isEmpty)
    #expect(parse(String(repeating: "[", count: 150) + String(repeating: "]", count: 150)).isEmpty)
  }

  @Test func `takes an if with a thousand else ifs`() {
    #expect(parse("if a {} " + String(repeating: "else if b {} ", count: 1000)).isEmpty)
  }

  @Test func `survives random bytes`() {
    var numbers = SeededNumbers(seed: 1)
    for _ in 0..<400 {
      let length = Int.random(in: 0..<300, using: &numbers)
      parse((0..<length).map { _ in UInt8.random(in: 0...255, using: &numbers) })
    }
  }

  @Test func `survives random characters of the language`() {
    var numbers = SeededNumbers(seed: 2)
    let characters = Array("abx01 \n\n(){}[]<>|=+-*/.,:;?!'\"\\$#&_`~%é\u{1F600}\t\r\u{0}".utf8)
    for _ in 0..<600 {
      let length = Int.random(in: 0..<200, using: &numbers)
      parse((0..<length).map { _ in characters.randomElement(using: &numbers) ?? 0 })
    }
  }

  @Test func `survives a soup of tokens`() {
    var numbers = SeededNumbers(seed: 3)
    let words =
      Keyword.allCases.map(\.rawValue) + ContextualWord.allCases.map(\.rawValue)
      + Symbol.allCases.map(\.rawValue)
      + [
        "a", "b", "Error", "int", "1", "5s", "1.5", "\"s\"", "\"{a}\"", "'r'", "$(ls {a})", "$ ls\n", "\n",
        "\n", "\"", "{", "}", "# c\n", "## d\n",
      ]
    for _ in 0..<600 {
      let length = Int.random(in: 0..<120, using: &numbers)
      parse((0..<length).map { _ in words.randomElement(using: &numbers) ?? "" }.joined(separator: " "))
    }
  }

  @Test func `survives every script cut short and with bytes changed`() {
    var numbers = SeededNumbers(seed: 4)
    for script in Scripts.all {
      let bytes = Array(script.text.utf8)
      guard !bytes.isEmpty else { continue }
      parse(Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &numbers))))
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &numbers) {
        changed[Int.random(in: 0..<changed.count, using: &numbers)] = UInt8.random(
          in: 0...127, using: &numbers)
      }
      parse(changed)
      let from = Int.random(in: 0..<bytes.count, using: &numbers)
      let to = Int.random(in: from..<bytes.count, using: &numbers)
      parse(Array(bytes[..<from] + bytes[to...]))
    }
  }

  @Test func `numbers identifiers and functions densely`() {
    for script in Scripts.all {
      let (tree, diagnostics) = Parser.parse(SourceFile(name: script.path, text: script.text))
      guard diagnostics.isEmpty else { continue }
      #expect(tree.identifierCount >= 0 && tree.functionCount >= 0)
    }
  }
}
