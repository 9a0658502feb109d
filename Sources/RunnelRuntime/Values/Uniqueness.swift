// Copy-on-write: making sure that the list or map in a place is referenced from there only.

extension Value {
  /// Whether the object in this place has no other reference. The place must hold `.object`.
  ///
  /// Asking through a copy of the reference would count the copy, so this asks the place itself. Sound because a
  /// `Value` keeps its payload in its first eight bytes and its case beside them (checked by `ValueLayoutTests`).
  @inline(__always)
  static func isUnique(_ place: inout Value) -> Bool {
    withUnsafeMutablePointer(to: &place) { pointer in
      UnsafeMutableRawPointer(pointer).withMemoryRebound(to: Object.self, capacity: 1) {
        isKnownUniquelyReferenced(&$0.pointee)
      }
    }
  }

  /// Gives the list in a place for changing, nil if there is none: a copy takes its place if others have it too.
  @inline(__always)
  static func uniqueList(in place: inout Value) -> ListObject? {
    guard place.objectTag == .list else { return nil }
    if isUnique(&place) { return place.list }
    guard let list = place.list else { return nil }
    let copy = ListObject(list.items)
    place = .object(copy)
    return copy
  }

  /// As `uniqueList`, for a string: one that can be appended to.
  static func uniqueString(in place: inout Value) -> StringObject? {
    guard place.objectTag == .string else { return nil }
    if isUnique(&place) { return place.string }
    guard let string = place.string else { return nil }
    let copy = StringObject(string.text)
    place = .object(copy)
    return copy
  }

  /// As `uniqueList`, for bytes.
  static func uniqueBytes(in place: inout Value) -> BytesObject? {
    guard place.objectTag == .bytes else { return nil }
    if isUnique(&place) { return place.bytes }
    guard let bytes = place.bytes else { return nil }
    let copy = BytesObject(bytes.bytes)
    place = .object(copy)
    return copy
  }

  /// Whether two values are one and the same object.
  func isSameObject(as other: Value) -> Bool {
    guard case .object(let mine) = self, case .object(let others) = other else { return false }
    return mine === others
  }

  /// As `uniqueList`, for a map.
  @inline(__always)
  static func uniqueMap(in place: inout Value) -> MapObject? {
    guard place.objectTag == .map else { return nil }
    if isUnique(&place) { return place.map }
    guard let map = place.map else { return nil }
    let copy = MapObject(map.storage)
    place = .object(copy)
    return copy
  }
}
