// What several groups of built-ins ask of their arguments and receivers.

extension Value {
  /// Whether it can be called.
  var isFunction: Bool {
    guard case .object(let object) = self else { return false }
    switch object.tag {
    case .closure, .native, .kind: return true
    default: return false
    }
  }

  /// Whether its items come one by one and may have to be waited for: then stages over it are streams.
  var isStream: Bool {
    guard case .object(let object) = self else { return false }
    switch object.tag {
    case .stream, .channel, .remoteChannel, .file, .iterator: return true
    default: return false
    }
  }
}

/// The items of what can be iterated without waiting: a list, a range, a map's keys. Nil for anything else.
///
/// - Parameter strand: the strand whose cancellation stops the making of a long range's items.
func iteratedItems(_ value: Value, strand: Strand? = nil) throws(Raised) -> [Value]? {
  guard case .object(let object) = value else { return nil }
  switch object.tag {
  case .list: return unsafeDowncast(object, to: ListObject.self).items
  case .range:
    return try unsafeDowncast(object, to: RangeObject.self).values(strand: strand)
  case .map: return unsafeDowncast(object, to: MapObject.self).storage.map(\.key)
  case .environment:
    return strand?.environment.map(\.key)
  case .sharedArray: return unsafeDowncast(object, to: SharedArrayObject.self).values
  default: return nil
  }
}

/// `TypeError` for a value that cannot be iterated, with what to write instead.
func notIterable(_ value: Value) -> Raised {
  switch value {
  case _ where value.string != nil:
    Raised(.typeError, "a string cannot be iterated: use `.chars()` or `.lines()`")
  case _ where value.bytes != nil:
    Raised(.typeError, "bytes cannot be iterated: use `list(b)` or `.decode()`")
  default: Raised(.typeError, "\(value.typeName) cannot be iterated")
  }
}

extension NativeCall {
  /// The items of a list, a range or a map's keys.
  func iterated(_ position: Int) throws(Raised) -> [Value] {
    if let items = try iteratedItems(self[position], strand: strand) { return items }
    if self[position].isStream {
      throw Raised(
        .typeError, "`\(function.name)` takes a list, not a \(self[position].typeName): use `list(x)` first")
    }
    throw notIterable(self[position])
  }

  /// A string whose `count` and `isASCII` are known, found out so that the strand can be stopped meanwhile.
  func measured(_ position: Int) throws(Raised) -> StringObject {
    let string = try stringObject(position)
    try string.measure(strand)
    return string
  }

  func task(_ position: Int) throws(Raised) -> TaskObject {
    try object(position, .task, as: TaskObject.self, expected: "a task")
  }

  /// An object of one sort.
  func object<T: Object>(
    _ position: Int, _ tag: ObjectTag, as type: T.Type, expected: String
  ) throws(Raised) -> T {
    guard let object = self[position].object(tag, as: type) else {
      throw wrongType(position, expected: expected)
    }
    return object
  }

  /// A number of things: below zero counts as none.
  func amount(_ position: Int) throws(Raised) -> Int { max(try int(position), 0) }

  /// A size that must be at least 1. Raises `ValueError`.
  func size(_ position: Int) throws(Raised) -> Int {
    let number = try int(position)
    guard number >= 1 else {
      throw Raised(
        .valueError,
        "`\(function.name)` takes a number of at least 1 for \(parameterName(position)), not \(number)")
    }
    return number
  }
}

/// Changes a list in place, if nobody else has it; else changes a copy, which takes its place.
@inline(__always)
func changingList<Result>(
  _ receiver: inout Value, _ call: borrowing NativeCall, _ change: (inout [Value]) throws(Raised) -> Result
) throws(Raised) -> Result {
  guard case .object(let found) = receiver, found.tag == .list else { throw wrongReceiver(receiver, call) }
  // The variable lets go, so that `object` alone counts.
  var object = unsafeDowncast(found, to: ListObject.self)
  _ = consume found
  receiver = .nil
  if !isKnownUniquelyReferenced(&object) { object = ListObject(object.items) }
  defer { receiver = .object(object) }
  return try change(&object.items)
}

/// As `changingList`, for a map.
@inline(__always)
func changingMap<Result>(
  _ receiver: inout Value, _ call: borrowing NativeCall, _ change: (inout MapStorage) throws(Raised) -> Result
) throws(Raised) -> Result {
  guard case .object(let found) = receiver, found.tag == .map else { throw wrongReceiver(receiver, call) }
  var object = unsafeDowncast(found, to: MapObject.self)
  _ = consume found
  receiver = .nil
  if !isKnownUniquelyReferenced(&object) { object = MapObject(object.storage) }
  defer { receiver = .object(object) }
  return try change(&object.storage)
}

private func wrongReceiver(_ receiver: Value, _ call: borrowing NativeCall) -> Raised {
  Raised(.typeError, "\(receiver.typeName) has no `\(call.function.name)`")
}
