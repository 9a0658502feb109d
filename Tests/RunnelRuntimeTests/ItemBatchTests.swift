// The queue in which items go from a source to its reader: what goes in comes out, in order, once, and nothing else is kept.

import Testing

@testable import RunnelRuntime

@Suite struct ItemBatchTests {
  private func taken(_ batch: ItemBatch) -> [Int?] {
    var items: [Int?] = []
    while let item = batch.takeFirst() {
      if case .int(let number) = item { items.append(number) } else { items.append(nil) }
    }
    return items
  }

  @Test func `items come out in the order in which they went in`() {
    let batch = ItemBatch(minimumCapacity: 2)
    for number in 0..<100 {
      batch.append(.int(number))
      // Some are taken meanwhile, so that there is room at the front again and again.
      if number % 3 == 0 { #expect(batch.takeFirst()?.isNil == false) }
    }
    #expect(batch.count == 66)
    #expect(taken(batch) == (34..<100).map { $0 })
    #expect(batch.isEmpty)
    #expect(batch.takeFirst() == nil)
  }

  @Test func `two batches are joined and exchanged`() {
    let first = ItemBatch()
    let second = ItemBatch()
    for number in 0..<3 { first.append(.int(number)) }
    for number in 3..<40 { second.append(.int(number)) }
    first.append(movingFrom: second)
    #expect(second.isEmpty)
    second.append(.int(99))
    first.swapItems(with: second)
    #expect(taken(first) == [99])
    #expect(taken(second) == (0..<40).map { $0 })
  }

  @Test func `what is taken out or removed is not kept`() {
    final class Witness: Object, @unchecked Sendable {
      init() { super.init(tag: .resource) }
    }
    weak var taken: Witness?
    weak var left: Witness?
    weak var removed: Witness?
    do {
      let batch = ItemBatch()
      for index in 0..<3 {
        let witness = Witness()
        switch index {
        case 0: removed = witness
        case 1: taken = witness
        default: left = witness
        }
        batch.append(.object(witness))
        if index == 0 { batch.removeAll() }
      }
      #expect(removed == nil)
      var register = Value.nil
      withUnsafeMutablePointer(to: &register) { #expect(batch.takeFirst(into: $0)) }
      #expect(taken != nil)
      register = .nil
      #expect(taken == nil)
      #expect(left != nil)
    }
    #expect(left == nil)
  }
}
