// What the messages say, each written and read in one place.

import RunnelCompiler
import RunnelScheduler
import RunnelSyntax
import RunnelSystem

/// How a worker is to run: `begin`.
struct WorkerSettings: Sendable {
  var options = InterpreterOptions()
  /// Whether what it prints is to come out at once, as on a terminal.
  var isOnTerminal = false

  var payload: [UInt8] {
    var out = WireWriter()
    out.put(count: options.arguments.count)
    for argument in options.arguments { out.put(argument) }
    out.put(options.script ?? "")
    out.put(options.script != nil)
    out.put(int: Int(options.grace))
    out.put(int: Int(options.killGrace))
    out.put(count: options.captureLimit)
    out.put(count: options.workers ?? 0)
    out.put(options.hasVirtualTime)
    out.put(options.logLevel.rawValue)
    out.put(options.logFormat.rawValue)
    out.put(isOnTerminal)
    out.put(options.executable ?? SystemInfo.executablePath ?? "")
    return out.bytes
  }

  init(options: InterpreterOptions) {
    self.options = options
    isOnTerminal = Terminal.isTerminal(1)
  }

  init(_ payload: [UInt8]) throws(WireError) {
    var input = WireReader(payload)
    for _ in 0..<(try input.count()) { options.arguments.append(try input.text()) }
    let script = try input.text()
    options.script = try input.flag() ? script : nil
    options.grace = Int64(try input.int())
    options.killGrace = Int64(try input.int())
    options.captureLimit = try input.number()
    let workers = try input.number()
    options.workers = workers == 0 ? nil : workers
    options.hasVirtualTime = try input.flag()
    guard let level = LogLevel(rawValue: try input.text()), let format = LogFormat(rawValue: try input.text())
    else {
      throw WireError(what: "a log that there is not")
    }
    options.logLevel = level
    options.logFormat = format
    isOnTerminal = try input.flag()
    let executable = try input.text()
    options.executable = executable.isEmpty ? nil : executable
    options.workerProgram = WorkerProcess.ownProgram
    try input.requireEnd()
  }
}

/// Modules, as text and what else they were compiled from: `modules`.
enum ModuleMessage {
  static func payload(_ modules: ArraySlice<LoadedModule>) -> [UInt8] {
    var out = WireWriter()
    out.put(count: modules.count)
    for module in modules {
      let recipe = module.recipe
      out.put(module.code.source.name)
      out.put(bytes: module.code.source.bytes)
      out.put(recipe.isImported)
      out.put(recipe.isInteractive)
      out.put(count: recipe.firstGlobal)
      out.put(count: recipe.imports.count)
      for (target, index) in recipe.imports {
        out.put(target)
        out.put(count: index)
      }
      out.put(count: recipe.changedNames.count)
      for (name, global) in recipe.changedNames {
        out.put(name)
        out.put(count: global.map { $0 + 1 } ?? 0)
      }
    }
    return out.bytes
  }

  static func read(_ payload: [UInt8]) throws(WireError) -> [(source: SourceFile, recipe: ModuleRecipe)] {
    var input = WireReader(payload)
    var modules: [(source: SourceFile, recipe: ModuleRecipe)] = []
    for _ in 0..<(try input.count()) {
      let name = try input.text()
      let source = SourceFile(name: name, bytes: Array(try input.part()))
      var recipe = ModuleRecipe()
      recipe.isImported = try input.flag()
      recipe.isInteractive = try input.flag()
      recipe.firstGlobal = try input.number()
      for _ in 0..<(try input.count()) {
        let target = try input.text()
        recipe.imports[target] = try input.number()
      }
      for _ in 0..<(try input.count()) {
        let name = try input.text()
        let global = try input.number()
        recipe.changedNames[name] = .some(global == 0 ? nil : global - 1)
      }
      modules.append((source, recipe))
    }
    try input.requireEnd()
    return modules
  }
}

/// The head of a task's message, `work`: everything but its code and values, which follow.
struct WorkOrder {
  /// What reports call the task.
  var label = ""
  /// What the log calls it.
  var name = ""
  /// Nanoseconds until the nearest deadline.
  var deadline: Int64?
  var seed: UInt64?
  /// How many globals there are.
  var globalCount = 0
  /// The virtual clock's moment, since 1970.
  var wallTime: Int64 = 0
  /// Nil: as for the last task.
  var context: (environment: MapStorage, directory: String)?

