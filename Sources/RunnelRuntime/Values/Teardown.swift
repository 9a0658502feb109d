// Releasing deeply nested lists, maps, closures and errors without recursion of the host stack: a script may nest a
// million lists in a loop, and plain reference counting would release them one stack frame inside another. Past a
// depth, contents are put aside and released by the outermost call.

import CRunnelSystem

enum Teardown {
  private static let depthLimit = 100

  /// Releases the items of a list that is going away.
  static func release(_ items: inout [Value]) {
    if holdsContainers(items) { nested(&items) }
  }

  /// On its own: an iterator that is still alive would keep the items, and release them outside `nested`.
  private static func holdsContainers(_ items: [Value]) -> Bool {
    for case .object(let object) in items where holdsOthers(object.tag) { return true }
    return false
  }

  static func release(_ storage: inout MapStorage) {
    nested(&storage)
  }

  /// Releases what a captured variable holds.
  static func release(_ value: inout Value) {
    if case .object(let object) = value, holdsOthers(object.tag) { release(held: &value) }
  }

  /// On its own, like `holdsContainers`.
  private static func release(held value: inout Value) { nested(&value) }

  static func holdsOthers(_ tag: ObjectTag) -> Bool {
    switch tag {
    case .string, .bytes, .range, .regex, .time, .native, .kind: false
    default: true
    }
  }

  /// Thread-local: how deep this thread is in nested releases, and what was put aside.
  private static func nested<Contents>(_ contents: inout Contents) where Contents: Releasable {
    let state = runnel_teardown_state()
    guard let state else { return }
    if state.pointee.depth >= depthLimit {
      let holder = Unmanaged.passRetained(Holder(contents.takeAll(), next: nil))
      if let pending = state.pointee.pending {
        holder.takeUnretainedValue().next = Unmanaged<Holder>.fromOpaque(pending)
      }
      state.pointee.pending = holder.toOpaque()
      return
    }
    state.pointee.depth += 1
    contents.removeAll()
    state.pointee.depth -= 1
    while state.pointee.depth == 0, let pending = state.pointee.pending {
      let holder = Unmanaged<Holder>.fromOpaque(pending).takeRetainedValue()
      state.pointee.pending = holder.next?.toOpaque()
      state.pointee.depth += 1
      holder.contents = []
      state.pointee.depth -= 1
    }
  }

  /// Contents put aside: a singly linked list, whose links are unmanaged so that it is not released recursively.
  private final class Holder {
    var contents: [Any]
    var next: Unmanaged<Holder>?

    init(_ contents: [Any], next: Unmanaged<Holder>?) {
      self.contents = contents
      self.next = next
    }
  }
}

private protocol Releasable {
  mutating func takeAll() -> [Any]
  mutating func removeAll()
}

extension [Value]: Releasable {
  fileprivate mutating func takeAll() -> [Any] {
    let taken: [Any] = [self]
    self = []
    return taken
  }
  fileprivate mutating func removeAll() { self = [] }
}

extension Value: Releasable {
  fileprivate mutating func takeAll() -> [Any] {
    let taken: [Any] = [self]
    self = .nil
    return taken
  }
  fileprivate mutating func removeAll() { self = .nil }
}

extension MapStorage: Releasable {
  fileprivate mutating func takeAll() -> [Any] {
    let taken: [Any] = [self]
    self = MapStorage()
    return taken
  }
  fileprivate mutating func removeAll() { self = MapStorage() }
}
