// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel

/// The host's side of a container's network, on a socket of the namespace that the plugin runs in.
struct Host: ~Copyable {
  let routes: NetlinkSocket

  static func open() throws(CNIError) -> Host {
    Host(
      routes: try kernel("look at the host's interfaces") { () throws(NetlinkError) in try NetlinkSocket.open(.route) })
  }

  /// The host's end of the container's interface; code 7 if that is no veth whose other end is here.
  func end(_ request: Request) throws(CNIError) -> Link {
    let interface = request.owner.interface
    let (link, number) = try request.inContainer { (home) throws(CNIError) in
      try kernel("CNI_IFNAME", .invalidConfiguration) { () throws(NetlinkError) in
        let routes = try NetlinkSocket.open(.route)
        return (try routes.link(named: interface), try routes.number(ofNamespace: home))
      }
    }
    if link.kind != "veth" {
      let kind = link.kind.isEmpty ? "no veth" : "of the kind \(link.kind)"
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: \(interface) is \(kind): only a veth can be shaped")
    }
    guard let peer = link.peer, let number, peer.namespace == number else {
      throw CNIError(.invalidConfiguration, "CNI_IFNAME: the other end of \(interface) is not on this host")
    }
    return try kernel("find the host's end of \(interface)") { () throws(NetlinkError) in
      try routes.link(peer.index)
    }
  }

  /// The attachment's IFB; nil if there is none. Throws code 103 if an interface of this name is not its own.
  func ifb(_ name: IFBName, of owner: Owner) throws(CNIError) -> Link? {
    let found = try kernel("look for \(name.text)") { () throws(NetlinkError) in
      try routes.linkIfAny(named: name.text)
    }
    guard let link = found else { return nil }
    let alias = link.attributes.alias ?? ""
    if link.kind != "ifb" {
      throw CNIError(
        .foreignQdisc, "\(name.text) is no IFB (its kind is \"\(link.kind)\"), and so not this container's")
    }
    // The peer writes no alias.
    if !alias.isEmpty, IFBAlias(alias)?.owner != OwnerTag(owner) {
      throw CNIError(.foreignQdisc, "the IFB \(name.text) belongs to \(alias)")
    }
    return link
  }
}

/// Reports what the kernel refused.
func kernel<T: ~Copyable>(
  _ action: String, _ code: CNIError.Code = .kernelRefused, _ body: () throws(NetlinkError) -> T
) throws(CNIError) -> T {
  do {
    return try body()
  } catch {
    throw CNIError(code, "\(action): \(error)")
  }
}
