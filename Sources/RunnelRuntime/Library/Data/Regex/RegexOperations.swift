// What scripts do with a regex, on the search: finding, replacing by a template, splitting, and the map that a
// match is. Strings' methods that take a regex (`s.split(re)` …) stand on the public ones.

extension RegexObject {
  /// Whether it matches anywhere in the subject.
  public func matches(_ subject: StringObject, strand: Strand) throws(Raised) -> Bool {
    try search(subject, strand: strand) { search throws(Raised) in try search.next() }
  }

  /// The first match at or after a byte, which must be where a character begins.
  /// - Throws: `LimitError` if the pattern backtracks too long.
  public func firstMatch(
    in subject: StringObject, from byteOffset: Int = 0, strand: Strand
  ) throws(Raised) -> RegexMatch? {
    try search(subject, from: byteOffset, strand: strand) { search throws(Raised) in
      try search.next() ? match(search) : nil
    }
  }

  /// All matches, or the first `limit` of them.
  public func allMatches(
    in subject: StringObject, limit: Int = .max, strand: Strand
  ) throws(Raised) -> [RegexMatch] {
    try search(subject, strand: strand) { search throws(Raised) in
      var matches: [RegexMatch] = []
      while matches.count < limit, try search.next() { matches.append(match(search)) }
      return matches
    }
  }

  private func match(_ search: borrowing RegexSearch) -> RegexMatch {
    var groups: [Range<Int>?] = []
    groups.reserveCapacity(compiled.groupCount)
    for group in 0..<compiled.groupCount { groups.append(search.range(ofGroup: group + 1)) }
    return RegexMatch(range: search.range, groups: groups)
  }

  /// The subject with matches replaced by a template (`$1`, `${name}`, `$0` for the whole match, `$$`).
  /// - Parameter limit: how many matches are replaced at most.
  /// - Throws: `ValueError` for a group that the pattern has not.
  public func replacing(
    in subject: StringObject, with template: String, limit: Int = .max, strand: Strand
  ) throws(Raised) -> StringObject {
    let template = try RegexTemplate(template, for: compiled)
    return try search(subject, strand: strand) { search throws(Raised) in
      var output: [UInt8] = []
      var copied = 0
      var count = 0
      while count < limit, try search.next() {
        let range = search.range
        output.append(contentsOf: search.subject[copied..<max(copied, range.lowerBound)])
        template.append(to: &output, search)
        copied = max(copied, range.upperBound)
        count += 1
        guard output.count <= RegexTemplate.longestResult else {
          throw Raised(.limitError, "the text becomes too long")
        }
      }
      if count == 0 { return subject }
      output.append(contentsOf: search.subject[copied...])
      return StringObject(String(decoding: output, as: UTF8.self))
    }
  }

  /// The parts of the subject between matches, with what the pattern's groups took among them, as in Perl and Python.
  /// - Parameter limit: how many times it is split at most.
  public func splitting(
    _ subject: StringObject, limit: Int = .max, strand: Strand
  ) throws(Raised) -> [Value] {
    try search(subject, strand: strand) { search throws(Raised) in
      var parts: [Value] = []
      var start = 0
      var count = 0
      while count < limit, try search.next() {
        let range = search.range
        parts.append(.object(search.text(start..<max(start, range.lowerBound))))
        appendGroups(of: search, to: &parts)
        start = max(start, range.upperBound)
        count += 1
      }
      parts.append(.object(search.text(start..<search.subject.count)))
      return parts
    }
  }

  // MARK: Matches as maps

  /// The first match as scripts see it, or nil.
  func firstMatchValue(in subject: StringObject, strand: Strand) throws(Raised) -> Value {
    try search(subject, strand: strand) { search throws(Raised) in
      guard try search.next() else { return .nil }
      var characters = CharacterCounter(subject, strand: strand)
      return try matchValue(search, &characters)
    }
  }

