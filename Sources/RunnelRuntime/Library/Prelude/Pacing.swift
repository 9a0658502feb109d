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

    # Streams beside the first are read through channels, which can be asked for one item.
    fn __zip_stream(s, others) {
      var columns = []
      for other in others {
        let source = __source(other)
        if __is_stream(source) {
          let items = channel()
          spawn service __pump(source, items)
          columns.push(items)
        } else {
          columns.push(list(source))
        }
      }
      var n = 0
      for x in s {
        var row = [x]
        for column in columns {
          if type(column) == "list" {
            if n >= column.len() { return }
            row.push(column[n])
          } else {
            let got = try { [column.recv()] } catch ChannelClosed { return }
            row.push(got[0])
          }
        }
        yield row
        n += 1
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
