// The methods of lists that change the variable they go through: in place where it alone has the list.

enum ListChanges {
  private static func method(
    _ signature: String, _ documentation: String, undo inverses: NativeFunction.Inverses? = nil,
    _ code: @escaping (inout Value, borrowing NativeCall) throws(Raised) -> Value
  ) -> NativeFunction {
    NativeFunction(
      signature, receiver: "list", documentation: documentation, body: .mutating(code), inverses: inverses)
  }

  private static func shortened(_ receiver: Value, _ call: borrowing NativeCall) -> [UndoLog.Inverse]? {
    receiver.list.map { [.truncate($0.items.count)] }
  }

  /// The item at an index is about to be taken away; none, if the index is wrong.
  private static func putBack(_ receiver: Value, at index: Value) -> [UndoLog.Inverse]? {
    guard let items = receiver.list?.items, case .int(let index) = index,
      let position = Indexing.position(index, in: items.count)
    else { return [] }
    return [.insert(items[position], at: position)]
  }

  private static func insertionPoint(_ index: Int, _ count: Int) -> Int {
    index < 0 ? max(index &+ count, 0) : min(index, count)
  }

  static let functions: [NativeFunction] = [
    method("push(...xs)", "Changes: adds items at the end.", undo: shortened) {
      receiver, call throws(Raised) in
      try changingList(&receiver, call) { items in
        if call.rest.count == 1 { items.append(call.rest[0]) } else { items.append(contentsOf: call.rest) }
      }
      return .nil
    },
    method(
      "pop() → item",
      "Changes: takes the last item away and gives it. Raises `IndexError` where there is none.",
      undo: { receiver, _ in putBack(receiver, at: .int(-1)) }
    ) {
      receiver, call throws(Raised) in
      try changingList(&receiver, call) { items throws(Raised) in
        guard let last = items.popLast() else { throw Raised(.indexError, "pop from an empty list") }
        return last
      }
    },
    method(
      "insert(i, x)", "Changes: puts an item before index `i`, or at the end where that is further.",
      undo: { receiver, call in
        guard let items = receiver.list?.items, case .int(let index) = call[1] else { return [] }
        return [.removeItem(at: insertionPoint(index, items.count))]
      }
    ) {
      receiver, call throws(Raised) in
      let index = try call.int(1)
      try changingList(&receiver, call) { items in
        items.insert(call[2], at: insertionPoint(index, items.count))
      }
      return .nil
    },
    method(
      "remove_at(i) → item", "Changes: takes the item at an index away and gives it.",
      undo: { receiver, call in putBack(receiver, at: call[1]) }
    ) {
      receiver, call throws(Raised) in
      let index = try call.int(1)
      return try changingList(&receiver, call) { items throws(Raised) in
        items.remove(at: try Indexing.offset(index, in: items.count, of: "list"))
      }
    },
    method(
      "remove(x) → item",
      "Changes: takes the first item that equals `x` away and gives it; nil if there is none."
    ) {
      receiver, call throws(Raised) in
      guard let items = receiver.list?.items,
        let index = try Indexing.firstIndex(of: call[1], in: items, call.strand)
      else { return .nil }
      return try removed(at: index, &receiver, call)
    },
    method("clear()", "Changes: takes all items away.") { receiver, call throws(Raised) in
      guard receiver.list != nil else { throw Raised(.typeError, "\(receiver.typeName) has no `clear`") }
      receiver = .list([])
      return .nil
    },
    NativeFunction(
      "extend(xs)", receiver: "list",
      documentation: "Changes: adds the items of a list, range, map (its keys) or stream at the end.",
      body: .mutatingEither(
        when: { call in call[1].isStream }, prelude: "__list_extend",
        mutating: { receiver, call throws(Raised) in
          let more = try call.iterated(1)
          try checkListLength(more.count)
          try changingList(&receiver, call) { items in items.append(contentsOf: more) }
          return .nil
        }), inverses: shortened),
    method("reverse()", "Changes: turns the order round.") { receiver, call throws(Raised) in
      try changingList(&receiver, call) { items in items.reverse() }
      return .nil
    },
    NativeFunction(
      "sort(by?, reverse = false)", receiver: "list",
      documentation: "Changes: puts the items in order, as `sorted`.",
      body: .mutatingEither(
        when: { call in call.has(1) }, prelude: "__list_sorted",
        mutating: { receiver, call throws(Raised) in
          guard let items = receiver.list?.items else {
            throw Raised(.typeError, "\(receiver.typeName) has no `sort`")
          }
          let descending = try call.bool(2, default: false)
          receiver = .list(try Sorting.sorted(items, by: items, descending: descending, call.strand))
          return .nil
        })),
  ]

  /// On its own, so that the look-up's reference to the list is gone.
  private static func removed(at index: Int, _ receiver: inout Value, _ call: borrowing NativeCall)
    throws(Raised) -> Value
  {
    try changingList(&receiver, call) { items in items.remove(at: index) }
  }
}
