// Patterns for names: `*`, `?`, `[a-z]`, `[!a-z]`, and for paths `**` and `{a,b}` (language.md §13, library.md).
//
// A name is matched in time proportional to its length times the pattern's, whatever the pattern: after a star
// only the latest star is ever taken up again, which is enough, because what an earlier one could still do, the
// later one can as well.

/// A part of a pattern: text that stands for itself (what was quoted, or interpolated), or that may hold wildcards.
public enum GlobPiece: Sendable {
  case literal(String)
  case wildcard(String)
}

/// The pattern for one name of a path.
struct NamePattern: Sendable {
  enum Token: Sendable, Equatable {
    case byte(UInt8)
    /// `?`: one character.
    case one
    /// `*`: any characters.
    case any
    case set(CharacterSet)
  }

  /// `[a-z]`: ranges of scalars.
  struct CharacterSet: Sendable, Equatable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    func contains(_ character: Character) -> Bool {
      let scalars = character.unicodeScalars
      guard let first = scalars.first, scalars.count == 1 else { return isNegated }
      return ranges.contains { $0.contains(first.value) } != isNegated
    }
  }

  var tokens: [Token] = []
  /// `**` alone: any number of directories.
  var isAnyDepth = false

  /// The name itself, if nothing in it is a wildcard.
  var literal: [UInt8]? {
    var bytes: [UInt8] = []
    for token in tokens {
      guard case .byte(let byte) = token else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  var isWildcard: Bool { isAnyDepth || literal == nil }

  /// A dot at a name's start is matched by a dot only.
  var matchesHidden: Bool { tokens.first == .byte(UInt8(ascii: ".")) }

  func matches(_ name: String) -> Bool {
    if name.utf8.first == UInt8(ascii: "."), !matchesHidden { return false }
    var name = name
    name.makeContiguousUTF8()
    let bytes = Array(name.utf8)
    var position = 0
    var token = 0
    /// Where the latest star stands, and from where it is tried next.
    var star: (token: Int, position: Int)?
    while true {
      if token == tokens.count {
        if position == bytes.count { return true }
      } else if tokens[token] == .any {
        star = (token, position)
        token += 1
        continue
      } else if position < bytes.count, let next = step(tokens[token], name, bytes, position) {
        position = next
        token += 1
        continue
      }
      // A dead end: the latest star takes one character more.
      guard let last = star, last.position < bytes.count else { return false }
      var next = last.position + 1
      while next < bytes.count, bytes[next] & 0xC0 == 0x80 { next += 1 }
      star = (last.token, next)
      position = next
      token = last.token + 1
    }
  }

  /// The position after what a token matches here, nil if it does not.
  private func step(_ token: Token, _ name: String, _ bytes: [UInt8], _ position: Int) -> Int? {
    switch token {
    case .any: return nil
    case .byte(let byte): return bytes[position] == byte ? position + 1 : nil
    case .one, .set:
      let end = characterEnd(name, bytes, position)
      guard case .set(let set) = token else { return end }
      let character = Character(String(decoding: bytes[position..<end], as: UTF8.self))
      return set.contains(character) ? end : nil
    }
  }

  /// Where the character that begins here ends.
  private func characterEnd(_ name: String, _ bytes: [UInt8], _ position: Int) -> Int {
    let isSimple = bytes[position] < 0x80 && (position + 1 == bytes.count || bytes[position + 1] < 0x80)
    if isSimple { return position + 1 }
    let start = name.utf8.index(name.startIndex, offsetBy: position)
    let end = name.index(after: start)
    return max(position + 1, name.utf8.distance(from: name.startIndex, to: end))
  }
}

/// A pattern for paths.
struct PathPattern: Sendable {
  /// `/` is before the first name.
  var isAbsolute = false
  /// A slash at the end: only directories match.
  var wantsDirectory = false
  var names: [NamePattern] = []
  /// As text, for paths that have no wildcard in them.
  var isWildcard: Bool { names.contains(where: \.isWildcard) }

  init(_ pieces: [GlobPiece]) {
    var scanner = Scanner()
    for piece in pieces {
      switch piece {
      case .literal(let text): scanner.literal(Array(text.utf8))
      case .wildcard(let text): scanner.wildcards(Array(text.utf8))
      }
    }
    self = scanner.finish()
  }

  private init() {}

  /// Cuts pieces into names.
  private struct Scanner {
    private var pattern = PathPattern()
    private var name = NamePattern()
    private var isStart = true
    /// Stars of a name that are nothing else.
    private var onlyStars = 0

    mutating func literal(_ bytes: [UInt8]) {
      for byte in bytes { add(byte) }
    }

    private mutating func add(_ byte: UInt8) {
      if byte == UInt8(ascii: "/") { return endName() }
      onlyStars = -1
      name.tokens.append(.byte(byte))
      isStart = false
    }

    private mutating func endName() {
      if name.tokens.isEmpty {
        if isStart { pattern.isAbsolute = true }
      } else {
        if onlyStars == 2 { name.isAnyDepth = true }
        pattern.names.append(name)
      }
      name = NamePattern()
      onlyStars = 0
      isStart = false
      pattern.wantsDirectory = true
    }

    mutating func wildcards(_ bytes: [UInt8]) {
      var position = 0
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "*"):
          if onlyStars >= 0 { onlyStars += 1 }
          // Two stars within a name say no more than one.
          if name.tokens.last != .any { name.tokens.append(.any) }
          isStart = false
        case UInt8(ascii: "?"):
          onlyStars = -1
          name.tokens.append(.one)
          isStart = false
        case UInt8(ascii: "["):
          if let (set, end) = Self.set(bytes, position) {
            onlyStars = -1
            name.tokens.append(.set(set))
            isStart = false
            position = end
          } else {
            add(byte)
          }
        case UInt8(ascii: "\\") where position < bytes.count:
          add(bytes[position])
          position += 1
        default: add(byte)
        }
      }
    }

    /// The set that begins after a `[`, and where it ends; nil if it does not end within the name.
    private static func set(_ bytes: [UInt8], _ start: Int) -> (NamePattern.CharacterSet, Int)? {
      guard let nameEnd = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? Optional(bytes.count) else {
        return nil
      }
      let scalars = Array(String(decoding: bytes[start..<nameEnd], as: UTF8.self).unicodeScalars)
      var set = NamePattern.CharacterSet()
      var position = 0
      if let first = scalars.first, first == "!" || first == "^" {
        set.isNegated = true
        position = 1
      }
      let first = position
      while position < scalars.count {
        let scalar = scalars[position]
        if scalar == "]", position > first {
          let length = scalars[...position].reduce(0) { $0 + UTF8.width($1) }
          return (set, start + length)
        }
        if position + 2 < scalars.count, scalars[position + 1] == "-", scalars[position + 2] != "]" {
          let last = scalars[position + 2]
          if scalar.value <= last.value { set.ranges.append(scalar.value...last.value) }
          position += 3
        } else {
          set.ranges.append(scalar.value...scalar.value)
          position += 1
        }
      }
      return nil
    }

    mutating func finish() -> PathPattern {
      if !name.tokens.isEmpty {
        endName()
        pattern.wantsDirectory = false
      }
      return pattern
    }
  }
}

