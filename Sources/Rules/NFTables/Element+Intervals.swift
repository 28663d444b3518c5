// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension Element {
  /// The elements of a set of intervals, each of which ends before `to`, or at the largest value if `to` is nil.
  package static func intervals(_ set: String, _ list: [(from: [UInt8], to: [UInt8]?)]) -> [Element] {
    var merged: [(from: [UInt8], to: [UInt8]?)] = []
    for next in list.sorted(by: { $0.from.lexicographicallyPrecedes($1.from) }) {
      guard let last = merged.last else {
        merged.append(next)
        continue
      }
      guard let end = last.to else { break }
      if end.lexicographicallyPrecedes(next.from) {
        merged.append(next)
      } else if next.to.map({ end.lexicographicallyPrecedes($0) }) ?? true {
        merged[merged.count - 1].to = next.to
      }
    }
    guard let first = merged.first?.from else { return [] }
    func limit(_ key: [UInt8], isEnd: Bool) -> Element { Element(set, key: key, comment: nil, endsInterval: isEnd) }
    // nft adds an end of an interval at zero unless the first interval begins there.
    let zero = [UInt8](repeating: 0, count: first.count)
    var limits = first == zero ? [] : [limit(zero, isEnd: true)]
    for interval in merged {
      limits.append(limit(interval.from, isEnd: false))
      if let end = interval.to { limits.append(limit(end, isEnd: true)) }
    }
    return limits
  }
}
