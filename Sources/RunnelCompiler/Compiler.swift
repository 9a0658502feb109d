// From a syntax tree to code: one `ModuleCompiler` a file, one `FunctionCompiler` a function.

public import RunnelSyntax

/// The numbers that a program's modules share.
public final class ProgramLayout {
  /// How many globals there are so far.
  public internal(set) var globalCount = 0
  /// The names of the globals, for messages.
  public internal(set) var globalNames: [String] = []
  /// In the REPL: the top level's variables so far.
  var session: [String: Variable] = [:]
  /// The top levels of earlier lines: their variables refer to them without holding them.
  var sessionScopes: [FunctionScope] = []
  /// Every variable that a line has declared, by its global.
  private var sessionVariables: [Int: Variable] = [:]

  public init() {}

  func declareInSession(_ variable: Variable, global: Int) {
    session[variable.name] = variable
    sessionVariables[global] = variable
  }

  /// Makes names mean what they meant elsewhere, when the same text was compiled: globals are numbered from there, and a session's
  /// names stand for the globals that are given, or for none.
  public func resume(atGlobal number: Int, names: [String: Int?]) {
    while globalCount < number { _ = allocateGlobal("") }
    for (name, global) in names { session[name] = global.flatMap { sessionVariables[$0] } }
  }

  func allocateGlobal(_ name: String) -> Int {
    globalNames.append(name)
    globalCount += 1
    return globalCount - 1
  }
}

/// What the top level's names meant before a line of the REPL.
public struct SessionNames {
  fileprivate let variables: [String: Variable]
}

extension ProgramLayout {
  /// The meanings of the session's names, to be put back if the next line comes to nothing.
  public var sessionNames: SessionNames { SessionNames(variables: session) }

  /// The session's names with their globals, in no order.
  public var sessionGlobals: [(name: String, global: Int)] {
    session.compactMap { name, variable in
      if case .global(let number) = variable.storage { (name, number) } else { nil }
    }
  }

  /// After a line that failed: names that got no value mean again what they meant before it.
  /// - Parameter hasValue: whether a global has one.
  public func restore(_ before: SessionNames, unless hasValue: (Int) -> Bool) {
    for (name, variable) in session {
      if case .global(let number) = variable.storage, hasValue(number) { continue }
      session[name] = before.variables[name]
    }
  }
}

/// How a file is compiled.
public struct CompileOptions: Sendable {
  /// Its top-level `let`s, functions and kinds are members that other modules use.
  public var isImported = false
  /// A line of the REPL: its top-level variables stay, and its value is the module's result.
  public var isInteractive = false

  /// The library's prelude: its functions are known to each other as built-ins, and are the module's members, numbered
  /// as functions instead of globals.
  public var isPrelude = false

  /// For `runnel test`: which of the file's tests runs at the end of its top level. The others are left out, and so are all of
  /// them otherwise.
  public var test: Int?

  public init(isImported: Bool = false, isInteractive: Bool = false, isPrelude: Bool = false) {
    self.isPrelude = isPrelude
    self.isImported = isImported
    self.isInteractive = isInteractive
  }
}

/// A compiled file: its code and face, unless there are errors.
public struct CompiledModule {
  public let code: ModuleCode?
  public let interface: ModuleInterface?
  public let diagnostics: [Diagnostic]
}

/// Compiles one file.
///
/// - Parameters:
///   - index: the module's number in its program.
///   - importer: gives the interface of an imported file, or nil if it has reported why there is none.
public func compile(
  _ tree: SyntaxTree, index: Int, layout: ProgramLayout, builtins: BuiltinNames, options: CompileOptions,
  importer: @escaping (String, Span) -> ModuleInterface?
) -> CompiledModule {
  var resolver = Resolver(
    tree: tree, builtins: builtins, session: layout.session, isPrelude: options.isPrelude,
    importer: importer)
  resolver.resolve()
  guard !resolver.diagnostics.contains(where: { $0.severity == .error }) else {
    return CompiledModule(code: nil, interface: nil, diagnostics: resolver.diagnostics)
  }
  let module = ModuleCompiler(
    tree: tree, index: index, layout: layout, builtins: builtins, options: options,
    resolution: resolver.resolution)
  let code = module.compile()
  let diagnostics = resolver.diagnostics + module.diagnostics
  guard module.diagnostics.isEmpty else {
    return CompiledModule(code: nil, interface: nil, diagnostics: diagnostics)
  }
  let interface = ModuleInterface(
    name: tree.source.name, index: index, members: code.members, kinds: module.kindMembers)
  return CompiledModule(code: code, interface: interface, diagnostics: diagnostics)
}

