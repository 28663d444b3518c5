// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import Invoke
import JSON
import NetNS
import Netlink
import OS
import Rules
import Skel
import Veth

/// Connects the container to the host, its router, by a veth.
package struct PTP: VethPlugin {
  package let name = "ptp"
  package let executor: PluginExecutor
  package let note: (String) -> Void
  private let rules: PTPRules

  package init(_ rules: PTPRules, executor: PluginExecutor, note: @escaping (String) -> Void) {
    self.rules = rules
    self.executor = executor
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let settings = try PTPSettings(request.config)
    _ = try CNIArguments(request.arguments)
    let masquerader = try rules.masquerader(settings)
    let ipam = try IPAMPlugin.require(request.config, request.environment, executor)
    let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    let container = try request.openNamespace()
    let mtu = try settings.mtu?.resolved(host)
    // Before the IPAM plugin is called: one that gives the same addresses again would have to release those of the interface that is there.
    try request.inside(container) { () throws(CNIError) in
      try ContainerLink.requireFreeName(request.attachment.interface)
    }
    return try allOrNothing { (rollback) throws(CNIError) in
      let result = try ipam.add(undoneBy: &rollback)
      try result.requireGateways()
      try Forwarding.enable(result.families)
      let veth = try HostVeth.make(
        request.attachment, in: container.descriptor, mac: nil, mtu: mtu, host, undoneBy: &rollback)
      try HostVeth.refuseRouterAdvertisements(on: veth.name)
      try configure(request, result, veth, in: container)
      if let masquerader {
        let sources = MasqueradeRequest(request.attachment, result.ips.map(\.address))
        let masquerading = try masquerader.apply(sources)
        rollback.add { () throws(CNIError) in try masquerading.undo() }
      }
      // Last, so that the first packet to the container finds its interface ready.
      try veth.serve(result.ips, request.attachment, host)
      return settings.result(result, veth, request)
    }
  }

  /// Gives the container's interface its addresses and routes.
  private func configure(
    _ request: Request, _ result: NetworkResult, _ veth: HostVeth, in container: borrowing NetworkNamespace
  ) throws(CNIError) {
    let plan = AddressPlan(pointToPoint: result)
    let interface = request.attachment.interface
    try request.inside(container) { () throws(CNIError) in
      try plan.prepare(interface)
      let routes = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      try plan.install(on: veth.container.index, named: interface, by: routes)
    }
  }

  package func removeRules(of attachment: Attachment, _ addresses: [Prefix]) throws(CNIError) {
    try rules.remove(attachment, addresses)
  }

  package func removeRules(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    try rules.removeAll(ofNetwork: network, sparing: valid)
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let settings = try PTPSettings(request.config)
    try IPAMPlugin.require(request.config, request.environment, executor).status()
    try rules.masquerader(settings)?.probe()
  }

  package func otherProblems(_ request: Request) throws(CNIError) -> [String] {
    let settings = try PTPSettings(request.config)
    var result = try request.config.previousResult() ?? NetworkResult()
    // Another plugin's interfaces may have addresses too.
    result.ips = result.ips(ofContainerInterface: request.attachment.interface)
    let addresses = result.ips
    var problems: [String] = []
    do {
      let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      let end = try request.hostEnd(host, of: "leads to the host")
      problems += try reporting { () throws(NetlinkError) in try end.problems(serving: addresses, host) }
    } catch {
      // The interface is not there, or is another one.
      if error.code != .invalidConfiguration { throw error }
      problems.append(error.message)
    }
    problems += try Forwarding.problems(result.families)
    let sources = MasqueradeRequest(request.attachment, addresses.map(\.address))
    return try problems + rules.problems(sources, settings)
  }
}

extension NetworkResult {
  /// Throws code 7 unless each address has a gateway of its family, which becomes the host's address.
  func requireGateways() throws(CNIError) {
    for (index, entry) in ips.enumerated() {
      let problem: String
      if let gateway = entry.gateway {
        if gateway.family == entry.address.family && gateway != entry.address.address { continue }
        problem = "the gateway \(gateway), which cannot be that of this address"
      } else {
        problem = "no gateway"
      }
      throw CNIError(
        .invalidConfiguration,
        "ipam: ptp needs a gateway for each address, and ips[\(index)] of the IPAM plugin's result, \(entry.address), has \(problem)"
      )
    }
  }
}

extension PTPSettings {
  /// The result of ADD: the host's end, the container's end.
  func result(_ ipam: NetworkResult, _ veth: HostVeth, _ request: Request) -> NetworkResult {
    var result = ipam
    for place in result.ips.indices { result.ips[place].interface = 1 }
    result.interfaces = [
      NetworkResult.Interface(name: veth.name, mac: veth.mac.description),
      NetworkResult.Interface(
        name: request.attachment.interface, mac: veth.container.mac.description, sandbox: request.namespace),
    ]
    if !dns.isEmpty { result.dns = dns }
    return result
  }
}
