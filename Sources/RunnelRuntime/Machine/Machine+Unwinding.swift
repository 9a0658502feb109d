// Errors on their way: traces, handlers, the frames and fibers that they leave.

import RunnelCompiler
import RunnelScheduler
import RunnelSyntax

extension Machine {
  enum Unwound {
    /// A handler has taken the error: the loop goes on.
    case handled
    case exit(MachineExit)
  }

  /// Finds who handles an error, from the running frame outwards. A frame whose function is a scope is left only when
  /// its tasks have ended.
  func unwind(_ first: ErrorObject) -> Unwound {
    var error = first
    if !error.hasTrace { addRaisePlace(to: error) }
    while true {
      let frame = fiber.frames + (fiber.frameCount - 1)
      let function = frame.pointee.function.takeUnretainedValue()
      let offset = frame.pointee.pc - UnsafePointer(function.instructions) - 1
      if !frame.pointee.flags.contains(.isEnding), let handler = handler(in: function, at: offset) {
        let registers = fiber.registers + frame.pointee.base
        if handler.isCompletion {
          registers[Int(handler.register)] = .int(1)
          registers[Int(handler.register) + 1] = .object(error)
        } else {
          registers[Int(handler.register)] = .object(error)
        }
        frame.pointee.pc = UnsafePointer(function.instructions) + Int(handler.target)
        return .handled
      }
      if frame.pointee.flags.contains(.hasScope) {
        frame.pointee.flags.insert(.isEnding)
        guard let scope = fiber.scopes.last else { break }
        if let wait = joinWait(scope, failing: true) {
          resumption = .custom { _, _ throws(Raised) in throw Raised(error) }
          return .exit(wait)
        }
        error = outcome(of: scope, failingWith: error)
        if let wait = closingWait(scope) {
          resumption = .custom { _, _ throws(Raised) in throw Raised(error) }
          return .exit(wait)
        }
        if let unwritten = close(scope) { error.add(suppressed: unwritten) }
        frame.pointee.flags.remove(.hasScope)
      }
      let base = frame.pointee.base
      fiber.clear(from: base - 1, count: function.registerCount + 1)
      fiber.frameCount -= 1
      if fiber.frameCount == 0 {
        if let place = fiber.stagePlace { error.add(stage: { place.stageEntry }) }
        guard let reader = leaveGenerator(failing: error) else { return .exit(.failed(error)) }
        if reader.isQuiet { return .handled }
      }
      addCall(to: error)
    }
    return .exit(.failed(error))
  }

  private func handler(in function: LoadedFunction, at offset: Int) -> FunctionCode.Handler? {
    let offset = Int32(offset)
    for handler in function.code.handlers where handler.start <= offset && offset < handler.end {
      return handler
    }
    return nil
  }

  // MARK: Traces

  private func addRaisePlace(to error: ErrorObject) { note(.raised, in: error) }

  /// Notes a place that an error has passed through: where the running frame stands.
  func note(_ role: TraceEntry.Role, in error: ErrorObject) {
    error.add(place: { place(ofFrame: fiber.frameCount - 1, role: role) })
  }

  /// Notes the call that the error has passed through: the frame that is now the top.
  private func addCall(to error: ErrorObject) {
    note(.called, in: error)
  }

  /// The place that a frame is at; nil in the prelude, which is no business of the script's.
  func place(ofFrame index: Int, role: TraceEntry.Role) -> TraceEntry? {
    var index = index
    while index >= 0 {
      let frame = fiber.frames[index]
      let function = frame.function.takeUnretainedValue()
      if !function.isPrelude {
        return CodePlace(function: frame.function, pc: frame.pc).entry(role)
      }
      if role == .called { return nil }
      index -= 1
    }
    return nil
  }

  /// Where the script is, for what it may be asked later.
  var scriptPlace: CodePlace? {
    for index in stride(from: fiber.frameCount - 1, through: 0, by: -1) {
      let frame = fiber.frames[index]
      if !frame.function._withUnsafeGuaranteedRef({ $0.isPrelude }) {
        return CodePlace(function: frame.function, pc: frame.pc)
      }
    }
    return nil
  }

