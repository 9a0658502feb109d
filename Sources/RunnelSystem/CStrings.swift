// Arrays of C strings, for exec: all bytes in one block, one table of pointers into it.

internal import Glibc

/// Zero-terminated strings and the NULL-terminated table of pointers to them.
struct CStrings: ~Copyable {
  private let bytes: UnsafeMutablePointer<CChar>
  private let table: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  /// Copies the strings.
  ///
  /// - Throws: `EINVAL` if one holds a zero byte, and so would arrive cut short.
  init(_ strings: [[UInt8]], operation: String) throws(SystemError) {
    guard !strings.contains(where: { $0.contains(0) }) else {
      throw SystemError(code: EINVAL, operation: operation)
    }
    let total = strings.reduce(0) { $0 + $1.count + 1 }
    bytes = .allocate(capacity: max(1, total))
    table = .allocate(capacity: strings.count + 1)
    var next = bytes
    for (index, string) in strings.enumerated() {
      (table + index).initialize(to: next)
      for byte in string {
        next.initialize(to: CChar(bitPattern: byte))
        next += 1
      }
      next.initialize(to: 0)
      next += 1
    }
    (table + strings.count).initialize(to: nil)
  }

  deinit {
    bytes.deallocate()
    table.deallocate()
  }

  /// Lends the table; it must not be kept.
  borrowing func withPointers<Result>(
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result { body(table) }
}
