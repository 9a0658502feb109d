// Operators and literals that the loop does not do itself.

import RunnelCompiler
import RunnelScheduler
import RunnelSyntax

extension Machine {
  // MARK: Variables

  func setGlobal(_ number: Int, _ value: Value) throws(Raised) {
    try prepareChange(ofGlobal: number)
    // A variable that begins is none that an attempt found.
    if let log = fiber.undoLog, !fiber.globals.values[number].isMissing {
      log.keep(.global(number), fiber.globals.values[number])
    }
    fiber.globals.values[number] = value
  }

  /// Before a global is changed: checks that this task may.
  func prepareChange(ofGlobal number: Int) throws(Raised) {
    guard fiber.ownsGlobals else { throw foreignGlobal(number) }
    fiber.makeGlobalsUnique()
  }

  private func foreignGlobal(_ number: Int) -> Raised {
    let names = strand.interpreter.globalNames
    return isolation(number < names.count ? names[number] : "")
  }

  private func isolation(_ name: String) -> Raised {
    let what = name.isEmpty ? "this variable" : "`\(name)`"
    return Raised(
      .isolationError,
      "\(what) belongs to another task; make it a `let`, share it with `shared(…)`, or pass it as an argument"
    )
  }

  func readCell(_ value: Value) throws(Raised) -> Value {
    guard let cell = value.cell else { return value }
    guard cell.owner == fiber.id || cell.owner == Cell.anyone else { throw isolation("") }
    return cell.value
  }

  func writeCell(_ target: Value, _ value: Value) throws(Raised) {
    guard let cell = target.cell else { return }
    guard cell.owner == fiber.id else { throw isolation("") }
    fiber.undoLog?.keep(.cell(cell), cell.value)
    cell.value = value
  }

  func makeClosure(
    _ number: Int, _ frame: Frame, _ registers: UnsafeMutablePointer<Value>
  ) throws(Raised) -> Value {
    let maker = frame.function.takeUnretainedValue()
    let function = maker.module.functions[number]
    var upvalues: [Value] = []
    upvalues.reserveCapacity(function.code.captures.count)
    for capture in function.code.captures {
      switch capture {
      case .register(let register): upvalues.append(registers[register])
      case .upvalue(let index): upvalues.append(frame.closure.takeUnretainedValue().upvalues[index])
      case .current: upvalues.append(.object(frame.closure.takeUnretainedValue()))
      case .snapshotOfRegister(let register):
        upvalues.append(registers[register].cell?.value ?? registers[register])
      case .snapshotOfUpvalue(let index):
        let value = frame.closure.takeUnretainedValue().upvalues[index]
        if let cell = value.cell, !mayRead(cell) { throw isolation("") }
        upvalues.append(value.cell?.value ?? value)
      }
    }
    return .object(Closure(function, upvalues: upvalues))
  }

  /// Whether a cell belongs to this task: to the fiber that runs, or to one that reads it.
  func mayRead(_ cell: Cell) -> Bool {
    if cell.owner == Cell.anyone { return true }
    var current: Fiber? = fiber
    while let one = current {
      if one.id == cell.owner { return true }
      current = one.reader
    }
    return false
  }

  // MARK: Arithmetic

  func arithmetic(
    _ operation: ArithmeticOperator, _ registers: UnsafeMutablePointer<Value>, _ instruction: Instruction
  )
    throws(Raised)
  {
    registers[instruction.a] = try binary(operation, registers[instruction.b], registers[instruction.c])
  }

  func arithmeticImmediate(
    _ operation: ArithmeticOperator, _ registers: UnsafeMutablePointer<Value>, _ instruction: Instruction
  ) throws(Raised) {
    let right = instruction.signedC
    if operation == .add, right < 0 {
      // Written as a subtraction.
      registers[instruction.a] = try binary(.subtract, registers[instruction.b], .int(-right))
    } else {
      registers[instruction.a] = try binary(operation, registers[instruction.b], .int(right))
    }
  }

  // MARK: Comparing

  @inline(__always)
  func isEqual(_ a: Value, _ b: Value) throws(Raised) -> Bool {
    switch (a, b) {
    case (.int(let x), .int(let y)): x == y
    case (.nil, .nil): true
    case (.bool(let x), .bool(let y)): x == y
    default: try valuesEqual(a, b, strand: strand)
    }
  }

  /// `flag` 1: the operands were swapped, for messages.
  @inline(__always)
  func isLess(_ a: Value, _ b: Value, _ flag: UInt8) throws(Raised) -> Bool {
    switch (a, b) {
    case (.int(let x), .int(let y)): x < y
    case (.float(let x), .float(let y)): x < y
    default: try order(a, b, flag).map { $0 < 0 } ?? false
    }
  }

  @inline(__always)
  func isLessOrEqual(_ a: Value, _ b: Value, _ flag: UInt8) throws(Raised) -> Bool {
    switch (a, b) {
    case (.int(let x), .int(let y)): x <= y
    case (.float(let x), .float(let y)): x <= y
    default: try order(a, b, flag).map { $0 <= 0 } ?? false
    }
  }

