// The resolver walks a module's tree once: it binds every name to its variable, finds out what functions
// capture and what is assigned, and reports what is wrong before anything runs: unknown names and kinds,
// assignments that may not be, jumps and yields where they cannot stand (language.md §4 to §6).
// The compiler then walks the tree again and only looks things up.

import RunnelSyntax

struct Resolver {
  private let tree: SyntaxTree
  let builtins: BuiltinNames
  let resolution: Resolution
  private(set) var diagnostics: [Diagnostic] = []

  /// A block's names.
  private struct Block {
    var names: [String: Variable] = [:]
    let number: Int
    /// What it consists of, to find what is declared too late.
    let statements: [Statement]
  }

  /// What surrounds the place being resolved, for jumps and yields.
  enum Context {
    case loop
    case function
    /// `spawn`, `gather`: a task of its own.
    case task(String)
    /// `finally`, `defer`, `catch Cancelled`.
    case cleanup(String)
    /// `timeout`, `shield`, `scope`, `retry`: jumps pass through, yields may not stand there.
    case scoped(String)
  }

  private var blocks: [Block] = []
  private var blockCount = 0
  var contexts: [Context] = []
  var function: FunctionScope
  /// Names used in functions before the top level declares them, with the blocks around each use.
  private var pending:
    [(identifier: Identifier, function: FunctionScope, isAssignment: Bool, around: [[Statement]])] = []
  /// Local variables whose whole value, a function literal, is being resolved.
  private var ownNames: [Variable] = []
  /// In a pattern's alternatives, after the first: the names that it binds.
  private var alternativeNames: [String: Variable] = [:]
  /// How many names may still be compared with misspelt ones.
  private var suggestionBudget = 300_000
  private lazy var builtinNames = (Array(builtins.globals) + Array(builtins.kinds)).sorted()
  private let importer: (String, Span) -> ModuleInterface?
  /// In the REPL, the variables that earlier lines declared.
  private let session: [String: Variable]
  let isPrelude: Bool

  init(
    tree: SyntaxTree, builtins: BuiltinNames, session: [String: Variable] = [:], isPrelude: Bool = false,
    importer: @escaping (String, Span) -> ModuleInterface?
  ) {
    self.tree = tree
    self.builtins = builtins
    self.importer = importer
    self.session = session
    self.isPrelude = isPrelude
    resolution = Resolution(tree: tree)
    function = resolution.main
  }

  mutating func resolve() {
    openBlock(tree.statements)
    if !isPrelude { predeclare(tree.statements) }
    for statement in tree.statements { resolve(statement) }
    warnOfUnreachable(tree.statements)
    settlePending()
    resolution.topLevel = topLevelVariables
    closeBlock()
  }

  private var topLevelVariables: [Variable] = []

  /// How many errors, and how many warnings, have been reported.
  private var counts: [Severity: Int] = [:]

  func isFull(of severity: Severity) -> Bool { counts[severity, default: 0] >= Diagnostic.limit }

  mutating func report(
    _ code: DiagnosticCode, _ span: Span, severity: Severity = .error, _ message: String,
    labels: [Diagnostic.Label] = [], hint: String? = nil
  ) {
    if isFull(of: severity) { return }
    counts[severity, default: 0] += 1
    diagnostics.append(
      Diagnostic(
        code, severity: severity, source: tree.source, span: span, message: message, labels: labels,
        hint: hint))
  }

  // MARK: Blocks and declarations

  mutating func openBlock(_ statements: [Statement] = []) {
    blockCount += 1
    blocks.append(Block(number: blockCount, statements: statements))
  }

  mutating func closeBlock() { blocks.removeLast() }

