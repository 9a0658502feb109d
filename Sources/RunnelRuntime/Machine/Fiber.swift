// A fiber is one stack of calls: registers and frames. A strand runs on one; each generator that it reads has one
// of its own, to which the machine switches for an item and back at `yield`.
//
// Safety: registers are initialised memory from 0 to `capacity` at all times; what no frame uses holds nil or
// leftovers that the next use overwrites. A pointer into them is good until the next call, which may
// move them: the machine reloads its own then. A fiber is touched by one thread at a time, the one that runs
// its strand.

import RunnelCompiler
import Synchronization

/// One call in progress.
struct Frame {
  /// Alive as long as the program.
  var function: Unmanaged<LoadedFunction>
  /// Kept alive by a register of the frame below: the one before this frame's window, or the variable that was called (`callOf`).
  var closure: Unmanaged<Closure>
  /// The next instruction, while another frame runs or the machine is left.
  var pc: UnsafePointer<Instruction>
  /// The number of its first register.
  var base: Int
  var flags: Flags = []

  struct Flags: OptionSet {
    let rawValue: UInt8
    /// A scope was opened for this function's body: see `Scope`.
    static let hasScope = Flags(rawValue: 1)
    /// The body has ended and the scope is being waited for: its handlers no longer count.
    static let isEnding = Flags(rawValue: 2)
    /// The result goes into a place, for a mutating method of the prelude.
    static let writesBack = Flags(rawValue: 4)
    /// A method called by `?.`: nothing special at the end.
    static let isOptional = Flags(rawValue: 8)
  }
}

final class Fiber: @unchecked Sendable {
  // Unchecked, as a fiber is touched by one thread at a time and no access lasts: the check is a call each time.
  @exclusivity(unchecked) private(set) var registers: UnsafeMutablePointer<Value>
  @exclusivity(unchecked) private(set) var capacity: Int
  @exclusivity(unchecked) private(set) var frames: UnsafeMutablePointer<Frame>
  @exclusivity(unchecked) private var frameCapacity: Int
  @exclusivity(unchecked) var frameCount = 0
  /// Who owns the cells that its functions make.
  private(set) var id: Int
  /// The globals that it sees: for a task and a generator, as they were when it began.
  @exclusivity(unchecked) var globals: GlobalTable
  /// Whether it may assign them.
  let ownsGlobals: Bool
  /// The scopes begun in its frames and not ended, outermost first.
  @exclusivity(unchecked) var scopes: [Scope] = []
  /// The scope that is around all of them; for a generator its reader's, as soon as it has one. Nil only while no task has
  /// the fiber.
  var outerScope: Scope!
  /// What the innermost attempt of `retry` that runs in its frames has changed.
  @exclusivity(unchecked) var undoLog: UndoLog?

  /// For a generator: who reads it at the moment, and where the item goes.
  var reader: Fiber?
  /// The generator that it has read last, and whether there may be others that it reads as well (`zip`).
  @exclusivity(unchecked) private(set) var source: Fiber?
  private(set) var hasSeveralSources = false
  var itemRegister = 0
  var isPairLoop = false
  var itemCount = 0
  /// For a stage of a pipeline: where that stands in the script.
  var stagePlace: CodePlace?
  enum GeneratorState { case notStarted, suspended, running, closing, ended }
  var state = GeneratorState.notStarted

  private static let nextID = Atomic<Int>(1)
  /// Deeper than the 50,000 calls that scripts may count on.
  static let frameLimit = 180_000

  init(
    globals: GlobalTable, ownsGlobals: Bool, outerScope: Scope, registerCapacity: Int = 64, id: Int? = nil
  ) {
    capacity = registerCapacity
    registers = .allocate(capacity: capacity)
    registers.initialize(repeating: .nil, count: capacity)
    frameCapacity = 2
    frames = .allocate(capacity: frameCapacity)
    self.id = id ?? Self.nextID.wrappingAdd(1, ordering: .relaxed).newValue
    self.globals = globals
    self.ownsGlobals = ownsGlobals
    self.outerScope = outerScope
  }

