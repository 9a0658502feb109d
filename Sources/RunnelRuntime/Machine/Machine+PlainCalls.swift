// Calls of built-ins that compute at once: most of what scripts call. Frames stay as they are, so the loop goes on without
// looking, and nothing is retained: the callee's register or the library keeps the function, the machine its strand.

import RunnelScheduler

extension Machine {
  /// Calls a built-in that computes at once, with the `count` registers from `first` on as its arguments, a method's receiver among
  /// them. The result goes to `target`: the callee's register, or the receiver's.
  ///
  /// - Returns: whether it is of that sort; nothing has happened if not.
  @inline(never)
  func callPlain(
    _ native: Unmanaged<NativeFunction>, first: UnsafeMutablePointer<Value>, _ count: Int,
    into target: UnsafeMutablePointer<Value>
  ) throws(Raised) -> Bool {
    guard let body = native._withUnsafeGuaranteedRef({ $0.plain }) else { return false }
    guard native._withUnsafeGuaranteedRef({ $0.arity.allows(count) }) else { throw wrongCount(native, count) }
    let result = try body(
      NativeCall(function: native, strand: .passUnretained(strand), first: first, count: count))
    lookAtClock()
    for index in 0..<count { (first + index).put(.nil) }
    target.move(result)
    return true
  }

  /// The same for a callee that may be anything.
  @inline(__always)
  func callPlain(
    _ callee: UnsafeMutablePointer<Value>, first: UnsafeMutablePointer<Value>, _ count: Int,
    into target: UnsafeMutablePointer<Value>
  ) throws(Raised) -> Bool {
    guard callee.isObject, callee.object._withUnsafeGuaranteedRef({ $0.tag }) == .native else { return false }
    return try callPlain(.fromOpaque(callee.object.toOpaque()), first: first, count, into: target)
  }

  /// After a built-in, which may have taken long: sees to it that the next turn of a loop looks at the rest of the world if
  /// the coarse clock has gone on.
  @inline(__always)
  func lookAtClock() {
    let now = CoarseClock.now()
    guard now != lastTick else { return }
    lastTick = now
    strand.clockHasTicked()
  }

  /// - Parameter count: a method's receiver among them.
  @inline(never)
  func wrongCount(_ native: Unmanaged<NativeFunction>, _ count: Int) -> Raised {
    let function = native.takeUnretainedValue()
    return wrongCount(function, function.receiver == nil ? count : count - 1)
  }
}
