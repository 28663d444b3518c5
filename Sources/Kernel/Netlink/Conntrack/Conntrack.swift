// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

extension NetfilterSocket {
  /// The distinct paths of the tracked flows whose first packet went to one of these destinations.
  package func flowPaths(to destinations: [FlowDestination]) throws(NetlinkError) -> [FlowPath] {
    var found: [FlowPath] = []
    var known: Set<FlowPath> = []
    for group in FlowDestination.byProtocol(destinations) {
      let byPort = Dictionary(grouping: group, by: \.port)
      try dumpFlows(to: group) { flow in
        // Checked here again: kernels before 5.8 ignore the filter.
        let isWanted = byPort[flow.path.port]?.contains { $0.covers(flow.path) } ?? false
        if isWanted, known.insert(flow.path).inserted { found.append(flow.path) }
      }
    }
    return found
  }

  /// Deletes the tracked flows on these paths, so that the current rules apply to their next packets.
  package func forgetFlows(on paths: [FlowPath]) throws(NetlinkError) {
    // The kernel walks its whole table for each request.
    if paths.count <= 16 {
      var rest = paths[...]
      while let path = rest.first, try forgetFlows(onPath: path) { rest.removeFirst() }
      if rest.isEmpty { return }
    }
    try forgetEachFlow(on: paths)
  }

  /// Deletes the flows on a path by one request; returns false if the kernel can only delete single flows.
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

  /// Deletes the flows one by one.
  private func forgetEachFlow(on paths: [FlowPath]) throws(NetlinkError) {
    let wanted = Set(paths)
    let destinations = paths.map {
      FlowDestination(family: $0.address.family, transport: $0.transport, port: $0.port, address: $0.address)
    }
    // Flows are deleted while the dump goes on, because the list may be too long to keep in memory: that needs a second socket.
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

  /// Each deletion may fail, and the default receive buffer holds about fifty error replies.
  private static let flowsPerBatch = 48

  /// Sends deletions of flows, and ignores flows that have ended meanwhile.
  private func forget(_ deletions: [NetlinkMessage]) throws(NetlinkError) {
    guard !deletions.isEmpty else { return }
    var all = deletions
    // The kernel replies to messages that fail, and to the last one, which asks for an acknowledgement.
    all[all.count - 1].requestAcknowledgement()
    _ = try netlink.tracing(deletions) { () throws(NetlinkError) in
      for reply in try netlink.executeBatch(all, "forget tracked flows") {
        if let failure = reply.failure("forget a tracked flow"), failure.number != ENOENT { throw failure }
      }
      return []
    }
  }

  /// Passes the tracked flows to destinations of one family and transport to `body`, and perhaps others: the kernel filters by what
  /// all destinations have in common (`CTA_FILTER`, kernel 5.8 and later). It walks its whole table, which takes up to ten
  /// milliseconds.
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
    // An entry that comes or goes during a conntrack dump does not make the kernel skip another: no repetition is needed.
    try netlink.dumpOnce(request, "list the tracked flows of protocol \(first.transport)") { reply in
      if let flow = TrackedFlow(reply) { body(flow) }
      return true
    }
  }
}

extension NetlinkError {
  /// Whether the kernel lacks nf_conntrack_netlink.
  package var isConntrackMissing: Bool { [EINVAL, EPROTONOSUPPORT].contains(number) }
}
