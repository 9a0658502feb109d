// The example of docs/embedding.md, word for word: `EmbeddingTests` compares and runs it.

import Runnel

func shippingRules() async throws -> [String] {
  var options = ScriptOptions()
  options.functions = [
    HostFunction("weight(article)") { arguments in
      arguments[0].string == "anvil" ? 45.0 : 0.5
    },
    HostFunction(waiting: "stock(article)") { arguments in
      try await Task.sleep(for: .milliseconds(1))
      return ["anvil": 3, "feather": 900][arguments[0].string ?? ""].map { .int($0) } ?? nil
    },
  ]
  let script = try Script(
    """
    fn ship(article, rush = false) {
      let left = timeout 1m { stock(article) } ?? raise KeyError("no {article}")
      let how = if weight(article) > 30 { "by truck" } else if rush { "by bike" } else { "by mail" }
      "{article} {how}, {left} left"
    }
    """,
    name: "rules.rnl", options: options)
  let rules = try await script.start()
  var lines: [String] = []
  for article in ["anvil", "feather", "unicorn"] {
    do {
      lines.append(try await rules.call("ship", .string(article)).string ?? "")
    } catch let error as ScriptError {
      lines.append("\(error.kind): \(error.message)")
    }
  }
  await rules.close()
  return lines  // anvil by truck, 3 left; feather by mail, 900 left; KeyError: no unicorn
}
