// The prelude, compiled when first used: library functions written in Runnel.

import RunnelCompiler
import RunnelScheduler
import RunnelSyntax

enum PreludeCode {
  private static let lock = Lock()
  nonisolated(unsafe) private static var closures: [String: Closure] = [:]
  /// Kept, since functions refer to their modules without holding them.
  nonisolated(unsafe) private static var modules: [LoadedModule] = []

  /// A function of the prelude.
  static func closure(named name: String) throws(Raised) -> Closure {
    if let known = lock.withLock({ closures[name] }) { return known }
    try load(partWith: name)
    guard let closure = lock.withLock({ closures[name] }) else {
      throw Raised(.nameError, "the prelude has no function `\(name)`")
    }
    return closure
  }

  /// All functions of a part of the prelude, for what another process refers to by number.
  static func functions(ofPart name: String) throws(WireError) -> [LoadedFunction] {
    func known() -> [LoadedFunction]? {
      lock.withLock { modules.first { $0.code.source.name == name }?.functions }
    }
    if let functions = known() { return functions }
    if let member = Prelude.index.parts.first(where: { "prelude/\($0.value.name)" == name }) {
      try? load(partWith: member.key)
    }
    guard let functions = known() else { throw WireError(what: "a part of the prelude that there is not") }
    return functions
  }

  /// Compiles the part of the prelude that declares a function.
  private static func load(partWith name: String) throws(Raised) {
    guard let part = Prelude.index.parts[name] else { return }
    let code = try compiled(part)
    let module = LoadedModule(code: code, isPrelude: true)
    lock.withLock {
      // Where two strands have compiled it at the same time, the first stays: functions have an identity.
      for (name, number) in code.members where closures[name] == nil {
        let function = module.functions[number]
        closures[name] = Closure(function, upvalues: [])
      }
      modules.append(module)
    }
  }

  /// Compiles a part of the prelude; raises what is wrong with it.
  static func compiled(_ part: (name: String, source: String)) throws(Raised) -> ModuleCode {
    let source = SourceFile(name: "prelude/\(part.name)", text: part.source)
    let (tree, problems) = Parser.parse(source)
    var names = Builtins.names
    names.add(Prelude.index.names)
    names.add(Library.intrinsicNames)
    let compiled = compile(
      tree, index: 0, layout: ProgramLayout(), builtins: names, options: CompileOptions(isPrelude: true)
    ) { _, _ in nil }
    guard let code = compiled.code, problems.isEmpty else {
      let messages = (problems + compiled.diagnostics).map {
        "\($0.message) at \(source.place(of: $0.span.start).line)"
      }
      throw Raised(
        .nameError, "the prelude's part `\(part.name)` does not compile: \(messages.joined(separator: "; "))")
    }
    return code
  }
}
