// The machine: one loop over instructions. It never waits and never calls itself: what has to wait leaves the loop
// by returning, and calls, generators and prelude functions are frames of a fiber. What is rare lives in
// the other files of this folder, out of the loop, so that the loop stays small enough for its registers.
//
// Safety: `registers`, `constants` and `pc` below are bare pointers. They are good because a frame's window lies within
// the fiber's registers (`Fiber.ensure` at every call), constants and code live as long as the program, and all
// three are read again after whatever can change frames (`running`).

import RunnelCompiler
import RunnelScheduler
import RunnelSyntax
import Synchronization

final class Machine: @unchecked Sendable {
  /// Whose machine it is, which outlives the use of it.
  @exclusivity(unchecked) unowned(unsafe) var strand: Strand
  /// The strand's mark that it is to look whether it must stop.
  @exclusivity(unchecked) var interrupts: UnsafePointer<Atomic<Bool>>
  @exclusivity(unchecked) var fiber: Fiber
  @exclusivity(unchecked) var fuel = Machine.slice
  /// What the coarse clock showed at the last look.
  @exclusivity(unchecked) var lastTick: Int64 = 0
  /// What is to be done with what a wait gives.
  @exclusivity(unchecked) var resumption = Resumption.again
  /// What a wait gave.
  private var delivered: Value?
  private var deliveredError: ErrorObject?

  /// Loop turns and calls between two looks at the clock: some microseconds, more where turns are dear.
  static let slice = 500

  /// A machine that goes on with a fiber.
  init(strand: Strand, fiber: Fiber) {
    self.strand = strand
    interrupts = strand.interrupts
    self.fiber = fiber
  }

  func deliver(_ value: Value) { delivered = value }
  func deliver(raising error: ErrorObject) { deliveredError = error }

  // MARK: The loop

  func run() -> MachineExit {
    var error: ErrorObject? = deliveredError
    deliveredError = nil
    if let failure = error {
      if case .awaited = resumption { error = awaited(Raised(failure)).error }
      if case .nextItem = resumption { leaveLoopInstruction() }
    }
    if let value = delivered {
      delivered = nil
      switch resumption {
      case .again, .nextItem: break
      case .register(let register), .awaited(let register): fiber.registers[register] = value
      case .custom(let finish):
        resumption = .again
        do throws(Raised) { try finish(self, value) } catch let failure { error = failure.error }
      }
      resumption = .again
    }
    while true {
      if let passing = error {
        error = nil
        switch unwind(passing) {
        case .handled: break
        case .exit(let exit): return exit
        }
      }
      do throws(Raised) {
        return try loop()
      } catch let failure {
        error = failure.error
      }
    }
  }

  private typealias Window = (
    fiber: Fiber, frame: UnsafeMutablePointer<Frame>, pc: UnsafePointer<Instruction>,
    registers: UnsafeMutablePointer<Value>, constants: UnsafePointer<Value>
  )

  /// Where the loop stands: read again after calls, returns and fiber switches. (A function within the loop that
  /// assigned its variables would have them in memory.)
  @inline(__always)
  private func running() -> Window {
    let frame = fiber.frames + (fiber.frameCount - 1)
    return (
      fiber, frame, frame.pointee.pc, fiber.registers + frame.pointee.base,
      UnsafePointer(frame.pointee.function._withUnsafeGuaranteedRef { $0.constants })
    )
  }

