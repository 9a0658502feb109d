// Modules and error kinds as the running code declares them; the end of a pipeline.

import RunnelCompiler
import RunnelSyntax

extension Machine {
  /// Runs a module's top level the first time that it is imported; its value is the module.
  func importModule(_ a: Int, _ number: Int) throws(Raised) -> MachineExit? {
    let module = strand.interpreter.modules[number]
    let frame = fiber.frames[fiber.frameCount - 1]
    fiber.registers[frame.base + a] = .object(ModuleObject(module))
    guard !module.hasRun else { return nil }
    module.hasRun = true
    // Its top level runs as a call whose result nobody reads, in the registers above all of this function's.
    let callee = frame.base + frame.function.takeUnretainedValue().registerCount
    let main = Closure(module.functions[0], upvalues: [])
    fiber.ensure(registers: callee + 2)
    fiber.registers[callee] = .object(main)
    try push(main, base: callee + 1)
    return nil
  }

  func defineKind(_ name: Value, _ parent: Value, _ frame: Frame) throws(Raised) -> Value {
    guard let parent = parent.kind else {
      throw Raised(.typeError, "an error kind's parent is an error kind, not \(parent.typeName)")
    }
    let module = frame.function.takeUnretainedValue().source.name
    return .object(ErrorKind(name.string?.text ?? "", parent: parent, module: module))
  }

  /// The lines of an open file, as a stream.
  func fileLines(_ value: Value) throws(Raised) -> StreamObject {
    guard let file = value.object(.file, as: FileObject.self) else {
      throw Raised(.typeError, "this is no file")
    }
    return try file.lines()
  }

  // MARK: Pipelines

  /// What a stage reads: a stream of what stands before the `|` (language.md §14.0, §14.2).
  /// - Parameter flag: 0 for a source; 1 for what a stage gave, before another; 2 for what the last one gave, be it a stream or
  ///   something else.
  func pipeSource(_ value: Value, _ flag: UInt8) throws(Raised) -> Value {
    if flag != 0, let stream = value.object(.stream, as: StreamObject.self), stream.generator != nil,
      stream.link == nil
    {
      stream.link = StageLink()
      let frame = fiber.frames[fiber.frameCount - 1]
      stream.generator?.stagePlace = CodePlace(function: frame.function, pc: frame.pc)
    }
    if flag == 2 { return value }
    guard case .object(let object) = value else {
      throw Raised(
        .typeError, "\(value.typeName) is no source of a pipeline; a list, a range, a stream or a command is")
    }
    switch object.tag {
    case .stream: return value
    case .list:
      return .object(StreamObject(source: ListSource(unsafeDowncast(object, to: ListObject.self).items)))
    case .range:
      let range = unsafeDowncast(object, to: RangeObject.self)
      if range.isDuration { throw Raised(.typeError, "a range of durations is no source of a pipeline") }
      return .object(StreamObject(source: RangeSource(range)))
    case .map:
      let storage = unsafeDowncast(object, to: MapObject.self).storage
      return .object(StreamObject(source: ListSource(storage.map(\.key))))
    case .environment: return .object(StreamObject(source: ListSource(strand.environment.map(\.key))))
    case .string, .bytes: return .object(StreamObject(source: ListSource([value])))
    case .file: return .object(try fileLines(value))
    case .channel:
      return .object(StreamObject(source: ChannelSource(unsafeDowncast(object, to: ChannelObject.self))))
    case .remoteChannel:
      return .object(StreamObject(source: RemoteChannelSource(unsafeDowncast(object, to: RemoteHandle.self))))
    case .sharedArray:
      return .object(
        StreamObject(source: ListSource(unsafeDowncast(object, to: SharedArrayObject.self).values)))
    default:
      throw Raised(
        .typeError, "\(value.typeName) is no source of a pipeline; a list, a range, a stream or a command is")
    }
  }

  /// A pipeline that ends in a stream gives the list of its items.
  func pipeCollect(_ a: Int) throws(Raised) -> MachineExit? {
    let registers = fiber.registers + fiber.frames[fiber.frameCount - 1].base
    guard case .object(let object) = registers[a], object.tag == .stream else { return nil }
    registers[a + 1] = registers[a]
    registers[a] = .object(try PreludeCode.closure(named: "__collect"))
    return try call(a, 1)
  }
}

/// A source over a range's ints.
final class RangeSource: StreamSource, @unchecked Sendable {
  private let range: RangeObject
  private let count: Int
  private var position = 0

  init(_ range: RangeObject) {
    self.range = range
    count = range.count
  }

  func next(_ strand: Strand) throws(Raised) -> StreamStep {
    guard position < count else { return .end }
    defer { position += 1 }
    return .item(.int(range.item(at: position)))
  }

  func fill(_ strand: Strand) async throws(Raised) {}
  func close() {}
}
