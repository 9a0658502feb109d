// The instructions that start tasks or have to wait.

import RunnelCompiler
import RunnelScheduler
import Synchronization

extension Machine {
  // MARK: Machines of tasks

  /// - Parameter owner: for a session's lines, which share what they captured: the fiber id of the first.
  convenience init(
    strand: Strand, globals: GlobalTable, ownsGlobals: Bool, owner: Int? = nil, registers: Int = 24
  ) {
    self.init(
      strand: strand,
      fiber: Fiber(
        globals: globals, ownsGlobals: ownsGlobals, outerScope: strand.root.parent ?? strand.root,
        registerCapacity: registers, id: owner))
  }

  /// The machine of a task in which a stage goes on that another task has begun.
  convenience init(strand: Strand, stage: Fiber) {
    self.init(strand: strand, fiber: stage)
    stage.reader = nil
    stage.outerScope = strand.root.parent ?? strand.root
    stage.scopes.append(strand.root)
    stage.frames[0].flags.insert(.hasScope)
    stage.putSources(in: strand.root)
  }

  /// Takes the machine of a task that has ended for a new one.
  func begin(for strand: Strand, globals: GlobalTable) {
    self.strand = strand
    interrupts = strand.interrupts
    fuel = Machine.slice
    fiber.begin(globals: globals, outerScope: strand.root.parent ?? strand.root)
  }

  /// Lets go of everything, for another task to take the machine. Says false if it is not worth keeping.
  /// - Parameter registers: how many are worth keeping.
  func rest(globals: GlobalTable, registers: Int) -> Bool {
    resumption = .again
    return isKnownUniquelyReferenced(&fiber) && fiber.rest(globals: globals, registers: registers)
  }

  /// How many registers a function needs as the body of a task.
  static func registers(for closure: Closure, _ argumentCount: Int) -> Int {
    1 + closure.function.registerCount + argumentCount + 4
  }

  /// Makes a function the body of the strand's task: its first frame, whose scope is the task's.
  func begin(_ closure: Closure, arguments: [Value]) {
    let function = closure.function
    fiber.ensure(registers: Self.registers(for: closure, arguments.count))
    fiber.registers[0] = .object(closure)
    for (index, argument) in arguments.enumerated() { fiber.registers[1 + index] = argument }
    _ = fiber.push(
      Frame(
        function: .passUnretained(function), closure: .passUnretained(closure),
        pc: UnsafePointer(function.instructions),
        base: 1, flags: .hasScope))
    fiber.scopes.append(strand.root)
  }

  // MARK: spawn

  func spawn(_ window: UnsafeMutablePointer<Value>, _ instruction: Instruction, _ frame: Frame) throws(Raised)
  {
    guard
      case .spawn(let descriptor) = frame.function._withUnsafeGuaranteedRef({
        $0.code.constants[instruction.b]
      }),
      let closure = window[0].closure
    else { return }
    var next = 1
    func operand() -> Value {
      defer { next += 1 }
      return window[next]
    }
    var name: String?
    if descriptor.hasName {
      let value = operand()
      guard let text = value.string?.text else {
        throw Raised(.typeError, "a task's name is a string, not \(value.typeName)")
      }
      name = text
    }
    var scope: Scope
    if descriptor.hasScope {
      let value = operand()
      guard let object = value.object(.scope, as: ScopeObject.self) else {
        throw Raised(.typeError, "`spawn in` takes a scope (`scope as s { … }`), not \(value.typeName)")
      }
      scope = object.scope
    } else if descriptor.isDetached {
      scope = strand.interpreter.mainStrand?.root ?? scopeForOwning()
    } else {
      scope = scopeForOwning()
      if scope === strand.root, let session = strand.spawnScope { scope = session }
    }
    let executor = descriptor.hasExecutor ? try Executor(operand()) : .task
    let task = try strand.interpreter.spawn(
      closure, in: scope, from: strand, on: executor,
      place: CodePlace(function: frame.function, pc: frame.pc),
      name: name, isService: descriptor.isService, isDetached: descriptor.isDetached,
      isDiscarded: descriptor.isDiscarded)
    window[0] = .object(task)
  }

  // MARK: Instructions that wait