final class ModuleCompiler {
  let tree: SyntaxTree
  let index: Int
  let layout: ProgramLayout
  let builtins: BuiltinNames
  let options: CompileOptions
  let resolution: Resolution
  var functions: [FunctionCode?] = [nil]
  var diagnostics: [Diagnostic] = []
  private(set) var members: [String: Int] = [:]
  private(set) var kindMembers: Set<String> = []
  /// Registers that the top level gives its variables before the rest become globals.
  private static let topLevelRegisters = 200

  init(
    tree: SyntaxTree, index: Int, layout: ProgramLayout, builtins: BuiltinNames, options: CompileOptions,
    resolution: Resolution
  ) {
    self.tree = tree
    self.index = index
    self.layout = layout
    self.builtins = builtins
    self.options = options
    self.resolution = resolution
  }

  func compile() -> ModuleCode {
    if options.isPrelude { return compilePrelude() }
    placeTopLevel()
    let main = FunctionCompiler(module: self, scope: resolution.main)
    functions[0] = main.compileTopLevel(tree)
    return ModuleCode(
      source: tree.source, functions: functions.compactMap { $0 }, index: index, members: members,
      documentation: tree.documentation, tests: tests)
  }

  private var tests: [TestDeclaration] {
    tree.statements.compactMap { statement in
      guard case .test(let name, _) = statement.kind else { return nil }
      // A name with something to fill in is its text as it stands: it is known before anything runs.
      return TestDeclaration(name: name.plainText ?? tree.source.text(of: name.span), span: statement.span)
    }
  }

  private func compilePrelude() -> ModuleCode {
    let main = FunctionCompiler(module: self, scope: resolution.main)
    functions[0] = main.compileTopLevel(
      SyntaxTree(source: tree.source, statements: [], identifierCount: 0, functionCount: 0))
    for statement in tree.statements {
      guard case .function(let node) = statement.kind, let name = node.name,
        let scope = resolution.functions[Int(node.id)]
      else { continue }
      let number = reserveFunction()
      functions[number] = FunctionCompiler(module: self, scope: scope).compileFunction(node)
      members[name.text] = number
    }
    return ModuleCode(
      source: tree.source, functions: functions.compactMap { $0 }, index: index, members: members,
      documentation: nil)
  }

  /// Decides which top-level variables are globals: those that functions use or that outlive the top level.
  private func placeTopLevel() {
    var registers = 0
    if options.isInteractive { layout.sessionScopes.append(resolution.main) }
    for variable in resolution.topLevel {
      if case .module = variable.kind, !options.isInteractive { continue }
      let isMember = options.isImported && variable.isExported
      if options.isInteractive || isMember || variable.isUsedElsewhere || variable.isSubKind
        || registers >= Self.topLevelRegisters
      {
        let global = layout.allocateGlobal(variable.name)
        variable.storage = .global(global)
        if isMember {
          members[variable.name] = global
          if case .errorKind = variable.kind { kindMembers.insert(variable.name) }
        }
        if options.isInteractive { layout.declareInSession(variable, global: global) }
      } else {
        registers += 1
      }
    }
  }

  func reserveFunction() -> Int {
    functions.append(nil)
    return functions.count - 1
  }

  func report(_ code: DiagnosticCode, _ span: Span, _ message: String, hint: String? = nil) {
    diagnostics.append(
      Diagnostic(code, source: tree.source, span: span, message: message, hint: hint))
  }
}
