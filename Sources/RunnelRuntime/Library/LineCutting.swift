// Lines of a stream of chunks (the stage `lines`): a chunk may end in the middle of a line, of its end `\r\n`, or
// of a character, so what is left over is kept as bytes until the next.

enum LineCutting {
  /// `[lines, rest]` of what was left and a chunk, a string or bytes. A chunk of nil is the end: then the rest is
  /// the last line, if there is one. Each string is taken as whole lines: it ends the line that it is in.
  static func cut(_ call: borrowing NativeCall) throws(Raised) -> Value {
    var buffer = call[1].bytes?.bytes ?? []
    let chunk = call[0]
    let endsLine: Bool
    if let string = chunk.string {
      // A string after unfinished bytes begins a line of its own.
      if !buffer.isEmpty { buffer.append(0x0A) }
      buffer.append(contentsOf: string.text.utf8)
      endsLine = true
    } else if let bytes = chunk.bytes {
      buffer.append(contentsOf: bytes.bytes)
      endsLine = false
    } else if chunk.isNil {
      endsLine = true
    } else {
      buffer.append(contentsOf: try describe(chunk, strand: call.strand).utf8)
      endsLine = true
    }
    var lines: [Value] = []
    var start = 0
    for index in buffer.indices where buffer[index] == 0x0A {
      lines.append(try line(buffer, start, index))
      start = index + 1
    }
    let isEmptyString = chunk.string?.byteCount == 0 && buffer.isEmpty
    if endsLine, start < buffer.count || isEmptyString {
      lines.append(try line(buffer, start, buffer.count))
      start = buffer.count
    }
    return .list([.list(lines), .bytes(Array(buffer[start...]))])
  }

  private static func line(_ buffer: [UInt8], _ start: Int, _ end: Int) throws(Raised) -> Value {
    let stop = end > start && buffer[end - 1] == 0x0D ? end - 1 : end
    return .string(try TextEncoding.utf8.decode(Array(buffer[start..<stop]), .strict))
  }
}
