// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A set of elements' IDs. It is no `Set`, because at run time the look-up of the ID's hashing takes longer than all that is done
/// here.
package struct ElementIDs: Sendable {
  /// In the order of ``Element/ID/precedes(_:)``.
  package let list: [Element.ID]

  package init(_ ids: [Element.ID]) { list = Self.firsts(ids).map { ids[$0] } }

  /// The index of the first of each ID, in the order of the IDs.
  package static func firsts(_ ids: [Element.ID]) -> [Int] {
    let sorted = ids.indices.sorted {
      ids[$0] == ids[$1] ? $0 < $1 : ids[$0].precedes(ids[$1])
    }
    var firsts: [Int] = []
    for index in sorted where firsts.last.map({ ids[$0] != ids[index] }) ?? true { firsts.append(index) }
    return firsts
  }

  package func contains(_ id: Element.ID) -> Bool { index(of: id) != nil }

  /// Where an ID is in the list; nil if it is not among them.
  package func index(of id: Element.ID) -> Int? {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle].precedes(id) { low = middle + 1 } else { high = middle }
    }
    return low < list.count && list[low] == id ? low : nil
  }

  package func union(_ others: [Element.ID]) -> ElementIDs { ElementIDs(list + others) }

  package func subtracting(_ others: ElementIDs) -> ElementIDs { ElementIDs(list.filter { !others.contains($0) }) }
}

/// Elements as the kernel has them, by their IDs.
package struct StoredElements: Sendable {
  package let ids: ElementIDs
  /// In the order of the IDs.
  package let values: [StoredElement]

  /// The first element counts if several have one ID.
  package init(_ elements: [StoredElement]) {
    values = ElementIDs.firsts(elements.map(\.element.id)).map { elements[$0] }
    ids = ElementIDs(values.map(\.element.id))
  }

  package subscript(id: Element.ID) -> StoredElement? { ids.index(of: id).map { values[$0] } }
}

extension Element.ID {
  /// The order of IDs: by set, then by key.
  package func precedes(_ other: Element.ID) -> Bool {
    set == other.set ? key.lexicographicallyPrecedes(other.key) : set < other.set
  }
}

extension [Element] {
  /// The first element of each ID, in their original order.
  package var uniqueByID: [Element] { count < 2 ? self : ElementIDs.firsts(map(\.id)).sorted().map { self[$0] } }
}
