import Testing

@testable import RunnelRuntime

@Suite("Lists")
struct ListMethodTests {
  private let xs: Literal = [3, 1, 4, 1, 5]

  @Test("asking")
  func asking() {
    for (name, arguments, result) in [
      ("len", [], "5"), ("is_empty", [], "false"), ("first", [], "3"), ("last", [], "5"), ("get", [9], "nil"),
      ("get", [9, 0], "0"),
      ("get", [-1], "5"), ("get", [-6], "nil"), ("get", ["a"], "TypeError"), ("contains", [4], "true"),
      ("contains", [4.0], "true"),
      ("index", [4], "2"), ("index", [7], "nil"), ("count", [1], "2"), ("sum", [], "14"), ("min", [], "1"),
      ("max", [], "5"),
      ("mean", [], "2.8"), ("join", ["-"], "\"3-1-4-1-5\""), ("join", [], "\"31415\""),
      ("join", [5], "TypeError"),
    ] as [(String, [Literal], String)] {
      #expect(
        Script.shown { () throws(Raised) in
          try Script.call(Library.method(of: "list", name: name), on: xs, arguments)
        } == result, "\(name)")
    }
    #expect(
      Script.method([], "first") == "nil" && Script.method([], "last") == "nil"
        && Script.method([], "sum") == "0")
    #expect(Script.method([], "min") == "ValueError" && Script.method([], "mean") == "MathError")
    #expect(
      Script.method([1, 2.5], "sum") == "3.5" && Script.method([.seconds(1), .seconds(2)], "sum") == "3s")
    #expect(
      Script.method([.seconds(1), .seconds(2)], "mean") == "1.5s"
        && Script.method(["a"], "sum") == "TypeError")
    #expect(Script.method([Literal(.int(Int.max)), 1], "sum") == "OverflowError")
    #expect(
      Script.method([1, "a"], "min") == "TypeError" && Script.method([[1, 2], [1, 1]], "min") == "[1, 1]")
    #expect(Script.method([1.0, 1], "max") == "1.0" && Script.method([nil], "max") == "nil")
  }

  @Test("shaping")
  func shaping() {
    for (name, arguments, result) in [
      ("take", [2], "[3, 1]"), ("take", [-1], "[]"), ("take", [9], "[3, 1, 4, 1, 5]"),
      ("take", ["a"], "TypeError"),
      ("skip", [3], "[1, 5]"), ("skip", [-1], "[3, 1, 4, 1, 5]"), ("slice", [1, 3], "[1, 4]"),
      ("slice", [-2], "[1, 5]"),
      ("reversed", [], "[5, 1, 4, 1, 3]"), ("chunks", [2], "[[3, 1], [4, 1], [5]]"),
      ("chunks", [0], "ValueError"),
      ("chunks", [Literal(.int(Int.max))], "[[3, 1, 4, 1, 5]]"),
      ("windows", [4], "[[3, 1, 4, 1], [1, 4, 1, 5]]"),
      ("windows", [6], "[]"), ("windows", [0], "ValueError"),
      ("zip", [["a", "b"]], "[[3, \"a\"], [1, \"b\"]]"),
      ("zip", [.range(0, 9), [7]], "[[3, 0, 7]]"), ("zip", [5], "TypeError"), ("unique", [], "[3, 1, 4, 5]"),
      ("sorted", [], "[1, 1, 3, 4, 5]"), ("sorted", [nil, true], "[5, 4, 3, 1, 1]"),
    ] as [(String, [Literal], String)] {
      #expect(
        Script.shown { () throws(Raised) in
          try Script.call(Library.method(of: "list", name: name), on: xs, arguments)
        } == result, "\(name)")
    }
    #expect(Script.method(["x", "y"], "enumerate") == "[[0, \"x\"], [1, \"y\"]]")
    #expect(Script.method(["x"], "enumerate", named: ["from": 5]) == "[[5, \"x\"]]")
    #expect(Script.method(["x"], "enumerate", Literal(.int(Int.max))) == "OverflowError")
    #expect(Script.method([[1], [2, [3]], 4], "flatten") == "[1, 2, [3], 4]")
    #expect(
      Script.method([1, 1.0, true, [1], [1], ["a": 1], ["a": 1]], "unique") == "[1, true, [1], {a: 1}]")
  }

  @Test("changing goes through the variable and gives what was taken")
  func changing() {
    #expect(
      Script.changing([1], "push", 2) == "nil [1, 2]" && Script.changing([1], "push", 2, 3) == "nil [1, 2, 3]"
    )
    #expect(Script.changing([1, 2], "pop") == "2 [1]" && Script.changing([], "pop") == "IndexError []")
    #expect(
      Script.changing([1, 2], "insert", 0, 5) == "nil [5, 1, 2]"
        && Script.changing([1, 2], "insert", -1, 5) == "nil [1, 5, 2]")
    #expect(
      Script.changing([1, 2], "insert", 9, 5) == "nil [1, 2, 5]"
        && Script.changing([1, 2], "insert", -9, 5) == "nil [5, 1, 2]")
    #expect(
      Script.changing([1, 2, 3], "remove_at", 1) == "2 [1, 3]"
        && Script.changing([1, 2], "remove_at", -1) == "2 [1]")
    #expect(Script.changing([1, 2], "remove_at", 2) == "IndexError [1, 2]")
    #expect(
      Script.changing([5, 6, 5], "remove", 5) == "5 [6, 5]" && Script.changing([5], "remove", 7) == "nil [5]")
    #expect(Script.changing([5], "clear") == "nil []" && Script.changing([1, 2], "reverse") == "nil [2, 1]")
    #expect(
      Script.changing([1], "extend", .range(0, 2)) == "nil [1, 0, 1]"
        && Script.changing([1], "extend", ["a": 1]) == "nil [1, \"a\"]")
    #expect(Script.changing([1], "extend", "ab") == "TypeError [1]")
    #expect(
      Script.changing([3, 1, 2], "sort") == "nil [1, 2, 3]"
        && Script.changing([1, "a"], "sort") == "TypeError [1, \"a\"]")
    #expect(Script.changing([3, 1], "sort", named: ["reverse": true]) == "nil [3, 1]")
  }

  @Test("a list that somebody else has is copied before it is changed; an own one is not")
  func copyOnWrite() throws {
    let shared = Value.list([.int(1)])
    var variable: Value? = shared
    _ = try Script.change(Library.method(of: "list", name: "push"), &variable, [2])
    #expect(brief(shared) == "[1]" && brief(variable ?? .nil) == "[1, 2]")
    guard case .object(let before)? = variable else { return }
    let identity = ObjectIdentifier(before)
    func grow() throws {
      for number in 0..<1_000 {
        _ = try Script.change(Library.method(of: "list", name: "push"), &variable, [Literal(.int(number))])
      }
    }
    try grow()
    guard case .object(let after)? = variable else { return }
    // `before` is a second reference, so the first push copied; the thousand after it did not each.
    #expect(ObjectIdentifier(after) != identity)
    #expect(variable?.list?.items.count == 1_002)
  }

  @Test("ranges have the methods that change nothing, without making their items where they need not")
  func ranges() {
    let long = Literal.range(0, 1_000_000_000_000)
    #expect(
      Script.method(.range(0, 5), "reversed") == "[4, 3, 2, 1, 0]"
        && Script.method(.range(0, 5), "sum") == "10")
    #expect(Script.method(long, "len") == "1000000000000" && Script.method(long, "last") == "999999999999")
    #expect(
      Script.method(long, "get", 7) == "7" && Script.method(long, "contains", 5) == "true"
        && Script.method(long, "index", 5) == "5")
    #expect(Script.method(long, "take", 2) == "[0, 1]" && Script.method(long, "sum") == "OverflowError")
    #expect(
      Script.method(.range(10, 0, step: -3), "index", 4) == "2"
        && Script.method(.range(10, 0, step: -3), "last") == "1")
    #expect(
      Library.method(of: "range", name: "push") == nil && Library.method(of: "range", name: "map") != nil)
  }
}