  /// Functions and error kinds are known in the whole of their block; modules too.
  private mutating func predeclare(_ statements: [Statement]) {
    checkKinds(statements)
    // Growing the table of a large file costs as much as filling it.
    if statements.count > 1000 { blocks[blocks.count - 1].names.reserveCapacity(statements.count) }
    for statement in statements {
      switch statement.kind {
      case .function(let node):
        if let name = node.name { declare(name, as: .function, now: false) }
      case .errorKind(let name, let parent, _):
        declare(name, as: .errorKind, now: false).isSubKind = parent != nil
      case .import(let path, let pathSpan, let name):
        guard isAtTopLevel else { continue }
        if let module = importer(path, pathSpan) {
          resolution.imports[name.span.start] = module
          declare(name, as: .module(module), now: false)
        } else {
          declare(name, as: .letBinding)
        }
      default: break
      }
    }
  }

  @discardableResult
  mutating func declare(_ name: Identifier, as kind: Variable.Kind, now: Bool = true) -> Variable {
    if let variable = alternativeNames[name.text] {
      resolution.declarations[Int(name.id)] = variable
      return variable
    }
    let variable = newVariable(name, as: kind)
    variable.isDeclared = now
    enter(variable, at: name)
    return variable
  }

  private var isAtTopLevel: Bool { blocks.count == 1 && function === resolution.main }

  private func newVariable(_ name: Identifier, as kind: Variable.Kind) -> Variable {
    Variable(
      name: name.text, span: name.span, kind: kind, function: function, isTopLevel: isAtTopLevel,
      block: blocks[blocks.count - 1].number)
  }

  /// From here on the block's name means the variable.
  private mutating func enter(_ variable: Variable, at name: Identifier) {
    blocks[blocks.count - 1].names[name.text] = variable
    resolution.declarations[Int(name.id)] = variable
    if variable.isTopLevel { topLevelVariables.append(variable) }
  }

  /// The variable `attempt` of a retry's body, which no identifier of the tree declares.
  mutating func declareAttempt(at span: Span) -> Variable {
    let variable = Variable(
      name: "attempt", span: span, kind: .bound("the attempt's"), function: function, isTopLevel: false,
      block: blocks[blocks.count - 1].number)
    variable.isDeclared = true
    blocks[blocks.count - 1].names["attempt"] = variable
    return variable
  }

  private mutating func markDeclared(_ name: Identifier) {
    guard let variable = resolution.declarations[Int(name.id)] else { return }
    variable.isDeclared = true
    blocks[blocks.count - 1].names[name.text] = variable
  }

  // MARK: Names

  private func find(_ name: String) -> Variable? {
    for block in blocks.reversed() {
      if let variable = block.names[name] { return variable }
    }
    return session[name]
  }

  /// Binds a use of a name; gives its meaning.
  @discardableResult
  mutating func use(_ name: Identifier, isAssignment: Bool = false) -> NameMeaning {
    let meaning = meaning(of: name, isAssignment: isAssignment)
    resolution.meanings[Int(name.id)] = meaning
    return meaning
  }

  private mutating func meaning(of name: Identifier, isAssignment: Bool) -> NameMeaning {
    if let variable = find(name.text) { return meaning(variable, of: name, isAssignment: isAssignment) }
    if builtins.isGlobal(name.text) || builtins.isKind(name.text) {
      if isAssignment {
        report(
          .assignToLet, name.span, "cannot assign `\(name.text)`: it is built in",
          hint: "declare a variable of your own: `var \(name.text) = …`")
      }
      return .builtin(name.text)
    }
    if let variable = ownNames.last(where: { $0.name == name.text }) {
      // `let g = n => g(n - 1)`: whoever calls it does so when it has its value.
      if variable.isMutable { variable.mayBeUninitialised = true }
      return meaning(variable, of: name, isAssignment: isAssignment)
    }
    if function !== resolution.main {
      pending.append((name, function, isAssignment, blocks.dropFirst().map(\.statements)))
      return .unknown
    }
    reportUndefined(name, around: blocks.map(\.statements))
    return .unknown
  }

  /// Binds a use of a name that is known to mean a variable.
  private mutating func meaning(
    _ variable: Variable, of name: Identifier, isAssignment: Bool
  ) -> NameMeaning {
    bind(variable, isAssignment: isAssignment, span: name.span)
    return function.selfVariable === variable && !isAssignment ? .current(variable) : .variable(variable)
  }

