// Values to JSON text. A loop over a stack of open containers, like the parser; the stack is also the path
// that an error names (`$.a[2]`). Strings go out as they are, with only what RFC 8259 demands escaped; floats
// as they print, so `2.0` stays a float; keys that are numbers, bools or nil become strings, as in Python.

/// Writes one value as JSON.
struct JSONEncoder: ~Copyable {
  private var output: [UInt8] = []
  private var open: [Container] = []
  private let strand: Strand
  /// What one level of indentation is; empty for everything on one line.
  private let indentation: [UInt8]
  private let sortsKeys: Bool
  private var steps = 0
  /// The length at which the limit and the strand are looked at next.
  private var nextLook = textPiece

  private enum Container {
    case list([Value], next: Int)
    /// Its entries in the order of writing.
    case map(MapStorage, next: Int)
    case sorted([(key: String, value: Value)], next: Int)
  }

  init(indentation: String = "", sortsKeys: Bool = false, strand: Strand) {
    self.indentation = Array(indentation.utf8)
    self.sortsKeys = sortsKeys
    self.strand = strand
  }

  /// The JSON of a value.
  /// - Throws: `ValueError`, with the path, for what JSON cannot hold; `LimitError` for values nested too deeply.
  static func encode(
    _ value: Value, indentation: String = "", sortsKeys: Bool = false, strand: Strand
  ) throws(Raised) -> String {
    var encoder = JSONEncoder(indentation: indentation, sortsKeys: sortsKeys, strand: strand)
    try encoder.run(value)
    try checkTextLength(encoder.output.count)
    return try String(utf8: encoder.output, strand: strand)
  }

  private mutating func run(_ value: Value) throws(Raised) {
    try begin(value)
    while let container = open.popLast() {
      steps &+= 1
      if steps & 0x3FF == 0 { try strand.checkpoint() }
      try look()
      // The container was taken off, so that its `next` is changed without a copy.
      switch container {
      case .list(let items, let next):
        guard next < items.count else {
          end(UInt8(ascii: "]"))
          continue
        }
        open.append(.list(items, next: next + 1))
        separate(isFirst: next == 0)
        try begin(items[next])
      case .map(let storage, var next):
        let isFirst = next == 0
        var entry: MapStorage.Entry?
        while next < storage.positionCount, entry == nil {
          entry = storage.entry(at: next)
          next += 1
        }
        guard let entry else {
          end(UInt8(ascii: "}"))
          continue
        }
        // A map's first position may be a hole; what matters is whether anything was written.
        let isReallyFirst = isFirst || output.last == UInt8(ascii: "{")
        open.append(.map(storage, next: next))
        separate(isFirst: isReallyFirst)
        if let key = entry.key.string {
          try write(string: key.text)
        } else {
          try write(string: try keyText(entry.key))
        }
        writeColon()
        try begin(entry.value)
      case .sorted(let entries, let next):
        guard next < entries.count else {
          end(UInt8(ascii: "}"))
          continue
        }
        open.append(.sorted(entries, next: next + 1))
        separate(isFirst: next == 0)
        try write(string: entries[next].key)
        writeColon()
        try begin(entries[next].value)
      }
    }
  }

  /// Writes a value, or the opening bracket of one whose items the loop then writes.
  private mutating func begin(_ value: Value) throws(Raised) {
    switch value {
    case .nil: write("null")
    case .bool(let flag): write(flag ? "true" : "false")
    case .int(let number): write(integer: number)
    case .float(let number):
      guard number.isFinite else { throw refusal(number.isNaN ? "NaN" : "an infinite float") }
      output.append(contentsOf: Formatting.float(number).utf8)
    case .duration: throw refusal("a duration")
    case .object(let object):
      switch object.tag {
      case .string: try write(string: unsafeDowncast(object, to: StringObject.self).text)
      case .list:
        let items = unsafeDowncast(object, to: ListObject.self).items
        if items.isEmpty { return write("[]") }
        try begin(.list(items, next: 0), UInt8(ascii: "["))
      case .map:
        let storage = unsafeDowncast(object, to: MapObject.self).storage
        if storage.isEmpty { return write("{}") }
        try begin(sortsKeys ? sorted(storage) : .map(storage, next: 0), UInt8(ascii: "{"))
      case .environment:
        try begin(.object(MapObject(strand.environment)))
      case .error: throw refusal("an error")
      default: throw refusal("a \(object.typeName)")
      }
    }
  }

  private mutating func begin(_ container: Container, _ bracket: UInt8) throws(Raised) {
    guard open.count < nestingLimit else {
      throw Raised(.limitError, "the value is nested more than \(nestingLimit) levels deep")
    }
    output.append(bracket)
    open.append(container)
  }

