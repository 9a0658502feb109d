// Structural equality and order (language.md §3). Numbers compare across int and float; strings by their
// bytes; functions, tasks, channels and the like by identity. Both walk nested values on the host stack, so
// both stop at a depth that fits it.

private import Glibc

/// How deep nested values may be for what walks them recursively.
let nestingLimit = 2_000

/// Equality for values whose depth is known to be small (map keys).
func plainEqual(_ a: Value, _ b: Value) -> Bool {
  (try? valuesEqual(a, b)) ?? false
}

/// `a == b`. Throws `LimitError` for values nested more than `nestingLimit` deep.
/// - Parameter strand: the strand whose cancellation stops a long comparison: data that shares its parts
///   (`x = [x, x]`, forty times) may take for ever.
func valuesEqual(_ a: Value, _ b: Value, strand: Strand? = nil) throws(Raised) -> Bool {
  switch (a, b) {
  case (.nil, .nil): return true
  case (.bool(let x), .bool(let y)): return x == y
  case (.int(let x), .int(let y)): return x == y
  case (.float(let x), .float(let y)): return x == y
  case (.int(let x), .float(let y)), (.float(let y), .int(let x)):
    return Int(exactly: y) == x
  case (.duration(let x), .duration(let y)): return x == y
  case (.object(let x), .object(let y)):
    if x.tag == .string, y.tag == .string {
      return unsafeDowncast(x, to: StringObject.self).hasSameBytes(
        as: unsafeDowncast(y, to: StringObject.self))
    }
    var comparison = Comparison(strand: strand)
    return try comparison.areEqual(x, y, depth: 0)
  default: return false
  }
}

/// How `a` stands to `b`; nil where neither is before the other (NaN). Throws `TypeError` for values that have no order.
func orderOf(_ a: Value, _ b: Value, strand: Strand? = nil) throws(Raised) -> Int? {
  switch (a, b) {
  case (.int(let x), .int(let y)): return x < y ? -1 : (x == y ? 0 : 1)
  case (.float(let x), .float(let y)): return floatOrder(x, y)
  case (.int(let x), .float(let y)): return intFloatOrder(x, y)
  case (.float(let x), .int(let y)): return intFloatOrder(y, x).map { -$0 }
  case (.duration(let x), .duration(let y)): return x < y ? -1 : (x == y ? 0 : 1)
  case (.object(let x), .object(let y)):
    var comparison = Comparison(strand: strand)
    if let order = try comparison.order(of: x, y, depth: 0) { return order }
  default: break
  }
  throw Raised(.typeError, "cannot compare \(a.typeName) with \(b.typeName) by order")
}

/// One walk over two values, with what it has found out.
private struct Comparison {
  let strand: Strand?
  private var steps = 0
  /// Lists and maps that were walked and hold no NaN: what is shared is walked once. They live as long as what is compared.
  private var withoutNaN: Set<ObjectIdentifier> = []

  init(strand: Strand?) { self.strand = strand }

  private mutating func step() throws(Raised) {
    steps &+= 1
    if steps & 0xFFF == 0 { try strand?.checkpoint() }
  }

  // MARK: Equality

  private mutating func areEqual(_ a: Value, _ b: Value, depth: Int) throws(Raised) -> Bool {
    try step()
    guard case .object(let x) = a, case .object(let y) = b else { return try valuesEqual(a, b) }
    return try areEqual(x, y, depth: depth)
  }

  mutating func areEqual(_ x: Object, _ y: Object, depth: Int) throws(Raised) -> Bool {
    // NaN differs from itself, and so does a list that holds it.
    if x === y { return try !holdsNaN(x, depth: depth) }
    guard x.tag == y.tag else { return try areEqualWithEnvironment(x, y, depth: depth) }
    guard depth < nestingLimit else { throw Raised(.limitError, "values are nested too deeply to compare") }
    switch x.tag {
    case .string:
      return unsafeDowncast(x, to: StringObject.self).hasSameBytes(
        as: unsafeDowncast(y, to: StringObject.self))
    case .bytes:
      return unsafeDowncast(x, to: BytesObject.self).bytes == unsafeDowncast(y, to: BytesObject.self).bytes
    case .list:
      let a = unsafeDowncast(x, to: ListObject.self).items
      let b = unsafeDowncast(y, to: ListObject.self).items
      guard a.count == b.count else { return false }
      for index in a.indices where try !areEqual(a[index], b[index], depth: depth + 1) { return false }
      return true
    case .map:
      return try areEqual(
        unsafeDowncast(x, to: MapObject.self).storage, unsafeDowncast(y, to: MapObject.self).storage,
        depth: depth)
    case .range:
      return areEqual(unsafeDowncast(x, to: RangeObject.self), unsafeDowncast(y, to: RangeObject.self))
    case .time:
      return unsafeDowncast(x, to: TimeObject.self).nanoseconds
        == unsafeDowncast(y, to: TimeObject.self).nanoseconds
    case .error:
      let a = unsafeDowncast(x, to: ErrorObject.self)
      let b = unsafeDowncast(y, to: ErrorObject.self)
      guard a.kind === b.kind, a.message == b.message else { return false }
      return try areEqual(a.data, b.data, depth: depth + 1)
    default:
      return false
    }
  }

