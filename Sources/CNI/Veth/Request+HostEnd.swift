// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink
import Skel

extension Request {
  /// The host's end of the container's interface; `routes` is a socket of the namespace that the plugin runs in. Throws code 7
  /// if that is no veth whose other end is here; `ability` tells what only such a one has. A container can give its interfaces each
  /// other's names: an end that is remembered is the one, as long as its other end is in the container.
  package func hostEnd(
    _ routes: borrowing RouteSocket, of ability: String, remembered: Link? = nil
  ) throws(CNIError) -> Link {
    let interface = attachment.interface
    let (link, number) = try inContainer { (home) throws(CNIError) in
      try Self.kernel("CNI_IFNAME") { () throws(NetlinkError) in
        let routes = try RouteSocket.open()
        // The kernel numbers a namespace when it first tells of an interface that leads there.
        if let remembered, let other = try routes.otherEnd(of: remembered),
          let number = try routes.netnsID(of: home),
          other.peer == Link.Reference(index: remembered.index, netnsID: number)
        {
          return (other, Int32?(number))
        }
        return (try routes.link(named: interface), try routes.netnsID(of: home))
      }
    }
    if link.kind != "veth" {
      let kind = link.kind.isEmpty ? "no veth" : "of the kind \(link.kind)"
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: \(interface) is \(kind): only a veth \(ability)")
    }
    guard let peer = link.peer, let number, peer.netnsID == number else {
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: the other end of \(interface) is not on this host")
    }
    return try Self.kernel("find the host's end of \(interface)") { () throws(NetlinkError) in
      try routes.link(peer.index)
    }
  }

  /// Code 7 if there is no such interface, 101 for what else the kernel says.
  private static func kernel<T>(
    _ action: String, _ body: () throws(NetlinkError) -> T
  ) throws(CNIError) -> T {
    do {
      return try body()
    } catch {
      throw CNIError(error, action, as: error.number == ENODEV ? .invalidConfiguration : nil)
    }
  }
}

extension RouteSocket {
  /// What has the index here that a veth of another namespace has its other end at; nil if nothing has.
  fileprivate func otherEnd(of veth: Link) throws(NetlinkError) -> Link? {
    guard let index = veth.peer?.index else { return nil }
    do {
      return try link(index)
    } catch {
      if error.number == ENODEV { return nil }
      throw error
    }
  }
}
