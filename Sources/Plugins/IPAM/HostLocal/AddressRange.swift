// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON

/// Addresses of a subnet, from a first to a last one.
struct AddressRange: Equatable, Sendable {
  /// The subnet; its length is that of the addresses in the result.
  let subnet: Prefix
  let first: IPAddress
  let last: IPAddress
  /// Never given to a container; may lie outside of the range, and of the subnet.
  let gateway: IPAddress

  var family: AddressFamily { subnet.family }

  func contains(_ address: IPAddress) -> Bool {
    address.family == family && first <= address && address <= last
  }

  func overlaps(_ other: AddressRange) -> Bool {
    family == other.family && first <= other.last && other.first <= last
  }

  /// The members `subnet`, `rangeStart`, `rangeEnd` and `gateway` of an object.
  init(_ field: Field) throws(FieldError) {
    guard try field.object() != nil else { throw field.expected("a range with a subnet") }
    subnet = try Self.subnet(field["subnet"])
    let network = subnet.address
    let usual = (first: network.successor ?? network, last: Self.lastUsable(subnet))
    gateway = try Self.gateway(field["gateway"], subnet.family) ?? usual.first
    first = try Self.bound(field["rangeStart"], subnet) ?? usual.first
    last = try Self.bound(field["rangeEnd"], subnet) ?? usual.last
    if first > last {
      let wrong = field[field["rangeStart"].isPresent ? "rangeStart" : "rangeEnd"]
      throw wrong.expected("a range that does not end (\(last)) before it starts (\(first))")
    }
  }

  private static func subnet(_ field: Field) throws(FieldError) -> Prefix {
    guard let text = try field.string(), let subnet = Prefix(text) else {
      throw field.expected("a network with its prefix length, such as 10.1.0.0/16")
    }
    if subnet.network != subnet {
      throw field.expected("a network without host bits, such as \(subnet.network)")
    }
    let longest = subnet.family.bits - 2
    if subnet.length > longest {
      throw field.expected(
        "a network of at least four addresses (/\(longest)): \(subnet) is too small to allocate from")
    }
    return subnet
  }

  /// Broadcast − 1, as with upstream; IPv6 has no broadcast.
  private static func lastUsable(_ subnet: Prefix) -> IPAddress {
    let last = subnet.last
    return subnet.family == .ip ? last.predecessor ?? last : last
  }

  private static func bound(_ field: Field, _ subnet: Prefix) throws(FieldError) -> IPAddress? {
    guard let address = try field.address() else { return nil }
    if !subnet.contains(address) { throw field.expected("an address in \(subnet)") }
    return address
  }

  private static func gateway(_ field: Field, _ family: AddressFamily) throws(FieldError) -> IPAddress? {
    guard let address = try field.address() else { return nil }
    if address.family != family { throw field.expected("an \(family.title) address, as the subnet is one of them") }
    return address
  }
}

extension AddressRange: CustomStringConvertible {
  var description: String { "\(first)-\(last)" }
}
