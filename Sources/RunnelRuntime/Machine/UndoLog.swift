// What a failed attempt of `retry` takes back (language.md §11): for every variable from outside that it changed, the
// inverse of each change, in order. So an attempt costs what it changes, not what it could: a push on a long list
// notes the length, where keeping the list itself would make the push copy it.
//
// Variables hold values, so each can be taken back without looking at the others.

import RunnelCompiler

/// The changes that one attempt has made so far.
///
/// `@unchecked Sendable`: used by the strand that runs the attempt alone.
final class UndoLog: @unchecked Sendable {
  /// A variable that outlives the attempt.
  enum Variable: Hashable {
    /// By its number among the fiber's registers.
    case register(Int)
    case global(Int)
    case cell(Cell)

    static func == (a: Variable, b: Variable) -> Bool {
      switch (a, b) {
      case (.register(let x), .register(let y)), (.global(let x), .global(let y)): x == y
      case (.cell(let x), .cell(let y)): x === y
      default: false
      }
    }

    func hash(into hasher: inout Hasher) {
      switch self {
      case .register(let number): hasher.combine(number)
      case .global(let number): hasher.combine(~number)
      case .cell(let cell): hasher.combine(ObjectIdentifier(cell))
      }
    }
  }

  /// The inverse of a change to what stands at the end of a path.
  enum Inverse {
    /// The value was this one.
    case put(Value)
    /// The list had so many items, the text or the bytes so many bytes.
    case truncate(Int)
    /// The list had this item at this index.
    case insert(Value, at: Int)
    /// The list did not have the item at this index.
    case removeItem(at: Int)
    /// The map did not have this key.
    case removeKey(Value)
    /// The map had this key, before that one (nil: as the last).
    case putKey(Value, Value, before: Value?)
  }

  private struct Step {
    /// Keys and indexes, from the variable on.
    let path: [Value]
    let inverse: Inverse
  }

  private struct Change {
    let variable: Variable
    /// In the order of the changes.
    var steps: [Step] = []

    /// Whether the first step brings everything back: then nothing more has to be noted.
    var isWhole: Bool {
      guard let first = steps.first, first.path.isEmpty, case .put = first.inverse else { return false }
      return true
    }
  }

  /// Registers from this one on were not there before the attempt.
  let floor: Int
  /// The attempt around this one, in the same fiber.
  let outer: UndoLog?
  private let environment: MapStorage
  private var changes: [Change] = []
  /// Where each variable's changes are, once there are more than a few.
  private var positions: [Variable: Int] = [:]
  private static let scanLimit = 8
  /// A variable with more steps gets its whole value from before instead, which takes less room then.
  private static let stepLimit = 1 << 16

  init(floor: Int, outer: UndoLog?, environment: MapStorage) {
    self.floor = floor
    self.outer = outer
    self.environment = environment
  }

  // MARK: Noting

  private func position(of variable: Variable) -> Int {
    if positions.isEmpty {
      if let known = changes.lastIndex(where: { $0.variable == variable }) { return known }
    } else if let known = positions[variable] {
      return known
    }
    changes.append(Change(variable: variable))
    let new = changes.count - 1
    if new == Self.scanLimit {
      for (index, change) in changes.enumerated() { positions[change.variable] = index }
    } else if new > Self.scanLimit {
      positions[variable] = new
    }
    return new
  }

  /// Notes that a variable is about to get another value.
  func keep(_ variable: Variable, _ value: Value) {
    let position = position(of: variable)
    if changes[position].isWhole { return }
    // Emptied by `x += …`, and about to get what grew: see `Machine.emptyVariable`.
    if value.isNil, case .truncate? = changes[position].steps.last?.inverse { return }
    changes[position].steps.append(Step(path: [], inverse: .put(value)))
  }

  /// Notes that something inside a variable is about to change.
  ///
  /// - Parameters:
  ///   - value: what the variable holds, before the change.
  ///   - inverses: they may find the change not made, if it fails.
  func note(_ variable: Variable, holding value: Value, at path: [Value], _ inverses: [Inverse]) {
    let position = position(of: variable)
    if changes[position].isWhole { return }
    for inverse in inverses {
      if case .truncate = inverse, path.isEmpty, let last = changes[position].steps.last, last.path.isEmpty,
        case .truncate = last.inverse
      {
        continue
      }
      changes[position].steps.append(Step(path: path, inverse: inverse))
    }
    if changes[position].steps.count > Self.stepLimit {
      var before = value
      for step in changes[position].steps.reversed() { Self.undo(step, in: &before) }
      changes[position].steps = [Step(path: [], inverse: .put(before))]
    }
  }

  // MARK: The end of the attempt

  /// The attempt has succeeded: its changes are now those of the attempt around it.
  func handOver() {
    guard let outer else { return }
    for change in changes {
      // What lived in the outer attempt only is forgotten with it.
      if case .register(let number) = change.variable, number >= outer.floor { continue }
      let position = outer.position(of: change.variable)
      if !outer.changes[position].isWhole { outer.changes[position].steps += change.steps }
    }
  }

  /// The attempt has failed: every variable gets its value from before.
  func undo(in machine: Machine) {
    let fiber = machine.fiber
    for change in changes {
      switch change.variable {
      case .register(let number): Self.undo(change, in: &fiber.registers[number])
      case .global(let number):
        fiber.makeGlobalsUnique()
        Self.undo(change, in: &fiber.globals.values[number])
      case .cell(let cell): Self.undo(change, in: &cell.value)
      }
    }
    machine.strand.environment = environment
  }

  private static func undo(_ change: Change, in value: inout Value) {
    for step in change.steps.reversed() { undo(step, in: &value) }
  }

  private static func undo(_ step: Step, in root: inout Value) {
    reach(&root, step.path[...]) { place in
      switch step.inverse {
      case .put(let value): place = value
      case .truncate(let count): truncate(&place, to: count)
      case .insert(let item, let index):
        if let list = Value.uniqueList(in: &place), index <= list.items.count {
          list.items.insert(item, at: index)
        }
      case .removeItem(let index):
        if let list = Value.uniqueList(in: &place), index < list.items.count { list.items.remove(at: index) }
      case .removeKey(let key): Value.uniqueMap(in: &place)?.storage.remove(key)
      case .putKey(let key, let value, let next):
        Value.uniqueMap(in: &place)?.storage.insert(key, value, before: next)
      }
    }
  }

  /// Gives the place at the end of a path to `change`. Where the path ends earlier, the change had not been made.
  private static func reach(
    _ place: inout Value, _ path: ArraySlice<Value>, _ change: (inout Value) -> Void
  ) {
    guard let key = path.first else { return change(&place) }
    if case .int(let index) = key, let list = Value.uniqueList(in: &place) {
      guard let position = Indexing.position(index, in: list.items.count) else { return }
      reach(&list.items[position], path.dropFirst(), change)
    } else if let map = Value.uniqueMap(in: &place), let hash = keyHash(key),
      let position = map.storage.position(of: key, hash: hash)
    {
      reach(&map.storage[position: position], path.dropFirst(), change)
    }
  }

  private static func truncate(_ place: inout Value, to count: Int) {
    if let list = Value.uniqueList(in: &place) {
      list.items.removeLast(max(list.items.count - count, 0))
    } else if let string = Value.uniqueString(in: &place) {
      string.truncate(toBytes: count)
    } else if let bytes = Value.uniqueBytes(in: &place) {
      bytes.truncate(to: count)
    }
  }
}
