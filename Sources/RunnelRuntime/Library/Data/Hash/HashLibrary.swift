// The namespace `hash`: checksums of strings (their UTF-8), bytes and files, in hexadecimal.

import Glibc

/// What computes a checksum of bytes given in pieces.
protocol Digest {
  init()
  mutating func update(_ bytes: UnsafeRawBufferPointer)
  /// The checksum. The digest cannot be used afterwards.
  mutating func finish() -> [UInt8]
}

/// The algorithms, by the names that scripts use.
enum HashAlgorithm: String, CaseIterable {
  case sha256, sha1, md5, crc32

  func makeDigest() -> any Digest {
    switch self {
    case .sha256: BlockDigest<SHA256>()
    case .sha1: BlockDigest<SHA1>()
    case .md5: BlockDigest<MD5>()
    case .crc32: CRC32()
    }
  }

  fileprivate var documentation: String {
    switch self {
    case .sha256: "The SHA-256 checksum of a string (its UTF-8) or bytes, 64 hexadecimal digits."
    case .sha1: "The SHA-1 checksum, 40 digits. Not safe against forgers; for what is listed with it."
    case .md5: "The MD5 checksum, 32 digits. Not safe against forgers; for what is listed with it."
    case .crc32: "The CRC-32 of zip and gzip, 8 digits. For errors of transmission only."
    }
  }
}

enum HashLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "hash", summary: "Checksums, in hexadecimal.",
      functions: HashAlgorithm.allCases.map(function) + [
        NativeFunction(
          "file(p, algorithm)",
          documentation: """
            The checksum of a file's bytes; `algorithm` is `"sha256"`, `"sha1"`, `"md5"` or `"crc32"`. Waits. Files of any size, \
            read in pieces.
            """,
          body: .waiting { strand, arguments throws(Raised) in try await file(strand, arguments) })
      ])
  }

  private static func function(_ algorithm: HashAlgorithm) -> NativeFunction {
    NativeFunction(
      "\(algorithm.rawValue)(x)", documentation: algorithm.documentation,
      body: .plain { call throws(Raised) in
        var digest = algorithm.makeDigest()
        if let bytes = call[0].bytes {
          try bytes.bytes.withUnsafeBytes { bytes in
            Result { () throws(Raised) in try update(&digest, bytes, call.strand) }
          }.get()
        } else if var text = call[0].string?.text {
          try text.withUTF8 { bytes in
            Result { () throws(Raised) in try update(&digest, UnsafeRawBufferPointer(bytes), call.strand) }
          }.get()
        } else {
          throw call.wrongType(0, expected: "a string or bytes")
        }
        return .string(hexadecimal(digest.finish()))
      })
  }

  private static let pieceSize = 256 * 1024

  /// In pieces, so that it can be interrupted.
  private static func update(
    _ digest: inout any Digest, _ bytes: UnsafeRawBufferPointer, _ strand: Strand
  ) throws(Raised) {
    var rest = bytes[...]
    while !rest.isEmpty {
      digest.update(UnsafeRawBufferPointer(rebasing: rest.prefix(pieceSize)))
      rest = rest.dropFirst(pieceSize)
      if !rest.isEmpty { try strand.checkpoint() }
    }
  }

  // MARK: Files

  private static func file(_ strand: Strand, _ arguments: [Value]) async throws(Raised) -> Value {
    guard let path = arguments.first?.string?.text else {
      throw Raised(.typeError, "`file` takes a string for `p`, not \(arguments.first?.typeName ?? "nil")")
    }
    let name = arguments.count > 1 ? arguments[1] : .nil
    guard let name = name.string?.text else {
      throw Raised(.typeError, "`file` takes a string for `algorithm`, not \(name.typeName)")
    }
    guard let algorithm = HashAlgorithm(rawValue: name) else {
      let known = HashAlgorithm.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
      throw Raised(.valueError, "`\(name)` is no checksum that `file` knows; it knows \(known)")
    }
    let reason = "reading `\(path)`"
    let resolved = strand.resolved(path)
    let reader = try await strand.blocking(reason) { () throws(Raised) in
      try FileReader(resolved, shownAs: path)
    }
    var digest = algorithm.makeDigest()
    while true {
      // Reading may block and so goes to the pool, a piece at a time: it can be given up between and during them.
      let piece = try await strand.blocking(reason) { () throws(Raised) in try reader.read() }
      if piece.isEmpty { return .string(hexadecimal(digest.finish())) }
      try piece.withUnsafeBytes { bytes in
        Result { () throws(Raised) in try update(&digest, bytes, strand) }
      }.get()
    }
  }
}

/// An open file, read from its beginning to its end by one strand.
private final class FileReader: Sendable {
  private let descriptor: Int32
  private let path: String

  private static let pieceSize = 1 << 20

  init(_ path: String, shownAs shown: String) throws(Raised) {
    self.path = shown
    guard !path.utf8.contains(0) else { throw Raised(.valueError, "a path cannot hold a zero byte") }
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(errno, shown) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// The next bytes; none at the end.
  func read() throws(Raised) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
      var got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      while got < 0, errno == EINTR { got = Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
      if got < 0 { failure = errno }
      count = max(0, got)
    }
    if failure != 0 { throw Self.failure(failure, path) }
    return bytes
  }

  private static func failure(_ code: Int32, _ path: String) -> Raised {
    let (kind, reason): (ErrorKind, String) =
      switch code {
      case ENOENT: (.fileNotFound, "no such file")
      case EACCES, EPERM: (.permissionDenied, "permission denied")
      case EISDIR: (.isADirectory, "it is a directory")
      case ENOTDIR: (.notADirectory, "part of the path is not a directory")
      default: (.ioError, String(cString: strerror(code)))
      }
    return Raised(kind, "cannot read `\(path)`: \(reason)", data: ["path": .string(path)])
  }
}
