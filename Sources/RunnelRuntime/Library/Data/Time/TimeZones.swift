// Zones by name: read from /usr/share/zoneinfo when first asked for, then kept. The local one is that of TZ, or
// else of /etc/localtime, and is settled once for the process.

import Glibc

enum TimeZones {
  private static let directory = "/usr/share/zoneinfo"
  private static let known = Guarded<[String: ZoneRules]>(["UTC": .utc])

  /// The zone of a name: an IANA name, `UTC`, or `local`.
  /// - Throws: `ValueError`, with the nearest names, for an unknown one.
  static func named(_ name: String) throws(Raised) -> ZoneRules {
    guard let zone = find(name) else { throw unknown(name) }
    return zone
  }

  private static func find(_ name: String) -> ZoneRules? {
    if name == "local" { return local }
    if let zone = known.withLock({ $0[name] }) { return zone }
    guard let zone = read(name) else { return nil }
    known.withLock { $0[name] = zone }
    return zone
  }

  /// The zone of the machine, or of TZ.
  static let local: ZoneRules = {
    guard let variable = getenv("TZ") else {
      return ZoneRules(name: localName() ?? "local", at: "/etc/localtime") ?? .utc
    }
    var text = String(cString: variable)
    if text.hasPrefix(":") { text.removeFirst() }
    // POSIX leaves it to the system what an empty or wrong TZ means; to the C library it means UTC.
    if text.hasPrefix("/") { return ZoneRules(name: text, at: text) ?? .utc }
    return read(text) ?? PosixZoneRule(text).map { ZoneRules(name: text, first: .utc, rule: $0) } ?? .utc
  }()

  /// The zone of a time, and its offset then.
  static func offset(of time: TimeObject) -> ZoneOffset {
    if let fixed = time.offset { return fixed == 0 ? .utc : ZoneOffset(fixed: fixed) }
    let seconds = floorDivided(time.nanoseconds, by: 1_000_000_000).quotient
    guard let name = time.zone else { return local.offset(at: seconds) }
    return (find(name) ?? .utc).offset(at: seconds)
  }

  // MARK: Files

  /// Only plain relative names, so that no script's text leads elsewhere in the file system.
  private static func read(_ name: String) -> ZoneRules? {
    let isPlain = name.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || "/_+-".utf8.contains(byte)
    }
    guard isPlain, !name.isEmpty, !name.hasPrefix("/") else { return nil }
    return ZoneRules(name: name, at: "\(directory)/\(name)")
  }

  /// What /etc/localtime links to.
  private static func localName() -> String? {
    guard let path = realpath("/etc/localtime", nil) else { return nil }
    defer { free(path) }
    let text = String(cString: path)
    let prefix = directory + "/"
    return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
  }

  static func contents(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
      }
      if chunk.isEmpty { break }
      bytes.append(contentsOf: chunk)
    }
    return bytes
  }

  // MARK: Unknown names

  private static func unknown(_ name: String) -> Raised {
    let names = allNames
    if names.isEmpty {
      return Raised(
        .valueError, "no time zone `\(name)`: this machine has no zone files; install its `tzdata` package")
    }
    let near = nearest(to: name, among: names)
    let hint = near.isEmpty ? "" : "; the nearest are " + near.map { "`\($0)`" }.joined(separator: ", ")
    return Raised(.valueError, "no time zone `\(name)`\(hint)")
  }

  /// The zones and their other names, as the database's own text lists them.
  private static let allNames: [String] = {
    guard let bytes = contents("\(directory)/tzdata.zi") else { return [] }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.utf8.split(separator: 0x0A).compactMap { line in
      let words = line.split(separator: 0x20, maxSplits: 3)
      if words.first?.elementsEqual("Z".utf8) == true, words.count > 1 { return String(Substring(words[1])) }
      if words.first?.elementsEqual("L".utf8) == true, words.count > 2 { return String(Substring(words[2])) }
      return nil
    }
  }()

  /// Up to three names that are a few letters away, as a whole or by their last part (`Berlin`).
  private static func nearest(to name: String, among names: [String]) -> [String] {
    guard name.utf8.count <= 64 else { return [] }
    let wanted = Array(name.lowercased().utf8)
    let scored = names.compactMap { candidate -> (Int, String)? in
      let whole = Array(candidate.lowercased().utf8)
      let city = whole.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? whole
      let score = min(editDistance(wanted, whole), editDistance(wanted, city))
      return score <= max(1, wanted.count / 4) ? (score, candidate) : nil
    }
    return scored.sorted { $0 < $1 }.prefix(3).map(\.1)
  }

  private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, byte) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in b.enumerated() {
        let best = min(row[j], row[j + 1]) + 1
        (diagonal, row[j + 1]) = (row[j + 1], min(best, diagonal + (byte == other ? 0 : 1)))
      }
    }
    return row[b.count]
  }
}

extension ZoneRules {
  fileprivate convenience init?(name: String, at path: String) {
    guard let bytes = TimeZones.contents(path) else { return nil }
    self.init(name: name, file: bytes)
  }
}
