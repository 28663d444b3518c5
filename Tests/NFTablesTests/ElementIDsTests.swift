// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import NFTables

@Suite struct ElementIDsTests {
  /// ElementIDs in their order.
  private static let ordered = [("a", []), ("a", [0]), ("a", [1]), ("a", [1, 0]), ("aa", [0]), ("b", [])]
    .map { Element.ID(set: $0, key: $1) }

  private static func stored(_ id: Element.ID, _ data: UInt8) -> StoredElement {
    StoredElement(element: Element(id, data: [data], comment: nil), timeout: nil)
  }

  @Test("IDs are each there once, by set and then by key, whatever their order was")
  func order() {
    let ordered = Self.ordered
    for _ in 0..<20 { #expect(ElementIDs((ordered + ordered.prefix(3)).shuffled()).list == ordered) }
    #expect(ElementIDs([]).list.isEmpty)
  }

  @Test("every ID is found among others, and none that is not there")
  func contains() {
    for id in Self.ordered {
      let others = Self.ordered.filter { $0 != id }
      #expect(ElementIDs(Self.ordered).contains(id))
      #expect(!ElementIDs(others).contains(id))
      #expect(!ElementIDs([]).contains(id))
      #expect(ElementIDs([id]).contains(id))
      #expect(others.allSatisfy { !ElementIDs([id]).contains($0) })
    }
  }

  @Test("IDs are joined, and taken away from others")
  func sets() {
    let (first, last) = (Array(Self.ordered.prefix(4)), Array(Self.ordered.suffix(4)))
    #expect(ElementIDs(last).union(first).list == Self.ordered)
    #expect(ElementIDs(Self.ordered).subtracting(ElementIDs(last)).list == Array(Self.ordered.prefix(2)))
    #expect(ElementIDs(first).subtracting(ElementIDs([])).list == first)
  }

  @Test("an element is found by its ID; of several the first counts")
  func elements() {
    let all = Self.ordered.enumerated().map { Self.stored($1, UInt8($0)) }
    let elements = StoredElements((all + [Self.stored(Self.ordered[2], 9)]).reversed().reversed())
    #expect(elements.ids.list == Self.ordered)
    for (index, id) in Self.ordered.enumerated() { #expect(elements[id]?.element.data == [UInt8(index)]) }
    #expect(elements[Element.ID(set: "c", key: [])] == nil)
    let shuffled = StoredElements(all.shuffled())
    #expect(shuffled.values.map(\.element) == all.map(\.element))
  }

  @Test("of elements with one ID the first stays, and their order too")
  func unique() {
    let elements = [3, 1, 2, 0].map { Element(Self.ordered[$0], data: [UInt8($0)], comment: nil) }
    let others = elements.map { Element($0.id, data: [9], comment: nil) }
    #expect((elements + others).uniqueByID == elements)
    #expect([elements[0], others[0]].uniqueByID == [elements[0]])
    #expect([Element]().uniqueByID.isEmpty)
  }
}
