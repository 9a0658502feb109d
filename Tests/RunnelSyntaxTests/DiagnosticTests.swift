// What people are told: each message with its place and its advice, and how it looks.

import RunnelSyntax
import Testing

/// The diagnostics of a text as they are shown.
private func rendered(_ text: String, width: Int = 100) -> String {
  DiagnosticRenderer(width: width).render(diagnose(text))
}

@Suite struct `Syntax errors` {
  /// A text, the code of its one error, and something of its message or hint.
  @Test(arguments: [
    ("let x = 1 + * 2", "E0201", "found `*`"), ("x = ", "E0201", "end of the text"),
    ("let = 3", "E0206", "found `=`"),
    ("let x: int = 1", "E0228", "no declared types"), ("let a, b = c", "E0202", "let [a, b]"),
    ("let a\nb", "E0202", "= nil"),
    ("let if = 1", "E0206", "keyword"), ("fn if() {}", "E0204", "keyword"), ("fn f", "E0202", "parameters"),
    ("fn f() => 1", "E0205", "{ … }"), ("fn f(a: int) {}", "E0228", "types"),
    ("fn f(...a, b) {}", "E0221", "last"),
    ("let f = fn g() {}", "E0202", "name out"), ("(a, b)", "E0202", "tuples"), ("()", "E0201", "nil"),
    ("[a", "E0207", "never closed"),
    ("f(a", "E0207", "never closed"), ("if a {", "E0207", "never closed"), ("a }", "E0208", "closes nothing"),
    ("a )", "E0208", "closes nothing"),
    ("if a = b { }", "E0222", "`==`"), ("if a: b", "E0205", "{ … }"), ("if a then b", "E0228", "then"),
    ("if {a: 1} == x { }", "E0209", "parentheses"),
    ("a < b < c", "E0210", "chain"), ("a..b..c", "E0214", "chain"), ("xs | count > 2", "E0211", "parenthes"),
    ("xs | 3", "E0212", "stage"),
    ("(2..)", "E0213", "open range"), ("for i in 0.. { }", "E0213", "open range"),
    ("xs[1..=]", "E0213", "upper bound"),
    (#""\\d{3}""#, "E0215", "single quotes"), ("$ echo a{1..3}", "E0215", "single quotes"),
    (#""{}""#, "E0216", "\\{"),
    ("{(k): v}", "E0217", "{[key]: value}"), ("{ let a = 1 }", "E0217", "scope"), ("$ A=1", "E0218", "env.A"),
    ("$ a | | b", "E0218", "missing"),
    ("$ ls >", "E0219", "file"), ("f(yield 1)", "E0220", "statement"),
    ("x => yield 1", "E0220", "{ yield … }"),
    ("a == not b", "E0227", "(not …)"), ("e is not X", "E0223", "not (e is"),
    ("x is nil", "E0223", "x == nil"),
    ("import a", "E0224", "quotes"), ("import \"a\"", "E0202", "as name"),
    ("spawn as x { }", "E0224", "quotes"),
    ("retry 3 backoff 1s every 2s { }", "E0225", "exclude"), ("retry { a }", "E0201", "attempts"),
    ("a?.b = 1", "E0305", "assigned"),
    ("f() = 1", "E0305", "assigned"), ("[a, b] = c", "E0305", "let [a, b]"), ("a++", "E0228", "x += 1"),
    ("// hi there", "E0228", "#"),
    ("a // b c /* d", "E0203", ""), ("else { }", "E0201", "belongs to no"),
    ("catch e { }", "E0201", "belongs to no"),
    ("match x { 1: 2 }", "E0202", "pattern => value"), ("match x { 1 => 2; 3 => 4 }", "E0202", "new line"),
    ("try { } catch e as f { }", "E0223", "capitalised"),
    ("try { } finally { } catch e { }", "E0202", "before"),
    ("f(a = 1)", "E0202", "f(limit: 4)"), ("[x for x in xs]", "E0228", "xs.map"),
    ("f(x) { y }", "E0203", "trailing closures"),
    ("a b", "E0203", "new line"), ("[a] => 1", "E0203", "([a, b])"), (".5", "E0201", "0.5"),
    ("fro x in xs { }", "E0203", "`for`"),
    ("whlie true { }", "E0203", "`while`"), ("elif x { }", "E0228", "else if"),
    ("def f(): x", "E0228", "fn name"), ("throw x", "E0228", "raise"),
    ("function f() { }", "E0228", "fn name"), ("for (x in xs) { }", "E0206", "without parentheses"),
    ("for x of xs { }", "E0202", "for x in"),
  ])
  func `say what is wrong and what to write`(_ text: String, _ code: String, _ part: String) {
    let diagnostics = diagnose(text)
    #expect(diagnostics.count == 1, "\(diagnostics.map(\.message))")
    #expect(diagnostics.first?.code.rawValue == code, "\(diagnostics.first?.message ?? "")")
    let said = (diagnostics.first?.message ?? "") + " " + (diagnostics.first?.hint ?? "")
    #expect(part.isEmpty || said.contains(part), "\(said)")
  }

  @Test func `are all reported, each once`() {
    let text = """
      fn a() { return 1 + }
      fn ok() { 1 }
      fn b() { let = 3 }
      if x = 3 {
        let y = (1 + ]
        print("ok")
        z +
      }
      let m = match q {
        1 => ,
        2 => "two"
        3 -> 4
      }
      print(1, 2
      """
    #expect(
      diagnose(text).map { "\($0.source.place(of: $0.span.start).line):\($0.code.rawValue)" }
        == ["1:E0201", "3:E0206", "4:E0222", "5:E0201", "8:E0201", "10:E0201", "12:E0202", "14:E0207"])
  }

  @Test func `follow from each other only once`() {
    #expect(diagnose("let x = foo(1, 2\nlet y = 3\n$ ls\nlet z = 4\n").map(\.code) == [.unclosedBracket])
    #expect(diagnose("let s = \"a {b\nif c { d }\nlet e = \"f\"\n").map(\.code) == [.unterminatedString])
    #expect(diagnose("fn f() {\n  print(\"a {b)\n}\nlet c = 1 +\n").count == 2)
    #expect(diagnose("x = [1, 2, [3, {a: (}]\ny = 2\n").count == 1)
    #expect(diagnose("fn f(a b) {\n  let = 1\n}\n").count == 2)
  }

  @Test func `never tell the same code two stories`() {
    #expect(Set(DiagnosticCode.allCases.map(\.rawValue)).count == DiagnosticCode.allCases.count)
  }
}

@Suite struct `Rendered diagnostics` {
  @Test func `show place, line, caret, label and hint`() {
    #expect(
      rendered("\n\nlet x = 1 + * 2\n") == """
        error[E0201]: expected an expression, found `*`
         --> test.rnl:3:13
          |
        3 | let x = 1 + * 2
          |           - ^
          |           needs a value after it

        """)
    #expect(
      rendered("print(xs | count > 2)") == """
        error[E0211]: `>` after a stage: `|` binds loosest
         --> test.rnl:1:18
          |
        1 | print(xs | count > 2)
          |       ---------- ^
          |       the pipeline
          = hint: put the pipeline in parentheses: `(xs | count) > …`

        """)
  }

  @Test func `show the lines of labels too`() {
    #expect(
      rendered("f(a,\n  b,\n  c d)") == """
        error[E0202]: expected `,` or `)`, found the name `d`
         --> test.rnl:3:5
          |
        1 | f(a,
          |  - opened here
        2 |   b,
        3 |   c d)
          |     ^

        """)
  }

  @Test func `align under tabs and wide characters`() {
    #expect(
      rendered("\tlet 名前 = * 2") == """
        error[E0201]: expected an expression, found `*`
         --> test.rnl:1:11
          |
        1 |     let 名前 = * 2
          |              - ^
          |              needs a value after it

        """)
  }

  @Test func `cut long lines around the place`() {
    let long =
      "let x = [" + String(repeating: "1, ", count: 100) + "*, " + String(repeating: "2, ", count: 100) + "]"
    let lines = rendered(long, width: 40).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[3] == "1 | …, 1, 1, 1, 1, *, 2, 2, 2, 2, 2, 2, 2, …" || lines[3].contains("*"))
    let caret = lines[4].firstIndex(of: "^").map { lines[4].distance(from: lines[4].startIndex, to: $0) }
    let star = lines[3].firstIndex(of: "*").map { lines[3].distance(from: lines[3].startIndex, to: $0) }
    #expect(caret != nil && caret == star)
    #expect(lines[3].count <= 46)
  }

  @Test(arguments: [0, 1, 500_000, 999_999])
  func `find the place in a line of any length`(_ before: Int) {
    let source = SourceFile(
      name: "test.rnl",
      text: String(repeating: "é", count: before) + "*" + String(repeating: "\t", count: 1_000_000 - before))
    let diagnostic = Diagnostic(
      .expectedExpression, source: source, span: Span(2 * before, 2 * before + 1), message: "found `*`")
    let lines = DiagnosticRenderer(width: 40).render(diagnostic).split(separator: "\n")
    #expect(lines[1].hasSuffix("test.rnl:1:\(before + 1)"))
    let star = lines[3].firstIndex(of: "*").map { lines[3].distance(from: lines[3].startIndex, to: $0) }
    let caret = lines[4].firstIndex(of: "^").map { lines[4].distance(from: lines[4].startIndex, to: $0) }
    #expect(star != nil && star == caret)
    #expect(lines[3].count <= 46)
  }

  @Test func `cut names that nobody reads to their end`() {
    let name = String(repeating: "x", count: 100_000)
    let diagnostic = Diagnostic(
      .undefinedName, source: SourceFile(name: "test.rnl", text: ""), span: .none,
      message: "unknown name `\(name)`, not `y`", hint: "say `\(name)`")
    #expect(diagnostic.message == "unknown name `\(name.prefix(79))…`, not `y`")
    #expect(diagnostic.hint == "say `\(name.prefix(79))…`")
  }

  @Test func `show no control characters`() {
    let shown = rendered("let x = \u{1B}[31m\u{202E} 1")
    #expect(!shown.unicodeScalars.contains("\u{1B}") && !shown.unicodeScalars.contains("\u{202E}"))
  }

  @Test func `are coloured on demand`() {
    let shown = DiagnosticRenderer(color: true).render(diagnose("let = 1"))
    #expect(shown.hasPrefix("\u{1B}[1;31merror[E0206]\u{1B}[0m"))
  }

  @Test func `are objects as JSON`() {
    let json = DiagnosticRenderer().renderJSON(diagnose("print(\"é\" | 3)"))
    #expect(
      json
        == #"{"severity":"error","code":"E0212","message":"a stage is a call, a name, a lambda or a command","file":"test.rnl","span":{"start":13,"end":14},"start":{"line":1,"column":13},"end":{"line":1,"column":14},"labels":[{"span":{"start":11,"end":12},"start":{"line":1,"column":11},"end":{"line":1,"column":12},"text":"what follows is called with the stream"}],"hint":"write `| map(x => …)` or `| s => …`"}"#
        + "\n")
  }
}

@Suite struct `The nearest name` {
  @Test(arguments: [
    ("pirnt", "print"), ("lenght", "length"), ("fetcj", "fetch"), ("Timout", "Timeout"), ("prnt", "print"),
  ])
  func `is found through a slip`(_ name: String, _ meant: String) {
    #expect(NearestName.suggest(for: name, among: ["count", "fetch", "length", "print", "Timeout"]) == meant)
  }

  @Test func `is none when nothing is near`() {
    #expect(NearestName.suggest(for: "zebra", among: ["count", "print"]) == nil)
    #expect(NearestName.suggest(for: "x", among: ["y", "z"]) == nil)
    #expect(NearestName.suggest(for: "", among: ["a"]) == nil)
  }
}
