// From a compiled module to one that can run: plain constants become values, names of built-ins what they name.

import RunnelCompiler
import RunnelSyntax

/// A module that can run.
public final class LoadedModule: @unchecked Sendable {
  let code: ModuleCode
  /// How it was compiled.
  let recipe: ModuleRecipe
  private(set) var functions: [LoadedFunction] = []
  /// Whether its top level has been begun. Only the main strand imports.
  var hasRun = false

  /// - Parameter globals: what the host gives by name, `args` and functions of an embedder's.
  init(
    code: ModuleCode, recipe: ModuleRecipe = ModuleRecipe(), isPrelude: Bool = false,
    modules: [LoadedModule] = [],
    globals: [String: Value] = [:]
  ) {
    self.code = code
    self.recipe = recipe
    functions = code.functions.enumerated().map { number, function in
      var rows: [MethodRow?] = Array(repeating: nil, count: function.constants.count)
      for instruction in function.instructions
      where instruction.opcode == .callMethod || instruction.opcode == .callMethodShape {
        if case .string(let name) = function.constants[instruction.c] {
          rows[instruction.c] = MethodRows.row(for: name)
        }
      }
      for (index, constant) in function.constants.enumerated() {
        if case .place(let place) = constant, !place.method.isEmpty {
          rows[index] = MethodRows.row(for: place.method)
        }
      }
      let values = function.constants.map {
        Self.value(of: $0, isPrelude: isPrelude, modules: modules, globals: globals)
      }
      return LoadedFunction(
        code: function, number: number, source: code.source, isPrelude: isPrelude, constants: values,
        methods: rows)
    }
    for function in functions { function.module = self }
  }

  private static func value(
    of constant: Constant, isPrelude: Bool, modules: [LoadedModule], globals: [String: Value]
  ) -> Value {
    switch constant {
    case .int(let number): .int(Int(number))
    case .float(let number): .float(number)
    case .duration(let number): .duration(Int(number))
    case .string(let text): .string(text)
    case .builtin(let name): globals[name] ?? Builtins.value(named: name) ?? .nil
    case .module(let index): index < modules.count ? .object(ModuleObject(modules[index])) : .nil
    case .names, .shape, .place, .command, .assertion, .spawn: .nil
    }
  }
}

/// What else than its text a module was compiled from: with it another process gets the same code from the same text.
struct ModuleRecipe: Sendable {
  var isImported = false
  var isInteractive = false
  /// What the text after each `import` led to.
  var imports: [String: Int] = [:]
  /// How many globals there were before it.
  var firstGlobal = 0
  /// In a session: names of the top level whose meaning is not what the module before it left.
  var changedNames: [String: Int?] = [:]
}

/// Built-in names and what they stand for.
enum Builtins {
  private static let kinds: [String: ErrorKind] = Dictionary(
    uniqueKeysWithValues: ErrorKind.builtIn.map { ($0.name, $0) })

  /// The value of a global name, or of a dotted member of a namespace.
  static func value(named name: String) -> Value? {
    if let kind = kinds[name] { return .object(kind) }
    if let dot = name.firstIndex(of: ".") {
      guard let group = Library.namespace(String(name[..<dot])) else { return nil }
      let member = name[name.index(after: dot)...]
      return group.functions.first { $0.name == member }.map { .object($0) }
    }
    if let function = Library.global(name) { return .object(function) }
    if name == "env" { return .object(EnvironmentObject.shared) }
    if let executor = ExecutorObject.named(name) { return .object(executor) }
    if let group = Library.namespace(name) { return .object(NamespaceObject(group)) }
    if let intrinsic = Library.intrinsic(name) { return .object(intrinsic) }
    if let signature = Prelude.index.signatures[name] {
      return .object(NativeFunction(signature, documentation: "", body: .prelude(name)))
    }
    return nil
  }

  /// What the resolver must know.
  static let names = BuiltinNames { known }

  private static let known: KnownNames = {
    var globals: Set<String> = Set(Library.globalNames.filter { !$0.hasPrefix("__") })
    globals.formUnion(["args", "env"])
    globals.formUnion(ExecutorObject.Kind.allCases.map(\.rawValue))
    for group in Library.groups where !group.name.isEmpty && Library.isNamespace(group.name) {
      globals.insert(group.name)
      for function in group.functions { globals.insert(group.name + "." + function.name) }
    }
    return KnownNames(globals: globals, kinds: Set(kinds.keys), stages: Stages.names)
  }()
}

/// Global functions that are stages (language.md §14.6): in a pipeline each runs in a task of its own.
enum Stages {
  static let names: Set<String> = [
    "lines", "bytes", "text", "json", "csv", "map", "filter", "flat_map", "take", "skip", "take_while",
    "skip_while", "batch", "window", "enumerate", "zip", "unique", "sort", "buffer", "throttle", "debounce",
    "expand", "merge", "tee", "progress",
  ]
}
