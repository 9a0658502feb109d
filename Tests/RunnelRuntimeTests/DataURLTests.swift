import Testing

@testable import RunnelRuntime

@Suite struct `URLs` {
  @Test(arguments: [
    (
      "https://example.org:8080/a%20b?x=1#top",
      #"{scheme: "https", host: "example.org", port: 8080, path: "/a b", query: {x: "1"}, fragment: "top"}"#
    ),
    (
      "HTTP://user:p%40w@EXAMPLE.org/%zz?a=1&b=x+y%26&a=2&c#t%20x",
      #"{scheme: "http", user: "user", password: "p@w", host: "example.org", port: nil, path: "/%zz", query: {a: ["1", "2"], b: "x y&", c: ""}, fragment: "t x"}"#
    ),
    ("http://h", #"{scheme: "http", host: "h", port: nil, path: "", query: {}, fragment: ""}"#),
    ("/a/b?c=d", #"{scheme: "", host: nil, port: nil, path: "/a/b", query: {c: "d"}, fragment: ""}"#),
    ("mailto:x@y.z", #"{scheme: "mailto", host: nil, port: nil, path: "x@y.z", query: {}, fragment: ""}"#),
    (
      "http://[2001:DB8::1]:80/",
      #"{scheme: "http", host: "2001:db8::1", port: 80, path: "/", query: {}, fragment: ""}"#
    ),
    ("//host/p", #"{scheme: "", host: "host", port: nil, path: "/p", query: {}, fragment: ""}"#),
    (
      "file:///etc/passwd",
      #"{scheme: "file", host: nil, port: nil, path: "/etc/passwd", query: {}, fragment: ""}"#
    ),
    ("", #"{scheme: "", host: nil, port: nil, path: "", query: {}, fragment: ""}"#),
    ("http://h:/", #"{scheme: "http", host: "h", port: nil, path: "/", query: {}, fragment: ""}"#),
    (
      "http://ex.org?q=a=b",
      #"{scheme: "http", host: "ex.org", port: nil, path: "", query: {q: "a=b"}, fragment: ""}"#
    ),
  ])
  func `are taken apart`(text: String, expected: String) {
    #expect(result("url.parse", .string(text)) == expected)
  }

  @Test(arguments: [
    "http://h:99999/", "http://h:abc/", "http://h:-1/", "http://[::1/", "http://[::1]x/", "http://[]/",
    "http://[g]/", "http://a b/",
    "http://h/\n", "http://h:99999999999999999999/", "http://<x>/",
  ])
  func `a bad port or host raises ParseError`(text: String) {
    #expect(kind("url.parse", .string(text)) == "ParseError")
  }

  @Test func `parts are encoded and decoded`() {
    #expect(result("url.encode", "a/b?c=é~-._!*'()") == #""a%2Fb%3Fc%3D%C3%A9~-._%21%2A%27%28%29""#)
    #expect(result("url.encode", "a b&c") == #""a%20b%26c""#)
    #expect(result("url.decode", "a+b%2Bc%") == #""a+b+c%""#)
    #expect(result("url.decode", "%zz%4%C3%A9%ff") == "\"%zz%4é\u{FFFD}\"")
    #expect(kind("url.decode", 5) == "TypeError")
  }

  @Test func `queries come of maps`() {
    #expect(
      result("url.query", ["a": 1, "b": "x y", "k k": "&", "d": true, "e": 1.5])
        == #""a=1&b=x+y&k+k=%26&d=true&e=1.5""#)
    #expect(result("url.query", ["a": [1, 2], "b": .nil]) == #""a=1&a=2""#)
    #expect(kind("url.query", ["a": ["b": 1]]) == "ValueError")
  }

  /// RFC 3986, section 5.4.
  @Test(arguments: [
    ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
    ("/g", "http://a/g"),
    ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
    ("#s", "http://a/b/c/d;p?q#s"),
    ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"), (";x", "http://a/b/c/;x"),
    ("g;x", "http://a/b/c/g;x"),
    ("g;x?y#s", "http://a/b/c/g;x?y#s"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"),
    ("./", "http://a/b/c/"),
    ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"),
    ("../../", "http://a/"),
    ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"),
    ("/./g", "http://a/g"),
    ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"),
    ("g..", "http://a/b/c/g.."),
    ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
    ("g/./h", "http://a/b/c/g/h"),
    ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"),
    ("g?y/./x", "http://a/b/c/g?y/./x"), ("g#s/../x", "http://a/b/c/g#s/../x"), ("http:g", "http:g"),
  ])
  func `references are resolved as the RFC has it`(reference: String, expected: String) {
    #expect(result("url.join", "http://a/b/c/d;p?q", .string(reference)) == "\"\(expected)\"")
  }
}
