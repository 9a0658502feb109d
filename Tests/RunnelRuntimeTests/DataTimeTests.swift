import Testing

@testable import RunnelRuntime

@Suite struct `Times` {
  private func time(_ text: String) throws -> Value { try DataCall.call("time.parse", [.string(text)]) }

  private func format(_ text: String, _ format: String) -> String {
    shown { try DataCall.callMethod("time.format", on: time(text), [.string(format)]) }
  }

  private func inZone(_ text: String, _ zone: String) -> String {
    shown { try DataCall.callMethod("time.in", on: time(text), [.string(zone)]) }
  }

  private func date(_ arguments: Value..., zone: String = "Europe/Berlin") -> String {
    shown { try DataCall.call("time.date", arguments, ["zone": .string(zone)]) }
  }

  @Test func `have fields as their zone's clocks show them`() throws {
    let time = try #require(try DataCall.call("time.date", [2024, 2, 29, 12, 30, 45], ["zone": "UTC"]).time)
    let names = [
      "year", "month", "day", "hour", "minute", "second", "nanosecond", "weekday", "day_of_year", "zone",
      "offset",
    ]
    #expect(
      names.map { DataLibrary.timeField(time, $0).map(show) } == [
        "2024", "2", "29", "12", "30", "45", "0", "4", "60", "\"UTC\"", "0s",
      ])
    #expect(DataLibrary.timeField(time, "fortnight") == nil)
    #expect(TimeLibrary.timeFields == names)
  }

  @Test(arguments: [
    ("2024-02-29T12:30:45Z", "2024-02-29T12:30:45Z"),
    ("2024-02-29T14:30:45+02:00", "2024-02-29T14:30:45+02:00"),
    ("2024-02-29t12:30:45z", "2024-02-29T12:30:45Z"),
    ("2024-02-29 12:30:45.5Z", "2024-02-29T12:30:45.500000Z"),
    ("2024-02-29T12:30:45.123456789Z", "2024-02-29T12:30:45.123456789Z"),
    ("2024-02-29T12:30Z", "2024-02-29T12:30:00Z"),
    ("2024-02-29T12:30:45,25-0130", "2024-02-29T12:30:45.250000-01:30"),
    ("2024-02-29T12:30:45+05", "2024-02-29T12:30:45+05:00"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"),
    ("2024-02-29T12:30:45.1234567891Z", "2024-02-29T12:30:45.123456789Z"),
    ("1677-09-22T00:00:00Z", "1677-09-22T00:00:00Z"),
    ("2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z"),
    ("2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z"),
  ])
  func `RFC 3339 is read and printed`(text: String, expected: String) {
    #expect(result("time.parse", .string(text)) == expected)
  }

  @Test func `without an offset it is local time`() throws {
    #expect(try time("2024-02-29T12:30:45").time?.zone == nil)
    #expect(try time("2024-02-29").time.map { DataLibrary.timeField($0, "hour").map(show) } == "0")
  }

  @Test(arguments: [
    "", "x", "2024", "2024-02", "2024-2-9", "24-02-29", "2024-13-01", "2024-00-01", "2023-02-29",
    "2024-02-30", "2024-02-29T", "2024-02-29X12:00",
    "2024-02-29T24:00:00Z", "2024-02-29T12:60:00Z", "2024-02-29T12:00:61Z", "2024-02-29T12:00:00.Z",
    "2024-02-29T12:00:00+",
    "2024-02-29T12:00:00+24:00", "2024-02-29T12:00:00+05:60", "2024-02-29T12:00:00Zx", "2024-02-29T12",
    "２０２４-02-29", "2024-02-29T12:00:00é",
    "+2024-02-29",
  ])
  func `what is no time raises ParseError`(text: String) {
    #expect(kind("time.parse", .string(text)) == "ParseError")
  }

  @Test
  func `what nanoseconds in 64 bits cannot hold is no text of a time, and raises OverflowError elsewhere`() {
    #expect(kind("time.parse", "2262-04-12T00:00:00Z") == "ParseError")
    #expect(kind("time.parse", "1677-09-21T00:00:00Z") == "ParseError")
    #expect(kind("time.parse", "9999-12-31") == "ParseError")
    #expect(kind("time.unix", .int(.max)) == "OverflowError")
    #expect(kind("time.unix", 1e300) == "OverflowError")
    #expect(kind("time.unix", .float(.nan)) == "ValueError")
    #expect(kind("time.date", .int(.max), 1, 1) == "OverflowError")
    #expect(kind("time.date", .int(.min), 1, 1) == "OverflowError")
  }

  @Test(arguments: [
    ("31.01.2024", "%d.%m.%Y", "2024-01-31"), ("29 Feb 2024", "%d %b %Y", "2024-02-29"),
    ("29  FEBRUARY 2024", "%d %B %Y", "2024-02-29"),
    ("Thu Feb 29 2024", "%a %b %d %Y", "2024-02-29"), ("24060", "%y%j", "2024-02-29"),
    ("69", "%y", "1969-01-01"), ("68", "%y", "2068-01-01"),
    ("may 1 2024", "%b %e %Y", "2024-05-01"), ("2024-02-29", "%F", "2024-02-29"),
    ("02/29/24", "%D", "2024-02-29"), ("100%", "%j%%", "1900-04-10"),
  ])
  func `formats are read`(text: String, format: String, date: String) {
    #expect(
      shown {
        let time = try DataCall.call("time.parse", [.string(text), .string(format)])
        return try DataCall.callMethod("time.format", on: time, ["%F"])
      } == "\"\(date)\"")
  }

  @Test func `formats with zones and times are read`() {
    #expect(
      result("time.parse", "29 Feb 2024 01:02:03 +0200", "%d %b %Y %H:%M:%S %z")
        == "2024-02-29T01:02:03+02:00")
    #expect(result("time.parse", "2024-02-29 11:05 PM UTC", "%Y-%m-%d %I:%M %p %Z") == "2024-02-29T23:05:00Z")
    #expect(result("time.parse", "2024-02-29 12:05 AM GMT", "%Y-%m-%d %I:%M %p %Z") == "2024-02-29T00:05:00Z")
    #expect(
      result("time.parse", "2024-02-29 1:2:3.25 Z", "%Y-%m-%d %H:%M:%S.%f %z")
        == "2024-02-29T01:02:03.250000Z")
    #expect(
      shown {
        let time = try DataCall.call("time.parse", ["1709209845", "%s"])
        return try DataCall.callMethod("time.unix", on: time, [])
      } == "1709209845.0")
    #expect(kind("time.parse", "2024", "%Y-%m") == "ParseError")
    #expect(kind("time.parse", "2024 x", "%Y") == "ParseError")
    #expect(kind("time.parse", "13 PM", "%I %p") == "ParseError")
    #expect(kind("time.parse", "2023 366", "%Y %j") == "ParseError")
    #expect(kind("time.parse", "PST", "%Z") == "ParseError")
    #expect(kind("time.parse", "x", "%Q") == "ValueError")
    #expect(kind("time.parse", "x", "x%") == "ValueError")
  }

  @Test func `formats are written as strftime does`() {
    #expect(
      format(
        "2024-02-29T12:30:45Z",
        "%a %A %b %B %d %e %F %g %G %H %I %j %k %l %m %M %p %r %R %s %S %T %u %U %V %w %W %x %X %y %Y %z %Z %% %D %C"
      )
        == "\"Thu Thursday Feb February 29 29 2024-02-29 24 2024 12 12 060 12 12 02 30 PM 12:30:45 PM 12:30 1709209845 45 12:30:45 4 08 09 4 09 02/29/24 12:30:45 24 2024 +0000 UTC % 02/29/24 20\""
    )
    #expect(
      format("2024-01-02T03:04:05.006007008+05:30", "%-d.%-m. %_H|%-I|%L|%f|%N|%:z|%c")
        == "\"2.1.  3|3|006|006007|006007008|+05:30|Tue Jan  2 03:04:05 2024\"")
    #expect(format("2021-01-03T00:00:00Z", "%G-W%V-%u %U %W") == "\"2020-W53-7 01 00\"")
    #expect(
      format("2024-01-01T00:00:00Z", "%Q")
        == "ValueError: `%Q` is no directive of a time format; a percent sign is `%%`")
    #expect(format("2024-01-01T00:00:00Z", "100%").hasPrefix("ValueError"))
    #expect(format("2024-01-01T00:00:00Z", "é 👩‍👩‍👧%n") == "\"é 👩‍👩‍👧\n\"")
  }

  @Test func `seconds since 1970 are meant as they print`() throws {
    #expect(result("time.unix", 1709209845.123456).hasSuffix(".123456Z") || TimeZones.local.name != "UTC")
    for (seconds, nanoseconds) in [
      (1.5, 1_500_000_000), (-0.25, -250_000_000), (1709209845.1, 1_709_209_845_100_000_000),
      (0.1, 100_000_000), (-1, -1_000_000_000),
      (1709209845.123457, 1_709_209_845_123_457_000), (1e-9, 1), (1e-10, 0), (4e9, 4_000_000_000_000_000_000),
    ] {
      #expect(try DataCall.call("time.unix", [.float(seconds)]).time?.nanoseconds == nanoseconds)
    }
  }

  @Test func `dates are checked`() {
    #expect(date(2024, 2, 30).hasPrefix("ValueError: this is no date: the day is 1 to 29 in 2024-02, not 30"))
    for arguments: [Value] in [
      [2024, 13, 1], [2024, 1, 1, 24], [2024, 1, 1, 0, 60], [2024, 1, 1, 0, 0, 60], [2024, 0, 1],
      [2024, 1, 1, 0, 0, -1],
    ] {
      #expect(errorKind { try DataCall.call("time.date", arguments) } == "ValueError")
    }
    #expect(date(2024, 1, 1, 0, 0, 1.5, zone: "UTC") == "2024-01-01T00:00:01.500000Z")
    #expect(kind("time.date", "2024", 1, 1) == "TypeError")
  }

  @Test func `clocks put forward or back`() {
    #expect(date(2024, 3, 31, 1, 59, 59) == "2024-03-31T01:59:59+01:00")
    #expect(date(2024, 3, 31, 2, 30) == "2024-03-31T03:30:00+02:00")
    #expect(date(2024, 3, 31, 3) == "2024-03-31T03:00:00+02:00")
    #expect(date(2024, 10, 27, 2, 30) == "2024-10-27T02:30:00+02:00")
    #expect(date(2024, 10, 27, 3) == "2024-10-27T03:00:00+01:00")
    // By the rule after the last listed change, too.
    #expect(date(2200, 3, 30, 2, 30) == "2200-03-30T03:30:00+02:00")
    #expect(date(2200, 7, 1) == "2200-07-01T00:00:00+02:00")
    #expect(date(2024, 10, 6, 2, 15, zone: "Australia/Lord_Howe") == "2024-10-06T02:45:00+11:00")
    #expect(date(2011, 12, 30, zone: "Pacific/Apia") == "2011-12-31T00:00:00+14:00")
    #expect(date(1800, 1, 1) == "1800-01-01T00:00:00+00:53:28")
  }

  @Test(arguments: [
    ("Europe/Berlin", "2024-07-01T14:00:00+02:00"), ("America/New_York", "2024-07-01T08:00:00-04:00"),
    ("Asia/Kolkata", "2024-07-01T17:30:00+05:30"),
    ("UTC", "2024-07-01T12:00:00Z"), ("+05:45", "2024-07-01T17:45:00+05:45"),
    ("-0330", "2024-07-01T08:30:00-03:30"),
    ("Australia/Sydney", "2024-07-01T22:00:00+10:00"), ("Asia/Tehran", "2024-07-01T15:30:00+03:30"),
    ("Africa/Casablanca", "2024-07-01T13:00:00+01:00"),
    ("America/St_Johns", "2024-07-01T09:30:00-02:30"), ("Pacific/Chatham", "2024-07-02T00:45:00+12:45"),
    ("Etc/GMT+5", "2024-07-01T07:00:00-05:00"),
  ])
  func `are shown in zones`(zone: String, expected: String) {
    #expect(inZone("2024-07-01T12:00:00Z", zone) == expected)
  }

  @Test func `a wrong zone is an error that names the nearest`() {
    #expect(
      inZone("2024-07-01T12:00:00Z", "Europe/Berln")
        == "ValueError: no time zone `Europe/Berln`; the nearest are `Europe/Berlin`")
    #expect(
      inZone("2024-07-01T12:00:00Z", "Berlin")
        == "ValueError: no time zone `Berlin`; the nearest are `Europe/Berlin`")
    for wrong in [
      "", "../../../etc/passwd", "/etc/localtime", "Europe", "Europe/", "zone.tab", "x\u{0}y", "é", "+25:00",
      "+x", "-", "tzdata.zi",
    ] {
      #expect(inZone("2024-07-01T12:00:00Z", wrong).hasPrefix("ValueError"), "\(wrong)")
    }
  }

  @Test func `zone files that are broken are refused`() throws {
    var random = FixedRandom(9)
    let file = try #require(fileBytes("/usr/share/zoneinfo/Europe/Berlin"))
    #expect(ZoneRules(name: "x", file: file) != nil)
    for _ in 0..<2000 {
      var broken = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        broken[Int.random(in: 0..<min(broken.count, 120), using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        broken = Array(broken.prefix(Int.random(in: 0...broken.count, using: &random)))
      }
      if let rules = ZoneRules(name: "x", file: broken) {
        _ = rules.moment(ofClock: 1_709_209_845)
        _ = rules.offset(at: .min / 2)
      }
    }
  }

  private func fileBytes(_ path: String) -> [UInt8]? { TimeZones.contents(path) }

  @Test(arguments: [
    ("CET-1CEST,M3.5.0,M10.5.0/3", 1_719_835_200, 7200), ("CET-1CEST,M3.5.0,M10.5.0/3", 1_704_067_200, 3600),
    ("UTC0", 0, 0),
    ("<+0545>-5:45", 0, 20_700), ("EST5EDT", 1_719_835_200, -14_400),
    ("NZST-12NZDT,M9.5.0,M4.1.0/3", 1_704_067_200, 46_800),
    ("XXX3EDT4,0/0,J365/23", 1_704_067_200, -14_400), ("IST-2IDT,M3.4.4/26,M10.5.0", 1_719_835_200, 10_800),
  ])
  func `POSIX rules are read`(rule: String, moment: Int, offset: Int) throws {
    #expect(try #require(PosixZoneRule(rule)).offset(at: moment).seconds == offset)
  }

  @Test(arguments: [
    "", "A1", "CET", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
    "CET-1CEST,M3.5.0,M10.5.0x", "<>1", "<x1", "CET999",
  ])
  func `what is no POSIX rule is refused`(rule: String) {
    #expect(PosixZoneRule(rule) == nil)
  }

  @Test func `durations have fields in every unit, as floats`() {
    let duration = 90_000_000_000
    #expect(
      ["seconds", "milliseconds", "minutes", "hours", "days", "microseconds", "nanoseconds"].map {
        DataLibrary.durationField(duration, $0).map(show)
      } == [
        "90.0", "90000.0", "1.5", "0.025", "0.0010416666666666667", "90000000.0", "90000000000.0",
      ])
    #expect(DataLibrary.durationField(duration, "weeks") == nil)
    #expect(DataLibrary.durationField(.min, "seconds").map(show) == "-9223372036.854776")
  }

  @Test func `civil time and its seconds are each other's inverse`() {
    var random = FixedRandom(1)
    for _ in 0..<5000 {
      let seconds = Int.random(in: -10_000_000_000...10_000_000_000, using: &random)
      let civil = CivilTime(seconds: seconds)
      #expect(civil.seconds == seconds && civil.fault == nil && (1...7).contains(civil.weekday))
    }
  }
}
