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
    var (options, result) = try options(request)
    if options.isEmpty { return result }
    let host = try Host.open()
    let end = try host.end(request)
    let shaping = shaping(options, mtu: end.attributes.mtu ?? 1500, note: note)
    guard let ifb = try host.apply(shaping, to: end, of: request.attachment, note: { note("\(name): \($0)") }) else {
      return result
    }
    result.addHostInterface(ifb.name, mac: ifb.attributes.address)
    return result
  }

  package func delete(_ request: Request) throws(CNIError) {
    let host = try Host.open()
    let owner = request.attachment
    let action = "stop shaping \(owner)"
    var failures = ErrorCollector()
    let remembered = try host.rememberedEnd(owner)
    var end = remembered
    if end == nil { failures.run { () throws(CNIError) in end = try host.endByName(request) } }
    let listed = ((try? request.config.previousResult()) ?? nil)?.hostInterfaces.map(\.name) ?? []
    var ifbs: [Link] = []
    failures.run { () throws(CNIError) in ifbs = try host.ifbs(of: owner, fedBy: end, listed: listed) }
    failures.run { () throws(CNIError) in
      try reporting(action) { () throws(NetlinkError) in
        // Earlier versions gave the host end no alternative name: the IFB alone leads to it.
        for ifb in ifbs where remembered == nil { end = try host.end(of: ifb, among: listed) ?? end }
        try host.remove(ifbs, from: end)
      }
    }
    try failures.throwIfAny()
  }

  package func check(_ request: Request) throws(CNIError) {
    let (options, _) = try options(request)
    if options.isEmpty { return }
    let host = try Host.open()
    let end = try host.end(request)
    let problems = try host.problems(
      shaping(options, mtu: end.attributes.mtu ?? 1500) { _ in }, of: end, request.attachment)
    if !problems.isEmpty {
      throw CNIError(.checkFailed, "\(request.attachment): \(problems.joined(separator: "; "))")
    }
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let config = request.config
    let host = try Host.open()
    let prefix = AttachmentTag.prefix(ofNetwork: config.name)
    let spared = AttachmentTag.all(valid, ofNetwork: config.name)
    let action = "remove the IFBs of network \(config.name)"
    let ifbs = try reporting(action) { () throws(NetlinkError) in try host.routes.links(ofKind: "ifb") }
    let unfinished = IFBAlias.groupWithout(config.name)
    let names = valid.flatMap { IFBName.candidates($0.attachment(to: config.name)).map(\.text) }
    var failures = ErrorCollector()
    var idle: [UInt32] = []
    for ifb in ifbs {
      if let tag = IFBAlias(ifb.attributes.alias ?? "")?.owner {
        guard tag.text.hasPrefix(prefix), !spared.contains(tag) else { continue }
      } else {
        guard ifb.attributes.alias == "", ifb.attributes.group == unfinished, !names.contains(ifb.name) else {
          continue
        }
      }
      failures.run { () throws(CNIError) in
        try reporting("\(action): \(ifb.name)") { () throws(NetlinkError) in
          if let end = try host.end(of: ifb) { try host.clear(end, of: [ifb]) }
        }
        idle.append(ifb.index)
      }
    }
    failures.run { () throws(CNIError) in
      try reporting(action) { () throws(NetlinkError) in try host.routes.removeLinks(idle) }
    }
    try failures.throwIfAny()
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let options = try reporting { () throws(FieldError) in try BandwidthOptions(request.config) }
    do throws(CNIError) {
      try Probe.run(shaping(options, mtu: 1500) { _ in })
    } catch {
      throw error.recoded(.notAvailable)
    }
  }
}

extension Bandwidth {
  private func options(_ request: Request) throws(CNIError) -> (BandwidthOptions, NetworkResult) {
    let options = try reporting { () throws(FieldError) in try BandwidthOptions(request.config) }
    let result = try request.config.previousResult(requiredBy: name)
    return (options, result)
  }

  /// The shaping that the options ask for on a host end with this MTU.
  private func shaping(_ options: BandwidthOptions, mtu: UInt32, note: (String) -> Void) -> Shaping {
    func bucket(_ limit: BandwidthOptions.Limit?) -> TokenBucket? {
      limit.map { options.bucket($0, mtu: mtu) { note("\(name): \($0)") } }
    }
    return Shaping(ingress: bucket(options.ingress), egress: bucket(options.egress), unshaped: options.unshaped)
  }
}
