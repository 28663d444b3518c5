// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import NFTables

@Suite struct PlacesTests {
  /// Places in their order.
  private static let ordered = [("a", []), ("a", [0]), ("a", [1]), ("a", [1, 0]), ("aa", [0]), ("b", [])]
    .map { Element.Place(set: $0, key: $1) }

  private static func stored(_ place: Element.Place, _ data: UInt8) -> StoredElement {
    StoredElement(element: Element(place, data: [data], comment: nil), timeout: nil)
  }

  @Test("places are each there once, by set and then by key, whatever their order was")
  func order() {
    let ordered = Self.ordered
    for _ in 0..<20 { #expect(Places((ordered + ordered.prefix(3)).shuffled()).list == ordered) }
    #expect(Places([]).list.isEmpty)
  }

  @Test("every place is found among others, and none that is not there")
  func contains() {
    for place in Self.ordered {
      let others = Self.ordered.filter { $0 != place }
      #expect(Places(Self.ordered).contains(place))
      #expect(!Places(others).contains(place))
      #expect(!Places([]).contains(place))
      #expect(Places([place]).contains(place))
      #expect(others.allSatisfy { !Places([place]).contains($0) })
    }
  }

  @Test("places are joined, and taken away from others")
  func sets() {
    let (first, last) = (Array(Self.ordered.prefix(4)), Array(Self.ordered.suffix(4)))
    #expect(Places(last).union(first).list == Self.ordered)
    #expect(Places(Self.ordered).subtracting(Places(last)).list == Array(Self.ordered.prefix(2)))
    #expect(Places(first).subtracting(Places([])).list == first)
  }

  @Test("an element is found by its place; of several the first counts")
  func elements() {
    let all = Self.ordered.enumerated().map { Self.stored($1, UInt8($0)) }
    let elements = StoredElements((all + [Self.stored(Self.ordered[2], 9)]).reversed().reversed())
    #expect(elements.places.list == Self.ordered)
    for (index, place) in Self.ordered.enumerated() { #expect(elements[place]?.element.data == [UInt8(index)]) }
    #expect(elements[Element.Place(set: "c", key: [])] == nil)
    let shuffled = StoredElements(all.shuffled())
    #expect(shuffled.values.map(\.element) == all.map(\.element))
  }

  @Test("of elements at one place the first stays, and their order too")
  func unique() {
    let elements = [3, 1, 2, 0].map { Element(Self.ordered[$0], data: [UInt8($0)], comment: nil) }
    let others = elements.map { Element($0.place, data: [9], comment: nil) }
    #expect((elements + others).uniqueByPlace == elements)
    #expect([elements[0], others[0]].uniqueByPlace == [elements[0]])
    #expect([Element]().uniqueByPlace.isEmpty)
  }
}
