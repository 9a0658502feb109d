// How paths come in. Linux file names are bytes; nearly all are UTF-8, and Runnel's strings are. A name that
// is not valid UTF-8 keeps its bytes in `DirectoryEntry.rawName`, and every call here takes bytes as well.

internal import Glibc

/// What can name a file: a `String` (its UTF-8), or the bytes themselves.
public protocol PathArgument {
  /// The name's bytes, without a terminating zero.
  var pathBytes: [UInt8] { get }
  /// The name for messages.
  var pathText: String { get }
}

extension String: PathArgument {
  public var pathBytes: [UInt8] { Array(utf8) }
  public var pathText: String { self }
}

extension [UInt8]: PathArgument {
  public var pathBytes: [UInt8] { self }
  public var pathText: String { String(decoding: self, as: UTF8.self) }
}

extension PathArgument {
  /// Runs `body` with the path as a C string.
  ///
  /// - Throws: `EINVAL` for a name with a zero byte, which would otherwise name another file.
  @discardableResult
  func withPath<Result>(
    _ operation: String, _ body: (UnsafePointer<CChar>) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    let bytes = pathBytes
    guard !bytes.contains(0) else { throw failure(operation, EINVAL) }
    return try body(bytes.map { CChar(bitPattern: $0) } + [0])
  }

  func failure(_ operation: String, _ code: Int32 = errno) -> SystemError {
    SystemError(code: code, operation: operation, path: pathText)
  }
}
