// Stages and sinks (language.md §14, library.md): declared here, written in Runnel in the prelude. Called with a
// stream a stage gives a stream, called with a list, a range or a map it gives a list.

enum StageFunctions {
  static let group = NativeGroup("", summary: "", functions: stages + sinks)

  private static func function(_ signature: String, _ prelude: String, _ documentation: String)
    -> NativeFunction
  {
    NativeFunction(signature, documentation: documentation, body: .prelude(prelude))
  }

  /// Stages called as a namespace is: the machine takes `xs | json` for these.
  static let namespaceStages: Set<String> = ["__json", "__csv"]

  private static let stages: [NativeFunction] = [
    function("stream(xs) → stream", "__stream", "A stream of what can be iterated; a stream as it is."),
    function(
      "map(xs, f, limit = 1, ordered = true, on = task, errors = \"raise\") → stream", "__map",
      """
      What `f` gives for each item. With `limit` so many items at once, each a task, in order or with \
      `ordered: false` as they finish. `errors: "settled"` gives `{ok, value|error, item}` for each, `"skip"` drops \
      the failed ones.
      """),
    function("filter(xs, f) → stream", "__filter", "The items for which `f` gives true."),
    function("flat_map(xs, f) → stream", "__flat_map", "The items of all that `f` gives, as they come."),
    function("take(xs, n) → stream", "__take", "The first `n` items; the source is stopped then."),
    function("skip(xs, n) → stream", "__skip", "Without the first `n` items."),
    function(
      "take_while(xs, f) → stream", "__take_while", "The items before the first for which `f` gives false."),
    function(
      "skip_while(xs, f) → stream", "__skip_while", "The items from the first on for which `f` gives false."),
    function(
      "unique(xs, by:) → stream", "__unique",
      "Without items that equal an earlier one, or for which `by` gives what it gave before."),
    function(
      "sort(xs, by:, reverse = false) → stream", "__sort",
      "All items in order, when the source has ended. `by` as in the method `sorted`."),
    function(
      "batch(xs, n, within = nil) → stream", "__batch",
      "Lists of `n` items, the last may be shorter; after `within` what is there."),
    function("window(xs, n) → stream", "__window", "Each `n` neighbours, as lists; none if there are fewer."),
    function("buffer(xs, n) → stream", "__buffer", "The items as they are, of which `n` are read ahead."),
    function("tee(xs, f) → stream", "__tee", "The items as they are; `f` is called for each."),
    function(
      "lines(xs) → stream", "__lines_stage",
      "Text and bytes cut into lines, without their ends. Each string is whole lines; bytes may be cut anywhere."
    ),
    function("text(xs) → stream", "__text_stage", "All of it as one string; strings are lines."),
    function(
      "__json(xs) → stream", "__json_stage",
      "As a stage, `xs | json`: values of JSON, however they are spread over lines."),
    function(
      "__csv(xs, header = true, sep = \",\") → stream", "__csv_stage",
      "As a stage, `xs | csv`: rows, as `csv.parse` gives them."),
  ]

  private static let sinks: [NativeFunction] = [
    function("collect(xs) → list", "__collect", "A list of the items."),
    function("count(xs, f?) → int", "__count", "How many items, or for how many `f` gives true."),
    function("sum(xs) → number", "__sum", "The items added up; 0 for none."),
    function("mean(xs) → float", "__mean", "The sum divided by the number of items."),
    function("first(xs) → item", "__first", "The first item, or nil; the source is stopped then."),
    function("last(xs) → item", "__last", "The last item, or nil."),
    function(
      "fold(xs, init, f) → value", "__fold",
      "`f(sum, item)` for one item after the other, beginning with `init`."),
    function("each(xs, f)", "__each", "Calls `f` for each item."),
    function(
      "group_by(xs, f) → map", "__group_by", "What `f` gives, to the list of the items for which it does."),
    function(
      "count_by(xs, f) → map", "__count_by", "What `f` gives, to the number of items for which it does."),
    function("join(xs, sep = \"\") → string", "__join", "The items as text, with a separator between."),
    function(
      "to(xs, channel)", "__to",
      "Sends the items to a channel, as it takes them. It stays open: others may send to it as well."),
    function("append(xs, path)", "__append", "Adds the items to a file, each as a line; bytes as they are."),
    function(
      "write(xs, path)", "__write",
      "Replaces a file by the items, each as a line; bytes as they are. A failure leaves the old one whole."),
  ]
}
