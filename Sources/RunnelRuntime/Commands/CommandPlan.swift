// What a command comes to when all its words have been worked out, and before anything has been started: plain
// data, so that words and redirections can be tested without running anything.

import RunnelCompiler

/// Programs to start, joined by pipes.
struct CommandPlan: Sendable {
  /// One program.
  struct Stage: Sendable {
    /// The name and the arguments, as bytes.
    var arguments: [[UInt8]]
    /// What is set for this program, in order; nil takes the variable away.
    var environment: [(name: String, value: String?)] = []
    var redirects: [Redirect] = []
    /// As written, for messages.
    var text: String
  }

  /// A redirection; what it opens is relative to the task's directory.
  enum Redirect: Sendable {
    case input(FilePath)
    case output(FilePath, append: Bool)
    case error(FilePath, append: Bool)
    case errorToOutput
    case outputToError
  }

  var stages: [Stage]
  /// Where the programs run; nil is the task's directory.
  var directory: FilePath?

  /// As written.
  var text: String { stages.map(\.text).joined(separator: " | ") }
}

/// How the ends of a pipeline are connected where no redirection says otherwise.
struct CommandManner: Sendable {
  enum Input: Sendable {
    case empty
    /// The script's own terminal.
    case terminal
    /// What is fed to it.
    case fed
  }

  enum Output: Sendable {
    /// The script's own descriptor.
    case inherited
    /// Through us to the script's own descriptor, in whole lines.
    case relayed
    /// Kept as a whole.
    case captured
    /// Read ahead for somebody who takes it bit by bit.
    case read
    case discarded
  }

  var input = Input.empty
  var output: Output
  var errors = Output.relayed
  /// Whether the rest of the process group may live on when the last stage has ended.
  var leavesGroup = false
}

extension CommandDescriptor {
  /// How many registers its interpolations take.
  var valueCount: Int {
    var count = 0
    for stage in stages {
      for variable in stage.environment { count += variable.value.valueCount }
      for word in stage.words { count += word.valueCount }
      for redirect in stage.redirects {
        switch redirect {
        case .input(let word), .output(let word, _), .error(let word, _): count += word.valueCount
        case .errorToOutput, .outputToError: break
        }
      }
    }
    return count
  }
}

extension CommandDescriptor.Word {
  fileprivate var valueCount: Int {
    parts.reduce(0) { count, part in if case .value = part { count + 1 } else { count } }
  }
}
