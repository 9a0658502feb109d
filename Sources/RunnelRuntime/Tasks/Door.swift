// The one door for waiting.

extension Strand {
  /// Waits until a descriptor can be read. Gives up when the strand is cancelled or its deadline passes.
  /// - Parameter reason: what reports show, such as `reading "a.txt"`.
  public func waitUntilReadable(_ descriptor: Int32, reason: String) async throws(Raised) {}

  /// Waits until a descriptor can be written.
  public func waitUntilWritable(_ descriptor: Int32, reason: String) async throws(Raised) {}

  /// Runs work that may block on the pool of threads, and waits for it. When the strand is cancelled meanwhile
  /// the work is given up: it runs on, and its result is dropped.
  public func blocking<Result: Sendable>(
    _ reason: String, _ work: @escaping @Sendable () throws(Raised) -> Result
  ) async throws(Raised) -> Result { try work() }

  /// Waits for a time, in nanoseconds.
  public func pause(_ nanoseconds: Int, reason: String) async throws(Raised) {}

  /// Hands a resource to the innermost running scope, which closes it at its end.
  public func own(_ resource: ResourceObject) {}

  /// The directory that relative paths of this task start from (`cd`), always absolute.
  public var workingDirectory: String { "/" }

  /// A path as the system should see it: relative ones from `workingDirectory`.
  public func resolved(_ path: String) -> String {
    path.hasPrefix("/") ? path : workingDirectory + "/" + path
  }

  /// The variables of this task's environment.
  public var environment: MapStorage { MapStorage() }
}
