// Where `print` writes, until the interpreter has its own `write`.

extension Interpreter {
  // TODO(merge): the interpreter's own; delete this file.
  func write(_ text: String, toError: Bool) throws(Raised) {}
}
