// What can go wrong with an embedded script, as its host sees it.

import RunnelRuntime
import RunnelSyntax

/// A script that does not parse or resolve.
public struct ScriptProblems: Error, Sendable, CustomStringConvertible {
  /// One finding.
  public struct Problem: Sendable, Hashable {
    /// The stable code, such as `E0301`.
    public let code: String
    public let message: String
    public let hint: String?
    /// The script's name, or an imported file's.
    public let file: String
    /// Both from 1; columns count Unicode scalars.
    public let line: Int
    public let column: Int
  }

  public let problems: [Problem]
  /// All of them as people read them, with the lines of the source.
  public let description: String

  init(_ diagnostics: [Diagnostic]) {
    problems = diagnostics.map { diagnostic in
      let place = diagnostic.source.place(of: diagnostic.span.start)
      return Problem(
        code: diagnostic.code.rawValue, message: diagnostic.message, hint: diagnostic.hint,
        file: diagnostic.source.name, line: place.line, column: place.column)
    }
    description = DiagnosticRenderer().render(diagnostics)
  }
}

/// An error that a script raised and did not catch, or that a host's function raises in it.
public struct ScriptError: Error, Sendable, CustomStringConvertible {
  /// The kind's name, such as `KeyError`.
  public let kind: String
  public let message: String
  /// The error as people read it, with the source line, the trace, notes and causes; for an error of a host's function the
  /// kind and message.
  public let description: String

  /// An error for a script: a host's function throws it.
  /// - Parameter kind: the name of a built-in kind; another name gives a plain `Error`.
  public init(_ kind: String = "Error", _ message: String) {
    self.kind = kind
    self.message = message
    description = "\(kind): \(message)"
  }

  init(_ error: ErrorObject) {
    kind = error.kind.name
    message = error.message
    description = ErrorReport(isColoured: false).render(error)
  }

  /// As the script gets it.
  var raised: Raised {
    let kind = ErrorKind.builtIn.first { $0.name == self.kind } ?? .error
    return Raised(kind, message)
  }
}

/// The script has called `exit`.
public struct ScriptExit: Error, Sendable, Hashable {
  /// As `exit(code)` gave it.
  public let status: Int
}
