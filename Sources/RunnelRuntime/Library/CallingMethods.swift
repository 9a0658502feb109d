// The methods that call a function: declared here, written in Runnel in the prelude, since native code never
// calls back into the machine.

enum CallingMethods {
  private static func method(
    _ receiver: String, _ signature: String, _ documentation: String, _ prelude: String
  ) -> NativeFunction {
    NativeFunction(signature, receiver: receiver, documentation: documentation, body: .prelude(prelude))
  }

  static let list: [NativeFunction] = [
    method("list", "map(f) → list", "What `f` gives for each item.", "__list_map"),
    method("list", "filter(f) → list", "The items for which `f` gives true.", "__list_filter"),
    method(
      "list", "flat_map(f) → list", "The items of all that `f` gives, which must be iterable.",
      "__list_flat_map"),
    method(
      "list", "reduce(init, f) → value",
      "`f(sum, item)` for one item after the other, beginning with `init`.",
      "__list_reduce"),
    method("list", "each(f)", "Calls `f` for each item.", "__list_each"),
    method(
      "list", "any(f) → bool", "Whether `f` gives true for an item; asks no further then.", "__list_any"),
    method(
      "list", "all(f) → bool",
      "Whether `f` gives true for every item; asks no further than the first that fails.", "__list_all"),
    method("list", "find(f) → item", "The first item for which `f` gives true, or nil.", "__list_find"),
    method(
      "list", "partition(f) → list", "`[yes, no]`: the items for which `f` gives true, and the others.",
      "__list_partition"),
    method(
      "list", "take_while(f) → list", "The items before the first for which `f` gives false.",
      "__list_take_while"),
    method(
      "list", "skip_while(f) → list", "The items from the first on for which `f` gives false.",
      "__list_skip_while"),
    method(
      "list", "group_by(f) → map", "What `f` gives, to the list of the items for which it does.",
      "__list_group_by"),
    method(
      "list", "count_by(f) → map", "What `f` gives, to the number of items for which it does.",
      "__list_count_by"),
    method(
      "list", "to_map(key, value?) → map",
      "What `key` gives for each item, to what `value` gives, or to the item. The last of equal keys counts.",
      "__list_to_map"),
  ]

  static let map: [NativeFunction] = [
    method(
      "map", "map_values(f) → map", "The same keys with what `f` gives for each value.", "__map_map_values"),
    method(
      "map", "map_keys(f) → map", "The same values under what `f` gives for each key.", "__map_map_keys"),
    method("map", "filter(f) → map", "The entries for which `f(key, value)` gives true.", "__map_filter"),
    method("map", "each(f)", "Calls `f(key, value)` for each entry.", "__map_each"),
  ]
}
