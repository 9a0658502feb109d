// Stages that are cut by time: they wait for an item or for a moment, whichever comes first, and so need a task beside
// them that reads.

extension Prelude {
  static let pacing = #"""
    # Reads a stream and hands its items over one by one. Its failure is had from the task, after its items.
    fn __pump(s, items) {
      defer { __end_handing(items) }
      for x in s { __hand(items, x) }
    }

    # The time of a batch begins with its first item.
    fn __batch_within(s, n, within) {
      if type(within) != "duration" {
        raise TypeError("`within` of `batch` is a duration, not {type(within)}; write `within: 1s`")
      }
      let items = __hand_over()
      let pump = spawn __pump(s, items)
      defer error as e { __stop_all([pump], e) }
      var held = []
      var due = nil
      while true {
        let got = __receive(items, if due == nil { nil } else { due - time.monotonic() })
        if got == nil { break }
        for x in got {
          if due == nil { due = time.monotonic() + within }
          held.push(x)
        }
        if got.is_empty() or held.len() == n {
          yield held
          held = []
          due = nil
        }
      }
      if not held.is_empty() { yield held }
      await pump
    }
    """#
}
