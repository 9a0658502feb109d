// What somebody may have meant: the nearest name by Damerau-Levenshtein distance, within a bound that grows
// with the name's length. The parser asks it about keywords, the resolver about names, `$ cmd` about programs.

/// Finds the name that a misspelt one probably stands for.
public enum NearestName {
  /// The nearest of `candidates` to `name`, or nil when none is near enough: one slip in a short name, a third
  /// of the letters in a longer one, never more than three. Of equally near ones the first wins.
  ///
  /// O(candidates × length²) at worst; candidates of very different length cost nothing.
  public static func suggest(for name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.unicodeScalars.prefix(64))
    guard !wanted.isEmpty else { return nil }
    var bound = wanted.count <= 2 ? 1 : min(3, max(1, (wanted.count + 1) / 3))
    var best: String?
    for candidate in candidates where candidate != name {
      let scalars = Array(candidate.unicodeScalars.prefix(68))
      // A name of two letters is a slip away from too much.
      if min(wanted.count, scalars.count) <= 1 { continue }
      guard abs(scalars.count - wanted.count) <= bound else { continue }
      if let distance = distance(wanted, scalars, within: bound) {
        best = candidate
        // Only a nearer one can take its place.
        bound = distance - 1
        if bound < 0 { break }
      }
    }
    return best
  }

  /// How many insertions, deletions, replacements and swaps of neighbours make one of the other; nil if more
  /// than `limit`. Letters that differ only in case count as a slip too.
  static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar], within limit: Int) -> Int? {
    guard limit >= 0 else { return nil }
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) <= limit ? max(a.count, b.count) : nil }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    var current = beforeLast
    for i in 1...a.count {
      current[0] = i
      var lowest = i
      for j in 1...b.count {
        var value = min(last[j] + 1, current[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          value = min(value, beforeLast[j - 2] + 1)
        }
        current[j] = value
        lowest = min(lowest, value)
      }
      if lowest > limit { return nil }
      (beforeLast, last, current) = (last, current, beforeLast)
    }
    return last[b.count] <= limit ? last[b.count] : nil
  }
}
