// Where the tests find scripts, and the pseudo-random numbers they mutate them with.

import Foundation
import RunnelSyntax

enum Scripts {
  /// The repository's root: the directory above this file that has a Package.swift.
  static let root: URL = {
    var directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while directory.path != "/" {
      if FileManager.default.fileExists(atPath: directory.appendingPathComponent("Package.swift").path) {
        break
      }
      directory = directory.deletingLastPathComponent()
    }
    return directory
  }()

  /// Every script of the project, and the scenarios beside it if they are there: their paths and texts.
  static let all: [(path: String, text: String)] = {
    let folders = [
      root.appendingPathComponent("Tests"), root.appendingPathComponent("examples"),
      root.deletingLastPathComponent().appendingPathComponent("shared/scenarios"),
    ]
    var found: [(path: String, text: String)] = []
    for folder in folders {
      guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else {
        continue
      }
      for case let file as URL in walk where file.pathExtension == "rnl" {
        if let text = try? String(contentsOf: file, encoding: .utf8) { found.append((file.path, text)) }
      }
    }
    return found.sorted { $0.path < $1.path }
  }()

  static func grammar() throws -> Grammar {
    try Grammar(String(contentsOf: root.appendingPathComponent("grammar/runnel.ebnf"), encoding: .utf8))
  }
}

/// SplitMix64: the same numbers at every run.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// The diagnostics of a text.
func diagnose(_ text: String) -> [Diagnostic] {
  Parser.parse(SourceFile(name: "test.rnl", text: text)).diagnostics
}

/// A text's tree, written down.
func tree(_ text: String) -> String {
  var out = SyntaxTreeDumper.dump(Parser.parse(SourceFile(name: "test.rnl", text: text)).tree)
  if out.hasSuffix("\n") { out.removeLast() }
  return out
}
