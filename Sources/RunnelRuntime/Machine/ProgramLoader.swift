// From files to a program: reads a script and what it imports, compiles every file once, in the order in which they
// must run, and reports what is wrong before anything runs (language.md §4).

public import RunnelCompiler
import RunnelScheduler
public import RunnelSyntax
public import RunnelSystem

/// A program that is ready to run, or what is wrong with it.
public struct LoadedProgram: Sendable {
  /// All modules, by number; the script itself is the last.
  let modules: [LoadedModule]
  let globalCount: Int
  let globalNames: [String]
  public let diagnostics: [Diagnostic]
  /// Whether it can run.
  public var isValid: Bool { !diagnostics.contains { $0.severity == .error } && !modules.isEmpty }
  /// The script's code, for `inspect`.
  public var code: ModuleCode? { modules.last?.code }
  /// The script's tests, in their order; those of the files that it imports are no business of its own.
  public var tests: [TestDeclaration] { modules.last?.code.tests ?? [] }
}

public struct ProgramLoader {
  let layout = ProgramLayout()
  private var interfaces: [String: ModuleInterface] = [:]
  /// The files being compiled, outermost first: a file that imports one of them closes a circle.
  private var stack: [(path: String, name: String)] = []
  var modules: [LoadedModule] = []
  /// Of modules that another process has compiled before: their faces, by number.
  private var faces: [ModuleInterface] = []
  var diagnostics: [Diagnostic] = []
  /// In a session: what its names stood for after the last module.
  private var lastNames: [String: Int] = [:]
  /// What the host gives by name beside the library: `args`, and the functions of an embedder.
  private let globals: [String: Value]
  private let names: BuiltinNames

  public init(globals: [String: Value] = [:]) {
    self.globals = globals
    var names = Builtins.names
    names.add(globals.keys)
    self.names = names
  }

  /// Loads a script.
  /// - Parameters:
  ///   - source: its text.
  ///   - path: its file, which imports are relative to; nil for `-c` and standard input (then the current directory).
  ///   - arguments: `args`.
  ///   - globals: what the host gives by name, beside the library.
  ///   - test: which of its tests is to run at the end of its top level; nil for a script as it is.
  public static func load(
    _ source: SourceFile, path: String?, arguments: [String] = [], globals: [String: Value] = [:],
    test: Int? = nil
  ) -> LoadedProgram {
    let own = ["args": Value.list(arguments.map { .string($0) })]
    var loader = ProgramLoader(globals: globals.merging(own) { given, _ in given })
    var options = CompileOptions()
    options.test = test
    if loader.load(source, path: fullPath(path), options: options) == nil { loader.modules = [] }
    return LoadedProgram(
      modules: loader.modules, globalCount: loader.layout.globalCount, globalNames: loader.layout.globalNames,
      diagnostics: loader.diagnostics)
  }

  /// Where a script's imports start from.
  static func fullPath(_ path: String?) -> String {
    if let path, path.hasPrefix("/") { return path }
    return ((try? Files.currentDirectory()) ?? "/") + "/" + (path ?? "script")
  }

  mutating func load(_ source: SourceFile, path: String, options: CompileOptions) -> ModuleInterface? {
    let (tree, problems) = Parser.parse(source)
    diagnostics += problems
    guard !problems.contains(where: { $0.severity == .error }) else { return nil }
    stack.append((path, source.name))
    // Imported files come first: their numbers and members are needed.
    var imported: [String: ModuleInterface] = [:]
    for statement in tree.statements {
      guard case .import(let target, let span, _) = statement.kind, imported[target] == nil else { continue }
      if let interface = loadImport(target, from: path, source: source, span: span) {
        imported[target] = interface
      }
    }
    stack.removeLast()
    let index = modules.count
    var recipe = ModuleRecipe(isImported: options.isImported, isInteractive: options.isInteractive)
    recipe.imports = imported.mapValues(\.index)
    recipe.firstGlobal = layout.globalCount
    if options.isInteractive { recipe.changedNames = layout.changes(since: lastNames) }
    let compiled = compile(
      tree, index: index, layout: layout, builtins: names, options: options
    ) { target, _ in imported[target] }
    diagnostics += compiled.diagnostics
    guard let code = compiled.code, let interface = compiled.interface else { return nil }
    modules.append(LoadedModule(code: code, recipe: recipe, modules: modules, globals: globals))
    if options.isInteractive { lastNames = layout.sessionNumbers }
    return interface
  }

  /// Compiles a module as another process has compiled it. Modules come in the order of their numbers.
  mutating func load(_ source: SourceFile, by recipe: ModuleRecipe) -> Bool {
    let (tree, problems) = Parser.parse(source)
    guard !problems.contains(where: { $0.severity == .error }) else { return false }
    layout.resume(atGlobal: recipe.firstGlobal, names: recipe.changedNames)
    let options = CompileOptions(isImported: recipe.isImported, isInteractive: recipe.isInteractive)
    let known = faces
    let compiled = compile(tree, index: modules.count, layout: layout, builtins: names, options: options) {
      target, _ in
      recipe.imports[target].flatMap { known.indices.contains($0) ? known[$0] : nil }
    }
    guard let code = compiled.code, let interface = compiled.interface else { return false }
    faces.append(interface)
    modules.append(LoadedModule(code: code, recipe: recipe, modules: modules, globals: globals))
    return true
  }

