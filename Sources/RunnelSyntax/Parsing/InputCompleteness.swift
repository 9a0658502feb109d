// Whether what has been typed is all there is: the REPL asks it at the end of every line.

/// What the REPL makes of the lines so far.
public enum InputCompleteness: Sendable, Equatable {
  /// Nothing more is needed; what is wrong with it, if anything, further lines cannot mend.
  case complete
  /// Further lines could finish it: a bracket or a text is open, an operator or a head waits for what follows.
  case incomplete
}

/// Whether further lines could still finish a text. O(length of the text).
public func isComplete(_ text: String) -> InputCompleteness {
  let list = Lexer.tokenize(SourceFile(name: "repl", text: text))
  var parser = Parser(list)
  _ = parser.parseFile()
  if let broken = list.diagnostics.first {
    // A string or a command whose end may come, if nothing before it is wrong already.
    let isOpen = list.endsOpen && list.diagnostics.count == 1
    let isWrongBefore = parser.diagnostics.contains { $0.span.start < broken.span.start }
    return isOpen && !isWrongBefore ? .incomplete : .complete
  }
  if list.endsOpen { return .incomplete }
  return parser.firstFailureIsEnd == true ? .incomplete : .complete
}
