// Which part of the prelude declares which function, so that only what is used is compiled.

struct PreludeIndex {
  /// The names of all functions of the prelude.
  let names: Set<String>
  /// The part that declares each.
  let parts: [String: (name: String, source: String)]

  init(_ sources: [(name: String, source: String)]) {
    var parts: [String: (name: String, source: String)] = [:]
    for part in sources {
      for line in part.source.split(separator: "\n") where line.hasPrefix("fn __") {
        parts[String(line.dropFirst(3).prefix { $0 != "(" })] = part
      }
    }
    self.parts = parts
    names = Set(parts.keys)
  }
}

extension Prelude {
  static let index = PreludeIndex(
    sources + [("system", SystemPrelude.source), ("tasks", TaskLibrary.prelude)])
}
