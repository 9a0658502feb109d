// Stages (language.md §14): with a stream they are generators, read item by item; with a list, a range or a map's
// keys they give a list, in the task itself.

extension Prelude {
  static let stages = #"""
    fn __stream(xs) {
      let source = __source(xs)
      if __is_stream(source) { source } else { __items_stream(source) }
    }

    fn __items_stream(xs) { yield ...xs }

    fn __filter(xs, f) {
      let source = __source(xs)
      if __is_stream(source) { __filter_stream(source, f) } else { __list_filter(source, f) }
    }

    # A function that requires two parameters gets `(item, index)`.
    fn __filter_stream(s, f) {
      if __arity(f) >= 2 {
        var n = 0
        for x in s {
          if f(x, n) { yield x }
          n += 1
        }
      } else {
        let [done, left] = __leaf_stage(s, f, true)
        for x in done { yield x }
        for x in left { if f(x) { yield x } }
      }
    }

    fn __flat_map(xs, f) {
      let source = __source(xs)
      if __is_stream(source) { __flat_map_stream(source, f) } else { __list_flat_map(source, f) }
    }

    fn __flat_map_stream(s, f) {
      if __arity(f) >= 2 {
        var n = 0
        for x in s {
          yield ...f(x, n)
          n += 1
        }
      } else {
        for x in s { yield ...f(x) }
      }
    }

    fn __take(xs, n) {
      let source = __source(xs)
      if __is_stream(source) { __take_stream(source, __amount(n, "take")) } else { source.take(n) }
    }

    # Never asks for the item after the last one that it gives.
    fn __take_stream(s, n) {
      if n == 0 { return }
      var left = n
      for x in s {
        yield x
        left -= 1
        if left == 0 { break }
      }
    }

    fn __skip(xs, n) {
      let source = __source(xs)
      if __is_stream(source) { __skip_stream(source, __amount(n, "skip")) } else { source.skip(n) }
    }

    fn __skip_stream(s, n) {
      var left = n
      for x in s {
        if left == 0 { yield x } else { left -= 1 }
      }
    }

    fn __take_while(xs, f) {
      let source = __source(xs)
      if __is_stream(source) { __take_while_stream(source, f) } else { __list_take_while(source, f) }
    }

    fn __take_while_stream(s, f) {
      let holds = __indexed(f)
      var n = 0
      for x in s {
        if not holds(x, n) { break }
        yield x
        n += 1
      }
    }

    fn __skip_while(xs, f) {
      let source = __source(xs)
      if __is_stream(source) { __skip_while_stream(source, f) } else { __list_skip_while(source, f) }
    }

    fn __skip_while_stream(s, f) {
      let holds = __indexed(f)
      var skips = true
      var n = 0
      for x in s {
        if skips {
          skips = holds(x, n)
          n += 1
        }
        if not skips { yield x }
      }
    }

    fn __unique(xs, by) {
      let source = __source(xs)
      if __is_stream(source) { return __unique_stream(source, by) }
      if by == nil { __unique_by_keys(source, source) } else { __list_unique(source, by) }
    }

    # Keys that no map can hold are looked for one by one.
    fn __unique_stream(s, by) {
      let keyOf = __key_by(by)
      var seen = {}
      var others = []
      for x in s {
        let key = if keyOf == nil { x } else { keyOf(x) }
        if __is_key(key) {
          if not seen.has(key) {
            seen[key] = true
            yield x
          }
        } else if not others.contains(key) {
          others.push(key)
          yield x
        }
      }
    }

    fn __sort(xs, by, reverse) {
      let source = __source(xs)
      if __is_stream(source) { return __sort_stream(source, by, reverse) }
      if by == nil { __sort_by_keys(source, source, reverse) } else { __list_sorted(source, by, reverse) }
    }

    fn __sort_stream(s, by, reverse) { yield ...__sort(__collect(s), by, reverse) }

