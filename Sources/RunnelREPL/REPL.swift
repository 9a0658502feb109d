// The REPL: reads a line (or as many as it takes), runs it in the session, shows what it came to (language.md §16).
// While it waits for keys the session's background tasks run, on the same thread.

public import RunnelRuntime
import RunnelSyntax
import RunnelSystem

/// An interactive session on the terminal.
public final class REPL {
  private let session: Session
  private let editor: LineEditor
  private let isColoured: Bool
  private let history: String?
  private var lineNumber = 0
  /// The status to leave with, once somebody has asked to.
  private var leaving: Int32?
  /// Whether a line of the user's runs (and not the prompt).
  private var isRunning = false
  /// Whether the terminal goes on in the next line when one is full: what a dumb one does is not known.
  private let canWrap: Bool

  static let prompt = "runnel> "
  static let continuation = "....... "
  static let commandNames = [":help", ":quit"]

  /// Standard input is a terminal.
  public init(options: InterpreterOptions = InterpreterOptions(), isColoured: Bool = false) {
    var options = options
    options.workerProgram = options.workerProgram ?? InterpreterOptions.ownProgram
    let session = Session(options: options)
    self.session = session
    self.isColoured = isColoured
    editor = LineEditor(toError: !Terminal.isTerminal(1)) { before, word in
      Completion(session: session).candidates(after: before, word: word)
    }
    history = HistoryFile.path()
    let type = SystemInfo.environment().first { $0.name == "TERM" }?.value
    canWrap = type != nil && type != "dumb"
  }

  /// Reads and runs until the user leaves; gives the exit status.
  public func run() -> Int32 {
    Signals.ignoreBrokenPipe()
    if let history { editor.readHistory(from: history, limit: HistoryFile.limit) }
    // Unsafe only in name: signals are handed on by the thread that runs the session, which is this one.
    nonisolated(unsafe) let repl = self
    session.watchSignals([2, 15, 1, 20, 28]) { repl.take(signal: $0) }
    session.beforeWriting { if !repl.isRunning { repl.editor.hide() } }
    editor.beforeShowing = { repl.session.beginLine(canWrap: repl.canWrap) }
    write("Runnel \(RunnelVersion.text). `:help` tells more, Ctrl-D leaves.\n")
    while leaving == nil { turn() }
    showFailures()
    session.beforeWriting(nil)
    session.close()
    if let history { editor.trimHistory(history, limit: HistoryFile.limit) }
    return leaving ?? 0
  }

  // MARK: One turn

  private func turn() {
    showFailures()
    guard leaving == nil, let text = readInput() else { return }
    let command = text.drop { $0 == " " || $0 == "\t" || $0 == "\n" }
    guard !command.isEmpty else { return }
    editor.addHistory(text, to: history)
    if command.first == ":" {
      perform(command: command)
    } else {
      execute(text)
    }
  }

  /// The lines of one input; nil if it was dropped or the user leaves.
  private func readInput() -> String? {
    var text = ""
    while true {
      switch readLine(prompt: text.isEmpty ? Self.prompt : Self.continuation) {
      case .text(let line):
        text += text.isEmpty ? line : "\n" + line
        if text.utf8.first == UInt8(ascii: ":") || isComplete(text) == .complete { return text }
      case .discarded:
        write("\n")
        return nil
      case .end:
        write("\n")
        // In the middle of something, Ctrl-D says that this is all there is.
        if !text.isEmpty { return text }
        leave()
        return nil
      }
      if leaving != nil { return nil }
    }
  }

  private func readLine(prompt: String) -> LineEditor.Line {
    session.beginLine(canWrap: canWrap)
    editor.begin(prompt: prompt)
    while true {
      if let line = editor.takeLine() { return line }
      waitForInput()
      if leaving != nil {
        editor.discard(byUser: false)
        return .discarded
      }
      while editor.isEditing, editor.feed() {}
    }
  }

