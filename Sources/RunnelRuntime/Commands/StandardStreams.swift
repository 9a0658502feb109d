// Where the three standard descriptors of a program lead. Redirections are copies made from left to right, as by
// dup(2): `2>&1 > f` leaves stderr where stdout was before.

/// Where one descriptor leads.
enum StreamEnd: Hashable, Sendable {
  /// `/dev/null`.
  case null
  /// The script's own descriptor of that number.
  case inherited(Int32)
  /// The pipe from the stage before.
  case previous
  /// The pipe to the stage after.
  case next
  /// What is fed to the command.
  case fed
  /// What we read as the command's output.
  case output
  /// What we read as its messages.
  case errors
  /// The file that the stage's redirection of that number opens, counting those that open one.
  case file(Int)
}

/// The standard descriptors of one stage.
struct StandardStreams: Hashable, Sendable {
  var input: StreamEnd
  var output: StreamEnd
  var error: StreamEnd

  /// What a stage has before its redirections.
  init(stage: Int, of count: Int, _ manner: CommandManner) {
    if stage > 0 {
      input = .previous
    } else {
      switch manner.input {
      case .empty: input = .null
      case .terminal: input = .inherited(0)
      case .fed: input = .fed
      }
    }
    output = stage < count - 1 ? .next : Self.end(manner.output, .output, 1)
    error = Self.end(manner.errors, .errors, 2)
  }

  private static func end(_ output: CommandManner.Output, _ read: StreamEnd, _ number: Int32) -> StreamEnd {
    switch output {
    case .inherited: .inherited(number)
    case .relayed, .captured, .read: read
    case .discarded: .null
    }
  }

  /// Applies redirections from left to right.
  mutating func apply(_ redirects: [CommandPlan.Redirect]) {
    var file = 0
    func opened() -> StreamEnd {
      defer { file += 1 }
      return .file(file)
    }
    for redirect in redirects {
      switch redirect {
      case .input: input = opened()
      case .output: output = opened()
      case .error: error = opened()
      case .errorToOutput: error = output
      case .outputToError: output = error
      }
    }
  }

  func contains(_ end: StreamEnd) -> Bool { input == end || output == end || error == end }
}