@Suite("Maps")
struct MapMethodTests {
  private let m: Literal = ["b": 2, "a": 1]

  @Test("asking and shaping keep the order of insertion")
  func reading() {
    for (name, arguments, result) in [
      ("len", [], "2"), ("is_empty", [], "false"), ("keys", [], "[\"b\", \"a\"]"), ("values", [], "[2, 1]"),
      ("items", [], "[[\"b\", 2], [\"a\", 1]]"), ("has", ["a"], "true"), ("has", [[:]], "TypeError"),
      ("get", ["b"], "2"),
      ("get", ["x"], "nil"), ("get", ["x", 9], "9"), ("get", [[:]], "TypeError"),
      ("invert", [], "{2: \"b\", 1: \"a\"}"),
      ("pick", ["a", "z"], "{a: 1}"), ("omit", ["a", "z"], "{b: 2}"), ("sorted", [], "{a: 1, b: 2}"),
      ("merge", [["a": 7, "z": 0]], "{b: 2, a: 7, z: 0}"), ("merge", [5], "TypeError"),
    ] as [(String, [Literal], String)] {
      #expect(
        Script.shown { () throws(Raised) in
          try Script.call(Library.method(of: "map", name: name), on: m, arguments)
        } == result, "\(name)")
    }
    #expect(Script.method(["a": ["x": 1]], "invert") == "TypeError")
    #expect(Script.method([1: "a", 1.5: "b", 0: "c"], "sorted") == "{0: \"c\", 1: \"a\", 1.5: \"b\"}")
    #expect(Script.method([1: "a", "b": 2], "sorted") == "TypeError")
  }

  @Test("changing")
  func changing() {
    #expect(
      Script.changing(m, "remove", "b") == "2 {a: 1}"
        && Script.changing(m, "remove", "z") == "nil {b: 2, a: 1}")
    #expect(
      Script.changing(m, "update", ["a": 10, "d": 4]) == "nil {b: 2, a: 10, d: 4}"
        && Script.changing(m, "update", 5) == "TypeError {b: 2, a: 1}")
    #expect(
      Script.changing(m, "set_default", "b", 9) == "2 {b: 2, a: 1}"
        && Script.changing(m, "set_default", "c", 9) == "9 {b: 2, a: 1, c: 9}")
    #expect(
      Script.changing(m, "clear") == "nil {}" && Script.changing(m, "remove", [:]) == "TypeError {b: 2, a: 1}"
    )
  }
}

