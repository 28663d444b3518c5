// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Values of kernel parameters, sorted by the path below `/proc/sys`. There are few, and a dictionary's first use would cost
/// a start 40 µs.
struct ParameterValues: Equatable, Sendable, ExpressibleByDictionaryLiteral {
  struct Entry: Equatable, Sendable {
    let path: String
    let value: String
  }

  private(set) var entries: [Entry] = []

  init(dictionaryLiteral elements: (String, String)...) {
    for (path, value) in elements { self[path] = value }
  }

  var isEmpty: Bool { entries.isEmpty }

  subscript(path: String) -> String? {
    get { entries.first { $0.path == path }?.value }
    set {
      entries.removeAll { $0.path == path }
      guard let newValue else { return }
      let place = entries.firstIndex { $0.path > path } ?? entries.endIndex
      entries.insert(Entry(path: path, value: newValue), at: place)
    }
  }

  /// Adds the values of parameters that have none here.
  mutating func fill(from other: ParameterValues) {
    for entry in other.entries where self[entry.path] == nil { self[entry.path] = entry.value }
  }
}
