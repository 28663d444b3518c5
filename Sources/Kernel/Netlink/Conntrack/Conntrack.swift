// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

extension NetfilterSocket {
  /// The paths of the tracked flows that began by going to one of these destinations, each once.
  package func flowPaths(to destinations: [FlowDestination]) throws(NetlinkError) -> [FlowPath] {
    var found: [FlowPath] = []
    var known: Set<FlowPath> = []
    for group in FlowDestination.byProtocol(destinations) {
      let byPort = Dictionary(grouping: group, by: \.port)
      try dumpFlows(to: group) { flow in
        // Asked once more of each flow, as a kernel before 5.8 does not filter.
        let isWanted = byPort[flow.path.port]?.contains { $0.covers(flow.path) } ?? false
        if isWanted, known.insert(flow.path).inserted { found.append(flow.path) }
      }
    }
    return found
  }

  /// Makes the kernel forget the tracked flows on these paths, so that their next packets meet the rules of now.
  package func forgetFlows(on paths: [FlowPath]) throws(NetlinkError) {
    // For each the kernel walks its table.
    if paths.count <= 16 {
      var rest = paths[...]
      while let path = rest.first, try forgetFlows(onPath: path) { rest.removeFirst() }
      if rest.isEmpty { return }
    }
    try forgetEachFlow(on: paths)
  }

  /// Forgets the flows on a path by one request; false if the kernel takes only requests that name a single flow.
  private func forgetFlows(onPath path: FlowPath) throws(NetlinkError) -> Bool {
    var request = NetlinkMessage(conntrack: IPCTNL_MSG_CT_DELETE, NLM_F_ACK, path.address.family)
    let isIP = path.address.family == .ip
    request.tuple(
      CTA_TUPLE_ORIG, path.transport, address: (isIP ? CTA_IP_V4_DST : CTA_IP_V6_DST, path.address),
      port: (CTA_PROTO_DST_PORT, path.port))
    request.tuple(
      CTA_TUPLE_REPLY, path.transport, address: (isIP ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, path.destination),
      port: (CTA_PROTO_SRC_PORT, path.destinationPort))
    request.filter(
      original: [CNI_CTA_FILTER_F_IP_DST, CNI_CTA_FILTER_F_PROTO_NUM, CNI_CTA_FILTER_F_PROTO_DST_PORT],
      reply: [CNI_CTA_FILTER_F_IP_SRC, CNI_CTA_FILTER_F_PROTO_NUM, CNI_CTA_FILTER_F_PROTO_SRC_PORT])
    let refusals = [EINVAL, EOPNOTSUPP]
    return try netlink.execute(request, "forget the tracked flows to port \(path.port)", unless: refusals) != nil
  }

  /// Forgets one flow after another.
  private func forgetEachFlow(on paths: [FlowPath]) throws(NetlinkError) {
    let wanted = Set(paths)
    let destinations = paths.map {
      FlowDestination(family: $0.address.family, transport: $0.transport, port: $0.port, address: $0.address)
    }
    // The list, which may be longer than memory should hold, is still being told when the first flows go.
    let other = try NetfilterSocket.open()
    for group in FlowDestination.byProtocol(destinations) {
      var batch: [NetlinkMessage] = []
      var failure: NetlinkError?
      try dumpFlows(to: group) { flow in
        guard failure == nil, wanted.contains(flow.path) else { return }
        batch.append(flow.deletion)
        if batch.count < Self.flowsPerBatch { return }
        do throws(NetlinkError) { try other.forget(batch) } catch { failure = error }
        batch = []
      }
      if let failure { throw failure }
      try other.forget(batch)
    }
  }

  /// Each may be answered by an error, and of those the receive buffer by default holds about fifty.
  private static let flowsPerBatch = 48

  /// Sends deletions of flows; that one has ended by itself meanwhile is no error.
  private func forget(_ deletions: [NetlinkMessage]) throws(NetlinkError) {
    guard !deletions.isEmpty else { return }
    var all = deletions
    // The kernel answers errors, and the one message that asks for it.
    all[all.count - 1].requestAcknowledgement()
    _ = try netlink.tracing(deletions) { () throws(NetlinkError) in
      for reply in try netlink.executeBatch(all, "forget tracked flows") {
        if let failure = reply.failure("forget a tracked flow"), failure.number != ENOENT { throw failure }
      }
      return []
    }
  }

  /// Shows the tracked flows to destinations of one family and transport, and perhaps others. The kernel walks all of its table,
  /// which takes ten milliseconds where it is large; what all destinations have in common it sorts out itself (`CTA_FILTER`,
  /// since kernel 5.8).
  private func dumpFlows(to destinations: [FlowDestination], _ body: (TrackedFlow) -> Void) throws(NetlinkError) {
    guard let first = destinations.first else { return }
    let port = destinations.allSatisfy { $0.port == first.port } ? first.port : nil
    let address = destinations.allSatisfy { $0.address == first.address } ? first.address : nil
    var filters = [CNI_CTA_FILTER_F_PROTO_NUM]
    if port != nil { filters.append(CNI_CTA_FILTER_F_PROTO_DST_PORT) }
    if address != nil { filters.append(CNI_CTA_FILTER_F_IP_DST) }
    var request = NetlinkMessage(conntrack: IPCTNL_MSG_CT_GET, NLM_F_DUMP, first.family)
    request.tuple(
      CTA_TUPLE_ORIG, first.transport,
      address: address.map { ($0.family == .ip ? CTA_IP_V4_DST : CTA_IP_V6_DST, $0) },
      port: port.map { (CTA_PROTO_DST_PORT, $0) })
    request.filter(original: filters, reply: [])
    // An entry that comes or goes meanwhile does not make the kernel leave out another.
    try netlink.dumpOnce(request, "list the tracked flows of protocol \(first.transport)") { reply in
      if let flow = TrackedFlow(reply) { body(flow) }
      return true
    }
  }
}

extension NetlinkError {
  /// Whether the kernel cannot tell what it tracks, as nf_conntrack_netlink is missing.
  package var isConntrackMissing: Bool { [EINVAL, EPROTONOSUPPORT].contains(number) }
}
