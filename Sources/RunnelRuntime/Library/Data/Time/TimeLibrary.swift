// The namespace `time`, the methods of times, and the fields of times and durations.

import RunnelScheduler

enum TimeLibrary {
  /// The functions `time.parse` and so on.
  static var namespace: NativeGroup {
    NativeGroup(
      "time",
      summary: """
        Moments, to the nanosecond, from 1677 to 2262. A time keeps the zone it is shown in: the local one (of `TZ`, or else of \
        the machine), a named one, or the offset it was written with. Equality and order are those of the moments.
        """,
      functions: [
        NativeFunction(
          "parse(text, format?)",
          documentation: """
            The time that a text says: in RFC 3339 (`2024-02-29T12:30:45.5+01:00`; the time of day, the seconds and the offset \
            may be missing), or by a format of the directives that `t.format` knows, but for those of weeks and centuries (`%C %G \
            %g %U %u %V %W %w`). Without an offset it is local time. What is no time, or none from 1677 to 2262, raises `ParseError`.
            """, body: .plain(parse)),
        NativeFunction(
          "unix(seconds)", documentation: "The time so many seconds after 1970-01-01T00:00:00Z.",
          body: .plain(unix)),
        NativeFunction(
          "date(y, m, d, h = 0, min = 0, s = 0, zone = \"local\")",
          documentation: """
            The moment when the clocks of a zone show this. Where they are put back and show it twice, the first one; where they \
            are put forward and skip it, as long after (02:30 becomes 03:30). What is no date raises `ValueError`.
            """, body: .plain(date)),
        NativeFunction(
          "monotonic()",
          documentation: "A duration since some fixed moment, which only ever grows: for measuring.",
          body: .plain(monotonic)),
      ])
  }

  /// The methods of times.
  static var methods: NativeGroup {
    NativeGroup(
      "time",
      summary: """
        Fields: `year month day hour minute second nanosecond weekday` (1 is Monday) `day_of_year zone offset`, as the clocks of \
        its zone show them.
        """,
      functions: [
        NativeFunction(
          "unix()", receiver: "time", documentation: "Seconds since 1970-01-01T00:00:00Z, as a float.",
          body: .plain(seconds)),
        NativeFunction(
          "format(format)", receiver: "time",
          documentation: """
            The time by the directives of strftime, in English: `%Y %m %d %H %M %S`, `%y %C %e %k %I %l %p %j %a %A %b %B %u %w %U \
            %W %V %G`, `%L %f %N` (milli-, micro-, nanoseconds), `%z %:z %Z %s`, `%F %T %R %D %c %x %X %r`, `%n %t %%`. `%-d` leaves \
            out the padding.
            """, body: .plain(format)),
        NativeFunction(
          "in(zone)", receiver: "time",
          documentation: """
            The same moment, shown in a zone: an IANA name (`"Europe/Berlin"`), `"UTC"`, `"local"`, or an offset (`"+05:30"`). An \
            unknown name raises `ValueError`.
            """, body: .plain(inZone)),
      ])
  }

  // MARK: Fields

  /// The field of a time; nil if there is none of that name.
  static func field(_ time: TimeObject, _ name: String) -> Value? {
    let offset = TimeZones.offset(of: time)
    let civil = CivilTime(of: time, offset: offset.seconds)
    switch name {
    case "year": return .int(civil.year)
    case "month": return .int(civil.month)
    case "day": return .int(civil.day)
    case "hour": return .int(civil.hour)
    case "minute": return .int(civil.minute)
    case "second": return .int(civil.second)
    case "nanosecond": return .int(civil.nanosecond)
    case "weekday": return .int(civil.weekday)
    case "day_of_year": return .int(civil.dayOfYear)
    case "zone":
      return .string(time.zone ?? (time.offset == nil ? TimeZones.local.name : offsetText(offset.seconds)))
    case "offset": return .duration(offset.seconds * 1_000_000_000)
    default: return nil
    }
  }

  static let timeFields = [
    "year", "month", "day", "hour", "minute", "second", "nanosecond", "weekday", "day_of_year", "zone",
    "offset",
  ]

  /// The units of a duration, as its fields give them, in nanoseconds.
  static let durationFields: [(name: String, nanoseconds: Int)] = [
    ("nanoseconds", 1), ("microseconds", 1000), ("milliseconds", 1_000_000), ("seconds", 1_000_000_000),
    ("minutes", 60_000_000_000), ("hours", 3_600_000_000_000), ("days", 86_400_000_000_000),
  ]

  /// The whole duration in some unit, as a float; nil if there is no such unit.
  static func field(ofDuration nanoseconds: Int, _ name: String) -> Value? {
    guard let unit = durationFields.first(where: { $0.name == name })?.nanoseconds else { return nil }
    return .float(quotient(nanoseconds, unit))
  }

