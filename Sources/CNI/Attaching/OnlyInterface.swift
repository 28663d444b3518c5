// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Announcement
import CNI
import NetNS
import Netlink
import OS
import Skel

/// The only interface of a plugin's result, once it is in the container.
package struct OnlyInterface {
  package let index: UInt32
  package let name: String
  /// Nil if its kind has none.
  package let mac: MACAddress?
  /// Whether other hosts on the link may have its IPv6 addresses.
  package var detectsDuplicates = false
  /// Set together with the addresses; by default the attachment's tag as alias, by which DEL finds it under another name.
  package var attributes = LinkAttributes()
  /// The configuration's DNS settings, which replace the IPAM plugin's unless they are empty.
  package var dns: NetworkResult.DNS

  package init(_ link: Link, _ attachment: Attachment, dns: NetworkResult.DNS) {
    index = link.index
    name = link.name
    mac = link.attributes.address
    self.dns = dns
    attributes.alias = AttachmentTag(attachment).text
  }

  /// Has the IPAM plugin assign addresses, if there is one; gives them to the interface, brings it up, announces them, and returns the
  /// result of ADD.
  package func attach(
    _ request: Request, _ ipam: IPAMPlugin?, in container: borrowing NetworkNamespace,
    undoneBy rollback: inout Rollback, note: (String) -> Void
  ) throws(CNIError) -> NetworkResult {
    var result = try ipam?.add(undoneBy: &rollback) ?? NetworkResult()
    var plan = AddressPlan(result)
    plan.detectsDuplicates = detectsDuplicates
    try request.inside(container) { () throws(CNIError) in
      try plan.prepare(name)
      let routes = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      try plan.install(on: index, named: name, attributes, by: routes)
      announce(plan.addresses.map(\.address), note)
    }
    for place in result.ips.indices { result.ips[place].interface = 0 }
    result.interfaces = [NetworkResult.Interface(name: name, mac: mac?.description, sandbox: request.namespace)]
    if !dns.isEmpty { result.dns = dns }
    return result
  }

  /// Tells neighbours that the addresses have a new MAC address. This must not fail ADD: they learn it later.
  private func announce(_ addresses: [IPAddress], _ note: (String) -> Void) {
    guard let mac, !addresses.isEmpty else { return }
    do {
      try AnnouncementSocket.open(on: index, mac).announce(addresses)
    } catch {
      note("\(name): \(error)")
    }
  }
}
