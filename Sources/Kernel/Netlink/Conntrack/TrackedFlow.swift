// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// The destination of a flow's first packet, before address translation.
package struct FlowDestination: Hashable, Sendable {
  package let family: AddressFamily
  /// The transport protocol's number (IANA protocol numbers), such as 17 for UDP.
  package let transport: UInt8
  package let port: UInt16
  /// Nil for any address of this host.
  package let address: IPAddress?

  package init(family: AddressFamily, transport: UInt8, port: UInt16, address: IPAddress?) {
    self.family = family
    self.transport = transport
    self.port = port
    self.address = address
  }
}

/// The destination of a flow's first packet before address translation, and after it. Thousands of flows share a few paths.
package struct FlowPath: Hashable, Sendable {
  package let transport: UInt8
  package let address: IPAddress
  package let port: UInt16
  package let destination: IPAddress
  package let destinationPort: UInt16
}

extension FlowDestination {
  /// The destinations in groups of one family and transport.
  static func byProtocol(_ destinations: [FlowDestination]) -> [[FlowDestination]] {
    var groups: [[FlowDestination]] = []
    for destination in destinations {
      let index = groups.firstIndex {
        $0[0].family == destination.family && $0[0].transport == destination.transport
      }
      if let index { groups[index].append(destination) } else { groups.append([destination]) }
    }
    return groups
  }

  func covers(_ path: FlowPath) -> Bool {
    family == path.address.family && transport == path.transport && port == path.port
      && (address == nil || address == path.address)
  }
}

/// A flow that the kernel tracks, as a dump shows it.
struct TrackedFlow {
  let path: FlowPath
  /// The attribute that names the flow, as the kernel sent it.
  private let tuple: ArraySlice<UInt8>
  private let zone: ArraySlice<UInt8>?

  init?(_ reply: NetlinkReply) {
    var (original, answer, zone): (ArraySlice<UInt8>?, ArraySlice<UInt8>?, ArraySlice<UInt8>?)
    // struct nfgenmsg: family, version, resource.
    for attribute in AttributeList(reply.payload.dropFirst(4)) {
      switch attribute.type {
      case Int(CTA_TUPLE_ORIG.rawValue): original = attribute.value
      case Int(CTA_TUPLE_REPLY.rawValue): answer = attribute.value
      case Int(CTA_ZONE.rawValue): zone = attribute.value
      default: break
      }
    }
    guard let original, let answer else { return nil }
    let (there, back) = (Attributes(original), Attributes(answer))
    let ports = there.nested(Int(CTA_TUPLE_PROTO.rawValue))
    // The source of the replies is the destination after translation.
    guard
      let transport = ports[Int(CTA_PROTO_NUM.rawValue)]?.first,
      let address = Self.address(there, CTA_IP_V4_DST, CTA_IP_V6_DST), let port = Self.port(ports, CTA_PROTO_DST_PORT),
      let destination = Self.address(back, CTA_IP_V4_SRC, CTA_IP_V6_SRC),
      let destinationPort = Self.port(back.nested(Int(CTA_TUPLE_PROTO.rawValue)), CTA_PROTO_SRC_PORT)
    else { return nil }
    path = FlowPath(
      transport: transport, address: address, port: port, destination: destination, destinationPort: destinationPort)
    tuple = original
    self.zone = zone
  }

  var deletion: NetlinkMessage {
    var request = NetlinkMessage(conntrack: IPCTNL_MSG_CT_DELETE, 0, path.address.family)
    request.attribute(CTA_TUPLE_ORIG.rawValue | UInt32(NLA_F_NESTED), Array(tuple))
    if let zone { request.attribute(CTA_ZONE.rawValue, Array(zone)) }
    return request
  }

  private static func address(_ tuple: Attributes, _ ip: ctattr_ip, _ ip6: ctattr_ip) -> IPAddress? {
    let addresses = tuple.nested(Int(CTA_TUPLE_IP.rawValue))
    let bytes = addresses[Int(ip.rawValue)] ?? addresses[Int(ip6.rawValue)]
    return bytes.flatMap { IPAddress(bytes: Array($0)) }
  }

  private static func port(_ ports: Attributes, _ type: ctattr_l4proto) -> UInt16? {
    ports[Int(type.rawValue)]?.integer(UInt16.self, at: 0)?.bigEndian
  }
}
