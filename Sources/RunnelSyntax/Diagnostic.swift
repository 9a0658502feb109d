// What the front end, the machine and the REPL tell people: one type, rendered in one place
// (DiagnosticRenderer). A message starts with what happened, in lower case and without a full stop, with
// names in backquotes; the hint says what to write instead.

public enum Severity: String, Sendable {
  case error
  case warning
  case note
}

/// One message about a place in a script.
public struct Diagnostic: Sendable {
  /// A further place, with what it has to do with it.
  public struct Label: Sendable {
    public var span: Span
    public var text: String

    public init(_ span: Span, _ text: String) {
      self.span = span
      self.text = text
    }
  }

  public var severity: Severity
  /// The stable code, from the one table of codes.
  public var code: DiagnosticCode
  public var source: SourceFile
  public var span: Span
  public var message: String
  public var labels: [Label]
  public var hint: String?

  public init(
    _ code: DiagnosticCode, severity: Severity = .error, source: SourceFile, span: Span, message: String,
    labels: [Label] = [], hint: String? = nil
  ) {
    self.severity = severity
    self.code = code
    self.source = source
    self.span = span
    self.message = Self.abridged(message)
    self.labels = labels
    self.hint = hint.map(Self.abridged)
  }

  /// How many errors, and how many warnings, of one script are reported: nobody reads more.
  package static let limit = 100

  /// Longest name that a message quotes whole, in Unicode scalars.
  private static let nameLimit = 80

  /// A message with what it quotes in backquotes cut where nobody reads on.
  private static func abridged(_ text: String) -> String {
    if text.utf8.count <= nameLimit { return text }
    var isQuoted = true
    let parts = text.split(separator: "`", omittingEmptySubsequences: false).map { part -> Substring in
      isQuoted.toggle()
      guard isQuoted, part.unicodeScalars.count > nameLimit else { return part }
      return Substring(part.unicodeScalars.prefix(nameLimit - 1)) + "…"
    }
    return parts.joined(separator: "`")
  }
}
