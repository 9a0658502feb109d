// One walk over a subject, match by match. Empty matches go on as in Perl and Python: after one, the next match
// must be longer or begin further on, at the next character as people see it.

import CPCRE2

/// The matches of a pattern in a subject, in order.
///
/// Used inside `RegexObject.search` only, which keeps the subject's bytes and the scratch alive.
struct RegexSearch: ~Copyable {
  let subject: UnsafeBufferPointer<UInt8>
  /// The same as text.
  private let string: String
  private let code: OpaquePointer
  private let scratch: RegexScratch
  private let ranges: UnsafePointer<Int>
  /// Where the next attempt begins; past the subject's end when there can be none.
  private var position: Int
  private var lastWasEmpty = false

  fileprivate init(
    _ pattern: CompiledPattern, _ scratch: RegexScratch, _ subject: UnsafeBufferPointer<UInt8>,
    of string: String, from position: Int
  ) {
    self.subject = subject
    self.string = string
    self.code = pattern.code
    self.scratch = scratch
    self.position = position
    // PCRE2 always has a vector, of a pair for the match and one for each group.
    ranges = UnsafePointer(pcre2_get_ovector_pointer_8(scratch.matchData))
  }

  /// Goes to the next match; false if there is none.
  /// - Throws: `LimitError` if the pattern backtracks too long; what a checkpoint raises.
  mutating func next() throws(Raised) -> Bool {
    if lastWasEmpty {
      lastWasEmpty = false
      guard position < subject.count, try match(PCRE2_NOTEMPTY_ATSTART) else {
        position = subject.count + 1
        return false
      }
      let next = nextCharacter(after: position)
      let isInside = range.isEmpty && range.lowerBound > position && range.lowerBound < next
      if !isInside {
        lastWasEmpty = range.isEmpty
        // `\K` can make a match end before its start; whatever happens, the search moves on.
        position = range.upperBound > position ? range.upperBound : next
        return true
      }
      position = next
    }
    guard position <= subject.count else { return false }
    guard try match(0) else {
      position = subject.count + 1
      return false
    }
    let end = range.upperBound
    lastWasEmpty = range.isEmpty
    if end < position { lastWasEmpty = true } else { position = end }
    return true
  }

  private func match(_ options: UInt32) throws(Raised) -> Bool {
    let options = PCRE2_NO_UTF_CHECK | options
    var result: Int32
    repeat {
      result = pcre2_match_8(
        code, subject.baseAddress, subject.count, position, options, scratch.matchData, scratch.context)
    } while result == PCRE2_ERROR_JIT_STACKLIMIT && scratch.growStack()
    if result >= 0 { return true }
    switch result {
    case PCRE2_ERROR_NOMATCH:
      return false
    case PCRE2_ERROR_CALLOUT:
      if let raised = scratch.watch.pointee.raised { throw raised }
      return false
    case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT:
      throw Raised(.limitError, "the pattern backtracks too long on this text")
    case PCRE2_ERROR_HEAPLIMIT, PCRE2_ERROR_JIT_STACKLIMIT, PCRE2_ERROR_NOMEMORY:
      throw Raised(.limitError, "the pattern needs too much memory on this text")
    default:
      throw Raised(.valueError, "the regex cannot be matched: \(CompiledPattern.message(result))")
    }
  }

  /// Where the character after an offset begins; beyond the end there is one more, so that the search ends.
  private func nextCharacter(after offset: Int) -> Int {
    guard offset < subject.count else { return offset + 1 }
    if subject[offset] < 0x80,
      offset + 1 == subject.count || (subject[offset + 1] < 0x80 && subject[offset] != 0x0D)
    {
      return offset + 1
    }
    let utf8 = string.utf8
    let next = string.index(after: utf8.index(utf8.startIndex, offsetBy: offset))
    return utf8.distance(from: utf8.startIndex, to: next)
  }

  /// Where the match is, in bytes.
  var range: Range<Int> { ranges[0]..<max(ranges[0], ranges[1]) }

  /// Where a group is (0: the whole match); nil if it took no part.
  func range(ofGroup group: Int) -> Range<Int>? {
    let (start, end) = (ranges[group * 2], ranges[group * 2 + 1])
    // An unset group has PCRE2_UNSET, which as an `Int` is -1.
    return start >= 0 && end >= start ? start..<end : nil
  }

  /// Writes some of the subject.
  func write(_ range: Range<Int>, to writer: inout TextWriter) throws(Raised) {
    try writer.append(string.utf8Span.span.extracting(range))
  }

  /// The text of some of the subject.
  func text(_ range: Range<Int>) -> StringObject {
    StringObject(String(decoding: UnsafeBufferPointer(rebasing: subject[range]), as: UTF8.self))
  }
}

extension RegexObject {
  /// Searches a subject from a byte on, which must be where a character begins.
  func search<Result>(
    _ subject: StringObject, from start: Int = 0, strand: Strand,
    _ body: (inout RegexSearch) throws(Raised) -> Result
  ) throws(Raised) -> Result {
    let scratch = try compiled.takeScratch()
    defer { compiled.giveBack(scratch) }
    var text = subject.text
    return try text.withUTF8 { bytes in
      // PCRE2 takes no null pointer with NO_UTF_CHECK before 10.43, and an empty string may have no address.
      let bytes = bytes.baseAddress == nil ? RegexSearch.empty : bytes
      if !compiled.isJIT, bytes.count > 64 << 10 { scratch.hasGrown = true }
      scratch.watch.pointee.begin(strand, subjectCount: bytes.count)
      defer { scratch.watch.pointee.end() }
      return Swift.Result { () throws(Raised) in
        var search = RegexSearch(compiled, scratch, bytes, of: subject.text, from: start)
        return try body(&search)
      }
    }.get()
  }
}

extension RegexSearch {
  /// An empty subject with an address.
  fileprivate static var empty: UnsafeBufferPointer<UInt8> {
    let nothing: StaticString = ""
    return UnsafeBufferPointer(start: nothing.utf8Start, count: 0)
  }
}
