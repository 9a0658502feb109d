// What a thread that has nothing to do sleeps at.

import Glibc

/// A counting semaphore of the system's, which begins at 0.
///
/// `@unchecked Sendable`: it lies at an address that never changes, and the system's calls are for any thread.
struct Semaphore: ~Copyable, @unchecked Sendable {
  private let pointer: UnsafeMutablePointer<sem_t>

  init() {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: sem_t())
    sem_init(pointer, 0, 0)
  }

  deinit {
    sem_destroy(pointer)
    pointer.deallocate()
  }

  func post() { sem_post(pointer) }

  func wait() { while sem_wait(pointer) != 0 {} }

  /// Takes one if there is one.
  func tryWait() -> Bool { sem_trywait(pointer) == 0 }

  /// Waits at most until a moment of the wall clock; says whether it has taken one.
  func wait(until deadline: timespec) -> Bool {
    var deadline = deadline
    while sem_timedwait(pointer, &deadline) != 0 { if errno != EINTR { return false } }
    return true
  }
}
