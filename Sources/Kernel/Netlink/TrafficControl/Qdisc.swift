// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A queueing discipline of an interface (tc(8)).
package struct Qdisc: Equatable, Sendable {
  /// The kind, such as `tbf`.
  package let kind: String
  /// `0:` for the kernel's default qdisc.
  package let handle: TrafficHandle
  /// Its parameters, if it is a TBF.
  package let bucket: TokenBucket?
}

extension RouteSocket {
  /// The qdisc at the root or the ingress of an interface; nil if there is none, or only the kernel's default.
  package func qdisc(of interface: UInt32, at place: TrafficHandle) throws(NetlinkError) -> Qdisc? {
    let request = TrafficHeader(interface, parent: place).message(RTM_GETQDISC, NLM_F_ECHO)
    let action = "look at the qdiscs of the interface with index \(interface)"
    guard let reply = try trafficControl(request, action) else { return nil }
    guard let header = TrafficHeader(reply) else { throw NetlinkError(action, number: EPROTO) }
    if header.handle == 0 { return nil }
    let attributes = reply.attributes(after: TrafficHeader.length)
    let kind = attributes[Int(TCA_KIND)]?.text ?? ""
    return Qdisc(
      kind: kind, handle: TrafficHandle(rawValue: header.handle),
      bucket: kind == "tbf" ? TokenBucket(tbf: attributes.nested(Int(TCA_OPTIONS))) : nil)
  }

  /// `tc qdisc replace dev … root handle … tbf …`. Replacing a qdisc with the same handle loses no packets.
  package func setTBF(
    _ bucket: TokenBucket, of interface: UInt32, handle: TrafficHandle
  ) throws(NetlinkError) {
    try makeQdisc("tbf", of: interface, at: .root, handle: handle, flags: NLM_F_REPLACE) { message in
      bucket.appendTBF(to: &message)
    }
  }

  /// `tc qdisc add dev … ingress`; returns false if the interface has one.
  @discardableResult
  package func addIngress(to interface: UInt32) throws(NetlinkError) -> Bool {
    do {
      try makeQdisc("ingress", of: interface, at: .ingress, handle: TrafficHandle(0xffff), flags: NLM_F_EXCL) { _ in }
      return true
    } catch {
      if error.number == EEXIST { return false }
      throw error
    }
  }

  /// Removes the qdisc at the root or the ingress with its classes and filters, if there is one.
  package func removeQdisc(of interface: UInt32, at place: TrafficHandle) throws(NetlinkError) {
    let request = TrafficHeader(interface, parent: place).message(RTM_DELQDISC, NLM_F_ACK)
    let action = "remove a qdisc of the interface with index \(interface)"
    _ = try netlink.execute(request, action, unless: [ENOENT, ENODEV])
  }

  /// Reads a qdisc or a class; nil if there is none, or only the kernel's default. The request needs `NLM_F_ECHO`: without it the kernel
  /// sends the reply to multicast listeners only (net/sched/sch_api.c).
  func trafficControl(_ request: NetlinkMessage, _ action: String) throws(NetlinkError) -> NetlinkReply? {
    do {
      return try netlink.executeOptional(request, action)
    } catch {
      if error.number == ENOENT { return nil }
      throw error
    }
  }

  /// Makes a qdisc of a kind; `options` appends its `TCA_OPTIONS`.
  func makeQdisc(
    _ kind: String, of interface: UInt32, at parent: TrafficHandle, handle: TrafficHandle, flags: Int32,
    options: (inout NetlinkMessage) -> Void
  ) throws(NetlinkError) {
    var header = TrafficHeader(interface, parent: parent)
    header.handle = handle.rawValue
    var request = header.message(RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | flags)
    request.attribute(TCA_KIND, Array(kind.utf8) + [0])
    options(&request)
    try netlink.execute(request, "make the qdisc \(kind) on the interface with index \(interface)")
  }
}
