// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS

extension TracedRequest {
  /// `ip link …` for a message whose fixed part is struct ifinfomsg.
  var linkCommand: String? {
    let payload = message.payload
    guard let index = payload.integer(UInt32.self, at: 4), payload.count >= Link.headerLength else { return nil }
    let list = payload.dropFirst(Link.headerLength)
    let attributes = Attributes(list)
    // A request with index 0 names the interface, or a group.
    let device = index != 0 ? interfaceName(index) : attributes[Int(IFLA_IFNAME)]?.text
    switch type {
    case RTM_NEWLINKPROP, RTM_DELLINKPROP:
      var command = ShellCommand("ip link property \(type == RTM_NEWLINKPROP ? "add" : "del")")
      command.add("dev", device)
      for (type, value) in AttributeList(attributes[Int(IFLA_PROP_LIST)] ?? []) where type == Int(IFLA_ALT_IFNAME) {
        command.add("altname", value.text)
      }
      return command.text
    case RTM_DELLINK:
      var command = ShellCommand("ip link del")
      if let device {
        command.add("dev", device)
      } else {
        command.add("group", attributes[Int(IFLA_GROUP)]?.integer(UInt32.self, at: 0))
      }
      return command.text
    default: break
    }
    let isNew = type == RTM_NEWLINK && flags & NLM_F_CREATE != 0
    var command = ShellCommand(isNew ? "ip link add" : "ip link set")
    if isNew {
      command.add("link", attributes[Int(IFLA_LINK)]?.integer(UInt32.self, at: 0).map(interfaceName))
      command.add("name", device)
    } else {
      command.add("dev", device)
      if index != 0 { command.add("name", attributes[Int(IFLA_IFNAME)]?.text) }
    }
    addLinkWords(&command, payload)
    addKind(&command, attributes.nested(Int(IFLA_LINKINFO)))
    return command.text
  }

  /// Adds the flags and attributes of a struct ifinfomsg, of an interface or of a veth's peer.
  private func addLinkWords(_ command: inout ShellCommand, _ link: ArraySlice<UInt8>) {
    let (values, mask) = (link.integer(UInt32.self, at: 8) ?? 0, link.integer(UInt32.self, at: 12) ?? 0)
    func flag(_ flag: Int) -> Bool? { mask & UInt32(flag) == 0 ? nil : values & UInt32(flag) != 0 }
    for (type, value) in AttributeList(link.dropFirst(Link.headerLength)) {
      let number = value.integer(UInt32.self, at: 0)
      switch type {
      case Int(IFLA_ADDRESS): command.add("address", MACAddress(bytes: Array(value)))
      case Int(IFLA_MTU): command.add("mtu", number)
      case Int(IFLA_TXQLEN): command.add("txqueuelen", number)
      case Int(IFLA_IFALIAS): command.add("alias", value.text)
      case Int(IFLA_GROUP): command.add("group", number)
      case Int(IFLA_MASTER):
        if let number, number != 0 { command.add("master", interfaceName(number)) } else { command.add("nomaster") }
      case Int(IFLA_NET_NS_FD): command.add("netns", number.map { Self.namespace(Int32(bitPattern: $0)) })
      case Int(IFLA_IFNAME), Int(IFLA_LINK), Int(IFLA_LINKINFO): break
      default: command.add(words: "[attribute \(type), \(value.count) bytes]")
      }
    }
    if let isUp = flag(Int(IFF_UP)) { command.add(isUp ? "up" : "down") }
    command.add("promisc", on: flag(Int(IFF_PROMISC)))
    command.add("allmulticast", on: flag(Int(IFF_ALLMULTI)))
  }

  private func addKind(_ command: inout ShellCommand, _ info: Attributes) {
    if let kind = info[Int(IFLA_INFO_KIND)]?.text {
      command.add("type", kind)
      let data = info[Int(IFLA_INFO_DATA)] ?? []
      LinkKind(kind, data).addOptions(to: &command, interfaceName)
      guard kind == "veth", let peer = Attributes(data)[Int(VETH_INFO_PEER)], peer.count >= Link.headerLength else {
        return
      }
      command.add("peer")
      command.add("name", Attributes(peer.dropFirst(Link.headerLength))[Int(IFLA_IFNAME)]?.text)
      addLinkWords(&command, peer)
    }
    if let port = info[Int(IFLA_INFO_SLAVE_KIND)]?.text {
      command.add("type", "\(port)_slave")
      if port == "bridge" { BridgePortOptions(info[Int(IFLA_INFO_SLAVE_DATA)] ?? []).addOptions(to: &command) }
    }
  }

  /// The path of a descriptor's namespace, or `net:[inode]` if it has none.
  private static func namespace(_ descriptor: Int32) -> String {
    resolvedPath("/proc/self/fd/\(descriptor)") ?? NamespaceID(descriptor: descriptor)?.text ?? "?"
  }
}
