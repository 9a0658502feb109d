import Testing

@testable import RunnelRuntime

/// Random input, the same in every run: parsers raise or give a value, and what was encoded comes back.
@Suite struct `Random data` {
  private func bytes(_ random: inout FixedRandom, alphabet: [UInt8]? = nil) -> [UInt8] {
    (0..<Int.random(in: 0...40, using: &random)).map { _ in
      alphabet?.randomElement(using: &random) ?? UInt8.random(in: 0...255, using: &random)
    }
  }

  @Test(arguments: [
    ("json.parse", #"[]{}",:\u0123456789abtruefalsn.-+eE "#), ("csv.parse", "a,\"\r\n;é"),
    ("base64.decode", "abAB+/=-_ \n*"),
    ("url.parse", "htp:/?#[]@&=%20aé."), ("url.decode", "%0a1fé+"), ("time.parse", "0123456789-T:Z.+ "),
  ])
  func `random text never crashes a parser`(name: String, alphabet: String) {
    var random = FixedRandom(17)
    for _ in 0..<4000 {
      let text = String(decoding: bytes(&random, alphabet: Array(alphabet.utf8)), as: UTF8.self)
      _ = result(name, .string(text))
    }
  }

  @Test(arguments: ["json.parse", "csv.parse", "base64.decode"])
  func `random bytes never crash a parser`(name: String) {
    var random = FixedRandom(19)
    for _ in 0..<4000 { _ = result(name, .bytes(bytes(&random))) }
  }

  @Test func `mutated times and formats never crash`() {
    var random = FixedRandom(23)
    let directives = Array("aAbBcCdDeFfgGHIjklLmMnNpPrRsStTuUVwWxXyYzZ%:-_0 Q")
    for _ in 0..<4000 {
      var format = ""
      for _ in 0..<Int.random(in: 0...5, using: &random) {
        format += Bool.random(using: &random) ? "%" : ""
        format.append(directives.randomElement(using: &random) ?? "x")
      }
      let moment = Int.random(in: .min ... .max, using: &random)
      let time = TimeObject(
        nanoseconds: moment,
        zone: ["UTC", "Europe/Berlin", nil, "Nowhere"].randomElement(using: &random) ?? nil)
      guard let text = try? TimeFormat.format(time, format) else { continue }
      _ = result("time.parse", .string(text), .string(format))
      _ = timeText(time)
    }
    for moment in [Int.min, .min + 1, -1, 0, .max] {
      for offset in [-86_399, 0, 86_399] { _ = timeText(TimeObject(nanoseconds: moment, offset: offset)) }
    }
  }

  @Test func `times come back from their text`() throws {
    var random = FixedRandom(29)
    for _ in 0..<2000 {
      let zone =
        ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"].randomElement(using: &random) ?? "UTC"
      let time = TimeObject(
        nanoseconds: Int.random(in: -9_000_000_000_000_000_000...9_000_000_000_000_000_000, using: &random),
        zone: zone)
      #expect(try TimeParser.parse(timeText(time)).nanoseconds == time.nanoseconds)
    }
  }

  private func value(_ random: inout FixedRandom, depth: Int) -> Value {
    switch Int.random(in: 0...(depth > 0 ? 9 : 6), using: &random) {
    case 0: return .nil
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .int(Int.random(in: .min ... .max, using: &random))
    case 3: return .int(Int.random(in: -10...10, using: &random))
    case 4:
      let number = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &random))
      return .float(number.isFinite ? number : 0.5)
    case 5, 6: return .string(text(&random))
    case 7:
      return .list((0..<Int.random(in: 0...5, using: &random)).map { _ in value(&random, depth: depth - 1) })
    default:
      var map = MapStorage()
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        map.set(.string(text(&random)), value(&random, depth: depth - 1))
      }
      return .object(MapObject(map))
    }
  }

  private func text(_ random: inout FixedRandom) -> String {
    let parts = [
      "a", "key", "é", "😀", "\"", "\\", "\n", "\u{0}", "\u{1F}", "/", "long text without anything in it",
      "\u{2028}", "\r\n", ",", ";",
    ]
    return (0..<Int.random(in: 0...4, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
      .joined()
  }

  @Test func `JSON comes back, however it is written`() throws {
    var random = FixedRandom(31)
    for _ in 0..<1500 {
      let value = value(&random, depth: 4)
      for indentation in ["", "  "] {
        let text = try JSONEncoder.encode(value, indentation: indentation, strand: DataCall.strand)
        let back = try JSONParser.parse(text, strand: DataCall.strand)
        #expect(try valuesEqual(value, back) && show(value) == show(back))
        var scanner = JSONValueScanner()
        scanner.feed(Array(text.utf8))
        scanner.finish()
        let scanned = try #require(try scanner.next(strand: DataCall.strand))
        #expect(try valuesEqual(value, scanned))
      }
    }
  }

  @Test func `CSV comes back`() throws {
    var random = FixedRandom(37)
    for _ in 0..<1000 {
      let width = Int.random(in: 1...4, using: &random)
      let rows = (0..<Int.random(in: 0...5, using: &random)).map { _ in
        Value.list((0..<width).map { _ in .string(text(&random)) })
      }
      let encoded = try DataCall.call("csv.encode", [.list(rows)])
      let back = try DataCall.call("csv.parse", [encoded], ["header": false])
      #expect(try valuesEqual(.list(rows), back), "\(show(encoded))")
    }
  }
}
