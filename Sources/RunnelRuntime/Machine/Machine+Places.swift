// Changing what a variable holds: through keys and indexes, and by methods. Every step down takes the next object
// in place where this is its only reference, and copies it first where it is not (copy-on-write).

import RunnelCompiler

extension Machine {
  // MARK: One step

  func setIndex(_ base: UnsafeMutablePointer<Value>, _ key: Value, _ value: UnsafeMutablePointer<Value>)
    throws(Raised)
  {
    let new = value.pointee
    if key.objectTag == .list { _ = try keyHash(key, strand: strand) }
    if fiber.undoLog != nil { noteSetting(of: key, in: base) }
    let isCopied = base.isObject && !Value.isUnique(&base.pointee)
    try Self.assign(&base.pointee, key, new)
    value.pointee = .nil
    // A copy may take long.
    if isCopied { lookAtClock() }
  }

  func setMapField(_ base: UnsafeMutablePointer<Value>, _ name: Value, _ value: UnsafeMutablePointer<Value>)
    throws(Raised)
  {
    let new = value.pointee
    if fiber.undoLog != nil { noteSetting(of: name, in: base) }
    try Self.assign(&base.pointee, name, new, isField: true)
    value.pointee = .nil
  }

  /// `base[key] = value`, or `base.key = value`.
  @inline(__always)
  private static func assign(_ base: inout Value, _ key: Value, _ value: Value, isField: Bool = false)
    throws(Raised)
  {
    try step(into: &base, key, isField: isField, mayAdd: true) { (place: inout Value) throws(Raised) in
      place = value
    }
  }

  /// Gives the place of a key in a container to `change`.
  private static func step(
    into base: inout Value, _ key: Value, isField: Bool, mayAdd: Bool,
    _ change: (inout Value) throws(Raised) -> Void
  ) throws(Raised) {
    guard let tag = base.objectTag else { throw notChangeable(base, key, isField) }
    switch tag {
    case .list where !isField:
      guard case .int(let index) = key else {
        throw Raised(.typeError, "a list's index is an int, not \(key.typeName)")
      }
      let count = base.list?.items.count ?? 0
      guard let position = Indexing.position(index, in: count) else {
        throw Raised(.indexError, "index \(index) is out of range: the list has \(count) items")
      }
      guard let list = Value.uniqueList(in: &base) else { return }
      try change(&list.items[position])
    case .map:
      let hash = try requireKey(key)
      guard let map = Value.uniqueMap(in: &base) else { return }
      if let position = map.storage.position(of: key, hash: hash) {
        try change(&map.storage[position: position])
      } else if mayAdd {
        var value = Value.nil
        try change(&value)
        map.storage.append(key, hash: hash, value)
      } else {
        throw Indexing.missingKey(key, in: map.storage)
      }
    default: throw notChangeable(base, key, isField)
    }
  }

  private static func notChangeable(_ base: Value, _ key: Value, _ isField: Bool) -> Raised {
    let part = isField ? "field `\(key.string?.text ?? "")`" : "an item"
    return Raised(.typeError, "\(part) of \(base.typeName) cannot be assigned")
  }

  // MARK: Paths

  private func descriptor(_ instruction: Instruction, _ frame: Frame) -> PlaceDescriptor? {
    let function = frame.function.takeUnretainedValue()
    guard case .place(let place) = function.code.constants[instruction.b] else { return nil }
    return place
  }

  /// The keys of a place's steps: names from the descriptor, indexes from registers.
  private func keys(_ place: PlaceDescriptor, _ first: UnsafeMutablePointer<Value>) -> [(
    key: Value, isField: Bool
  )] {
    var next = 0
    return place.steps.map { step in
      switch step {
      case .field(let name): return (.string(name), true)
      case .index:
        defer { next += 1 }
        return (first[next], false)
      }
    }
  }

  func placeSet(_ instruction: Instruction, _ registers: UnsafeMutablePointer<Value>, _ frame: Frame)
    throws(Raised)
  {
    guard let place = descriptor(instruction, frame) else { return }
    let value = registers[instruction.c]
    let keys = keys(place, registers + instruction.a)
    try set(place, keys, value, frame)
    registers[instruction.c] = .nil
  }

  private func set(
    _ place: PlaceDescriptor, _ keys: [(key: Value, isField: Bool)], _ value: Value, _ frame: Frame
  )
    throws(Raised)
  {
    if case .environment = place.base { return try setEnvironment(keys, value) }
    for (key, _) in keys where key.list != nil { _ = try keyHash(key, strand: strand) }
    if fiber.undoLog != nil { noteSetting(place.base, keys.map(\.key), frame) }
    try change(place, frame) { (root: inout Value) throws(Raised) in
      try Self.descend(&root, keys[...], mayAdd: true) { (target: inout Value) throws(Raised) in
        target = value
      }
    }
  }

