// Patterns: which names they match, and which files they find.

import RunnelSystem
import Testing

@testable import RunnelRuntime

@Suite struct GlobTests {
  @Test(arguments: [
    ("*", "a", true), ("*", "", true), ("*", ".a", false), (".*", ".a", true), ("?a", ".a", false),
    ("[.]a", ".a", false), ("*.txt", "a.txt", true), ("*.txt", ".txt", false), ("a*c", "abbc", true),
    ("a*c", "abcd", false), ("a*b*c", "aXbYbZc", true), ("?", "a", true), ("?", "", false),
    ("?", "ab", false),
    ("?", "é", true), ("?", "e\u{301}", true), ("?", "👨‍👩‍👧", true), ("??", "👨‍👩‍👧", false),
    ("*\u{301}", "e\u{301}", true), ("é", "é", true), ("é", "e\u{301}", false),
    ("[a-c]", "b", true), ("[a-c]", "d", false), ("[!a-c]", "d", true), ("[^a-c]", "b", false),
    ("[]]", "]", true),
    ("[!]]", "]", false), ("[a-]", "-", true), ("[-a]", "-", true), ("[α-ω]", "λ", true),
    ("[c-a]", "b", false),
    ("[", "[", true), ("a[b", "a[b", true), ("[]", "[]", true), ("[*]", "*", true), ("[*]", "a", false),
    ("\\*", "*", true), ("\\*", "a", false), ("\\[a]", "[a]", true), ("a\\", "a\\", true),
    ("**", "ab", false),
    ("a**b", "aXXb", true), ("x{a,b}", "x{a,b}", true),
  ])
  func `a name matches or not`(pattern: String, name: String, matches: Bool) {
    // `**` alone stands for directories, and so for no name.
    #expect(Glob.matches(name, pattern: pattern) == (matches || pattern == "**"))
  }

  @Test(.timeLimit(.minutes(1))) func `no pattern takes exponential time`() {
    let pattern = String(repeating: "*a", count: 100) + "*b"
    #expect(!Glob.matches(String(repeating: "a", count: 5_000), pattern: pattern))
    #expect(Glob.matches(String(repeating: "a", count: 5_000) + "b", pattern: pattern))
    let questions = String(repeating: "*?", count: 100) + "z"
    #expect(!Glob.matches(String(repeating: "é", count: 1_000), pattern: questions))
  }

  @Test(arguments: [
    ("a", ["a"]), ("{a,b}", ["a", "b"]), ("x{a,b}y", ["xay", "xby"]),
    ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
    ("{a,{b,c}d}", ["a", "bd", "cd"]), ("{a}", ["{a}"]), ("{}", ["{}"]), ("{a,", ["{a,"]), ("a}", ["a}"]),
    ("{,x}", ["", "x"]), ("\\{a,b}", ["\\{a,b}"]), ("{a\\,b,c}", ["a\\,b", "c"]), ("{a,b/c}", ["a", "b/c"]),
    ("{{a,b}", ["{a", "{b"]), ("{x}{a,b}", ["{x}a", "{x}b"]),
  ])
  func `braces stand for either`(pattern: String, alternatives: [String]) throws {
    #expect(try BraceExpansion.expand(pattern) == alternatives)
  }

  @Test func `braces that stand for too much are refused`() async throws {
    let error = await systemError {
      .list(try BraceExpansion.expand(String(repeating: "{a,b}", count: 40)).map { .string($0) })
    }
    #expect(error.kind === ErrorKind.limitError)
  }

  // MARK: Files

  private func tree() throws -> SystemFolder {
    let folder = try SystemFolder()
    for name in ["a.txt", "b.md", "d/c.txt", "d/e/f.txt", "d/.h/g.txt", ".x.txt", "z[1].txt", "sp ace/é.txt"]
    {
      try folder.file(name)
    }
    try folder.link("up", to: ".")
    try folder.link("gone.txt", to: "none")
    return folder
  }

  @Test(arguments: [
    ("*.txt", ["a.txt", "gone.txt", "z[1].txt"]),
    ("./*.md", ["./b.md"]),
    (".//*.md", ["./b.md"]),
    ("*", ["a.txt", "b.md", "d", "gone.txt", "sp ace", "up", "z[1].txt"]),
    ("*/", ["d/", "sp ace/", "up/"]),
    (".*", [".x.txt"]),
    ("d/*", ["d/c.txt", "d/e"]),
    ("*/*.txt", ["d/c.txt", "sp ace/é.txt", "up/a.txt", "up/gone.txt", "up/z[1].txt"]),
    ("**/*.txt", ["a.txt", "d/c.txt", "d/e/f.txt", "gone.txt", "sp ace/é.txt", "z[1].txt"]),
    ("**/f.txt", ["d/e/f.txt"]),
    ("d/**", ["d/c.txt", "d/e", "d/e/f.txt"]),
    ("d/**/", ["d/e/"]),
    ("**/**/f.txt", ["d/e/f.txt"]),
    ("**/e/*", ["d/e/f.txt"]),
    ("{a,b}.*", ["a.txt", "b.md"]),
    ("{a,*}.md", ["b.md"]),
    ("{d,none}/{c,x}.txt", ["d/c.txt"]),
    ("d/.h/*", ["d/.h/g.txt"]),
    ("d/../a.txt", ["d/../a.txt"]),
    ("a.txt", ["a.txt"]),
    ("a.txt/", []),
    ("a.txt/*", []),
    ("none", []),
    ("none/*", []),
    ("", []),
    ("z\\[1].txt", ["z[1].txt"]),
    ("z[[]1].txt", ["z[1].txt"]),
    ("gone.txt", ["gone.txt"]),
    ("s*/?.txt", ["sp ace/é.txt"]),
  ])
  func `a pattern finds files, sorted, each once`(pattern: String, paths: [String]) throws {
    let folder = try tree()
    #expect(try Glob.expand(pattern, in: folder.path, systemStrand()) == paths)
    // The same from the root.
    let absolute = try Glob.expand("\(folder.path)/\(pattern)", in: "/", systemStrand())
    if !pattern.isEmpty, !pattern.hasPrefix("{"), !pattern.hasPrefix(".") {
      #expect(absolute == paths.map { folder.path($0) })
    }
  }

  @Test func `what is quoted in a word stands for itself`() throws {
    let folder = try tree()
    func expand(_ pieces: GlobPiece...) throws -> [String] {
      try Glob.expand(pieces, in: folder.path, systemStrand())
    }
    #expect(try expand(.literal("z[1]"), .wildcard(".*")) == ["z[1].txt"])
    #expect(try expand(.literal("sp ace/"), .wildcard("*")) == ["sp ace/é.txt"])
    #expect(try expand(.literal("*"), .wildcard("*")) == [])
    #expect(try expand(.wildcard("{a,b}.*")) == [])
    #expect(!Glob.hasWildcards([.literal("*?["), .wildcard("a.txt")]))
    #expect(Glob.hasWildcards([.literal("a"), .wildcard("?")]))
    #expect(Glob.hasWildcards([.wildcard("**/a")]))
    // Half a bracket in each is none.
    #expect(!Glob.hasWildcards([.wildcard("["), .literal("a]")]))
  }

  @Test func `the built-in counts from the working directory`() async throws {
    #expect(try await streamTexts(fs("glob", "etc/pass[w]d")) == ["etc/passwd"])
    #expect(try await streamTexts(fs("glob", "/etc/pass[w]d")) == ["/etc/passwd"])
    #expect(try await streamTexts(fs("glob", "/")) == ["/"])
  }
}
