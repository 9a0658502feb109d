// What `with` does at its beginning and its end, called by compiled code. At once where nothing has to be waited for: a lock is
// taken and given back very often.

enum WithFunctions {
  static let group = NativeGroup(
    "__", summary: "For compiled code and the prelude only.", functions: entering + leaving)

  private static let entering: [NativeFunction] = [
    NativeFunction(
      "__enter(x) → x", documentation: "What `with` holds: raises `TypeError` for what cannot be closed.",
      body: .plain { call throws(Raised) in
        guard canBeLeft(call[0]) else {
          throw Raised(
            .typeError,
            "`with` takes what can be closed (a file, a lock, a map with a `close` function), not \(call[0].typeName)"
          )
        }
        return call[0]
      })
  ]

  private static let leaving: [NativeFunction] = [
    NativeFunction(
      "__leave(x)", documentation: "Closes what `with` holds, unless its scope has given it back.",
      body: .either(
        when: { call in call[0].map != nil || takesTime(call[0]) }, prelude: "__leave_slowly",
        plain: { call throws(Raised) in try close(call[0], call.strand) })),
    NativeFunction(
      "__close_resource(x)", documentation: "Closes it, without waiting.",
      body: .plain { call throws(Raised) in try close(call[0], call.strand) }),
    NativeFunction(
      "__wait_for_end(x)", documentation: "Waits for the end of what was closed.",
      body: .waiting { _, arguments throws(Raised) in
        guard case .object(let object)? = arguments.first else { return .nil }
        await (object as? ResourceObject)?.waitForEnd()
        return .nil
      }),
  ]

  private static func canBeLeft(_ value: Value) -> Bool {
    if let map = value.map { return map.storage["close"] != nil }
    guard case .object(let object) = value else { return false }
    return object is ResourceObject || object is StreamObject || object.tag.isHeldByWith
  }

  private static func takesTime(_ value: Value) -> Bool {
    guard case .object(let object) = value else { return false }
    return (object as? ResourceObject)?.takesTimeToEnd ?? false
  }

  private static func close(_ value: Value, _ strand: Strand) throws(Raised) -> Value {
    guard case .object(let object) = value else { return .nil }
    if let resource = object as? ResourceObject { try resource.close(by: strand) }
    if let stream = object as? StreamObject { stream.closeFromOutside() }
    return .nil
  }

  /// What may take time: a function of the script's, a command that is to be stopped.
  static let prelude = #"""
    fn __leave_slowly(x) {
      if type(x) == "map" {
        x.close()
      } else {
        __close_resource(x)
        __wait_for_end(x)
      }
      nil
    }
    """#
}
