// Calls that are not simply a closure with the right number of arguments: built-ins, kinds, defaults, keyword and
// spread arguments, methods; returns through scopes; generators.

import RunnelCompiler

extension Machine {
  /// Registers of the running frame.
  private var window: UnsafeMutablePointer<Value> {
    fiber.registers + fiber.frames[fiber.frameCount - 1].base
  }

  /// Calls what is in register `a` with the `count` arguments that follow it; the result takes its place.
  func call(_ a: Int, _ count: Int) throws(Raised) -> MachineExit? {
    let registers = window
    guard case .object(let callee) = registers[a] else { throw notCallable(registers[a]) }
    switch callee.tag {
    case .closure:
      try enter(unsafeDowncast(callee, to: Closure.self), a, count)
      return nil
    case .native:
      return try callNative(unsafeDowncast(callee, to: NativeFunction.self), a, first: a + 1, count)
    case .kind:
      let error = try makeError(
        unsafeDowncast(callee, to: ErrorKind.self), (0..<count).map { registers[a + 1 + $0] }, [])
      finishCall(a, count, .object(error))
      return nil
    case .namespace:
      guard let stage = namespaceStage(callee) else { throw notCallable(registers[a]) }
      registers[a] = .object(stage)
      return try callNative(stage, a, first: a + 1, count)
    default: throw notCallable(registers[a])
    }
  }

  /// The same for a built-in that does not compute at once, by an instruction that names it.
  func callBuiltin(_ a: Int, _ count: Int) throws(Raised) -> MachineExit? {
    if strand.chance != nil, let exit = givingWay() { return exit }
    return try call(a, count)
  }

  /// `json` and `csv` are namespaces, and stages as well.
  private func namespaceStage(_ object: Object) -> NativeFunction? {
    Library.intrinsic("__" + unsafeDowncast(object, to: NamespaceObject.self).group.name)
  }

  func notCallable(_ value: Value) -> Raised {
    Raised(.typeError, "\(value.typeName) cannot be called: it is no function")
  }

  /// Puts a result in the callee's place and lets go of the arguments.
  private func finishCall(_ a: Int, _ count: Int, _ result: Value) {
    let registers = window
    registers[a] = result
    for index in 0..<count { registers[a + 1 + index] = .nil }
  }

  // MARK: Closures

  /// Pushes a frame for a closure whose arguments stand after register `a`, or below them for a method's.
  private func enter(_ closure: Closure, _ a: Int, _ count: Int) throws(Raised) {
    let function = closure.function
    guard count >= function.requiredCount, count <= function.maximumArguments else {
      throw wrongCount(function, count)
    }
    let base = fiber.frames[fiber.frameCount - 1].base + a + 1
    fiber.ensure(registers: base + max(function.registerCount, count) + 1)
    let registers = fiber.registers + base
    let positional = function.hasRest ? function.parameterCount - 1 : function.parameterCount
    if function.hasRest {
      var rest: [Value] = []
      if count > positional {
        rest = (positional..<count).map { registers[$0] }
        for index in positional..<count { registers[index] = .nil }
      }
      registers[positional] = .list(rest)
    }
    if count < positional {
      for index in count..<positional { registers[index] = .missing }
    }
    try push(closure, base: base)
  }

  func push(_ closure: Closure, base: Int, flags: Frame.Flags = []) throws(Raised) {
    let function = closure.function
    fiber.ensure(registers: base + function.registerCount + 1)
    let frame = Frame(
      function: .passUnretained(function), closure: .passUnretained(closure),
      pc: UnsafePointer(function.instructions), base: base, flags: flags)
    guard fiber.push(frame) else { throw stackOverflow() }
  }

  private func wrongCount(_ function: LoadedFunction, _ count: Int) -> Raised {
    let names = function.code.parameters.names.map { $0 ?? "…" }
    let maximum = function.maximumArguments
    let wanted: String
    if maximum == Int.max {
      wanted = "at least \(function.requiredCount)"
    } else if function.requiredCount == maximum {
      wanted = "\(maximum)"
    } else {
      wanted = "\(function.requiredCount) to \(maximum)"
    }
    let noun = maximum == 1 && function.requiredCount == 1 ? "argument" : "arguments"
    return Raised(
      .arityError,
      "`\(function.code.name)(\(names.joined(separator: ", ")))` takes \(wanted) \(noun), not \(count)")
  }

