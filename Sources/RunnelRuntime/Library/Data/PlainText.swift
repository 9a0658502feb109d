// Single values as the text of a field: of a CSV row, of a query.

/// A value that is no container, as `str` gives it, nil as nothing; nil for what has no such text.
func plainText(_ value: Value) -> String? {
  switch value {
  case .nil: return ""
  case .bool(let flag): return flag ? "true" : "false"
  case .int(let number): return String(number)
  case .float(let number): return Formatting.float(number)
  case .duration(let nanoseconds): return Formatting.duration(nanoseconds)
  case .object(let object):
    switch object.tag {
    case .string: return unsafeDowncast(object, to: StringObject.self).text
    case .time: return timeText(unsafeDowncast(object, to: TimeObject.self))
    default: return nil
    }
  }
}
