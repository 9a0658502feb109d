// Structural equality and order (language.md §3). Numbers compare across int and float; strings by their
// bytes; functions, tasks, channels and the like by identity. Both walk nested values on the host stack, so
// both stop at a depth that fits it.

/// How deep nested values may be for what walks them recursively.
let nestingLimit = 2_000

/// Equality for values whose depth is known to be small (map keys).
func plainEqual(_ a: Value, _ b: Value) -> Bool {
  (try? valuesEqual(a, b, depth: 0)) ?? false
}

/// `a == b`. Throws `LimitError` for values nested more than `nestingLimit` deep.
func valuesEqual(_ a: Value, _ b: Value, depth: Int = 0) throws(Raised) -> Bool {
  switch (a, b) {
  case (.nil, .nil): return true
  case (.bool(let x), .bool(let y)): return x == y
  case (.int(let x), .int(let y)): return x == y
  case (.float(let x), .float(let y)): return x == y
  case (.int(let x), .float(let y)), (.float(let y), .int(let x)):
    return Int(exactly: y) == x
  case (.duration(let x), .duration(let y)): return x == y
  case (.object(let x), .object(let y)):
    if x === y { return true }
    guard x.tag == y.tag else { return false }
    return try objectsEqual(x, y, depth: depth)
  default: return false
  }
}

private func objectsEqual(_ x: Object, _ y: Object, depth: Int) throws(Raised) -> Bool {
  guard depth < nestingLimit else { throw Raised(.limitError, "values are nested too deeply to compare") }
  switch x.tag {
  case .string:
    return unsafeDowncast(x, to: StringObject.self).hasSameBytes(as: unsafeDowncast(y, to: StringObject.self))
  case .bytes:
    return unsafeDowncast(x, to: BytesObject.self).bytes == unsafeDowncast(y, to: BytesObject.self).bytes
  case .list:
    let a = unsafeDowncast(x, to: ListObject.self).items
    let b = unsafeDowncast(y, to: ListObject.self).items
    guard a.count == b.count else { return false }
    for index in a.indices where try !valuesEqual(a[index], b[index], depth: depth + 1) { return false }
    return true
  case .map:
    let a = unsafeDowncast(x, to: MapObject.self).storage
    let b = unsafeDowncast(y, to: MapObject.self).storage
    guard a.count == b.count else { return false }
    for (key, value) in a {
      guard let other = b[key], try valuesEqual(value, other, depth: depth + 1) else { return false }
    }
    return true
  case .range:
    let a = unsafeDowncast(x, to: RangeObject.self)
    let b = unsafeDowncast(y, to: RangeObject.self)
    guard a.isDuration == b.isDuration else { return false }
    if a.isDuration { return a.lower == b.lower && a.upper == b.upper && a.inclusive == b.inclusive }
    let count = a.count
    guard count == b.count else { return false }
    return count == 0 || (a.lower == b.lower && (count == 1 || a.step == b.step))
  case .time:
    return unsafeDowncast(x, to: TimeObject.self).nanoseconds
      == unsafeDowncast(y, to: TimeObject.self).nanoseconds
  case .error:
    let a = unsafeDowncast(x, to: ErrorObject.self)
    let b = unsafeDowncast(y, to: ErrorObject.self)
    guard a.kind === b.kind, a.message == b.message else { return false }
    return try valuesEqual(.object(MapObject(a.data)), .object(MapObject(b.data)), depth: depth + 1)
  default:
    return false
  }
}

/// How `a` stands to `b`; nil where neither is before the other (NaN). Throws `TypeError` for values that have no order.
func orderOf(_ a: Value, _ b: Value, depth: Int = 0) throws(Raised) -> Int? {
  switch (a, b) {
  case (.int(let x), .int(let y)): return x < y ? -1 : (x == y ? 0 : 1)
  case (.float(let x), .float(let y)): return floatOrder(x, y)
  case (.int(let x), .float(let y)): return intFloatOrder(x, y)
  case (.float(let x), .int(let y)): return intFloatOrder(y, x).map { -$0 }
  case (.duration(let x), .duration(let y)): return x < y ? -1 : (x == y ? 0 : 1)
  case (.object(let x), .object(let y)) where x.tag == y.tag:
    switch x.tag {
    case .string:
      return stringOrder(unsafeDowncast(x, to: StringObject.self), unsafeDowncast(y, to: StringObject.self))
    case .time:
      let s = unsafeDowncast(x, to: TimeObject.self).nanoseconds
      let t = unsafeDowncast(y, to: TimeObject.self).nanoseconds
      return s < t ? -1 : (s == t ? 0 : 1)
    case .list:
      guard depth < nestingLimit else { throw Raised(.limitError, "lists are nested too deeply to compare") }
      let s = unsafeDowncast(x, to: ListObject.self).items
      let t = unsafeDowncast(y, to: ListObject.self).items
      for index in 0..<min(s.count, t.count) {
        if try valuesEqual(s[index], t[index], depth: depth + 1) { continue }
        return try orderOf(s[index], t[index], depth: depth + 1)
      }
      return s.count < t.count ? -1 : (s.count == t.count ? 0 : 1)
    default: break
    }
  default: break
  }
  throw Raised(.typeError, "cannot compare \(a.typeName) with \(b.typeName) by order")
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
  var iterator = b.text.utf8.makeIterator()
  for byte in a.text.utf8 {
    guard let other = iterator.next() else { return 1 }
    if byte != other { return byte < other ? -1 : 1 }
  }
  return iterator.next() == nil ? 0 : -1
}
