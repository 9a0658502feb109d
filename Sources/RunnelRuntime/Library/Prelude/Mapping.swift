// The stage `map`, with its ways: several items at once, in order or as they finish, failures kept or left out.

extension Prelude {
  static let mapping = #"""
    fn __map(xs, f, limit, ordered, on, errors) {
      let source = __source(xs)
      let several = __size(limit ?? 1, "map")
      let mode = errors ?? "raise"
      let work =
        if mode == "raise" { f }
        else if mode == "settled" or mode == "skip" { __settling(f) }
        else { raise ValueError("`errors` of `map` is \"raise\", \"settled\" or \"skip\", not {repr(mode)}") }
      let isStream = __is_stream(source)
      let out =
        if several == 1 and on == nil {
          if isStream { __map_stream(source, work) } else { __list_map(source, work) }
        } else if ordered == false {
          __map_as_finished(source, work, several, on)
        } else {
          __map_in_order(source, work, several, on)
        }
      if mode == "skip" {
        if isStream { __succeeded(out) } else { __collect(__succeeded(out)) }
      } else if isStream or type(out) == "list" { out }
      else { __collect(out) }
    }

    fn __map_stream(s, f) {
      if __arity(f) >= 2 {
        var n = 0
        for x in s {
          yield f(x, n)
          n += 1
        }
      } else {
        let [done, left] = __leaf_stage(s, f, false)
        for y in done { yield y }
        for x in left { yield f(x) }
      }
    }

    # Failures become records; a cancellation is none, and passes.
    fn __settling(f) {
      if __arity(f) >= 2 {
        (x, i) => { try { ({ok: true, value: f(x, i), item: x}) } catch e { ({ok: false, error: e, item: x}) } }
      } else {
        x => { try { ({ok: true, value: f(x), item: x}) } catch e { ({ok: false, error: e, item: x}) } }
      }
    }

    fn __succeeded(s) { for r in s { if r.ok { yield r.value } } }

    # `f(item, index)`, whatever it requires.
    fn __indexed(f) { if __arity(f) >= 2 { f } else { (x, n) => f(x) } }

    # When one fails, or the reader has enough, the others are cancelled, and waited for while they clean up. What they raise
    # then joins the error that passes; where that is only a cancellation, it takes its place.
    fn __stop_all(tasks, passing) {
      for t in tasks { t.cancel() }
      var failure = nil
      for t in tasks {
        let raised = __drop(t)
        if raised != nil {
          if failure == nil and passing is Cancelled { failure = raised } else { __suppress(failure ?? passing, raised) }
        }
      }
      if failure != nil { raise failure }
    }

    # At most `several` live tasks; the oldest is awaited before another item is read, unless one fails before.
    fn __map_in_order(s, f, several, on) {
      let work = __indexed(f)
      let place = __stage_pool(on, several)
      defer { if place != on { __leave(place) } }
      var running = []
      defer error as e { __stop_all(running, e) }
      var n = 0
      for x in s {
        running.push(if place == nil { spawn work(x, n) } else { spawn on place work(x, n) })
        n += 1
        if running.len() >= several { yield await running.remove_at(__first_or_failed(running)) }
      }
      while not running.is_empty() { yield await running.remove_at(__first_or_failed(running)) }
    }

    fn __map_as_finished(s, f, several, on) {
      let work = __indexed(f)
      let place = __stage_pool(on, several)
      defer { if place != on { __leave(place) } }
      var running = {}
      defer error as e { __stop_all(running.values(), e) }
      var n = 0
      for x in s {
        running[n] = if place == nil { spawn work(x, n) } else { spawn on place work(x, n) }
        n += 1
        if running.len() >= several {
          let key = __first_ended(running)
          yield await running.remove(key)
        }
      }
      while not running.is_empty() {
        let key = __first_ended(running)
        yield await running.remove(key)
      }
    }
    """#
}
