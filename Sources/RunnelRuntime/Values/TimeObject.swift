// A moment, `now()`: nanoseconds since 1970-01-01T00:00:00Z, with the zone in which it is shown.

/// A moment.
///
/// `@unchecked Sendable`: never changes.
public final class TimeObject: Object, @unchecked Sendable {
  /// Nanoseconds since the epoch.
  public let nanoseconds: Int
  /// The zone it is shown in: an IANA name, `UTC`, or nil for the local one.
  public let zone: String?
  /// A fixed offset from UTC in seconds, where it was parsed with one.
  public let offset: Int?

  public init(nanoseconds: Int, zone: String? = nil, offset: Int? = nil) {
    self.nanoseconds = nanoseconds
    self.zone = zone
    self.offset = offset
    super.init(tag: .time)
  }

  public override var typeName: String { "time" }
}
