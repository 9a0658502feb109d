// Values collected by key: what `group_by` gives, and the names of a URL's query.

/// Values under keys, in the order in which the keys first come. Those of one key are collected in place: a copy of the
/// list for each would be quadratic.
struct KeyedGroups {
  /// Each key at the position that its group has in `groups`, with nothing for its value.
  private var keys = MapStorage()
  private var groups: [[Value]] = []

  /// Raises `TypeError` for what cannot be a map's key.
  mutating func add(_ value: Value, under key: Value, _ strand: Strand) throws(Raised) {
    let hash = try requireKey(key, strand: strand)
    if let position = keys.position(of: key, hash: hash) {
      groups[position].append(value)
    } else {
      keys.append(key, hash: hash, .nil)
      groups.append([value])
    }
  }

  /// Each key, to what is made of its group.
  func mapped(_ value: ([Value]) -> Value) -> MapStorage {
    var map = keys
    for (position, group) in groups.enumerated() { map[position: position] = value(group) }
    return map
  }
}
