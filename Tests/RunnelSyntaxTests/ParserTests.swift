// Trees: what language.md §3, §4, §6 to §11 and §14 say of the grammar, written down by the dumper.

import RunnelSyntax
import Testing

@Suite struct `The parser` {
  @Test(arguments: [
    ("a + b * c", "(+ a (* b c))"), ("a - b - c", "(- (- a b) c)"), ("-2 ** 2", "(- (** 2 2))"),
    ("a ** b ** c", "(** a (** b c))"), ("await a + b", "(+ (await a) b)"), ("a ?? b + c", "(?? a (+ b c))"),
    ("a ?? b == c", "(== (?? a b) c)"), ("0..n + 1", "(.. 0 (+ n 1))"), ("a ?? 0..n", "(?? a (.. 0 n))"),
    ("not a == b", "(not (== a b))"), ("not a and b", "(and (not a) b)"),
    ("a or b and c", "(or a (and b c))"),
    ("a not in b", "(not in a b)"), ("e is api.NotFound and x", "(and (is e api.NotFound) x)"),
    ("-a.b", "(- (. a b))"), ("await a.b()", "(await (call (. a b)))"), ("a // b % c", "(% (// a b) c)"),
    ("m?.groups[0].trim()", "(chain (call (. ([] (?. m groups) 0) trim)))"), ("a?[0]", "(chain (?[] a 0))"),
    ("xs[..2]", "([] xs (.. _ 2))"), ("xs[2..]", "([] xs (.. 2 _))"), ("xs[..]", "([] xs (.. _ _))"),
    ("xs[-20..]", "([] xs (.. (- 20) _))"), ("xs[..=n]", "([] xs (..= _ n))"),
  ])
  func `binds operators as tightly as they do`(_ text: String, _ written: String) {
    #expect(tree(text) == written)
  }

  @Test(arguments: [
    ("xs | map(f, limit: 4) | count", "(| xs (call map f (: limit 4)) count)"),
    ("xs | s => s | sum", "(| xs (lambda (parameters s) (| s sum)))"),
    ("timeout 5s { a } | f", "(| (timeout 5000000000ns (block a)) f)"),
    ("timeout 5s a | f", "(timeout 5000000000ns (| a f))"),
    ("spawn a | f", "(spawn (| a f))"),
    ("shield timeout 1s { a } | f", "(| (shield (timeout 1000000000ns (block a))) f)"),
    ("gather xs | f", "(| (gather all xs) f)"), ("$(a) | $(b)", "(| ($() (run a)) ($() (run b)))"),
    ("a\n  | b\n  | c", "(| a b c)"), ("yield ...s | filter(even)", "(yield... (| s (call filter even)))"),
    ("x ?? return nil", "(?? x (return nil))"), ("return a | b", "(return (| a b))"),
  ])
  func `lets bodies and pipelines reach as far as they do`(_ text: String, _ written: String) {
    #expect(tree(text) == written)
  }

