// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

extension RouteSocket {
  /// Sets attributes in one request. The kernel applies them in its own order, and if it refuses one, keeps those that it has already
  /// applied.
  package func set(_ attributes: LinkAttributes, of index: UInt32, isUp: Bool? = nil) throws(NetlinkError) {
    var request = NetlinkMessage(link: RTM_SETLINK, NLM_F_ACK, index: index, linkFlags: attributes.flags(isUp: isUp))
    attributes.append(to: &request)
    try netlink.execute(request, "change the interface with index \(index)")
  }

  /// Brings an interface up.
  package func bringUp(_ index: UInt32) throws(NetlinkError) {
    let request = NetlinkMessage(
      link: RTM_NEWLINK, NLM_F_ACK, index: index, linkFlags: LinkAttributes().flags(isUp: true))
    try netlink.execute(request, "bring the interface with index \(index) up")
  }

  /// Brings an interface down.
  package func bringDown(_ index: UInt32) throws(NetlinkError) {
    let flags = LinkAttributes().flags(isUp: false)
    let request = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK, index: index, linkFlags: flags)
    try netlink.execute(request, "bring the interface with index \(index) down")
  }

  /// Renames an interface; kernels before 6.2 refuse that while it is up.
  package func rename(_ index: UInt32, to name: String) throws(NetlinkError) {
    try netlink.execute(Self.rename(index, to: name), "rename the interface with index \(index) to \(name)")
  }

  static func rename(_ index: UInt32, to name: String) -> NetlinkMessage {
    var request = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK, index: index)
    request.attribute(IFLA_IFNAME, text: name)
    return request
  }

  /// Makes an interface a port of a bridge or another master; nil detaches it.
  package func setMaster(_ master: UInt32?, of index: UInt32) throws(NetlinkError) {
    try netlink.execute(Self.setMaster(master, of: index), "set the master of the interface with index \(index)")
  }

  static func setMaster(_ master: UInt32?, of index: UInt32) -> NetlinkMessage {
    var request = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK, index: index)
    request.attribute(IFLA_MASTER, master ?? 0)
    return request
  }

  /// Moves an interface into the namespace of a descriptor; renames it and sets its alias in the same step if these are given. It arrives
  /// down and without addresses.
  package func move(
    _ index: UInt32, toNamespace descriptor: Int32, name: String? = nil, alias: String? = nil
  ) throws(NetlinkError) {
    let request = Self.move(index, toNamespace: descriptor, name: name, alias: alias)
    try netlink.execute(request, "move the interface with index \(index) into another namespace")
  }

  static func move(
    _ index: UInt32, toNamespace descriptor: Int32, name: String?, alias: String? = nil
  ) -> NetlinkMessage {
    var request = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK, index: index)
    request.attribute(IFLA_NET_NS_FD, descriptor)
    if let name { request.attribute(IFLA_IFNAME, text: name) }
    if let alias { request.attribute(IFLA_IFALIAS, Array(alias.utf8)) }
    return request
  }

  /// Adds an alternative name (kernel 5.5 and later); returns false if the name is taken, or if the kernel has no alternative names.
  @discardableResult
  package func addAlternativeName(_ name: String, to index: UInt32) throws(NetlinkError) -> Bool {
    let request = Self.alternativeName(name, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, index)
    return try netlink.execute(
      request, "add the alternative name \(name) to the interface with index \(index)", unless: [EEXIST, EOPNOTSUPP])
      != nil
  }

  /// Takes such a name away; one that is gone, or that the kernel cannot give, is no error.
  package func removeAlternativeName(_ name: String, from index: UInt32) throws(NetlinkError) {
    let request = Self.alternativeName(name, RTM_DELLINKPROP, 0, index)
    let action = "remove the alternative name \(name) of the interface with index \(index)"
    _ = try netlink.execute(request, action, unless: [ENOENT, ENODEV, EOPNOTSUPP])
  }

  static func alternativeName(_ name: String, _ type: Int, _ flags: Int32, _ index: UInt32) -> NetlinkMessage {
    var request = NetlinkMessage(link: type, NLM_F_ACK | flags, index: index)
    request.nested(IFLA_PROP_LIST) { $0.attribute(IFLA_ALT_IFNAME, text: name) }
    return request
  }
}
