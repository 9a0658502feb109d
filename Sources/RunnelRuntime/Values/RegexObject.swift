// A regular expression as a value. What was compiled is immutable and shared: by tasks, and by all regexes of
// the same pattern and flags (a script that writes `regex('…')` in a loop's body compiles it once). Each search
// takes a `RegexScratch` of its own for what matching writes.

/// A regular expression.
///
/// `@unchecked Sendable`: never changes.
public final class RegexObject: Object, @unchecked Sendable {
  /// As the script wrote it.
  public let pattern: String
  /// Some of the letters `imsx`.
  public let flags: String
  let compiled: CompiledPattern

  /// - Throws: `ParseError`, with the place, for a bad pattern; `ValueError` for an unknown flag.
  public init(pattern: String, flags: String = "") throws(Raised) {
    self.pattern = pattern
    self.flags = flags
    compiled = try CompiledPattern.of(pattern, flags: flags)
    super.init(tag: .regex)
  }

  public override var typeName: String { "regex" }
}