  // MARK: Built-ins

  /// Calls a built-in whose arguments, the receiver of a method among them, begin at register `first`; the result goes
  /// to register `a`.
  func callNative(_ native: NativeFunction, _ a: Int, first: Int, _ count: Int) throws(Raised) -> MachineExit?
  {
    guard native.arity.allows(count) else { throw wrongCount(.passUnretained(native), count) }
    let registers = window
    if let name = native.servedName, count > 0, let handle = RemoteHandle.of(registers[first]) {
      let arguments = (0..<count).map { registers[first + $0] }
      return leave(
        a, first, count, .wait { strand throws(Raised) in try await handle.call(name, arguments, strand) })
    }
    switch native.body {
    case .plain(let body) where native.servedName != nil:
      let result = try body(
        NativeCall(
          function: .passUnretained(native), strand: .passUnretained(strand), first: registers + first,
          count: count))
      finish(a, first, count, result)
      return nil
    case .plain:
      _ = try callPlain(.passUnretained(native), first: registers + first, count, into: registers + a)
      return nil
    case .prelude(let name):
      try enterPrelude(native, name, a, first, count)
      return nil
    case .either(let when, let prelude, let body):
      let call = NativeCall(
        function: .passUnretained(native), strand: .passUnretained(strand), first: registers + first,
        count: count)
      if when(call) {
        try enterPrelude(native, prelude, a, first, count)
      } else {
        let result = try body(call)
        lookAtClock()
        finish(a, first, count, result)
      }
      return nil
    case .parking(let body):
      let wait = try body(
        NativeCall(
          function: native, strand: strand,
          arguments: UnsafeBufferPointer(start: registers + first, count: count)))
      return leave(a, first, count, .park(wait))
    case .attempt(let body, let wait):
      let call = NativeCall(
        function: native, strand: strand,
        arguments: UnsafeBufferPointer(start: registers + first, count: count))
      if let result = try body(call) {
        lookAtClock()
        finish(a, first, count, result)
        return nil
      }
      return leave(a, first, count, .park(try wait(call)))
    case .waiting(let body):
      let arguments = (0..<count).map { registers[first + $0] }
      return leave(a, first, count, .wait { strand throws(Raised) in try await body(strand, arguments) })
    case .mutating, .preludeMutating, .mutatingEither:
      throw Raised(
        .typeError,
        "`\(native.name)` changes the \(native.receiver ?? "value") it is called on, which must be in a `var`"
      )
    case .machine(let builtin):
      return try callMachine(builtin, a, first, count)
    }
  }

  /// Leaves the machine for a built-in that waits; its result goes to register `a`.
  private func leave(_ a: Int, _ first: Int, _ count: Int, _ exit: MachineExit) -> MachineExit {
    resumption = .register(fiber.frames[fiber.frameCount - 1].base + a)
    finish(a, first, count, .nil)
    return exit
  }

  private func finish(_ a: Int, _ first: Int, _ count: Int, _ result: Value) {
    let registers = window
    for index in first..<(first + count) where index != a { registers[index] = .nil }
    registers[a] = result
  }

  func wrongCount(_ native: NativeFunction, _ count: Int) -> Raised {
    let parameters = native.parameters
    let wanted: String
    if parameters.rest != nil {
      wanted = "at least \(parameters.required)"
    } else if parameters.required == parameters.positional {
      wanted = parameters.required == 0 ? "none" : "\(parameters.required)"
    } else {
      wanted = "\(parameters.required) to \(parameters.positional)"
    }
    return Raised(.arityError, "`\(native.signature)` takes \(wanted) by position, not \(count)")
  }

