// Where a strand of a run with a seed gives up its turn (language.md §6.7): drawn from the seed, so that other seeds try other
// orders, and the same seed the same one. Every place where another worker could come in between is a place where a turn may
// end: a loop's turn, a call, and just before a built-in that other tasks notice. What waits is still served first come, first
// served: only who runs next among those that could, and for how long, is left to chance.

import RunnelScheduler

extension Strand {
  /// Tells its draws from those of other strands: the number of its task, which the order of spawns alone decides.
  var stream: UInt64 { UInt64(bitPattern: Int64(task?.id ?? 0)) }

  /// How many loop turns and calls it has until others have a chance.
  func drawSlice() -> Int {
    1 + draw(below: interpreter.scheduler.restlessness.longestSlice)
  }

  /// A drawn slice has ended: says whether others are to go first.
  func isDrawnTurnOver() -> Bool {
    machine.fuel = drawSlice()
    stage?.handOverEarly()
    return interpreter.scheduler.hasOtherWork
  }

  /// Just before a built-in that others notice: whether one of them goes first.
  fileprivate func givesWay() -> Bool {
    // The instruction runs again after it: once is enough.
    if hasGivenWay {
      hasGivenWay = false
      return false
    }
    hasGivenWay =
      draw(below: interpreter.scheduler.restlessness.oneIn) == 0 && interpreter.scheduler.hasOtherWork
    return hasGivenWay
  }

  private func draw(below bound: Int) -> Int { chance?.below(bound) ?? 0 }
}

extension Machine {
  /// In a run with a seed, at a call whose arguments are in their registers: leaves it for others, if that is drawn. The
  /// instruction then runs again.
  @inline(never)
  func givingWay() -> MachineExit? {
    guard strand.givesWay() else { return nil }
    fiber.frames[fiber.frameCount - 1].pc -= 1
    resumption = .again
    return .fuel
  }
}
