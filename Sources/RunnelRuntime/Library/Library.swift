// The library: every group of built-ins, and how they are found by name. Tables are built when first asked for.

/// All built-ins.
enum Library {
  /// Every group: the global functions (named ""), the methods of each type, the namespaces.
  static let groups: [NativeGroup] =
    CoreLibrary.groups + DataLibrary.groups + SystemLibrary.groups + TaskLibrary.groups
    + SharingLibrary.groups + SynchronisingLibrary.groups + CommandLibrary.groups + ExecutorLibrary.groups

  /// What the prelude is made of, in the order in which it must be compiled.
  static let prelude: [(name: String, source: String)] = Prelude.sources

  /// Groups of one name put together (`math` may have parts in several files).
  private static let merged: [String: NativeGroup] = {
    var merged: [String: NativeGroup] = [:]
    for group in groups {
      guard let known = merged[group.name] else {
        merged[group.name] = group
        continue
      }
      merged[group.name] = NativeGroup(
        group.name, summary: known.summary, functions: known.functions + group.functions,
        constants: known.constants + group.constants)
    }
    return merged
  }()

  private static let methodTables: [String: [String: NativeFunction]] = {
    var tables: [String: [String: NativeFunction]] = [:]
    for function in groups.lazy.flatMap(\.functions) {
      guard let receiver = function.receiver else { continue }
      tables[receiver, default: [:]][function.name] = function
    }
    // A range has the methods of a list that change nothing, where it has none of its own.
    for function in tables["list", default: [:]].values where !function.changesReceiver {
      tables["range", default: [:]][function.name] = tables["range"]?[function.name] ?? function
    }
    return tables
  }()

  private static let globalTable = table { group, name in group.isEmpty && !name.hasPrefix("__") }
  private static let intrinsicTable = table { _, name in name.hasPrefix("__") }

  private static func table(_ holds: (_ group: String, _ name: String) -> Bool) -> [String: NativeFunction] {
    var table: [String: NativeFunction] = [:]
    for group in groups {
      for function in group.functions where function.receiver == nil && holds(group.name, function.name) {
        table[function.name] = function
      }
    }
    return table
  }

  /// The tables of the types that have methods most often called, without hashing the type's name.
  private static let stringMethods = methods(of: "string")
  private static let listMethods = methods(of: "list")
  private static let mapMethods = methods(of: "map")
  private static let rangeMethods = methods(of: "range")
  private static let bytesMethods = methods(of: "bytes")

  /// The methods of a type, by name.
  static func methods(of typeName: String) -> [String: NativeFunction] { methodTables[typeName] ?? [:] }

  /// A method of a value's type.
  static func method(of value: Value, name: String) -> NativeFunction? {
    guard case .object(let object) = value else { return methodTables[value.typeName]?[name] }
    return method(of: object, name: name)
  }

  static func method(of object: Object, name: String) -> NativeFunction? {
    switch object.tag {
    case .string: stringMethods[name]
    case .list: listMethods[name]
    case .map: mapMethods[name]
    case .range: rangeMethods[name]
    case .bytes: bytesMethods[name]
    default: methodTables[object.typeName]?[name]
    }
  }

  static func method(of typeName: String, name: String) -> NativeFunction? { methodTables[typeName]?[name] }

  /// A global function.
  static func global(_ name: String) -> NativeFunction? { globalTable[name] }

  /// What only the prelude may call: names that begin with two underscores.
  static func intrinsic(_ name: String) -> NativeFunction? { intrinsicTable[name] }

  /// The names of what only the prelude may call.
  static var intrinsicNames: Set<String> {
    Set(intrinsicTable.keys).union(globalTable.keys.filter { $0.hasPrefix("__") })
  }

  /// The names of a type's methods, for hints.
  static func methodNames(of typeName: String) -> [String] { Array(methods(of: typeName).keys) }

  static func isNamespace(_ name: String) -> Bool { namespace(name) != nil }

  /// A namespace such as `fs`.
  static func namespace(_ name: String) -> NativeGroup? {
    guard let group = merged[name], !name.isEmpty, name != "__" else { return nil }
    return group.functions.first?.receiver == nil ? group : nil
  }

  /// The names of all global functions and namespaces, sorted.
  static let globalNames: [String] = {
    let namespaces = merged.keys.filter { namespace($0) != nil }
    return (Array(globalTable.keys) + namespaces).sorted()
  }()
}

/// The groups of this half of the library: values, text, collections, stages and sinks.
enum CoreLibrary {
  static let groups: [NativeGroup] = [
    GlobalFunctions.group, StageFunctions.group, StringMethods.group, BytesMethods.group, ListMethods.group,
    MapMethods.group, Intrinsics.group, StreamFunctions.group, WithFunctions.group,
  ]
}

extension NativeFunction {
  /// Whether it changes the variable it goes through.
  var changesReceiver: Bool {
    switch body {
    case .mutating, .preludeMutating, .mutatingEither: true
    default: false
    }
  }
}
