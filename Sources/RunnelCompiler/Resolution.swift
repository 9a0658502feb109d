// What the resolver finds out: which variable each name means, where variables live, what functions capture.

import RunnelSyntax

/// A variable of a script.
final class Variable {
  enum Kind {
    case letBinding
    case varBinding
    /// Bound without a `let`: by a loop, a pattern, `catch`. What messages call it.
    case bound(String)
    case function
    case parameter
    case errorKind
    case module(ModuleInterface)
  }

  enum Storage {
    case unassigned
    case register(Int)
    /// A register that holds a cell.
    case cell(Int)
    case global(Int)
  }

  let name: String
  let span: Span
  let kind: Kind
  /// The function whose variable it is.
  unowned let function: FunctionScope
  /// Declared directly at the top level of its module.
  let isTopLevel: Bool
  /// The block it is declared in, to know what is initialised together.
  let block: Int
  /// Captured by a function that shares it (no snapshot).
  var isShared = false
  /// A function's, which stands where it is declared: the number of its scope.
  var functionID: Int?
  /// An error kind under another one, which may have to wait for an import.
  var isSubKind = false
  /// Used by any other function than its own.
  var isUsedElsewhere = false
  /// A function that is used before the place where it stands: made when its block begins.
  var isHoisted = false
  /// Captured by a hoisted function of its own block, so perhaps before it has a value.
  var mayBeUninitialised = false
  var isDeclared = false
  var storage = Storage.unassigned

  init(name: String, span: Span, kind: Kind, function: FunctionScope, isTopLevel: Bool, block: Int) {
    self.name = name
    self.span = span
    self.kind = kind
    self.function = function
    self.isTopLevel = isTopLevel
    self.block = block
  }

  /// Whether it is a member of its module.
  var isExported: Bool { isTopLevel && !isMutable }

  var isMutable: Bool { if case .varBinding = kind { true } else { false } }

  /// Whether its register holds a cell: it is shared, and a `var`, which other tasks may not read even if nothing ever
  /// assigns it (language.md §6.6), or captured before it has a value.
  var needsCell: Bool { isShared && (isMutable || mayBeUninitialised) }
}

/// A function as the resolver sees it: its place in the nesting, and what it captures.
final class FunctionScope {
  let id: Int
  let parent: FunctionScope?
  /// A task's body or a stage's lambda: it has copies of what it captures (language.md §6.6).
  let isSnapshot: Bool
  /// The variable that names this function, whose uses inside mean the running function.
  var selfVariable: Variable?
  private(set) var captures: [(variable: Variable, source: CaptureSource)] = []
  private var captureIndexes: [ObjectIdentifier: Int] = [:]

  enum CaptureSource {
    case local
    case upvalue(Int)
    case current
  }

  init(id: Int, parent: FunctionScope?, isSnapshot: Bool) {
    self.id = id
    self.parent = parent
    self.isSnapshot = isSnapshot
  }

  /// The number of the captured value that holds a variable of an enclosing function.
  func captureIndex(of variable: Variable) -> Int {
    if let index = captureIndexes[ObjectIdentifier(variable)] { return index }
    let source: CaptureSource
    if let parent {
      if parent.selfVariable === variable {
        source = .current
      } else if parent === variable.function {
        source = .local
      } else {
        source = .upvalue(parent.captureIndex(of: variable))
      }
    } else {
      source = .local
    }
    let index = captures.count
    captures.append((variable, source))
    captureIndexes[ObjectIdentifier(variable)] = index
    return index
  }

  /// Whether what this function captured of a variable is a copy: a function between them is a snapshot.
  func hasCopy(of variable: Variable) -> Bool {
    var function: FunctionScope? = self
    while let current = function, current !== variable.function {
      if current.isSnapshot { return true }
      function = current.parent
    }
    return false
  }
}

/// What a name means where it is used.
enum NameMeaning {
  case variable(Variable)
  /// The running function itself.
  case current(Variable)
  case builtin(String)
  /// A diagnostic has been reported.
  case unknown
}

/// What other modules see of one.
public final class ModuleInterface: Sendable {
  public let name: String
  public let index: Int
  /// The global of each member.
  public let members: [String: Int]
  /// Which members are error kinds.
  public let kinds: Set<String>

  init(name: String, index: Int, members: [String: Int], kinds: Set<String>) {
    self.name = name
    self.index = index
    self.members = members
    self.kinds = kinds
  }
}

/// The names that scripts find without declaring them, as the library supplies them.
public struct KnownNames: Sendable {
  /// Functions, namespaces with their members (`fs.read`), values.
  public let globals: Set<String>
  /// Error kinds.
  public let kinds: Set<String>
  /// Global functions that are stages: in a pipeline they run in tasks of their own (language.md §14.1).
  public let stages: Set<String>

  public init(globals: Set<String>, kinds: Set<String>, stages: Set<String>) {
    self.globals = globals
    self.kinds = kinds
    self.stages = stages
  }
}

/// Those names, which are gathered only when a script first uses one that it does not declare, with what the host adds.
public struct BuiltinNames: Sendable {
  private let known: @Sendable () -> KnownNames
  private var added: Set<String> = []

  public init(_ known: @escaping @Sendable () -> KnownNames) { self.known = known }

  /// Adds global names.
  public mutating func add(_ names: some Sequence<String>) { added.formUnion(names) }

  public func isGlobal(_ name: String) -> Bool { added.contains(name) || known().globals.contains(name) }
  public func isKind(_ name: String) -> Bool { known().kinds.contains(name) }
  public func isStage(_ name: String) -> Bool { known().stages.contains(name) }

  /// All of them, for suggestions.
  public var globals: Set<String> { known().globals.union(added) }
  public var kinds: Set<String> { known().kinds }
}

/// Everything the resolver found out about a module.
final class Resolution {
  var meanings: [NameMeaning]
  var declarations: [Variable?]
  var functions: [FunctionScope?]
  let main: FunctionScope
  /// Variables of the top level that functions use or that are members, in order of declaration.
  var topLevel: [Variable] = []
  /// The `attempt` of each retry body, by the identity of its place.
  var attempts: [UInt32: Variable] = [:]
  var imports: [UInt32: ModuleInterface] = [:]

  init(tree: SyntaxTree) {
    meanings = Array(repeating: .unknown, count: tree.identifierCount)
    declarations = Array(repeating: nil, count: tree.identifierCount)
    functions = Array(repeating: nil, count: tree.functionCount)
    main = FunctionScope(id: -1, parent: nil, isSnapshot: false)
  }
}
