// Runs a grammar over tokens, or over the characters of one token: ordered choice, greedy repetition, and what
// is found at a place in a context is remembered, so the cost is linear in the text.
//
// It shares nothing with the parser but the tokens.

import RunnelSyntax

/// What holds at a place: the conditions of the grammar's header.
struct GrammarContext: OptionSet {
  let rawValue: Int
  static let lines = GrammarContext(rawValue: 1)
  static let nomap = GrammarContext(rawValue: 2)
  static let nolambda = GrammarContext(rawValue: 4)
  static let noelse = GrammarContext(rawValue: 8)
  static let open = GrammarContext(rawValue: 16)
  static let arm = GrammarContext(rawValue: 32)
}

/// What a grammar is run over.
protocol GrammarInput {
  var count: Int { get }
  /// Whether a literal stands at a position, and how much of the input it takes.
  func matches(literal: String, at position: Int) -> Int?
  func matches(range: ClosedRange<UInt32>, at position: Int) -> Bool
  func matches(terminal: String, at position: Int) -> Bool
  func isFirstOnLine(_ position: Int) -> Bool
  func continuesLine(_ position: Int) -> Bool
}

struct Recogniser<Input: GrammarInput> {
  private let grammar: Grammar
  private let input: Input
  /// Ends found, by rule, position and context; -1 where a rule does not match.
  private var memory: [Int: Int] = [:]
  /// The furthest position reached, which is where a text is wrong, most often.
  private(set) var furthest = 0

  init(_ grammar: Grammar, _ input: Input) {
    self.grammar = grammar
    self.input = input
  }

  /// Whether a rule matches all of the input.
  mutating func recognises(_ rule: String) -> Bool {
    guard let index = grammar.index(of: rule) else { return false }
    return match(rule: index, at: 0, []) == input.count
  }

  private mutating func match(rule: Int, at position: Int, _ context: GrammarContext) -> Int? {
    let key = (position << 6 | context.rawValue) << 9 | rule
    if let known = memory[key] { return known < 0 ? nil : known }
    let end = match(grammar.rules[rule], at: position, context)
    memory[key] = end ?? -1
    return end
  }

  private mutating func match(_ form: Grammar.Form, at position: Int, _ context: GrammarContext) -> Int? {
    switch form {
    case .sequence(let forms):
      var end = position
      for form in forms {
        guard let next = match(form, at: end, context) else { return nil }
        end = next
      }
      return end
    case .choice(let forms):
      for form in forms { if let end = match(form, at: position, context) { return end } }
      return nil
    case .optional(let inner): return match(inner, at: position, context) ?? position
    case .repeated(let inner):
      var end = position
      while let next = match(inner, at: end, context), next > end { end = next }
      return end
    case .each(let forms):
      var end = position
      var left = forms
      search: while true {
        for (index, form) in left.enumerated() {
          if let next = match(form, at: end, context), next > end {
            end = next
            left.remove(at: index)
            continue search
          }
        }
        return end
      }
    case .follows(let inner): return match(inner, at: position, context) == nil ? nil : position
    case .doesNotFollow(let inner): return match(inner, at: position, context) == nil ? position : nil
    case .context(let name, let inner): return match(inner, at: position, Self.context(name, in: context))
    case .condition(let name): return holds(name, at: position, context) ? position : nil
    case .literal(let text):
      guard let length = input.matches(literal: text, at: position) else { return nil }
      return advanced(position + length)
    case .range(let from, let to):
      return input.matches(range: from.value...to.value, at: position) ? advanced(position + 1) : nil
    case .rule(let index): return match(rule: index, at: position, context)
    case .terminal(let name):
      if name == "EOF" { return position == input.count ? position : nil }
      return position < input.count && input.matches(terminal: name, at: position)
        ? advanced(position + 1) : nil
    }
  }

  private mutating func advanced(_ position: Int) -> Int {
    furthest = max(furthest, position)
    return position
  }

  private static func context(_ name: String, in context: GrammarContext) -> GrammarContext {
    switch name {
    case "block": .lines
    case "brackets": []
    case "head": .nomap
    case "index": .open
    case "guard": [.lines, .nolambda]
    case "map": context.intersection(.lines)
    case "noelse": context.union(.noelse)
    case "arm": context.union(.arm)
    default: preconditionFailure("the grammar has an unknown context, \(name)")
    }
  }

