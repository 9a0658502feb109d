// What a failed system call says: its errno, what was being done, and on which file.

internal import CRunnelSystem
internal import Glibc

/// A system call's failure.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The errno.
  public let code: Int32
  /// What was being done, in the words of the call: `open`, `mkdir`, `execve`.
  public let operation: String
  /// The file it was done to, as text; bytes that are no UTF-8 are shown replaced.
  public let path: String?

  public init(code: Int32, operation: String, path: String? = nil) {
    self.code = code
    self.operation = operation
    self.path = path
  }

  /// The errno's name: `ENOENT`.
  public var name: String {
    guard let name = runnel_error_name(code) else { return "E\(code)" }
    return String(cString: name)
  }

  /// The errno's text, lower case as our messages are: `no such file or directory`.
  public var message: String {
    guard let text = runnel_error_text(code) else { return "error \(code)" }
    let message = String(cString: text)
    guard let first = message.first, message.dropFirst().first?.isLowercase == true else { return message }
    return first.lowercased() + message.dropFirst()
  }

  public var description: String {
    if let path {
      "\(operation) `\(path)`: \(message) (\(name))"
    } else {
      "\(operation): \(message) (\(name))"
    }
  }
}