  deinit {
    // What holds nothing needs no deinitialising: most of them.
    Self.clear(registers, count: capacity)
    registers.deallocate()
    frames.deallocate()
  }

  /// Before a global is changed: whoever was spawned keeps the table as it was.
  @inline(__always)
  func makeGlobalsUnique() {
    if !isKnownUniquelyReferenced(&globals) {
      globals = GlobalTable(copying: globals, count: globals.count)
    }
  }

  /// Makes ready for another task what has run one: it has no frames, and its registers hold nothing.
  func begin(globals: GlobalTable, outerScope: Scope) {
    id = Self.nextID.wrappingAdd(1, ordering: .relaxed).newValue
    self.globals = globals
    self.outerScope = outerScope
  }

  /// Lets go of everything that a task has left. Says false for a fiber that others may still ask for something, or that has
  /// grown beyond so many registers.
  func rest(globals: GlobalTable, registers limit: Int) -> Bool {
    guard frameCount == 0, scopes.isEmpty, undoLog == nil, !ownsGlobals, stagePlace == nil, capacity <= limit
    else { return false }
    clear(from: 0, count: capacity)
    self.globals = globals
    source = nil
    hasSeveralSources = false
    outerScope = nil
    return true
  }

  /// It takes an item from a generator.
  @inline(__always)
  func reads(_ generator: Fiber) {
    if source === generator { return }
    if let source, source.state != .ended { hasSeveralSources = true }
    source = generator
  }

  /// What it has read last goes on in a task of its own.
  func forgetSource() { source = nil }

  /// Whether another strand can run it from now on: nothing is open in it, nor in what it reads, that belongs to this one.
  func canMove(from strand: Strand) -> Bool {
    let holdings = strand.holdings
    var current: Fiber? = self
    while let one = current {
      guard one.state == .suspended, one.scopes.isEmpty, !one.hasSeveralSources,
        !holdings.contains(where: { $0.fiber == one.id })
      else { return false }
      current = one.source.flatMap { $0.state == .ended ? nil : $0 }
    }
    return frameCount == 1
  }

  /// What stops that scope stops what this fiber reads.
  func putSources(in scope: Scope) {
    var current = source
    while let one = current, one.state != .ended {
      one.outerScope = scope
      current = one.source
    }
  }

  /// The innermost scope that is running.
  var innermostScope: Scope { scopes.last ?? outerScope }

  /// Makes sure that registers up to a count are there.
  @inline(__always)
  func ensure(registers count: Int) {
    if count > capacity { growRegisters(to: count) }
  }

  @inline(never)
  private func growRegisters(to count: Int) {
    let grown = max(count, capacity * 2)
    let fresh = UnsafeMutablePointer<Value>.allocate(capacity: grown)
    fresh.moveInitialize(from: registers, count: capacity)
    (fresh + capacity).initialize(repeating: .nil, count: grown - capacity)
    registers.deallocate()
    registers = fresh
    capacity = grown
  }

  /// Pushes a frame; says false where calls are nested too deeply.
  @inline(__always)
  func push(_ frame: Frame) -> Bool {
    if frameCount == frameCapacity { if !growFrames() { return false } }
    (frames + frameCount).initialize(to: frame)
    frameCount += 1
    return true
  }

  @inline(never)
  private func growFrames() -> Bool {
    if frameCount >= Self.frameLimit { return false }
    let grown = min(frameCapacity * 2, Self.frameLimit)
    let fresh = UnsafeMutablePointer<Frame>.allocate(capacity: grown)
    fresh.moveInitialize(from: frames, count: frameCount)
    frames.deallocate()
    frames = fresh
    frameCapacity = grown
    return true
  }

  /// Gives the registers of a frame that has ended back: nothing stays alive through them.
  @inline(__always)
  func clear(from base: Int, count: Int) { Self.clear(registers + base, count: count) }

  @inline(__always)
  static func clear(_ first: UnsafeMutablePointer<Value>, count: Int) {
    var register = first
    let end = register + count
    while register < end {
      if register.isObject { register.pointee = .nil }
      register += 1
    }
  }
}