  func write(to out: inout WireWriter) {
    out.put(label)
    out.put(name)
    out.put(deadline != nil)
    if let deadline { out.put(int: Int(deadline)) }
    out.put(seed != nil)
    if let seed { out.put(word: seed) }
    out.put(count: globalCount)
    out.put(int: Int(wallTime))
    out.put(context != nil)
    guard let context else { return }
    out.put(context.directory)
    let variables = context.environment.compactMap { entry in
      entry.key.string.flatMap { key in entry.value.string.map { (key.text, $0.text) } }
    }
    out.put(count: variables.count)
    for (name, value) in variables {
      out.put(name)
      out.put(value)
    }
  }

  init() {}

  init(_ input: inout WireReader) throws(WireError) {
    label = try input.text()
    name = try input.text()
    if try input.flag() { deadline = Int64(try input.int()) }
    if try input.flag() { seed = try input.word() }
    globalCount = try input.number()
    wallTime = Int64(try input.int())
    guard try input.flag() else { return }
    let directory = try input.text()
    var environment = MapStorage()
    for _ in 0..<(try input.count()) {
      let name = try input.text()
      environment.set(.string(name), .string(try input.text()))
    }
    context = (environment, directory)
  }
}

/// Why a task is to stop, and how long its cleanup may take: `cancel`.
struct CancelOrder {
  let reason: CancelReason
  /// Nanoseconds of grace that are left, where it has begun.
  let grace: Int64?

  var payload: [UInt8] {
    var out = WireWriter()
    switch reason {
    case .byHand(let text):
      out.put(byte: 0)
      out.put(text ?? "")
    case .deadline: out.put(byte: 1)
    case .failure: out.put(byte: 2)
    case .signal(let number):
      out.put(byte: 3)
      out.put(int: Int(number))
    case .readerGone: out.put(byte: 4)
    }
    out.put(grace != nil)
    if let grace { out.put(int: Int(grace)) }
    return out.bytes
  }

  init(reason: CancelReason, grace: Int64?) {
    self.reason = reason
    self.grace = grace
  }

  init(_ payload: [UInt8]) throws(WireError) {
    var input = WireReader(payload)
    switch try input.byte() {
    case 0:
      let text = try input.text()
      reason = .byHand(text.isEmpty ? nil : text)
    case 1: reason = .deadline
    case 2: reason = .failure
    case 3: reason = .signal(Int32(truncatingIfNeeded: try input.int()))
    case 4: reason = .readerGone
    default: throw WireError(what: "a reason that there is not")
    }
    grace = try input.flag() ? Int64(try input.int()) : nil
  }
}

/// What a task came to: `result`. Also what a call came to: `reply`, after the call's number.
enum Outcome {
  static func write(_ result: Result<Value, Raised>, _ encoder: inout ValueEncoder) throws(Raised) {
    switch result {
    case .success(let value):
      encoder.put(count: 0)
      try encoder.put(value)
    case .failure(let raised):
      encoder.put(count: 1)
      try encoder.put(.object(raised.error))
    }
  }

  static func read(_ decoder: inout ValueDecoder) throws(WireError) -> Result<Value, Raised> {
    let isFailure = try decoder.input.flag()
    let value = try decoder.value()
    try decoder.input.requireEnd()
    guard isFailure else { return .success(value) }
    guard let error = value.error else { throw WireError(what: "a failure without an error") }
    return .failure(Raised(error))
  }

  /// A result as a message, with the shared arrays that it holds; what cannot travel becomes the error that says so.
  static func encode(
    _ result: Result<Value, Raised>, _ book: WireBook, _ head: WireWriter, what: String
  ) -> (payload: [UInt8], arrays: [(number: Int, array: SharedArrayObject)]) {
    var result = result
    while true {
      var encoder = ValueEncoder(book, .what(what))
      encoder.put(head: head)
      do throws(Raised) {
        try write(result, &encoder)
        try Message.check(encoder.out.bytes, descriptors: encoder.arrays.count)
        return (encoder.out.bytes, encoder.arrays)
      } catch {
        // That error's own message can always travel.
        if case .failure(let raised) = result, raised.error !== error.error,
          error.error.kind === ErrorKind.transferError
        {
          // An error with data that cannot travel: what can, does.
          result = .failure(Raised(raised.error.withoutData(because: error.error)))
        } else {
          result = .failure(error)
        }
      }
    }
  }
}

extension ErrorObject {
  /// The error's kind, message and trace, where the rest cannot travel.
  fileprivate func withoutData(because reason: ErrorObject) -> ErrorObject {
    // Once more in the same way would be for ever.
    guard data.count > 0 || cause != nil || !suppressed.isEmpty || attempts != nil else { return reason }
    let plain = ErrorObject(kind, message)
    plain.takeTrace(of: self)
    for note in notes { plain.add(note: note) }
    plain.add(note: "the rest of this error stayed in its process: \(reason.message)")
    return plain
  }
}
