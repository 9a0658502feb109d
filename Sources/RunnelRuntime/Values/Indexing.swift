// `x[i]`, `x[a..b]` and `x in y` (language.md §3). A single index out of range raises, a slice gives what is
// there; negative indexes count from the end.

private import RunnelSyntax

/// `base[index]`. An index that is a range, `xs[r]`, cuts a slice.
/// - Parameter strand: the strand whose cancellation stops a long walk over a text.
func indexValue(_ base: Value, _ index: Value, strand: Strand? = nil) throws(Raised) -> Value {
  guard case .object(let object) = base else { throw Indexing.notIndexable(base) }
  if object.tag == .map {
    return try Indexing.get(unsafeDowncast(object, to: MapObject.self).storage, index, strand: strand)
  }
  if object.tag == .sharedArray {
    return try Indexing.item(of: unsafeDowncast(object, to: SharedArrayObject.self), index)
  }
  guard Indexing.isIndexable(object.tag) else { throw Indexing.notIndexable(base) }
  guard case .int(let position) = index else {
    if let range = index.range, range.step == 1, !range.isDuration {
      return try sliceValue(
        base, lower: .int(range.lower), upper: .int(range.upper), inclusive: range.inclusive, strand: strand)
    }
    throw Raised(.typeError, "an index of a \(base.typeName) is an int or a range, not \(index.typeName)")
  }
  switch object.tag {
  case .list:
    let items = unsafeDowncast(object, to: ListObject.self)
    return items.items[try Indexing.offset(position, in: items.items.count, of: "list")]
  case .string:
    return try Indexing.character(unsafeDowncast(object, to: StringObject.self), at: position, strand: strand)
  case .bytes:
    let bytes = unsafeDowncast(object, to: BytesObject.self).bytes
    return .int(Int(bytes[try Indexing.offset(position, in: bytes.count, of: "bytes")]))
  default:
    let range = unsafeDowncast(object, to: RangeObject.self)
    guard !range.isDuration else { throw Indexing.notIndexable(base) }
    if let item = range.item(atIndex: position) { return .int(item) }
    throw Raised(.indexError, "index \(position) is out of range of a range of length \(range.exactCount)")
  }
}

/// `base[lower..upper]`; a bound that is nil is open.
/// - Parameter strand: the strand whose cancellation stops a long slice.
func sliceValue(
  _ base: Value, lower: Value, upper: Value, inclusive: Bool, strand: Strand? = nil
) throws(Raised) -> Value {
  guard case .object(let object) = base, Indexing.isIndexable(object.tag) else {
    throw Raised(.typeError, "a slice of \(base.typeName): only lists, strings, bytes and ranges have slices")
  }
  func bounds(_ count: Int) throws(Raised) -> Range<Int> {
    try Indexing.bounds(lower, upper, inclusive: inclusive, count: count)
  }
  switch object.tag {
  case .list:
    let items = unsafeDowncast(object, to: ListObject.self).items
    let range = try bounds(items.count)
    return range.count == items.count ? base : .list(try [Value](copying: items[range], strand))
  case .string:
    let string = unsafeDowncast(object, to: StringObject.self)
    try string.measure(strand)
    let range = try bounds(string.count)
    return range.count == string.count ? base : .object(try string.characters(range, strand: strand))
  case .bytes:
    let bytes = unsafeDowncast(object, to: BytesObject.self).bytes
    return .bytes(Array(bytes[try bounds(bytes.count)]))
  default:
    let range = unsafeDowncast(object, to: RangeObject.self)
    guard !range.isDuration else { throw Indexing.notIndexable(base) }
    return .list(try range.values(try bounds(range.count), strand: strand))
  }
}

