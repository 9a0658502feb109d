// Patterns: in `let`, `for` and parameters, where every name binds, and in the arms of `match`.

import RunnelSyntax

extension FunctionCompiler {
  /// Gives a name its value, in the register or cell that is or becomes its own.
  func bind(_ name: Identifier, from register: Int) {
    guard let variable = module.resolution.declarations[Int(name.id)] else { return }
    bind(variable, from: register)
  }

  func bind(_ variable: Variable, from register: Int) {
    switch variable.storage {
    case .global(let number): builder.emit(.setGlobal, register, immediate: number)
    case .register(let own):
      if own != register { builder.emit(.move, own, register) }
    case .cell(let cell):
      if reserved.contains(ObjectIdentifier(variable)) {
        builder.emit(.move, cell, register)
        builder.emit(.makeCell, cell)
      } else {
        builder.emit(.setCell, cell, register)
      }
    case .unassigned:
      let own = builder.allocate()
      builder.emit(.move, own, register)
      if variable.needsCell {
        builder.emit(.makeCell, own)
        variable.storage = .cell(own)
      } else {
        variable.storage = .register(own)
      }
    }
  }

  /// Takes a value apart where the pattern must fit: raises MatchError if it does not.
  func destructure(_ pattern: Pattern, from register: Int) {
    switch pattern.kind {
    case .wildcard: return
    case .bind(let name): return bind(name, from: register)
    default: break
    }
    // Registers of the names first: those of the test are temporary.
    for name in pattern.boundNames { reserveName(name) }
    let mark = builder.nextRegister
    var failures: [Patch] = []
    match(pattern, register, &failures)
    builder.free(from: mark)
    guard !failures.isEmpty else { return }
    let over = builder.jump()
    builder.patch(failures)
    builder.span = pattern.span
    builder.emit(.raiseDestructure, register, builder.string(module.tree.source.text(of: pattern.span)))
    builder.patch(over)
  }

  func reserveName(_ name: Identifier) {
    guard let variable = module.resolution.declarations[Int(name.id)], case .unassigned = variable.storage
    else {
      return
    }
    variable.storage = variable.needsCell ? .cell(builder.allocate()) : .register(builder.allocate())
    reserved.insert(ObjectIdentifier(variable))
  }

  /// Tests the value in a register and binds the pattern's names; goes to `failures` where it does not fit.
  func match(_ pattern: Pattern, _ register: Int, _ failures: inout [Patch]) {
    builder.span = pattern.span
    switch pattern.kind {
    case .wildcard, .invalid: break
    case .bind(let name): bind(name, from: register)
    case .literal(let value):
      let mark = builder.nextRegister
      let literal = builder.allocate()
      expression(value, into: literal)
      failures.append(builder.emit(.matchValue, register, literal))
      builder.free(from: mark)
    case .range(let lower, let upper, let inclusive):
      let mark = builder.nextRegister
      let bounds = builder.allocate(2)
      if let lower { expression(lower, into: bounds) } else { builder.emit(.loadNil, bounds) }
      if let upper { expression(upper, into: bounds + 1) } else { builder.emit(.loadNil, bounds + 1) }
      failures.append(builder.emit(.matchRange, register, bounds, flag: inclusive ? 1 : 0))
      builder.free(from: mark)
    case .type(let name):
      failures.append(builder.emit(.matchType, register, builder.string(name)))
    case .errorKind(let path, let fields):
      let mark = builder.nextRegister
      let kindRegister = builder.allocate()
      kind(path, into: kindRegister)
      failures.append(builder.emit(.matchKind, register, kindRegister))
      builder.free(from: mark)
      if let fields { matchEntries(fields, register, isError: true, &failures) }
    case .list(let items, let rest):
      failures.append(builder.emit(.matchList, register, items.count, flag: rest == nil ? 0 : 1))
      for (position, item) in items.enumerated() {
        if case .wildcard = item.kind { continue }
        let mark = builder.nextRegister
        let part = builder.allocate()
        let index = builder.allocate()
        builder.loadInt(index, position)
        builder.emit(.getIndex, part, register, index)
        match(item, part, &failures)
        freeTemporaries(mark, keeping: item)
      }
      if let rest {
        let part = builder.allocate()
        builder.emit(.listRest, part, register, items.count)
        bind(rest, from: part)
      }
    case .map(let map):
      failures.append(builder.emit(.matchMap, register, immediate: 0))
      matchEntries(map, register, isError: false, &failures)
    case .alternatives(let patterns):
      for pattern in patterns { for name in pattern.boundNames { reserveName(name) } }
      var matched: [Patch] = []
      for (position, alternative) in patterns.enumerated() {
        var misses: [Patch] = []
        match(alternative, register, &misses)
        if position == patterns.count - 1 {
          failures += misses
        } else {
          matched.append(builder.jump())
          builder.patch(misses)
        }
      }
      builder.patch(matched)
    case .named(let inner, let name):
      match(inner, register, &failures)
      bind(name, from: register)
    }
  }

