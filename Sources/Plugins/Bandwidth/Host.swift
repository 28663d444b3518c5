// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel
import Veth

/// The host's side of a container's network, on a socket of the namespace that the plugin runs in.
struct Host: ~Copyable {
  let routes: NetlinkSocket

  static func open() throws(CNIError) -> Host {
    Host(
      routes: try kernel("look at the host's interfaces") { () throws(NetlinkError) in try NetlinkSocket.open(.route) })
  }

  /// The host's end of the container's interface; code 7 if that is no veth whose other end is here.
  func end(_ request: Request) throws(CNIError) -> Link { try request.hostEnd(routes, of: "can be shaped") }

  /// The attachment's IFB; nil if there is none. Throws code 103 if an interface of this name is not its own.
  func ifb(_ name: IFBName, of owner: Owner) throws(CNIError) -> Link? {
    let found = try kernel("look for \(name.text)") { () throws(NetlinkError) in
      try routes.linkIfAny(named: name.text)
    }
    guard let link = found else { return nil }
    let alias = link.attributes.alias ?? ""
    if link.kind != "ifb" {
      throw CNIError(
        .standsInTheWay, "\(name.text) is no IFB (its kind is \"\(link.kind)\"), and so not this container's")
    }
    // The peer writes no alias.
    if !alias.isEmpty, IFBAlias(alias)?.owner != OwnerTag(owner) {
      throw CNIError(.standsInTheWay, "the IFB \(name.text) belongs to \(alias)")
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
