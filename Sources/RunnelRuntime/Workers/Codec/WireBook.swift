// What two processes agree on besides data: which module a function is of, which error kind is which, and the objects that stay
// where they are and are spoken to from afar. Each end of a connection has a book; what one has given a number the other knows
// by that number.

import RunnelCompiler
import RunnelScheduler
import RunnelSyntax

/// One end's book.
///
/// `@unchecked Sendable`: what changes in subclasses has a lock of its own.
class WireBook: @unchecked Sendable {
  /// The program's modules, by number.
  var modules: [LoadedModule] { [] }

  /// The number of an object that is spoken to from afar; nil for one that cannot be.
  func number(ofHandle object: Object) -> Int? { nil }

  /// The object of a number that the other end has written.
  func object(ofHandle number: Int, typeName: String) throws(WireError) -> Object {
    throw WireError(what: "a handle that nobody gave out")
  }

  /// The number of shared memory, whose descriptor goes beside the message.
  func number(of array: SharedArrayObject) -> Int? { nil }

  func array(_ number: Int, isFloat: Bool, count: Int) throws(WireError) -> SharedArrayObject {
    throw WireError(what: "shared memory that did not come")
  }

  /// The number of an error kind that a script declares.
  func number(ofKind kind: ErrorKind) -> Int { 0 }

  /// The error kind of a number.
  func kind(_ number: Int, name: String, module: String, parent: ErrorKind) throws(WireError) -> ErrorKind {
    throw WireError(what: "an error kind that nobody declared")
  }

  /// The number of the module that a source is of.
  func module(of source: SourceFile) -> Int? {
    modules.lastIndex { $0.code.source === source }
  }
}

/// The names of all built-ins, by identity.
enum NativeNames {
  private static let names: [ObjectIdentifier: String] = {
    var names: [ObjectIdentifier: String] = [:]
    for group in Library.groups {
      for function in group.functions {
        let isNamed = function.receiver == nil && Library.isNamespace(group.name)
        names[ObjectIdentifier(function)] = isNamed ? "\(group.name).\(function.name)" : function.name
      }
    }
    return names
  }()

  /// The name by which another process finds a built-in; nil for what is none: a function of the host's.
  static func name(of native: NativeFunction) -> String? {
    if case .prelude(let name) = native.body, name == native.name { return name }
    guard let name = names[ObjectIdentifier(native)], case .object(let found)? = Builtins.value(named: name),
      found === native
    else { return nil }
    return name
  }
}