  private static func descend(
    _ root: inout Value, _ keys: ArraySlice<(key: Value, isField: Bool)>, mayAdd: Bool,
    _ change: (inout Value) throws(Raised) -> Void
  ) throws(Raised) {
    guard let first = keys.first else { return try change(&root) }
    let rest = keys.dropFirst()
    try step(into: &root, first.key, isField: first.isField, mayAdd: mayAdd && rest.isEmpty) {
      (inner: inout Value) throws(Raised) in
      try descend(&inner, rest, mayAdd: mayAdd, change)
    }
  }

  /// Gives the variable itself to `body`.
  private func change(_ place: PlaceDescriptor, _ frame: Frame, _ body: (inout Value) throws(Raised) -> Void)
    throws(Raised)
  {
    let registers = fiber.registers + frame.base
    switch place.base {
    case .register(let register): try body(&registers[register])
    case .cell(let register): try change(registers[register], body)
    case .upvalueCell(let index): try change(frame.closure.takeUnretainedValue().upvalues[index], body)
    case .global(let number):
      if fiber.globals.values[number].isMissing { throw uninitialisedGlobal(number) }
      try prepareChange(ofGlobal: number)
      try body(&fiber.globals.values[number])
    case .environment: break
    }
  }

  private func change(_ target: Value, _ body: (inout Value) throws(Raised) -> Void) throws(Raised) {
    guard let cell = target.cell else { return }
    _ = try readCell(target)
    guard cell.owner == fiber.id else {
      throw Raised(.isolationError, "this variable belongs to another task")
    }
    try body(&cell.value)
  }

  private func setEnvironment(_ keys: [(key: Value, isField: Bool)], _ value: Value) throws(Raised) {
    guard keys.count == 1, let name = keys[0].key.string else {
      throw Raised(.typeError, "the environment has names and strings, nothing deeper")
    }
    if value.isNil {
      strand.changeContext { $0.environment.remove(.object(name)) }
      return
    }
    guard value.string != nil else {
      throw Raised(.typeError, "`env.\(name.text)` takes a string, not \(value.typeName); write `str(…)`")
    }
    if value.string?.text.utf8.contains(0) == true {
      throw Raised(.valueError, "the value of `env.\(name.text)` cannot hold a NUL character")
    }
    guard !name.text.isEmpty, !name.text.utf8.contains(0), !name.text.utf8.contains(UInt8(ascii: "=")) else {
      throw Raised(.valueError, "`\(name.text)` cannot be the name of an environment variable")
    }
    strand.changeContext { $0.environment.set(.object(name), value) }
  }

  func placeGet(_ instruction: Instruction, _ registers: UnsafeMutablePointer<Value>, _ frame: Frame)
    throws(Raised)
  {
    guard let place = descriptor(instruction, frame) else { return }
    registers[instruction.c] = try value(of: place, keys(place, registers + instruction.a), frame)
  }

  private func value(of place: PlaceDescriptor, _ keys: [(key: Value, isField: Bool)], _ frame: Frame)
    throws(Raised) -> Value
  {
    let registers = fiber.registers + frame.base
    var value: Value
    switch place.base {
    case .register(let register): value = registers[register]
    case .cell(let register): value = try readCell(registers[register])
    case .upvalueCell(let index): value = try readCell(frame.closure.takeUnretainedValue().upvalues[index])
    case .global(let number):
      value = fiber.globals.values[number]
      if value.isMissing { throw uninitialisedGlobal(number) }
    case .environment: value = .object(EnvironmentObject.shared)
    }
    for (key, isField) in keys { value = isField ? try field(value, key) : try index(value, key) }
    return value
  }

  // MARK: Methods

  /// Calls a method on a place. Its registers: the result's, the keys, the arguments. Where the type's method of
  /// that name changes nothing, this is a call like any other.
  func placeCall(_ instruction: Instruction, _ registers: UnsafeMutablePointer<Value>, _ frame: Frame)
    throws(Raised)
    -> MachineExit?
  {
    let function = frame.function.takeUnretainedValue()
    guard let place = descriptor(instruction, frame),
      let row = function.methods[instruction.b]?.takeUnretainedValue()
    else {
      return nil
    }
    let a = instruction.a
    let keyCount = place.keyCount
    let first = a + 1 + keyCount
    // The commonest case by far, without looking at the rest: `xs.push(x)` on a list in a register.
    if place.steps.isEmpty, place.shape == nil, case .register(let register) = place.base,
      let native = row.method(for: registers[register]), case .mutating(let body) = native.body
    {
      return try callMutating(native, body, place, &registers[register], frame, a, first)
    }
    let keys = keys(place, registers + a + 1)
    var receiver = try value(of: place, keys, frame)
    if let native = row.method(for: receiver), native.changesReceiver {
      let (positional, keywords) = try takeArguments(place, first)
      let (arguments, rest) = try bind(native, positional, keywords)
      switch native.body {
      case .mutating(let body):
        try mutate(native, body, &receiver, place, keys, frame, a, arguments, rest)
      case .mutatingEither(let when, let prelude, let body):
        if Self.holds(native, strand, [receiver] + arguments, rest, when) {
          try callPreludeMutating(native, prelude, [receiver] + arguments, rest, place, first)
        } else {
          try mutate(native, body, &receiver, place, keys, frame, a, arguments, rest)
        }
      case .preludeMutating(let name):
        try callPreludeMutating(native, name, [receiver] + arguments, rest, place, first)
      default: break
      }
      return nil
    }
    // An ordinary method: move the arguments next to the receiver.
    if strand.chance != nil, keyCount == 0, let exit = givingWay() { return exit }
    registers[a] = receiver
    let count = place.shape?.arguments.count ?? place.argumentCount
    if keyCount > 0 {
      for index in 0..<count {
        registers[a + 1 + index] = registers[first + index]
        registers[first + index] = .nil
      }
    }
    if let shape = place.shape { return try callShape(a, shape, method: (row, false)) }
    return try callMethod(a, row, count: count, isOptional: false)
  }

