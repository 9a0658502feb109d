// Iterating. An iterator is three registers: what is iterated, a position, and a count of items or a source's state.
// Generators are fibers, to which the machine switches; native streams are asked, and waited for.

import RunnelCompiler
import RunnelScheduler

extension Machine {
  enum Advance {
    /// The item is in its register.
    case item
    case end
    /// Another fiber runs now.
    case switched
    case exit(MachineExit)
  }

  // MARK: Ranges of literals

  func prepareRange(_ bounds: UnsafeMutablePointer<Value>, inclusive: Bool) throws(Raised) {
    guard case .int(let lower) = bounds[0], case .int(let upper) = bounds[1] else {
      throw Raised(
        .typeError, "a range goes from int to int, not from \(bounds[0].typeName) to \(bounds[1].typeName)")
    }
    bounds[1] = .int(RangeObject(lower: lower, upper: upper, inclusive: inclusive).count)
  }

  // MARK: Anything

  /// Makes an iterator of what is in a register.
  func prepareIterator(_ state: UnsafeMutablePointer<Value>) throws(Raised) {
    state[1] = .int(0)
    state[2] = .nil
    guard case .object(let object) = state[0] else { throw notIterable(state[0]) }
    switch object.tag {
    case .list, .map: break
    case .range:
      let range = unsafeDowncast(object, to: RangeObject.self)
      try range.requireInts()
      state[2] = .int(range.count)
    case .environment:
      state[0] = .object(MapObject(strand.environment))
    case .stream:
      let stream = unsafeDowncast(object, to: StreamObject.self)
      try stream.take()
      // Without a position it is at its end.
      if stream.hold == .letGo { state[1] = .nil }
    case .channel:
      state[0] = .object(
        StreamObject(source: ChannelSource(unsafeDowncast(object, to: ChannelObject.self))))
    case .remoteChannel:
      state[0] = .object(
        StreamObject(source: RemoteChannelSource(unsafeDowncast(object, to: RemoteHandle.self))))
    case .sharedArray:
      state[0] = .list(unsafeDowncast(object, to: SharedArrayObject.self).values)
    case .file:
      state[0] = .object(try fileLines(state[0]))
    default: throw notIterable(state[0])
    }
  }

  private func notIterable(_ value: Value) -> Raised {
    let advice =
      switch value {
      case .object(let object) where object.tag == .string: "; use `.chars()` or `.lines()`"
      case .object(let object) where object.tag == .bytes: "; use `list(…)`"
      case .int: "; write a range: `0..n`"
      default: ""
      }
    return Raised(.typeError, "\(value.typeName) cannot be iterated\(advice)")
  }

  func advanceIterator(_ registers: UnsafeMutablePointer<Value>, _ instruction: Instruction) throws(Raised)
    -> Advance
  {
    let state = registers + instruction.a
    let target = registers + instruction.b
    let isPair = instruction.flag == 1
    guard case .object(let object) = state[0], case .int(let position) = state[1] else { return .end }
    switch object.tag {
    case .list:
      let list = unsafeDowncast(object, to: ListObject.self)
      guard position < list.items.count else { return .end }
      give(list.items[position], at: position, to: target, isPair)
      state[1] = .int(position + 1)
      return .item
    case .map:
      let storage = unsafeDowncast(object, to: MapObject.self).storage
      var position = position
      while position < storage.positionCount {
        if let entry = storage.entry(at: position) {
          target[0] = entry.key
          if isPair { target[1] = entry.value }
          state[1] = .int(position + 1)
          return .item
        }
        position += 1
      }
      return .end
    case .range:
      guard case .int(let count) = state[2], position < count else { return .end }
      give(
        .int(unsafeDowncast(object, to: RangeObject.self).item(at: position)), at: position, to: target,
        isPair)
      state[1] = .int(position + 1)
      return .item
    case .stream:
      return try advance(unsafeDowncast(object, to: StreamObject.self), state, instruction, target)
    default: return .end
    }
  }

