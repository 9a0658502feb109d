// Which file a command's name means. We look in the parent, with the PATH that the program itself will have,
// so that "not found", "may not be executed" and "its directory is missing" are told apart.

internal import Glibc

/// Finding programs on PATH.
public enum ProgramSearch {
  /// What PATH means when there is none.
  static let defaultPath = Array("/usr/local/bin:/usr/bin:/bin".utf8)
  private static let slash = UInt8(ascii: "/")

  /// The file that a command's name means, nil if there is none that can be executed.
  ///
  /// - Parameters:
  ///   - searchPath: directories with `:` between them; nil is this process's PATH.
  ///   - directory: what relative ones count from; nil is this process's.
  public static func which(_ name: String, searchPath: String? = nil, directory: String? = nil) -> String? {
    var spec = ProgramSpec([name])
    spec.directory = directory
    if let searchPath { spec.environment = ["PATH=\(searchPath)"] }
    guard let path = try? find(Array(name.utf8), for: spec) else { return nil }
    return isExecutable(placed(path, in: directory)) ? String(decoding: path, as: UTF8.self) : nil
  }

  /// All names of programs on a search path, each once: what a message's "did you mean" chooses from.
  public static func names(searchPath: String? = nil) -> Set<String> {
    var names: Set<String> = []
    for directory in directories(in: searchPath.map { Array($0.utf8) } ?? inheritedPath()) {
      for entry in (try? Files.entries(of: directory)) ?? [] where entry.kind != .directory {
        names.insert(entry.name)
      }
    }
    return names
  }

  /// The path to execute for a name. With a `/` in it, it is taken as it is.
  public static func find(_ name: [UInt8], for spec: ProgramSpec) throws(StartError) -> [UInt8] {
    if name.contains(slash) { return name }
    var forbidden: [UInt8]?
    for directory in directories(in: path(of: spec)) {
      let candidate = directory + [slash] + name
      let place = placed(candidate, in: spec.directory)
      // Only a file can be meant: a directory of that name is passed over.
      guard let status = try? Files.status(of: place), status.kind == .file else { continue }
      if Files.mayExecute(place) { return candidate }
      if forbidden == nil { forbidden = candidate }
    }
    // A missing working directory is what went wrong first, and is named as such (language.md §13).
    if let directory = spec.directory {
      do throws(SystemError) {
        if try Files.status(of: directory).kind != .directory {
          throw SystemError(code: ENOTDIR, operation: "chdir", path: directory)
        }
      } catch {
        throw .workingDirectory(SystemError(code: error.code, operation: "chdir", path: directory))
      }
    }
    if let forbidden { throw .permissionDenied(path: String(decoding: forbidden, as: UTF8.self)) }
    throw .notFound(name: String(decoding: name, as: UTF8.self))
  }

  /// A path as this process must write it to mean what the program, in its directory, means by it.
  static func placed(_ path: [UInt8], in directory: String?) -> [UInt8] {
    guard let directory, path.first != slash else { return path }
    return Array(directory.utf8) + [slash] + path
  }

  private static func isExecutable(_ path: [UInt8]) -> Bool {
    guard let status = try? Files.status(of: path), status.kind == .file else { return false }
    return Files.mayExecute(path)
  }

  private static func path(of spec: ProgramSpec) -> [UInt8] {
    guard let environment = spec.environment else { return inheritedPath() }
    // Where a name is given twice, the first counts, as for getenv.
    guard let entry = environment.first(where: { $0.utf8.starts(with: "PATH=".utf8) }) else {
      return defaultPath
    }
    return Array(entry.utf8.dropFirst(5))
  }

  private static func inheritedPath() -> [UInt8] {
    guard let value = getenv("PATH") else { return defaultPath }
    return UnsafeBufferPointer(start: value, count: strlen(value)).map { UInt8(bitPattern: $0) }
  }

  /// An empty entry means the current directory.
  private static func directories(in path: [UInt8]) -> [[UInt8]] {
    path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
      $0.isEmpty ? [UInt8(ascii: ".")] : Array($0)
    }
  }
}
