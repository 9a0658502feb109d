// What stands before each value in a message. Sender and receiver are the same version of the same program (the first message
// says which), so numbers may change from version to version.

/// How deep what travels may be nested: both halves of the codec walk it on the host's stack, in builds without optimisation too,
/// where a level takes some 4 KiB of it.
let wireDepthLimit = 1_000

/// The sort of a value on its way.
enum WireTag: UInt8 {
  case `nil`, `false`, `true`, int, float, duration, string, bytes, list, map, range
  case closure, native, kind, error, regex, time, module, namespace, environment, executor, attempt
  /// A variable that functions of another task share: it can be neither read nor written here.
  case foreignCell
  /// A copy of a variable that can be read only.
  case cell
  /// A channel or the like, which the script's own process keeps.
  case handle
  case sharedArray
  /// A string, list or map that may come again: it gets the next number.
  case numbered
  /// What came before, by its number.
  case again
  /// A variable that has no value yet.
  case missing
}
