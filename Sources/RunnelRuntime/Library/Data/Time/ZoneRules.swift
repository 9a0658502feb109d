// A time zone: when its offset from UTC changed, and by which rule it goes on changing. Read from the system's
// compiled zone files (TZif, RFC 9636) by a reader of our own: the C library's functions work for one zone per
// process, named by a global variable, which is no way for tasks that use several at once.

/// How far a zone's clocks are from UTC.
struct ZoneOffset: Equatable {
  /// East of Greenwich is positive.
  var seconds: Int
  var isDaylightSaving = false
  /// `CET`, or `+0530` where a zone has no letters.
  var abbreviation: String

  static let utc = ZoneOffset(seconds: 0, abbreviation: "UTC")

  /// A plain offset, named by its digits.
  init(fixed seconds: Int) {
    self.init(seconds: seconds, abbreviation: offsetText(seconds, separator: ""))
  }

  init(seconds: Int, isDaylightSaving: Bool = false, abbreviation: String) {
    self.seconds = seconds
    self.isDaylightSaving = isDaylightSaving
    self.abbreviation = abbreviation
  }
}

/// `+02:00`, with seconds where there are any.
func offsetText(_ seconds: Int, separator: String = ":") -> String {
  let magnitude = Int(seconds.magnitude)
  var text =
    (seconds < 0 ? "-" : "+") + padded(magnitude / 3600, 2) + separator + padded(magnitude / 60 % 60, 2)
  if magnitude % 60 != 0 { text += separator + padded(magnitude % 60, 2) }
  return text
}

/// The rules of one zone. Immutable.
final class ZoneRules: Sendable {
  /// As scripts name it.
  let name: String
  /// Seconds since 1970 in UTC at which the offset changes, rising.
  private let transitions: [Int]
  /// The offset from each transition on.
  private let offsets: [ZoneOffset]
  /// Before the first transition.
  private let first: ZoneOffset
  /// After the last transition.
  private let rule: PosixZoneRule?

  init(
    name: String, transitions: [Int] = [], offsets: [ZoneOffset] = [], first: ZoneOffset,
    rule: PosixZoneRule? = nil
  ) {
    self.name = name
    self.transitions = transitions
    self.offsets = offsets
    self.first = first
    self.rule = rule
  }

  static let utc = ZoneRules(name: "UTC", first: .utc)

  /// The offset at a moment, in seconds since 1970 in UTC.
  func offset(at moment: Int) -> ZoneOffset {
    // The first transition after the moment, by bisection.
    var (low, high) = (0, transitions.count)
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle] <= moment { low = middle + 1 } else { high = middle }
    }
    if low == transitions.count, let rule { return rule.offset(at: moment) }
    return low == 0 ? first : offsets[low - 1]
  }

  /// The moment at which the zone's clocks show a time. Where they are put back and show it twice, the first one;
  /// where they are put forward and never show it, the moment as far after the gap's beginning as the time is
  /// (02:30 becomes 03:30), as in Python and Java.
  func moment(ofClock seconds: Int) -> Int {
    // Offsets change at most once in two days and are below a day, so these are the ones before and after.
    let before = offset(at: seconds - CivilTime.secondsPerDay)
    let after = offset(at: seconds + CivilTime.secondsPerDay)
    let earlier = seconds - before.seconds
    if before.seconds == after.seconds || offset(at: earlier).seconds == before.seconds { return earlier }
    let later = seconds - after.seconds
    return offset(at: later).seconds == after.seconds ? later : earlier
  }
}

// MARK: The file format

extension ZoneRules {
  /// Reads a compiled zone file; nil if it is none, or one that counts leap seconds.
  convenience init?(name: String, file: [UInt8]) {
    var reader = ByteReader(file)
    guard let header = Header(&reader) else { return nil }
    if header.version < 2 {
      guard let body = Body(&reader, header, timeSize: 4) else { return nil }
      self.init(name: name, body: body, rule: nil)
      return
    }
    // The first block, of 32 bits, is for old readers; the one that counts follows.
    guard reader.skip(header.size(timeSize: 4)), let header = Header(&reader),
      let body = Body(&reader, header, timeSize: 8)
    else { return nil }
    self.init(name: name, body: body, rule: PosixZoneRule(reader.footer()))
  }

