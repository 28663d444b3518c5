// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// Where the first packet of a flow went: before any address translation.
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

/// A flow that the kernel tracks, as much of it as deciding on it and forgetting it takes.
package struct Flow: Sendable {
  package let transport: UInt8
  /// Where its first packet went: before any address translation.
  package let address: IPAddress
  package let port: UInt16
  /// Where it leads: after address translation.
  package let destination: IPAddress
  package let destinationPort: UInt16
  /// The attribute that names the flow, as the kernel sent it.
  fileprivate let tuple: [UInt8]
  fileprivate let zone: [UInt8]?
}

extension NetlinkSocket {
  /// The tracked flows that began by going to one of these destinations. This is a netfilter socket.
  package func flows(to destinations: [FlowDestination]) throws(NetlinkError) -> [Flow] {
    var found: [Flow] = []
    var rest = destinations
    while let first = rest.first {
      let wanted = rest.filter { $0.family == first.family && $0.transport == first.transport }
      rest.removeAll { $0.family == first.family && $0.transport == first.transport }
      let byPort = Dictionary(grouping: wanted, by: \.port)
      // Asked once more of each flow, as a kernel before 5.8 does not filter.
      found += try flows(first, wanted).compactMap { Flow($0) }.filter { flow in
        flow.transport == first.transport && flow.address.family == first.family
          && byPort[flow.port]?.contains { $0.address == nil || $0.address == flow.address } ?? false
      }
    }
    return found
  }

  /// Makes the kernel forget a flow, so that its next packet meets the rules of now.
  package func forget(_ flow: Flow) throws(NetlinkError) {
    var request = Self.message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, flow.address.family)
    request.attribute(CTA_TUPLE_ORIG.rawValue | UInt32(NLA_F_NESTED), flow.tuple)
    if let zone = flow.zone { request.attribute(CTA_ZONE.rawValue, zone) }
    do {
      try answer(to: request, "forget a tracked flow")
    } catch {
      // It ended by itself meanwhile.
      if error.number != ENOENT { throw error }
    }
  }

  /// The kernel walks all of its table, which takes ten milliseconds where it is large: so once for a family and
  /// transport, and what all destinations have in common it sorts out itself (`CTA_FILTER`, since kernel 5.8).
  private func flows(_ first: FlowDestination, _ wanted: [FlowDestination]) throws(NetlinkError) -> [NetlinkReply] {
    let port = wanted.allSatisfy { $0.port == first.port } ? first.port : nil
    let address = wanted.allSatisfy { $0.address == first.address } ? first.address : nil
    var flags = UInt32(CNI_CTA_FILTER_F_PROTO_NUM)
    if port != nil { flags |= UInt32(CNI_CTA_FILTER_F_PROTO_DST_PORT) }
    if address != nil { flags |= UInt32(CNI_CTA_FILTER_F_IP_DST) }
    var request = Self.message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, first.family)
    request.nested(CTA_TUPLE_ORIG.rawValue) { tuple in
      if let address {
        tuple.nested(CTA_TUPLE_IP.rawValue) {
          $0.attribute((address.family == .ip ? CTA_IP_V4_DST : CTA_IP_V6_DST).rawValue, address.bytes)
        }
      }
      tuple.nested(CTA_TUPLE_PROTO.rawValue) {
        $0.attribute(CTA_PROTO_NUM.rawValue, first.transport)
        if let port { $0.attribute(CTA_PROTO_DST_PORT.rawValue, port.bigEndian) }
      }
    }
    request.nested(CTA_FILTER.rawValue) {
      $0.attribute(CTA_FILTER_ORIG_FLAGS.rawValue, flags)
      $0.attribute(CTA_FILTER_REPLY_FLAGS.rawValue, UInt32(0))
    }
    return try dump(request, "list the tracked flows of protocol \(first.transport)").parts
  }

  private static func message(_ kind: cntl_msg_types, _ flags: Int32, _ family: AddressFamily) -> NetlinkMessage {
    NetlinkMessage(
      nfnetlink: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(kind.rawValue), flags: flags, family: family.number)
  }
}

extension Flow {
  init?(_ reply: NetlinkReply) {
    // struct nfgenmsg: family, version, resource.
    let attributes = reply.attributes(after: 4)
    guard let tuple = attributes[Int(CTA_TUPLE_ORIG.rawValue)] else { return nil }
    let original = Attributes(tuple)
    let answer = attributes.nested(Int(CTA_TUPLE_REPLY.rawValue))
    // What comes back comes from where the flow leads.
    guard
      let transport = original.nested(Int(CTA_TUPLE_PROTO.rawValue))[Int(CTA_PROTO_NUM.rawValue)]?.first,
      let address = Self.address(original, CTA_IP_V4_DST, CTA_IP_V6_DST),
      let port = Self.port(original, CTA_PROTO_DST_PORT),
      let destination = Self.address(answer, CTA_IP_V4_SRC, CTA_IP_V6_SRC),
      let destinationPort = Self.port(answer, CTA_PROTO_SRC_PORT)
    else { return nil }
    self.init(
      transport: transport, address: address, port: port, destination: destination, destinationPort: destinationPort,
      tuple: Array(tuple), zone: attributes[Int(CTA_ZONE.rawValue)].map { Array($0) })
  }

  private static func address(_ tuple: Attributes, _ ip: ctattr_ip, _ ip6: ctattr_ip) -> IPAddress? {
    let addresses = tuple.nested(Int(CTA_TUPLE_IP.rawValue))
    let bytes = addresses[Int(ip.rawValue)] ?? addresses[Int(ip6.rawValue)]
    return bytes.flatMap { IPAddress(bytes: Array($0)) }
  }

  private static func port(_ tuple: Attributes, _ type: ctattr_l4proto) -> UInt16? {
    tuple.nested(Int(CTA_TUPLE_PROTO.rawValue))[Int(type.rawValue)]?.integer(UInt16.self, at: 0)?.bigEndian
  }
}

extension NetlinkError {
  /// Whether the kernel cannot tell what it tracks, as nf_conntrack_netlink is missing.
  package var saysNoConntrack: Bool { [EINVAL, EPROTONOSUPPORT].contains(number) }
}
