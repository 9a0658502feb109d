// Durations and sizes on the command line, in the notation of scripts.

import ArgumentParser
import RunnelRuntime

/// `300ms`, `5s`, `1h30m`: never negative.
struct DurationArgument: ExpressibleByArgument {
  let nanoseconds: Int64

  init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  init?(argument: String) {
    guard let parsed = Durations.parse(argument), parsed >= 0 else { return nil }
    nanoseconds = Int64(parsed)
  }

  var defaultValueDescription: String {
    nanoseconds % 1_000_000_000 == 0 ? "\(nanoseconds / 1_000_000_000)s" : "\(nanoseconds / 1_000_000)ms"
  }
}

/// `4096`, `64KiB`, `10MB`: a number of bytes, at least 1.
struct SizeArgument: ExpressibleByArgument {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let digits = argument.prefix { ("0"..."9").contains($0) || $0 == "_" }
    guard let number = Int(digits.filter { $0 != "_" }), number > 0 else { return nil }
    let units: [Substring: Int] = [
      "": 1, "B": 1, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
      "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
    ]
    guard let unit = units[argument[digits.endIndex...]] else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    guard !overflow else { return nil }
    bytes = product
  }

  var defaultValueDescription: String {
    bytes % (1 << 20) == 0 ? "\(bytes >> 20)MiB" : "\(bytes)"
  }
}
