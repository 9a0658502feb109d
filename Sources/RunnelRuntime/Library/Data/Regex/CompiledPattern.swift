// PCRE2 behind its wall: compiling, and the memory that a search writes. Nothing here knows of values.
//
// Patterns are Perl's, on UTF-8, with Unicode's classes (`\w` matches `é`). They are compiled by PCRE2's JIT
// *with automatic callouts*: before each item of the pattern PCRE2 calls `watch`, which counts steps and now and
// then asks whether the strand is to stop. So a match can be interrupted anywhere, and backtracking is limited
// by steps that do not depend on how the pattern is run. Measured on 10 MB of log lines, all matches of eight
// ordinary patterns (ms, in C): interpreter 17 to 359, JIT with callouts 10 to 123, JIT alone 4 to 119, a
// step of a catastrophic pattern 25 ns, 10 ns, 4 ns. PCRE2's own match limit is no substitute: it counts anew
// at every starting point, of which a long text has millions, and a `.*` in a step may read the whole text.

import CPCRE2
import Synchronization

/// A compiled pattern.
///
/// `@unchecked Sendable`: never changes, but for `spare`, which is atomic; a search writes to its own scratch.
final class CompiledPattern: @unchecked Sendable {
  let code: OpaquePointer
  let groupCount: Int
  /// Named groups in the order of their numbers.
  let names: [(name: StringObject, group: Int)]
  let isJIT: Bool
  /// A scratch that the last search left for the next one: a retained `RegexScratch`, or 0.
  private let spare = Atomic<UInt>(0)

  private init(pattern: String, options: UInt32) throws(Raised) {
    var error: Int32 = 0
    var offset = 0
    var text = pattern
    let compiled = text.withUTF8 { bytes in
      let context = pcre2_compile_context_create_8(nil)
      defer { pcre2_compile_context_free_8(context) }
      pcre2_set_max_pattern_length_8(context, Self.longestPattern)
      return pcre2_compile_8(
        bytes.baseAddress, bytes.count,
        options | PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT, &error, &offset,
        context)
    }
    guard let compiled else { throw Self.failure(pattern, error: error, offset: offset) }
    code = compiled
    isJIT = pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE) == 0
    var count: UInt32 = 0
    pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
    groupCount = Int(count)
    names = Self.readNames(compiled)
  }

  deinit {
    let left = spare.load(ordering: .acquiring)
    if let pointer = UnsafeRawPointer(bitPattern: left) {
      Unmanaged<RegexScratch>.fromOpaque(pointer).release()
    }
    pcre2_code_free_8(code)
  }

  private static let longestPattern = 256 * 1024

  // MARK: The cache

  private static let cacheSize = 128
  private static let cache = Guarded<[String: CompiledPattern]>([:])

  /// The compiled form of a pattern, from the cache if it was compiled lately.
  /// - Throws: `ParseError` for a bad pattern, `ValueError` for an unknown flag.
  static func of(_ pattern: String, flags: String) throws(Raised) -> CompiledPattern {
    var options: UInt32 = 0
    for flag in flags.unicodeScalars {
      switch flag {
      case "i": options |= PCRE2_CASELESS
      case "m": options |= PCRE2_MULTILINE
      case "s": options |= PCRE2_DOTALL
      case "x": options |= PCRE2_EXTENDED
      default:
        throw Raised(.valueError, "`\(flag)` is no flag of a regex; the flags are `i`, `m`, `s` and `x`")
      }
    }
    let key = "\(options) \(pattern)"
    if let known = cache.withLock({ $0[key] }) { return known }
    let compiled = try CompiledPattern(pattern: pattern, options: options)
    cache.withLock { cache in
      if cache.count >= cacheSize { cache.removeAll(keepingCapacity: true) }
      cache[key] = compiled
    }
    return compiled
  }

  // MARK: Scratch memory

  func takeScratch() throws(Raised) -> RegexScratch {
    if let pointer = UnsafeRawPointer(bitPattern: spare.exchange(0, ordering: .acquiring)) {
      return Unmanaged<RegexScratch>.fromOpaque(pointer).takeRetainedValue()
    }
    guard let scratch = RegexScratch(code) else { throw Raised(.limitError, "no memory is left for a regex") }
    return scratch
  }

  /// Leaves a scratch for the next search, unless it has grown or another one is there.
  func giveBack(_ scratch: RegexScratch) {
    guard !scratch.hasGrown else { return }
    let pointer = Unmanaged.passRetained(scratch).toOpaque()
    let (exchanged, _) = spare.compareExchange(
      expected: 0, desired: UInt(bitPattern: pointer), ordering: .acquiringAndReleasing)
    if !exchanged { Unmanaged<RegexScratch>.fromOpaque(pointer).release() }
  }

  // MARK: Reading what PCRE2 says

  private static func readNames(_ code: OpaquePointer) -> [(name: StringObject, group: Int)] {
    var count: UInt32 = 0
    var size: UInt32 = 0
    var table: UnsafePointer<UInt8>?
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
    guard let table else { return [] }
    // An entry is the group's number in two bytes, then its name, ended by a zero.
    let names = (0..<Int(count)).map { index in
      let entry = table + index * Int(size)
      return (StringObject(String(cString: entry + 2)), Int(entry[0]) << 8 | Int(entry[1]))
    }
    return names.sorted { $0.1 < $1.1 }
  }

  private static func failure(_ pattern: String, error: Int32, offset: Int) -> Raised {
    let offset = min(offset, pattern.utf8.count)
    let before = String(decoding: pattern.utf8.prefix(offset), as: UTF8.self)
    let character = before.count
    let shown = pattern.count > 80 ? "…\(before.suffix(40))" : pattern
    return Raised(
      .parseError, "\(message(error)), at character \(character) of the pattern `\(shown)`",
      data: ["pattern": .string(pattern), "offset": .int(character)])
  }

  static func message(_ error: Int32) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
      let count = pcre2_get_error_message_8(error, buffer.baseAddress, buffer.count)
      guard count > 0 else { return "PCRE2's error \(error)" }
      return String(decoding: buffer[..<Int(count)], as: UTF8.self)
    }
  }
}

