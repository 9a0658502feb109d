/// What all strands of a script share: options, output, the scheduler.
public final class Interpreter: @unchecked Sendable {
  init() {}
}