  /// Notes who uses a variable, and makes each function between capture it.
  private mutating func bind(_ variable: Variable, isAssignment: Bool, span: Span) {
    if isAssignment { checkAssignment(variable, span) }
    if !variable.isDeclared, case .function = variable.kind { variable.isHoisted = true }
    guard variable.function !== function else { return }
    variable.isUsedElsewhere = true
    guard !variable.isTopLevel else { return }
    if function.selfVariable === variable { return }
    _ = function.captureIndex(of: variable)
    if !function.hasCopy(of: variable) { variable.isShared = true }
  }

  private mutating func checkAssignment(_ variable: Variable, _ span: Span) {
    guard variable.isMutable else {
      let what =
        switch variable.kind {
        case .function: "a function"
        case .parameter: "a parameter"
        case .errorKind: "an error kind"
        case .module: "a module"
        case .bound(let what): what
        case .letBinding, .varBinding: "a `let`"
        }
      report(
        .assignToLet, span, "cannot assign `\(variable.name)`: it is \(what)",
        labels: [Diagnostic.Label(variable.span, "declared here")],
        hint: what == "a `let`"
          ? "declare it with `var \(variable.name)` instead of `let` if it is to change"
          : "give the value a name of its own: `var name = …`")
      return
    }
    if function.hasCopy(of: variable) {
      report(
        .assignCapturedInTask, span,
        "cannot assign `\(variable.name)` here: this code runs in a task of its own, which has a copy",
        labels: [Diagnostic.Label(variable.span, "declared outside the task")],
        hint:
          "use `shared(…)`, let the task's value be the result (`await`, `gather`), or assign in a sink such as `each`"
      )
    }
  }

  /// Names that functions used before the top level declared them.
  private mutating func settlePending() {
    for use in pending {
      if let variable = blocks[0].names[use.identifier.text] {
        function = use.function
        bind(variable, isAssignment: use.isAssignment, span: use.identifier.span)
        resolution.meanings[Int(use.identifier.id)] = .variable(variable)
      } else {
        reportUndefined(use.identifier, around: use.around)
      }
    }
    function = resolution.main
  }

  private mutating func reportUndefined(_ name: Identifier, around: [[Statement]]) {
    if isFull(of: .error) { return }
    if let later = laterDeclaration(of: name, in: around) {
      report(
        .usedBeforeDeclared, name.span, "`\(name.text)` is used before it is declared",
        labels: [Diagnostic.Label(later, "declared here")],
        hint: "move the declaration above what uses it")
      return
    }
    let hint: String
    if let advice = ForeignWords.advice[name.text] {
      hint = advice
    } else if let nearest = suggestion(for: name.text) {
      hint = "did you mean `\(nearest)`?"
    } else if name.text.unicodeScalars.first?.properties.isUppercase ?? false {
      hint =
        "declare it before it is used: `error \(name.text)` for an error kind, else `let \(name.text) = …`"
    } else {
      hint = "declare it before it is used: `let \(name.text) = …`"
    }
    report(.undefinedName, name.span, "unknown name `\(name.text)`", hint: hint)
  }

  /// Whether a misspelt name may be compared with so many others. Comparing stops when it has cost enough: a script
  /// with thousands of names has few that are misspelt.
  private mutating func canCompare(_ count: Int) -> Bool {
    suggestionBudget -= count
    return suggestionBudget >= 0
  }

  /// The nearest of all names that can be used here.
  private mutating func suggestion(for name: String) -> String? {
    let count = builtinNames.count + session.count + blocks.reduce(0) { $0 + $1.names.count }
    guard canCompare(count) else { return nil }
    let own = blocks.flatMap(\.names.keys) + session.keys
    return NearestName.suggest(for: name, among: (own.count < 1000 ? own.sorted() : own) + builtinNames)
  }