  /// Takes the next item of a stream, if it is there already; says false where more is to be done for it.
  @inline(never)
  func takeReady(_ state: UnsafeMutablePointer<Value>, into target: UnsafeMutablePointer<Value>) -> Bool {
    // Without a position it is at its end.
    guard (state + 1).isInt else { return false }
    let stream = Unmanaged<StreamObject>.fromOpaque(state.object.toOpaque())
    return stream._withUnsafeGuaranteedRef { $0.takeReady(into: target) }
  }

  private func give(_ item: Value, at position: Int, to target: UnsafeMutablePointer<Value>, _ isPair: Bool) {
    if isPair {
      target[0] = .int(position)
      target[1] = item
    } else {
      target[0] = item
    }
  }

  private func advance(
    _ stream: StreamObject, _ state: UnsafeMutablePointer<Value>, _ instruction: Instruction,
    _ target: UnsafeMutablePointer<Value>
  ) throws(Raised) -> Advance {
    if stream.isClosed {
      _ = stream.close()
      return .end
    }
    if let source = stream.source { return try advance(source, of: stream, state, instruction, target) }
    if let generator = stream.generator {
      if let link = stream.link, let buffer = try buffer(of: stream, generator, link, state) {
        return try advance(buffer, of: stream, state, instruction, target)
      }
      guard generator.state != .ended else { return .end }
      guard generator.state != .running else {
        throw Raised(.valueError, "a generator cannot read itself")
      }
      // What stops its reader stops it, wherever it was made (language.md §10.1).
      if generator.state == .notStarted { generator.outerScope = fiber.innermostScope }
      let frame = fiber.frames[fiber.frameCount - 1]
      fiber.reads(generator)
      generator.reader = fiber
      generator.itemRegister = frame.base + instruction.b
      generator.isPairLoop = instruction.flag == 1
      generator.state = .running
      fiber = generator
      return .switched
    }
    return .end
  }

  @inline(__always)
  private func advance(
    _ source: any StreamSource, of stream: StreamObject, _ state: UnsafeMutablePointer<Value>,
    _ instruction: Instruction, _ target: UnsafeMutablePointer<Value>
  ) throws(Raised) -> Advance {
    guard case .int(let position) = state[1] else { return .end }
    switch try source.next(strand) {
    case .item(let item):
      give(item, at: position, to: target, instruction.flag == 1)
      state[1] = .int(position + 1)
      return .item
    case .end:
      _ = stream.close()
      return .end
    case .turn:
      // Raised before the instruction is to run again, where it is one of the loop's.
      try strand.checkpoint()
      fiber.frames[fiber.frameCount - 1].pc -= 1
      return .exit(.fuel)
    case .wait:
      // The instruction runs again when there may be more.
      fiber.frames[fiber.frameCount - 1].pc -= 1
      resumption = .nextItem
      if let wait = source.wait() { return .exit(.park(wait)) }
      return .exit(
        .wait { strand throws(Raised) in
          try await source.fill(strand)
          return .nil
        })
    }
  }

  /// A loop's wait has been ended by an error: it is raised after the instruction that waited, where it is one of the loop's.
  func leaveLoopInstruction() {
    fiber.frames[fiber.frameCount - 1].pc += 1
    resumption = .again
  }

  enum Closing {
    case done
    /// A generator has been switched to, which runs its cleanup.
    case switched
    /// A stage's task has to end first; then the instruction runs again.
    case exit(MachineExit)
  }

  /// Ends what a loop read.
  func closeIterator(_ state: UnsafeMutablePointer<Value>) throws(Raised) -> Closing {
    guard case .object(let object) = state[0] else { return .done }
    guard object.tag == .stream else {
      state[0] = .nil
      return .done
    }
    let stream = unsafeDowncast(object, to: StreamObject.self)
    if let moved = stream.link?.moved {
      if let wait = stop(stage: moved.task) {
        fiber.frames[fiber.frameCount - 1].pc -= 1
        resumption = .again
        return .exit(wait)
      }
      state[0] = .nil
      _ = stream.close()
      // It failed when it was to end: in its cleanup.
      if let error = strand.interpreter.tree.withLock({ moved.task.failure }), !moved.buffer.hasRaised {
        throw Raised(error.copied())
      }
      return .done
    }
    state[0] = .nil
    if stream.hold == .held { return .done }
    return closeStream(stream) ? .switched : .done
  }

