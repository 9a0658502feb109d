// What the process of a test is told, in the words of its command line, and what it answers, on a pipe of its own: records with a
// mark, a length and text. Both ends are this program, so there is nothing to be kept for others; an answer that breaks off is
// one of a process that died.

/// One run of one test.
struct TestOrder: Hashable, Sendable {
  var path: String
  var number: Int
  var seed: UInt64
  var workers: Int
  /// Nanoseconds of real time.
  var limit: Int64
  /// The descriptor that the answer goes to.
  var answer: Int32 = 3

  /// The first word of such a command line.
  static let word = "--run-one-test"

  var words: [String] {
    [Self.word, "\(answer)", "\(number)", "\(seed)", "\(workers)", "\(limit)", path]
  }

  init(path: String, number: Int, seed: UInt64, workers: Int, limit: Int64, answer: Int32 = 3) {
    (self.path, self.number, self.seed) = (path, number, seed)
    (self.workers, self.limit, self.answer) = (workers, limit, answer)
  }

  /// What the words say; nil for words that are no order.
  init?(_ words: [String]) {
    guard words.count == 7, words[0] == Self.word, let answer = Int32(words[1]), let number = Int(words[2]),
      let seed = UInt64(words[3]), let workers = Int(words[4]), let limit = Int64(words[5])
    else { return nil }
    self.init(
      path: words[6], number: number, seed: seed, workers: workers, limit: limit, answer: answer)
  }
}

/// What a test's process says at its end.
struct TestAnswer: Hashable, Sendable {
  /// How it failed, as people read it; nil if it passed.
  var failure: String?
  /// The same in a line.
  var summary = ""
  /// What its scopes had to close, a line each.
  var leaks: [String] = []
  /// Whether it came to its end at all.
  var isWhole = false

  private enum Mark: UInt8 { case failure = 1, summary, leak, end }

  init(failure: String? = nil, summary: String = "", leaks: [String] = []) {
    (self.failure, self.summary, self.leaks, isWhole) = (failure, summary, leaks, true)
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    func add(_ mark: Mark, _ text: String) {
      let length = UInt32(clamping: text.utf8.count)
      bytes.append(mark.rawValue)
      for shift in stride(from: 0, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(shift)))
      }
      bytes += text.utf8.prefix(Int(length))
    }
    if let failure { add(.failure, failure) }
    if !summary.isEmpty { add(.summary, summary) }
    for leak in leaks { add(.leak, leak) }
    add(.end, "")
    return bytes
  }

  /// As far as the bytes go.
  init(bytes: [UInt8]) {
    var rest = bytes[...]
    while rest.count >= 5, let mark = rest.first.flatMap(Mark.init) {
      let lengths = rest.dropFirst().prefix(4)
      let length = lengths.reversed().reduce(0) { $0 << 8 | Int($1) }
      guard rest.count >= 5 + length else { return }
      let text = String(decoding: rest.dropFirst(5).prefix(length), as: UTF8.self)
      rest = rest.dropFirst(5 + length)
      switch mark {
      case .failure: failure = text
      case .summary: summary = text
      case .leak: leaks.append(text)
      case .end: isWhole = true
      }
    }
  }
}
