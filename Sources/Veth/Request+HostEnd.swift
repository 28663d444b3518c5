// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel

extension Request {
  /// The host's end of the container's interface; `routes` is a socket of the namespace that the plugin runs in. Throws code 7
  /// if that is no veth whose other end is here; `ability` tells what only such a one has.
  package func hostEnd(_ routes: borrowing NetlinkSocket, of ability: String) throws(CNIError) -> Link {
    let interface = owner.interface
    let (link, number) = try inContainer { (home) throws(CNIError) in
      try Self.kernel("CNI_IFNAME", .invalidConfiguration) { () throws(NetlinkError) in
        let routes = try NetlinkSocket.open(.route)
        return (try routes.link(named: interface), try routes.number(ofNamespace: home))
      }
    }
    if link.kind != "veth" {
      let kind = link.kind.isEmpty ? "no veth" : "of the kind \(link.kind)"
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: \(interface) is \(kind): only a veth \(ability)")
    }
    guard let peer = link.peer, let number, peer.namespace == number else {
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: the other end of \(interface) is not on this host")
    }
    return try Self.kernel("find the host's end of \(interface)", .kernelRefused) { () throws(NetlinkError) in
      try routes.link(peer.index)
    }
  }

  private static func kernel<T>(
    _ action: String, _ code: CNIError.Code, _ body: () throws(NetlinkError) -> T
  ) throws(CNIError) -> T {
    do {
      return try body()
    } catch {
      throw CNIError(code, "\(action): \(error)")
    }
  }
}
