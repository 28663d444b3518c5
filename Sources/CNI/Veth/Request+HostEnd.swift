// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink
import Skel

extension Request {
  /// Finds the host's end of the container's interface; `routes` is a socket of the plugin's namespace. Throws code 7 unless the
  /// interface is a veth with its other end here; `ability` completes the message "only a veth …". A container can swap the names of its
  /// interfaces, so a remembered host end is preferred while its peer is in the container.
  package func hostEnd(
    _ routes: borrowing RouteSocket, of ability: String, remembered: Link? = nil
  ) throws(CNIError) -> Link {
    let interface = attachment.interface
    let (link, number) = try inContainer { (home) throws(CNIError) in
      try Self.kernel("CNI_IFNAME") { () throws(NetlinkError) in
        let routes = try RouteSocket.open()
        // The kernel assigns an ID to a namespace when it first reports an interface with a peer there.
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
      let kind = link.kind.isEmpty ? "not a veth" : "of the kind \(link.kind)"
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: \(interface) is \(kind): only a veth \(ability)")
    }
    guard let peer = link.peer, let number, peer.netnsID == number else {
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: the other end of \(interface) is not on this host")
    }
    return try Self.kernel("find the host's end of \(interface)") { () throws(NetlinkError) in
      try routes.link(peer.index)
    }
  }

  /// Converts errors: code 7 if the interface does not exist, else code 101.
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
  /// The interface here with the index of a veth's peer; nil if there is none.
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
