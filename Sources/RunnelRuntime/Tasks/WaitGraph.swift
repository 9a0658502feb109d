// The wait-for graph: which strand waits for which (language.md §12.1). Nothing keeps it: each wait says on whom it depends, and a
// wait that begins looks whether it closes a circle.
//
// A strand publishes its wait before it looks, and looks under the tree lock: so of two waits that close a circle at the same time
// the later one sees the earlier. Edges appear in no other way: a lock is handed to a strand that then runs, and so is a value. So
// no circle is missed, and none is seen that is not there.
//
// As R. C. Holt, "Some Deadlock Properties of Computer Systems" (1972), for waits with alternatives: a strand is stuck if one that
// it needs is, or, of alternatives, all are.

import RunnelScheduler
import Synchronization

/// Who can end a wait, where that is known.
enum WaitTarget {
  /// Time, input, a program; or whichever task comes along: a sender, one who sets an event.
  case open
  case task(TaskObject)
  case strand(Strand)
  /// The end of all tasks of a scope.
  case tasks(of: Scope)
  case holder(of: HoldableObject)
  /// The members of a gather: all, or the first of them.
  case members(GatherMembers, isFirst: Bool)
  case choice(Selection)
  /// A notification, which any task may give; then a lock.
  case condition(ConditionObject.Place)

  fileprivate var isOpen: Bool { if case .open = self { true } else { false } }

  /// Under the tree lock: nil if something else may end the wait, or is about to.
  fileprivate var needs: Needs? {
    switch self {
    case .open: return nil
    case .task(let task): return task.strand.map { .one($0) }
    case .strand(let strand): return .one(strand)
    case .holder(let object): return object.holder.map { .one($0) }
    case .tasks(let scope):
      // Services are waited for only when all others have ended, and they have been stopped.
      let tasks = scope.hasOnlyServices ? scope.live.all : scope.live.all.filter { !$0.isService }
      return .all(tasks.compactMap(\.strand))
    case .members(let members, let isFirst):
      // Mostly there is one that goes on: that is enough, and need not be looked for among all.
      if isFirst, members.one?.strand?.pendingWait?.reason.target.isOpen ?? true { return nil }
      return isFirst ? .first(of: members.running) : .all(members.running.compactMap(\.strand))
    case .condition(let place): return place.holder.map { .one($0) }
    case .choice(let selection): return selection.tasks.flatMap { .first(of: $0) }
    }
  }

  fileprivate enum Needs {
    case one(Strand)
    /// One that is stuck is enough.
    case all([Strand])
    case anyOf([Strand])

    /// Nil if one of them has ended, which ends the wait.
    static func first(of tasks: [TaskObject]) -> Needs? {
      let strands = tasks.compactMap(\.strand)
      return strands.count == tasks.count ? .anyOf(strands) : nil
    }
  }
}

enum WaitGraph {
  /// The strands of the circle that a wait closes, the one that closes it first; nil if it closes none. Under the tree lock.
  static func circle(closedBy strand: Strand, _ target: WaitTarget) -> [Strand]? {
    guard var needs = target.needs else { return nil }
    // Mostly one waits for one, and the way is short. (That it comes to a circle without `strand` is found as R. P. Brent does,
    // in 1980: such a one has been broken before, but for those that a shield protects.)
    var mark = strand
    var steps = 0
    var untilMark = 1
    while case .one(let next) = needs {
      if next === strand { return chain(closedBy: strand, target, atMost: steps + 1) }
      if next === mark { return nil }
      next.wasReached.store(true, ordering: .relaxed)
      guard let waiter = next.pendingWait, let further = waiter.reason.target.needs else { return nil }
      steps += 1
      if steps == untilMark {
        mark = next
        untilMark *= 2
      }
      needs = further
    }
    return search(from: strand, target)
  }

  /// The strands of a circle in which each waits for one.
  private static func chain(closedBy strand: Strand, _ target: WaitTarget, atMost count: Int) -> [Strand] {
    var chain = [strand]
    var needs = target.needs
    while case .one(let next)? = needs, next !== strand, chain.count < count {
      chain.append(next)
      needs = next.pendingWait?.reason.target.needs
    }
    return chain
  }

  private struct Node {
    let strand: Strand
    var next: [Int] = []
    var hasAlternatives = false
    var isFree = false
  }

  private static func search(from strand: Strand, _ target: WaitTarget) -> [Strand]? {
    var nodes = [Node(strand: strand)]
    var numbers = [ObjectIdentifier(strand): 0]
    var targets = [target]
    var index = 0
    while index < nodes.count {
      defer { index += 1 }
      let strands: [Strand]
      switch targets[index].needs {
      case .one(let one)?: strands = [one]
      case .all(let all)?: strands = all
      case .anyOf(let some)?:
        strands = some
        nodes[index].hasAlternatives = true
      case nil:
        nodes[index].isFree = true
        continue
      }
      for next in strands {
        next.wasReached.store(true, ordering: .relaxed)
        if let number = numbers[ObjectIdentifier(next)] {
          nodes[index].next.append(number)
        } else if let waiter = next.pendingWait, waiter.reason.target.needs != nil {
          numbers[ObjectIdentifier(next)] = nodes.count
          nodes[index].next.append(nodes.count)
          nodes.append(Node(strand: next))
          targets.append(waiter.reason.target)
        } else if nodes[index].hasAlternatives {
          // That one goes on, which is enough.
          nodes[index].isFree = true
          break
        }
      }
    }
    let before = predecessors(nodes)
    release(&nodes, before)
    guard !nodes[0].isFree else { return nil }
    let circle = membersOfCircle(nodes, before)
    return circle.isEmpty ? nil : circle.map { nodes[$0].strand }
  }

  /// Who waits for each.
  private static func predecessors(_ nodes: [Node]) -> [[Int]] {
    var before: [[Int]] = Array(repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() { for next in node.next { before[next].append(index) } }
    return before
  }

  /// Frees those that wait for what is free, until nothing changes. O(edges).
  private static func release(_ nodes: inout [Node], _ before: [[Int]]) {
    // What keeps each: how many that are not free, of alternatives all of them.
    var keepers = nodes.map(\.next.count)
    for index in nodes.indices where keepers[index] == 0 { nodes[index].isFree = true }
    var freed = nodes.indices.filter { nodes[$0].isFree }
    while let free = freed.popLast() {
      for index in before[free] where !nodes[index].isFree {
        keepers[index] -= 1
        guard nodes[index].hasAlternatives || keepers[index] == 0 else { continue }
        nodes[index].isFree = true
        freed.append(index)
      }
    }
  }

  /// The stuck ones on ways from the first back to itself, in the order in which they were found. O(edges).
  private static func membersOfCircle(_ nodes: [Node], _ before: [[Int]]) -> [Int] {
    var leadsBack = Array(repeating: false, count: nodes.count)
    var found = [0]
    while let last = found.popLast() {
      for index in before[last] where !leadsBack[index] && !nodes[index].isFree {
        leadsBack[index] = true
        found.append(index)
      }
    }
    return leadsBack[0] ? nodes.indices.filter { leadsBack[$0] } : []
  }
}
