// What scripts do with a regex, on the search: finding, replacing by a template, splitting, and the map that a
// match is. Strings' methods that take a regex (`s.split(re)` …) stand on the same methods.

extension RegexObject: RegexOperations {
  /// Whether it matches anywhere in a text.
  func hasMatch(in text: StringObject, strand: Strand) throws(Raised) -> Bool {
    try search(text, strand: strand) { search throws(Raised) in try search.next() }
  }

  /// The text with matches replaced by a template (`$1`, `${name}`, `$0` for the whole match, `$$`).
  /// - Parameter max: how many matches are replaced at most.
  /// - Throws: `ValueError` for a group that the pattern has not.
  func replaceMatches(
    in text: StringObject, with template: String, max: Int = .max, strand: Strand
  ) throws(Raised) -> String {
    let template = try RegexTemplate(template, for: compiled)
    return try search(text, strand: strand) { search throws(Raised) in
      var writer = TextWriter(strand: strand)
      var copied = 0
      var count = 0
      while count < max, try search.next() {
        let range = search.range
        try search.write(copied..<Swift.max(copied, range.lowerBound), to: &writer)
        try template.append(to: &writer, search)
        copied = Swift.max(copied, range.upperBound)
        count += 1
      }
      if count == 0 { return text.text }
      try search.write(copied..<search.subject.count, to: &writer)
      return try writer.finish()
    }
  }

  /// The parts of the text between matches, with what the pattern's groups took among them, as in Perl and Python.
  /// - Parameter max: how many times it is cut at most.
  func split(_ text: StringObject, max: Int = .max, strand: Strand) throws(Raised) -> [Value] {
    try search(text, strand: strand) { search throws(Raised) in
      var parts: [Value] = []
      var start = 0
      var count = 0
      while count < max, try search.next() {
        let range = search.range
        parts.append(.object(search.text(start..<Swift.max(start, range.lowerBound))))
        appendGroups(of: search, to: &parts)
        start = Swift.max(start, range.upperBound)
        count += 1
      }
      parts.append(.object(search.text(start..<search.subject.count)))
      return parts
    }
  }

  /// The texts between the first `max` matches, one more than there are matches, and the matches as scripts see
  /// them: for replacing by a function.
  func pieces(
    of text: StringObject, max: Int = .max, strand: Strand
  ) throws(Raised) -> (between: [Value], matches: [Value]) {
    try search(text, strand: strand) { search throws(Raised) in
      var characters = try CharacterCounter(text, strand: strand)
      var between: [Value] = []
      var matches: [Value] = []
      var start = 0
      while matches.count < max, try search.next() {
        let range = search.range
        between.append(.object(search.text(start..<Swift.max(start, range.lowerBound))))
        matches.append(try matchValue(search, &characters))
        start = Swift.max(start, range.upperBound)
      }
      between.append(.object(search.text(start..<search.subject.count)))
      return (between, matches)
    }
  }

  // MARK: Matches as maps

  /// The first match as scripts see it, or nil.
  func firstMatchValue(in subject: StringObject, strand: Strand) throws(Raised) -> Value {
    try search(subject, strand: strand) { search throws(Raised) in
      guard try search.next() else { return .nil }
      var characters = try CharacterCounter(subject, strand: strand)
      return try matchValue(search, &characters)
    }
  }

  /// All matches as scripts see them.
  func allMatchValues(in subject: StringObject, strand: Strand) throws(Raised) -> [Value] {
    try search(subject, strand: strand) { search throws(Raised) in
      var characters = try CharacterCounter(subject, strand: strand)
      var matches: [Value] = []
      while try search.next() { matches.append(try matchValue(search, &characters)) }
      return matches
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
    // Nothing has no length, also inside of a character.
    let end = range.isEmpty ? start : try characters.count(before: range.upperBound, roundedUp: true)
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
    func put(_ key: StringObject, _ value: Value) {
      map.append(.object(key), hash: key.hash & Int.max, value)
    }
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

  init(_ subject: StringObject, strand: Strand) throws(Raised) {
    try subject.measure(strand)
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