  private mutating func areEqual(_ a: MapStorage, _ b: MapStorage, depth: Int) throws(Raised) -> Bool {
    guard a.count == b.count else { return false }
    for position in 0..<a.positionCount {
      guard let entry = a.entry(at: position) else { continue }
      guard let other = try b.position(of: entry.key, hash: entry.hash, strand: strand),
        try areEqual(entry.value, b[position: other], depth: depth + 1)
      else { return false }
    }
    return true
  }

  private func areEqual(_ a: RangeObject, _ b: RangeObject) -> Bool {
    guard a.isDuration == b.isDuration else { return false }
    if a.isDuration { return a.lower == b.lower && a.upper == b.upper && a.inclusive == b.inclusive }
    let count = a.exactCount
    guard count == b.exactCount else { return false }
    return count == 0 || (a.lower == b.lower && (count == 1 || a.step == b.step))
  }

  /// `env` is a map: what it holds is in the strand.
  private mutating func areEqualWithEnvironment(_ x: Object, _ y: Object, depth: Int) throws(Raised) -> Bool {
    guard let strand else { return false }
    switch (x.tag, y.tag) {
    case (.environment, .map):
      return try areEqual(strand.environment, unsafeDowncast(y, to: MapObject.self).storage, depth: depth)
    case (.map, .environment):
      return try areEqual(unsafeDowncast(x, to: MapObject.self).storage, strand.environment, depth: depth)
    default: return false
    }
  }

  private mutating func holdsNaN(_ object: Object, depth: Int) throws(Raised) -> Bool {
    switch object.tag {
    case .list, .map, .error: break
    default: return false
    }
    guard depth < nestingLimit else { throw Raised(.limitError, "values are nested too deeply to compare") }
    let identity = ObjectIdentifier(object)
    if withoutNaN.contains(identity) { return false }
    switch object.tag {
    case .list:
      for item in unsafeDowncast(object, to: ListObject.self).items
      where try holdsNaN(item, depth: depth) { return true }
    case .map:
      for (_, value) in unsafeDowncast(object, to: MapObject.self).storage
      where try holdsNaN(value, depth: depth) { return true }
    default:
      for (_, value) in unsafeDowncast(object, to: ErrorObject.self).data
      where try holdsNaN(value, depth: depth) { return true }
    }
    withoutNaN.insert(identity)
    return false
  }

  private mutating func holdsNaN(_ value: Value, depth: Int) throws(Raised) -> Bool {
    try step()
    switch value {
    case .float(let number): return number.isNaN
    case .object(let object): return try holdsNaN(object, depth: depth + 1)
    default: return false
    }
  }

  // MARK: Order

  /// As `orderOf`; nil for objects that have no order.
  mutating func order(of x: Object, _ y: Object, depth: Int) throws(Raised) -> Int?? {
    guard x.tag == y.tag else { return nil }
    switch x.tag {
    case .string:
      return .some(
        stringOrder(unsafeDowncast(x, to: StringObject.self), unsafeDowncast(y, to: StringObject.self)))
    case .time:
      let s = unsafeDowncast(x, to: TimeObject.self).nanoseconds
      let t = unsafeDowncast(y, to: TimeObject.self).nanoseconds
      return .some(s < t ? -1 : (s == t ? 0 : 1))
    case .list:
      guard depth < nestingLimit else { throw Raised(.limitError, "lists are nested too deeply to compare") }
      let s = unsafeDowncast(x, to: ListObject.self).items
      let t = unsafeDowncast(y, to: ListObject.self).items
      for index in 0..<min(s.count, t.count) {
        if try areEqual(s[index], t[index], depth: depth + 1) { continue }
        if case .object(let a) = s[index], case .object(let b) = t[index],
          let order = try order(of: a, b, depth: depth + 1)
        {
          return .some(order)
        }
        return .some(try orderOf(s[index], t[index]))
      }
      return .some(s.count < t.count ? -1 : (s.count == t.count ? 0 : 1))
    default: return nil
    }
  }
}

private func floatOrder(_ x: Double, _ y: Double) -> Int? {
  if x < y { return -1 }
  if x > y { return 1 }
  return x == y ? 0 : nil
}

/// Exact: a float is not rounded to compare it with an int, nor the other way.
private func intFloatOrder(_ x: Int, _ y: Double) -> Int? {
  if y.isNaN { return nil }
  if y >= 9.3e18 { return -1 }
  if y <= -9.3e18 { return 1 }
  let whole = y.rounded(.down)
  guard let integer = Int(exactly: whole) else { return whole > 0 ? -1 : 1 }
  if x != integer { return x < integer ? -1 : 1 }
  return y > whole ? -1 : 0
}

/// The order of two strings' bytes, which is that of their code points.
func stringOrder(_ a: StringObject, _ b: StringObject) -> Int {
  byteOrder(a.text.utf8Span.span, b.text.utf8Span.span)
}

/// The order of bytes: -1, 0 or 1.
func byteOrder(_ x: Span<UInt8>, _ y: Span<UInt8>) -> Int {
  let common = min(x.count, y.count)
  let order = x.withUnsafeBytes { x in
    y.withUnsafeBytes { y in
      // `memcmp` takes no null pointer, which an empty span may have.
      guard let x = x.baseAddress, let y = y.baseAddress else { return Int32(0) }
      return memcmp(x, y, common)
    }
  }
  if order != 0 { return order < 0 ? -1 : 1 }
  return x.count < y.count ? -1 : (x.count == y.count ? 0 : 1)
}