  private func matchEntries(_ map: MapPattern, _ register: Int, isError: Bool, _ failures: inout [Patch]) {
    for entry in map.entries {
      let mark = builder.nextRegister
      let part = builder.allocate(2)
      builder.emit(.move, part + 1, register)
      builder.span = entry.keySpan
      failures.append(
        builder.emit(.matchField, part, builder.string(entry.key), 0, flag: isError ? 1 : 0))
      match(entry.pattern, part, &failures)
      freeTemporaries(mark, keeping: entry.pattern)
    }
    if let rest = map.rest {
      let part = builder.allocate()
      let names = builder.constant(.names(map.entries.map(\.key)), key: nil)
      builder.emit(.mapRest, part, register, names)
      bind(rest, from: part)
    }
  }

  /// Frees registers down to a mark, unless names of the pattern were given registers above it.
  private func freeTemporaries(_ mark: Int, keeping pattern: Pattern) {
    for name in pattern.boundNames {
      guard let variable = module.resolution.declarations[Int(name.id)] else { continue }
      switch variable.storage {
      case .register(let own), .cell(let own): if own >= mark { return }
      default: break
      }
    }
    builder.free(from: mark)
  }

  /// Loads an error kind.
  func kind(_ path: KindPath, into target: Int) {
    builder.span = path.span
    guard let first = path.parts.first else { return }
    switch module.resolution.meanings[Int(first.id)] {
    case .variable(let variable):
      if case .module(let interface) = variable.kind, path.parts.count == 2 {
        guard let number = interface.members[path.parts[1].text] else { return }
        builder.emit(.getGlobalChecked, target, immediate: number)
      } else {
        load(variable, into: target)
      }
    case .builtin(let name): builder.loadBuiltin(name, into: target)
    case .current, .unknown: builder.emit(.loadNil, target)
    }
  }

  // MARK: match

  func compileMatch(_ subject: Expression, _ arms: [MatchArm], into target: Int?, span: Span) {
    let mark = builder.nextRegister
    let value = builder.allocate()
    expression(subject, into: value)
    var ends: [Patch] = []
    for arm in arms {
      let armMark = builder.nextRegister
      builder.span = arm.span
      for name in arm.pattern.boundNames { reserveName(name) }
      var failures: [Patch] = []
      match(arm.pattern, value, &failures)
      if let condition = arm.guard { failures += jumpIfFalse(condition) }
      body(arm.body, into: target)
      ends.append(builder.jump())
      builder.patch(failures)
      builder.free(from: armMark)
    }
    builder.span = span
    builder.emit(.raiseMatch, value)
    builder.patch(ends)
    builder.free(from: mark)
  }

  func body(_ body: Body, into target: Int?, role: BlockRole = .none) {
    switch body {
    case .block(let block): self.block(block, into: target, body: role)
    case .expression(let value):
      if let target { expression(value, into: target) } else { discard(value) }
    }
  }
}

extension Pattern {
  /// The names that it binds, those of all its alternatives.
  var boundNames: [Identifier] {
    switch kind {
    case .wildcard, .literal, .range, .type, .invalid: []
    case .bind(let name): [name]
    case .errorKind(_, let fields): fields?.boundNames ?? []
    case .list(let items, let rest): items.flatMap(\.boundNames) + (rest.map { [$0] } ?? [])
    case .map(let map): map.boundNames
    case .alternatives(let patterns): patterns.flatMap(\.boundNames)
    case .named(let inner, let name): inner.boundNames + [name]
    }
  }
}

extension MapPattern {
  var boundNames: [Identifier] { entries.flatMap(\.pattern.boundNames) + (rest.map { [$0] } ?? []) }
}
