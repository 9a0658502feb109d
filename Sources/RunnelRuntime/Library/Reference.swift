// `docs/reference`: a page of Markdown for each group of built-ins, written from their declarations. The command
// line's hidden `reference` prints or writes them.

/// Generates the reference.
public enum Reference {
  /// A page's file name, such as `string.md`, and its text.
  public typealias Page = (file: String, text: String)

  /// The pages of the whole library.
  public static func pages() -> [Page] { pages(of: Library.groups) }

  /// All pages, sorted by name; groups of one name make one page. What only the prelude may call is left out.
  static func pages(of groups: [NativeGroup]) -> [Page] {
    var names: [String] = []
    var byName: [String: [NativeGroup]] = [:]
    for group in groups where group.name != "__" {
      if byName[group.name] == nil { names.append(group.name) }
      byName[group.name, default: []].append(group)
    }
    return names.sorted().map { name in
      (name.isEmpty ? "global.md" : "\(name).md", page(name, byName[name] ?? []))
    }
  }

  private static func page(_ name: String, _ groups: [NativeGroup]) -> String {
    let functions = groups.flatMap(\.functions).filter(isPublic).sorted { shown($0) < shown($1) }
    let constants = groups.flatMap(\.constants).sorted { $0.name < $1.name }
    let isType = functions.contains { $0.receiver != nil }
    let title = name.isEmpty ? "Global functions" : (isType ? "Methods of `\(name)`" : "`\(name)`")
    var text = "# \(title)\n\n"
    for summary in groups.filter({ $0.functions.isEmpty || $0.functions.contains(where: isPublic) }).map(
      \.summary)
    where !summary.isEmpty { text += summary + "\n\n" }
    let prefix = name.isEmpty || isType ? "" : name + "."
    if !constants.isEmpty {
      text += "## Values\n\n"
      for constant in constants { text += "- `\(prefix)\(constant.name)`: \(constant.documentation)\n" }
      text += "\n"
    }
    for function in functions {
      text += "### `\(prefix)\(shown(function))`\n\n\(function.documentation)\n\n"
    }
    text += "_Generated from the declarations in `Sources/RunnelRuntime/Library`._\n"
    return text
  }

  private static func isPublic(_ function: NativeFunction) -> Bool {
    !function.name.hasPrefix("__") || StageFunctions.namespaceStages.contains(function.name)
  }

  /// The signature as scripts write it: the stages that share their name with a namespace have another one inside.
  private static func shown(_ function: NativeFunction) -> String {
    function.name.hasPrefix("__") ? String(function.signature.dropFirst(2)) : function.signature
  }
}
