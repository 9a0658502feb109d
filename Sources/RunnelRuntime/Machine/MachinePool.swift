// Machines of tasks that have ended, for tasks that begin: a task that does little costs little more than its own objects.

import RunnelScheduler

/// `@unchecked Sendable`: `idle` is protected by `lock`.
final class MachinePool: @unchecked Sendable {
  private let lock = Lock()
  @exclusivity(unchecked) private var idle: [Machine] = []
  private let nothing = GlobalTable(count: 0)
  /// How many are kept, and with how many registers at most: what a deep or long run has taken is given back.
  private static let limit = 256
  private static let registerLimit = 128

  /// A machine for a task's strand.
  /// - Parameter registers: how many its body needs.
  func machine(for strand: Strand, globals: GlobalTable, registers: Int) -> Machine {
    guard let machine = lock.withLock({ idle.popLast() }) else {
      return Machine(strand: strand, globals: globals, ownsGlobals: false, registers: max(registers, 12))
    }
    machine.begin(for: strand, globals: globals)
    return machine
  }

  /// Keeps a machine whose task has ended, if nobody else has it.
  func take(back ended: consuming Machine) {
    var machine = ended
    guard isKnownUniquelyReferenced(&machine), machine.rest(globals: nothing, registers: Self.registerLimit)
    else { return }
    lock.withLock { if idle.count < Self.limit { idle.append(machine) } }
  }
}
