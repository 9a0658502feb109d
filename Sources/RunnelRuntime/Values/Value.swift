// What a Runnel variable holds. Small things are held in place; everything else is a reference to an
// `Object`. Nine bytes padded to sixteen; a copy retains only for `.object`.
//
// Value semantics come from copy-on-write: whoever changes a list or map first makes sure that it holds
// the only reference (`isKnownUniquelyReferenced`), so an object that two variables or two tasks share is
// never written. Objects that have an identity (tasks, channels, files …) guard their own state, most with a lock.

/// A value of the language.
///
/// `@unchecked Sendable`: what is held in place is copied, and of an object its class says why it may be shared.
public enum Value: @unchecked Sendable {
  case `nil`
  case bool(Bool)
  case int(Int)
  case float(Double)
  /// Nanoseconds.
  case duration(Int)
  case object(Object)
}

/// What an object is: read before an `unsafeDowncast`, so it must be right for every subclass.
public enum ObjectTag: UInt8, Sendable {
  case string, bytes, list, map, range
  case closure, native, kind, cell
  case error, regex, time, module
  case task, stream, iterator, scope
  case channel, lock, semaphore, limiter, event, barrier, condition, shared, sharedArray, pool
  case file, command, environment, executor, resource, namespace, attempt
  case retry, missing
  /// Those of the script's own process, as a worker process has them (`RemoteHandle`).
  case remoteChannel, remoteLock, remoteSemaphore, remoteEvent, remoteBarrier, remoteShared
}

/// The base of everything that is not held in place.
///
/// `@unchecked Sendable`: never changes itself; what a subclass adds is the subclass's to answer for.
open class Object: @unchecked Sendable {
  /// Which subclass this is.
  public final let tag: ObjectTag

  public init(tag: ObjectTag) { self.tag = tag }

  /// The name that `type(x)` gives.
  open var typeName: String { "object" }
}

extension Value {
  /// The name that `type(x)` gives.
  public var typeName: String {
    switch self {
    case .nil: "nil"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .duration: "duration"
    case .object(let object): object.typeName
    }
  }

  public var isNil: Bool {
    if case .nil = self { return true }
    return false
  }

  @inline(__always)
  func object<T: Object>(_ tag: ObjectTag, as type: T.Type) -> T? {
    if case .object(let object) = self, object.tag == tag { return unsafeDowncast(object, to: type) }
    return nil
  }

  /// What kind of object it is, if it is one.
  @inline(__always)
  var objectTag: ObjectTag? {
    if case .object(let object) = self { return object.tag }
    return nil
  }

  public var string: StringObject? { object(.string, as: StringObject.self) }
  public var bytes: BytesObject? { object(.bytes, as: BytesObject.self) }
  public var list: ListObject? { object(.list, as: ListObject.self) }
  public var map: MapObject? { object(.map, as: MapObject.self) }
  public var range: RangeObject? { object(.range, as: RangeObject.self) }
  public var error: ErrorObject? { object(.error, as: ErrorObject.self) }
  public var time: TimeObject? { object(.time, as: TimeObject.self) }

  @inline(__always)
  public static func string(_ text: String) -> Value { .object(StringObject(text)) }
  public static func list(_ items: [Value]) -> Value { .object(ListObject(items)) }
  public static func bytes(_ bytes: [UInt8]) -> Value { .object(BytesObject(bytes)) }
  /// A map of the given pairs, in order.
  public static func record(_ pairs: KeyValuePairs<String, Value>) -> Value {
    var storage = MapStorage(minimumCapacity: pairs.count)
    for (key, value) in pairs { storage.set(.string(key), value) }
    return .object(MapObject(storage))
  }
}