  /// Where one of the blocks around a use declares the name after it.
  private func laterDeclaration(of name: Identifier, in blocks: [[Statement]]) -> Span? {
    for statements in blocks.reversed() {
      for statement in statements where statement.span.start > name.span.start {
        guard case .declaration(_, let pattern, _, _) = statement.kind else { continue }
        if let found = pattern.boundNames.first(where: { $0.text == name.text }) { return found.span }
      }
    }
    return nil
  }

  /// An error kind's name after `catch`, `is`, `on` or in a pattern.
  mutating func useKind(_ path: KindPath) {
    guard let first = path.parts.first else { return }
    if path.parts.count == 1 {
      if let variable = find(first.text), case .errorKind = variable.kind {
        bind(variable, isAssignment: false, span: first.span)
        resolution.meanings[Int(first.id)] = .variable(variable)
        return
      }
      if find(first.text) == nil, builtins.isKind(first.text) {
        resolution.meanings[Int(first.id)] = .builtin(first.text)
        return
      }
    } else if path.parts.count == 2, let variable = find(first.text), case .module(let module) = variable.kind
    {
      resolution.meanings[Int(first.id)] = .variable(variable)
      if module.kinds.contains(path.parts[1].text) || isFull(of: .error) { return }
      let nearest = NearestName.suggest(for: path.parts[1].text, among: Array(module.kinds))
      report(
        .undefinedKind, path.span, "module `\(first.text)` declares no error kind `\(path.parts[1].text)`",
        hint: nearest.map { "did you mean `\(first.text).\($0)`?" })
      return
    }
    reportUndefinedKind(path)
  }

  private mutating func reportUndefinedKind(_ path: KindPath) {
    if isFull(of: .error) { return }
    if path.parts.count > 1 {
      report(
        .undefinedKind, path.span, "unknown error kind `\(path.text)`: `\(path.parts[0].text)` is no module",
        hint: "import the module that declares it: `import \"./file.rnl\" as \(path.parts[0].text)`")
      return
    }
    var known = Array(builtins.kinds)
    for block in blocks {
      for (name, variable) in block.names { if case .errorKind = variable.kind { known.append(name) } }
    }
    let nearest =
      canCompare(known.count) ? NearestName.suggest(for: path.text, among: known.sorted()) : nil
    report(
      .undefinedKind, path.span, "unknown error kind `\(path.text)`",
      hint: nearest.map { "did you mean `\($0)`?" } ?? "declare it: `error \(path.text)`")
  }

  // MARK: Statements

  mutating func resolve(_ block: RunnelSyntax.Block) {
    openBlock(block.statements)
    predeclare(block.statements)
    for statement in block.statements { resolve(statement) }
    warnOfUnreachable(block.statements)
    closeBlock()
  }

  mutating func resolve(_ body: Body) {
    switch body {
    case .block(let block): resolve(block)
    case .expression(let expression):
      openBlock()
      resolve(expression)
      closeBlock()
    }
  }

  mutating func resolve(_ statement: Statement) {
    switch statement.kind {
    case .expression(let expression):
      resolve(expression)
    case .declaration(let mutable, let pattern, let value, _):
      let kind = mutable ? Variable.Kind.varBinding : .letBinding
      if case .bind(let name) = pattern.kind, let node = functionLiteral(value), !isAtTopLevel {
        resolveLocalFunction(node, named: name, as: kind)
      } else {
        resolve(value)
        declare([pattern], as: kind)
      }
    case .assignment(let target, _, _, let value):
      resolve(value)
      resolveTarget(target)
    case .function(let node):
      resolveDeclaration(node)
    case .yield(let value, _):
      checkYield(statement.span)
      resolve(value)
    case .defer(let node):
      if let grace = node.grace { resolve(grace) }
      inContext(.cleanup("defer")) { resolver in
        resolver.openBlock()
        if let name = node.errorName { resolver.declare(name, as: .bound("the error")) }
        resolver.resolve(node.body)
        resolver.closeBlock()
      }
    case .import(_, _, let name):
      if isAtTopLevel {
        markDeclared(name)
      } else {
        report(
          .importNotAtTop, statement.span, "an `import` stands at the top level of its file",
          hint: "move it to the head of the file")
        declare(name, as: .letBinding)
      }
    case .errorKind(let name, let parent, _):
      if let parent { useKind(parent) }
      markDeclared(name)
    case .assert(let condition, let message, _):
      resolve(condition)
      if let message { resolve(message) }
    case .test(_, let body):
      if !isAtTopLevel {
        report(.testNotAtTop, statement.span, "a `test` stands at the top level of its file")
      }
      inContext(.task("test")) { $0.resolve(body) }
    case .invalid: break
    }
  }

