// Functions that a host gives to its scripts.

import RunnelRuntime

/// A function of the host's that scripts call by name.
///
/// The signature is written as in the language's reference, and gives the parameters their names, for calls by keyword:
/// `price(article, currency = "EUR")`. `name = default` and `name?` may be missing: the function gets `nil` then, and
/// applies the default itself. `...rest` takes what is left.
public struct HostFunction: Sendable {
  let native: NativeFunction

  /// A function that computes at once, on the script's thread. It must not block: what takes long is for the other form.
  ///
  /// - Parameters:
  ///   - signature: `name(parameters)`.
  ///   - body: gets one value for each parameter, the rest at the end; a thrown `ScriptError` is raised in the script, any
  ///     other error as `Error`.
  public init(_ signature: String, body: @escaping @Sendable ([ScriptValue]) throws -> ScriptValue) {
    native = NativeFunction(
      signature, documentation: "",
      body: .plain { call throws(Raised) in
        var arguments = (0..<call.function.parameters.positional).map { ScriptValue(call[$0]) }
        arguments += call.rest.map { ScriptValue($0) }
        do {
          return try body(arguments).value()
        } catch {
          throw HostFunction.raised(error)
        }
      })
  }

  /// A function that may wait. It runs as a Swift task; the script's other tasks run on meanwhile. Where the script's
  /// task is cancelled, or its deadline passes, so is the Swift task.
  public init(
    waiting signature: String, body: @escaping @Sendable ([ScriptValue]) async throws -> ScriptValue
  ) {
    let positional = NativeFunction(signature, documentation: "", body: .plain { _ in .nil }).parameters
      .positional
    native = NativeFunction(
      signature, documentation: "",
      body: .waiting { strand, given throws(Raised) in
        var arguments = given.map { ScriptValue($0) }
        while arguments.count < positional { arguments.append(.nil) }
        let all = arguments
        return try await strand.outside("a function of the host") { () async -> Result<Value, Raised> in
          do {
            return .success(try await body(all).value())
          } catch {
            return .failure(HostFunction.raised(error))
          }
        }
      })
  }

  /// The name that scripts call it by.
  public var name: String { native.name }

  private static func raised(_ error: any Error) -> Raised {
    switch error {
    case let raised as Raised: raised
    case let error as ScriptError: error.raised
    default: Raised(.error, "\(error)")
    }
  }
}
