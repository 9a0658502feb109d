// What the command line itself writes, and whether it may be coloured.

import RunnelSystem

/// Standard output and error of the command line.
enum Console {
  /// Whether messages on standard error are coloured: on a terminal that is not `dumb`, unless `NO_COLOR` is set to
  /// something (no-color.org).
  static var isColoured: Bool {
    Terminal.isTerminal(2) && wantsColour
  }

  /// Whether whoever reads a terminal wants colours there.
  static var wantsColour: Bool {
    for (name, value) in SystemInfo.environment() {
      if name == "NO_COLOR", !value.isEmpty { return false }
      if name == "TERM", value == "dumb" { return false }
    }
    return true
  }

  /// Writes to standard output; gives the exit status: 0, or 141 when the reader has gone.
  static func write(_ text: String) -> Int32 {
    Signals.ignoreBrokenPipe()
    do throws(SystemError) {
      try write(text, to: 1)
      return 0
    } catch {
      if error.name == "EPIPE" { return 141 }
      complain("runnel: cannot write to standard output: \(error.message)\n")
      return 1
    }
  }

  /// Writes to a descriptor.
  static func write(_ text: String, to descriptor: Int32) throws(SystemError) {
    var failure: SystemError?
    var text = text
    text.withUTF8 { bytes in
      do throws(SystemError) {
        try DescriptorIO.writeAll(descriptor, UnsafeRawBufferPointer(bytes))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Writes to standard error; there is nowhere to report that this fails.
  static func complain(_ text: String) {
    try? write(text, to: 2)
  }
}
