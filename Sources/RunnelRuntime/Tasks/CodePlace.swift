// Where in a script's code something was: noted for nothing, and looked up when a trace or a report shows it.

import RunnelCompiler
import RunnelSyntax

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
