// The data half of the library: every group of built-ins of this folder, and the fields of values that it defines.

enum DataLibrary {
  /// The namespaces `json csv hash base64 url time math`, the methods of `regex` and `time` (whose functions have
  /// a receiver: the name `time` is both), and the global functions `regex random shuffle sample uuid`.
  static var groups: [NativeGroup] {
    [
      globals, JSONLibrary.group, CSVLibrary.group, Base64Library.group, URLLibrary.group, HashLibrary.group,
      RegexLibrary.group, TimeLibrary.namespace, TimeLibrary.methods, MathLibrary.group,
    ]
  }

  private static var globals: NativeGroup {
    NativeGroup("", summary: "Patterns and chance.", functions: RegexLibrary.globals + RandomLibrary.globals)
  }

  /// The field of a time (`t.year`); nil if there is none of that name.
  static func timeField(_ time: TimeObject, _ name: String) -> Value? { TimeLibrary.field(time, name) }

  /// The field of a duration (`d.seconds`), of so many nanoseconds; nil if there is none of that name.
  static func durationField(_ nanoseconds: Int, _ name: String) -> Value? {
    TimeLibrary.field(ofDuration: nanoseconds, name)
  }

  /// The field of a regex (`re.pattern`); nil if there is none of that name.
  static func regexField(_ regex: RegexObject, _ name: String) -> Value? { RegexLibrary.field(regex, name) }
}