  private func holds(_ name: String, at position: Int, _ context: GrammarContext) -> Bool {
    switch name {
    case "newline": input.isFirstOnLine(position)
    case "same":
      !context.contains(.lines) || !input.isFirstOnLine(position) || input.continuesLine(position)
    case "map": !context.contains(.nomap)
    case "lambda": !context.contains(.nolambda)
    case "else": !context.contains(.noelse)
    case "open": context.contains(.open)
    case "arm": context.contains(.arm)
    default: preconditionFailure("the grammar has an unknown condition, \(name)")
    }
  }
}

/// The tokens of a script, `endOfFile` apart.
struct TokenInput: GrammarInput {
  private let tokens: [Token]
  private let texts: [String]
  private let numbers: [UInt64]

  init(_ list: TokenList) {
    tokens = list.tokens.dropLast()
    texts = tokens.map { list.source.text(of: $0.span) }
    numbers = list.numbers
  }

  var count: Int { tokens.count }

  func matches(literal: String, at position: Int) -> Int? {
    guard position < tokens.count else { return nil }
    switch tokens[position].kind {
    case .keyword, .symbol, .name: return texts[position] == literal ? 1 : nil
    default: return nil
    }
  }

  func matches(range: ClosedRange<UInt32>, at position: Int) -> Bool { false }

  func matches(terminal: String, at position: Int) -> Bool {
    let token = tokens[position]
    switch terminal {
    case "ANY": return true
    case "KEYWORD": return token.kind == .keyword
    case "NAME": return token.kind == .name
    case "CAPITAL":
      return token.kind == .name && texts[position].unicodeScalars.first?.properties.isUppercase == true
    case "TYPE": return token.kind == .name && SyntaxNames.isType(texts[position])
    case "INT": return token.kind == .int && numbers[Int(token.link)] <= UInt64(Int64.max)
    case "MIN_INT": return token.kind == .int && numbers[Int(token.link)] == UInt64(Int64.max) + 1
    case "FLOAT": return token.kind == .float
    case "DURATION": return token.kind == .duration
    case "STRING_START": return token.kind == .stringStart
    case "STRING_TEXT": return token.kind == .stringText
    case "STRING_END": return token.kind == .stringEnd
    case "INTERPOLATION_START": return token.kind == .interpolationStart
    case "FORMAT": return token.kind == .format
    case "INTERPOLATION_END": return token.kind == .interpolationEnd
    case "COMMAND_START": return token.kind == .commandStart
    case "COMMAND_PIPE": return token.kind == .commandPipe
    case "COMMAND_END": return token.kind == .commandEnd
    case "BARE_TEXT": return token.kind == .bareText
    case "QUOTED_TEXT": return token.kind == .quotedText
    case "WORD_END": return token.kind == .wordEnd
    case "FILE_REDIRECT": return token.kind == .redirect && !texts[position].contains("&")
    case "STREAM_REDIRECT": return token.kind == .redirect && texts[position].contains("&")
    case "ASSIGNMENT":
      guard token.kind == .bareText, let equals = texts[position].firstIndex(of: "=") else { return false }
      let name = texts[position][..<equals]
      return !name.isEmpty && name.utf8.first.map { !(0x30...0x39).contains($0) } == true
        && name.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
    default: preconditionFailure("the grammar has an unknown token, \(terminal)")
    }
  }

  func isFirstOnLine(_ position: Int) -> Bool { position >= tokens.count || tokens[position].newlineBefore }

  func continuesLine(_ position: Int) -> Bool {
    guard position < tokens.count else { return false }
    switch tokens[position].kind {
    case .symbol, .keyword: return ["|", ".", "?.", "else", "catch", "finally"].contains(texts[position])
    default: return false
    }
  }
}

/// The characters of one token.
struct CharacterInput: GrammarInput {
  private let scalars: [Unicode.Scalar]

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  var count: Int { scalars.count }

  func matches(literal: String, at position: Int) -> Int? {
    scalars[position...].starts(with: literal.unicodeScalars) ? literal.unicodeScalars.count : nil
  }

  func matches(range: ClosedRange<UInt32>, at position: Int) -> Bool {
    position < scalars.count && range.contains(scalars[position].value)
  }

  func matches(terminal: String, at position: Int) -> Bool {
    let scalar = scalars[position]
    switch terminal {
    case "ANY": return true
    case "QUOTE": return scalar == "\""
    case "TAB": return scalar == "\t"
    case "NEWLINE": return scalar == "\n"
    case "XID_START": return scalar.properties.isXIDStart
    case "XID_CONTINUE": return scalar.properties.isXIDContinue
    default: preconditionFailure("the grammar has an unknown character, \(terminal)")
    }
  }

  func isFirstOnLine(_ position: Int) -> Bool { false }
  func continuesLine(_ position: Int) -> Bool { false }
}