  private func loop() throws(Raised) -> MachineExit {
    var fuel = self.fuel
    defer { self.fuel = fuel }
    let interrupts = interrupts
    var (fiber, frame, pc, registers, constants) = running()
    do throws(Raised) {
      while true {
        let instruction = pc.pointee
        pc += 1
        let a = instruction.a
        switch instruction.opcode {
        // MARK: Moving
        case .move: (registers + a).copy(registers + instruction.b)
        case .take:
          (registers + a).take(registers + instruction.b)
        case .loadNil: (registers + a).put(.nil)
        case .loadBool: (registers + a).put(.bool(instruction.b != 0))
        case .loadInt: (registers + a).put(int: instruction.immediate)
        case .loadConstant:
          registers[a] = constants[instruction.immediate]
        case .loadMissing: loadMissing(registers + a)
        case .getGlobal: registers[a] = fiber.globals.values[instruction.immediate]
        case .getGlobalChecked:
          let value = fiber.globals.values[instruction.immediate]
          if value.isMissing { throw uninitialisedGlobal(instruction.immediate) }
          registers[a] = value
        case .setGlobal:
          try setGlobal(instruction.immediate, registers[a])
          if instruction.flag & 1 != 0 { registers[a] = .nil }
        case .getUpvalue:
          registers[a] = frame.pointee.closure._withUnsafeGuaranteedRef { $0.upvalues[instruction.b] }
        case .getUpvalueCell:
          registers[a] = try readCell(
            frame.pointee.closure._withUnsafeGuaranteedRef { $0.upvalues[instruction.b] })
        case .setUpvalueCell:
          try writeCell(
            frame.pointee.closure._withUnsafeGuaranteedRef { $0.upvalues[instruction.b] }, registers[a])
          if instruction.flag & 1 != 0 { registers[a] = .nil }
        case .makeCell: makeCell(registers + a)
        case .getCell: registers[a] = try readCell(registers[instruction.b])
        case .setCell:
          try writeCell(registers[a], registers[instruction.b])
          if instruction.flag & 1 != 0 { registers[instruction.b] = .nil }
        case .loadSelf: registers[a] = .object(frame.pointee.closure.takeUnretainedValue())
        case .checkInitialised:
          if registers[a].isMissing { throw uninitialised(constants[instruction.b]) }
        case .closure:
          registers[a] = try makeClosure(instruction.immediate, frame.pointee, registers)

        // MARK: Arithmetic
        case .add:
          let left = registers + instruction.b
          let right = registers + instruction.c
          if left.isInt, right.isInt {
            let x = left.int
            let y = right.int
            let (sum, overflow) = x.addingReportingOverflow(y)
            if !overflow {
              (registers + a).put(int: sum)
              continue
            }
          } else if case .float(let x) = registers[instruction.b],
            case .float(let y) = registers[instruction.c]
          {
            (registers + a).put(.float(x + y))
            continue
          }
          try add(registers, instruction, next: pc.pointee, frame.pointee)
        case .subtract:
          let left = registers + instruction.b
          let right = registers + instruction.c
          if left.isInt, right.isInt {
            let x = left.int
            let y = right.int
            let (difference, overflow) = x.subtractingReportingOverflow(y)
            if !overflow {
              (registers + a).put(int: difference)
              continue
            }
          } else if case .float(let x) = registers[instruction.b],
            case .float(let y) = registers[instruction.c]
          {
            (registers + a).put(.float(x - y))
            continue
          }
          try arithmetic(.subtract, registers, instruction)
        case .multiply:
          let left = registers + instruction.b
          let right = registers + instruction.c
          if left.isInt, right.isInt {
            let x = left.int
            let y = right.int
            let (product, overflow) = x.multipliedReportingOverflow(by: y)
            if !overflow {
              (registers + a).put(int: product)
              continue
            }
          } else if case .float(let x) = registers[instruction.b],
            case .float(let y) = registers[instruction.c]
          {
            (registers + a).put(.float(x * y))
            continue
          }
          try arithmetic(.multiply, registers, instruction)
        case .divide:
          if case .float(let x) = registers[instruction.b], case .float(let y) = registers[instruction.c],
            y != 0
          {
            (registers + a).put(.float(x / y))
            continue
          }
          try arithmetic(.divide, registers, instruction)
        case .floorDivide:
          if case .int(let x) = registers[instruction.b], case .int(let y) = registers[instruction.c], y > 0 {
            (registers + a).put(int: floorQuotient(x, y))
            continue
          }
          try arithmetic(.floorDivide, registers, instruction)
        case .remainder:
          if case .int(let x) = registers[instruction.b], case .int(let y) = registers[instruction.c], y > 0 {
            let remainder = x % y
            (registers + a).put(int: remainder < 0 ? remainder + y : remainder)
            continue
          }
          try arithmetic(.remainder, registers, instruction)
        case .power: try arithmetic(.power, registers, instruction)
        case .addImmediate:
          let left = registers + instruction.b
          if left.isInt {
            let (sum, overflow) = left.int.addingReportingOverflow(instruction.signedC)
            if !overflow {
              (registers + a).put(int: sum)
              continue
            }
          }
          try arithmeticImmediate(.add, registers, instruction)
        case .multiplyImmediate:
          if case .int(let x) = registers[instruction.b] {
            let (product, overflow) = x.multipliedReportingOverflow(by: instruction.signedC)
            if !overflow {
              (registers + a).put(int: product)
              continue
            }
          }
          try arithmeticImmediate(.multiply, registers, instruction)
        case .remainderImmediate:
          let divisor = instruction.signedC
          if case .int(let x) = registers[instruction.b], divisor > 0 {
            let remainder = x % divisor
            (registers + a).put(int: remainder < 0 ? remainder + divisor : remainder)
            continue
          }
          try arithmeticImmediate(.remainder, registers, instruction)
        case .floorDivideImmediate:
          let divisor = instruction.signedC
          if case .int(let x) = registers[instruction.b], divisor > 0 {
            (registers + a).put(int: floorQuotient(x, divisor))
            continue
          }
          try arithmeticImmediate(.floorDivide, registers, instruction)
        case .negate:
          if case .int(let x) = registers[instruction.b], x != Int.min {
            registers[a] = .int(-x)
          } else {
            registers[a] = try negated(registers[instruction.b])
          }
        case .not:
          guard case .bool(let flag) = registers[instruction.b] else {
            throw notABool(registers[instruction.b])
          }
          (registers + a).put(.bool(!flag))

        // MARK: Comparing
        case .equal:
          (registers + a).put(.bool(try isEqual(registers[instruction.b], registers[instruction.c])))
        case .notEqual:
          (registers + a).put(.bool(try !isEqual(registers[instruction.b], registers[instruction.c])))
        case .less:
          (registers + a).put(
            .bool(try isLess(registers[instruction.b], registers[instruction.c], instruction.flag)))
        case .lessOrEqual:
          (registers + a).put(
            .bool(try isLessOrEqual(registers[instruction.b], registers[instruction.c], instruction.flag)))
        case .contains:
          let found = try containment(registers[instruction.b], registers[instruction.c])
          (registers + a).put(.bool(found != (instruction.flag == 1)))
        case .isKind:
          (registers + a).put(.bool(isError(registers[instruction.b], ofKind: registers[instruction.c])))

        // MARK: Jumping
        case .jump: pc += instruction.immediate
        case .loop:
          if try isSliceOver(&fuel, interrupts) {
            frame.pointee.pc = pc + instruction.immediate
            return .fuel
          }
          pc += instruction.immediate
        case .jumpIfFalse:
          guard case .bool(let flag) = registers[a] else { throw notABool(registers[a]) }
          if !flag { pc += instruction.immediate }
        case .jumpIfTrue:
          guard case .bool(let flag) = registers[a] else { throw notABool(registers[a]) }
          if flag { pc += instruction.immediate }
        case .jumpIfNil: if case .nil = registers[a] { pc += instruction.immediate }
        case .jumpIfNotNil:
          if case .nil = registers[a] {} else { pc += instruction.immediate }
        case .jumpIfGiven: if !registers[a].isMissing { pc += instruction.immediate }
        case .jumpUnlessLess:
          if (registers + a).isInt, (registers + instruction.b).isInt {
            let x = (registers + a).int
            let y = (registers + instruction.b).int
            if x >= y { pc += instruction.signedC }
          } else if try !isLess(registers[a], registers[instruction.b], instruction.flag) {
            pc += instruction.signedC
          }
        case .jumpUnlessLessOrEqual:
          if (registers + a).isInt, (registers + instruction.b).isInt {
            let x = (registers + a).int
            let y = (registers + instruction.b).int
            if x > y { pc += instruction.signedC }
          } else if try !isLessOrEqual(registers[a], registers[instruction.b], instruction.flag) {
            pc += instruction.signedC
          }
        case .jumpUnlessEqual:
          if try !isEqual(registers[a], registers[instruction.b]) { pc += instruction.signedC }
        case .jumpIfEqual:
          if try isEqual(registers[a], registers[instruction.b]) { pc += instruction.signedC }
        case .jumpUnlessLessImmediate:
          if (registers + a).isInt {
            if (registers + a).int >= instruction.signedB { pc += instruction.signedC }
          } else if try !isLess(registers[a], .int(instruction.signedB), 0) {
            pc += instruction.signedC
          }
        case .jumpUnlessLessOrEqualImmediate:
          if (registers + a).isInt {
            if (registers + a).int > instruction.signedB { pc += instruction.signedC }
          } else if try !isLessOrEqual(registers[a], .int(instruction.signedB), 0) {
            pc += instruction.signedC
          }
        case .jumpUnlessGreaterImmediate:
          if (registers + a).isInt {
            if (registers + a).int <= instruction.signedB { pc += instruction.signedC }
          } else if try !isLess(.int(instruction.signedB), registers[a], 1) {
            pc += instruction.signedC
          }
        case .jumpUnlessGreaterOrEqualImmediate:
          if (registers + a).isInt {
            if (registers + a).int < instruction.signedB { pc += instruction.signedC }
          } else if try !isLessOrEqual(.int(instruction.signedB), registers[a], 1) {
            pc += instruction.signedC
          }
        case .jumpUnlessEqualImmediate:
          if (registers + a).isInt {
            if (registers + a).int != instruction.signedB { pc += instruction.signedC }
          } else if try !isEqual(registers[a], .int(instruction.signedB)) {
            pc += instruction.signedC
          }
        case .jumpIfEqualImmediate:
          if (registers + a).isInt {
            if (registers + a).int == instruction.signedB { pc += instruction.signedC }
          } else if try isEqual(registers[a], .int(instruction.signedB)) {
            pc += instruction.signedC
          }

        // MARK: Iterating
        case .rangePrepare: try prepareRange(registers + a, inclusive: instruction.flag == 1)
        case .rangeNext:
          if case .int(let next) = registers[a], case .int(let left) = registers[a + 1], left > 0 {
            (registers + instruction.b).put(int: next)
            (registers + a).put(int: next &+ 1)
            (registers + a + 1).put(int: left - 1)
          } else {
            pc += instruction.signedC
          }
        case .iteratorPrepare:
          frame.pointee.pc = pc
          try prepareIterator(registers + a)
        case .iteratorNext:
          // Lists are what most loops run over, and then streams whose items are there.
          let state = registers + a
          if instruction.flag == 0, state.isObject {
            let tag = state.object._withUnsafeGuaranteedRef { $0.tag }
            if tag == .list, (state + 1).isInt {
              let list = Unmanaged<ListObject>.fromOpaque(state.object.toOpaque())
              let index = (state + 1).int
              if let item = list._withUnsafeGuaranteedRef({ $0.item(at: index) }) {
                (registers + instruction.b).move(item)
                (state + 1).put(int: index + 1)
              } else {
                pc += instruction.signedC
              }
              continue
            }
            if tag == .stream, takeReady(state, into: registers + instruction.b) { continue }
          }
          frame.pointee.pc = pc
          switch try advanceIterator(registers, instruction) {
          case .item: break
          case .end: pc += instruction.signedC
          case .switched: (fiber, frame, pc, registers, constants) = running()
          case .exit(let exit): return exit
          }
        case .iteratorClose:
          frame.pointee.pc = pc
          switch try closeIterator(registers + a) {
          case .done: break
          // The generator raises what closes it at the `yield` where it stands.
          case .switched: throw readerGone()
          case .exit(let exit): return exit
          }

        // MARK: Building
        case .makeList:
          registers[a] = makeList(registers + instruction.b, count: instruction.c)
        case .listAppend:
          appendToList(registers + a, registers + instruction.b)
        case .listExtend: break
        case .makeMap: makeMap(registers + a)
        case .mapSet:
          try setMap(registers + a, key: registers[instruction.b], value: registers + instruction.c)
        case .mapSetName:
          try setMap(registers + a, key: constants[instruction.b], value: registers + instruction.c)
        case .mapSpread: try spreadMap(registers + a, registers[instruction.b])
        case .makeString:
          registers[a] = try makeString(registers + instruction.b, count: instruction.c)
        case .format:
          registers[a] = try format(registers[instruction.b], constants[instruction.c])
        case .makeRange:
          registers[a] = try makeRange(
            registers[instruction.b], registers[instruction.c], inclusive: instruction.flag == 1)

        // MARK: Reading parts
        case .getIndex:
          if case .int(let index) = registers[instruction.c],
            case .object(let object) = registers[instruction.b],
            object.tag == .list
          {
            if let item = unsafeDowncast(object, to: ListObject.self).item(at: index) {
              registers[a] = item
              continue
            }
          }
          registers[a] = try index(registers[instruction.b], registers[instruction.c])
          if instruction.flag & 0x80 != 0, instruction.b != a { registers[instruction.b] = .nil }
        case .getIndexOptional:
          registers[a] = try indexOptional(registers[instruction.b], registers[instruction.c])
        case .getField:
          if case .object(let object) = registers[instruction.b], object.tag == .map,
            case .object(let name) = constants[instruction.c]
          {
            let map = unsafeDowncast(object, to: MapObject.self)
            if let position = map.storage.position(of: unsafeDowncast(name, to: StringObject.self)) {
              registers[a] = map.storage[position: position]
              continue
            }
          }
          if let handle = RemoteHandle.of(registers[instruction.b]) {
            frame.pointee.pc = pc
            return remoteField(handle, constants[instruction.c], into: frame.pointee.base + a)
          }
          registers[a] = try field(registers[instruction.b], constants[instruction.c])
        case .getFieldOptional:
          if let handle = RemoteHandle.of(registers[instruction.b]) {
            frame.pointee.pc = pc
            return remoteField(handle, constants[instruction.c], into: frame.pointee.base + a)
          }
          registers[a] = try fieldOptional(registers[instruction.b], constants[instruction.c])
        case .slice:
          registers[a] = try slice(registers[instruction.b], registers + instruction.c, instruction.flag)

        // MARK: Changing places
        case .setIndex:
          try setIndex(registers + a, registers[instruction.b], registers + instruction.c)
        case .setField:
          try setMapField(registers + a, constants[instruction.b], registers + instruction.c)
        case .placeSet: try placeSet(instruction, registers, frame.pointee)
        case .placeGet: try placeGet(instruction, registers, frame.pointee)
        case .placeCall:
          frame.pointee.pc = pc
          if let exit = try placeCall(instruction, registers, frame.pointee) { return exit }
          (fiber, frame, pc, registers, constants) = running()

        // MARK: Calling
        case .call, .callOf:
          if try isSliceOver(&fuel, interrupts) {
            frame.pointee.pc = pc - 1
            return .fuel
          }
          frame.pointee.pc = pc
          let callee = registers + (instruction.opcode == .call ? a : instruction.c)
          if callee.isObject, callee.object._withUnsafeGuaranteedRef({ $0.tag }) == .closure {
            // The callee's register keeps the closure while the frame lives. In its own there may be an older value.
            if instruction.opcode == .callOf { (registers + a).put(.nil) }
            let closure = Unmanaged<Closure>.fromOpaque(callee.object.toOpaque())
            let function = closure._withUnsafeGuaranteedRef { Unmanaged.passUnretained($0.function) }
            if function._withUnsafeGuaranteedRef({ $0.takesExactly(instruction.b) }) {
              let base = frame.pointee.base + a + 1
              let entry = function._withUnsafeGuaranteedRef { UnsafePointer($0.instructions) }
              fiber.ensure(registers: base + function._withUnsafeGuaranteedRef { $0.registerCount })
              guard fiber.push(Frame(function: function, closure: closure, pc: entry, base: base)) else {
                throw stackOverflow()
              }
              frame = fiber.frames + (fiber.frameCount - 1)
              pc = entry
              registers = fiber.registers + base
              constants = function._withUnsafeGuaranteedRef { UnsafePointer($0.constants) }
              continue
            }
          }
          if instruction.opcode == .callOf { (registers + a).copy(callee) }
          if let exit = try call(a, instruction.b) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .callBuiltin:
          frame.pointee.pc = pc
          if interrupts.pointee.load(ordering: .relaxed), try checkpoint() { fuel = 0 }
          let callee = UnsafeMutablePointer(mutating: constants + instruction.c)
          if try callPlain(callee, first: registers + a + 1, instruction.b, into: registers + a) { continue }
          registers[a] = callee.pointee
          if let exit = try callBuiltin(a, instruction.b) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .callSelf:
          // The running function itself, with as many arguments as it has parameters: nothing to look up.
          if try isSliceOver(&fuel, interrupts) {
            frame.pointee.pc = pc - 1
            return .fuel
          }
          frame.pointee.pc = pc
          let function = frame.pointee.function
          let base = frame.pointee.base + a + 1
          let entry = function._withUnsafeGuaranteedRef { UnsafePointer($0.instructions) }
          fiber.ensure(registers: base + function._withUnsafeGuaranteedRef { $0.registerCount })
          guard fiber.push(Frame(function: function, closure: frame.pointee.closure, pc: entry, base: base))
          else {
            throw stackOverflow()
          }
          frame = fiber.frames + (fiber.frameCount - 1)
          pc = entry
          registers = fiber.registers + base
        case .callShape:
          frame.pointee.pc = pc
          if let exit = try callShape(a, instruction.b, method: nil) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .callMethod:
          frame.pointee.pc = pc
          let receiver = registers + a
          if let row = frame.pointee.function._withUnsafeGuaranteedRef({ $0.methods[instruction.c] }),
            let native = row._withUnsafeGuaranteedRef({ $0.method(for: receiver) }),
            try callPlain(native, first: receiver, instruction.b + 1, into: receiver)
          {
            continue
          }
          if let exit = try callMethod(a, instruction) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .callMethodShape:
          frame.pointee.pc = pc
          if let exit = try callShape(a, instruction.b, method: instruction) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .return_:
          if frame.pointee.flags.rawValue == 0, fiber.frameCount > 1 {
            (registers - 1).take(registers + a)
            Fiber.clear(
              registers, count: frame.pointee.function._withUnsafeGuaranteedRef { $0.registerCount })
            fiber.frameCount -= 1
            frame -= 1
            pc = frame.pointee.pc
            registers = fiber.registers + frame.pointee.base
            constants = UnsafePointer(frame.pointee.function._withUnsafeGuaranteedRef { $0.constants })
            continue
          }
          frame.pointee.pc = pc
          if let exit = try returnSlowly(registers[a]) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .returnNil:
          frame.pointee.pc = pc
          if let exit = try returnSlowly(.nil) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .yield:
          frame.pointee.pc = pc
          if let exit = try yield(registers[a]) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .makeGenerator:
          frame.pointee.pc = pc
          makeGenerator()
          (fiber, frame, pc, registers, constants) = running()

        // MARK: Errors
        case .raise: throw try raising(registers[a], cause: nil)
        case .raiseFrom: throw try raising(registers[a], cause: registers[instruction.b])
        case .reraise: try reraise(registers[a])
        case .jumpUnlessKind:
          if !isError(registers[a], ofKind: registers[instruction.b]) { pc += instruction.signedC }
        case .jumpUnlessCatchable: if isUncatchable(registers[a]) { pc += instruction.immediate }
        case .raiseMatch: throw noArmMatches(registers[a])
        case .raiseAssertion: throw try assertionFailure(instruction, registers, frame.pointee)

        // MARK: Patterns
        case .matchType, .matchValue, .matchRange, .matchList, .matchKind:
          if try !matches(instruction, registers, constants) { pc += instruction.signedC }
        case .matchMap:
          switch registers[a] {
          case .object(let object) where object.tag == .map: break
          default: pc += instruction.immediate
          }
        case .matchField:
          if let value = try patternField(
            registers[a + 1], constants[instruction.b], ofError: instruction.flag == 1)
          {
            registers[a] = value
          } else {
            pc += instruction.signedC
          }
        case .listRest: registers[a] = listRest(registers[instruction.b], from: instruction.c)
        case .mapRest: registers[a] = mapRest(registers[instruction.b], without: instruction.c, frame.pointee)
        case .raiseDestructure: throw destructureFailure(registers[a], constants[instruction.b])

        // MARK: Scopes and cleanup
        case .scopeEnter: try scopeEnter(registers + a, instruction)
        case .scopeHold: scopeHold(registers[a])
        case .scopeJoin, .frameJoin:
          frame.pointee.pc = pc - 1
          if let exit = scopeJoin(registers + a, ofFrame: instruction.opcode == .frameJoin) { return exit }
        case .scopeEnd:
          frame.pointee.pc = pc - 1
          if let exit = scopeEnd(registers + a, registers + instruction.b, instruction.flag) { return exit }
        case .cleanupEnter:
          try cleanupEnter(instruction.flag == 1 ? registers[instruction.b] : .nil)
        case .cleanupEnd:
          frame.pointee.pc = pc - 1
          if let exit = cleanupEnd(registers + a) { return exit }
        case .cleanupFail:
          frame.pointee.pc = pc - 1
          if let exit = cleanupFail(registers + a, registers + instruction.b) { return exit }
        case .suppress: suppress(registers + a, registers[instruction.b])
        case .replaceCompletion:
          registers[a + 1] = registers[instruction.b]
          registers[a] = .int(1)
        case .jumpUnlessFailed:
          if !hasFailed(registers + a) { pc += instruction.immediate }
        case .dispatch:
          guard case .int(let completion) = registers[a], completion != 0 else {
            pc += instruction.b
            continue
          }
          if completion == 1 {
            let error = registers[a + 1]
            registers[a + 1] = .nil
            try reraise(error)
            continue
          }
          // Then follows one jump for each exit.
          pc += completion - 2

        // MARK: Tasks
        case .spawn:
          frame.pointee.pc = pc
          try spawn(registers + a, instruction, frame.pointee)
        case .await, .gather, .gatherFor, .retryWait, .retryFailed, .runCommand, .commandSource,
          .commandStage:
          frame.pointee.pc = pc
          if let exit = try waiting(instruction, registers, frame.pointee) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .retryBegin: try retryBegin(registers + a, instruction.flag)
        case .retryAttempt: try retryAttempt(registers + a, registers + instruction.b)
        case .keepRegister: keepRegister(registers + a, grows: instruction.flag & 1 != 0)
        case .retryAsk: retryAsk(registers[a], isAsking: instruction.flag == 1)
        case .retryIsRefused:
          registers[a] = .bool(isRefused(registers[instruction.b], registers[instruction.c]))
        case .retryRefuse: throw refused(registers[a], registers[instruction.b])
        case .retryGiveUp: retryGiveUp(registers[a], registers[instruction.b + 1])
        case .pipeSource:
          frame.pointee.pc = pc
          registers[a] = try pipeSource(registers[instruction.b], instruction.flag)
        case .pipeCollect:
          frame.pointee.pc = pc
          if let exit = try pipeCollect(a) { return exit }
          (fiber, frame, pc, registers, constants) = running()

        // MARK: Modules
        case .importModule:
          frame.pointee.pc = pc
          if let exit = try importModule(a, instruction.immediate) { return exit }
          (fiber, frame, pc, registers, constants) = running()
        case .defineKind:
          registers[a] = try defineKind(constants[instruction.b], registers[instruction.c], frame.pointee)
        }
      }
    } catch {
      // What handles the error has to know where it happened.
      frame.pointee.pc = pc
      throw error
    }
  }

  // MARK: Checkpoints
  /// At a loop's turn or a call: whether others are to run now. Raises `Cancelled` if the strand is to stop.
  @inline(__always)
  private func isSliceOver(_ fuel: inout Int, _ interrupts: UnsafePointer<Atomic<Bool>>) throws(Raised)
    -> Bool
  {
    fuel -= 1
    guard fuel <= 0 || interrupts.pointee.load(ordering: .relaxed) else { return false }
    if try checkpoint() { fuel = 0 }
    guard fuel <= 0 else { return false }
    fuel = Self.slice
    return true
  }
}
