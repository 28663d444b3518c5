// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import Netlink
import Skel

/// Limits how fast a container receives and sends.
package struct Bandwidth: Plugin {
  package let name = "bandwidth"
  /// Tells the operator something on stderr.
  private let note: (String) -> Void

  package init(note: @escaping (String) -> Void) { self.note = note }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let (options, result) = try options(request)
    if options.isEmpty { return result }
    let host = try Host.open()
    let end = try host.end(request)
    let shaping = shaping(options, end, note: note)
    guard let ifb = try host.apply(shaping, to: end, of: request.owner, note: { note("\(name): \($0)") }) else {
      return result
    }
    return try configuration { () throws(FieldError) in
      try result.adding(hostInterface: ifb.name, mac: ifb.attributes.address.map { "\($0)" } ?? "")
    }
  }

  package func delete(_ request: Request) throws(CNIError) {
    let host = try Host.open()
    var end = try? host.end(request)
    let listed = ((try? request.config.previousResult()?.interfaces()) ?? []).filter { $0.sandbox == nil }.map(\.name)
    try kernel("stop shaping \(request.owner)") { () throws(NetlinkError) in
      var ifbs: [Link] = []
      // What has this name and is another's stays.
      if let own = try? host.ifb(IFBName(request.owner), of: request.owner) { ifbs.append(own) }
      // The peer has one name for all interfaces of a container.
      let peers = IFBName.peers(request.owner)
      if peers != IFBName(request.owner), let ifb = try? host.ifb(peers, of: request.owner) {
        let isFed = if let end { try host.sends(end, to: ifb) } else { false }
        if isFed || listed.contains(peers.text) { ifbs.append(ifb) }
      }
      // A namespace that is gone has taken the veth with it, but a DEL may come without the namespace.
      for ifb in ifbs where end == nil { end = try host.end(of: ifb, among: listed) }
      try host.remove(ifbs, from: end)
    }
  }

  package func check(_ request: Request) throws(CNIError) {
    let (options, _) = try options(request)
    if options.isEmpty { return }
    let host = try Host.open()
    let end = try host.end(request)
    let problems = try host.problems(shaping(options, end) { _ in }, of: end, request.owner)
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(request.owner): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<Attachment>) throws(CNIError) {
    let config = request.config
    let host = try Host.open()
    let prefix = OwnerTag.prefix(ofNetwork: config.name)
    let spared = OwnerTag.all(valid, ofNetwork: config.name)
    let action = "remove the IFBs of network \(config.name)"
    let ifbs = try kernel(action) { () throws(NetlinkError) in try host.routes.links(ofKind: "ifb") }
    var failures: [String] = []
    for ifb in ifbs {
      guard let tag = IFBAlias(ifb.attributes.alias ?? "")?.owner, tag.text.hasPrefix(prefix), !spared.contains(tag)
      else { continue }
      do {
        try host.remove([ifb], from: try host.end(of: ifb))
      } catch {
        failures.append("\(ifb.name): \(error)")
      }
    }
    if !failures.isEmpty { throw CNIError(.kernelRefused, "\(action): \(failures.joined(separator: "; "))") }
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    do throws(CNIError) {
      _ = try configuration { () throws(FieldError) in try BandwidthOptions(request.config) }
      try Probe.run()
    } catch {
      throw CNIError(.notAvailable, error.message)
    }
  }
}

extension Bandwidth {
  private func options(_ request: Request) throws(CNIError) -> (BandwidthOptions, NetworkResult) {
    let options = try configuration { () throws(FieldError) in try BandwidthOptions(request.config) }
    let result = try request.config.previousResult(requiredBy: name)
    return (options, result)
  }

  /// What the options come to on a host's end.
  private func shaping(_ options: BandwidthOptions, _ end: Link, note: (String) -> Void) -> Shaping {
    let mtu = end.attributes.mtu ?? 1500
    func bucket(_ limit: BandwidthOptions.Limit?) -> TokenBucket? {
      limit.map { options.bucket($0, mtu: mtu) { note("\(name): \($0)") } }
    }
    return Shaping(ingress: bucket(options.ingress), egress: bucket(options.egress), unshaped: options.unshaped)
  }
}
