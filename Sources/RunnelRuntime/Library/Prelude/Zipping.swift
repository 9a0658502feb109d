// `zip` beside streams: they are read an item at a time, as far as the first is, and no further.

extension Prelude {
  static let zipping = #"""
    # A column is held: the loop that takes one item of it leaves it open, and the next turn's goes on. The row that one
    # of them ends in is not given, and later columns are not read for it.
    fn __zip_stream(s, others) {
      let columns = others.map(__hold)
      defer { for column in columns { for x in __let_go(column) { } } }
      for x in s {
        var row = [x]
        for column in columns {
          let width = row.len()
          for y in column {
            row.push(y)
            break
          }
          if row.len() == width { return }
        }
        yield row
      }
    }
    """#
}
