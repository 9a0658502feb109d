// GNU readline as a line editor that never blocks: it is given the characters that are there, and says when a line is
// done. So the thread that edits also runs the session's background tasks between two keys.
//
// Safety: readline is one set of C globals, and its callbacks carry no context. All of it is used by one thread, the one
// that runs the REPL; `LineEditor.current` is set by it before the first callback and never changes.

@preconcurrency import CReadline
import Glibc
import RunnelSystem

/// The line editor of this process.
final class LineEditor {
  /// What a line came to.
  enum Line {
    case text(String)
    /// Ctrl-D on an empty line, or the terminal is gone.
    case end
    /// Ctrl-C.
    case discarded
  }

  nonisolated(unsafe) private static var current: LineEditor?

  /// The line that is done, until somebody takes it.
  private var line: Line?
  /// Whether a line is being edited.
  private(set) var isEditing = false
  private var isHidden = false
  /// Called before prompt and line are shown again.
  var beforeShowing: (() -> Void)?
  /// Gives what may complete a word, and whether it should be a file instead: the line up to the word, the word.
  private let completions: (String, String) -> [String]?
  private var candidates: [String] = []
  private let keyboard = Keyboard()
  /// The byte that `feed` has read and readline has not taken yet.
  private var key: Keyboard.Key?
  /// A signal has cut short what readline was reading: that this ended is no end of the input.
  private var wasInterrupted = false
  /// What tells readline that a paste has ended, as far as it has not been read.
  private var endOfPaste: ArraySlice<UInt8> = []

  /// - Parameter completions: for the line before the word and the word; nil where files are to be completed.
  init(toError: Bool, completions: @escaping (String, String) -> [String]?) {
    self.completions = completions
    Self.current = self
    runnel_readline_setup(
      { word, start, _ in
        guard let editor = LineEditor.current, let word,
          editor.prepareCompletion(String(cString: word), start)
        else { return nil }
        return rl_completion_matches(word) { _, position in
          guard let editor = LineEditor.current, position == 0 || !editor.candidates.isEmpty else {
            return nil
          }
          guard !editor.candidates.isEmpty else { return nil }
          return strdup(editor.candidates.removeFirst())
        }
      },
      { _ in
        guard let byte = LineEditor.current?.takeByte() else { return EOF }
        return Int32(byte)
      }, runnel_readline_stream(toError ? 1 : 0))
    using_history()
  }

  /// Shows a prompt and begins a line.
  func begin(prompt: String) {
    line = nil
    isEditing = true
    isHidden = false
    rl_callback_handler_install(prompt) { text in
      // In here, so that the terminal is as usual before anything runs.
      rl_callback_handler_remove()
      guard let editor = LineEditor.current else { return }
      editor.isEditing = false
      if let text {
        editor.line = .text(String(cString: text))
        free(text)
      } else {
        editor.line = editor.wasInterrupted ? .discarded : .end
      }
    }
  }

  /// Takes a byte from the keyboard into the line; false if none has been typed.
  func feed() -> Bool {
    key = keyboard.nextIfAny()
    guard key != nil else { return false }
    wasInterrupted = false
    endOfPaste = []
    show()
    rl_callback_read_char()
    return true
  }

  /// The next byte for readline; nil at the end. Where a signal has come while it is waited for, a paste that is being read ends.
  private func takeByte() -> UInt8? {
    if let byte = endOfPaste.popFirst() { return byte }
    defer { key = nil }
    switch key ?? keyboard.next() {
    case .byte(let byte): return byte
    case .end: return nil
    case .interrupted:
      // Once: what asks again reads no paste.
      guard !wasInterrupted else { return nil }
      wasInterrupted = true
      endOfPaste = Array("\u{1B}[201~".utf8)[...]
      return endOfPaste.popFirst()
    }
  }

  /// The line, once it is done.
  func takeLine() -> Line? {
    defer { line = nil }
    return line
  }

  /// The line is dropped, and the terminal as usual.
  /// - Parameter byUser: Ctrl-C has been pressed, which is shown where the cursor stands.
  func discard(byUser: Bool) {
    guard isEditing else { return }
    show()
    runnel_readline_discard(byUser ? SIGINT : 0)
    isEditing = false
    line = .discarded
  }

  /// Takes prompt and line off the screen, because something else is to be written.
  func hide() {
    guard isEditing, !isHidden else { return }
    isHidden = true
    runnel_readline_hide()
  }

  /// Shows them again.
  func show() {
    guard isEditing, isHidden else { return }
    beforeShowing?()
    isHidden = false
    runnel_readline_show()
  }

  /// The terminal has another size.
  func resize() {
    if isEditing { rl_resize_terminal() }
  }

  /// Ctrl-Z: the terminal is as usual while the process is stopped. Its group was sent the same key's signal.
  func suspend() {
    if isEditing { rl_deprep_terminal() }
    Signals.suspend(group: false)
    if isEditing {
      rl_prep_terminal(1)
      runnel_readline_resume()
    }
  }

  private func prepareCompletion(_ word: String, _ start: Int32) -> Bool {
    guard let text = runnel_readline_text() else { return false }
    let before = String(decoding: UnsafeRawBufferPointer(start: text, count: Int(start)), as: UTF8.self)
    guard let found = completions(before, word) else { return false }
    candidates = found
    runnel_readline_names_only()
    return true
  }

  // MARK: History

  /// Reads the history of earlier sessions. Unreadable is as good as none.
  func readHistory(from path: String, limit: Int32) {
    _ = read_history(path)
    stifle_history(limit)
  }

  /// Adds an entry, unless it repeats the last.
  /// - Parameter path: the file that also gets it.
  func addHistory(_ text: String, to path: String?) {
    if history_length > 0, let last = history_get(history_base + history_length - 1),
      let line = last.pointee.line,
      String(cString: line) == text
    {
      return
    }
    add_history(text)
    if let path { _ = append_history(1, path) }
  }

  /// Shortens the file.
  func trimHistory(_ path: String, limit: Int32) { _ = history_truncate_file(path, limit) }
}
