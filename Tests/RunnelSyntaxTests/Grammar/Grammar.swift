// grammar/runnel.ebnf, read as it stands: its rules, in the notation that its header explains. Recogniser.swift
// runs them.

/// The rules of an EBNF file.
struct Grammar {
  /// What a rule consists of.
  indirect enum Form {
    case sequence([Form])
    case choice([Form])
    case optional(Form)
    case repeated(Form)
    /// `<< … >>`: each at most once.
    case each([Form])
    case follows(Form)
    case doesNotFollow(Form)
    /// `@head( … )`
    case context(String, Form)
    /// `<same>`
    case condition(String)
    case literal(String)
    case range(Unicode.Scalar, Unicode.Scalar)
    /// The rule with an index.
    case rule(Int)
    /// A kind of token, or of character, that no rule of part 1 describes.
    case terminal(String)
  }

  private(set) var names: [String] = []
  private(set) var rules: [Form] = []
  private var indexes: [String: Int] = [:]

  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  init(_ text: String) throws {
    var reader = try Reader(text)
    var bodies: [Form] = []
    while !reader.isAtEnd {
      let name = try reader.takeWord()
      try reader.take("=")
      if indexes[name] != nil { throw Problem(description: "two rules are called \(name)") }
      indexes[name] = names.count
      names.append(name)
      bodies.append(try reader.choice())
      try reader.take(";")
    }
    rules = try bodies.map(resolved)
  }

  func index(of name: String) -> Int? { indexes[name] }

  /// The literals of a rule that is a plain list of them.
  func words(of name: String) -> [String] {
    guard let index = indexes[name], case .choice(let forms) = rules[index] else { return [] }
    return forms.compactMap { if case .literal(let text) = $0 { text } else { nil } }
  }

  /// All literals that the rules reachable from a rule hold.
  func literals(reachableFrom name: String) -> Set<String> {
    var found: Set<String> = []
    var seen: Set<Int> = []
    func visit(_ form: Form) {
      switch form {
      case .sequence(let forms), .choice(let forms), .each(let forms): forms.forEach(visit)
      case .optional(let inner), .repeated(let inner), .follows(let inner), .doesNotFollow(let inner),
        .context(_, let inner):
        visit(inner)
      case .literal(let text): found.insert(text)
      case .rule(let index): if seen.insert(index).inserted { visit(rules[index]) }
      case .condition, .range, .terminal: break
      }
    }
    if let index = indexes[name] { visit(rules[index]) }
    return found
  }

  /// References become indexes; a lower-case name without a rule is a mistake in the file.
  private func resolved(_ form: Form) throws -> Form {
    switch form {
    case .sequence(let forms): .sequence(try forms.map(resolved))
    case .choice(let forms): .choice(try forms.map(resolved))
    case .each(let forms): .each(try forms.map(resolved))
    case .optional(let inner): .optional(try resolved(inner))
    case .repeated(let inner): .repeated(try resolved(inner))
    case .follows(let inner): .follows(try resolved(inner))
    case .doesNotFollow(let inner): .doesNotFollow(try resolved(inner))
    case .context(let name, let inner): .context(name, try resolved(inner))
    case .terminal(let name):
      if name.first?.isUppercase == true {
        form
      } else if let index = indexes[name] {
        .rule(index)
      } else {
        throw Problem(description: "there is no rule \(name)")
      }
    case .condition, .literal, .range, .rule: form
    }
  }
}

extension Grammar {
  /// Reads the notation.
  private struct Reader {
    private var pieces: [String] = []
    private var position = 0

    init(_ text: String) throws {
      let scalars = Array(text.unicodeScalars)
      var index = 0
      func starts(_ prefix: String) -> Bool {
        scalars[index...].starts(with: prefix.unicodeScalars)
      }
      while index < scalars.count {
        let scalar = scalars[index]
        if starts("(*") {
          var depth = 0
          repeat {
            if starts("(*") { depth += 1 } else if starts("*)") { depth -= 1 }
            index += depth == 0 || starts("(*") ? 2 : 1
          } while depth > 0 && index < scalars.count
        } else if scalar.properties.isWhitespace {
          index += 1
        } else if scalar == "\"" {
          guard let end = scalars[(index + 1)...].firstIndex(of: "\"") else {
            throw Problem(description: "a literal without its end")
          }
          pieces.append(String(String.UnicodeScalarView(scalars[index..<end])))
          index = end + 1
        } else if scalar.properties.isAlphabetic || scalar == "@" {
          let start = index
          index += 1
          while index < scalars.count, scalars[index].properties.isAlphabetic || scalars[index] == "_" {
            index += 1
          }
          pieces.append(String(String.UnicodeScalarView(scalars[start..<index])))
        } else if starts("<<") || starts(">>") || starts("..") {
          pieces.append(String(String.UnicodeScalarView(scalars[index..<index + 2])))
          index += 2
        } else {
          pieces.append(String(scalar))
          index += 1
        }
      }
    }

    var isAtEnd: Bool { position == pieces.count }
    private var current: String { isAtEnd ? "" : pieces[position] }

    mutating func take(_ piece: String) throws {
      guard current == piece else {
        throw Problem(description: "expected \(piece), found \(pieces[max(0, position - 5)...].prefix(8))")
      }
      position += 1
    }

    mutating func takeWord() throws -> String {
      guard current.first?.isLetter == true else {
        throw Problem(description: "expected a name, found \(pieces[max(0, position - 5)...].prefix(8))")
      }
      position += 1
      return pieces[position - 1]
    }

    mutating func choice() throws -> Form {
      if current == "|" { position += 1 }
      var alternatives = [try sequence()]
      while current == "|" {
        position += 1
        alternatives.append(try sequence())
      }
      return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
    }

    private mutating func sequence() throws -> Form {
      var items: [Form] = []
      while !["|", ";", ")", "]", "}", ">>", ""].contains(current) { items.append(try item()) }
      return items.count == 1 ? items[0] : .sequence(items)
    }

    private mutating func item() throws -> Form {
      let piece = current
      position += 1
      switch piece {
      case "(": return try closed(")")
      case "[": return .optional(try closed("]"))
      case "{": return .repeated(try closed("}"))
      case "&": return .follows(try item())
      case "!": return .doesNotFollow(try item())
      case "<<":
        let alternatives = try closed(">>")
        if case .choice(let forms) = alternatives { return .each(forms) }
        return .each([alternatives])
      case "<":
        let name = try takeWord()
        try take(">")
        return .condition(name)
      default: break
      }
      if piece.hasPrefix("@") {
        try take("(")
        return .context(String(piece.dropFirst()), try closed(")"))
      }
      if piece.hasPrefix("\"") {
        let text = String(piece.dropFirst())
        guard current == ".." else { return .literal(text) }
        position += 1
        let last = String(current.dropFirst())
        position += 1
        guard let from = text.unicodeScalars.first, let to = last.unicodeScalars.first else {
          throw Problem(description: "a range without bounds")
        }
        return .range(from, to)
      }
      guard piece.first?.isLetter == true else { throw Problem(description: "unexpected \(piece)") }
      return .terminal(piece)
    }

    private mutating func closed(_ end: String) throws -> Form {
      let inner = try choice()
      try take(end)
      return inner
    }
  }
}
