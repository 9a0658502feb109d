// The command line, fast path first: `runnel FILE`, `runnel run FILE` and `runnel -c CODE` without options are
// recognised here, before swift-argument-parser is touched (architecture.md, decision 11).

import RunnelRuntime
import RunnelSyntax
import RunnelCompiler
import RunnelSystem

func run(_ source: SourceFile, path: String?, arguments: [String]) -> Int32 {
  let program = ProgramLoader.load(source, path: path)
  let renderer = DiagnosticRenderer(color: false)
  if !program.diagnostics.isEmpty {
    var text = renderer.render(program.diagnostics)
    if !text.hasSuffix("\n") { text += "\n" }
    text.withUTF8 { try? DescriptorIO.writeAll(2, UnsafeRawBufferPointer($0)) }
  }
  guard program.isValid else { return 2 }
  var options = InterpreterOptions()
  options.arguments = arguments
  options.script = path ?? ""
  Signals.ignoreBrokenPipe()
  let interpreter = Interpreter(options: options)
  let end = interpreter.run(program)
  if let error = end.report {
    var text = ErrorReport(isColoured: false).render(error)
    text.withUTF8 { try? DescriptorIO.writeAll(2, UnsafeRawBufferPointer($0)) }
  }
  return end.status
}

var words = Array(CommandLine.arguments.dropFirst())
if words.first == "run" { words.removeFirst() }
if words.count >= 2, words[0] == "-c" {
  ProcessEnd.now(run(SourceFile(name: "-c", text: words[1]), path: nil, arguments: Array(words.dropFirst(2))))
}
if let path = words.first, let bytes = try? FileReading.wholeFile(path) {
  if words.count >= 2, words[1] == "--bytecode" {
    let program = ProgramLoader.load(SourceFile(name: path, bytes: bytes), path: path)
    if let code = program.code { print(disassemble(code)) }
  } else {
    ProcessEnd.now(run(SourceFile(name: path, bytes: bytes), path: path, arguments: Array(words.dropFirst())))
  }
}
