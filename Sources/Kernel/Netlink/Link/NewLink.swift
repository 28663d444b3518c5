// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// An interface to be made, with everything that the kernel takes in the same request.
package struct NewLink: Sendable {
  package var name: String
  package var kind: LinkKind
  /// The kernel takes no alias with the same request: it is set after it, and only in the socket's namespace.
  package var attributes = LinkAttributes()
  /// The index of the interface that a stacked one stands on, in the namespace of the socket.
  package var parent: UInt32?
  /// The index of the bridge or other master that it becomes a port of; needs `namespace` to be nil.
  package var master: UInt32?
  /// A descriptor that is open on the namespace that it is made in; nil for that of the socket.
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

/// The other end of a veth to be made. It cannot be made up: that needs both ends.
package struct VethPeer: Equatable, Sendable {
  package var name: String
  package var attributes = LinkAttributes()
  /// A descriptor that is open on the namespace that it is made in; nil for that of the socket.
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
  /// Makes an interface; returns false if there is one with its name, or with that of a veth's peer. Throws `EOPNOTSUPP` if the
  /// kernel has no such kind.
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

  /// Makes an interface in the socket's namespace and reads it, without another system call and without an alias; nil if there is one with its name, or
  /// with that of a veth's peer.
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
