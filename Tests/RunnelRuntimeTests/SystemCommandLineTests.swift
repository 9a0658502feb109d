// `cli`: usage texts, and the arguments taken by them.

import Testing

@testable import RunnelRuntime

@Suite struct CommandLineTests {
  private let sync = "sync [--jobs=4] [--ratio=1.0] [--wait=5s] [--dry-run] [--tag=NAME...] SOURCE TARGET..."

  /// The map as it prints, or what is wrong, or `help`.
  private func outcome(_ usage: String, _ arguments: String...) throws -> String {
    switch CommandLineArguments.parse(arguments, try CommandLineUsage(usage)) {
    case .values(let values): return describeSafely(.object(MapObject(values)))
    case .help: return "help"
    case .wrong(let message): return "wrong: \(message)"
    }
  }

  @Test func `defaults give the values that are not given, and their types`() throws {
    #expect(
      try outcome(sync, "a", "b")
        == #"{jobs: 4, ratio: 1.0, wait: 5s, "dry-run": false, tag: [], source: "a", target: ["b"]}"#)
    #expect(
      try outcome(
        sync, "--jobs=8", "--tag=x", "--tag", "y", "--ratio", "0.5", "--dry-run", "--wait", "1h30m", "src",
        "a", "b")
        == #"{jobs: 8, ratio: 0.5, wait: 1h30m, "dry-run": true, tag: ["x", "y"], source: "src", target: ["a", "b"]}"#
    )
  }

  @Test(
    arguments: [
      // usage, one argument or none, the map
      ("x [--n=4]", "--n=-3", "{n: -3}"), ("x [--n=4]", "--n=1_000", "{n: 1000}"),
      ("x [--n=4KiB]", nil, "{n: 4096}"),
      ("x [--n=1MB]", "--n=2MiB", "{n: 2097152}"), ("x [--n=1.5]", "--n=2", "{n: 2.0}"),
      ("x [--n=1e3]", nil, "{n: 1000.0}"),
      ("x [--n=250ms]", "--n=1.5s", "{n: 1.5s}"), ("x [--n=-5s]", nil, "{n: -5s}"),
      ("x [--n=4x]", nil, #"{n: "4x"}"#),
      ("x [--n=a b]", nil, #"{n: "a b"}"#), ("x [--n=]", nil, #"{n: ""}"#), ("x [--n=]", "--n=", #"{n: ""}"#),
      ("x [--n=FILE]", nil, "{n: nil}"), ("x [--n=FILE]", "--n=4", #"{n: "4"}"#),
      ("x [--n=a=b]", "--n=c=d", #"{n: "c=d"}"#),
      ("x [--n=inf]", nil, #"{n: "inf"}"#), ("x [--n=0x10]", nil, #"{n: "0x10"}"#),
      ("x [--n]", "--n", "{n: true}"), ("x --n=NAME", "--n=5", #"{n: "5"}"#),
      ("x [TARGET]", nil, "{target: nil}"),
      ("x [TARGET]", "a", #"{target: "a"}"#), ("x [FILE...]", nil, "{file: []}"),
      ("x [FILE]...", "a", #"{file: ["a"]}"#),
      ("x IN-FILE", "a", #"{"in-file": "a"}"#), ("x FILE", "-", #"{file: "-"}"#),
      ("x FILE", "-5", #"{file: "-5"}"#),
      ("x FILE", "-5s", #"{file: "-5s"}"#), ("x FILE", "", #"{file: ""}"#), ("x", nil, "{}"),
      ("[--a] [--b=1]", nil, "{a: false, b: 1}"),
      ("git remote [--n=1] NAME", "a", #"{n: 1, name: "a"}"#), ("\n  x\n   [--n=1]\n", nil, "{n: 1}"),
    ] as [(String, String?, String)])
  func `a value has its default's type`(usage: String, argument: String?, map: String) throws {
    #expect(try (argument.map { try outcome(usage, $0) } ?? outcome(usage)) == map)
  }

  @Test func `options may stand anywhere before the first of several words`() throws {
    let usage = "run [--v] [--n=1] SCRIPT [ARG...]"
    #expect(
      try outcome(usage, "--v", "s", "--n=2", "a", "--v", "--x")
        == #"{v: true, n: 2, script: "s", arg: ["a", "--v", "--x"]}"#)
    #expect(try outcome(usage, "s", "--", "--v") == #"{v: false, n: 1, script: "s", arg: ["--v"]}"#)
    #expect(try outcome(usage, "s", "a", "--") == #"{v: false, n: 1, script: "s", arg: ["a", "--"]}"#)
    #expect(try outcome("x [--v] A [B]", "a", "--v", "b") == #"{v: true, a: "a", b: "b"}"#)
  }

  @Test func `several words may stand before the last`() throws {
    #expect(try outcome("cp SOURCE... TARGET", "a", "b", "c") == #"{source: ["a", "b"], target: "c"}"#)
    #expect(try outcome("cp SOURCE... TARGET", "a") == "wrong: `TARGET` is missing")
  }

  @Test func `the last of two wins, and repeated ones are kept`() throws {
    #expect(
      try outcome("x [--n=1] [--t=T...]", "--n=2", "--n", "3", "--t=a", "--t=b") == #"{n: 3, t: ["a", "b"]}"#)
  }

  @Test(arguments: [
    ("x [--jobs=4] SOURCE", ["--jbos=3", "src"], "unknown option `--jbos`; did you mean `--jobs`?"),
    ("x [--jobs=4]", ["--zzz"], "unknown option `--zzz`"),
    ("x [--jobs=4]", ["-j3"], "unknown option `-j3`; did you mean `--jobs`?"),
    ("x [--jobs=4]", ["-h"], "unknown option `-h`; did you mean `--help`?"),
    ("x [--jobs=4]", ["-z"], "unknown option `-z`"),
    ("x [--jobs=4]", ["--jobs"], "`--jobs` needs a value"),
    ("x [--jobs=4] [--v]", ["--jobs", "--v"], "`--jobs` needs a value"),
    ("x [--jobs=4]", ["--jobs=four"], "`--jobs` takes an int, not `four`"),
    ("x [--jobs=4]", ["--jobs=99999999999999999999"], "`--jobs` takes an int, not `99999999999999999999`"),
    ("x [--wait=5s]", ["--wait", "5"], "`--wait` takes a duration, not `5`"),
    ("x [--wait=5s]", ["--wait", "99999999999d"], "`--wait` takes a duration, not `99999999999d`"),
    ("x [--r=1.0]", ["--r=nan"], "`--r` takes a float, not `nan`"),
    ("x [--v]", ["--v=true"], "`--v` takes no value"),
    ("x SOURCE TARGET", ["a"], "`TARGET` is missing"),
    ("x SOURCE", [], "`SOURCE` is missing"),
    ("x FILE...", [], "`FILE` is missing"),
    ("x SOURCE", ["a", "b"], "`b` is one argument too many"),
    ("x", ["a"], "`a` is one argument too many"),
    ("x --to=WHOM", [], "`--to` is missing"),
  ])
  func `wrong use says what is wrong`(usage: String, arguments: [String], message: String) throws {
    guard case .wrong(let wrong) = CommandLineArguments.parse(arguments, try CommandLineUsage(usage)) else {
      return #expect(Bool(false), "it was taken")
    }
    #expect(wrong == message)
  }

  @Test func `help is asked for by --help, unless the script has its own`() throws {
    #expect(try outcome(sync, "--help") == "help")
    #expect(try outcome(sync, "--jobs=1", "a", "--help", "--nonsense") == "help")
    #expect(try outcome("x [ARG...]", "a", "--help") == #"{arg: ["a", "--help"]}"#)
    #expect(try outcome("x [ARG]", "--", "--help") == #"{arg: "--help"}"#)
    #expect(try outcome("x [--help=TOPIC]", "--help", "me") == #"{help: "me"}"#)
  }

  @Test func `help and complaints show the usage`() throws {
    let usage = try CommandLineUsage(" sync [--jobs=4] SOURCE ")
    #expect(
      CommandLineLibrary.help(usage, "Copies what has changed.\n")
        == "Copies what has changed.\n\nusage: sync [--jobs=4] SOURCE\n")
    #expect(CommandLineLibrary.help(usage, "") == "usage: sync [--jobs=4] SOURCE\n")
    #expect(
      CommandLineLibrary.complaint(usage, "`SOURCE` is missing")
        == "sync: `SOURCE` is missing\nusage: sync [--jobs=4] SOURCE\n")
  }

  @Test(arguments: [
    ("x [--a", 3, "the bracket is not closed"), ("x [--a]b", 3, "a space is missing after the bracket"),
    ("x [lower]", 3, "what is in brackets"), ("x A lower", 5, "after the program's name"),
    ("x --flag", 3, "write `[--flag]`"), ("x --n=4", 3, "write `[--n=4]`"),
    ("x [--n=4...]", 3, "has no default"),
    ("x [--v...]", 3, "a flag cannot be repeated"), ("x [-v]", 3, "long names"),
    ("x [--]", 3, "an option's name"),
    ("x [--a b=1]", 3, "an option's name"), ("x [A] B", 7, "no other argument can stand"),
    ("x A... B...", 8, "only one"),
    ("x [A] [B...]", 7, "no other argument"), ("x A... [B]", 8, "it is not plain"),
    ("x [A...] B", 10, "it is not plain"),
    ("x [--a] [--a=1]", 9, "would both be `a`"), ("  x [--source=1] SOURCE", 18, "would both be `source`"),
    ("x []", 3, "what is in brackets"),
  ])
  func `a usage text that is wrong is refused with its place`(usage: String, column: Int, message: String)
    async
  {
    let error = await systemError { .string(try CommandLineUsage(usage).text) }
    #expect(error.kind === ErrorKind.valueError)
    #expect(error.message.contains(message))
    #expect(error.data["column"].map(describeSafely) == "\(column)")
  }

  @Test func `the built-in ends the script with 2 where the arguments are wrong`() async {
    let error = await systemError {
      try await SystemBuiltins.call("", "cli", [.string("test-of-cli SOURCE")])
    }
    #expect(error.kind === ErrorKind.exit)
    #expect(error.exitCode == 2)
  }

  @Test(
    arguments: [
      ("1h30m", 5_400_000_000_000), ("1.5s", 1_500_000_000), ("250us", 250_000), ("-2m", -120_000_000_000),
      ("7d", 604_800_000_000_000),
      ("5", nil), ("s", nil), ("", nil), ("-", nil), ("5 s", nil), ("1.s", nil), (".5s", nil), ("1..5s", nil),
      ("5S", nil),
      ("9999999d", nil), ("1x", nil),
    ] as [(String, Int?)])
  func `durations are read as the language writes them`(text: String, nanoseconds: Int?) {
    #expect(Durations.parse(text) == nanoseconds)
  }
}