  /// Turns the call of a built-in into that of the prelude's function, which gets one argument for each parameter of the
  /// signature: nil for one that was not given, a list for `...rest`.
  private func enterPrelude(_ native: NativeFunction, _ name: String, _ a: Int, _ first: Int, _ count: Int)
    throws(Raised)
  {
    let closure = try PreludeCode.closure(named: name)
    let total = closure.function.parameterCount
    fiber.ensure(registers: fiber.frames[fiber.frameCount - 1].base + a + max(count, total) + 2)
    let registers = window
    if first == a {
      // A method: the receiver is where the callee has to be, so all move up by one.
      for index in stride(from: count, through: 1, by: -1) { registers[a + index] = registers[a + index - 1] }
    }
    registers[a] = .object(closure)
    var given = count
    if native.parameters.rest != nil {
      let positional = native.parameters.positional + (native.receiver == nil ? 0 : 1)
      let rest = positional < count ? (positional..<count).map { registers[a + 1 + $0] } : []
      if positional < count { for index in positional..<count { registers[a + 1 + index] = .nil } }
      for index in min(count, positional)..<positional { registers[a + 1 + index] = .nil }
      registers[a + 1 + positional] = .list(rest)
      given = positional + 1
    }
    if given < total { for index in given..<total { registers[a + 1 + index] = .nil } }
    try enter(closure, a, total)
  }

  // MARK: Shapes

  /// A call with keyword or spread arguments: binds them to the callee's parameters, then calls as usual.
  func callShape(_ a: Int, _ constant: Int, method: Instruction?) throws(Raised) -> MachineExit? {
    let function = fiber.frames[fiber.frameCount - 1].function.takeUnretainedValue()
    guard case .shape(let shape) = function.code.constants[constant] else { return nil }
    return try callShape(
      a, shape,
      method: method.map { (name: function.methods[$0.c]?.takeUnretainedValue(), isOptional: $0.flag == 1) })
  }

  func callShape(_ a: Int, _ shape: CallShape, method: (name: MethodRow?, isOptional: Bool)?) throws(Raised)
    -> MachineExit?
  {
    let registers = window
    var positional: [Value] = []
    var keywords: [(name: String, value: Value)] = []
    for (index, argument) in shape.arguments.enumerated() {
      let value = registers[a + 1 + index]
      registers[a + 1 + index] = .nil
      switch argument {
      case .positional: positional.append(value)
      case .spread: positional += try spreadItems(value)
      case .keyword(let name):
        if keywords.contains(where: { $0.name == name }) {
          throw Raised(.arityError, "the argument `\(name)` is given twice")
        }
        keywords.append((name, value))
      }
    }
    var callee = registers[a]
    var receiver: Value?
    if let method, let row = method.name {
      if let native = row.method(for: callee) {
        receiver = callee
        callee = .object(native)
      } else {
        guard let stored = try storedFunction(callee, row, isOptional: method.isOptional) else {
          registers[a] = .nil
          return nil
        }
        callee = stored
      }
    }
    guard case .object(var object) = callee else { throw notCallable(callee) }
    if object.tag == .namespace, let stage = namespaceStage(object) { object = stage }
    switch object.tag {
    case .closure:
      let closure = unsafeDowncast(object, to: Closure.self)
      let bound = try bind(closure.function, positional, keywords, skipping: 0)
      registers[a] = callee
      try place(bound, after: a)
      try enterBound(closure, a, bound.count)
      return nil
    case .native:
      return try callNative(
        unsafeDowncast(object, to: NativeFunction.self), a, receiver, positional, keywords)
    case .kind:
      registers[a] = .object(try makeError(unsafeDowncast(object, to: ErrorKind.self), positional, keywords))
      return nil
    default: throw notCallable(callee)
    }
  }

  /// All that a spread argument gives.
  private func spreadItems(_ value: Value) throws(Raised) -> [Value] {
    if let list = value.list { return list.items }
    if let range = value.range, range.count < 1_000_000 { return range.values() }
    if let map = value.map { return map.storage.map(\.key) }
    throw Raised(.typeError, "`...` takes a list, a range or a map here, not \(value.typeName)")
  }

  private func place(_ values: [Value], after a: Int) throws(Raised) {
    guard values.count < 1_000_000 else { throw Raised(.limitError, "more than a million arguments") }
    fiber.ensure(registers: fiber.frames[fiber.frameCount - 1].base + a + values.count + 2)
    let registers = window
    for (index, value) in values.enumerated() { registers[a + 1 + index] = value }
  }

