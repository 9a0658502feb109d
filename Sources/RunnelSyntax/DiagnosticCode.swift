// Every diagnostic's stable code, declared once. E01xx lexer, E02xx parser, E03xx names, E04xx placement and
// isolation, E05xx modules, E06xx limits, W…: warnings. A code is never given to another message.

public enum DiagnosticCode: String, Sendable, CaseIterable {
  // Names
  case undefinedName = "E0301"
  case assignToLet = "E0302"
  case duplicateName = "E0303"
  case undefinedKind = "E0304"
  case notAssignable = "E0305"
  case usedBeforeDeclared = "E0306"
  case notAMember = "E0307"

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

  // Limits
  case functionTooLarge = "E0601"
  case nestedTooDeeply = "E0602"

  // Warnings
  case shadowedGlobal = "W0701"
  case unreachable = "W0702"
}
