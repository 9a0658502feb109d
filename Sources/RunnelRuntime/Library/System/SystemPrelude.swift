// The part of the system library that is written in Runnel, because it reads streams, and only the machine
// runs generators (docs/architecture.md, "The machine").

/// Source for the prelude.
enum SystemPrelude {
  static let source = #"""
    # Writing: text and bytes at once; anything else item by item (`fs.write`, `fs.append`, the sinks).
    fn __fs_write(p, data) {
      match data {
        string | bytes => __write_whole(p, data)
        _ => __write_items(p, data)
      }
      nil
    }

    fn __fs_append(p, data) {
      match data {
        string | bytes => __append_whole(p, data)
        _ => __append_items(p, data)
      }
      nil
    }

    fn __write_items(p, items) {
      with __write_begin(p, items) as out {
        for item in items {
          if __write_chunk(out, __file_item(item)) { __write_flush(out) }
        }
        __write_commit(out)
      }
      nil
    }

    fn __append_items(p, items) {
      with __append_begin(p, items) as out {
        for item in items { __append_chunk(out, __file_item(item)) }
        out.close()
      }
      nil
    }

    # What an item is in a file: a string is a line, bytes are bytes, maps and lists are lines of JSON.
    fn __file_item(item) {
      match item {
        string | bytes => item
        list | map => json.encode(item)
        _ => str(item)
      }
    }
    """#
}
