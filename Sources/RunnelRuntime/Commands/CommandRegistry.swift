// What all commands of a script share: who is running, for a script that has to end at once, and the environment
// as programs get it, made once as long as it does not change.

import RunnelScheduler
import RunnelSystem

/// The commands of a script.
///
/// `@unchecked Sendable`: everything that changes is under `lock`.
final class CommandRegistry: @unchecked Sendable {
  private let lock = Lock()
  private var running: [ObjectIdentifier: RunningCommand] = [:]
  /// The environment that was last asked for. Holding its storage keeps the storage's identity its own.
  private var known: (storage: MapStorage, texts: [String])?
  /// This process's directory, which never changes; nil until asked for, or where it is gone.
  private lazy var startDirectory: String? = try? Files.currentDirectory()

  func add(_ command: RunningCommand) {
    lock.withLock { running[ObjectIdentifier(command)] = command }
  }

  func remove(_ command: RunningCommand) {
    lock.withLock { _ = running.removeValue(forKey: ObjectIdentifier(command)) }
  }

  /// The commands that run at the moment.
  var all: [RunningCommand] { lock.withLock { Array(running.values) } }

  /// Kills every command at once: for the second SIGINT, and for an end that cannot wait (language.md §10.5).
  func killAll() {
    for command in all { command.kill() }
  }

  /// A command that had the terminal was ended by Ctrl-C: the script is to be cancelled, as if it had got the SIGINT
  /// itself (language.md §10.5).
  func userInterrupted(_ interpreter: Interpreter) {
    interpreter.stop(for: 2, isSecondHand: true)
  }

  /// A task's environment as `NAME=value` texts.
  func environment(_ storage: MapStorage) -> [String] {
    lock.withLock {
      if let known, known.storage.isSameStorage(as: storage) { return known.texts }
      let texts = storage.map { describeSafely($0.key) + "=" + describeSafely($0.value) }
      known = (storage, texts)
      return texts
    }
  }

  /// The directory to name to a program: nil where that is this process's own.
  func directory(_ path: String) -> String? {
    lock.withLock { path == startDirectory ? nil : path }
  }
}

extension MapStorage {
  /// Whether this is the very same storage, not just an equal one: O(1). Sound while one of the two is held.
  fileprivate func isSameStorage(as other: MapStorage) -> Bool {
    count == other.count && positionCount == other.positionCount
      && entries.withUnsafeBufferPointer { mine in
        other.entries.withUnsafeBufferPointer { mine.baseAddress == $0.baseAddress }
      }
  }
}
