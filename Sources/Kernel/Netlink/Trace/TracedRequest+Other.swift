// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS

extension TracedRequest {
  /// `ethtool -K …`; nil for requests that change nothing.
  var ethtoolCommand: String? {
    // struct genlmsghdr begins with the command.
    let operation = message.payload.first.map(Int.init)
    if type == Int(GENL_ID_CTRL) || operation == Int(ETHTOOL_MSG_FEATURES_GET) { return nil }
    guard operation == Int(ETHTOOL_MSG_FEATURES_SET) else { return unknown("generic netlink") }
    let attributes = message.attributes(after: 4)
    var command = ShellCommand("ethtool -K")
    command.add(attributes.nested(Int(ETHTOOL_A_FEATURES_HEADER))[Int(ETHTOOL_A_HEADER_DEV_NAME)]?.text ?? "?")
    let bits = attributes.nested(Int(ETHTOOL_A_FEATURES_WANTED))[Int(ETHTOOL_A_BITSET_BITS)] ?? []
    for bit in AttributeList(bits) {
      let values = Attributes(bit.value)
      let name = values[Int(ETHTOOL_A_BITSET_BIT_NAME)]?.text ?? "?"
      command.add(name, on: values[Int(ETHTOOL_A_BITSET_BIT_VALUE)] != nil)
    }
    return command.text
  }

  /// `conntrack -D …`; nil for requests that change nothing, and for messages of nf_tables.
  var conntrackCommand: String? {
    guard type >> 8 == Int(NFNL_SUBSYS_CTNETLINK), type & 0xff != Int(IPCTNL_MSG_CT_GET.rawValue) else { return nil }
    guard type & 0xff == Int(IPCTNL_MSG_CT_DELETE.rawValue) else { return unknown("conntrack") }
    let attributes = message.attributes(after: 4)
    var command = ShellCommand("conntrack -D")
    command.add("-f", message.payload.first == UInt8(AF_INET) ? "ipv4" : "ipv6")
    for (direction, name) in [(CTA_TUPLE_ORIG, "orig"), (CTA_TUPLE_REPLY, "reply")] {
      let tuple = attributes.nested(Int(direction.rawValue))
      let ports = tuple.nested(Int(CTA_TUPLE_PROTO.rawValue))
      if direction == CTA_TUPLE_ORIG {
        command.add("-p", ports[Int(CTA_PROTO_NUM.rawValue)]?.first.map(Self.transport))
      }
      let addresses = tuple.nested(Int(CTA_TUPLE_IP.rawValue))
      for (ip, ip6, end) in [(CTA_IP_V4_SRC, CTA_IP_V6_SRC, "src"), (CTA_IP_V4_DST, CTA_IP_V6_DST, "dst")] {
        let bytes = addresses[Int(ip.rawValue)] ?? addresses[Int(ip6.rawValue)]
        command.add("--\(name)-\(end)", bytes.flatMap { IPAddress(bytes: Array($0)) })
      }
      for (port, end) in [(CTA_PROTO_SRC_PORT, "src"), (CTA_PROTO_DST_PORT, "dst")] {
        command.add("--\(name)-port-\(end)", ports[Int(port.rawValue)]?.integer(UInt16.self, at: 0)?.bigEndian)
      }
    }
    return command.text
  }

  private static func transport(_ number: UInt8) -> String {
    switch Int(number) {
    case IPPROTO_TCP: "tcp"
    case IPPROTO_UDP: "udp"
    case IPPROTO_SCTP: "sctp"
    default: String(number)
    }
  }
}

extension TunOptions {
  /// `ip tuntap add …`
  func command(adding name: String) -> String {
    var command = ShellCommand("ip tuntap add")
    command.add("dev", name)
    command.add("mode", isTAP ? "tap" : "tun")
    command.add("user", owner)
    command.add("group", group)
    if vnetHeader { command.add("vnet_hdr") }
    if multiQueue { command.add("multi_queue") }
    return command.text
  }
}
