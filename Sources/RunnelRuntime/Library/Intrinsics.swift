// What only the prelude calls: names that begin with two underscores. They do in one step what would be slow or
// impossible to write in Runnel, and never call back.

/// What an arity is asked of: functions of scripts conform.
protocol Callable: Object {
  /// How many parameters, by position, have no default.
  var requiredParameters: Int { get }
}

extension NativeFunction: Callable {
  var requiredParameters: Int { parameters.required }
}

enum Intrinsics {
  static let group = NativeGroup(
    "__", summary: "For the prelude only.", functions: asking + ordering + grouping + texts)

  private static func function(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, documentation: documentation, body: .plain(code))
  }

  private static let asking: [NativeFunction] = [
    function(
      "__arity(f) → int",
      "How many parameters a function requires; raises `TypeError` for what is no function."
    ) {
      call throws(Raised) in
      guard call[0].isFunction, case .object(let object) = call[0] else {
        throw Raised(.typeError, "\(call[0].typeName) cannot be called: it is no function")
      }
      // A kind of error takes a message.
      return .int((object as? any Callable)?.requiredParameters ?? 1)
    },
    function(
      "__leaf_stage(s, f, filters) → list",
      "`[done, left]`: of a stream's items what native code has made of them, and those it leaves to `f`."
    ) { call throws(Raised) in
      guard let stream = call[0].object(.stream, as: StreamObject.self) else {
        return .list([.list([]), call[0]])
      }
      let (done, left) = try LeafStage.split(stream, call[1], filters: try call.bool(2))
      return .list([done, left])
    },
    function("__is_stream(x) → bool", "Whether stages over it are streams.") { call throws(Raised) in
      .bool(call[0].isStream)
    },
    function("__is_function(x) → bool", "Whether it can be called.") { call throws(Raised) in
      .bool(call[0].isFunction)
    },
    function("__is_key(x) → bool", "Whether it can be a map's key.") { call throws(Raised) in
      .bool(try keyHash(call[0], strand: call.strand) != nil)
    },
    function(
      "__source(xs)",
      "What a stage reads: a stream or a list as it is, a map's keys; raises `TypeError` for anything else."
    ) { call throws(Raised) in
      if call[0].list != nil || call[0].isStream { return call[0] }
      if let range = call[0].range, !range.isDuration { return call[0] }
      if let items = try iteratedItems(call[0], strand: call.strand) { return .list(items) }
      throw notIterable(call[0])
    },
    function("__size(n, name) → int", "A size that a stage was given; raises `ValueError` below 1.") {
      call throws(Raised) in
      guard case .int(let size) = call[0] else {
        throw Raised(.typeError, "`\(try call.string(1))` takes an int, not \(call[0].typeName)")
      }
      guard size >= 1 else {
        throw Raised(.valueError, "`\(try call.string(1))` takes a number of at least 1, not \(size)")
      }
      return call[0]
    },
    function("__amount(n, name) → int", "A number of items that a stage was given, 0 for less.") {
      call throws(Raised) in
      guard case .int(let amount) = call[0] else {
        throw Raised(.typeError, "`\(try call.string(1))` takes an int, not \(call[0].typeName)")
      }
      return .int(max(amount, 0))
    },
  ]

  private static let ordering: [NativeFunction] = [
    function("__sort_by_keys(items, keys, reverse) → list", "The items in the order of their keys, stable.") {
      call throws(Raised) in
      let items = try call.items(0)
      let keys = try pairedKeys(call, items.count)
      return .list(
        try Sorting.sorted(items, by: keys, descending: try call.bool(2, default: false), call.strand))
    },
    function("__best_by_keys(items, keys, greatest) → item", "The item with the least or greatest key.") {
      call throws(Raised) in
      let items = try call.items(0)
      let keys = try pairedKeys(call, items.count)
      return items[try Extremes.position(in: keys, greatest: try call.bool(2), call.strand)]
    },
    function("__precedes(a, b) → bool", "Whether `a` is before `b`.") { call throws(Raised) in
      .bool(try Sorting.precedes(call[0], call[1], call.strand))
    },
    function("__unique_by_keys(items, keys) → list", "The items whose keys equal no earlier one.") {
      call throws(Raised) in
      let items = try call.items(0)
      let keys = try pairedKeys(call, items.count)
      return .list(try items.picked(ListShaping.uniquePositions(keys, call.strand), call.strand))
    },
    function("__add(sum, item)", "For `sum`: adds numbers and durations only.") { call throws(Raised) in
      if call[0].isNil {
        if case .duration = call[1] { return call[1] }
        return try Summing.added(.int(0), call[1])
      }
      return try Summing.added(call[0], call[1])
    },
  ]

  private static let grouping: [NativeFunction] = [
    function("__group_by_keys(items, keys) → map", "Each key, to the list of its items.") {
      call throws(Raised) in
      let items = try call.items(0)
      let keys = try pairedKeys(call, items.count)
      var groups = KeyedGroups()
      for (index, key) in keys.enumerated() {
        try groups.add(items[index], under: key, call.strand)
        if index & 0xFFF == 0xFFF { try call.checkpoint() }
      }
      return .object(MapObject(groups.mapped { .list($0) }))
    },
    function("__count_keys(keys) → map", "Each key, to how many times it is there.") { call throws(Raised) in
      var result = MapStorage()
      for (index, key) in try call.items(0).enumerated() {
        let hash = try requireKey(key, strand: call.strand)
        if let found = result.position(of: key, hash: hash), case .int(let count) = result[position: found] {
          result[position: found] = .int(count + 1)
        } else {
          result.append(key, hash: hash, .int(1))
        }
        if index & 0xFFF == 0xFFF { try call.checkpoint() }
      }
      return .object(MapObject(result))
    },
    function("__map_of(keys, values) → map", "The keys with their values; the last of equal keys counts.") {
      call throws(Raised) in
      let keys = try call.items(0)
      let values = try pairedKeys(call, keys.count)
      var result = MapStorage(minimumCapacity: keys.count)
      for (index, key) in keys.enumerated() {
        result.set(key, hash: try requireKey(key, strand: call.strand), values[index])
        if index & 0xFFF == 0xFFF { try call.checkpoint() }
      }
      return .object(MapObject(result))
    },
  ]

  private static let texts: [NativeFunction] = [
    function(
      "__pieces(text, part, max) → list",
      "`[between, found]`: the texts between the occurrences of a string or a regex, and what was found."
    ) { call throws(Raised) in
      let string = try call.stringObject(0)
      let limit = try call.int(2, default: -1)
      let max = limit < 0 ? Int.max : limit
      if let regex = call[1].regexOperations {
        let (between, matches) = try regex.pieces(of: string, max: max, strand: call.strand)
        return .list([.list(between), .list(matches)])
      }
      guard let part = call[1].string else {
        throw Raised(.typeError, "`replace` takes a string or a regex, not \(call[1].typeName)")
      }
      let between = try StringSearching.pieces(of: string.text, at: part.text, max: max, call.strand)
      return .list([.list(between), .list([Value](repeating: call[1], count: between.count - 1))])
    },
    function(
      "__lines(chunk, rest) → list", "For `lines`: `[lines, rest]` of a chunk after what was left before it."
    ) {
      call throws(Raised) in try LineCutting.cut(call)
    },
    function("__text_of(pieces) → string", "For `text`: strings, as lines, and bytes in one text.") {
      call throws(Raised) in try StageParser.text(call)
    },
    function("__json_parser()", "For `json`: what holds the state of a text that comes in pieces.") { _ in
      .object(JSONStageParser())
    },
    function("__csv_parser(header, sep)", "For `csv`, as `__json_parser`.") { call throws(Raised) in
      .object(
        CSVStageParser(
          separator: try CSVLibrary.separator(call, at: 1), hasHeader: try call.bool(0, default: true)))
    },
    function("__parse(parser, piece) → list", "The values that a piece completes; nil is the end.") {
      call throws(Raised) in
      guard case .object(let object) = call[0], let parser = object as? StageParser else { return .list([]) }
      return .list(try parser.take(call[1], call.strand))
    },
  ]

  private static func pairedKeys(_ call: borrowing NativeCall, _ count: Int) throws(Raised) -> [Value] {
    let keys = try call.items(1)
    guard keys.count == count else { throw Raised(.valueError, "\(count) items, but \(keys.count) keys") }
    return keys
  }
}
