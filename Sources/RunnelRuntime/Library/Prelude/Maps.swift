// Methods of maps that take functions.

extension Prelude {
  static let maps = #"""
    fn __map_map_values(m, f) {
      var values = []
      for k, v in m { values.push(f(v)) }
      __map_of(m.keys(), values)
    }

    fn __map_map_keys(m, f) {
      var keys = []
      for k in m { keys.push(f(k)) }
      __map_of(keys, m.values())
    }

    fn __map_filter(m, f) {
      var keys = []
      var values = []
      for k, v in m {
        if f(k, v) {
          keys.push(k)
          values.push(v)
        }
      }
      __map_of(keys, values)
    }

    fn __map_each(m, f) {
      for k, v in m { f(k, v) }
      nil
    }

    fn __map_merge(m, other, f) {
      if type(other) != "map" { raise TypeError("`merge` takes a map for `other`, not {type(other)}") }
      var out = m
      for k, v in ({...other}) {
        if out.has(k) { out[k] = f(out[k], v) } else { out[k] = v }
      }
      out
    }

    fn __map_sorted(m, by, reverse) {
      var keys = []
      if type(by) == "list" {
        for k, v in m {
          var key = []
          for f in by { key.push(f(k, v)) }
          keys.push(key)
        }
      } else {
        for k, v in m { keys.push(by(k, v)) }
      }
      let ordered = __sort_by_keys(m.keys(), keys, reverse)
      var values = []
      for k in ordered { values.push(m[k]) }
      __map_of(ordered, values)
    }

    # `env` has the methods of maps that change nothing.
    fn __env_map_values(m, f) { __map_map_values(m.to_map(), f) }

    fn __env_map_keys(m, f) { __map_map_keys(m.to_map(), f) }

    fn __env_filter(m, f) { __map_filter(m.to_map(), f) }

    fn __env_each(m, f) { __map_each(m.to_map(), f) }

    fn __env_merge(m, other, f) { __map_merge(m.to_map(), other, f) }

    fn __env_sorted(m, by, reverse) { __map_sorted(m.to_map(), by, reverse) }
    """#
}
