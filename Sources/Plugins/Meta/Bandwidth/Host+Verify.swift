// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink

extension Host {
  /// Returns in words how the kernel differs from the wanted shaping.
  func problems(_ wanted: Shaping, of end: Link, _ owner: Attachment) throws(CNIError) -> [String] {
    let (name, ifb) = wanted.egress == nil ? (IFBName.upstream(owner), nil) : try ifb(of: owner, fedBy: end)
    return try reporting("look at the shaping of \(end.name)") { () throws(NetlinkError) in
      var problems: [String] = []
      let root = try routes.qdisc(of: end.index, at: .root)
      let isApplied = try isApplied(wanted, to: end, root)
      if wanted.ingress != nil, !isApplied {
        let told = Self.told(root, wanted.selective == nil ? wanted.ingress : nil)
        problems.append("\(end.name) does not shape as it should what it sends to the container: \(told)")
      }
      guard let bucket = wanted.egress else { return problems }
      guard let ifb else { return problems + ["the IFB \(name.text) is missing"] }
      if !ifb.isUp { problems.append("\(name.text) is down") }
      if ifb.attributes.mtu != end.attributes.mtu { problems.append("\(name.text) has not the MTU of \(end.name)") }
      let queue = try routes.qdisc(of: ifb.index, at: .root)
      if !(queue?.bucket.map { bucket.isSame(as: $0) } ?? false) {
        problems.append(
          "\(name.text) does not shape as it should what the container sends: \(Self.told(queue, bucket))")
      }
      if try routes.qdisc(of: end.index, at: .ingress) == nil {
        return problems + ["\(end.name) has no ingress qdisc"]
      }
      let filters = try routes.filters(of: end.index, at: .ingressFilters).u32.filter { $0.isOurs([ifb.index]) }
      // Upstream's filter differs in its class only.
      if !filters.map(\.rule).elementsEqual(wanted.filters(to: ifb.index).map(\.rule), by: { $0.isSame(as: $1) }) {
        problems.append("the filters of \(end.name) do not lead what is to be shaped, and only that, to \(name.text)")
      }
      return problems
    }
  }

  private static func told(_ qdisc: Qdisc?, _ wanted: TokenBucket?) -> String {
    guard let qdisc else { return "it has no qdisc" }
    guard let found = qdisc.bucket, let wanted else { return "it has the qdisc \(qdisc.kind) \(qdisc.handle)" }
    func text(_ bucket: TokenBucket) -> String {
      "\(bucket.rate) bytes/s with a burst of \(bucket.burst) and a queue of \(bucket.limit)"
    }
    return "it has \(text(found)) instead of \(text(wanted))"
  }
}