  private func sorted(_ storage: MapStorage) throws(Raised) -> Container {
    var entries: [(key: String, value: Value)] = []
    entries.reserveCapacity(storage.count)
    for (key, value) in storage {
      entries.append((try keyText(key), value))
      if entries.count & 0xFFF == 0 { try strand.checkpoint() }
    }
    let order = try Sorting.order(of: entries.map { .string($0.key) }, descending: false, strand)
    return .sorted(order.map { entries[$0] }, next: 0)
  }

  private func keyText(_ key: Value) throws(Raised) -> String {
    switch key {
    case .nil: return "null"
    case .bool(let flag): return flag ? "true" : "false"
    case .int(let number): return String(number)
    case .float(let number) where number.isFinite: return Formatting.float(number)
    case .object(let object) where object.tag == .string:
      return unsafeDowncast(object, to: StringObject.self).text
    default: throw refusal("a key that is a \(key.typeName)")
    }
  }

  // MARK: Writing

  /// After some bytes more: raises `LimitError` where the text gets too long, and sees whether the strand is to stop.
  private mutating func look() throws(Raised) {
    guard output.count >= nextLook else { return }
    nextLook = output.count + textPiece
    try checkTextLength(output.count)
    try strand.checkpoint()
  }

  private mutating func write(_ text: StaticString) {
    output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func writeColon() {
    output.append(UInt8(ascii: ":"))
    if !indentation.isEmpty { output.append(UInt8(ascii: " ")) }
  }

  /// What comes before an item.
  private mutating func separate(isFirst: Bool) {
    if !isFirst { output.append(UInt8(ascii: ",")) }
    newLine(depth: open.count)
  }

  private mutating func end(_ bracket: UInt8) {
    newLine(depth: open.count)
    output.append(bracket)
  }

  private mutating func newLine(depth: Int) {
    guard !indentation.isEmpty else { return }
    output.append(0x0A)
    for _ in 0..<depth { output.append(contentsOf: indentation) }
  }

  private mutating func write(integer: Int) {
    if integer >= 0, integer < 10 {
      output.append(UInt8(ascii: "0") + UInt8(integer))
    } else {
      output.append(contentsOf: String(integer).utf8)
    }
  }

  private mutating func write(string: String) throws(Raised) {
    output.append(UInt8(ascii: "\""))
    let bytes = string.utf8Span.span
    var start = 0
    while start < bytes.count {
      let end = min(start + textPiece, bytes.count)
      write(escaped: bytes.extracting(start..<end))
      start = end
      try look()
    }
    output.append(UInt8(ascii: "\""))
  }

  private mutating func write(escaped bytes: Span<UInt8>) {
    var written = 0
    for index in 0..<bytes.count {
      let byte = bytes[index]
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
      output.append(contentsOf: bytes.extracting(written..<index))
      written = index + 1
      output.append(UInt8(ascii: "\\"))
      switch byte {
      case 0x08: output.append(UInt8(ascii: "b"))
      case 0x09: output.append(UInt8(ascii: "t"))
      case 0x0A: output.append(UInt8(ascii: "n"))
      case 0x0C: output.append(UInt8(ascii: "f"))
      case 0x0D: output.append(UInt8(ascii: "r"))
      case 0x00..<0x20: output.append(contentsOf: "u\(hexadecimal(UInt32(byte), digits: 4))".utf8)
      default: output.append(byte)
      }
    }
    output.append(contentsOf: bytes.extracting(written...))
  }

  // MARK: Errors

  private func refusal(_ what: String) -> Raised {
    let path = self.path
    return Raised(.valueError, "JSON cannot hold \(what), at `\(path)`", data: ["path": .string(path)])
  }

  /// Where the value is that is being written: `$.a[2]`.
  private var path: String {
    var path = "$"
    for container in open {
      switch container {
      case .list(_, let next): path += "[\(next - 1)]"
      case .map(let storage, let next):
        if let key = storage.entry(at: next - 1)?.key {
          path += step(key.string?.text ?? "\(key.typeName) key")
        }
      case .sorted(let entries, let next): path += step(entries[next - 1].key)
      }
    }
    return path
  }

  private func step(_ key: String) -> String {
    let isName =
      key.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
      && key.unicodeScalars.allSatisfy {
        $0 == "_" || $0.properties.isAlphabetic || (0x30...0x39).contains($0.value)
      }
    return isName ? ".\(key)" : "[\"\(key)\"]"
  }
}
