// Facts about this process, its user and its machine.

internal import CRunnelSystem
internal import Glibc

/// Facts that hold for the whole process.
public enum SystemInfo {
  public static var processID: Int32 { getpid() }
  public static var parentID: Int32 { getppid() }
  public static var userID: UInt32 { getuid() }

  /// The processors that this process may use.
  public static var processorCount: Int { max(1, Int(runnel_processor_count())) }

  /// The machine's memory in bytes.
  public static var memorySize: Int64 {
    Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// `linux`.
  public static var platform: String { "linux" }

  /// `x86_64`, `aarch64`.
  public static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "aarch64"
    #else
      "unknown"
    #endif
  }

  /// The machine's name.
  public static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    return text(buffer)
  }

  /// The file that this process executes.
  public static var executablePath: String? {
    (try? Files.linkTarget("/proc/self/exe")).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The user's name by the user data base, else by number. May block.
  public static var userName: String {
    userRecord { record in record.pw_name.map { String(cString: $0) } } ?? "\(getuid())"
  }

  /// The user's home by `HOME`, else by the user data base. May block.
  public static var homeDirectory: String {
    if let home = getenv("HOME"), home.pointee != 0 { return String(cString: home) }
    return userRecord { record in record.pw_dir.map { String(cString: $0) } } ?? "/"
  }

  /// This process's environment, in its order. What has no `=`, or is no UTF-8, is taken as well as it can be.
  public static func environment() -> [(name: String, value: String)] {
    guard var entry = runnel_environment() else { return [] }
    var variables: [(name: String, value: String)] = []
    while let text = entry.pointee {
      let bytes = UnsafeRawBufferPointer(start: text, count: strlen(text))
      if let split = bytes.firstIndex(of: UInt8(ascii: "=")) {
        variables.append(
          (
            String(decoding: bytes[..<split], as: UTF8.self),
            String(decoding: bytes[(split + 1)...], as: UTF8.self)
          ))
      }
      entry += 1
    }
    return variables
  }

  /// Fills a buffer with unpredictable bytes (`getrandom`).
  public static func fillWithRandom(_ buffer: UnsafeMutableRawBufferPointer) throws(SystemError) {
    var rest = buffer[...]
    while !rest.isEmpty {
      let target = UnsafeMutableRawBufferPointer(rebasing: rest)
      let count = try systemCall("getrandom") { getrandom(target.baseAddress, target.count, 0) }
      rest = rest.dropFirst(count)
    }
  }

  private static func userRecord(_ body: (passwd) -> String?) -> String? {
    var size = 1024
    while size <= 1 << 20 {
      var buffer = [CChar](repeating: 0, count: size)
      var record = passwd()
      var found: UnsafeMutablePointer<passwd>?
      // The record points into the buffer, so it is read in here.
      let (code, text) = buffer.withUnsafeMutableBufferPointer { buffer -> (Int32, String?) in
        guard let start = buffer.baseAddress else { return (EINVAL, nil) }
        let code = getpwuid_r(getuid(), &record, start, buffer.count, &found)
        return (code, code == 0 && found != nil ? body(record) : nil)
      }
      if code != ERANGE { return text }
      size *= 4
    }
    return nil
  }

  private static func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