  /// Arguments in the order of a function's parameters; those not given are marked so. A rest parameter's are at the end.
  private func bind(
    _ function: LoadedFunction, _ positional: [Value], _ keywords: [(name: String, value: Value)],
    skipping: Int
  ) throws(Raised) -> [Value] {
    let names = function.code.parameters.names
    let named = function.hasRest ? names.count - 1 : names.count
    var bound = Array(positional.prefix(named))
    let rest = positional.dropFirst(named)
    if !function.hasRest, !rest.isEmpty { throw wrongCount(function, positional.count) }
    if !keywords.isEmpty || !rest.isEmpty || bound.count < named {
      while bound.count < named { bound.append(.missing) }
      for (name, value) in keywords {
        guard let index = names.prefix(named).firstIndex(of: name), index >= skipping else {
          throw unknownKeyword(name, of: function.code.name, among: names.compactMap { $0 })
        }
        guard bound[index].isMissing else {
          throw Raised(.arityError, "the argument `\(name)` is given twice")
        }
        bound[index] = value
      }
    }
    for index in 0..<min(function.requiredCount, named) where bound[index].isMissing {
      throw Raised(
        .arityError, "`\(function.code.name)` needs the argument `\(names[index] ?? "\(index + 1)")`")
    }
    return bound + rest
  }

  private func unknownKeyword(_ name: String, of function: String, among names: [String]) -> Raised {
    let nearest = nearestName(name, among: names)
    return Raised(
      .arityError,
      "`\(function)` has no parameter `\(name)`" + (nearest.map { "; did you mean `\($0)`?" } ?? ""))
  }

  /// Enters a closure whose arguments are bound: `count` of them, those not given marked.
  private func enterBound(_ closure: Closure, _ a: Int, _ count: Int) throws(Raised) {
    let function = closure.function
    let named = function.hasRest ? function.parameterCount - 1 : function.parameterCount
    let base = fiber.frames[fiber.frameCount - 1].base + a + 1
    fiber.ensure(registers: base + max(function.registerCount, count) + 1)
    if function.hasRest {
      let registers = fiber.registers + base
      let rest = named < count ? (named..<count).map { registers[$0] } : []
      if named < count { for index in named..<count { registers[index] = .nil } }
      registers[named] = .list(rest)
    }
    try push(closure, base: base)
  }

  /// Calls a prelude function whose result is written back into a place.
  func enterForWriteBack(_ native: NativeFunction, _ name: String, _ a: Int, _ all: [Value], _ rest: [Value])
    throws(Raised)
  {
    try enterPrelude(native, name, a, all, rest)
    fiber.frames[fiber.frameCount - 1].flags.insert(.writesBack)
  }

  /// A built-in with keyword arguments.
  private func callNative(
    _ native: NativeFunction, _ a: Int, _ receiver: Value?, _ positional: [Value],
    _ keywords: [(name: String, value: Value)]
  ) throws(Raised) -> MachineExit? {
    let (arguments, rest) = try bind(native, positional, keywords)
    let all = (receiver.map { [$0] } ?? []) + arguments
    if let name = native.servedName, let first = all.first, let handle = RemoteHandle.of(first) {
      resumption = .register(fiber.frames[fiber.frameCount - 1].base + a)
      window[a] = .nil
      return .wait { strand throws(Raised) in try await handle.call(name, all, strand) }
    }
    switch native.body {
    case .plain(let body):
      window[a] = try call(native, all, rest, body)
      return nil
    case .either(let when, let prelude, let body):
      if Self.holds(native, strand, all, rest, when) {
        try enterPrelude(native, prelude, a, all, rest)
      } else {
        window[a] = try call(native, all, rest, body)
      }
      return nil
    case .prelude(let name):
      try enterPrelude(native, name, a, all, rest)
      return nil
    case .attempt(_, let body), .parking(let body):
      var wait = Wait.turn
      _ = try call(native, all, rest) { call throws(Raised) in
        wait = try body(call)
        return .nil
      }
      resumption = .register(fiber.frames[fiber.frameCount - 1].base + a)
      window[a] = .nil
      return .park(wait)
    case .waiting(let body):
      resumption = .register(fiber.frames[fiber.frameCount - 1].base + a)
      window[a] = .nil
      return .wait { strand throws(Raised) in try await body(strand, all + rest) }
    case .machine(let builtin):
      try place(all + rest, after: a)
      return try callMachine(builtin, a, a + 1, all.count + rest.count)
    case .mutating, .preludeMutating, .mutatingEither:
      throw Raised(
        .typeError,
        "`\(native.name)` changes the \(native.receiver ?? "value") it is called on, which must be in a `var`"
      )
    }
  }