  private mutating func loadImport(_ target: String, from path: String, source: SourceFile, span: Span)
    -> ModuleInterface?
  {
    func report(_ code: DiagnosticCode, _ message: String, _ hint: String?) {
      diagnostics.append(Diagnostic(code, source: source, span: span, message: message, hint: hint))
    }
    let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    let joined = target.hasPrefix("/") ? target : directory + "/" + target
    let real: String
    let bytes: [UInt8]
    do throws(SystemError) {
      real = String(decoding: try Files.realPath(joined), as: UTF8.self)
      bytes = try FileReading.wholeFile(real)
    } catch {
      let code: DiagnosticCode = error.name == "ENOENT" ? .moduleNotFound : .moduleNotReadable
      report(
        code, "cannot import `\(target)`: \(error.message)", "the path is relative to the importing file")
      return nil
    }
    if let start = stack.firstIndex(where: { $0.path == real }) {
      let circle = (stack[start...].map(\.name) + [stack[start].name]).map(Self.baseName).joined(
        separator: " → ")
      report(.moduleCycle, "the imports form a circle: \(circle)", "move what both need into a third file")
      return nil
    }
    if let known = interfaces[real] { return known }
    if let offset = FileReading.invalidOffset(in: bytes) {
      report(.notUTF8, "`\(target)` is not UTF-8: byte \(offset)", nil)
      return nil
    }
    let name = target.hasPrefix("/") ? target : Self.shown(source.name, target)
    let interface = load(
      SourceFile(name: name, bytes: bytes), path: real, options: CompileOptions(isImported: true))
    interfaces[real] = interface
    return interface
  }

  private static func baseName(_ path: String) -> String {
    String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
  }

  /// How an imported file is named in messages: beside the importing one.
  private static func shown(_ importer: String, _ target: String) -> String {
    let relative = target.hasPrefix("./") ? String(target.dropFirst(2)) : target
    guard let slash = importer.lastIndex(of: "/") else { return relative }
    return String(importer[...slash]) + relative
  }
}

extension ProgramLayout {
  /// The session's names with their globals.
  fileprivate var sessionNumbers: [String: Int] {
    Dictionary(sessionGlobals.map { ($0.name, $0.global) }) { _, last in last }
  }

  /// The names that stand for other globals than they did, or for none any more.
  fileprivate func changes(since before: [String: Int]) -> [String: Int?] {
    let now = sessionNumbers
    var changes: [String: Int?] = now.filter { before[$0.key] != $0.value }
    for name in before.keys where now[name] == nil { changes[name] = .some(nil) }
    return changes
  }
}

/// Reading a whole file before anything runs.
public enum FileReading {
  /// The most bytes that a script may have: what is longer (`/dev/zero`) is none.
  public static let limit = 256 << 20

  /// The bytes of a file, `-` for standard input. One that is longer than `limit` is refused (`EFBIG`).
  public static func wholeFile(_ path: String) throws(SystemError) -> [UInt8] {
    if path == "-" { return try all(of: 0) }
    let descriptor = try Files.open(path, .read)
    return try all(of: descriptor.number)
  }

  private static func all(of number: Int32) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var count = 0
      var isDone = false
      var failure: SystemError?
      let transfer = block.withUnsafeMutableBytes { buffer -> Transfer in
        do throws(SystemError) { return try DescriptorIO.read(number, into: buffer) } catch {
          failure = error
          return .endOfFile
        }
      }
      if let failure { throw failure }
      switch transfer {
      case .bytes(let read): count = read
      case .endOfFile: isDone = true
      case .wouldBlock: continue
      }
      if isDone { break }
      bytes += block[..<count]
      if bytes.count > limit { throw SystemError(code: 27, operation: "read") }
    }
    return bytes
  }

  /// The offset of the first byte that is not UTF-8.
  public static func invalidOffset(in bytes: [UInt8]) -> Int? {
    if bytes.allSatisfy({ $0 < 0x80 }) { return nil }
    var offset = 0
    while offset < bytes.count {
      let lead = bytes[offset]
      let length: Int
      var minimum: UInt32 = 0
      var scalar: UInt32
      switch lead {
      case 0..<0x80:
        offset += 1
        continue
      case 0xC2...0xDF: (length, minimum, scalar) = (2, 0x80, UInt32(lead & 0x1F))
      case 0xE0...0xEF: (length, minimum, scalar) = (3, 0x800, UInt32(lead & 0x0F))
      case 0xF0...0xF4: (length, minimum, scalar) = (4, 0x10000, UInt32(lead & 0x07))
      default: return offset
      }
      guard offset + length <= bytes.count else { return offset }
      for index in (offset + 1)..<(offset + length) {
        guard bytes[index] & 0xC0 == 0x80 else { return offset }
        scalar = scalar << 6 | UInt32(bytes[index] & 0x3F)
      }
      guard scalar >= minimum, Unicode.Scalar(scalar) != nil else { return offset }
      offset += length
    }
    return nil
  }
}
