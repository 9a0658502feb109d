// The one place for what every wrapper of a system call does: again after EINTR, and errno into a typed
// error. A wrapper calls exactly one of these.

internal import Glibc

/// Calls `body` until no signal interrupts it.
///
/// - Returns: its result.
/// - Throws: its errno, if it gave a negative number.
@discardableResult
@inline(__always)
func systemCall<Number: FixedWidthInteger & SignedInteger>(
  _ operation: @autoclosure () -> String, _ path: @autoclosure () -> String? = nil, _ body: () -> Number
) throws(SystemError) -> Number {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = errno
    if code != EINTR { throw SystemError(code: code, operation: operation(), path: path()) }
  }
}

/// The same for calls on a named file.
@discardableResult
@inline(__always)
func systemCall<Number: FixedWidthInteger & SignedInteger>(
  _ operation: String, on path: some PathArgument, _ body: (UnsafePointer<CChar>) -> Number
) throws(SystemError) -> Number {
  try path.withPath(operation) { (pointer) throws(SystemError) -> Number in
    try systemCall(operation, path.pathText) { body(pointer) }
  }
}

/// Turns the result of one of our C shims, a number or -errno, into a number or an error.
@discardableResult
@inline(__always)
func shimResult(
  _ operation: @autoclosure () -> String, _ path: @autoclosure () -> String? = nil, _ result: Int32
) throws(SystemError) -> Int32 {
  guard result < 0 else { return result }
  throw SystemError(code: -result, operation: operation(), path: path())
}

/// Turns the result of one of our C shims, 0 or an errno, into an error.
@inline(__always)
func shimCheck(
  _ operation: @autoclosure () -> String, _ path: @autoclosure () -> String? = nil, _ code: Int32
) throws(SystemError) {
  guard code != 0 else { return }
  throw SystemError(code: code, operation: operation(), path: path())
}
