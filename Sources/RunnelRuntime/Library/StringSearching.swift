// The methods of strings that look for a part: a string, found bytewise, or a regex through `RegexOperations`.

import Glibc

enum StringSearching {
  private static func method(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, receiver: "string", documentation: documentation, body: .plain(code))
  }

  static let functions: [NativeFunction] = [
    method("contains(part) → bool", "Whether a string, or what a regex matches, occurs in it.") {
      call throws(Raised) in
      let string = try call.stringObject(0)
      if let regex = call[1].regexOperations {
        return .bool(try regex.hasMatch(in: string, strand: call.strand))
      }
      return .bool(try ByteSearch(try part(call)).isFound(in: string.text, call.strand))
    },
    method("starts_with(part) → bool", "Whether it begins with a string.") { call throws(Raised) in
      .bool(try call.test(0, 1, begins))
    },
    method("ends_with(part) → bool", "Whether it ends with a string.") { call throws(Raised) in
      .bool(try call.test(0, 1, ends))
    },
    method("remove_prefix(part) → string", "Without a string at its start, if it is there.") {
      call throws(Raised) in
      guard try call.test(0, 1, begins) else { return call[0] }
      let text = try call.string(0)
      let length = try call.stringObject(1).byteCount
      return .string(try String(utf8: text.utf8Span.span.extracting(length...), strand: call.strand))
    },
    method("remove_suffix(part) → string", "Without a string at its end, if it is there.") {
      call throws(Raised) in
      guard try call.test(0, 1, ends) else { return call[0] }
      let text = try call.string(0)
      let kept = text.utf8.count - (try call.stringObject(1).byteCount)
      return .string(try String(utf8: text.utf8Span.span.extracting(..<kept), strand: call.strand))
    },
    method(
      "index(part, from = 0) → int",
      "Where a string first occurs, counted in characters, at `from` at the earliest; nil if it does not."
    ) { call throws(Raised) in
      try index(call)
    },
    method("count(part) → int", "How many times a string, or what a regex matches, occurs, side by side.") {
      call throws(Raised) in
      let string = try call.stringObject(0)
      if let regex = call[1].regexOperations {
        return .int(try regex.pieces(of: string, max: Int.max, strand: call.strand).matches.count)
      }
      let part = try part(call)
      if part.isEmpty { return .int(try call.measured(0).count + 1) }
      var count = 0
      try eachOccurrence(of: part, in: string.text, max: Int.max, call.strand) { (_) throws(Raised) in
        count += 1
      }
      return .int(count)
    },
    method(
      "split(sep?, max?) → list",
      """
      What stands between occurrences of a string or of what a regex matches; without one, between white space, \
      none of it empty. Cut `max` times at most: the last item has the rest.
      """
    ) { call throws(Raised) in
      try split(call)
    },
    NativeFunction(
      "replace(part, with, max?) → string", receiver: "string",
      documentation: """
        With occurrences of a string, or of what a regex matches, replaced: by a string (for a regex with `$1` and \
        `${name}` in it), or by what a function gives for each (it gets the match, or the text). The first `max`, \
        or all.
        """,
      body: .either(
        when: { call in call[2].isFunction }, prelude: "__string_replace",
        plain: { call throws(Raised) in try replace(call) })),
    method("join(xs) → string", "The items of a list as text, with this string between them.") {
      call throws(Raised) in
      .string(try joined(try call.iterated(1), separator: try call.string(0), call.strand))
    },
  ]

  /// A negative or missing `max` is none.
  private static func limit(_ call: borrowing NativeCall, _ position: Int) throws(Raised) -> Int {
    let limit = try call.int(position, default: -1)
    return limit < 0 ? Int.max : limit
  }

  private static func part(_ call: borrowing NativeCall) throws(Raised) -> String {
    guard let part = call[1].string else { throw call.wrongType(1, expected: "a string or a regex") }
    return part.text
  }

  private static func begins(_ text: UnsafeBufferPointer<UInt8>, with part: UnsafeBufferPointer<UInt8>)
    -> Bool
  {
    text.count >= part.count && hasSameBytes(text.baseAddress, part)
  }

  private static func ends(_ text: UnsafeBufferPointer<UInt8>, with part: UnsafeBufferPointer<UInt8>) -> Bool
  {
    text.count >= part.count && hasSameBytes(text.baseAddress.map { $0 + (text.count - part.count) }, part)
  }

  private static func hasSameBytes(_ start: UnsafePointer<UInt8>?, _ part: UnsafeBufferPointer<UInt8>) -> Bool
  {
    // `memcmp` takes no null pointer, which what is empty may have; and to call it costs more than to look at a few bytes.
    guard let start, let first = part.baseAddress else { return true }
    if part.count > 8 { return memcmp(start, first, part.count) == 0 }
    for index in 0..<part.count where start[index] != first[index] { return false }
    return true
  }

  private static func index(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let string = try call.measured(0)
    let text = string.text
    var from = try call.int(2, default: 0)
    let total = string.count
    if from < 0 { from = max(from + total, 0) }
    guard from <= total else { return .nil }
    let search = ByteSearch(try call.string(1))
    if string.isASCII {
      return try search.first(in: text.utf8Span.span, from: from, call.strand).map { .int($0) } ?? .nil
    }
    let begin = try string.index(text.startIndex, offsetBy: from, call.strand)
    let start = text.utf8.distance(from: text.startIndex, to: begin)
    guard let offset = try search.first(in: text.utf8Span.span, from: start, call.strand) else { return .nil }
    var characters = try CharacterCounter(string, strand: call.strand)
    return .int(try characters.count(before: offset, roundedUp: false))
  }

  /// Where a part that is not empty begins, in bytes, each after the end of the one before.
  private static func eachOccurrence(
    of part: String, in text: String, max: Int, _ strand: Strand, _ found: (Int) throws(Raised) -> Void
  ) throws(Raised) {
    let search = ByteSearch(part)
    let bytes = text.utf8Span.span
    var start = 0
    var count = 0
    while count < max, let offset = try search.first(in: bytes, from: start, strand) {
      try found(offset)
      start = offset + search.needle.count
      count += 1
      if count & 0xFFF == 0 { try strand.checkpoint() }
    }
  }

  /// The texts between the first `max` occurrences of a part.
  static func pieces(of text: String, at part: String, max: Int, _ strand: Strand) throws(Raised) -> [Value] {
    let bytes = text.utf8Span.span
    var pieces: [Value] = []
    var start = 0
    if part.isEmpty {
      // Between characters, before the first and after the last.
      pieces.append(.string(""))
      var index = text.startIndex
      while index < text.endIndex, pieces.count < max {
        let next = text.index(after: index)
        pieces.append(.string(String(text[index..<next])))
        index = next
        if pieces.count & 0xFFF == 0 { try strand.checkpoint() }
      }
      if pieces.count <= max, index == text.endIndex {
        pieces.append(.string(""))
      } else if max > 0 {
        pieces.append(.string(String(text[index...])))
      }
      return max == 0 ? [.string(text)] : pieces
    }
    try eachOccurrence(of: part, in: text, max: max, strand) { (offset) throws(Raised) in
      pieces.append(.string(try String(utf8: bytes.extracting(start..<offset), strand: strand)))
      start = offset + part.utf8.count
    }
    pieces.append(.string(start == 0 ? text : try String(utf8: bytes.extracting(start...), strand: strand)))
    return pieces
  }

  private static func split(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let string = try call.stringObject(0)
    let limit = try limit(call, 2)
    guard call.has(1) else { return .list(try words(of: string.text, max: limit, call.strand)) }
    if let regex = call[1].regexOperations {
      return .list(try regex.split(string, max: limit, strand: call.strand))
    }
    let separator = try part(call)
    guard !separator.isEmpty else {
      throw Raised(
        .valueError, "`split` takes a separator that is not empty: use `.chars()` for the characters")
    }
    return .list(try pieces(of: string.text, at: separator, max: limit, call.strand))
  }

  /// What stands between white space; after `max` cuts the rest as it is.
  static func words(of text: String, max: Int, _ strand: Strand) throws(Raised) -> [Value] {
    let bytes = text.utf8Span.span
    var words: [Value] = []
    var index = 0
    var looked = 0
    while true {
      while index < bytes.count {
        let length = bytes.spaceLength(at: index)
        guard length > 0 else { break }
        index += length
        if index - looked >= textPiece {
          looked = index
          try strand.checkpoint()
        }
      }
      guard index < bytes.count else { return words }
      let start = index
      if words.count >= max {
        words.append(.string(try String(utf8: bytes.extracting(start...), strand: strand)))
        return words
      }
      while index < bytes.count, bytes.spaceLength(at: index) == 0 {
        index += 1
        if index & 0xFFFF == 0 { try strand.checkpoint() }
      }
      words.append(.string(try String(utf8: bytes.extracting(start..<index), strand: strand)))
      if words.count & 0xFFF == 0 { try strand.checkpoint() }
    }
  }

  private static func replace(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let string = try call.stringObject(0)
    let limit = try limit(call, 3)
    guard call[1].string != nil || call[1].regexOperations != nil else {
      throw call.wrongType(1, expected: "a string or a regex")
    }
    guard let with = call[2].string else { throw call.wrongType(2, expected: "a string or a function") }
    if let regex = call[1].regexOperations {
      return .string(try regex.replaceMatches(in: string, with: with.text, max: limit, strand: call.strand))
    }
    let part = try part(call)
    if part.isEmpty {
      let pieces = try pieces(of: string.text, at: part, max: limit, call.strand)
      return .string(try joined(pieces, separator: with.text, call.strand))
    }
    let source = string.text.utf8Span.span
    var writer = TextWriter(strand: call.strand)
    var start = 0
    // The limit is met within the loop: before, not after, what is too long is made.
    try eachOccurrence(of: part, in: string.text, max: limit, call.strand) { (offset) throws(Raised) in
      try writer.append(source.extracting(start..<offset))
      try writer.append(with.text)
      start = offset + part.utf8.count
    }
    if start == 0 { return call[0] }
    try writer.append(source.extracting(start...))
    return .string(try writer.finish())
  }

  /// The items as text with a separator between.
  static func joined(_ items: [Value], separator: String, _ strand: Strand) throws(Raised) -> String {
    var printer = Printer(strand: strand)
    var isFirst = true
    for item in items {
      if !isFirst { try printer.append(text: separator) }
      isFirst = false
      try printer.append(item, quoted: false)
    }
    return try printer.finish()
  }
}

extension [UInt8] {
  mutating func append(contentsOf bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}