  @inline(never)
  private func order(_ a: Value, _ b: Value, _ flag: UInt8) throws(Raised) -> Int? {
    if flag == 1 { return try orderOf(b, a, strand: strand).map { -$0 } }
    return try orderOf(a, b, strand: strand)
  }

  // MARK: Building

  func makeList(_ first: UnsafeMutablePointer<Value>, count: Int) -> Value {
    var items: [Value] = []
    items.reserveCapacity(count)
    for index in 0..<count {
      items.append(first[index])
      first[index] = .nil
    }
    return .list(items)
  }

  func appendToList(_ list: UnsafeMutablePointer<Value>, _ item: UnsafeMutablePointer<Value>) {
    list.pointee.list?.items.append(item.pointee)
    item.pointee = .nil
  }

  func setMap(_ map: UnsafeMutablePointer<Value>, key: Value, value: UnsafeMutablePointer<Value>)
    throws(Raised)
  {
    let hash = try requireKey(key, strand: strand)
    map.pointee.map?.storage.set(key, hash: hash, value.pointee)
    value.pointee = .nil
  }

  func spreadMap(_ map: UnsafeMutablePointer<Value>, _ other: Value) throws(Raised) {
    let source: MapStorage
    if let given = other.map {
      source = given.storage
    } else if case .object(let object) = other, object.tag == .environment {
      source = strand.environment
    } else {
      throw Raised(.typeError, "`...` in a map takes a map, not \(other.typeName)")
    }
    try map.pointee.map?.storage.merge(source, strand)
  }

  func makeString(_ first: UnsafeMutablePointer<Value>, count: Int) throws(Raised) -> Value {
    var text = ""
    for index in 0..<count {
      if case .object(let object) = first[index], object.tag == .string {
        let part = unsafeDowncast(object, to: StringObject.self).text
        try checkTextLength(text.utf8.count, part.utf8.count)
        text += part
      } else {
        let part = try describe(first[index], strand: strand)
        try checkTextLength(text.utf8.count, part.utf8.count)
        text += part
      }
      first[index] = .nil
    }
    return .string(text)
  }

  func format(_ value: Value, _ spec: Value) throws(Raised) -> Value {
    guard let text = spec.string?.text else { return value }
    return .string(try FormatSpec(parsing: text).apply(value, strand: strand))
  }

  func makeRange(_ lower: Value, _ upper: Value, inclusive: Bool) throws(Raised) -> Value {
    switch (lower, upper) {
    case (.int(let a), .int(let b)): return .object(RangeObject(lower: a, upper: b, inclusive: inclusive))
    case (.duration(let a), .duration(let b)):
      return .object(RangeObject(lower: a, upper: b, inclusive: inclusive, isDuration: true))
    default:
      throw Raised(
        .typeError, "a range goes from int to int, not from \(lower.typeName) to \(upper.typeName)")
    }
  }

  // MARK: Reading parts

  func containment(_ item: Value, _ container: Value) throws(Raised) -> Bool {
    if case .object(let object) = container, object.tag == .environment {
      return strand.environment[item] != nil
    }
    return try contains(item, in: container, strand: strand)
  }

  func index(_ base: Value, _ key: Value) throws(Raised) -> Value {
    if case .object(let object) = base {
      switch object.tag {
      case .environment:
        guard let name = key.string else { throw Raised(.typeError, "the environment's names are strings") }
        return try environmentValue(name)
      case .module: throw Raised(.typeError, "a module's members are read by `.name`")
      default: break
      }
    }
    return try indexValue(base, key, strand: strand)
  }

  func indexOptional(_ base: Value, _ key: Value) throws(Raised) -> Value {
    if base.isNil { return .nil }
    do throws(Raised) {
      return try index(base, key)
    } catch {
      if error.error.kind === ErrorKind.keyError || error.error.kind === ErrorKind.indexError { return .nil }
      throw error
    }
  }

  func slice(_ base: Value, _ bounds: UnsafeMutablePointer<Value>, _ flag: UInt8) throws(Raised) -> Value {
    if flag & 2 != 0, base.isNil { return .nil }
    return try sliceValue(base, lower: bounds[0], upper: bounds[1], inclusive: flag & 1 != 0, strand: strand)
  }

  private func environmentValue(_ name: StringObject) throws(Raised) -> Value {
    if let value = strand.environment[.object(name)] { return value }
    throw Raised(
      .keyError,
      "the environment has no `\(name.text)`"
        + suggestion(name.text, strand.environment.compactMap { $0.key.string?.text }))
  }