  /// Lets background tasks run until a key is pressed or the line is otherwise over.
  private func waitForInput() {
    let arrival = Arrival()
    let watch = session.interpreter.reactor.watch(0, for: .readable, isBackground: true) {
      arrival.hasCome = true
    }
    session.idle(until: {
      self.editor.show()
      return arrival.hasCome || !self.editor.isEditing || self.leaving != nil
    })
    session.interpreter.reactor.cancel(watch)
  }

  private func execute(_ text: String) {
    lineNumber += 1
    let source = SourceFile(name: "repl:\(lineNumber)", text: text)
    isRunning = true
    let outcome = session.run(source, isLine: true)
    isRunning = false
    switch outcome {
    case .value(let value): if shows(value, of: text) { write(Session.text(of: value) + "\n") }
    case .failed(let error): complain(ErrorReport(isColoured: isColoured).render(error))
    case .cancelled: break
    case .invalid(let problems): complain(DiagnosticRenderer(color: isColoured).render(problems))
    case .exit(let status): leaving = leaving ?? status
    }
  }

  /// Values are echoed; nil is not, nor the record of a `$ command`, whose output has been seen.
  private func shows(_ value: Value, of text: String) -> Bool {
    if value.isNil { return false }
    let (tree, _) = Parser.parse(SourceFile(name: "repl", text: text))
    if case .expression(let last)? = tree.statements.last?.kind, case .command(let command) = last.kind,
      case .statement = command.form
    {
      return false
    }
    return true
  }

  /// What went wrong in the background since the last prompt.
  private func showFailures() {
    for failure in session.takeFailures() {
      if let status = failure.exitStatus {
        leaving = leaving ?? status
      } else {
        complain(failure.line + "\n")
      }
    }
  }

  // MARK: Commands, leaving, signals

  private func perform(command text: Substring) {
    let name = String(text.prefix { $0 != " " && $0 != "\n" })
    switch name {
    case ":quit", ":q": leave()
    case ":help", ":h", ":?": write(Self.help)
    default:
      let hint = NearestName.suggest(for: name, among: Self.commandNames).map { ", did you mean `\($0)`?" }
      complain("no command `\(name)`\(hint ?? "; `:help` lists them")\n")
    }
  }

  private func leave() {
    let count = session.liveTaskCount
    guard count > 0 else {
      leaving = 0
      return
    }
    let question =
      count == 1 ? "1 task is running. Leave? [y/N] " : "\(count) tasks are running. Leave? [y/N] "
    switch readLine(prompt: question) {
    case .text(let answer): if ["y", "yes"].contains(answer.lowercased()) { leaving = 0 }
    case .end:
      // Ctrl-D once more is an answer too.
      write("\n")
      leaving = 0
    case .discarded: write("\n")
    }
  }

  private func take(signal: Int32) {
    switch signal {
    case 2:
      guard isRunning || leaving != nil else { return editor.discard(byUser: true) }
      // Below the `^C` that the terminal shows.
      write("\n")
      session.interrupt()
    case 20: editor.suspend()
    case 28: editor.resize()
    default:
      leaving = 128 + signal
      if isRunning { session.interrupt() }
    }
  }

  private func write(_ text: String) { session.interpreter.write(text) }
  private func complain(_ text: String) { session.interpreter.write(text, toError: true) }

  private static let help = """
    Type code; what it gives is shown. Lines go on until brackets and strings are closed.
      :help    this text
      :quit    leave, as Ctrl-D does
    Tab completes names, Up and Ctrl-R find earlier lines, Ctrl-C stops what runs or drops the line.
    What a line spawns runs on while you type; `docs/repl.md` tells more.

    """
}

/// Whether a key has come.
///
/// `@unchecked Sendable`: written and read by the thread that runs the session, which also polls its reactor.
private final class Arrival: @unchecked Sendable {
  var hasCome = false
}
