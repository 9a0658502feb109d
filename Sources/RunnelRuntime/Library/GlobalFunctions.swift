// The global functions of every day (library.md, "Global"): printing, conversions, `len`, `min`, `range` and the
// like. Those that also serve as stages or sinks look at their first argument: a stream goes to the prelude.

enum GlobalFunctions {
  static let group = NativeGroup(
    "", summary: "Functions that are there without an import.", functions: printing + conversions + general)

  private static func function(
    _ signature: String, _ documentation: String,
    _ code: @escaping (borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(signature, documentation: documentation, body: .plain(code))
  }

  private static let printing: [NativeFunction] = [
    NativeFunction(
      "print(...xs, end = \"\\n\")",
      documentation: """
        Writes its arguments to standard output, with spaces between and `end` after, as one piece. As a sink, \
        `xs | print`, one item a line.
        """,
      body: .either(
        when: { call in call.rest.count == 1 && call.rest[0].isStream }, prelude: "__print_stream",
        plain: { call throws(Raised) in try write(call, toError: false) })),
    NativeFunction(
      "eprint(...xs, end = \"\\n\")", documentation: "As `print`, to standard error.",
      body: .either(
        when: { call in call.rest.count == 1 && call.rest[0].isStream }, prelude: "__eprint_stream",
        plain: { call throws(Raised) in try write(call, toError: true) })),
  ]

  private static func write(_ call: borrowing NativeCall, toError: Bool) throws(Raised) -> Value {
    let end = try call.string(1, default: "\n")
    call.strand.interpreter.write(
      try Formatting.line(call.rest, end: end, strand: call.strand), toError: toError)
    if !toError { try call.strand.interpreter.output.raiseFailure() }
    return .nil
  }

  private static let conversions: [NativeFunction] = [
    function("str(x) → string", "A value as `print` writes it.") { call throws(Raised) in
      call[0].string != nil ? call[0] : .string(try describe(call[0], strand: call.strand))
    },
    function("repr(x) → string", "A value as it is printed inside a list: strings in quotes, with escapes.") {
      call throws(Raised) in .string(try represent(call[0], strand: call.strand))
    },
    function("type(x) → string", "The name of a value's type, such as `\"int\"`.") { call throws(Raised) in
      .string(call[0].typeName)
    },
    function(
      "int(x, base = 10) → int",
      "A string read as an int (`_` between digits, and the base's own prefix, are allowed), or a float without its fraction."
    ) { call throws(Raised) in
      try Conversions.int(call[0], base: call.has(1) ? try call.int(1) : nil)
    },
    function("float(x) → float", "A string read as a float, or an int as one.") { call throws(Raised) in
      try Conversions.float(call[0])
    },
    function("bool(x) → bool", "`\"true\"` or `\"false\"` as a bool.") { call throws(Raised) in
      try Conversions.bool(call[0])
    },
    NativeFunction(
      "bytes(x) → bytes",
      documentation:
        "A string's UTF-8, or a list of ints from 0 to 255, as bytes. As a stage, each item as bytes.",
      body: .either(
        when: { call in call[0].isStream }, prelude: "__bytes_stream",
        plain: { call throws(Raised) in try Conversions.bytes(call[0], strand: call.strand) })),
    NativeFunction(
      "list(x) → list", documentation: "The items of what can be iterated; of bytes, ints.",
      body: .either(
        when: { call in call[0].isStream }, prelude: "__collect",
        plain: { call throws(Raised) in try Conversions.list(call[0], strand: call.strand) })),
    function(
      "duration(text) → duration",
      """
      A text such as `1h30m`, `1.5s` or `-250us` as a duration. Its fields give the whole of it in a unit, as a float: \
      `d.nanoseconds microseconds milliseconds seconds minutes hours days`.
      """
    ) {
      call throws(Raised) in try Conversions.duration(call[0])
    },
  ]

  private static let general: [NativeFunction] = [
    function("len(x) → int", "How many items, characters, bytes or keys.") { call throws(Raised) in
      if case .object(let object) = call[0] {
        switch object.tag {
        case .string: return .int(try call.measured(0).count)
        case .list: return .int(unsafeDowncast(object, to: ListObject.self).items.count)
        case .map: return .int(unsafeDowncast(object, to: MapObject.self).storage.count)
        case .bytes: return .int(unsafeDowncast(object, to: BytesObject.self).bytes.count)
        case .range: return .int(try unsafeDowncast(object, to: RangeObject.self).length())
        case .environment: return .int(call.strand.environment.count)
        case .sharedArray: return .int(unsafeDowncast(object, to: SharedArrayObject.self).count)
        case .stream, .channel, .remoteChannel:
          throw Raised(.typeError, "a \(object.typeName) has no length: use `count(x)`, which reads it")
        default: break
        }
      }
      throw Raised(.typeError, "\(call[0].typeName) has no length")
    },
    extreme("min", "least", greatest: false),
    extreme("max", "greatest", greatest: true),
    function(
      "range(a, b, step = 1) → range",
      "The ints from `a` up to, not including, `b`, by `step`, which may be negative: `0..10` is `range(0, 10)`."
    ) { call throws(Raised) in
      let step = try call.int(2, default: 1)
      guard step != 0 else { throw Raised(.valueError, "a range's step cannot be 0") }
      return .object(RangeObject(lower: try call.int(0), upper: try call.int(1), step: step))
    },
    NativeFunction(
      "zip(xs, ...others) → list",
      documentation:
        "Lists of the items that stand at the same place, as far as all go. As a stage, a stream.",
      body: .either(
        when: { call in call[0].isStream || call.rest.contains { $0.isStream } }, prelude: "__zip",
        plain: { call throws(Raised) in
          var lists = [try call.iterated(0)]
          for other in call.rest {
            guard let items = try iteratedItems(other, strand: call.strand) else { throw notIterable(other) }
            lists.append(items)
          }
          return .list(try ListShaping.zipped(lists, call.strand))
        })),
    NativeFunction(
      "enumerate(xs, from = 0) → list",
      documentation: "Lists `[index, item]`, counted from `from`. As a stage, a stream.",
      body: .either(
        when: { call in call[0].isStream }, prelude: "__enumerate",
        plain: { call throws(Raised) in
          .list(
            try ListShaping.enumerated(try call.iterated(0), from: try call.int(1, default: 0), call.strand))
        })),
    function("abs(x) → number", "A number or duration without its sign.") { call throws(Raised) in
      try Conversions.absolute(call[0])
    },
    function(
      "round(x, digits?) → number",
      "The nearest int, or with `digits` the nearest float with so many after the point. Halves go to the even neighbour."
    ) { call throws(Raised) in
      try Conversions.round(call[0], digits: call.has(1) ? try call.int(1) : nil)
    },
  ]

  private static func extreme(_ name: String, _ word: String, greatest: Bool) -> NativeFunction {
    NativeFunction(
      "\(name)(...xs, by:) → item",
      documentation: """
        The \(word) of two or more values, or of the items of one list, range or stream; with `by`, that for which \
        it gives the \(word). The first of several. Raises `ValueError` for none.
        """,
      body: .either(
        when: { call in call.has(1) || (call.rest.count == 1 && call.rest[0].isStream) },
        prelude: "__\(name)",
        plain: { call throws(Raised) in
          switch call.rest.count {
          case 0: throw Extremes.nothing
          case 1:
            if let range = call.rest[0].range {
              return .int(try Extremes.best(of: range, greatest: greatest))
            }
            guard let items = try iteratedItems(call.rest[0], strand: call.strand) else {
              throw notIterable(call.rest[0])
            }
            return try Extremes.best(of: items, greatest: greatest, call.strand)
          default:
            var best = call.rest[0]
            for index in 1..<call.rest.count {
              let other = call.rest[index]
              if try greatest
                ? Sorting.precedes(best, other, call.strand) : Sorting.precedes(other, best, call.strand)
              {
                best = other
              }
            }
            return best
          }
        }))
  }
}
