// The part of the library that is written in Runnel: whatever calls a function back, and so must be able to
// wait. Native code never calls into the machine.
//
// Rules of the prelude:
// - Its functions are no scopes of their own: what a callback spawns belongs to the scope that is running at the
//   call (language.md §6), and their frames are not shown in traces.
// - Each gets one argument for each parameter of the native signature that names it, the receiver first: nil for
//   one that was not given, a list for `...rest`.
// - Names begin with `__`. Intrinsics (Library/Intrinsics.swift) do what Runnel could not, or not fast enough.
// - `xs.map(f)` must be one tight loop: arities are asked once, outside it.

enum Prelude {
  /// The modules of the prelude, in one scope, in this order.
  static let sources: [(name: String, source: String)] = [
    ("lists", lists), ("maps", maps), ("strings", strings), ("stages", stages), ("mapping", mapping),
    ("zipping", zipping), ("pacing", pacing), ("sinks", sinks),
  ]
}
