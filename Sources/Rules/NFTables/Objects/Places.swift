// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Some places, each once. A `Set` would tell the same, but the runtime would have to find out how to hash a place, which takes
/// it longer than all that is asked here.
struct Places: Sendable {
  /// In the order of ``Element/Place/precedes(_:)``.
  let list: [Element.Place]

  init(_ places: [Element.Place]) { list = Self.firsts(places).map { places[$0] } }

  /// The index of the first of each place, in the order of the places.
  static func firsts(_ places: [Element.Place]) -> [Int] {
    let sorted = places.indices.sorted {
      places[$0] == places[$1] ? $0 < $1 : places[$0].precedes(places[$1])
    }
    var firsts: [Int] = []
    for index in sorted where firsts.last.map({ places[$0] != places[index] }) ?? true { firsts.append(index) }
    return firsts
  }

  func contains(_ place: Element.Place) -> Bool { index(of: place) != nil }

  /// Where a place is in the list; nil if it is not among them.
  func index(of place: Element.Place) -> Int? {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle].precedes(place) { low = middle + 1 } else { high = middle }
    }
    return low < list.count && list[low] == place ? low : nil
  }

  func union(_ others: [Element.Place]) -> Places { Places(list + others) }

  func subtracting(_ others: Places) -> Places { Places(list.filter { !others.contains($0) }) }
}

/// Elements as the kernel has them, by their places.
struct StoredElements: Sendable {
  let places: Places
  /// In the order of the places.
  let values: [StoredElement]

  /// Of several at one place the first counts.
  init(_ elements: [StoredElement]) {
    values = Places.firsts(elements.map(\.element.place)).map { elements[$0] }
    places = Places(values.map(\.element.place))
  }

  subscript(place: Element.Place) -> StoredElement? { places.index(of: place).map { values[$0] } }
}

extension Element.Place {
  /// An order of places: by the set, and then by the key.
  func precedes(_ other: Element.Place) -> Bool {
    set == other.set ? key.lexicographicallyPrecedes(other.key) : set < other.set
  }
}

extension [Element] {
  /// The first at each place, in the order in which they are.
  var uniqueByPlace: [Element] { count < 2 ? self : Places.firsts(map(\.place)).sorted().map { self[$0] } }
}