/// What one search writes. Used by one strand at a time.
final class RegexScratch {
  let matchData: OpaquePointer
  let context: OpaquePointer
  let watch: UnsafeMutablePointer<RegexWatch>
  private var jitStack: OpaquePointer?
  /// Whether it holds more memory than is worth keeping.
  var hasGrown = false

  /// The largest stack that compiled patterns may use; only what they touch becomes memory.
  private static let largestJITStack = 64 << 20
  /// In KiB, for patterns that the JIT refused.
  private static let largestHeap: UInt32 = 256 << 10

  fileprivate init?(_ code: OpaquePointer) {
    guard let matchData = pcre2_match_data_create_from_pattern_8(code, nil) else { return nil }
    guard let context = pcre2_match_context_create_8(nil) else {
      pcre2_match_data_free_8(matchData)
      return nil
    }
    self.matchData = matchData
    self.context = context
    watch = .allocate(capacity: 1)
    watch.initialize(to: RegexWatch())
    pcre2_set_match_limit_8(context, UInt32.max)
    pcre2_set_depth_limit_8(context, UInt32.max)
    pcre2_set_heap_limit_8(context, Self.largestHeap)
    // `watch` outlives `context`, which alone refers to it.
    pcre2_set_callout_8(context, { block, data in RegexWatch.step(block, data) }, watch)
  }

  deinit {
    pcre2_match_data_free_8(matchData)
    pcre2_match_context_free_8(context)
    if let jitStack { pcre2_jit_stack_free_8(jitStack) }
    watch.deinitialize(count: 1)
    watch.deallocate()
  }

  /// Gives the JIT a large stack instead of its usual 32 KiB. False if it has one already.
  func growStack() -> Bool {
    guard jitStack == nil else { return false }
    hasGrown = true
    jitStack = pcre2_jit_stack_create_8(64 << 10, Self.largestJITStack, nil)
    pcre2_jit_stack_assign_8(context, nil, jitStack.map(UnsafeMutableRawPointer.init))
    return jitStack != nil
  }
}

/// Counts the steps of a search, and stops it.
struct RegexWatch {
  /// Whose cancellation stops the search; nil between searches.
  var strand: Strand?
  /// What `checkpoint` raised.
  var raised: Raised?
  /// Of all attempts, for the checkpoints.
  private var steps = 0
  /// Of the attempt at `start`.
  private var attemptSteps = 0
  private var start = 0
  private var limit = 0

  /// An attempt to match at one place may take this many steps, and some for each byte of the subject: patterns
  /// that backtrack once over a long text pass, and one that backtracks exponentially stops in a fraction of a second.
  private static let stepLimit = 10_000_000
  private static let stepsPerByte = 32
  /// About 50 µs.
  private static let checkpointMask = 0xFFF

  mutating func begin(_ strand: Strand, subjectCount: Int) {
    self.strand = strand
    raised = nil
    attemptSteps = 0
    let (extra, overflow) = subjectCount.multipliedReportingOverflow(by: Self.stepsPerByte)
    limit = overflow ? Int.max : Self.stepLimit.addingReportingOverflow(extra).partialValue
  }

  mutating func end() {
    strand = nil
    raised = nil
  }

  /// The callout, millions of times a second. `data` is the watch, which nobody else touches while PCRE2 runs.
  @inline(__always)
  fileprivate static func step(
    _ block: UnsafeMutablePointer<pcre2_callout_block_8>?, _ data: UnsafeMutableRawPointer?
  ) -> Int32 {
    guard let block, let watch = data?.assumingMemoryBound(to: RegexWatch.self) else { return 0 }
    let start = block.pointee.start_match
    let isSameAttempt = start == watch.pointee.start
    watch.pointee.start = start
    watch.pointee.attemptSteps = isSameAttempt ? watch.pointee.attemptSteps &+ 1 : 0
    watch.pointee.steps &+= 1
    return watch.pointee.steps & checkpointMask == 0 ? look(watch) : 0
  }

  /// Looks whether the search is to stop.
  @inline(never)
  private static func look(_ watch: UnsafeMutablePointer<RegexWatch>) -> Int32 {
    if watch.pointee.attemptSteps > watch.pointee.limit { return PCRE2_ERROR_MATCHLIMIT }
    do throws(Raised) {
      try watch.pointee.strand?.checkpoint()
    } catch {
      watch.pointee.raised = error
      return PCRE2_ERROR_CALLOUT
    }
    return 0
  }
}
