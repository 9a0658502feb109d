// Sinks (language.md §14.6): they read their source to its end, or as far as they need, in the task that
// evaluates the pipeline.

extension Prelude {
  static let sinks = #"""
    fn __collect(xs) {
      let source = __source(xs)
      if not __is_stream(source) { return list(source) }
      var out = []
      for x in source { out.push(x) }
      out
    }

    fn __count(xs, f) {
      let source = __source(xs)
      if not __is_stream(source) {
        return if f == nil { source.len() } else { __list_count(source, f) }
      }
      var n = 0
      if f == nil {
        for x in source { n += 1 }
      } else {
        let holds = __indexed(f)
        var at = 0
        for x in source {
          if holds(x, at) { n += 1 }
          at += 1
        }
      }
      n
    }

    fn __sum(xs) {
      let source = __source(xs)
      if not __is_stream(source) { return source.sum() }
      var sum = nil
      for x in source { sum = __add(sum, x) }
      sum ?? 0
    }

    fn __mean(xs) {
      let source = __source(xs)
      if not __is_stream(source) { return source.mean() }
      var sum = nil
      var n = 0
      for x in source {
        sum = __add(sum, x)
        n += 1
      }
      if n == 0 { raise MathError("the mean of nothing") }
      sum / n
    }

    fn __first(xs) {
      let source = __source(xs)
      if not __is_stream(source) { return source.first() }
      for x in source { return x }
      nil
    }

    fn __last(xs) {
      let source = __source(xs)
      if not __is_stream(source) { return source.last() }
      var last = nil
      for x in source { last = x }
      last
    }

    fn __min(xs, by) { __extreme(xs, by, false) }

    fn __max(xs, by) { __extreme(xs, by, true) }

    fn __extreme(xs, by, greatest) {
      let source = if xs.len() == 1 { __source(xs[0]) } else { xs }
      if not __is_stream(source) { return __best_by_keys(source, __keys_by(source, by), greatest) }
      let keyOf = __key_by(by)
      var best = nil
      var bestKey = nil
      var isFirst = true
      for x in source {
        let key = if keyOf == nil { x } else { keyOf(x) }
        if isFirst or (if greatest { __precedes(bestKey, key) } else { __precedes(key, bestKey) }) {
          best = x
          bestKey = key
          isFirst = false
        }
      }
      if isFirst { raise ValueError("nothing to compare: the least or greatest of no items") }
      best
    }

    fn __fold(xs, init, f) {
      let source = __source(xs)
      if not __is_stream(source) { return __list_reduce(source, init, f) }
      var sum = init
      if __arity(f) >= 3 {
        var n = 0
        for x in source {
          sum = f(sum, x, n)
          n += 1
        }
      } else {
        for x in source { sum = f(sum, x) }
      }
      sum
    }

    fn __each(xs, f) {
      let source = __source(xs)
      if not __is_stream(source) { return __list_each(source, f) }
      if __arity(f) >= 2 {
        var n = 0
        for x in source {
          f(x, n)
          n += 1
        }
      } else {
        for x in source { f(x) }
      }
      nil
    }

    fn __group_by(xs, f) {
      let source = __source(xs)
      if not __is_stream(source) { return __list_group_by(source, f) }
      let keyOf = __indexed(f)
      var items = []
      var keys = []
      for x in source {
        keys.push(keyOf(x, items.len()))
        items.push(x)
      }
      __group_by_keys(items, keys)
    }

    fn __count_by(xs, f) {
      let source = __source(xs)
      if not __is_stream(source) { return __list_count_by(source, f) }
      let keyOf = __indexed(f)
      var keys = []
      for x in source { keys.push(keyOf(x, keys.len())) }
      __count_keys(keys)
    }

    fn __join(xs, sep) { __collect(xs).join(sep ?? "") }

    fn __print_stream(xs, end) {
      for x in xs[0] { print(str(x), end: end ?? "\n") }
      nil
    }

    fn __eprint_stream(xs, end) {
      for x in xs[0] { eprint(str(x), end: end ?? "\n") }
      nil
    }

    fn __to(xs, channel) {
      for x in __source(xs) { channel.send(x) }
      nil
    }

    # `fs.write` of a stream: its strings as lines, bytes as they are.
    fn __write(xs, path) { fs.write(path, __source(xs)) }

    fn __append(xs, path) { fs.append(path, __source(xs)) }
    """#
}