  /// Whole part and rest apart, so that long durations keep their last digits.
  private static func quotient(_ nanoseconds: Int, _ unit: Int) -> Double {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: unit)
    return Double(whole) + Double(rest) / Double(unit)
  }

  // MARK: Code

  private static func parse(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let text = try call.string(0)
    guard call.has(1) else { return .object(try TimeParser.parse(text)) }
    return .object(try TimeParser.parse(text, format: try call.string(1)))
  }

  private static func unix(_ call: borrowing NativeCall) throws(Raised) -> Value {
    if case .int(let seconds) = call[0] { return .object(try TimeObject(seconds: seconds, nanosecond: 0)) }
    let seconds = try call.number(0)
    guard let (whole, nanosecond) = splitSeconds(seconds) else {
      if seconds.isFinite { throw TimeObject.outOfRange }
      throw Raised(.valueError, "`unix` takes a finite number of seconds")
    }
    return .object(try TimeObject(seconds: whole, nanosecond: nanosecond))
  }

  /// Seconds as a float are meant as they print: 1709209845.1 is not 1709209845.0999999 s.
  private static func splitSeconds(_ seconds: Double) -> (Int, Int)? {
    guard let whole = Int(exactly: seconds.rounded(.down)), whole.magnitude < 1 << 40 else { return nil }
    // The shortest decimal fraction that, added, gives the same float.
    var scale = 1.0
    var unit = 1_000_000_000
    let fraction = seconds - Double(whole)
    while unit >= 1 {
      let digits = (fraction * scale).rounded()
      if Double(whole) + digits / scale == seconds {
        let nanosecond = Int(digits) * unit
        return nanosecond == 1_000_000_000 ? (whole + 1, 0) : (whole, nanosecond)
      }
      scale *= 10
      unit /= 10
    }
    let nanosecond = Int((fraction * 1e9).rounded())
    return nanosecond >= 1_000_000_000 ? (whole + 1, 0) : (whole, nanosecond)
  }

  private static func date(_ call: borrowing NativeCall) throws(Raised) -> Value {
    var civil = CivilTime(
      year: try call.int(0), month: try call.int(1), day: try call.int(2), hour: try call.int(3, default: 0),
      minute: try call.int(4, default: 0))
    if call.has(5) {
      if case .int(let second) = call[5] {
        civil.second = second
      } else {
        let seconds = try call.number(5)
        guard let (whole, nanosecond) = splitSeconds(seconds) else {
          throw Raised(.valueError, "`date` takes 0 to 59 for `s`, not \(Formatting.float(seconds))")
        }
        (civil.second, civil.nanosecond) = (whole, nanosecond)
      }
    }
    let zone = try zone(call, 6)
    guard civil.year.magnitude < 100_000 else { throw TimeObject.outOfRange }
    if let fault = civil.fault { throw Raised(.valueError, "this is no date: \(fault)") }
    let moment: Int
    switch zone {
    case .offset(let offset): moment = civil.seconds - offset
    case .rules(let rules, _): moment = rules.moment(ofClock: civil.seconds)
    }
    return .object(
      try TimeObject(seconds: moment, nanosecond: civil.nanosecond, zone: zone.name, offset: zone.fixedOffset)
    )
  }

  private static func monotonic(_ call: borrowing NativeCall) throws(Raised) -> Value {
    // The scheduler's clock, which may be virtual: what a script measures agrees with what it waited.
    .duration(Int(call.strand.interpreter.scheduler.now))
  }

  private static func time(_ call: borrowing NativeCall) throws(Raised) -> TimeObject {
    guard let time = call[0].time else { throw call.wrongType(0, expected: "a time") }
    return time
  }

  private static func seconds(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .float(quotient(try time(call).nanoseconds, 1_000_000_000))
  }

  private static func format(_ call: borrowing NativeCall) throws(Raised) -> Value {
    .string(try TimeFormat.format(try time(call), try call.string(1), strand: call.strand))
  }

  private static func inZone(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let time = try time(call)
    let zone = try zone(call, 1)
    return .object(TimeObject(nanoseconds: time.nanoseconds, zone: zone.name, offset: zone.fixedOffset))
  }

  // MARK: Zones as arguments

  private enum Zone {
    /// The rules, and what a time keeps of them: nil for the local zone.
    case rules(ZoneRules, name: String?)
    case offset(Int)

    var name: String? {
      if case .rules(_, let name) = self { return name }
      return nil
    }

    var fixedOffset: Int? {
      if case .offset(let seconds) = self { return seconds }
      return nil
    }
  }

  private static func zone(_ call: borrowing NativeCall, _ position: Int) throws(Raised) -> Zone {
    let name = try call.string(position, default: "local")
    if name == "local" { return .rules(TimeZones.local, name: nil) }
    if let first = name.utf8.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
      guard let offset = TimeParser.offset(name) else {
        throw Raised(.valueError, "`\(name)` is no offset from UTC; they look like `+05:30`")
      }
      return .offset(offset)
    }
    return .rules(try TimeZones.named(name), name: name)
  }
}

extension TimeParser {
  /// The seconds of an offset such as `+05:30`.
  static func offset(_ text: String) -> Int? {
    try? TimeParser.parse("1970-01-01T00:00:00\(text)").offset
  }
}
