// Which part of the prelude declares which function, so that only what is used is compiled.

struct PreludeIndex {
  /// All parts.
  let sources: [(name: String, source: String)]
  /// The names of all functions of the prelude.
  let names: Set<String>
  /// The head of each, as a signature: `__map(xs, f)`.
  let signatures: [String: String]
  /// The part that declares each.
  let parts: [String: (name: String, source: String)]

  init(_ sources: [(name: String, source: String)]) {
    var parts: [String: (name: String, source: String)] = [:]
    var signatures: [String: String] = [:]
    for part in sources {
      for line in part.source.split(separator: "\n") where line.hasPrefix("fn __") {
        let name = String(line.dropFirst(3).prefix { $0 != "(" })
        parts[name] = part
        signatures[name] = String(line.dropFirst(3).prefix { $0 != "{" })
      }
    }
    self.sources = sources
    self.parts = parts
    self.signatures = signatures
    names = Set(parts.keys)
  }
}

extension Prelude {
  static let index = PreludeIndex(
    sources + [
      ("system", SystemPrelude.source), ("tasks", TaskLibrary.prelude), ("commands", CommandLibrary.prelude),
      ("with", WithFunctions.prelude), ("sharing", SharingLibrary.prelude),
      ("synchronising", SynchronisingLibrary.prelude),
      ("gather", GatherFeed.prelude),
      ("callbacks", TaskCallbacks.prelude), ("executors", ExecutorLibrary.prelude),
    ])
}
