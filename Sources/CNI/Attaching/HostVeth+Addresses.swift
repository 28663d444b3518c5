// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Skel

extension HostVeth {
  /// The addresses of the attachment's interface in the container: of the other end of its veth, or else, if upstream has made it, of
  /// CNI_IFNAME; empty if they cannot be told.
  static func addresses(of request: Request, _ routes: borrowing RouteSocket) throws(CNIError) -> [Prefix] {
    var found: [Prefix] = []
    let isOurs = try reporting { () throws(NetlinkError) in
      let ends = try all(of: request.attachment, routes)
      for end in ends { found += try routes.containerAddresses(of: end) }
      return !ends.isEmpty
    }
    if isOurs { return found }
    try ContainerLink.withNamespace(of: request) { (_) throws(CNIError) in
      try reporting { () throws(NetlinkError) in
        let inside = try RouteSocket.open()
        guard let link = try ContainerLink.find(request.attachment, ofKind: kind, inside) else { return }
        found = try inside.addresses(of: link.index).globalPrefixes
      }
    }
    return found
  }
}

extension RouteSocket {
  /// The addresses of the container's end of a veth whose other end is here.
  func containerAddresses(of end: Link) throws(NetlinkError) -> [Prefix] {
    guard let peer = end.peer else { return [] }
    return try addresses(of: peer).globalPrefixes
  }
}

extension [InterfaceAddress] {
  /// Those that others than the link's neighbours may know.
  fileprivate var globalPrefixes: [Prefix] { filter { $0.scope == .universe }.map(\.prefix) }
}