  /// As the other, with arguments that are bound already.
  private func enterPrelude(
    _ native: NativeFunction, _ name: String, _ a: Int, _ all: [Value], _ rest: [Value]
  )
    throws(Raised)
  {
    let closure = try PreludeCode.closure(named: name)
    let total = closure.function.parameterCount
    var bound = all
    if let position = native.parameters.rest {
      let index = position + (native.receiver == nil ? 0 : 1)
      while bound.count <= index { bound.append(.nil) }
      bound[index] = .list(rest)
    }
    while bound.count < total { bound.append(.nil) }
    window[a] = .object(closure)
    try place(bound, after: a)
    try enter(closure, a, total)
  }

  /// Calls a built-in with arguments that stand in arrays. Not inlined: Swift 6.3.1's inliner crashes on it.
  @inline(never)
  func call(
    _ native: NativeFunction, _ arguments: [Value], _ rest: [Value],
    _ body: (borrowing NativeCall) throws(Raised) -> Value
  ) throws(Raised) -> Value {
    var result = Value.nil
    var failure: Raised?
    arguments.withUnsafeBufferPointer { values in
      rest.withUnsafeBufferPointer { others in
        do throws(Raised) {
          result = try body(NativeCall(function: native, strand: strand, arguments: values, rest: others))
        } catch { failure = error }
      }
    }
    lookAtClock()
    if let failure { throw failure }
    return result
  }

  @inline(never)
  static func holds(
    _ native: NativeFunction, _ strand: Strand, _ arguments: [Value], _ rest: [Value],
    _ condition: (borrowing NativeCall) -> Bool
  ) -> Bool {
    arguments.withUnsafeBufferPointer { values in
      rest.withUnsafeBufferPointer { others in
        condition(NativeCall(function: native, strand: strand, arguments: values, rest: others))
      }
    }
  }

  /// Arguments in the order of a built-in's parameters, nil for those not given; then those of its rest parameter.
  func bind(_ native: NativeFunction, _ positional: [Value], _ keywords: [(name: String, value: Value)])
    throws(Raised) -> (arguments: [Value], rest: [Value])
  {
    let parameters = native.parameters
    if parameters.rest == nil, positional.count > parameters.positional {
      throw wrongCount(native, positional.count)
    }
    var bound = Array(positional.prefix(parameters.positional))
    var rest = Array(positional.dropFirst(parameters.positional))
    var given = Set(0..<bound.count)
    if !keywords.isEmpty {
      while bound.count < parameters.names.count { bound.append(.nil) }
      var fields = MapStorage()
      defer { if !fields.isEmpty { rest.append(.object(MapObject(fields))) } }
      for (name, value) in keywords {
        guard let index = parameters.names.firstIndex(of: name), index != parameters.rest else {
          // `...fields` takes arguments of any name, as a map.
          if let index = parameters.rest, parameters.names[index] == "fields" {
            fields.set(.string(name), value)
            continue
          }
          throw unknownKeyword(name, of: native.name, among: parameters.names)
        }
        guard given.insert(index).inserted else {
          throw Raised(.arityError, "the argument `\(name)` is given twice")
        }
        bound[index] = value
      }
    }
    for index in 0..<parameters.required where !given.contains(index) {
      throw Raised(.arityError, "`\(native.signature)` needs the argument `\(parameters.names[index])`")
    }
    return (bound, rest)
  }