  private func closeStream(_ stream: StreamObject) -> Bool {
    guard stream.close(), let generator = stream.generator else { return false }
    switch generator.state {
    case .notStarted:
      generator.state = .ended
      return false
    case .ended, .running, .closing: return false
    case .suspended:
      // It meets a cancellation at its `yield`, so that its `defer`s run.
      generator.state = .closing
      generator.reader = fiber
      fiber = generator
      return true
    }
  }

  // MARK: Generators

  /// A generator's first instruction: the call gives its stream; its frame goes on in a fiber of its own.
  func makeGenerator() {
    let frame = fiber.frames[fiber.frameCount - 1]
    let function = frame.function.takeUnretainedValue()
    let closure = frame.closure.takeUnretainedValue()
    let generator = Fiber(
      globals: fiber.globals, ownsGlobals: false, outerScope: fiber.innermostScope,
      registerCapacity: function.registerCount + 16)
    // It sees the variables that it captured as they are now (language.md §4).
    let snapshot = Closure(
      function,
      upvalues: closure.upvalues.map { value in
        // One of another task's stays: reading it raises.
        guard let cell = value.cell, mayRead(cell) else { return value }
        return .object(Cell(cell.value, owner: Cell.anyone))
      })
    generator.registers[0] = .object(snapshot)
    let registers = fiber.registers + frame.base
    for index in 0..<function.registerCount {
      generator.registers[1 + index] = own(registers[index], for: generator)
    }
    var own = frame
    own.closure = .passUnretained(snapshot)
    own.base = 1
    own.flags = []
    _ = generator.push(own)
    fiber.clear(from: frame.base, count: function.registerCount)
    fiber.frameCount -= 1
    fiber.registers[frame.base - 1] = .object(StreamObject(generator: generator))
  }

  /// A parameter's cell was made before the fiber was, and becomes its own.
  private func own(_ value: Value, for generator: Fiber) -> Value {
    guard let cell = value.cell else { return value }
    return .object(Cell(cell.value, owner: generator.id))
  }

  /// Gives an item to the reader, which goes on; or leaves it for the reader, in a stage's own task.
  func yield(_ item: Value) throws(Raised) -> MachineExit? {
    let generator = fiber
    guard let reader = generator.reader else {
      guard let stage = strand.stage, stage.append(item) else { return nil }
      resumption = .custom { _, _ in }
      return .park(stage.waitForRoom())
    }
    if generator.state == .closing {
      throw Raised(.cancelled, CancelReason.readerGone.message)
    }
    generator.state = .suspended
    generator.reader = nil
    let target = reader.registers + generator.itemRegister
    if generator.isPairLoop {
      target[0] = .int(generator.itemCount)
      target[1] = item
    } else {
      target[0] = item
    }
    generator.itemCount += 1
    fiber = reader
    return nil
  }

  /// A fiber's last frame has returned: its reader's loop ends. Says false for the strand's own fiber.
  func finishGenerator() -> Bool {
    let generator = fiber
    guard let reader = generator.reader else { return false }
    let wasClosing = generator.state == .closing
    generator.state = .ended
    generator.reader = nil
    fiber = reader
    if !wasClosing { skipToLoopEnd(reader) }
    return true
  }

  /// The reader stands after its `iteratorNext`: takes the jump that ends the loop.
  private func skipToLoopEnd(_ reader: Fiber) {
    let frame = reader.frames + (reader.frameCount - 1)
    frame.pointee.pc += (frame.pointee.pc - 1).pointee.signedC
  }

  struct LeftGenerator {
    /// The error was only the closing's own: the reader goes on.
    let isQuiet: Bool
  }

  /// A fiber's last frame has been left by an error, which goes on in its reader. Nil for the strand's own fiber.
  func leaveGenerator(failing error: ErrorObject) -> LeftGenerator? {
    let generator = fiber
    guard let reader = generator.reader else { return nil }
    let wasClosing = generator.state == .closing
    generator.state = .ended
    generator.reader = nil
    fiber = reader
    return LeftGenerator(isQuiet: wasClosing && error.kind === ErrorKind.cancelled)
  }
}
