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
    unique(.list, in: &place) { ListObject($0.items) }
  }

  /// As `uniqueList`, for a map.
  @inline(__always)
  static func uniqueMap(in place: inout Value) -> MapObject? {
    unique(.map, in: &place) { MapObject($0.storage) }
  }

  /// As `uniqueList`, for a string: one that can be appended to.
  static func uniqueString(in place: inout Value) -> StringObject? {
    unique(.string, in: &place) { StringObject($0.text) }
  }

  /// As `uniqueList`, for bytes.
  static func uniqueBytes(in place: inout Value) -> BytesObject? {
    unique(.bytes, in: &place) { BytesObject($0.bytes) }
  }

  @inline(__always)
  private static func unique<Kind: Object>(
    _ tag: ObjectTag, in place: inout Value, copy: (Kind) -> Kind
  ) -> Kind? {
    guard place.objectTag == tag else { return nil }
    if isUnique(&place) { return place.object(tag, as: Kind.self) }
    guard let shared = place.object(tag, as: Kind.self) else { return nil }
    let own = copy(shared)
    place = .object(own)
    return own
  }

  /// Whether two values are one and the same object.
  func isSameObject(as other: Value) -> Bool {
    guard case .object(let mine) = self, case .object(let others) = other else { return false }
    return mine === others
  }
}
