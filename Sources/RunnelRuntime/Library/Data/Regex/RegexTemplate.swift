// What matches are replaced with: text in which `$1`, `${1}`, `${name}` and `$0` stand for what the pattern's
// groups (and the whole match) took, and `$$` for a dollar. A dollar before anything else is itself.

/// A replacement, taken apart once.
struct RegexTemplate {
  private enum Part {
    case text([UInt8])
    case group(Int)
    /// Groups that share a name: the one that took part.
    case named([Int])
  }

  private var parts: [Part] = []

  /// - Throws: `ValueError` for a group that the pattern has not.
  init(_ template: String, for pattern: CompiledPattern) throws(Raised) {
    let bytes = Array(template.utf8)
    var text: [UInt8] = []
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "$"), index + 1 < bytes.count else {
        text.append(bytes[index])
        index += 1
        continue
      }
      let next = bytes[index + 1]
      var part: Part?
      var after = index + 2
      if next == UInt8(ascii: "$") {
        text.append(next)
        index = after
        continue
      } else if Self.isDigit(next) {
        while after < bytes.count, Self.isDigit(bytes[after]) { after += 1 }
        part = try Self.group(String(decoding: bytes[(index + 1)..<after], as: UTF8.self), pattern)
      } else if next == UInt8(ascii: "{"), let close = bytes[after...].firstIndex(of: UInt8(ascii: "}")),
        close > after
      {
        part = try Self.group(String(decoding: bytes[after..<close], as: UTF8.self), pattern)
        after = close + 1
      }
      if let part {
        if !text.isEmpty { parts.append(.text(text)) }
        text = []
        parts.append(part)
        index = after
      } else {
        text.append(UInt8(ascii: "$"))
        index += 1
      }
    }
    if !text.isEmpty { parts.append(.text(text)) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func group(_ name: String, _ pattern: CompiledPattern) throws(Raised) -> Part {
    if let number = Int(name) {
      if number >= 0, number <= pattern.groupCount { return .group(number) }
      let hint =
        name.utf8.count > 1 && name.utf8.first != UInt8(ascii: "0")
        ? "; `${1}0` puts a digit after group 1" : ""
      throw Raised(.valueError, "the pattern has no group \(name)\(hint)")
    }
    let numbers = pattern.names.filter { $0.name.text == name }.map(\.group)
    // Digits that no int holds are a number all the same.
    if name.utf8.allSatisfy(isDigit) { throw Raised(.valueError, "the pattern has no group \(name)") }
    guard !numbers.isEmpty else { throw Raised(.valueError, "the pattern has no group named `\(name)`") }
    return .named(numbers)
  }

  /// Writes the replacement for the match that the search is at. Raises `LimitError` before the text gets too long.
  func append(to writer: inout TextWriter, _ search: borrowing RegexSearch) throws(Raised) {
    for part in parts {
      switch part {
      case .text(let bytes): try writer.append(bytes.span)
      case .group(let number):
        if let range = search.range(ofGroup: number) { try search.write(range, to: &writer) }
      case .named(let numbers):
        for number in numbers {
          guard let range = search.range(ofGroup: number) else { continue }
          try search.write(range, to: &writer)
          break
        }
      }
    }
  }
}