  /// `Kind("message", field: value)`.
  private func makeError(_ kind: ErrorKind, _ positional: [Value], _ keywords: [(name: String, value: Value)])
    throws(Raised) -> ErrorObject
  {
    guard positional.count <= 1 else {
      throw Raised(
        .arityError, "`\(kind.name)` takes a message, and fields by name: `\(kind.name)(\"…\", code: 7)`")
    }
    var data = MapStorage()
    for (name, value) in keywords { data.set(.string(name), value) }
    let message =
      try positional.first.map { value throws(Raised) in
        value.isNil ? "" : try describe(value, strand: strand)
      } ?? ""
    return ErrorObject(kind, message, data: data)
  }

  // MARK: Methods

  func callMethod(_ a: Int, _ instruction: Instruction) throws(Raised) -> MachineExit? {
    let row = fiber.frames[fiber.frameCount - 1].function._withUnsafeGuaranteedRef {
      $0.methods[instruction.c]
    }
    guard let row = row?.takeUnretainedValue() else { return nil }
    if strand.chance != nil, let exit = givingWay() { return exit }
    return try callMethod(a, row, count: instruction.b, isOptional: instruction.flag == 1)
  }

  func callMethod(_ a: Int, _ row: MethodRow, count: Int, isOptional: Bool) throws(Raised) -> MachineExit? {
    let registers = window
    if let native = row.method(for: registers[a]) {
      return try callNative(native, a, first: a, count + 1)
    }
    guard let callee = try storedFunction(registers[a], row, isOptional: isOptional) else {
      finishCall(a, count, .nil)
      return nil
    }
    registers[a] = callee
    return try call(a, count)
  }

  /// What `x.name(…)` calls where the type has no such method: a map's function, a module's or namespace's member.
  private func storedFunction(_ receiver: Value, _ row: MethodRow, isOptional: Bool) throws(Raised) -> Value?
  {
    let name = row.name
    if case .object(let object) = receiver {
      switch object.tag {
      case .map:
        let storage = unsafeDowncast(object, to: MapObject.self).storage
        if let position = storage.position(of: name) { return storage[position: position] }
        if isOptional { return nil }
        throw Raised(
          .keyError,
          "the map has no key `\(name.text)`, and maps have no such method"
            + suggestion(
              name.text, storage.compactMap { $0.key.string?.text } + Library.methodNames(of: "map")))
      case .module, .namespace, .error:
        return try field(receiver, .object(name))
      default: break
      }
    }
    throw Raised(
      .typeError,
      "\(receiver.typeName) has no `\(name.text)`"
        + suggestion(name.text, Library.methodNames(of: receiver.typeName)))
  }

  func suggestion(_ name: String, _ names: [String]) -> String {
    nearestName(name, among: names).map { "; did you mean `\($0)`?" } ?? ""
  }

  // MARK: Returns

  /// Returns from a frame that is a scope, writes back into a place, or is a fiber's last.
  func returnSlowly(_ value: Value) throws(Raised) -> MachineExit? {
    let frame = fiber.frames + (fiber.frameCount - 1)
    if frame.pointee.flags.contains(.hasScope), let scope = fiber.scopes.last {
      frame.pointee.flags.insert(.isEnding)
      if let wait = joinWait(scope, failing: false) {
        // The instruction runs again when the tasks have ended.
        frame.pointee.pc -= 1
        resumption = .again
        return wait
      }
      if let error = failureAtEnd(of: scope) { throw Raised(error) }
      pass(resourcesOf: scope, in: value)
      if let wait = closingWait(scope) {
        frame.pointee.pc -= 1
        resumption = .again
        return wait
      }
      let unwritten = close(scope)
      frame.pointee.flags.remove(.hasScope)
      if let unwritten { throw Raised(unwritten) }
    }
    let flags = frame.pointee.flags
    let base = frame.pointee.base
    fiber.clear(from: base, count: frame.pointee.function.takeUnretainedValue().registerCount)
    fiber.frameCount -= 1
    fiber.registers[base - 1] = value
    if fiber.frameCount == 0 {
      guard finishGenerator() else { return .ended(value) }
      return nil
    }
    if flags.contains(.writesBack) { try writeBack(value, at: base - 1) }
    return nil
  }
}

extension Closure: Callable {
  var requiredParameters: Int { function.requiredCount }
}
