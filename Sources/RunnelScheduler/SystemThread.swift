// Threads of the system, with all signals blocked: the process's signals are for who has asked for them.

public import Glibc

/// Starts threads.
public enum SystemThread {
  private final class Body {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs a body on a thread of its own, which has to be joined.
  ///
  /// - Parameter stackSize: in bytes.
  /// - Returns: nil where the system has no thread to give.
  public static func start(stackSize: Int, _ body: @escaping @Sendable () -> Void) -> pthread_t? {
    start(stackSize, PTHREAD_CREATE_JOINABLE, body)
  }

  /// The same for a thread that nobody joins.
  ///
  /// - Returns: false where the system has no thread to give.
  public static func detach(stackSize: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
    start(stackSize, PTHREAD_CREATE_DETACHED, body) != nil
  }

  private static func start(_ stackSize: Int, _ state: Int, _ body: @escaping @Sendable () -> Void)
    -> pthread_t?
  {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(state))
    pthread_attr_setstacksize(&attributes, stackSize)
    // A new thread inherits the mask.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let own = Unmanaged.passRetained(Body(body))
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, own.toOpaque())
    guard code == 0 else {
      own.release()
      return nil
    }
    return thread
  }
}