  /// Runs an instruction that may have to wait. The result goes to register A unless it says otherwise.
  func waiting(
    _ instruction: Instruction, _ registers: UnsafeMutablePointer<Value>, _ frame: Frame
  ) throws(Raised) -> MachineExit? {
    let a = instruction.a
    let target = frame.base + a
    switch instruction.opcode {
    case .await:
      let value = registers[instruction.b]
      guard case .object(let object) = value, object.tag == .task else { throw notATask(value) }
      let task = unsafeDowncast(object, to: TaskObject.self)
      // First, as a failure that is looked at has been observed.
      if strand.isInterrupted { try strand.checkpoint() }
      if let known = strand.interpreter.tree.withLock({ task.outcome() }) {
        switch known {
        case .value(let value): registers[a] = value
        case .failure(let error): throw awaited(Raised(error))
        case .deadlock, .interrupted: break
        }
        return nil
      }
      resumption = .awaited(target)
      return .await(task)
    case .gather:
      let value = registers[a]
      resumption = .register(target)
      let mode = GatherMode(number: instruction.b)
      return .wait { [unowned self] strand throws(Raised) in
        do throws(Raised) {
          return try await Gather.run(value, mode, strand)
        } catch {
          throw awaited(error)
        }
      }
    case .gatherFor:
      guard let closure = registers[a + 1].closure else { return nil }
      let source = registers[a]
      let limit = registers[a + 2]
      let executor = registers[a + 3].isNil ? Executor.task : try Executor(registers[a + 3])
      let scope = scopeForOwning()
      let place = CodePlace(function: frame.function, pc: frame.pc)
      resumption = .register(target)
      let mode = GatherMode(number: instruction.b)
      let isPair = instruction.flag == 1
      return .wait { [unowned self] strand throws(Raised) in
        do throws(Raised) {
          return try await Gather.each(
            source, GatherBody(closure: closure, executor: executor, scope: scope, place: place),
            limit: limit, mode,
            isPair: isPair, strand)
        } catch {
          throw awaited(error)
        }
      }
    case .retryWait:
      retryWait(registers[a], registers + instruction.b, registers + instruction.c)
      return nil
    case .retryFailed:
      return try retryFailed(registers[a], registers + instruction.b, given: registers[instruction.c])
    case .runCommand, .commandSource, .commandStage:
      return try command(instruction, registers, frame)
    default: return nil
    }
  }

  private func notATask(_ value: Value) -> Raised {
    let advice = value.list == nil ? "" : "; `gather` waits for a list of tasks"
    return Raised(.typeError, "`await` takes a task, not \(value.typeName)\(advice)")
  }

  /// Notes in the trace of another task's error that it has come to this one.
  func awaited(_ raised: Raised) -> Raised {
    let error = raised.error
    guard error.kind !== ErrorKind.cancelled, error.hasTrace else { return raised }
    note(.awaited, in: error)
    return raised
  }

  // MARK: Built-ins of the machine's own

  func callMachine(_ builtin: MachineBuiltin, _ a: Int, _ first: Int, _ count: Int) throws(Raised)
    -> MachineExit?
  {
    let registers = fiber.registers + fiber.frames[fiber.frameCount - 1].base
    switch builtin {
    case .exit:
      var code = 0
      if count > 0, !registers[first].isNil {
        guard case .int(let given) = registers[first] else {
          throw Raised(.typeError, "`exit` takes an int, not \(registers[first].typeName)")
        }
        guard (0...255).contains(given) else {
          throw Raised(.valueError, "`exit` takes 0 to 255, not \(given)")
        }
        code = given
      }
      let error = ErrorObject(.exit, "")
      error.exitCode = code
      throw Raised(error)
    case .deadline:
      let scope = fiber.innermostScope
      let interpreter = strand.interpreter
      let deadline = interpreter.tree.withLock { Scope.deadline(reaching: scope) }
      registers[a] = deadline.map { .duration(max(0, Int($0 - interpreter.scheduler.now))) } ?? .nil
      return nil
    case .spawnedTaskCancel:
      guard let task = registers[first].object(.task, as: TaskObject.self) else { return nil }
      let reason =
        count > 1 && !registers[first + 1].isNil ? try describe(registers[first + 1], strand: strand) : nil
      let interpreter = strand.interpreter
      let root = interpreter.tree.withLock { task.isRunning ? task.strand?.root : nil }
      let didCancel = root.map { interpreter.cancel($0, .byHand(reason)) } ?? false
      registers[a] = .bool(didCancel)
      return nil
    }
  }
}
