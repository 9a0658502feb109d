// `path`: paths as text.

import Testing

@testable import RunnelRuntime

@Suite struct PathTests {
  @Test(arguments: [
    (["a", "b", "c.txt"], "a/b/c.txt"), (["/x", "y"], "/x/y"), (["a", "", "b"], "a/b"), (["a/", "/b"], "/b"),
    (["a/", "b"], "a/b"), ([""], ""), (["", "a"], "a"), (["a", ""], "a/"), (["/", "a"], "/a"),
  ])
  func `join puts slashes between`(parts: [String], joined: String) {
    #expect(PathText.join(parts) == joined)
  }

  @Test(arguments: [
    // path, dir, name, stem, ext
    ("a/b/c.txt", "a/b", "c.txt", "c", ".txt"), ("a", "", "a", "a", ""), ("/", "/", "", "", ""),
    ("/a", "/", "a", "a", ""), ("a/", "a", "", "", ""), ("//a", "//", "a", "a", ""),
    ("a//b", "a", "b", "b", ""),
    (".bashrc", "", ".bashrc", ".bashrc", ""), ("a.tar.gz", "", "a.tar.gz", "a.tar", ".gz"),
    ("a.", "", "a.", "a", "."), ("..a.b", "", "..a.b", "..a", ".b"), ("...", "", "...", "...", ""),
    ("d.x/f", "d.x", "f", "f", ""), ("", "", "", "", ""), ("ä/é.ü", "ä", "é.ü", "é", ".ü"),
  ])
  func `a path is a directory and a name, which is a stem and an extension`(
    path: String, directory: String, name: String, stem: String, ext: String
  ) {
    #expect(PathText.directory(path) == directory)
    #expect(PathText.name(path) == name)
    #expect(PathText.stem(path) == stem)
    #expect(PathText.fileExtension(path) == ext)
  }

  @Test(arguments: [
    ("a/./b/../c", "a/c"), ("", "."), (".", "."), ("/", "/"), ("//a//b/", "/a/b"), ("/../a", "/a"),
    ("../../a/..", "../.."),
    ("a/..", "."), ("a/../..", ".."), ("..", ".."), ("/..", "/"),
  ])
  func `normalize needs no disk`(path: String, normalized: String) {
    #expect(PathText.normalized(path) == normalized)
  }

  @Test(arguments: [
    ("a/b/c.txt", ["a", "b", "c.txt"]), ("/a//b/", ["/", "a", "b"]), ("", []), ("/", ["/"]),
    ("./a", [".", "a"]),
  ])
  func `parts are names, the root first`(path: String, parts: [String]) {
    #expect(PathText.parts(path) == parts)
    if !path.isEmpty { #expect(PathText.normalized(PathText.join(parts)) == PathText.normalized(path)) }
  }

  @Test(arguments: [
    ("/a/x.txt", "/a/b", "../x.txt"), ("/a/b/c", "/a", "b/c"), ("/a", "/a", "."), ("/a", "/", "a"),
    ("/", "/a/b", "../.."),
    ("/ab", "/a", "../ab"), ("/a/./b/", "/a/c/..", "b"),
  ])
  func `relative is the way from one to the other`(path: String, base: String, way: String) {
    #expect(PathText.relative(path, to: base) == way)
  }

  @Test func `a tilde is a home`() {
    func expand(_ path: String) -> String {
      PathText.expanded(path) { user in user == nil ? "/home/me/" : user == "root" ? "/" : nil }
    }
    #expect(expand("~/x") == "/home/me/x")
    #expect(expand("~") == "/home/me")
    #expect(expand("~root/x") == "/x")
    #expect(expand("~root") == "/")
    #expect(expand("~nobody-of-this-name/x") == "~nobody-of-this-name/x")
    #expect(expand("a~") == "a~")
  }

  @Test func `the built-ins take strings only`() async throws {
    #expect(
      try await SystemBuiltins.call("path", "join", ["a", "b", "c"].map { .string($0) }).string?.text
        == "a/b/c")
    #expect(try await SystemBuiltins.call("path", "absolute", [.string("x/../y")]).string?.text == "/y")
    #expect(try await SystemBuiltins.call("path", "relative", [.string("/a/b")]).string?.text == "a/b")
    #expect(try await SystemBuiltins.call("path", "is_absolute", [.string("/x")]).flag == true)
    for name in ["join", "name", "parts", "absolute", "relative", "expand"] {
      let error = await systemError { try await SystemBuiltins.call("path", name, [.int(1)]) }
      #expect(error.kind === ErrorKind.typeError)
    }
    #expect(
      await systemError { try await SystemBuiltins.call("path", "join", [.string("a"), .nil]) }.kind
        === ErrorKind.typeError)
  }
}
