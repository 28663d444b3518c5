// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// An interface that is a port of a bridge.
package struct BridgePort: Equatable, Sendable {
  /// The interface's index.
  package let interface: UInt32
  /// Whether the bridge sends a frame back by the port that it came in by.
  package let isHairpin: Bool
  /// Whether it sends nothing to other isolated ports.
  package let isIsolated: Bool

  /// Reads an interface; nil if it is no port of a bridge.
  init?(_ reply: NetlinkReply) {
    let info = reply.attributes(after: Link.headerLength).nested(Int(IFLA_LINKINFO))
    guard
      info[Int(IFLA_INFO_SLAVE_KIND)]?.text == "bridge",
      let index = reply.payload.integer(UInt32.self, at: 4)
    else { return nil }
    let data = info.nested(Int(IFLA_INFO_SLAVE_DATA))
    func isSet(_ attribute: Int) -> Bool { data[attribute]?.first == 1 }
    interface = index
    isHairpin = isSet(Int(IFLA_BRPORT_MODE))
    isIsolated = isSet(Int(IFLA_BRPORT_ISOLATED))
  }

  /// Asks for the hairpin mode or the isolation of the port to be on or off.
  func message(setting attribute: Int, to value: Bool) -> NetlinkMessage {
    var request = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK, index: interface)
    request.nested(IFLA_LINKINFO) { info in
      info.attribute(IFLA_INFO_SLAVE_KIND, Array("bridge".utf8))
      info.nested(IFLA_INFO_SLAVE_DATA) { $0.attribute(attribute, UInt8(value ? 1 : 0)) }
    }
    return request
  }
}

extension RouteSocket {
  /// The port that an interface is; nil if it is none, or if there is no such interface.
  package func bridgePort(named name: String) throws(NetlinkError) -> BridgePort? {
    try linkReplyIfAny(name).flatMap { BridgePort($0) }
  }

  /// The names of a bridge's ports; none if there is no such bridge. What comes or goes meanwhile may be missing.
  package func ports(ofBridge name: String) throws(NetlinkError) -> [String] {
    guard let bridge = try linkIfAny(named: name) else { return [] }
    var request = NetlinkMessage(link: RTM_GETLINK, NLM_F_DUMP, index: 0)
    request.attribute(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    // Kernels since 4.6 list only the ports; others list all interfaces.
    request.attribute(IFLA_MASTER, bridge.index)
    let links = try netlink.dump(request, "list the ports of \(name)").map { Link($0) }
    return links.filter { $0.master == bridge.index }.map(\.name)
  }

  /// Lets the bridge send frames back by the port that they came in by.
  package func enableHairpin(_ port: BridgePort) throws(NetlinkError) {
    let request = port.message(setting: Int(IFLA_BRPORT_MODE), to: true)
    try netlink.execute(request, "set hairpin mode of the bridge port with index \(port.interface)")
  }

  /// Keeps the bridge, or not, from sending frames between this port and other isolated ones; since kernel 4.18.
  package func isolate(_ port: BridgePort, _ isIsolated: Bool) throws(NetlinkError) {
    let request = port.message(setting: Int(IFLA_BRPORT_ISOLATED), to: isIsolated)
    try netlink.execute(request, "set the isolation of the bridge port with index \(port.interface)")
  }
}
