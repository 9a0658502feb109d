import Glibc
import Testing

@testable import RunnelRuntime

@Suite struct `Hashes` {
  /// From FIPS 180-4's examples, RFC 1321 and RFC 3720; the long ones from coreutils and zlib.
  @Test(arguments: [
    ("sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "sha256", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("sha1", "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ("sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (
      "sha1", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
    ),
    ("md5", "", "d41d8cd98f00b204e9800998ecf8427e"), ("md5", "abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("md5", "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    (
      "md5", "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
    ("crc32", "", "00000000"), ("crc32", "123456789", "cbf43926"), ("crc32", "hello", "3610a686"),
  ])
  func `known vectors`(name: String, text: String, expected: String) {
    #expect(result("hash.\(name)", .string(text)) == "\"\(expected)\"")
    #expect(result("hash.\(name)", .bytes(Array(text.utf8))) == "\"\(expected)\"")
  }

  @Test func `a million letters`() {
    let text = Value.string(String(repeating: "a", count: 1_000_000))
    #expect(
      result("hash.sha256", text) == "\"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0\"")
    #expect(result("hash.sha1", text) == "\"34aa973cd4c4daa4f61eeb2bdbad27316534016f\"")
    #expect(result("hash.md5", text) == "\"7707d6ae4e027c70eea2a935c2296f21\"")
    #expect(result("hash.crc32", text) == "\"dc25bfbc\"")
  }

  @Test(arguments: HashAlgorithm.allCases)
  func `pieces of any size give the same`(algorithm: HashAlgorithm) {
    var random = FixedRandom(3)
    for _ in 0..<60 {
      let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      var whole = algorithm.makeDigest()
      bytes.withUnsafeBytes { whole.update($0) }
      var pieces = algorithm.makeDigest()
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = Array(rest.prefix(Int.random(in: 0...70, using: &random)))
        piece.withUnsafeBytes { pieces.update($0) }
        rest = rest.dropFirst(piece.count)
      }
      #expect(whole.finish() == pieces.finish())
    }
  }

  /// Against the system's own programs, on lengths around the edges of blocks.
  @Test(arguments: [("sha256", "sha256sum"), ("sha1", "sha1sum"), ("md5", "md5sum")])
  func `agree with coreutils`(name: String, program: String) async throws {
    var random = FixedRandom(11)
    let path = "/tmp/runnel-hash-test-\(getpid())-\(name)"
    defer { unlink(path) }
    for length in [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 70_000] {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      let file = try #require(fopen(path, "w"))
      fwrite(bytes, 1, bytes.count, file)
      fclose(file)
      let pipe = try #require(popen("\(program) < \(path)", "r"))
      var line = [UInt8](repeating: 0, count: 200)
      let count = fread(&line, 1, line.count, pipe)
      pclose(pipe)
      let expected = String(decoding: line[..<count].prefix { $0 != 0x20 }, as: UTF8.self)
      #expect(result("hash.\(name)", .bytes(bytes)) == "\"\(expected)\"")
      #expect(show(try await DataCall.wait("hash.file", .string(path), .string(name))) == "\"\(expected)\"")
    }
  }

  @Test func `files that cannot be read are errors with their path`() async {
    func kind(_ path: String, _ name: String = "md5") async -> String {
      do {
        return show(try await DataCall.wait("hash.file", .string(path), .string(name)))
      } catch {
        guard let error = (error as? Raised)?.error else { return "\(error)" }
        return "\(error.kind.name) \(show(error.data["path"] ?? .nil))"
      }
    }
    #expect(await kind("/nonexistent/x") == "FileNotFound \"/nonexistent/x\"")
    #expect(await kind("/etc") == "IsADirectory \"/etc\"")
    #expect(await kind("/etc/passwd/x") == "NotADirectory \"/etc/passwd/x\"")
    #expect(await kind("/etc/passwd", "sha3") == "ValueError nil")
  }

  @Test func `only strings and bytes have checksums`() {
    #expect(kind("hash.md5", 5) == "TypeError")
  }
}

@Suite struct `Base64` {
  /// RFC 4648, section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func `the vectors of the RFC`(text: String, encoded: String) throws {
    #expect(result("base64.encode", .string(text)) == "\"\(encoded)\"")
    #expect(try DataCall.call("base64.decode", [.string(encoded)]).bytes?.bytes == Array(text.utf8))
  }

  @Test func `both alphabets and white space are read`() throws {
    #expect(try DataCall.call("base64.decode", ["_-__"]).bytes?.bytes == [0xFF, 0xEF, 0xFF])
    #expect(try DataCall.call("base64.decode", ["/+//"]).bytes?.bytes == [0xFF, 0xEF, 0xFF])
    #expect(try DataCall.call("base64.decode", ["aG Vs\r\nbG8=\n"]).bytes?.bytes == Array("hello".utf8))
  }

  @Test(arguments: [
    "a", "ab", "abc", "a===", "ab=", "abc=d", "ab==c", "=", "abcd=", "ab===", "a*cd", "aé==", "abcd====",
  ])
  func `what is no base64 raises ValueError`(text: String) {
    #expect(kind("base64.decode", .string(text)) == "ValueError")
  }

  @Test func `random bytes come back`() throws {
    var random = FixedRandom(5)
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 0...50, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      let text = try DataCall.call("base64.encode", [.bytes(bytes)])
      #expect(try DataCall.call("base64.decode", [text]).bytes?.bytes == bytes)
    }
    #expect(kind("base64.encode", 5) == "TypeError")
  }
}