/// `item in container`: an item of a list or range, a part of a string or bytes, a key of a map.
/// - Parameter strand: the strand whose cancellation stops a long search.
func contains(_ item: Value, in container: Value, strand: Strand? = nil) throws(Raised) -> Bool {
  if case .object(let object) = container {
    switch object.tag {
    case .map:
      let storage = unsafeDowncast(object, to: MapObject.self).storage
      if let name = item.string { return storage.position(of: name) != nil }
      return try storage.position(of: item, hash: try requireKey(item, strand: strand), strand: strand) != nil
    case .list:
      return try Indexing.firstIndex(of: item, in: unsafeDowncast(object, to: ListObject.self).items, strand)
        != nil
    case .range: return Indexing.position(of: item, in: unsafeDowncast(object, to: RangeObject.self)) != nil
    case .string:
      guard let part = item.string else {
        throw Raised(.typeError, "`in` a string asks for a string, not \(item.typeName)")
      }
      return try ByteSearch(part.text).isFound(in: unsafeDowncast(object, to: StringObject.self).text, strand)
    case .bytes:
      let bytes = unsafeDowncast(object, to: BytesObject.self).bytes
      if case .int(let byte) = item { return UInt8(exactly: byte).map { bytes.contains($0) } ?? false }
      guard let part = item.bytes else {
        throw Raised(.typeError, "`in` bytes asks for bytes or an int, not \(item.typeName)")
      }
      return try ByteSearch(part.bytes).first(in: bytes.span, from: 0, strand) != nil
    default: break
    }
  }
  throw Raised(
    .typeError, "`in` asks lists, maps, ranges, strings and bytes, not \(container.typeName)")
}

/// The hash of a map's key; raises `TypeError` for a value that cannot be one.
func requireKey(_ key: Value, strand: Strand? = nil) throws(Raised) -> Int {
  guard let hash = try keyHash(key, strand: strand) else {
    throw Raised(
      .typeError,
      key.list == nil
        ? "a \(key.typeName) cannot be a map's key: numbers, strings, bytes, bools, durations, nil and lists of these can"
        : "a list with such items cannot be a map's key")
  }
  return hash
}

enum Indexing {
  static func isIndexable(_ tag: ObjectTag) -> Bool {
    switch tag {
    case .list, .string, .bytes, .range: true
    default: false
    }
  }

  /// `a[i]` of shared memory.
  static func item(of array: SharedArrayObject, _ index: Value) throws(Raised) -> Value {
    guard case .int(let position) = index else {
      throw Raised(.typeError, "an index of a shared array is an int, not \(index.typeName)")
    }
    return array[try offset(position, in: array.count, of: "shared array")]
  }

  static func notIndexable(_ base: Value) -> Raised {
    let advice = base.isNil ? ": use `?[` where it may be nil" : ""
    return Raised(.typeError, "\(base.typeName) has no indexes\(advice)")
  }

  /// Where an index points, which counts from the end below zero; nil where there is nothing.
  @inline(__always)
  static func position(_ index: Int, in count: Int) -> Int? {
    if index >= 0 { return index < count ? index : nil }
    return index >= -count ? index + count : nil
  }

  /// An index from 0, of one that may be negative. Raises `IndexError`.
  static func offset(_ index: Int, in count: Int, of kind: String) throws(Raised) -> Int {
    if let position = position(index, in: count) { return position }
    throw Raised(.indexError, "index \(index) is out of range of a \(kind) of length \(count)")
  }

  /// Clamped bounds of a slice.
  static func bounds(_ lower: Value, _ upper: Value, inclusive: Bool, count: Int) throws(Raised) -> Range<Int>
  {
    let start = try bound(lower, open: 0, count: count)
    var end = try bound(upper, open: count, count: count)
    if inclusive, case .int(let number) = upper {
      // The item at `upper` itself, if there is one.
      end = number < -count ? 0 : min(end + (number < count ? 1 : 0), count)
    }
    return start < end ? start..<end : 0..<0
  }

  private static func bound(_ value: Value, open: Int, count: Int) throws(Raised) -> Int {
    switch value {
    case .nil: return open
    case .int(let number): return number >= 0 ? min(number, count) : max(number + count, 0)
    default: throw Raised(.typeError, "a slice is between ints, not \(value.typeName)")
    }
  }

