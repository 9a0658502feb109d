// What strings ask of a regex: `"a1".contains(re)`, `split(re)`, `replace(re, …)`. The regex itself is in the
// data half of the library; its object, of tag `.regex`, conforms to this.

/// What a compiled pattern does with a text. Each may raise `LimitError`, or `Cancelled` through the strand.
protocol RegexOperations: Object {
  /// Whether it matches anywhere.
  func hasMatch(in text: StringObject, strand: Strand) throws(Raised) -> Bool
  /// The texts between the first `max` matches, one more than there are matches, and the matches as scripts
  /// see them.
  func pieces(
    of text: StringObject, max: Int, strand: Strand
  ) throws(Raised) -> (between: [Value], matches: [Value])
  /// The text with the first `max` matches replaced by a template with `$1` and `${name}`.
  func replaceMatches(
    in text: StringObject, with template: String, max: Int, strand: Strand
  ) throws(Raised) -> String
  /// The texts between matches, cut `max` times at most.
  func split(_ text: StringObject, max: Int, strand: Strand) throws(Raised) -> [Value]
}

extension Value {
  /// The regex it is, if it is one.
  var regexOperations: (any RegexOperations)? {
    guard case .object(let object) = self, object.tag == .regex else { return nil }
    return object as? any RegexOperations
  }
}