  private func callMutating(
    _ native: NativeFunction, _ body: (inout Value, borrowing NativeCall) throws(Raised) -> Value,
    _ place: PlaceDescriptor, _ receiver: inout Value, _ frame: Frame, _ a: Int, _ first: Int
  ) throws(Raised) -> MachineExit? {
    let registers = fiber.registers + frame.base
    let count = place.argumentCount
    guard native.arity.allows(count + 1) else {
      throw Raised(.arityError, "`\(native.signature)` does not take \(count) arguments")
    }
    // Mutating methods count their arguments from 1, as all methods do; 0 is the receiver.
    registers[first - 1] = .nil
    let call = NativeCall(
      function: .passUnretained(native), strand: .passUnretained(strand), first: registers + first - 1,
      count: count + 1)
    if fiber.undoLog != nil { noteCall(native, on: receiver, call, place.base, [], frame) }
    let result = try body(&receiver, call)
    lookAtClock()
    for index in 0..<count { registers[first + index] = .nil }
    registers[a] = result
    return nil
  }

  /// Takes the arguments of a call on a place out of their registers.
  private func takeArguments(_ place: PlaceDescriptor, _ first: Int) throws(Raised) -> (
    positional: [Value], keywords: [(name: String, value: Value)]
  ) {
    let registers = fiber.registers + fiber.frames[fiber.frameCount - 1].base
    let count = place.shape?.arguments.count ?? place.argumentCount
    var positional: [Value] = []
    var keywords: [(name: String, value: Value)] = []
    for index in 0..<count {
      let value = registers[first + index]
      registers[first + index] = .nil
      switch place.shape?.arguments[index] ?? .positional {
      case .positional: positional.append(value)
      case .keyword(let name): keywords.append((name, value))
      case .spread:
        guard let list = value.list else {
          throw Raised(.typeError, "`...` takes a list here, not \(value.typeName)")
        }
        positional += list.items
      }
    }
    return (positional, keywords)
  }

  /// Calls a mutating method on the value in a place. `receiver` is that value, and is let go first: it would count.
  private func mutate(
    _ native: NativeFunction, _ body: (inout Value, borrowing NativeCall) throws(Raised) -> Value,
    _ receiver: inout Value, _ place: PlaceDescriptor, _ keys: [(key: Value, isField: Bool)], _ frame: Frame,
    _ a: Int,
    _ arguments: [Value],
    _ rest: [Value]
  ) throws(Raised) {
    var result = Value.nil
    if fiber.undoLog != nil {
      _ = try call(native, [.nil] + arguments, rest) { call throws(Raised) in
        noteCall(native, on: receiver, call, place.base, keys.map(\.key), frame)
        return .nil
      }
    }
    receiver = .nil
    try change(place, frame) { (root: inout Value) throws(Raised) in
      try Self.descend(&root, keys[...], mayAdd: false) { (target: inout Value) throws(Raised) in
        result = try call(native, [.nil] + arguments, rest) { call throws(Raised) in
          try body(&target, call)
        }
      }
    }
    (fiber.registers + frame.base)[a] = result
  }

  /// A mutating method of the prelude: its result is the receiver's new value, which `writeBack` puts in place. The keys
  /// stay where they are, below the callee, where `writeBack` reads them again.
  private func callPreludeMutating(
    _ native: NativeFunction, _ name: String, _ arguments: [Value], _ rest: [Value], _ place: PlaceDescriptor,
    _ first: Int
  ) throws(Raised) {
    let callee = first + (place.shape?.arguments.count ?? place.argumentCount)
    fiber.ensure(registers: fiber.frames[fiber.frameCount - 1].base + callee + arguments.count + 4)
    try enterForWriteBack(native, name, callee, arguments, rest)
  }

  /// The prelude function of a mutating method has given the receiver's new value.
  func writeBack(_ value: Value, at absolute: Int) throws(Raised) {
    let frame = fiber.frames[fiber.frameCount - 1]
    let function = frame.function.takeUnretainedValue()
    let registers = fiber.registers + frame.base
    fiber.registers[absolute] = .nil
    let instruction = (frame.pc - 1).pointee
    guard instruction.opcode == .placeCall, case .place(let place) = function.code.constants[instruction.b]
    else { return }
    registers[instruction.a] = .nil
    try set(place, keys(place, registers + instruction.a + 1), value, frame)
  }
}
