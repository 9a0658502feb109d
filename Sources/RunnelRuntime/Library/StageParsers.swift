// What the stages `text`, `json` and `csv` make of text that comes in pieces: strings, which are lines, and bytes,
// which may be cut anywhere.

/// The state of a stage that reads a text piece by piece.
///
/// `@unchecked Sendable`: used by the strand that runs the stage, one at a time.
class StageParser: Object, @unchecked Sendable {
  init() { super.init(tag: .resource) }

  /// The values that are complete with this piece; nil is the end.
  func take(_ piece: Value, _ strand: Strand) throws(Raised) -> [Value] { [] }

  /// A piece's bytes. A string is a line, and so ends with a newline.
  static func bytes(of piece: Value, endingLine: Bool) throws(Raised) -> [UInt8] {
    if let bytes = piece.bytes { return bytes.bytes }
    guard let string = piece.string else {
      throw Raised(.typeError, "this stage takes text or bytes, not \(piece.typeName)")
    }
    var bytes = [UInt8](string.text.utf8)
    if endingLine { bytes.append(0x0A) }
    return bytes
  }

  /// All pieces as one text.
  static func text(_ call: borrowing NativeCall) throws(Raised) -> Value {
    let limit = call.strand.interpreter.options.captureLimit
    var whole: [UInt8] = []
    var followsString = false
    for piece in try call.items(0) {
      if followsString { whole.append(0x0A) }
      whole += try bytes(of: piece, endingLine: false)
      followsString = piece.string != nil
      if whole.count > limit { throw Raised(.limitError, "the text is longer than \(limit) bytes") }
    }
    return .string(try TextEncoding.utf8.decode(whole, .strict))
  }
}

/// For `json`.
///
/// `@unchecked Sendable`: as every `StageParser`.
final class JSONStageParser: StageParser, @unchecked Sendable {
  private var scanner = JSONValueScanner()

  override func take(_ piece: Value, _ strand: Strand) throws(Raised) -> [Value] {
    if piece.isNil { scanner.finish() } else { scanner.feed(try Self.bytes(of: piece, endingLine: true)) }
    var values: [Value] = []
    while let value = try scanner.next(strand: strand) { values.append(value) }
    return values
  }
}

/// For `csv`.
///
/// `@unchecked Sendable`: as every `StageParser`.
final class CSVStageParser: StageParser, @unchecked Sendable {
  private var reader: CSVReader
  private let hasHeader: Bool
  private var header: CSVHeader?

  init(separator: UInt8, hasHeader: Bool) {
    reader = CSVReader(separator: separator)
    self.hasHeader = hasHeader
    super.init()
  }

  override func take(_ piece: Value, _ strand: Strand) throws(Raised) -> [Value] {
    var rows: [Value] = []
    var header = self.header
    func emit(_ row: [Value]) {
      if !hasHeader {
        rows.append(.list(row))
      } else if let header {
        rows.append(header.record(row))
      } else {
        header = CSVHeader(row)
      }
    }
    if piece.isNil {
      try reader.finish(emit)
    } else {
      let bytes = try Self.bytes(of: piece, endingLine: true)
      try reader.read(bytes.span, strand: strand, emit)
    }
    self.header = header
    return rows
  }
}
