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

extension NetlinkSocket {
  /// Makes the kernel forget the flows to these destinations, so that their next packet meets the rules of now. This is
  /// a netfilter socket; `isLocal` tells the addresses of this host, and is asked once for each.
  package func forgetFlows(
    _ destinations: [FlowDestination], isLocal: (IPAddress) throws(NetlinkError) -> Bool
  ) throws(NetlinkError) {
    var known: [IPAddress: Bool] = [:]
    var rest = destinations
    while let first = rest.first {
      let wanted = rest.filter { $0.family == first.family && $0.transport == first.transport }
      rest.removeAll { $0.family == first.family && $0.transport == first.transport }
      for reply in try flows(first, wanted) {
        guard let flow = Flow(reply), wanted.contains(where: flow.goes) else { continue }
        // Without this, a flow through this host to a name server elsewhere would go with the mapping of port 53.
        if known[flow.address] == nil { known[flow.address] = try isLocal(flow.address) }
        if known[flow.address] == true { try forget(flow) }
      }
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
    return try dump(request, "list the tracked flows of protocol \(first.transport)")
  }

  private func forget(_ flow: Flow) throws(NetlinkError) {
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

  private static func message(_ kind: cntl_msg_types, _ flags: Int32, _ family: AddressFamily) -> NetlinkMessage {
    NetlinkMessage(
      nfnetlink: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(kind.rawValue), flags: flags, family: family.number)
  }
}

/// A flow that the kernel tracks, as much of it as deleting it takes.
private struct Flow {
  /// The attribute that names the flow, as the kernel sent it.
  let tuple: [UInt8]
  let zone: [UInt8]?
  /// Where its first packet went.
  let address: IPAddress
  private let port: UInt16
  private let transport: UInt8

  init?(_ reply: NetlinkReply) {
    // struct nfgenmsg: family, version, resource.
    let attributes = reply.attributes(after: 4)
    guard let tuple = attributes[Int(CTA_TUPLE_ORIG.rawValue)] else { return nil }
    let addresses = Attributes(tuple).nested(Int(CTA_TUPLE_IP.rawValue))
    let ports = Attributes(tuple).nested(Int(CTA_TUPLE_PROTO.rawValue))
    guard
      let bytes = addresses[Int(CTA_IP_V4_DST.rawValue)] ?? addresses[Int(CTA_IP_V6_DST.rawValue)],
      let address = IPAddress(bytes: Array(bytes)),
      let transport = ports[Int(CTA_PROTO_NUM.rawValue)]?.first,
      let port = ports[Int(CTA_PROTO_DST_PORT.rawValue)]?.integer(UInt16.self, at: 0)
    else { return nil }
    self.tuple = Array(tuple)
    self.address = address
    self.port = port.bigEndian
    self.transport = transport
    zone = attributes[Int(CTA_ZONE.rawValue)].map { Array($0) }
  }

  /// Whether the flow goes to this destination; asked of each, as a kernel before 5.8 does not filter.
  func goes(to wanted: FlowDestination) -> Bool {
    wanted.transport == transport && wanted.port == port && wanted.family == address.family
      && (wanted.address == nil || wanted.address == address)
  }
}