  private convenience init(name: String, body: Body, rule: PosixZoneRule?) {
    self.init(
      name: name, transitions: body.transitions, offsets: body.offsets, first: body.first, rule: rule)
  }

  private struct Header {
    let version: Int
    let utcCount: Int
    let standardCount: Int
    let leapCount: Int
    let transitionCount: Int
    let typeCount: Int
    let nameCount: Int

    init?(_ reader: inout ByteReader) {
      guard reader.number(4) == 0x545A_6966, let version = reader.number(1), reader.skip(15),
        let utc = reader.number(4), let standard = reader.number(4), let leap = reader.number(4),
        let transitions = reader.number(4), let types = reader.number(4), let names = reader.number(4),
        types > 0
      else { return nil }
      // The version is a digit, or a zero byte for the first one.
      self.version = version == 0 ? 1 : version - 0x30
      (utcCount, standardCount, leapCount) = (utc, standard, leap)
      (transitionCount, typeCount, nameCount) = (transitions, types, names)
    }

    func size(timeSize: Int) -> Int {
      transitionCount * (timeSize + 1) + typeCount * 6 + nameCount + leapCount * (timeSize + 4)
        + standardCount + utcCount
    }
  }

  private struct Body {
    var transitions: [Int] = []
    var offsets: [ZoneOffset] = []
    var first = ZoneOffset.utc

    init?(_ reader: inout ByteReader, _ header: Header, timeSize: Int) {
      guard header.leapCount == 0, reader.has(header.size(timeSize: timeSize)) else { return nil }
      for _ in 0..<header.transitionCount {
        guard let moment = reader.signedNumber(timeSize) else { return nil }
        transitions.append(moment)
      }
      var indexes: [Int] = []
      for _ in 0..<header.transitionCount {
        guard let index = reader.number(1), index < header.typeCount else { return nil }
        indexes.append(index)
      }
      var types: [(seconds: Int, isDaylightSaving: Bool, name: Int)] = []
      for _ in 0..<header.typeCount {
        guard let seconds = reader.signedNumber(4), let isDaylightSaving = reader.number(1),
          let name = reader.number(1),
          seconds.magnitude < CivilTime.secondsPerDay * 2
        else { return nil }
        types.append((seconds, isDaylightSaving == 1, name))
      }
      guard let names = reader.bytes(header.nameCount) else { return nil }
      guard reader.skip(header.standardCount + header.utcCount) else { return nil }
      let made = types.map { type in
        ZoneOffset(
          seconds: type.seconds, isDaylightSaving: type.isDaylightSaving,
          abbreviation: String(decoding: names.dropFirst(type.name).prefix { $0 != 0 }, as: UTF8.self))
      }
      offsets = indexes.map { made[$0] }
      first = made[0]
      guard zip(transitions, transitions.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
    }
  }

  /// Reads big-endian numbers; nil past the end.
  private struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    func has(_ count: Int) -> Bool { count >= 0 && count <= rest.count }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
      guard has(count) else { return nil }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }

    mutating func skip(_ count: Int) -> Bool { bytes(count) != nil }

    /// Of at most four bytes.
    mutating func number(_ size: Int) -> Int? {
      bytes(size)?.reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func signedNumber(_ size: Int) -> Int? {
      guard let bytes = bytes(size) else { return nil }
      let bits = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return size == 4 ? Int(Int32(truncatingIfNeeded: bits)) : Int(truncatingIfNeeded: bits)
    }

    /// The line after the second block: the rule for later times.
    mutating func footer() -> String {
      guard rest.first == 0x0A else { return "" }
      return String(decoding: rest.dropFirst().prefix { $0 != 0x0A }, as: UTF8.self)
    }
  }
}
