// `path`: paths as text (library.md, Files).

internal import RunnelSystem

/// The built-ins of `path`.
enum PathLibrary {
  static var group: NativeGroup {
    NativeGroup(
      "path",
      summary:
        "Paths as text. Only `absolute`, `relative` and `expand` ask where the script is; none looks at the disk.",
      functions: functions)
  }

  private static var functions: [NativeFunction] {
    [
      .plain(
        "join(first, ...more) → string",
        documentation:
          "The parts with a slash between them. An absolute part starts anew: `path.join(\"a\", \"/b\")` is `/b`."
      ) { (call) throws(Raised) in
        var parts = [try call.string(0)]
        for part in call.rest {
          guard let text = part.string else {
            throw Raised(.typeError, "`join` takes strings, not \(part.typeName)")
          }
          parts.append(text.text)
        }
        return .string(PathText.join(parts))
      },
      text("name", "What comes after the last slash.", PathText.name),
      text("stem", "The name without its extension.", PathText.stem),
      text(
        "ext", "The name's extension with its dot, `.gz` of `a.tar.gz`, or the empty string.",
        PathText.fileExtension),
      text("dir", "What comes before the last slash; the empty string if there is none.", PathText.directory),
      text(
        "normalize", "Without `.`, needless slashes, and `..` together with the name before it.",
        PathText.normalized),
      .plain(
        "parts(p) → list", documentation: "The names on the way; the first of an absolute path is `/`."
      ) { (call) throws(Raised) in
        .list(PathText.parts(try call.string(0)).map { .string($0) })
      },
      .plain("is_absolute(p) → bool", documentation: "Whether the path starts at the root.") {
        (call) throws(Raised) in .bool(try call.string(0).utf8.first == UInt8(ascii: "/"))
      },
      .plain(
        "absolute(p) → string",
        documentation:
          "The path from the root, normalized; a relative one counts from the task's working directory."
      ) { (call) throws(Raised) in
        .string(PathText.normalized(call.strand.resolved(try call.string(0))))
      },
      .plain(
        "relative(p, to = \".\") → string", documentation: "How to get to the path from the directory `to`."
      ) { (call) throws(Raised) in
        let path = call.strand.resolved(try call.string(0))
        return .string(PathText.relative(path, to: call.strand.resolved(try call.string(1, default: "."))))
      },
      .plain(
        "expand(p) → string",
        documentation: "With `~` at the start replaced by the user's home, `~name` by that of another."
      ) { (call) throws(Raised) in
        let strand = call.strand
        return .string(
          PathText.expanded(try call.string(0)) { user in
            guard let user else { return home(strand) }
            return SystemInfo.homeDirectory(ofUser: user)
          })
      },
    ]
  }

  private static func text(
    _ name: String, _ documentation: String, _ function: @escaping (String) -> String
  ) -> NativeFunction {
    .plain("\(name)(p) → string", documentation: documentation) { (call) throws(Raised) in
      .string(function(try call.string(0)))
    }
  }

  /// The user's home: the task's `HOME`, else what the user data base says.
  static func home(_ strand: Strand) -> String {
    if let home = strand.environment["HOME"]?.string?.text, !home.isEmpty { return home }
    return SystemInfo.homeDirectory
  }
}
