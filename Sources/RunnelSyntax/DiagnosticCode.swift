// Every diagnostic's stable code, declared once. E01xx lexer, E02xx parser, E03xx names, E04xx placement and
// isolation, E05xx modules, E06xx limits, W…: warnings. A code is never given to another message.

public enum DiagnosticCode: String, Sendable, CaseIterable {
  // Lexer
  case unexpectedCharacter = "E0101"
  case invisibleCharacter = "E0102"
  case unterminatedString = "E0103"
  case unterminatedCommand = "E0104"
  case badEscape = "E0105"
  case badNumber = "E0106"
  case numberTooLarge = "E0107"
  case badFormat = "E0108"
  case foreignOperator = "E0109"
  case dollarName = "E0110"
  case shellHabit = "E0111"
  case newlineInCapture = "E0112"
  case commandInBrackets = "E0113"

  // Parser
  case expectedExpression = "E0201"
  case expectedToken = "E0202"
  case expectedEndOfStatement = "E0203"
  case expectedName = "E0204"
  case expectedBody = "E0205"
  case expectedPattern = "E0206"
  case unclosedBracket = "E0207"
  case unexpectedBracket = "E0208"
  case mapInHead = "E0209"
  case comparisonChain = "E0210"
  case operatorAfterStage = "E0211"
  case notAStage = "E0212"
  case openRange = "E0213"
  case rangeChain = "E0214"
  case literalInterpolation = "E0215"
  case emptyInterpolation = "E0216"
  case badMapKey = "E0217"
  case emptyCommand = "E0218"
  case redirectWithoutFile = "E0219"
  case statementAsExpression = "E0220"
  case restNotLast = "E0221"
  case assignmentAsCondition = "E0222"
  case expectedKind = "E0223"
  case expectedString = "E0224"
  case duplicateClause = "E0225"
  case badParameter = "E0226"
  case unaryNeedsParentheses = "E0227"
  case foreignSyntax = "E0228"

  // Names
  case undefinedName = "E0301"
  case assignToLet = "E0302"
  case duplicateName = "E0303"
  case undefinedKind = "E0304"
  case notAssignable = "E0305"
  case usedBeforeDeclared = "E0306"
  case notAMember = "E0307"
  case alternativesDiffer = "E0308"
  case kindCircle = "E0309"

  // Placement and isolation
  case jumpOutsideLoop = "E0401"
  case returnOutsideFunction = "E0402"
  case jumpOutOfCleanup = "E0403"
  case jumpOutOfTask = "E0404"
  case yieldInScope = "E0405"
  case yieldOutsideFunction = "E0406"
  case assignCapturedInTask = "E0407"
  case importNotAtTop = "E0408"
  case testNotAtTop = "E0409"

  // Modules
  case moduleNotFound = "E0501"
  case moduleCycle = "E0502"
  case moduleNotReadable = "E0503"
  case notUTF8 = "E0504"
  case scriptNotReadable = "E0505"

  // Limits
  case functionTooLarge = "E0601"
  case nestedTooDeeply = "E0602"

  // Warnings
  case shadowedGlobal = "W0701"
  case unreachable = "W0702"
}
