// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import OS

/// Ranges of one family, out of which a container gets one address.
struct RangeSet: Sendable {
  let ranges: [AddressRange]
  /// Where it is configured.
  let path: String

  var family: AddressFamily { ranges[0].family }

  /// An old-style set: the range that stands in `ipam` itself.
  init(single field: Field) throws(FieldError) {
    ranges = [try AddressRange(field)]
    path = field.path
  }

  /// A list of ranges, at least one, of one family and without overlap.
  init(_ field: Field) throws(FieldError) {
    var ranges: [AddressRange] = []
    for item in try field.array() ?? [] {
      let range = try AddressRange(item)
      if let first = ranges.first, first.family != range.family {
        let reason = "mixed address families: expected an \(first.family.title) network as in \(field.path)[0]"
        throw item["subnet"].expected("one family in a range set (\(reason))")
      }
      if let index = ranges.firstIndex(where: { $0.overlaps(range) }) {
        throw FieldError(path: item.path, reason: "\(range) overlaps with \(ranges[index]) of \(field.path)[\(index)]")
      }
      ranges.append(range)
    }
    if ranges.isEmpty { throw field.expected("a list of ranges with at least one range") }
    self.ranges = ranges
    path = field.path
  }

  func overlaps(_ other: RangeSet) -> Bool {
    ranges.contains { range in other.ranges.contains { $0.overlaps(range) } }
  }

  /// The range that an address is in.
  func range(of address: IPAddress) -> AddressRange? { ranges.first { $0.contains(address) } }
}

extension RangeSet: CustomStringConvertible {
  var description: String { joined(ranges.map(\.description), by: ",") }
}

// MARK: - Searching

extension RangeSet {
  /// An address of the set, and its range.
  struct Candidate {
    let address: IPAddress
    let range: AddressRange

    /// As it stands in the result.
    var config: NetworkResult.IPConfig? {
      Prefix(address, length: range.subnet.length).map { NetworkResult.IPConfig($0, gateway: range.gateway) }
    }
  }

  /// Returns the first address that `take` takes. Begins after `last`, the address that was given last, or else at the start; goes up,
  /// from the end of a range to the next one, and ends after one turn. Passes over the ranges' gateways.
  func first(
    after last: IPAddress?, _ take: (IPAddress) throws(CNIError) -> Bool
  ) throws(CNIError) -> Candidate? {
    var position = (index: 0, address: ranges[0].first)
    if let last, let index = ranges.firstIndex(where: { $0.contains(last) }) { position = next((index, last)) }
    let start = position.address
    repeat {
      let range = ranges[position.index]
      if position.address != range.gateway, try take(position.address) {
        return Candidate(address: position.address, range: range)
      }
      position = next(position)
    } while position.address != start
    return nil
  }

  private func next(_ position: (index: Int, address: IPAddress)) -> (index: Int, address: IPAddress) {
    if position.address < ranges[position.index].last, let address = position.address.successor {
      return (position.index, address)
    }
    let index = (position.index + 1) % ranges.count
    return (index, ranges[index].first)
  }
}
