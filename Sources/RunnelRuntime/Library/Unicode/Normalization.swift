// Normal forms of Unicode (UAX #15): `"é".normalize("NFD")`. The standard library composes and decomposes only
// behind private interfaces and has no compatibility forms, so the tables are here, generated and read when
// first needed; the algorithm is the annex's. Combining classes come from the standard library.

/// A normal form.
enum NormalForm: String {
  case composed = "NFC"
  case decomposed = "NFD"
  case compatiblyComposed = "NFKC"
  case compatiblyDecomposed = "NFKD"

  private var isCompatible: Bool { self == .compatiblyComposed || self == .compatiblyDecomposed }
  private var composes: Bool { self == .composed || self == .compatiblyComposed }

  /// The text in this form.
  func normalized(_ text: String, strand: Strand) throws(Raised) -> String {
    if text.utf8Span.isKnownASCII || text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    let data = NormalizationData.shared
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(text.utf8.count)
    var steps = 0
    for scalar in text.unicodeScalars {
      data.decompose(scalar, compatibly: isCompatible, into: &scalars)
      steps += 1
      if steps & 0x3FFF == 0 { try strand.checkpoint() }
    }
    try Self.order(&scalars, strand)
    if composes { try data.compose(&scalars, strand) }
    var writer = TextWriter(strand: strand, capacity: text.utf8.count)
    for scalar in scalars {
      writer.bytes.append(scalar)
      try writer.look()
    }
    return try writer.finish()
  }

  /// Marks after a starter in the order of their combining classes; marks of one class stay as they are.
  private static func order(_ scalars: inout [Unicode.Scalar], _ strand: Strand) throws(Raised) {
    var start = 0
    var looked = 0
    while start < scalars.count {
      if start - looked >= 0x3FFF {
        looked = start
        try strand.checkpoint()
      }
      guard combiningClass(scalars[start]) != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < scalars.count, combiningClass(scalars[end]) != 0 { end += 1 }
      if end - start > 1 {
        let classed = scalars[start..<end].enumerated().map { (combiningClass($1), $0, $1) }
        let ordered = classed.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
        scalars.replaceSubrange(start..<end, with: ordered.map(\.2))
      }
      start = end
    }
  }

  static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
  }
}

/// The tables, read from their text.
struct NormalizationData: Sendable {
  static let shared = NormalizationData()

  private var canonical: [UInt32: [Unicode.Scalar]] = [:]
  private var compatible: [UInt32: [Unicode.Scalar]] = [:]
  /// Both parts, the first in the upper half, to what they compose to.
  private var compositions: [UInt64: Unicode.Scalar] = [:]

  private init() {
    Self.read(Self.canonical) { character, parts, composes in
      canonical[character.value] = parts
      if composes { compositions[Self.pair(parts[0], parts[1])] = character }
    }
    Self.read(Self.compatible) { character, parts, _ in compatible[character.value] = parts }
  }

  private static func read(
    _ table: String, _ entry: (Unicode.Scalar, [Unicode.Scalar], _ composes: Bool) -> Void
  ) {
    func scalar(_ hexadecimal: Substring) -> Unicode.Scalar? {
      UInt32(hexadecimal, radix: 16).flatMap(Unicode.Scalar.init)
    }
    for item in table.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      guard let mark = item.firstIndex(where: { $0 == "=" || $0 == "!" }),
        let character = scalar(item[..<mark])
      else {
        continue
      }
      let parts = item[item.index(after: mark)...].split(separator: ",").compactMap(scalar)
      entry(character, parts, item[mark] == "=" && parts.count == 2)
    }
  }

  private static func pair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }

  // MARK: Hangul, by arithmetic

  private static let hangulBase: UInt32 = 0xAC00
  private static let leadBase: UInt32 = 0x1100
  private static let vowelBase: UInt32 = 0x1161
  private static let tailBase: UInt32 = 0x11A7
  private static let leadCount: UInt32 = 19
  private static let vowelCount: UInt32 = 21
  private static let tailCount: UInt32 = 28

  // MARK: Decomposing and composing

  /// Appends a character's full decomposition.
  func decompose(_ scalar: Unicode.Scalar, compatibly: Bool, into result: inout [Unicode.Scalar]) {
    let value = scalar.value
    if value < 0xA0 {
      result.append(scalar)
      return
    }
    if value >= Self.hangulBase, value < Self.hangulBase + Self.leadCount * Self.vowelCount * Self.tailCount {
      let index = value - Self.hangulBase
      let parts = [
        Self.leadBase + index / (Self.vowelCount * Self.tailCount),
        Self.vowelBase + index % (Self.vowelCount * Self.tailCount) / Self.tailCount,
        Self.tailBase + index % Self.tailCount,
      ]
      for part in parts where part != Self.tailBase {
        if let part = Unicode.Scalar(part) { result.append(part) }
      }
      return
    }
    guard let parts = canonical[value] ?? (compatibly ? compatible[value] : nil) else {
      result.append(scalar)
      return
    }
    for part in parts { decompose(part, compatibly: compatibly, into: &result) }
  }

  /// Composes marks with the starter before them that nothing blocks.
  func compose(_ scalars: inout [Unicode.Scalar], _ strand: Strand) throws(Raised) {
    guard !scalars.isEmpty else { return }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    var starter: Int?
    var lastClass: UInt8 = 0
    for (index, scalar) in scalars.enumerated() {
      if index & 0x3FFF == 0x3FFF { try strand.checkpoint() }
      let combiningClass = NormalForm.combiningClass(scalar)
      if let position = starter {
        let isAdjacent = position == result.count - 1
        if isAdjacent || (lastClass != 0 && lastClass < combiningClass),
          let composed = composition(result[position], scalar)
        {
          result[position] = composed
          continue
        }
      }
      if combiningClass == 0 { starter = result.count }
      lastClass = combiningClass
      result.append(scalar)
    }
    scalars = result
  }

  private func composition(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    let a = first.value
    let b = second.value
    if a >= Self.leadBase, a < Self.leadBase + Self.leadCount, b >= Self.vowelBase,
      b < Self.vowelBase + Self.vowelCount
    {
      return Unicode.Scalar(
        Self.hangulBase + ((a - Self.leadBase) * Self.vowelCount + (b - Self.vowelBase)) * Self.tailCount)
    }
    if a >= Self.hangulBase, a < Self.hangulBase + Self.leadCount * Self.vowelCount * Self.tailCount,
      (a - Self.hangulBase) % Self.tailCount == 0, b > Self.tailBase, b < Self.tailBase + Self.tailCount
    {
      return Unicode.Scalar(a + (b - Self.tailBase))
    }
    return compositions[Self.pair(first, second)]
  }
}