  /// `base.name`.
  func field(_ base: Value, _ name: Value) throws(Raised) -> Value {
    guard let name = name.string else { return .nil }
    if let value = try fieldIfAny(base, name) { return value }
    switch base {
    case .object(let object) where object.tag == .map:
      throw Raised(
        .keyError,
        "the map has no key `\(name.text)`"
          + suggestion(
            name.text, unsafeDowncast(object, to: MapObject.self).storage.compactMap { $0.key.string?.text }))
    case .object(let object) where object.tag == .error:
      let error = unsafeDowncast(object, to: ErrorObject.self)
      throw Raised(
        .keyError,
        "\(error.kind.name) has no field `\(name.text)`"
          + suggestion(name.text, error.data.compactMap { $0.key.string?.text } + ErrorFields.names))
    case .object(let object) where object.tag == .environment: return try environmentValue(name)
    case .object(let object) where object.tag == .module:
      throw Raised(.typeError, "the module has no member `\(name.text)`")
    case .object(let object) where object.tag == .namespace:
      let group = unsafeDowncast(object, to: NamespaceObject.self).group
      throw Raised(
        .keyError,
        "`\(group.name)` has no `\(name.text)`" + suggestion(name.text, group.functions.map(\.name)))
    case .nil:
      throw Raised(.typeError, "nil has no `\(name.text)`; `?.\(name.text)` gives nil instead")
    default:
      let advice =
        Library.method(of: base.typeName, name: name.text) == nil
        ? "" : "; it is a method: call it with `()`"
      throw Raised(.typeError, "\(base.typeName) has no `\(name.text)`\(advice)")
    }
  }

  func fieldOptional(_ base: Value, _ name: Value) throws(Raised) -> Value {
    guard !base.isNil, let name = name.string else { return .nil }
    if let value = try fieldIfAny(base, name) { return value }
    if case .object(let object) = base {
      switch object.tag {
      case .map, .error, .environment, .namespace: return .nil
      default: break
      }
    }
    return try field(base, .object(name))
  }

  private func fieldIfAny(_ base: Value, _ name: StringObject) throws(Raised) -> Value? {
    switch base {
    case .duration(let nanoseconds): return DataLibrary.durationField(nanoseconds, name.text)
    case .object(let object):
      switch object.tag {
      case .map:
        let storage = unsafeDowncast(object, to: MapObject.self).storage
        return storage.position(of: name).map { storage[position: $0] }
      case .error: return ErrorFields.value(of: unsafeDowncast(object, to: ErrorObject.self), name)
      case .environment: return strand.environment[.object(name)]
      case .time: return DataLibrary.timeField(unsafeDowncast(object, to: TimeObject.self), name.text)
      case .module:
        let module = unsafeDowncast(object, to: ModuleObject.self).module
        guard let number = module.code.members[name.text] else { return nil }
        let value = fiber.globals.values[number]
        if value.isMissing { throw uninitialisedGlobal(number) }
        return value
      case .namespace:
        let group = unsafeDowncast(object, to: NamespaceObject.self).group
        if let constant = group.constants.first(where: { $0.name == name.text }) {
          return constant.value(strand)
        }
        return group.functions.first { $0.name == name.text }.map { .object($0) }
      case .task: return TaskFields.value(of: unsafeDowncast(object, to: TaskObject.self), name.text)
      case .lock where name.text == "locked":
        return .bool(unsafeDowncast(object, to: LockObject.self).isHeld)
      case .event where name.text == "is_set":
        return .bool(unsafeDowncast(object, to: EventObject.self).isSet)
      case .attempt: return unsafeDowncast(object, to: AttemptObject.self).field(name.text)
      case .command: return (object as? CommandObject)?.field(name.text)
      case .regex: return nil
      default: return nil
      }
    default: return nil
    }
  }
}

/// What every error has, beside the fields that it was raised with.
enum ErrorFields {
  static let names = ["kind", "message", "data", "cause", "suppressed", "notes", "trace"]

  static func value(of error: ErrorObject, _ name: StringObject) -> Value? {
    // What it was raised with hides none of an error's own fields: `e.data.kind` is that one.
    if !names.contains(name.text), let value = error.data[.object(name)] { return value }
    switch name.text {
    case "kind": return .string(error.kind.name)
    case "message": return .string(error.message)
    case "data": return .object(MapObject(error.data))
    case "cause": return error.cause.map { .object($0) } ?? .nil
    case "suppressed": return .list(error.suppressed.map { .object($0) })
    case "notes": return .list(error.notes.map { .string($0) })
    case "attempts": return error.attempts.map { .list($0) }
    case "trace":
      return .list(
        error.trace.map { entry in
          let place = entry.source.place(of: entry.span.start)
          return .record([
            "function": .string(entry.function), "file": .string(entry.source.name), "line": .int(place.line),
            "column": .int(place.column),
          ])
        })
    default: return nil
    }
  }
}

/// What a task's handle tells.
enum TaskFields {
  static func value(of task: TaskObject, _ name: String) -> Value? {
    task.interpreter.tree.withLock {
      switch name {
      case "id": return .int(task.id)
      case "name": return task.name.map { .string($0) } ?? .nil
      case "state": return .string(task.stateName)
      case "done": return .bool(!task.isRunning)
      case "error":
        guard case .failed(let error) = task.state else { return .nil }
        task.isObserved = true
        return .object(error.copied())
      case "duration":
        let end = task.ended ?? task.interpreter.scheduler.now
        return .duration(Int(end - task.began))
      default: return nil
      }
    }
  }
}

/// The nearest of some names, for hints.
func nearestName(_ name: String, among names: [String]) -> String? {
  NearestName.suggest(for: name, among: names)
}