  private mutating func resolveDeclaration(_ node: FunctionNode) {
    if isPrelude, blocks.count == 1 {
      resolveFunction(node, isSnapshot: false, selfVariable: nil)
      return
    }
    guard let name = node.name else { return }
    let variable = resolution.declarations[Int(name.id)]
    variable?.isDeclared = true
    blocks[blocks.count - 1].names[name.text] = variable
    variable?.functionID = Int(node.id)
    resolveFunction(node, isSnapshot: false, selfVariable: variable)
    if let variable, variable.isHoisted, !variable.isTopLevel { settleHoisting(of: variable) }
  }

  /// A variable of the same block that a hoisted function captures may be read before it has its value; a function
  /// that it captures is made when the block begins as well, with what that one captures.
  ///
  /// Whether a function is hoisted is known when it is declared: later uses do not make it so. What it captures is known
  /// when its body has been resolved.
  private func settleHoisting(of variable: Variable) {
    var next = [variable]
    while let variable = next.popLast() {
      variable.mayBeUninitialised = true
      guard let scope = variable.functionID.flatMap({ resolution.functions[$0] }) else { continue }
      for capture in scope.captures where capture.variable.block == variable.block {
        capture.variable.mayBeUninitialised = true
        if case .function = capture.variable.kind, !capture.variable.isHoisted {
          capture.variable.isHoisted = true
          next.append(capture.variable)
        }
      }
    }
  }

  func functionLiteral(_ value: Expression) -> FunctionNode? {
    switch value.kind {
    case .paren(let inner): functionLiteral(inner)
    case .function(let node): node
    default: nil
    }
  }

  /// `let g = n => …`: in its own body the name means the function, unless it means something already, as at the
  /// top level.
  private mutating func resolveLocalFunction(
    _ node: FunctionNode, named name: Identifier, as kind: Variable.Kind
  ) {
    let variable = newVariable(name, as: kind)
    ownNames.append(variable)
    resolveFunction(node, isSnapshot: false, selfVariable: variable.isMutable ? nil : variable)
    ownNames.removeLast()
    variable.isDeclared = true
    enter(variable, at: name)
  }

  /// The target of an assignment: a name, or a place in what a name holds.
  mutating func resolveTarget(_ target: Expression) {
    switch target.kind {
    case .name(let name):
      use(name, isAssignment: true)
    case .member(let base, _, _, let optional):
      if optional { reportNotAssignable(target) }
      resolveTargetBase(base)
    case .index(let base, let index, let optional):
      if optional { reportNotAssignable(target) }
      if case .range = index.kind {
        report(
          .notAssignable, target.span, "a slice cannot be assigned",
          hint: "build the new list: `xs = [...xs[..i], ...new, ...xs[j..]]`")
      }
      resolve(index)
      resolveTargetBase(base)
    case .invalid: break
    default: reportNotAssignable(target)
    }
  }

  private mutating func resolveTargetBase(_ base: Expression) {
    switch base.kind {
    case .name(let name):
      if find(name.text) == nil, name.text == "env" {
        resolution.meanings[Int(name.id)] = .builtin("env")
      } else {
        use(name, isAssignment: true)
      }
    default: resolveTarget(base)
    }
  }

