// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel

/// Tries out what the plugin needs of the kernel.
enum Probe {
  /// Throws the kernel's error if it cannot shape so.
  static func run(_ shaping: Shaping) throws(CNIError) {
    try inScratchNamespace { () throws(CNIError) in
      try reporting("try out shaping") { () throws(NetlinkError) in
        let routes = try RouteSocket.open()
        let loopback = try routes.link(named: "lo")
        try routes.add(NewLink("probe", .ifb))
        let ifb = try routes.link(named: "probe")
        let bucket = shaping.egress ?? shaping.ingress ?? TokenBucket(rate: 1000, burst: 2000, limit: 2000)
        try routes.setTBF(bucket, of: ifb.index, handle: Shaping.bucketHandle)
        if let selective = shaping.selective {
          try routes.set(selective, of: loopback.index, handle: Shaping.selectiveHandle)
        }
        try routes.addIngress(to: loopback.index)
        for filter in shaping.filters(to: ifb.index) {
          try routes.add(filter.rule, priority: 1 + filter.priority, to: loopback.index, at: .ingressFilters)
        }
      }
    }
  }
}