  @Test(arguments: [
    ("x => {}", "(lambda (parameters x) (map))"),
    ("x => {a: 1}", #"(lambda (parameters x) (map (: "a" 1)))"#),
    ("x => {x, y: 2}", #"(lambda (parameters x) (map (: "x" x) (: "y" 2)))"#),
    ("x => {[k]: x}", "(lambda (parameters x) (map (: k x)))"),
    ("x => {...base}", "(lambda (parameters x) (map (... base)))"),
    ("x => {1: x}", "(lambda (parameters x) (map (: 1 x)))"),
    ("x => { x }", "(lambda (parameters x) (block x))"),
    ("x => { let y = x; y }", "(lambda (parameters x) (block (let y x) y))"),
    ("(a, b = 1, ...c) => a", "(lambda (parameters a (= b 1) (... c)) a)"),
    ("([a, b]) => a", "(lambda (parameters (list a b)) a)"), ("() => 1", "(lambda (parameters) 1)"),
    ("a => b => c", "(lambda (parameters a) (lambda (parameters b) c))"),
  ])
  func `tells maps from blocks after an arrow`(_ text: String, _ written: String) {
    #expect(tree(text) == written)
  }

  @Test(arguments: [
    ("retry 3 timeout 1s { a } else b", "(retry 3 (timeout 1000000000ns (block a)) (else b))"),
    ("spawn retry 3 timeout 1s { a } else x", "(spawn (retry 3 (timeout 1000000000ns (block a)) (else x)))"),
    (
      "shield timeout 1s retry 2 { a } else b", "(shield (timeout 1000000000ns (retry 2 (block a)) (else b)))"
    ),
    (
      "retry 3 { timeout 1s { a } else b } else c",
      "(retry 3 (block (timeout 1000000000ns (block a) (else b))) (else c))"
    ),
    ("retry 2 { a } else e { e.message }", "(retry 2 (block a) (else e (block (. e message))))"),
    ("timeout 5s if a { b } else { c }", "(timeout 5000000000ns (if a (block b) (else (block c))))"),
    ("timeout d f(2)", "(timeout d (call f 2))"), ("timeout d * 2 { f }", "(timeout (* d 2) (block f))"),
  ])
  func `gives an else to the outermost prefix form that takes one`(_ text: String, _ written: String) {
    #expect(tree(text) == written)
  }

  @Test func `reads every clause of retry, over several lines`() {
    #expect(
      tree(
        """
        retry 5
          backoff 200ms..10s
          jitter 0.5
          within 1m
          on ExitError, api.Busy as e if e.code == 2
          until x => x > 5 {
          f()
        }
        else e { g(e) }
        """) == """
          (retry 5
            (backoff (.. 200000000ns 10000000000ns))
            (jitter 0.5)
            (within 60000000000ns)
            (on ExitError api.Busy (as e) (if (== (. e code) 2)))
            (until (lambda (parameters x) (> x 5)))
            (block (call f))
            (else e (block (call g e))))
          """)
  }

  @Test(arguments: [
    (
      "spawn in s service as \"w{i}\" on pool(thread, 4) { a }",
      #"(spawn service (as (string "w" i)) (in s) (on (call pool thread 4)) (block a))"#
    ),
    ("spawn service.run()", "(spawn (call (. service run)))"),
    ("spawn detached f()", "(spawn detached (call f))"),
    (
      "gather settled for i, x in xs limit 4 on process { f(x) }",
      "(gather-for settled (in i x xs) (limit 4) (on process) (block (call f x)))"
    ),
    ("gather any [a]", "(gather any (list a))"), ("gather (settled)", "(gather all (paren settled))"),
    ("scope as s { a }", "(scope s (block a))"), ("let scope = 1\nscope", "(let scope 1)\nscope"),
    ("let on = limit + within", "(let on (+ limit within))"), ("test(1)", "(call test 1)"),
    ("error == 1", "(== error 1)"),
    ("assert(a) == b, \"c\"", #"(assert (== (paren a) b) "c")"#), ("assert = 1", "(= assert 1)"),
    ("error HttpNotFound is api.NotFound", "(error HttpNotFound api.NotFound)"),
    ("raise X(1) from e", "(raise (call X 1) (from e))"),
    ("defer error as e within 1m { a }", "(defer error e (within 60000000000ns) (block a))"),
    (
      "try { a } catch A, b.C as e if e.code == 2 { b } catch e { c } finally within 1m { d }",
      "(try (block a) (catch A b.C (as e) (if (== (. e code) 2)) (block b)) (catch (as e) (block c)) (finally (within 60000000000ns) (block d)))"
    ),
    ("with a as b { c }", "(with a b (block c))"),
    ("for {a, b} in xs { }", #"(for (in (map (: "a" a) (: "b" b)) xs) (block))"#),
    ("import './lib.rnl' as lib", #"(import "./lib.rnl" lib)"#),
  ])
  func `reads the forms with clauses, whose words are names elsewhere`(_ text: String, _ written: String) {
    #expect(tree(text).split(whereSeparator: \.isWhitespace) == written.split(whereSeparator: \.isWhitespace))
  }

  @Test(arguments: [
    ("1 | 2", "(| 1 2)"), ("-1", "-1"), ("..0", "(.. _ 0)"), ("10..", "(.. 10 _)"), ("1..=5", "(..= 1 5)"),
    ("int", "(type int)"), ("string as s", "(as (type string) s)"), ("x", "x"), ("_", "_"),
    ("Timeout", "(kind Timeout)"), ("api.NotFound {id}", #"(kind api.NotFound (map (: "id" id)))"#),
    ("[first, ...rest]", "(list first (... rest))"),
    ("{kind: \"a\", n, ...r}", #"(map (: "kind" "a") (: "n" n) (... r))"#),
    ("{error}", #"(map (: "error" error))"#), ("{list: list}", #"(map (: "list" (type list)))"#),
    ("5s", "5000000000ns"),
  ])
  func `reads patterns`(_ pattern: String, _ written: String) {
    #expect(tree("match v { \(pattern) => 0 }") == "(match v (=> \(written) 0))")
  }

  @Test func `binds every name outside of match`() {
    #expect(tree("let [list, Timeout] = x") == "(let (list list Timeout) x)")
  }

  @Test func `marks generators, not the functions around them`() {
    #expect(tree("fn f() { yield 1 }") == "(fn* f (parameters) (block (yield 1)))")
    #expect(
      tree("fn f() { fn g() { yield 1 } }")
        == "(fn f (parameters) (block (fn* g (parameters) (block (yield 1)))))")
    #expect(
      tree("fn f() { x => { yield 1 } }")
        == "(fn f (parameters) (block (lambda* (parameters x) (block (yield 1)))))")
    // The resolver refuses it, and has to know.
    #expect(tree("fn f() { timeout 1s { yield 1 } }").hasPrefix("(fn* f"))
  }

  @Test func `goes on in the next line where the page says so`() {
    #expect(tree("let a = 1 +\n 2\n") == "(let a (+ 1 2))")
    #expect(tree("xs\n  .map(f)\n  # why\n  ?.b\n  | c") == "(| (chain (?. (call (. xs map) f) b)) c)")
    #expect(tree("a\n(b)\n[c]\n-d") == "a\n(paren b)\n(list c)\n(- d)")
    #expect(tree("if a\n{ b }\nelse { c }") == "(if a (block b) (else (block c)))")
    #expect(tree("f(a,\n  b\n)") == "(call f a b)")
  }

  @Test func `attaches documentation to what stands below it`() {
    let text = """
      ## About the file.

      ## Adds.
      ##   Twice.
      fn add(a) { a }
      ## Not this one.

      let x = 1
      ## A kind.
      error Busy
      """
    let result = Parser.parse(SourceFile(name: "t", text: text))
    #expect(result.tree.documentation == "About the file.")
    #expect(
      SyntaxTreeDumper.dump(result.tree) == """
        (documentation "About the file.")
        (fn (## "Adds.\\n  Twice.") add (parameters a) (block a))
        (let x 1)
        (error (## "A kind.") Busy)

        """)
  }

  @Test func `numbers identifiers and functions from 0`() {
    let (tree, _) = Parser.parse(SourceFile(name: "t", text: "fn f(a) { spawn { b } }\nlet g = x => x"))
    #expect(tree.functionCount == 3)
    #expect(tree.identifierCount == 6)
  }
}

@Suite struct `Input for the REPL` {
  @Test(
    arguments: [
      "", "1 + 2", "let a = 1", "f(", "a b", "\"abc", "if a { b }", "return", "@", "1 + * 2", ")", "x.y",
      "$ ls", "let a = 1\n\nb",
    ].filter { $0 != "f(" })
  func `is complete when further lines could not mend it`(_ text: String) {
    #expect(isComplete(text) == .complete)
  }

  @Test(arguments: [
    "f(", "[1,", "{a: 1", "fn f() {", "fn f()", "1 +", "let a =", "x =>", "a |", "\"\"\"abc", "'''x", "'abc",
    "$(ls", "$ ls |",
    "$ ls \\\n", "if a", "if a {\n  b", "match x {", "retry 3", "timeout 5s", "\"a {f(", "xs.map(x => {",
    "try {", "a.", "not", "for x in",
    "$ ls '", "let", "spawn",
  ])
  func `is incomplete when further lines could finish it`(_ text: String) {
    #expect(isComplete(text) == .incomplete)
  }
}