  private mutating func reportNotAssignable(_ target: Expression) {
    report(
      .notAssignable, target.span, "this cannot be assigned",
      hint: "assign a variable, or a place in one: `name`, `name.key`, `name[index]`")
  }

  // MARK: Patterns

  /// Declares the names of patterns that stand side by side.
  mutating func declare(_ patterns: [Pattern], as kind: Variable.Kind) {
    checkNames(of: patterns)
    for pattern in patterns { declare(pattern, as: kind) }
  }

  /// Declares a pattern's names, which `checkNames` has seen.
  mutating func declare(_ pattern: Pattern, as kind: Variable.Kind) {
    switch pattern.kind {
    case .wildcard, .invalid: break
    case .bind(let name): declare(name, as: kind)
    case .literal(let value): resolve(value)
    case .range(let lower, let upper, _):
      if let lower { resolve(lower) }
      if let upper { resolve(upper) }
    case .type: break
    case .errorKind(let path, let fields):
      useKind(path)
      if let fields { declare(fields, as: kind) }
    case .list(let items, let rest):
      for item in items { declare(item, as: kind) }
      if let rest { declare(rest, as: kind) }
    case .map(let map): declare(map, as: kind)
    case .alternatives(let patterns):
      // All alternatives bind the names of the first, so each name is one variable.
      let outer = alternativeNames
      for (position, pattern) in patterns.enumerated() {
        declare(pattern, as: kind)
        guard position == 0 else { continue }
        for name in pattern.boundNames { alternativeNames[name.text] = resolution.declarations[Int(name.id)] }
      }
      alternativeNames = outer
    case .named(let inner, let name):
      declare(inner, as: kind)
      declare(name, as: kind)
    }
  }

  private mutating func declare(_ map: MapPattern, as kind: Variable.Kind) {
    for entry in map.entries { declare(entry.pattern, as: kind) }
    if let rest = map.rest { declare(rest, as: kind) }
  }

  // MARK: Contexts

  mutating func inContext(_ context: Context, _ body: (inout Resolver) -> Void) {
    contexts.append(context)
    body(&self)
    contexts.removeLast()
  }

  /// Checks a `break` or `continue`.
  mutating func checkLoopJump(_ word: String, _ span: Span) {
    for context in contexts.reversed() {
      switch context {
      case .loop: return
      case .scoped: continue
      case .cleanup(let form): return reportJumpOutOfCleanup(word, form, span)
      case .task(let form):
        report(
          .jumpOutOfTask, span, "`\(word)` may not leave the body of `\(form)`: it runs in a task of its own",
          hint: "use `return` to end the body with a value")
        return
      case .function:
        report(.jumpOutsideLoop, span, "`\(word)` stands outside a loop")
        return
      }
    }
    report(.jumpOutsideLoop, span, "`\(word)` stands outside a loop")
  }

  mutating func checkReturn(_ span: Span) {
    for context in contexts.reversed() {
      switch context {
      case .loop, .scoped: continue
      case .cleanup(let form): return reportJumpOutOfCleanup("return", form, span)
      case .task, .function: return
      }
    }
    report(
      .returnOutsideFunction, span, "`return` stands outside a function",
      hint: "write `exit()` to end the script")
  }

  private mutating func reportJumpOutOfCleanup(_ word: String, _ form: String, _ span: Span) {
    report(
      .jumpOutOfCleanup, span, "`\(word)` may not leave a `\(form)`: it would swallow what passes through",
      hint: "let the cleanup run to its end; decide what to do next after it")
  }

  private mutating func checkYield(_ span: Span) {
    for context in contexts.reversed() {
      switch context {
      case .loop: continue
      case .function: return
      case .scoped(let form) where form == "with": continue
      case .scoped(let form), .task(let form), .cleanup(let form):
        report(
          .yieldInScope, span, "`yield` may not stand in the body of `\(form)`",
          hint: "yield outside it: what it waits for or protects would last until the reader reads on")
        return
      }
    }
    report(.yieldOutsideFunction, span, "`yield` stands outside a function")
  }
}
