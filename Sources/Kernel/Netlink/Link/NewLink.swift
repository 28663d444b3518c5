// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// A new interface, with everything that the kernel accepts in the same request.
package struct NewLink: Sendable {
  package var name: String
  package var kind: LinkKind
  /// An alias needs a second request, which is sent only if the interface is made in the socket's namespace.
  package var attributes = LinkAttributes()
  /// The index of the lower interface of a stacked one, in the socket's namespace.
  package var parent: UInt32?
  /// The index of the bridge or other master; `namespace` must be nil then.
  package var master: UInt32?
  /// A descriptor of the namespace to make it in; nil for the socket's.
  package var namespace: Int32?
  package var isUp = false

  package init(_ name: String, _ kind: LinkKind) {
    self.name = name
    self.kind = kind
  }

  var message: NetlinkMessage {
    let flags = attributes.flags(isUp: isUp ? true : nil)
    var message = NetlinkMessage(
      link: RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, index: 0, linkFlags: flags)
    message.attribute(IFLA_IFNAME, text: name)
    attributes.append(to: &message)
    message.attribute(IFLA_LINK, ifPresent: parent)
    message.attribute(IFLA_MASTER, ifPresent: master)
    message.attribute(IFLA_NET_NS_FD, ifPresent: namespace)
    kind.append(to: &message)
    return message
  }

  var action: String { "make the interface \(name) (\(kind.name))" }
}

/// The other end of a new veth. The same request cannot bring it up, because both ends must exist for that.
package struct VethPeer: Equatable, Sendable {
  package var name: String
  package var attributes = LinkAttributes()
  /// A descriptor of the namespace to make it in; nil for the socket's.
  package var namespace: Int32?

  package init(_ name: String) { self.name = name }

  /// Appends `VETH_INFO_PEER`, which is a link's message without its header.
  func append(to data: inout NetlinkMessage) {
    data.nested(VETH_INFO_PEER) { peer in
      peer.append(link: 0, attributes.flags())
      peer.attribute(IFLA_IFNAME, text: name)
      attributes.append(to: &peer)
      peer.attribute(IFLA_NET_NS_FD, ifPresent: namespace)
    }
  }
}

extension RouteSocket {
  /// Makes an interface; returns false if its name, or that of a veth's peer, is taken. Throws `EOPNOTSUPP` if the kernel lacks the
  /// kind.
  @discardableResult
  package func add(_ link: NewLink) throws(NetlinkError) -> Bool {
    guard try netlink.execute(link.message, link.action, unless: [EEXIST]) != nil else { return false }
    if let alias = link.attributes.alias, link.namespace == nil {
      var request = NetlinkMessage(link: RTM_SETLINK, NLM_F_ACK, index: 0)
      request.attribute(IFLA_IFNAME, text: link.name)
      request.attribute(IFLA_IFALIAS, Array(alias.utf8))
      try netlink.execute(request, "set the alias of the interface \(link.name)")
    }
    return true
  }

  /// Makes an interface in the socket's namespace and reads it, both in one datagram; does not set the alias. Returns nil if its name,
  /// or that of a veth's peer, is taken.
  package func addAndRead(_ link: NewLink) throws(NetlinkError) -> Link? {
    let replies = try netlink.executeAll([link.message, Self.look(named: link.name)])
    guard replies.count == 2 else { throw NetlinkError(link.action, number: EPROTO) }
    for reply in replies {
      guard let failure = reply.failure(link.action) else { continue }
      if failure.number == EEXIST { return nil }
      throw failure
    }
    return Link(replies[1])
  }
}

extension RouteSocket {
  /// Whether the kernel has interfaces of a kind that have a MAC address; loads the driver if it is a module, and makes nothing: drivers
  /// refuse a group address (`rtnl_link_ops.validate`).
  package func knows(_ kind: LinkKind) throws(NetlinkError) -> Bool {
    var link = NewLink("cniprobe", .other(kind.name))
    link.attributes.address = MACAddress(bytes: [1, 0, 0, 0, 0, 1])
    do {
      try netlink.execute(link.message, link.action)
      // No driver accepts it, but if one does, the interface must not stay.
      try removeLink(try self.link(named: link.name).index)
      return true
    } catch {
      return error.number != EOPNOTSUPP
    }
  }
}
