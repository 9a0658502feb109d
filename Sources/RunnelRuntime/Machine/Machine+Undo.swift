// Noting changes for `retry` before they are made: see `UndoLog`.

import RunnelCompiler

extension Machine {
  /// An assignment to a register is about to follow.
  ///
  /// - Parameter grows: by `+=`, which lengthens a list, a text or bytes in place.
  func keepRegister(_ register: UnsafeMutablePointer<Value>, grows: Bool) {
    guard let log = fiber.undoLog else { return }
    let variable = UndoLog.Variable.register(register - fiber.registers)
    if grows, let length = register.pointee.growingLength {
      log.note(variable, holding: register.pointee, at: [], [.truncate(length)])
    } else {
      log.keep(variable, register.pointee)
    }
  }

  /// What is in a register is about to get a value under a key.
  func noteSetting(of key: Value, in register: UnsafeMutablePointer<Value>) {
    guard let log = fiber.undoLog, register - fiber.registers < log.floor else { return }
    Self.noteSetting(log, .register(register - fiber.registers), register.pointee, [key])
  }

  /// A place is about to get a value.
  func noteSetting(_ base: PlaceDescriptor.Base, _ path: [Value], _ frame: Frame) {
    guard let log = fiber.undoLog, let (variable, value) = variable(base, log, frame) else { return }
    Self.noteSetting(log, variable, value, path)
  }

  private static func noteSetting(
    _ log: UndoLog, _ variable: UndoLog.Variable, _ value: Value, _ path: [Value]
  ) {
    guard let last = path.last else { return log.keep(variable, value) }
    let ways = Array(path.dropLast())
    var container = value
    // What is not there makes the setting fail.
    for key in ways {
      guard let next = item(of: container, key) else { return }
      container = next
    }
    if let old = item(of: container, last) {
      log.note(variable, holding: value, at: path, [.put(old)])
    } else if container.map != nil {
      log.note(variable, holding: value, at: ways, [.removeKey(last)])
    }
  }

  private static func item(of container: Value, _ key: Value) -> Value? {
    if let map = container.map { return map.storage[key] }
    guard let items = container.list?.items, case .int(let index) = key else { return nil }
    return Indexing.position(index, in: items.count).map { items[$0] }
  }

  /// What a place holds is about to be changed by a method.
  func noteCall(
    _ native: NativeFunction, on receiver: Value, _ arguments: borrowing NativeCall,
    _ base: PlaceDescriptor.Base, _ path: [Value], _ frame: Frame
  ) {
    guard let log = fiber.undoLog, let (variable, value) = variable(base, log, frame) else { return }
    if let inverses = native.inverses?(receiver, arguments) {
      log.note(variable, holding: value, at: path, inverses)
    } else if path.isEmpty {
      log.keep(variable, value)
    } else {
      log.note(variable, holding: value, at: path, [.put(receiver)])
    }
  }

  /// What `+=` lengthens in place, in a module's variable or in a captured one, is about to leave it for that.
  func noteGrowing(_ variable: UndoLog.Variable, _ value: Value) {
    guard let log = fiber.undoLog, let length = value.growingLength else { return }
    log.note(variable, holding: value, at: [], [.truncate(length)])
  }

  /// The variable of a place and what it holds; nil if it is none that the attempt found.
  private func variable(_ base: PlaceDescriptor.Base, _ log: UndoLog, _ frame: Frame) -> (
    UndoLog.Variable, Value
  )? {
    switch base {
    case .register(let register):
      let number = frame.base + register
      return number < log.floor ? (.register(number), fiber.registers[number]) : nil
    case .cell(let register): return cell(fiber.registers[frame.base + register])
    case .upvalueCell(let index): return cell(frame.closure.takeUnretainedValue().upvalues[index])
    case .global(let number):
      return fiber.ownsGlobals ? (.global(number), fiber.globals.values[number]) : nil
    case .environment: return nil
    }
  }

  private func cell(_ value: Value) -> (UndoLog.Variable, Value)? {
    guard let cell = value.cell, cell.owner == fiber.id else { return nil }
    return (.cell(cell), cell.value)
  }
}

extension Value {
  /// How much of it there is, where `+=` adds to it in place: a list's items, a text's or bytes' bytes.
  fileprivate var growingLength: Int? {
    list?.items.count ?? string?.byteCount ?? bytes?.bytes.count
  }
}
