// What scopes had to close because the script did not (language.md §12.4): `--leaks`, and the tests. Nothing is noted, and
// nothing is kept, where nobody asks. What is opened in a loop is one entry with a count, so that the list stays short.

import RunnelCompiler
import RunnelScheduler

/// Something that a scope had to close, as often as that happened at one place.
public struct Leak: Sendable {
  /// `file`, `command`.
  public let kind: String
  /// Of the first: `file "a.txt"`.
  public let label: String
  /// What closed it: `the script`, "`load`", `a timeout`.
  public let scope: String
  /// Where it was opened; nil if that is no place of the script's.
  public let opened: TraceEntry?
  public fileprivate(set) var count = 1

  /// `file "a.txt", closed at the end of the script`, then the place.
  public func render(isColoured: Bool = false) -> String {
    let report = ErrorReport(isColoured: isColoured)
    let times = count > 1 ? ", and \(count - 1) more opened there" : ""
    return "\(report.style("33;1", "leak")): \(label)\(times), closed at the end of \(scope)\n"
      + (opened.map { report.snippet($0) } ?? "")
  }

  /// On one line: `file "a.txt", opened at a.rnl:3:9 and not closed`.
  public var line: String {
    let times = count > 1 ? " and \(count - 1) more" : ""
    return "\(label)\(times), opened" + (opened.map { " at \($0.location)" } ?? "") + " and not closed"
  }
}

/// The leaks of one run.
///
/// `@unchecked Sendable`: what changes is protected by `lock`.
public final class LeakList: @unchecked Sendable {
  private struct Key: Hashable {
    let kind: String
    let scope: String
    let place: String?
  }

  private let lock = Lock()
  private var found: [Leak] = []
  private var places: [Key: Int] = [:]
  private var counts: [(kind: String, count: Int)] = []
  /// How many are listed; more are counted.
  private static let limit = 100

  /// What was found, in the order in which it was closed.
  public var leaks: [Leak] { lock.withLock { found } }

  /// How many in all, each kind by itself: `3 leaks: 2 files, 1 command`; nil for none.
  public var summary: String? {
    let counts = lock.withLock { self.counts }
    let total = counts.reduce(0) { $0 + $1.count }
    guard total > 0 else { return nil }
    let kinds = counts.map { "\($0.count) \($0.kind)\($0.count == 1 ? "" : "s")" }
    return "\(total) leak\(total == 1 ? "" : "s"): \(kinds.joined(separator: ", "))"
  }

  func note(_ resource: ResourceObject, closedBy scope: String) {
    let (kind, opened) = (resource.typeName, resource.opened)
    let leak = Leak(kind: kind, label: resource.label, scope: scope, opened: opened)
    let key = Key(kind: kind, scope: scope, place: opened?.location)
    lock.withLock {
      if let known = counts.firstIndex(where: { $0.kind == kind }) {
        counts[known].count += 1
      } else {
        counts.append((kind, 1))
      }
      if let place = places[key] {
        found[place].count += 1
      } else if found.count < Self.limit {
        places[key] = found.count
        found.append(leak)
      }
    }
  }

  /// All of it, as it is shown at the end of a script; empty if there is none.
  public func render(isColoured: Bool) -> String {
    guard let summary else { return "" }
    return leaks.map { $0.render(isColoured: isColoured) }.joined() + summary + "\n"
  }
}

extension Strand {
  /// Something has been opened: where, if leaks are looked for.
  func noteOpening(of resource: ResourceObject) {
    guard interpreter.leaks != nil, resource.opened == nil, let machine else { return }
    resource.opened = machine.place(ofFrame: machine.fiber.frameCount - 1, role: .awaited)
  }
}

extension Machine {
  /// A scope is about to close these.
  func noteLeaks(_ resources: [ResourceObject], in scope: Scope) {
    guard let leaks = strand.interpreter.leaks else { return }
    for resource in resources where resource.isLeft { leaks.note(resource, closedBy: name(of: scope)) }
  }

  private func name(of scope: Scope) -> String {
    switch scope.form {
    case .task, .function: nameOfFunction(scope.frameDepth)
    case .session: "the session"
    case .plain: "a `scope`"
    case .timeout: "a `timeout`"
    case .shield: "a `shield`"
    case .with: "a `with`"
    case .attempt: "an attempt of a `retry`"
    case .test: "the test"
    case .cleanup: "cleanup"
    }
  }

  /// A function's scope, by the number of frames that there were when it began.
  private func nameOfFunction(_ depth: Int) -> String {
    guard depth >= 1, depth <= fiber.frameCount else { return strand.label }
    let name = fiber.frames[depth - 1].function.takeUnretainedValue().code.name
    switch name {
    case "module": return "the script"
    case "task": return strand.label
    default: return "`\(name)`"
    }
  }
}
