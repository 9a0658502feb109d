// Stages that need a second task beside them: what is read ahead, merged, or cut by time.

extension Prelude {
  static let pacing = #"""
    # Sends a stream's items to a channel, for who must be able to ask for one or to wait for something else as
    # well. Spawned as a service, so that it is stopped with the stage that reads; an error of the stream comes
    # after its items.
    fn __pump(s, items) {
      try {
        for x in s { items.send(x) }
        items.close()
      } catch e {
        items.close(e)
      }
    }

    fn __batch_within(s, n, within) {
      let items = channel()
      spawn service __pump(s, items)
      var held = []
      var due = nil
      while true {
        let got = try {
          if due == nil { ({key: "item", value: items.recv()}) } else { select({item: items, late: due - now()}) }
        } catch ChannelClosed { nil }
        if got == nil { break }
        if got.key == "item" {
          if held.is_empty() { due = now() + within }
          held.push(got.value)
        }
        if got.key == "late" or held.len() == n {
          yield held
          held = []
          due = nil
        }
      }
      if not held.is_empty() { yield held }
    }
    """#
}
