// Why a program did not start, as an error of the language (language.md §13).

import Glibc
import RunnelSyntax
import RunnelSystem

enum StartFailure {
  static func raised(
    _ error: StartError, _ stage: CommandPlan.Stage, _ spec: ProgramSpec, directory: FilePath?
  ) -> Raised {
    let shown = String(decoding: stage.arguments[0], as: UTF8.self)
    switch error {
    case .notFound: return notFound(shown, spec)
    case .permissionDenied(let path):
      if isDirectory(path, spec) {
        return Raised(
          .isADirectory, "cannot run `\(shown)`: it is a directory",
          data: ["path": .string(path), "command": .string(shown)])
      }
      return Raised(
        .permissionDenied, "cannot run `\(shown)`: `\(path)` may not be executed; `chmod +x` allows it",
        data: ["path": .string(path), "command": .string(shown)])
    case .workingDirectory(let error):
      let path = directory?.text ?? error.path ?? ""
      let reason =
        switch error.code {
        case ENOENT: "does not exist"
        case ENOTDIR: "is not a directory"
        default: "cannot be entered: \(error.message)"
        }
      return Raised(
        FileErrors.kind(of: error.code), "cannot run `\(shown)`: the working directory `\(path)` \(reason)",
        data: ["path": .string(path), "command": .string(shown)])
    case .interpreterMissing(let path):
      return Raised(
        .commandNotFound,
        "cannot run `\(shown)`: the interpreter that `\(path)` names in its first line is missing",
        data: ["command": .string(shown), "path": .string(path)])
    case .system(let error):
      if error.code == E2BIG {
        let size = stage.arguments.reduce(0) { $0 + $1.count + 1 }
        return Raised(
          .limitError,
          "cannot run `\(shown)`: its \(stage.arguments.count) words, \(size) bytes, are more than the system takes; "
            + "run it for some at a time (`batch`, `chunks`), or feed them to its stdin",
          data: ["command": .string(shown)])
      }
      return Raised(
        FileErrors.kind(of: error.code), "cannot run `\(shown)`: \(error.message)",
        data: ["command": .string(shown), "errno": .string(error.name)])
    }
  }

  private static func notFound(_ name: String, _ spec: ProgramSpec) -> Raised {
    var message = "command not found: `\(name)`"
    if name.contains("/") {
      message = "command not found: there is no file `\(name)`"
    } else {
      let path = spec.environment?.first { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) }
      // In an order that does not change from run to run.
      if let near = NearestName.suggest(for: name, among: ProgramSearch.names(searchPath: path).sorted()) {
        message += "; did you mean `\(near)`?"
      }
    }
    return Raised(.commandNotFound, message, data: ["command": .string(name)])
  }

  private static func isDirectory(_ path: String, _ spec: ProgramSpec) -> Bool {
    let place = path.hasPrefix("/") ? path : (spec.directory.map { $0 + "/" } ?? "") + path
    return (try? Files.status(of: place))?.kind == .directory
  }
}
