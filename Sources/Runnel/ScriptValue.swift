// Values as they cross between a script and its host: copies, which nobody else changes.

import RunnelRuntime

/// A value of a script, as its host sees it.
public enum ScriptValue: Sendable, Hashable {
  case `nil`
  case bool(Bool)
  case int(Int)
  case float(Double)
  case duration(Duration)
  case string(String)
  case bytes([UInt8])
  case list([ScriptValue])
  /// The entries in their order.
  case map([Entry])
  /// What has no counterpart here (functions, tasks, files, errors): its type and its text.
  case other(type: String, text: String)

  /// One entry of a map.
  public struct Entry: Sendable, Hashable {
    public let key: ScriptValue
    public let value: ScriptValue

    public init(_ key: ScriptValue, _ value: ScriptValue) {
      self.key = key
      self.value = value
    }
  }
}

extension ScriptValue {
  public var isNil: Bool { self == .nil }

  /// The bool that it is, if it is one; so with those below.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var int: Int? { if case .int(let value) = self { value } else { nil } }

  /// The number that it is; an int is taken as one.
  public var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value
    default: nil
    }
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var duration: Duration? { if case .duration(let value) = self { value } else { nil } }
  public var list: [ScriptValue]? { if case .list(let items) = self { items } else { nil } }

  /// A list's item; nil where there is none.
  public subscript(index: Int) -> ScriptValue? {
    guard case .list(let items) = self, items.indices.contains(index) else { return nil }
    return items[index]
  }

  /// What a map has under a name; nil where there is nothing. O(entries).
  public subscript(name: String) -> ScriptValue? {
    guard case .map(let entries) = self else { return nil }
    return entries.first { $0.key == .string(name) }?.value
  }
}

extension ScriptValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .nil }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .float(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral items: ScriptValue...) { self = .list(items) }
  public init(dictionaryLiteral entries: (ScriptValue, ScriptValue)...) {
    self = .map(entries.map { Entry($0.0, $0.1) })
  }
}

// MARK: - To and from the machine's values

extension ScriptValue {
  /// Deeper than this, what is inside is given as text.
  private static let depthLimit = 200

  init(_ value: RunnelRuntime.Value, depth: Int = 0) {
    switch value {
    case .nil: self = .nil
    case .bool(let flag): self = .bool(flag)
    case .int(let number): self = .int(number)
    case .float(let number): self = .float(number)
    case .duration(let nanoseconds): self = .duration(.nanoseconds(nanoseconds))
    case .object:
      if let string = value.string {
        self = .string(string.text)
      } else if let bytes = value.bytes {
        self = .bytes(bytes.bytes)
      } else if depth < Self.depthLimit, let list = value.list {
        self = .list(list.items.map { ScriptValue($0, depth: depth + 1) })
      } else if depth < Self.depthLimit, let map = value.map {
        self = .map(
          map.storage.map {
            Entry(ScriptValue($0.key, depth: depth + 1), ScriptValue($0.value, depth: depth + 1))
          })
      } else {
        self = .other(type: value.typeName, text: Session.text(of: value))
      }
    }
  }

  /// The machine's value. Raises `ValueError` for what cannot go back: a duration that is too long, a key that is
  /// none, `other`.
  func value() throws(Raised) -> RunnelRuntime.Value {
    switch self {
    case .nil: return .nil
    case .bool(let flag): return .bool(flag)
    case .int(let number): return .int(number)
    case .float(let number): return .float(number)
    case .duration(let duration): return .duration(try Self.nanoseconds(of: duration))
    case .string(let text): return .string(text)
    case .bytes(let bytes): return .bytes(bytes)
    case .list(let items):
      var values: [RunnelRuntime.Value] = []
      values.reserveCapacity(items.count)
      for item in items { values.append(try item.value()) }
      return .list(values)
    case .map(let entries):
      var storage = MapStorage(minimumCapacity: entries.count)
      for entry in entries {
        let key = try entry.key.value()
        guard storage.set(key, try entry.value.value()) else {
          throw Raised(.typeError, "a \(key.typeName) cannot be a map's key")
        }
      }
      return .object(MapObject(storage))
    case .other(let type, _): throw Raised(.valueError, "a \(type) cannot be given back to a script")
    }
  }

  private static func nanoseconds(of duration: Duration) throws(Raised) -> Int {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = Int(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(Int(attoseconds / 1_000_000_000))
    guard !overflow, !carry else { throw Raised(.valueError, "the duration is too long") }
    return sum
  }
}
