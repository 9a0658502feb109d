// Complete JSON values out of chunks of text, however they are spread over lines and chunks: what the `json`
// stage reads a command's output with. A light scan finds where a top-level value ends; then the parser reads it.

/// Cuts a stream of bytes into JSON values.
///
/// Feed it chunks, take values with `next` until it gives nil, and after the last chunk call `finish` and take
/// what is left. Memory is bounded by the longest value.
public struct JSONValueScanner {
  /// Bytes that are not parsed yet; those before `start` are done with.
  private var buffer: [UInt8] = []
  private var start = 0
  /// How far the scan for the value's end has come.
  private var scanned = 0
  private var state = State.between
  private var isFinished = false
  private var place = TextPlace()
  private let limit: Int

  private enum State {
    case between
    /// A number or a word, which ends where white space or a bracket begins.
    case bare
    case string(escaped: Bool)
    case container(depth: Int, inString: Bool, escaped: Bool)
  }

  /// - Parameter limit: how many bytes one value may have; a longer one raises `LimitError`.
  public init(limit: Int = 256 << 20) {
    self.limit = limit
  }

  /// Takes in more bytes.
  public mutating func feed(_ bytes: some Collection<UInt8>) {
    if start > 0 {
      buffer.removeSubrange(..<start)
      scanned -= start
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// Says that no more bytes come, so that a number at the very end is complete.
  public mutating func finish() { isFinished = true }

  /// The next complete value; nil if there is none yet (or, after `finish`, none left).
  /// - Throws: `ParseError` with `line` and `column` counted from the first byte ever fed.
  public mutating func next(strand: Strand) throws(Raised) -> Value? {
    guard let end = try valueEnd(strand) else {
      guard buffer.count - start <= limit else {
        throw place.failure(.limitError, "a JSON value is longer than \(limit) bytes")
      }
      if isFinished, start < buffer.count {
        if case .between = state {
          start = buffer.count
          return nil
        }
        // Not complete: the parser says what is missing.
        return try parse(to: buffer.count, strand: strand)
      }
      return nil
    }
    return try parse(to: end, strand: strand)
  }

  private mutating func parse(to end: Int, strand: Strand) throws(Raised) -> Value {
    let (first, origin) = (start, place)
    start = end
    scanned = end
    state = .between
    let result = buffer.withUnsafeBufferPointer { bytes in
      let text = UnsafeBufferPointer(rebasing: bytes[first..<end])
      place = origin.advanced(over: text)
      return Result { () throws(Raised) in
        if let bad = firstInvalidUTF8(text) {
          let place = origin.advanced(over: UnsafeBufferPointer(rebasing: text[..<bad]))
          throw place.failure(.parseError, "the text is not valid UTF-8")
        }
        var parser = JSONParser(text, strand: strand, origin: origin)
        return try parser.wholeValue()
      }
    }
    return try result.get()
  }

  /// Where the value that begins at or after `start` ends; nil if it is not all there.
  private mutating func valueEnd(_ strand: Strand) throws(Raised) -> Int? {
    let result = buffer.withUnsafeBufferPointer { bytes in
      Result { () throws(Raised) in try scan(bytes, strand) }
    }
    return try result.get()
  }

  private mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>, _ strand: Strand) throws(Raised) -> Int? {
    var index = scanned
    defer { scanned = index }
    var nextCheckpoint = index + 64 * 1024
    while index < bytes.count {
      if index >= nextCheckpoint {
        try strand.checkpoint()
        nextCheckpoint = index + 64 * 1024
      }
      let byte = bytes[index]
      switch state {
      case .between:
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09: break
        case UInt8(ascii: "{"), UInt8(ascii: "["):
          state = .container(depth: 1, inString: false, escaped: false)
        case UInt8(ascii: "\""): state = .string(escaped: false)
        default: state = .bare
        }
      case .bare:
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
          return index
        default: break
        }
      case .string(let escaped):
        if escaped {
          state = .string(escaped: false)
        } else if byte == UInt8(ascii: "\\") {
          state = .string(escaped: true)
        } else if byte == UInt8(ascii: "\"") {
          index += 1
          return index
        }
      case .container(let depth, let inString, let escaped):
        if inString {
          if escaped {
            state = .container(depth: depth, inString: true, escaped: false)
          } else if byte == UInt8(ascii: "\\") {
            state = .container(depth: depth, inString: true, escaped: true)
          } else if byte == UInt8(ascii: "\"") {
            state = .container(depth: depth, inString: false, escaped: false)
          }
        } else if byte == UInt8(ascii: "\"") {
          state = .container(depth: depth, inString: true, escaped: false)
        } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
          state = .container(depth: depth + 1, inString: false, escaped: false)
        } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
          if depth == 1 {
            index += 1
            return index
          }
          state = .container(depth: depth - 1, inString: false, escaped: false)
        }
      }
      index += 1
    }
    if isFinished, case .bare = state { return bytes.count }
    return nil
  }
}
