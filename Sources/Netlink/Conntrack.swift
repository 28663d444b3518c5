// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// Flows to a port, as their first packet named it: before any address translation.
package struct FlowFilter: Equatable, Sendable {
  package let family: AddressFamily
  /// The transport protocol's number (RFC 790), such as 17 for UDP.
  package let transport: UInt8
  package let destinationPort: UInt16
  /// Nil for any address of this host.
  package let destination: IPAddress?

  package init(family: AddressFamily, transport: UInt8, destinationPort: UInt16, destination: IPAddress?) {
    self.family = family
    self.transport = transport
    self.destinationPort = destinationPort
    self.destination = destination
  }
}

/// A flow that the kernel tracks, as much of it as deleting it takes.
private struct Flow {
  /// The attribute that names the flow, as the kernel sent it.
  let tuple: [UInt8]
  let zone: [UInt8]?
  /// Where its first packet went.
  let destination: IPAddress

  /// Nil unless the flow is one of the filter's: a kernel before 5.8 does not filter.
  init?(_ reply: NetlinkReply, _ filter: FlowFilter) {
    // struct nfgenmsg: family, version, resource.
    let attributes = reply.attributes(after: 4)
    guard let tuple = attributes[Int(CTA_TUPLE_ORIG.rawValue)] else { return nil }
    let addresses = Attributes(tuple).nested(Int(CTA_TUPLE_IP.rawValue))
    let transport = Attributes(tuple).nested(Int(CTA_TUPLE_PROTO.rawValue))
    let kind = filter.family == .ip ? CTA_IP_V4_DST : CTA_IP_V6_DST
    guard
      let destination = addresses[Int(kind.rawValue)].flatMap({ IPAddress(bytes: Array($0)) }),
      transport[Int(CTA_PROTO_NUM.rawValue)]?.first == filter.transport,
      transport[Int(CTA_PROTO_DST_PORT.rawValue)]?.integer(UInt16.self, at: 0)?.bigEndian == filter.destinationPort,
      filter.destination == nil || filter.destination == destination
    else { return nil }
    self.tuple = Array(tuple)
    self.destination = destination
    zone = attributes[Int(CTA_ZONE.rawValue)].map { Array($0) }
  }
}

extension NetlinkSocket {
  /// Makes the kernel forget the flows of a filter, so that their next packet meets the rules of now. This is a
  /// netfilter socket; `isLocal` tells the addresses of this host, and is asked once for each.
  package func forgetFlows(
    _ filter: FlowFilter, isLocal: (IPAddress) throws(NetlinkError) -> Bool
  ) throws(NetlinkError) {
    var known: [IPAddress: Bool] = [:]
    for reply in try flows(filter) {
      guard let flow = Flow(reply, filter) else { continue }
      // Without this, a flow through this host to a name server elsewhere would go with the mapping of port 53.
      if known[flow.destination] == nil { known[flow.destination] = try isLocal(flow.destination) }
      if known[flow.destination] == true { try forget(flow, filter.family) }
    }
  }

  /// The kernel walks all of its table and sends what fits the filter.
  private func flows(_ filter: FlowFilter) throws(NetlinkError) -> [NetlinkReply] {
    var request = Self.message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, filter.family)
    var flags = UInt32(CNI_CTA_FILTER_F_PROTO_NUM | CNI_CTA_FILTER_F_PROTO_DST_PORT)
    if filter.destination != nil { flags |= UInt32(CNI_CTA_FILTER_F_IP_DST) }
    request.nested(CTA_TUPLE_ORIG.rawValue) { tuple in
      if let destination = filter.destination {
        tuple.nested(CTA_TUPLE_IP.rawValue) {
          $0.attribute((filter.family == .ip ? CTA_IP_V4_DST : CTA_IP_V6_DST).rawValue, destination.bytes)
        }
      }
      tuple.nested(CTA_TUPLE_PROTO.rawValue) {
        $0.attribute(CTA_PROTO_NUM.rawValue, filter.transport)
        $0.attribute(CTA_PROTO_DST_PORT.rawValue, filter.destinationPort.bigEndian)
      }
    }
    request.nested(CTA_FILTER.rawValue) {
      $0.attribute(CTA_FILTER_ORIG_FLAGS.rawValue, flags)
      $0.attribute(CTA_FILTER_REPLY_FLAGS.rawValue, UInt32(0))
    }
    return try dump(request, "list the tracked flows to port \(filter.destinationPort)")
  }

  private func forget(_ flow: Flow, _ family: AddressFamily) throws(NetlinkError) {
    var request = Self.message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family)
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