  /// A map's value. Raises `KeyError` with the nearest key.
  static func get(_ storage: MapStorage, _ key: Value, strand: Strand? = nil) throws(Raised) -> Value {
    if let name = key.string {
      if let position = storage.position(of: name) { return storage[position: position] }
    } else if let position = try storage.position(
      of: key, hash: try requireKey(key, strand: strand), strand: strand)
    {
      return storage[position: position]
    }
    throw missingKey(key, in: storage)
  }

  /// `KeyError` for a key that is not in a map, naming the nearest one that is.
  static func missingKey(_ key: Value, in storage: MapStorage) -> Raised {
    var message = "the map has no key `\(key.string.map { $0.text } ?? brief(key))`"
    if let name = key.string?.text, name.utf8.count <= 64 {
      let names = storage.lazy.prefix(1_000).compactMap { $0.key.string?.text }
      if let near = NearestName.suggest(for: name, among: names) { message += "; did you mean `\(near)`?" }
    }
    return Raised(.keyError, message, data: ["key": key])
  }

  /// The character at an index that may be negative.
  static func character(_ string: StringObject, at position: Int, strand: Strand?) throws(Raised) -> Value {
    try string.measure(strand)
    let index = try offset(position, in: string.count, of: "string")
    return .object(try string.characters(index..<(index + 1), strand: strand))
  }

  static func firstIndex(of item: Value, in items: [Value], _ strand: Strand?) throws(Raised) -> Int? {
    if case .int(let number) = item {
      for index in items.indices {
        switch items[index] {
        case .int(let other): if other == number { return index }
        case .float(let other): if Int(exactly: other) == number { return index }
        default: break
        }
        if index & 0xFFFF == 0xFFFF { try strand?.checkpoint() }
      }
      return nil
    }
    for index in items.indices {
      if try valuesEqual(items[index], item, strand: strand) { return index }
      if index & 0xFFF == 0xFFF { try strand?.checkpoint() }
    }
    return nil
  }

  /// Where an item stands in a range; nil for one that is no item of it.
  static func position(of item: Value, in range: RangeObject) -> Int? {
    let number: Int
    switch item {
    case .int(let value): number = value
    case .float(let value):
      guard let exact = Int(exactly: value) else { return nil }
      number = exact
    case .duration(let value):
      guard range.isDuration, value >= range.lower else { return nil }
      return value < range.upper || (range.inclusive && value == range.upper) ? 0 : nil
    default: return nil
    }
    guard !range.isDuration, range.contains(number) else { return nil }
    return Int(
      (number.subtractingReportingOverflow(range.lower).partialValue.magnitude) / range.step.magnitude)
  }
}

extension StringObject {
  /// The characters at some positions, which must exist.
  func characters(_ range: Range<Int>, strand: Strand? = nil) throws(Raised) -> StringObject {
    if isASCII {
      let utf8 = text.utf8
      let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
      return StringObject(String(text[start..<utf8.index(start, offsetBy: range.count)]))
    }
    // From the nearer end.
    let total = count
    let start =
      range.lowerBound <= total / 2
      ? try index(text.startIndex, offsetBy: range.lowerBound, strand)
      : try index(text.endIndex, offsetBy: range.lowerBound - total, strand)
    let end =
      range.upperBound - range.lowerBound <= total - range.upperBound
      ? try index(start, offsetBy: range.count, strand)
      : try index(text.endIndex, offsetBy: range.upperBound - total, strand)
    return StringObject(String(text[start..<end]))
  }

  /// So many characters on from an index, or back: in pieces, so that the strand can be stopped meanwhile.
  func index(
    _ start: String.Index, offsetBy distance: Int, _ strand: Strand?
  ) throws(Raised) -> String.Index {
    var index = start
    var left = distance
    while left != 0 {
      let piece = max(-0x3FFF, min(left, 0x3FFF))
      index = text.index(index, offsetBy: piece)
      left -= piece
      if left != 0 { try strand?.checkpoint() }
    }
    return index
  }
}
