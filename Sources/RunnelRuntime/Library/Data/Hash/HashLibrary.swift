// The namespace `hash`: checksums of strings (their UTF-8), bytes and files, in hexadecimal.

import RunnelScheduler
import RunnelSystem

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
        NativeFunction.waiting(
          "file(p, algorithm)",
          documentation: """
            The checksum of a file's bytes; `algorithm` is `"sha256"`, `"sha1"`, `"md5"` or `"crc32"`. Waits. Files of any size, \
            read in pieces.
            """, file)
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

  private static func file(_ call: WaitingCall) async throws(Raised) -> Value {
    let path = try call.path(0)
    let name = try call.string(1)
    guard let algorithm = HashAlgorithm(rawValue: name) else {
      let known = HashAlgorithm.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
      throw Raised(.valueError, "`\(name)` is no checksum that `file` knows; it knows \(known)")
    }
    let file = try OpenFile.forReading(path)
    var digest = algorithm.makeDigest()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      switch try file.read(into: buffer) {
      case .bytes(let count):
        digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        try call.strand.checkpoint()
        // A large file takes seconds, in which other tasks want to go on.
        if call.strand.interpreter.scheduler.hasOtherWork { await Task.yield() }
      case .wouldBlock: try await file.waitUntilReadable(call.strand)
      case .endOfFile: return .string(hexadecimal(digest.finish()))
      }
    }
  }
}
