// What is wrong though every name has a meaning: names that stand twice, kinds in a circle, code that is never reached.

import RunnelSyntax

extension Resolver {
  // MARK: Names that stand twice

  /// Reports names that patterns side by side bind twice, and alternatives that bind different names.
  mutating func checkNames(of patterns: [Pattern]) {
    if patterns.isEmpty { return }
    if patterns.count == 1, case .bind = patterns[0].kind { return }
    var seen: [String: Span] = [:]
    for pattern in patterns { collectNames(of: pattern, into: &seen) }
  }

  private mutating func collectNames(of pattern: Pattern, into seen: inout [String: Span]) {
    switch pattern.kind {
    case .wildcard, .literal, .range, .type, .invalid: break
    case .bind(let name): collect(name, into: &seen)
    case .errorKind(_, let fields): if let fields { collectNames(of: fields, into: &seen) }
    case .list(let items, let rest):
      for item in items { collectNames(of: item, into: &seen) }
      if let rest { collect(rest, into: &seen) }
    case .map(let map): collectNames(of: map, into: &seen)
    case .alternatives(let patterns): collectNames(ofAlternatives: patterns, into: &seen)
    case .named(let inner, let name):
      collectNames(of: inner, into: &seen)
      collect(name, into: &seen)
    }
  }

  private mutating func collectNames(of map: MapPattern, into seen: inout [String: Span]) {
    for entry in map.entries { collectNames(of: entry.pattern, into: &seen) }
    if let rest = map.rest { collect(rest, into: &seen) }
  }

  /// All alternatives bind the same names: what follows cannot know which of them matched.
  private mutating func collectNames(ofAlternatives patterns: [Pattern], into seen: inout [String: Span]) {
    let before = seen
    let expected = Set(patterns[0].boundNames.map(\.text))
    for (position, pattern) in patterns.enumerated() {
      var own = before
      collectNames(of: pattern, into: &own)
      if position == 0 {
        seen = own
        continue
      }
      let names = Set(pattern.boundNames.map(\.text))
      guard let name = names.symmetricDifference(expected).sorted().first else { continue }
      report(
        .alternativesDiffer, pattern.span,
        expected.contains(name)
          ? "this alternative does not bind `\(name)`" : "only this alternative binds `\(name)`",
        labels: [Diagnostic.Label(patterns[0].span, "the first alternative")],
        hint: "let all alternatives bind the same names, or write an arm for each")
    }
  }

  private mutating func collect(_ name: Identifier, into seen: inout [String: Span]) {
    if name.text == "_" { return }
    guard let first = seen.updateValue(name.span, forKey: name.text) else { return }
    report(
      .duplicateName, name.span, "the name `\(name.text)` stands twice here",
      labels: [Diagnostic.Label(first, "first here")],
      hint: "give each a name of its own; `_` takes what is not needed")
  }

  // MARK: Kinds

  /// Reports kinds that one block declares twice, and kinds that are sub-kinds of themselves.
  mutating func checkKinds(_ statements: [Statement]) {
    var kinds: [String: (name: Identifier, parent: String?)] = [:]
    var order: [String] = []
    for statement in statements {
      guard case .errorKind(let name, let parent, _) = statement.kind else { continue }
      if let first = kinds[name.text] {
        report(
          .duplicateName, name.span, "the error kind `\(name.text)` is declared twice in this block",
          labels: [Diagnostic.Label(first.name.span, "first here")], hint: "leave one of them out")
        continue
      }
      kinds[name.text] = (name, parent?.parts.count == 1 ? parent?.parts[0].text : nil)
      order.append(name.text)
    }
    var isDone: Set<String> = []
    for first in order {
      var line: [String] = []
      var isInLine: Set<String> = []
      var next: String? = first
      while let name = next, !isDone.contains(name), let kind = kinds[name] {
        if isInLine.contains(name) {
          reportCircle(Array(line[(line.firstIndex(of: name) ?? 0)...]), at: kind.name)
          break
        }
        line.append(name)
        isInLine.insert(name)
        next = kind.parent
      }
      isDone.formUnion(line)
    }
  }

  private mutating func reportCircle(_ names: [String], at name: Identifier) {
    let circle = names.prefix(5).joined(separator: " is ") + (names.count > 5 ? " is …" : " is \(names[0])")
    report(
      .kindCircle, name.span, "`\(name.text)` is a sub-kind of itself: \(circle)",
      hint: "put one of them under another kind: `error \(name.text) is Error`")
  }

  // MARK: What is never reached

  /// Statements after one that leaves the block. Functions and kinds are known in the whole block, wherever they stand,
  /// and a `yield` that is never reached makes a generator without items.
  mutating func warnOfUnreachable(_ statements: [Statement]) {
    guard statements.count > 1, !isPrelude,
      let index = statements.firstIndex(where: { leavingWord($0) != nil }),
      let word = leavingWord(statements[index]),
      let lost = statements[(index + 1)...].first(where: { isRun($0) })
    else { return }
    report(
      .unreachable, lost.span, severity: .warning, "this is never reached",
      labels: [Diagnostic.Label(statements[index].span, "`\(word)` leaves the block")])
  }

  private func isRun(_ statement: Statement) -> Bool {
    switch statement.kind {
    case .function, .errorKind, .import, .test, .yield, .invalid: false
    default: true
    }
  }

  private func leavingWord(_ statement: Statement) -> String? {
    guard case .expression(let expression) = statement.kind else { return nil }
    return leavingWord(expression)
  }

  private func leavingWord(_ expression: Expression) -> String? {
    switch expression.kind {
    case .paren(let inner): leavingWord(inner)
    case .return: "return"
    case .break: "break"
    case .continue: "continue"
    case .raise: "raise"
    default: nil
    }
  }

  /// Clauses after one that catches every error. `Cancelled` is none: it passes that one by.
  mutating func warnOfUnreachable(_ clauses: [TryNode.Catch]) {
    guard let index = clauses.firstIndex(where: { $0.kinds.isEmpty && $0.condition == nil }) else { return }
    for clause in clauses[(index + 1)...] where !clause.kinds.contains(where: { $0.text == "Cancelled" }) {
      report(
        .unreachable, clause.span, severity: .warning, "this clause is never reached",
        labels: [Diagnostic.Label(clauses[index].span, "catches every error")],
        hint: "put the clause for any error last")
    }
  }

  /// Arms after one that matches everything.
  mutating func warnOfUnreachable(_ arms: [MatchArm]) {
    guard let index = arms.firstIndex(where: { $0.guard == nil && matchesAnything($0.pattern) }) else {
      return
    }
    for arm in arms[(index + 1)...] {
      report(
        .unreachable, arm.span, severity: .warning, "this arm is never reached",
        labels: [Diagnostic.Label(arms[index].pattern.span, "matches everything")],
        hint: "put the arm that matches everything last")
    }
  }

  private func matchesAnything(_ pattern: Pattern) -> Bool {
    switch pattern.kind {
    case .wildcard, .bind: true
    case .named(let inner, _): matchesAnything(inner)
    case .alternatives(let patterns): patterns.contains { matchesAnything($0) }
    default: false
    }
  }
}