  // MARK: Raising

  /// `raise x`: an error, or a kind by itself.
  func raising(_ value: Value, cause: Value?) throws(Raised) -> Raised {
    let error: ErrorObject
    if let given = value.error {
      error = given
    } else if let kind = value.kind {
      error = ErrorObject(kind, "")
    } else {
      throw Raised(
        .typeError, "cannot raise \(value.typeName): only errors can be raised, such as `Error(\"…\")`")
    }
    if let cause {
      guard let causeError = cause.error else {
        throw Raised(.typeError, "a cause is an error, not \(cause.typeName)")
      }
      if causeError !== error { error.set(cause: causeError) }
    }
    return Raised(error)
  }

  func stackOverflow() -> Raised {
    Raised(.stackOverflow, "calls are nested more than \(Fiber.frameLimit) deep")
  }

  func notABool(_ value: Value) -> Raised {
    Raised(.typeError, "a condition is true or false, not \(value.typeName) (\(brief(value, limit: 40)))")
  }

  func uninitialised(_ name: Value) -> Raised {
    Raised(.nameError, "`\(name.string?.text ?? "")` has no value yet")
  }

  func uninitialisedGlobal(_ number: Int) -> Raised {
    let names = strand.interpreter.globalNames
    return Raised(.nameError, "`\(number < names.count ? names[number] : "")` has no value yet")
  }

  func assertionFailure(_ instruction: Instruction, _ registers: UnsafeMutablePointer<Value>, _ frame: Frame)
    throws(Raised) -> Raised
  {
    let function = frame.function.takeUnretainedValue()
    guard case .assertion(let assertion) = function.code.constants[instruction.b] else {
      return Raised(.assertionError, "")
    }
    let a = instruction.a
    var message = assertion.text
    if let comparison = assertion.comparison {
      message += ": \(brief(registers[a + 1])) \(comparison) \(brief(registers[a + 2])) does not hold"
    }
    if !registers[a].isNil { message = try describe(registers[a], strand: strand) + " (\(message))" }
    return Raised(.assertionError, message)
  }

  func destructureFailure(_ value: Value, _ pattern: Value) -> Raised {
    Raised(.matchError, "\(brief(value)) does not fit the pattern `\(pattern.string?.text ?? "")`")
  }

  /// An error raised while another passes joins it; while `Cancelled` stops the whole task it takes its place (language.md §5).
  func suppress(_ completion: UnsafeMutablePointer<Value>, _ value: Value) {
    guard let error = value.error else { return }
    guard case .int(1) = completion[0], let passing = completion[1].error else {
      completion[0] = .int(1)
      completion[1] = .object(error)
      return
    }
    if passing === error { return }
    if error.kind === ErrorKind.exit {
      completion[1] = .object(error)
      return
    }
    // Its cleanup was itself stopped: then what passes goes on.
    if error.kind === ErrorKind.cancelled { return }
    // A generator that its reader closes is left by it in any case: the reader goes on with what it raises.
    let takesItsPlace =
      passing.kind === ErrorKind.exit
      || (passing.kind === ErrorKind.cancelled && (fiber.state == .closing || !isStoppedWithinTask))
    guard takesItsPlace else { return passing.add(suppressed: error) }
    // What tasks raised while they were stopped goes on with it.
    for other in passing.suppressed { error.add(suppressed: other) }
    completion[1] = .object(error)
  }

  /// Whether what stops the running code is a scope of its own task, so that the task itself goes on after that scope.
  private var isStoppedWithinTask: Bool {
    let scope = fiber.innermostScope
    let cause = strand.interpreter.tree.withLock {
      Scope.cancellation(reaching: scope, now: strand.interpreter.scheduler.now)
    }
    guard let cause else { return false }
    return cause.strand === strand && cause !== strand.root
  }
}