/// `{a,b}` in patterns.
enum BraceExpansion {
  /// How many patterns one may stand for.
  private static let limit = 4_096

  /// All patterns that one with braces stands for. Braces without a comma stand for themselves, as in shells.
  static func expand(_ pattern: String) throws(Raised) -> [String] {
    var done: [String] = []
    var open = [Array(pattern.utf8)]
    while let next = open.popLast() {
      guard let (start, parts, end) = firstChoice(in: next) else {
        done.append(String(decoding: next, as: UTF8.self))
        continue
      }
      for part in parts.reversed() { open.append(Array(next[..<start]) + part + next[end...]) }
      guard open.count + done.count <= limit else {
        throw Raised(
          .limitError, "the pattern `\(pattern.prefix(60))` stands for more than \(limit) patterns")
      }
    }
    return done
  }

  /// The first braces with a comma of their own: where they start, what they hold, and where they end.
  private static func firstChoice(in bytes: [UInt8]) -> (start: Int, parts: [[UInt8]], end: Int)? {
    var search = 0
    while let start = index(of: UInt8(ascii: "{"), in: bytes, from: search) {
      var depth = 0
      var parts: [[UInt8]] = []
      var partStart = start + 1
      var position = start
      while position < bytes.count {
        switch bytes[position] {
        case UInt8(ascii: "\\"): position += 1
        case UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: ",") where depth == 1:
          parts.append(Array(bytes[partStart..<position]))
          partStart = position + 1
        case UInt8(ascii: "}"):
          depth -= 1
          if depth == 0 {
            if parts.isEmpty { break }
            parts.append(Array(bytes[partStart..<position]))
            return (start, parts, position + 1)
          }
        default: break
        }
        if depth == 0 { break }
        position += 1
      }
      search = start + 1
    }
    return nil
  }

  private static func index(of byte: UInt8, in bytes: [UInt8], from start: Int) -> Int? {
    var position = start
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "\\") {
        position += 2
        continue
      }
      if bytes[position] == byte { return position }
      position += 1
    }
    return nil
  }
}
