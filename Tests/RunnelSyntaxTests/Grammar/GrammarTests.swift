// The grammar is normative: the parser takes what it takes, and nothing else.

import Foundation
import RunnelSyntax
import Testing

@Suite struct `The grammar in grammar/runnel.ebnf` {
  /// What the grammar says of a text: the same lexer's complaints count, since tokens are its alphabet.
  private func accepts(_ grammar: Grammar, _ text: String) -> Bool {
    let list = Lexer.tokenize(SourceFile(name: "test.rnl", text: text))
    guard list.diagnostics.isEmpty else { return false }
    var recogniser = Recogniser(grammar, TokenInput(list))
    return recogniser.recognises("program")
  }

  /// Where parser and grammar disagree on a text, what to say about it.
  private func disagreement(_ grammar: Grammar, _ text: String) -> String? {
    let diagnostics = diagnose(text)
    // The limits of size are the parser's, not the language's.
    if diagnostics.contains(where: { $0.code == .nestedTooDeeply }) { return nil }
    let byGrammar = accepts(grammar, text)
    guard byGrammar != diagnostics.isEmpty else { return nil }
    return byGrammar
      ? "only the parser refuses it: \(DiagnosticRenderer().render(diagnostics))" : "only the parser takes it"
  }

  private func samples(_ name: String) throws -> [String] {
    let text = try String(contentsOf: Scripts.root.appendingPathComponent("grammar/\(name)"), encoding: .utf8)
    return text.split(separator: "\n").filter { !$0.hasPrefix("%") }
      .map { $0.replacingOccurrences(of: "⏎", with: "\n") }
  }

  @Test func `lists the keywords of the table`() throws {
    let grammar = try Scripts.grammar()
    #expect(grammar.words(of: "keyword") == Keyword.allCases.map(\.rawValue))
  }

  @Test func `lists the contextual words of the table`() throws {
    let grammar = try Scripts.grammar()
    #expect(grammar.words(of: "contextual_word") == ContextualWord.allCases.map(\.rawValue))
  }

  @Test func `lists the symbols of the table`() throws {
    let grammar = try Scripts.grammar()
    #expect(Set(grammar.words(of: "symbol")) == Set(Symbol.allCases.map(\.rawValue)))
  }

  @Test func `uses every keyword, word and symbol, and no other`() throws {
    let grammar = try Scripts.grammar()
    let used = grammar.literals(reachableFrom: "program")
    let known =
      Keyword.allCases.map(\.rawValue) + ContextualWord.allCases.map(\.rawValue)
      + Symbol.allCases.map(\.rawValue)
    #expect(used.subtracting(known).isEmpty)
    #expect(Set(known).subtracting(used).isEmpty)
  }

  @Test func `agrees with the parser on every script`() throws {
    let grammar = try Scripts.grammar()
    for script in Scripts.all {
      if let problem = disagreement(grammar, script.text) { Issue.record("\(script.path): \(problem)") }
    }
  }

  @Test func `agrees with the parser on the texts that are programs`() throws {
    let grammar = try Scripts.grammar()
    for text in try samples("accepted.txt") {
      let byGrammar = accepts(grammar, text)
      #expect(byGrammar, "the grammar refuses \(text)")
      #expect(diagnose(text).isEmpty, "the parser refuses \(text)")
    }
  }

  @Test func `agrees with the parser on the texts that are none`() throws {
    let grammar = try Scripts.grammar()
    for text in try samples("rejected.txt") {
      let byGrammar = accepts(grammar, text)
      #expect(!byGrammar, "the grammar takes \(text)")
      #expect(!diagnose(text).isEmpty, "the parser takes \(text)")
    }
  }

  @Test func `agrees with the parser on texts with a token removed, doubled or swapped`() throws {
    let grammar = try Scripts.grammar()
    var numbers = SeededNumbers(seed: 7)
    let texts = try samples("accepted.txt") + Scripts.all.map(\.text).filter { $0.utf8.count < 600 }
    for _ in 0..<2000 {
      let text = mutated(texts.randomElement(using: &numbers) ?? "", &numbers)
      if let problem = disagreement(grammar, text) { Issue.record("\(text)\n\(problem)") }
    }
  }

  /// A text with one or two changes among its tokens.
  private func mutated(_ text: String, _ numbers: inout SeededNumbers) -> String {
    let source = SourceFile(name: "test.rnl", text: text)
    let tokens = Lexer.tokenize(source).tokens.filter { $0.end > $0.start }
    var pieces: [String] = []
    var last = 0
    for token in tokens {
      pieces.append(source.text(of: Span(last, Int(token.start))))
      pieces.append(source.text(of: token.span))
      last = Int(token.end)
    }
    pieces.append(source.text(of: Span(last, source.bytes.count)))
    for _ in 0..<Int.random(in: 1...2, using: &numbers) {
      let place = Int.random(in: 0..<pieces.count, using: &numbers)
      let other = Int.random(in: 0..<pieces.count, using: &numbers)
      switch Int.random(in: 0..<5, using: &numbers) {
      case 0: pieces[place] = ""
      case 1: pieces.insert(pieces[other], at: place)
      case 2: pieces.swapAt(place, other)
      case 3: pieces.insert("\n", at: place)
      default:
        pieces.insert(
          " "
            + (Symbol.allCases.map(\.rawValue) + Keyword.allCases.map(\.rawValue)
            + ContextualWord.allCases.map(\.rawValue)).randomElement(using: &numbers).unsafelyUnwrapped + " ",
          at: place)
      }
    }
    return pieces.joined()
  }

  @Test func `describes the characters of every token`() throws {
    let grammar = try Scripts.grammar()
    var seen: Set<String> = []
    for script in Scripts.all.map(\.text) + (try samples("accepted.txt")) {
      let list = Lexer.tokenize(SourceFile(name: "test.rnl", text: script))
      guard list.diagnostics.isEmpty else { continue }
      var isRaw = false
      for token in list.tokens {
        let text = list.source.text(of: token.span)
        let rule: String
        switch token.kind {
        case .name: rule = "NAME"
        case .int: rule = "INT"
        case .float: rule = "FLOAT"
        case .duration: rule = "DURATION"
        case .format: rule = "FORMAT"
        case .bareText: rule = "BARE_TEXT"
        case .symbol: rule = "symbol"
        case .keyword: rule = "keyword"
        case .stringStart:
          isRaw = text.hasPrefix("'")
          continue
        case .stringText where !isRaw: rule = "STRING_TEXT"
        default: continue
        }
        guard seen.insert(rule + text).inserted else { continue }
        var recogniser = Recogniser(grammar, CharacterInput(text))
        let isDescribed = recogniser.recognises(rule)
        #expect(isDescribed, "\(rule) does not describe \(text)")
      }
    }
  }
}
