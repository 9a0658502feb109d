// Methods of strings that take functions.

extension Prelude {
  static let strings = #"""
    # `f` gets each match of a regex, or the text where a string was looked for.
    fn __string_replace(text, part, f, max) {
      let [between, found] = __pieces(text, part, max)
      var out = [between[0]]
      for i, match_ in found {
        out.push(f(match_))
        out.push(between[i + 1])
      }
      out.join()
    }
    """#
}
