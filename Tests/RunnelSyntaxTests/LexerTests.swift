// Tokens: what language.md §2 and §13 say of the text itself.

import RunnelSyntax
import Testing

@Suite struct `The lexer` {
  /// The one literal that a text is.
  private func literal(_ text: String) -> String { tree(text) }

  private func codes(_ text: String) -> [DiagnosticCode] { diagnose(text).map(\.code) }

  @Test(arguments: [
    ("42", "42"), ("1_000", "1000"), ("0xff", "255"), ("0xFF", "255"), ("0b1010", "10"), ("0o755", "493"),
    ("1.5", "1.5"), ("1e-9", "1e-09"), ("1E3", "1000.0"), ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"), ("0x7fff_ffff_ffff_ffff", "9223372036854775807"),
    ("4KiB", "4096"), ("10MB", "10000000"), ("1.5KB", "1500"), ("2GiB", "2147483648"),
    ("1TB", "1000000000000"),
  ])
  func `reads numbers and sizes`(_ text: String, _ value: String) { #expect(literal(text) == value) }

  @Test(arguments: [
    ("250us", "250000ns"), ("100ms", "100000000ns"), ("5s", "5000000000ns"), ("2m", "120000000000ns"),
    ("1h30m", "5400000000000ns"), ("7d", "604800000000000ns"), ("1.5s", "1500000000ns"),
    ("0.1s", "100000000ns"),
    ("1ns", "1ns"), ("1s500ms", "1500000000ns"), ("106751d", "9223286400000000000ns"),
  ])
  func `reads durations`(_ text: String, _ value: String) { #expect(literal(text) == value) }

  @Test(arguments: [
    "9223372036854775808", "-9223372036854775809", "0x8000000000000000", "1e400", "106752d", "9300000TB",
    "99999999999999999999s",
  ])
  func `refuses numbers that do not fit`(_ text: String) { #expect(codes(text) == [.numberTooLarge]) }

  @Test(arguments: ["0x", "0b2", "0o8", "0xg", "5q", "1h30", "1e", "4kb", "5sec", "12abc", "1_s2"])
  func `refuses what is no number`(_ text: String) { #expect(codes(text) == [.badNumber]) }

  @Test(arguments: [
    ("4kb", "`4KB`"), ("4kib", "`4KiB`"), ("5min", "`5m`"), ("3hours", "`3h`"), ("5µs", "`5us`"),
  ])
  func `says how a unit is written`(_ text: String, _ hint: String) {
    #expect(diagnose(text).first?.hint?.contains(hint) == true)
  }

  @Test(arguments: [
    (#""a""#, #""a""#), (#""a\n\t\\\"\{\}""#, #""a\n\t\\\"{}""#), (#""\u{1F600}""#, "\"\u{1F600}\""),
    (#"'raw {x} \n'"#, #""raw {x} \\n""#), (#""a } b""#, #""a } b""#), (#""""#, #""""#),
    (#""hi {name}!""#, #"(string "hi " name "!")"#), (#""{n * 2:>8}""#, #"(string (format (* n 2) ">8"))"#),
    (#""{"a{b}"}""#, #"(string (string "a" b))"#), (#""{f(a: 1)}""#, #"(string (call f (: a 1)))"#),
    ("'a\nb'", #""a\nb""#),
  ])
  func `reads strings`(_ text: String, _ written: String) { #expect(literal(text) == written) }

  @Test(arguments: [
    ("\"\"\"\n  one\n    two {n}\n  end\n  \"\"\"", #"(string "one\n  two " n "\nend")"#),
    ("\"\"\"one\"\"\"", #""one""#), ("\"\"\"\none\"\"\"", #""one""#), ("\"\"\"\n\"\"\"", #""""#),
    ("'''\n  {x}\n\n  \\n\n  '''", #""{x}\n\n\\n""#), ("\"\"\"\n\ta\n\t\tb\n\t\"\"\"", #""a\n\tb""#),
    ("\"\"\"\r\n  a\r\n  \"\"\"", #""a""#), ("\"\"\"say \"hi\" now\"\"\"", #""say \"hi\" now""#),
    ("\"\"\"\n  a\\n  b\n  \"\"\"", #""a\n  b""#),
  ])
  func `takes the closing line's indentation from multi-line strings`(_ text: String, _ written: String) {
    #expect(literal(text) == written)
  }

  @Test(arguments: [#""\d""#, #""\u""#, #""\u{}""#, #""\u{110000}""#, #""\u{D800}""#])
  func `refuses escapes that are none`(_ text: String) { #expect(codes(text) == [.badEscape]) }

  @Test(arguments: ["\"a", "\"a\nb", "'a", "\"\"\"a", "'''a", "\"a {b\"", "\"a {b", "\"a\\\nlet b = 1"])
  func `reports a text without its end once`(_ text: String) { #expect(codes(text) == [.unterminatedString]) }

  @Test func `goes on in the line after a string without its end`() {
    #expect(codes("let a = \"b\nlet c = 1 +\n") == [.unterminatedString, .expectedExpression])
  }

  @Test(arguments: [
    ("x && y", "`and`"), ("x || y", "`or`"), ("!x", "`not`"), ("x === y", "`==`"), ("a ? b : c", "`if"),
    ("`ls`", "`$(…)`"), ("a ^ b", "`a ** b`"),
  ])
  func `says what to write for other languages' operators`(_ text: String, _ hint: String) {
    let diagnostics = diagnose(text)
    #expect(diagnostics.count == 1)
    #expect(diagnostics.first?.hint?.contains(hint) == true)
  }

  @Test func `takes Unicode names`() {
    #expect(tree("let größe = 名前 + λ") == "(let größe (+ 名前 λ))")
  }

  @Test func `passes a byte order mark, a shebang line and carriage returns`() {
    #expect(diagnose("\u{FEFF}#!/usr/bin/env runnel\r\nlet a = 1\r\nprint(a)\r\n").isEmpty)
  }

  @Test func `names invisible characters`() {
    #expect(codes("a\u{A0}+ b") == [.invisibleCharacter])
    #expect(diagnose("a\u{200B}").first?.message.contains("U+200B") == true)
  }

  @Test(arguments: [
    ("$ make -j {n}", "($ (run make -j ({} n)))"),
    ("$(a b | c)", "($() (run a b) (run c))"),
    ("$?(grep -q x {file})", "($?() (run grep -q x ({} file)))"),
    (
      "$ echo --n={n} \"it's {n}\" {} '$1' a\\ b",
      #"($ (run echo (word --n= ({} n)) (word "it's " ({} n)) {} "$1" (word a " " b)))"#
    ),
    ("$ a \"{xs}\" {xs}", #"($ (run a (word "" ({} xs)) ({} xs)))"#),
    ("$ A=1 B={x} C= sh -c 'x'", #"($ (run (env A 1) (env B ({} x)) (env C (word)) sh -c "x"))"#),
    ("$ sort < in > out 2>> err", "($ (run sort (< in) (> out) (2>> err)))"),
    ("$ a 2>&1 > f", "($ (run a 2>&1 (> f)))"),
    ("$ echo a#b # not this", "($ (run echo a#b))"),
    ("$ a \\\n b |\n c", "($ (run a b) (run c))"),
    ("$ x2>f", "($ (run x2 (> f)))"),
    (#"$ printf "\d\n\$HOME\"""#, #"($ (run printf "\\d\n$HOME\""))"#),
    ("$ ls *.txt ~/a", "($ (run ls *.txt ~/a))"),
  ])
  func `reads commands`(_ text: String, _ written: String) { #expect(tree(text) == written) }

  @Test func `ends a command at the line's end, a semicolon or an unmatched brace`() {
    #expect(tree("$ echo c; let x = 1") == "($ (run echo c))\n(let x 1)")
    #expect(tree("try { $ echo a } catch e { }") == "(try (block ($ (run echo a))) (catch (as e) (block)))")
  }

  @Test(arguments: [
    ("$ true && echo hi", "two statements"), ("$ true || echo", "try"), ("$ sleep 1 &", "spawn"),
    ("$ a &> f", "> file 2>&1"), ("$ cat << END", "text | $(…)"), ("$ echo `date`", "let name = $(…)"),
    ("$ echo a$(date)", "let name = $(…)"), ("let x = $(a; b)", "two commands"),
    ("$ echo $HOME", "{env.HOME}"),
    ("$ echo \"by $USER\"", "{env.USER}"), ("$ echo ${HOME}", "{env.NAME}"), ("f($ echo hi)", "$(…)"),
    ("$(echo a\n  echo b)", "`\\`"), ("$ echo 1>&2", ">&2"), ("$ (a)", "quotes"), ("$(a })", "quotes"),
    ("$HOME", "env.HOME"),
  ])
  func `refuses a shell's habits once, and says what to write`(_ text: String, _ advice: String) {
    let diagnostics = diagnose(text)
    #expect(diagnostics.count == 1)
    #expect(diagnostics.first?.hint?.contains(advice) == true)
  }

  @Test func `reads a file of captures without ends in bounded time`() {
    #expect(!diagnose(String(repeating: "print($(echo a\n", count: 5000)).isEmpty)
  }

  @Test func `goes on after a capture without its end`() {
    #expect(codes("let a = $(echo b\nlet c = 1 +\n") == [.unterminatedCommand, .expectedExpression])
  }

  @Test func `writes tokens down`() {
    let list = Lexer.tokenize(SourceFile(name: "t", text: "print(\"a{b}\")"))
    #expect(
      TokenDumper.dump(list) == """
        1:1      name               print
        1:6      symbol             (
        1:7      stringStart        "
        1:8        stringText         "a"
        1:9        interpolationStart {
        1:10         name               b
        1:11       interpolationEnd   }
        1:12     stringEnd          "
        1:13     symbol             )
        1:14     endOfFile

        """)
  }
}
