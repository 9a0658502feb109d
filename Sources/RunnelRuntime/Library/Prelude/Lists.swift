// Methods of lists that take functions. A function that requires two parameters gets `(item, index)`.

extension Prelude {
  static let lists = #"""
    fn __list_map(xs, f) {
      var out = []
      if __arity(f) >= 2 {
        for i, x in xs { out.push(f(x, i)) }
      } else {
        for x in xs { out.push(f(x)) }
      }
      out
    }

    fn __list_filter(xs, f) {
      var out = []
      if __arity(f) >= 2 {
        for i, x in xs { if f(x, i) { out.push(x) } }
      } else {
        for x in xs { if f(x) { out.push(x) } }
      }
      out
    }

    fn __list_flat_map(xs, f) {
      var out = []
      if __arity(f) >= 2 {
        for i, x in xs { out.extend(f(x, i)) }
      } else {
        for x in xs { out.extend(f(x)) }
      }
      out
    }

    fn __list_reduce(xs, init, f) {
      var sum = init
      if __arity(f) >= 3 {
        for i, x in xs { sum = f(sum, x, i) }
      } else {
        for x in xs { sum = f(sum, x) }
      }
      sum
    }

    fn __list_each(xs, f) {
      if __arity(f) >= 2 {
        for i, x in xs { f(x, i) }
      } else {
        for x in xs { f(x) }
      }
      nil
    }

    fn __list_any(xs, f) {
      if __arity(f) >= 2 {
        for i, x in xs { if f(x, i) { return true } }
      } else {
        for x in xs { if f(x) { return true } }
      }
      false
    }

    fn __list_all(xs, f) {
      if __arity(f) >= 2 {
        for i, x in xs { if not f(x, i) { return false } }
      } else {
        for x in xs { if not f(x) { return false } }
      }
      true
    }

    fn __list_find(xs, f) {
      if __arity(f) >= 2 {
        for i, x in xs { if f(x, i) { return x } }
      } else {
        for x in xs { if f(x) { return x } }
      }
      nil
    }

    fn __list_count(xs, f) {
      var n = 0
      if __arity(f) >= 2 {
        for i, x in xs { if f(x, i) { n += 1 } }
      } else {
        for x in xs { if f(x) { n += 1 } }
      }
      n
    }

    fn __list_partition(xs, f) {
      var yes = []
      var no = []
      if __arity(f) >= 2 {
        for i, x in xs { if f(x, i) { yes.push(x) } else { no.push(x) } }
      } else {
        for x in xs { if f(x) { yes.push(x) } else { no.push(x) } }
      }
      [yes, no]
    }

    fn __list_take_while(xs, f) {
      var n = 0
      if __arity(f) >= 2 {
        for i, x in xs { if f(x, i) { n += 1 } else { break } }
      } else {
        for x in xs { if f(x) { n += 1 } else { break } }
      }
      xs.take(n)
    }

    fn __list_skip_while(xs, f) {
      var n = 0
      if __arity(f) >= 2 {
        for i, x in xs { if f(x, i) { n += 1 } else { break } }
      } else {
        for x in xs { if f(x) { n += 1 } else { break } }
      }
      xs.skip(n)
    }

    fn __list_group_by(xs, f) { __group_by_keys(xs, __list_map(xs, f)) }

    fn __list_count_by(xs, f) { __count_keys(__list_map(xs, f)) }

    fn __list_to_map(xs, key, value) {
      __map_of(__list_map(xs, key), if value == nil { xs } else { __list_map(xs, value) })
    }

    # The keys to compare by: what one function gives, or the list of what several give.
    fn __keys_by(xs, by) {
      if type(by) != "list" { return __list_map(xs, by) }
      var out = []
      for x in xs {
        var key = []
        for f in by { key.push(f(x)) }
        out.push(key)
      }
      out
    }

    # As one function; nil as it is.
    fn __key_by(by) { if type(by) == "list" { x => by.map(f => f(x)) } else { by } }

    fn __list_sorted(xs, by, reverse) { __sort_by_keys(xs, __keys_by(xs, by), reverse) }

    fn __list_unique(xs, by) { __unique_by_keys(xs, __keys_by(xs, by)) }

    fn __list_min(xs, by) { __best_by_keys(xs, __keys_by(xs, by), false) }

    fn __list_max(xs, by) { __best_by_keys(xs, __keys_by(xs, by), true) }

    fn __list_shuffle(xs) { shuffle(xs) }

    fn __list_extend(xs, more) {
      var out = xs
      for x in more { out.push(x) }
      out
    }
    """#
}
