// The methods of maps that call nothing back. Order is that in which keys were first put.

enum MapMethods {
  static let group = NativeGroup(
    "map",
    summary: """
      Values by key, in the order in which keys were first put. Keys are numbers, strings, bytes, bools, durations, \
      nil, and lists of these. Methods that say *changes* change the variable they go through.
      """,
    functions: asking + shaping + changes + CallingMethods.map)

  private static func method(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, receiver: "map", documentation: documentation, body: .plain(code))
  }

  private static func changing(
    _ signature: String, _ documentation: String, undo inverses: NativeFunction.Inverses? = nil,
    _ code: @escaping (inout Value, borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(
      signature, receiver: "map", documentation: documentation, body: .mutating(code), inverses: inverses)
  }

  private static let asking: [NativeFunction] = [
    method("len() → int", "How many keys.") { call throws(Raised) in .int(try call.map(0).count) },
    method("is_empty() → bool", "Whether there are none.") { call throws(Raised) in
      .bool(try call.map(0).isEmpty)
    },
    method("keys() → list", "The keys.") { call throws(Raised) in .list(try call.map(0).map(\.key)) },
    method("values() → list", "The values.") { call throws(Raised) in .list(try call.map(0).map(\.value)) },
    method("items() → list", "Lists `[key, value]`.") { call throws(Raised) in
      let map = try call.map(0)
      var items: [Value] = []
      items.reserveCapacity(map.count)
      for (key, value) in map {
        items.append(.list([key, value]))
        if items.count & 0xFFF == 0 { try call.checkpoint() }
      }
      return .list(items)
    },
    method("has(k) → bool", "Whether a key is there: as `k in m`.") { call throws(Raised) in
      .bool(try contains(call[1], in: call[0], strand: call.strand))
    },
    method("get(k, default = nil) → value", "The value of a key, or `default` where it is not there.") {
      call throws(Raised) in
      let storage = try call.map(0)
      if let name = call[1].string {
        return storage.position(of: name).map { storage[position: $0] } ?? call[2]
      }
      let hash = try requireKey(call[1], strand: call.strand)
      return try storage.position(of: call[1], hash: hash, strand: call.strand).map { storage[position: $0] }
        ?? call[2]
    },
  ]

  private static let shaping: [NativeFunction] = [
    method("invert() → map", "Keys and values exchanged. Of equal values the last one's key stays.") {
      call throws(Raised) in
      let map = try call.map(0)
      var result = MapStorage(minimumCapacity: map.count)
      for (index, (key, value)) in map.enumerated() {
        result.set(value, hash: try requireKey(value, strand: call.strand), key)
        if index & 0xFFF == 0xFFF { try call.checkpoint() }
      }
      return .object(MapObject(result))
    },
    method("pick(...keys) → map", "With these keys only, as far as they are there, in the order given.") {
      call throws(Raised) in
      let map = try call.map(0)
      var result = MapStorage()
      for (index, key) in call.rest.enumerated() {
        let hash = try requireKey(key, strand: call.strand)
        if index & 0xFFF == 0xFFF { try call.checkpoint() }
        if let position = map.position(of: key, hash: hash) {
          result.set(key, hash: hash, map[position: position])
        }
      }
      return .object(MapObject(result))
    },
    method("omit(...keys) → map", "Without these keys.") { call throws(Raised) in
      var map = try call.map(0)
      for (index, key) in call.rest.enumerated() {
        _ = try requireKey(key, strand: call.strand)
        if index & 0xFFF == 0xFFF { try call.checkpoint() }
        map.remove(key)
      }
      return .object(MapObject(map))
    },
    NativeFunction(
      "merge(other, with?) → map", receiver: "map",
      documentation: """
        With the keys of another map as well. For a key of both the other's value counts, or what `with` gives for \
        the two values.
        """,
      body: .either(
        when: { call in call.has(2) }, prelude: "__map_merge",
        plain: { call throws(Raised) in
          var map = try call.map(0)
          try map.merge(try call.map(1), call.strand)
          return .object(MapObject(map))
        })),
    NativeFunction(
      "sorted(by?, reverse = false) → map", receiver: "map",
      documentation: "A map with its keys in order, or in the order of what `by` gives for `(key, value)`.",
      body: .either(
        when: { call in call.has(1) }, prelude: "__map_sorted",
        plain: { call throws(Raised) in
          let entries = try call.map(0).map { ($0.key, $0.value) }
          let keys = entries.map(\.0)
          var result = MapStorage(minimumCapacity: entries.count)
          for position in try Sorting.order(
            of: keys, descending: try call.bool(2, default: false), call.strand)
          {
            result.set(entries[position].0, entries[position].1)
            if result.count & 0xFFF == 0 { try call.checkpoint() }
          }
          return .object(MapObject(result))
        })),
  ]

  private static let changes: [NativeFunction] = [
    changing(
      "remove(k) → value", "Changes: takes a key away and gives its value; nil if it was not there.",
      undo: { receiver, call in
        guard let map = receiver.map?.storage, let value = map[call[1]] else { return [] }
        return [.putKey(call[1], value, before: map.key(after: call[1]))]
      }
    ) {
      receiver, call throws(Raised) in
      _ = try requireKey(call[1], strand: call.strand)
      return try changingMap(&receiver, call) { map in map.remove(call[1]) ?? .nil }
    },
    changing(
      "update(other)", "Changes: puts another map's keys and values.",
      undo: { receiver, call in
        guard let map = receiver.map?.storage, let other = call[1].map?.storage else { return [] }
        return other.map { entry in
          if let old = map[entry.key] { .putKey(entry.key, old, before: nil) } else { .removeKey(entry.key) }
        }
      }
    ) {
      receiver, call throws(Raised) in
      let other = try call.map(1)
      try changingMap(&receiver, call) { map throws(Raised) in try map.merge(other, call.strand) }
      return .nil
    },
    changing("clear()", "Changes: takes all keys away.") { receiver, call throws(Raised) in
      guard receiver.map != nil else { throw Raised(.typeError, "\(receiver.typeName) has no `clear`") }
      receiver = .object(MapObject())
      return .nil
    },
    changing(
      "set_default(k, v) → value",
      "Changes: puts a value under a key that is not there yet; gives the value that is there now.",
      undo: { receiver, call in
        guard let map = receiver.map?.storage, map[call[1]] == nil else { return [] }
        return [.removeKey(call[1])]
      }
    ) {
      receiver, call throws(Raised) in
      let hash = try requireKey(call[1], strand: call.strand)
      if let storage = receiver.map?.storage, let position = storage.position(of: call[1], hash: hash) {
        return storage[position: position]
      }
      return try put(&receiver, call, hash: hash)
    },
  ]

  private static func put(_ receiver: inout Value, _ call: borrowing NativeCall, hash: Int) throws(Raised)
    -> Value
  {
    try changingMap(&receiver, call) { map in _ = map.append(call[1], hash: hash, call[2]) }
    return call[2]
  }
}