  /// All matches as scripts see them.
  func allMatchValues(in subject: StringObject, strand: Strand) throws(Raised) -> [Value] {
    try search(subject, strand: strand) { search throws(Raised) in
      var characters = CharacterCounter(subject, strand: strand)
      var matches: [Value] = []
      while try search.next() { matches.append(try matchValue(search, &characters)) }
      return matches
    }
  }

  /// `[[text before, match], …, text after the last]`, for replacing by a function.
  func pieces(of subject: StringObject, limit: Int = .max, strand: Strand) throws(Raised) -> [Value] {
    try search(subject, strand: strand) { search throws(Raised) in
      var characters = CharacterCounter(subject, strand: strand)
      var pieces: [Value] = []
      var start = 0
      while pieces.count < limit, try search.next() {
        let range = search.range
        let before = Value.object(search.text(start..<max(start, range.lowerBound)))
        pieces.append(.list([before, try matchValue(search, &characters)]))
        start = max(start, range.upperBound)
      }
      pieces.append(.object(search.text(start..<search.subject.count)))
      return pieces
    }
  }

  private static let textKey = StringObject("text")
  private static let startKey = StringObject("start")
  private static let endKey = StringObject("end")
  private static let groupsKey = StringObject("groups")
  private static let namesKey = StringObject("names")

  /// `{text, start, end, groups, names}`.
  private func matchValue(
    _ search: borrowing RegexSearch, _ characters: inout CharacterCounter
  ) throws(Raised) -> Value {
    let range = search.range
    let start = try characters.count(before: range.lowerBound, roundedUp: false)
    let end = try characters.count(before: range.upperBound, roundedUp: true)
    var groups: [Value] = []
    groups.reserveCapacity(compiled.groupCount)
    appendGroups(of: search, to: &groups)
    var names = MapStorage(minimumCapacity: compiled.names.count)
    for (name, group) in compiled.names {
      // Of groups with one name (`(?J)`) the one that took part counts.
      let key = Value.object(name)
      if case .object? = names[key] { continue }
      names.set(key, hash: name.hash & Int.max, groups[group - 1])
    }
    var map = MapStorage(minimumCapacity: 5)
    func put(_ key: StringObject, _ value: Value) { map.append(.object(key), hash: key.hash & Int.max, value) }
    put(Self.textKey, .object(search.text(range)))
    put(Self.startKey, .int(start))
    put(Self.endKey, .int(end))
    put(Self.groupsKey, .list(groups))
    put(Self.namesKey, .object(MapObject(names)))
    return .object(MapObject(map))
  }

  private func appendGroups(of search: borrowing RegexSearch, to values: inout [Value]) {
    for group in 0..<compiled.groupCount {
      if let range = search.range(ofGroup: group + 1) {
        values.append(.object(search.text(range)))
      } else {
        values.append(.nil)
      }
    }
  }
}

/// Turns byte offsets into characters, offsets in rising order, so that a whole walk is linear.
struct CharacterCounter {
  private let text: String
  private let isASCII: Bool
  private let strand: Strand
  /// Where a character begins, and how many are before it.
  private var index: String.Index
  private var offset = 0
  private var count = 0

  init(_ subject: StringObject, strand: Strand) {
    text = subject.text
    isASCII = subject.isASCII
    self.strand = strand
    index = text.startIndex
  }

  /// How many characters are before a byte. A character that the offset is inside of (a match may end between a
  /// letter and its accent) counts if `roundedUp`.
  mutating func count(before target: Int, roundedUp: Bool) throws(Raised) -> Int {
    if isASCII { return target }
    if target < offset {
      (index, offset, count) = (text.startIndex, 0, 0)
    }
    while offset < target {
      let next = text.index(after: index)
      let nextOffset = text.utf8.distance(from: text.startIndex, to: next)
      if nextOffset > target { return roundedUp ? count + 1 : count }
      (index, offset) = (next, nextOffset)
      count += 1
      if count & 0x3FFF == 0 { try strand.checkpoint() }
    }
    return count
  }
}
