// The part of the library that is written in Runnel, and compiled only when a script first uses it.

import Testing

@testable import RunnelRuntime

@Suite("The prelude")
struct PreludeTests {
  @Test("Every part compiles", arguments: Prelude.index.sources.map(\.name))
  func partsCompile(name: String) throws {
    let part = try #require(Prelude.index.sources.first { $0.name == name })
    _ = try PreludeCode.compiled(part)
  }

  @Test("Every built-in that is written in Runnel is declared in a part")
  func builtinsAreDeclared() {
    for function in Library.groups.flatMap(\.functions) {
      let names: [String] =
        switch function.body {
        case .prelude(let name), .preludeMutating(let name): [name]
        case .either(_, let name, _), .mutatingEither(_, let name, _): [name]
        default: []
        }
      for name in names {
        #expect(Prelude.index.names.contains(name), "`\(function.signature)` wants `\(name)`")
      }
    }
  }
}
