// The data half of the library: every group of built-ins of this folder.

enum DataLibrary {
  /// The namespaces `json csv hash base64 url time math`, the methods of `regex` and `time`, and the global
  /// functions `regex random shuffle sample uuid`.
  static var groups: [NativeGroup] {
    [globals, JSONLibrary.group, RegexLibrary.group, MathLibrary.group, TimeLibrary.namespace, TimeLibrary.methods]
  }

  private static var globals: NativeGroup {
    NativeGroup("", summary: "", functions: RegexLibrary.globals + RandomLibrary.globals)
  }
}
