// Where a task comes from: what it takes from the one that spawned it, and the place in the script.

import RunnelCompiler
import RunnelSyntax

/// What a task takes from the one that spawned it: its variables, `env` and `cd`, as they were then.
struct SpawnOrigin: Sendable {
  let context: TaskContext
  let globals: GlobalTable
  /// Where it was spawned, for traces.
  let place: CodePlace?

  init(_ strand: Strand, place: CodePlace? = nil) {
    context = strand.context
    globals = strand.machine.fiber.globals
    self.place = place
  }
}

/// A place in a script's code, which costs nothing until somebody wants to see it.
///
/// `@unchecked Sendable`: functions and their code never change, and live as long as the program.
struct CodePlace: @unchecked Sendable {
  let function: Unmanaged<LoadedFunction>
  /// The instruction after the one that is meant, as in a frame.
  let pc: UnsafePointer<Instruction>

  /// The stage whose result the instruction takes over.
  var stageEntry: TraceEntry? {
    guard let entry = entry(.stage) else { return nil }
    let text = entry.source.text(of: entry.span)
    let name = text.prefix { $0 != "\n" }.prefix(60)
    return TraceEntry(
      role: .stage, function: name.count < text.count ? name + "…" : String(name), source: entry.source,
      span: entry.span)
  }

  /// Nil in the prelude, which is no business of the script's.
  func entry(_ role: TraceEntry.Role, task: String? = nil) -> TraceEntry? {
    let function = function.takeUnretainedValue()
    guard !function.isPrelude else { return nil }
    let offset = pc - UnsafePointer(function.instructions) - 1
    return TraceEntry(
      role: role, function: function.code.name, source: function.source, span: function.span(at: offset),
      task: task)
  }
}
