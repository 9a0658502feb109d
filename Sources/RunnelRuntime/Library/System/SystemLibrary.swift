// The system half of the library, as the registry takes it.

/// Files, paths, the system, the log, the terminal, the script's arguments and input.
enum SystemLibrary {
  /// Namespaces, methods, and global functions (the groups without a name).
  ///
  /// The group `stream` adds to the methods that streams have; names that begin with `__` are for the prelude.
  static var groups: [NativeGroup] {
    [
      FileSystemLibrary.group, FileMethods.group, PathLibrary.group, SystemFacts.group, LogLibrary.group,
      TerminalLibrary.group, InputLibrary.streamMethods,
      NativeGroup(
        "", summary: "The script's arguments and input.",
        functions: [CommandLineLibrary.cli, InputLibrary.input],
        constants: [
          // The loader puts it in as a constant: it is the same for the whole run.
          (
            "args", "The script's arguments, a list of strings.",
            { .list(SystemHost.arguments($0).map { .string($0) }) }
          )
        ]),
      NativeGroup("__", summary: "For the prelude only.", functions: WritingFunctions.intrinsics),
    ]
  }

  /// What of this half is written in Runnel.
  static var prelude: String { SystemPrelude.source }
}
