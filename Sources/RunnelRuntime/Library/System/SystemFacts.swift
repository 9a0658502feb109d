// `sys`: facts about the process and its machine (library.md, System).

internal import RunnelSystem

/// The built-ins of `sys`.
enum SystemFacts {
  static var group: NativeGroup {
    NativeGroup(
      "sys", summary: "The process, its user and its machine.",
      functions: [
        .plain(
          "which(name) → string|nil",
          documentation:
            "The path of the program that a command of that name would run, nil if there is none."
        ) { (call) throws(Raised) in
          let name = try call.string(0)
          guard !name.isEmpty, !name.utf8.contains(0) else { return .nil }
          let searchPath = call.strand.environment["PATH"]?.string?.text
          guard
            let path = ProgramSearch.which(
              name, searchPath: searchPath, directory: call.strand.workingDirectory)
          else { return .nil }
          return .string(path)
        }
      ],
      constants: constants)
  }

  private static var constants: [(name: String, documentation: String, value: @Sendable (Strand) -> Value)] {
    [
      ("pid", "This process's number.", { _ in .int(Int(SystemInfo.processID)) }),
      ("ppid", "The number of the process that started this one.", { _ in .int(Int(SystemInfo.parentID)) }),
      (
        "executable", "The path of `runnel` itself.",
        { text($0.interpreter.options.executable ?? SystemInfo.executablePath) }
      ),
      (
        "script", "The path of the script as it was given; nil in the REPL.",
        { text(SystemHost.scriptPath($0)) }
      ),
      ("platform", "The operating system, `linux`.", { _ in .string(SystemInfo.platform) }),
      ("arch", "The processor, `x86_64` or `aarch64`.", { _ in .string(SystemInfo.architecture) }),
      ("cpus", "How many processors this process may use.", { _ in .int(SystemInfo.processorCount) }),
      ("memory", "The machine's memory in bytes.", { _ in .int(Int(SystemInfo.memorySize)) }),
      ("hostname", "The machine's name.", { _ in .string(SystemInfo.hostName) }),
      ("user", "The user's name.", { _ in .string(SystemInfo.userName) }),
      ("is_terminal", "Whether stdout is a terminal.", { _ in .bool(Terminal.isTerminal(1)) }),
      ("version", "The version of Runnel.", { _ in .string(SystemHost.version) }),
      (
        "stdin",
        "The standard input, a stream of lines; `read()` and `read_bytes()` give all that is left of it.",
        { _ in .object(StreamObject(source: StandardInputSource())) }
      ),
    ]
  }

  private static func text(_ text: String?) -> Value { text.map { .string($0) } ?? .nil }
}
