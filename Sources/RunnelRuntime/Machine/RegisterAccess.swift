// How the machine's loop reads and writes registers where it knows more than the compiler does: that most values
// are no objects, so that most copies need no retain and most writes no release.
//
// Safety: a `Value` is nine bytes, its payload in the first eight and its case in the ninth (`ValueLayoutTests` checks
// the case numbers). Reading the case alone, and copying both words of a value that is no object, is what the
// compiler's own code would do after its checks.

extension UnsafeMutablePointer<Value> {
  /// The case number of `.object`.
  static var objectCase: UInt8 { 4 }
  static var intCase: UInt8 { 1 }

  @inline(__always)
  var caseNumber: UInt8 { UnsafeRawPointer(self).load(fromByteOffset: 8, as: UInt8.self) }

  @inline(__always)
  var isObject: Bool { caseNumber == Self.objectCase }

  @inline(__always)
  var isInt: Bool { caseNumber == Self.intCase }

  /// The int in a register that holds one.
  @inline(__always)
  var int: Int { UnsafeRawPointer(self).load(as: Int.self) }

  /// The object in a register that holds one, without a retain: good while the register keeps it.
  @inline(__always)
  var object: Unmanaged<Object> {
    Unmanaged.fromOpaque(UnsafeRawPointer(self).load(as: UnsafeRawPointer.self))
  }

  /// Writes a value that is no object.
  @inline(__always)
  func put(_ value: Value) {
    if isObject { pointee = value } else { initialize(to: value) }
  }

  @inline(__always)
  func put(int: Int) { put(.int(int)) }

  /// Takes a value that is no register's.
  @inline(__always)
  func move(_ value: consuming Value) {
    if isObject { pointee = value } else { initialize(to: value) }
  }

  /// Copies another register's value.
  @inline(__always)
  func copy(_ other: UnsafeMutablePointer<Value>) {
    if isObject || other.isObject {
      pointee = other.pointee
    } else {
      UnsafeMutableRawPointer(self).copyMemory(from: other, byteCount: 16)
    }
  }

  /// Takes a value out of memory that is no register and holds nothing from now on.
  @inline(__always)
  func replace(movingFrom other: UnsafeMutablePointer<Value>) {
    if isObject { pointee = .nil }
    UnsafeMutableRawPointer(self).copyMemory(from: other, byteCount: 16)
  }

  /// Takes another register's value, which becomes nil.
  @inline(__always)
  func take(_ other: UnsafeMutablePointer<Value>) {
    if self == other { return }
    if isObject { pointee = .nil }
    UnsafeMutableRawPointer(self).copyMemory(from: other, byteCount: 16)
    other.initialize(to: .nil)
  }
}

/// Rounded towards minus infinity; the divisor is positive.
@inline(__always)
func floorQuotient(_ x: Int, _ y: Int) -> Int {
  let quotient = x / y
  return x % y < 0 ? quotient - 1 : quotient
}