    fn __batch(xs, n, within) {
      let source = __source(xs)
      let size = __size(n, "batch")
      if not __is_stream(source) { return source.chunks(size) }
      if within == nil { __batch_stream(source, size) } else { __batch_within(source, size, within) }
    }

    fn __batch_stream(s, n) {
      var held = []
      for x in s {
        held.push(x)
        if held.len() == n {
          yield held
          held = []
        }
      }
      if not held.is_empty() { yield held }
    }

    fn __window(xs, n) {
      let source = __source(xs)
      let size = __size(n, "window")
      if __is_stream(source) { __window_stream(source, size) } else { source.windows(size) }
    }

    fn __window_stream(s, n) {
      var held = []
      for x in s {
        held.push(x)
        if held.len() > n { held.remove_at(0) }
        if held.len() == n { yield held }
      }
    }

    # What is wrong is said by the call, not when the stream is read.
    fn __enumerate(s, start) {
      if start != nil and type(start) != "int" {
        raise TypeError("`enumerate` takes an int for `from`, not {type(start)}")
      }
      __enumerate_stream(s, start)
    }

    fn __enumerate_stream(s, start) {
      var n = start ?? 0
      for x in s {
        yield [n, x]
        n += 1
      }
    }

    fn __zip_lists(s, columns) {
      var n = 0
      for x in s {
        var row = [x]
        for column in columns {
          if n >= column.len() { return }
          row.push(column[n])
        }
        yield row
        n += 1
      }
    }

    fn __zip(xs, others) {
      let source = __source(xs)
      let columns = others.map(__source)
      let zipped = if columns.any(__is_stream) { __zip_stream(source, columns) } else { __zip_lists(source, columns) }
      if __is_stream(source) { zipped } else { __collect(zipped) }
    }

    fn __buffer(xs, n) {
      let source = __source(xs)
      let size = __size(n, "buffer")
      if __is_stream(source) { __read_ahead(__items_stream(source), size) } else { list(source) }
    }

    fn __tee(xs, f) {
      let source = __source(xs)
      if __is_stream(source) { return __tee_stream(source, f) }
      __list_each(source, f)
      list(source)
    }

    fn __tee_stream(s, f) {
      let look = __indexed(f)
      var n = 0
      for x in s {
        look(x, n)
        yield x
        n += 1
      }
    }

    fn __lines_stage(xs) {
      if type(xs) == "string" { return xs.lines() }
      if type(xs) == "bytes" { return xs.decode().lines() }
      let source = __source(xs)
      if __is_stream(source) { __lines_stream(source) } else { __collect(__lines_stream(source)) }
    }

    fn __lines_stream(s) {
      var rest = nil
      for chunk in s {
        let [lines, left] = __lines(chunk, rest)
        rest = left
        yield ...lines
      }
      yield ...__lines(nil, rest)[0]
    }

    fn __text_stage(xs) {
      let source = __text_pieces(xs)
      if __is_stream(source) { __text_stream(source) } else { [__text_of(source)] }
    }

    fn __text_stream(s) { yield __text_of(__collect(s)) }

    fn __json_stage(xs) { __parsed(xs, __json_parser()) }

    fn __csv_stage(xs, header, sep) { __parsed(xs, __csv_parser(header, sep)) }

    fn __parsed(xs, parser) {
      let source = __text_pieces(xs)
      if __is_stream(source) { __parsed_stream(source, parser) } else { __collect(__parsed_stream(source, parser)) }
    }

    fn __parsed_stream(s, parser) {
      for piece in s { yield ...__parse(parser, piece) }
      yield ...__parse(parser, nil)
    }

    # Called directly, a text or bytes are a whole.
    fn __text_pieces(xs) { if type(xs) == "string" or type(xs) == "bytes" { [xs] } else { __source(xs) } }

    fn __bytes_stream(s) { for x in s { yield if type(x) == "bytes" { x } else { bytes(str(x)) } } }
    """#
}