@Suite("Sorting")
struct SortingTests {
  private func sorted(_ keys: [Value], descending: Bool = false) throws -> [Int] {
    try Sorting.order(of: keys, descending: descending, Script.strand)
  }

  @Test("is stable either way, for every kind of key and size")
  func stability() throws {
    var seed: UInt64 = 42
    func random(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    for count in [0, 1, 2, 3, 15, 16, 17, 31, 33, 100, 1_000, 5_000] {
      for make in [
        { .int($0) }, { .float(Double($0)) }, { .string("key \($0)") }, { .list([.int($0)]) },
        { $0 % 2 == 0 ? .int($0) : .float(Double($0)) },
      ] as [(Int) -> Value] {
        let numbers = (0..<count).map { _ in random(50) + 100 }
        let keys = numbers.map(make)
        let expected = numbers.indices.sorted { (numbers[$0], $0) < (numbers[$1], $1) }
        #expect(try sorted(keys) == expected)
        let descending = numbers.indices.sorted { (-numbers[$0], $0) < (-numbers[$1], $1) }
        #expect(try sorted(keys, descending: true) == descending)
      }
    }
  }

  @Test("what is in order, or in reverse, is seen")
  func ordered() throws {
    let up = (0..<1_000).map { Value.int($0) }
    #expect(try sorted(up) == Array(0..<1_000))
    #expect(try sorted(up.reversed()) == Array((0..<1_000).reversed()))
  }

  @Test("strings sort by their bytes, longer after shorter")
  func strings() throws {
    let words = ["b", "a", "", "abcdefgh", "abcdefghi", "abcdefg", "é", "Z", "a\u{0}"]
    let order = try sorted(words.map { .string($0) }).map { words[$0] }
    #expect(order == ["", "Z", "a", "a\u{0}", "abcdefg", "abcdefgh", "abcdefghi", "b", "é"])
  }

  @Test("what cannot be compared raises")
  func unlike() {
    #expect(
      Script.method([1, "a"], "sorted") == "TypeError" && Script.method([nil, nil], "sorted") == "TypeError")
    #expect(
      Script.method([true, false], "sorted") == "TypeError"
        && Script.method([[1, "a"], [1, 2]], "sorted") == "TypeError")
    #expect(
      Script.method([nil], "sorted") == "[nil]" && Script.method([1, 2.5, 0], "sorted") == "[0, 1, 2.5]")
  }
}
