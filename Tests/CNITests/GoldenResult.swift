// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// One and the same result, written down as each version has it.
enum GoldenResult {
  /// The result that a plugin of version `source` wrote, in the shape of `version`.
  static func text(of source: SpecVersion, as version: SpecVersion) -> String {
    let body =
      switch (source, version) {
      case (_, .v0_1_0), (_, .v0_2_0): families
      case (.v0_1_0, .v0_3_0), (.v0_1_0, .v0_3_1), (.v0_1_0, .v0_4_0): versionedIPs
      case (.v0_2_0, .v0_3_0), (.v0_2_0, .v0_3_1), (.v0_2_0, .v0_4_0): versionedIPs
      case (.v0_1_0, _), (.v0_2_0, _): ips
      case (_, .v0_3_0), (_, .v0_3_1), (_, .v0_4_0): versionedLists
      case (.v1_1_0, .v1_1_0): newestLists
      case (_, .v1_0_0), (_, .v1_1_0): lists
      }
    return #"{"cniVersion": "\#(version.rawValue)", \#(body), "dns": {"nameservers": ["10.22.0.1"]}}"#
  }

  private static let families = """
    "ip4": {"ip": "10.22.0.5/16", "gateway": "10.22.0.1",
            "routes": [\(defaultRoute), {"dst": "192.0.2.0/24", "gw": "10.22.0.9"}]},
    "ip6": {"ip": "fd00::5/64", "routes": [{"dst": "::/0", "gw": "fd00::1"}]}
    """

  private static let defaultRoute = """
    {"dst": "0.0.0.0/0", "mtu": 1400, "advmss": 1360, "priority": 1, "table": 100, "scope": 0}
    """

  private static let routes = """
    "routes": [\(defaultRoute), {"dst": "192.0.2.0/24", "gw": "10.22.0.9"}, {"dst": "::/0", "gw": "fd00::1"}]
    """

  // What families say, as lists: there are no interfaces.
  private static let versionedIPs = """
    "ips": [{"version": "4", "address": "10.22.0.5/16", "gateway": "10.22.0.1"},
            {"version": "6", "address": "fd00::5/64"}], \(routes)
    """
  private static let ips = """
    "ips": [{"address": "10.22.0.5/16", "gateway": "10.22.0.1"}, {"address": "fd00::5/64"}], \(routes)
    """

  private static let interfaces = """
    "interfaces": [{"name": "br0", "mac": "02:00:00:00:00:01"}, {"name": "eth0", "sandbox": "/run/netns/x"}]
    """
  private static let versionedLists = """
    \(interfaces),
    "ips": [{"version": "4", "interface": 1, "address": "10.22.0.5/16", "gateway": "10.22.0.1"},
            {"version": "4", "interface": 1, "address": "10.23.0.5/16"},
            {"version": "6", "interface": 1, "address": "fd00::5/64"}], \(routes)
    """
  private static let listedIPs = """
    "ips": [{"interface": 1, "address": "10.22.0.5/16", "gateway": "10.22.0.1"},
            {"interface": 1, "address": "10.23.0.5/16"}, {"interface": 1, "address": "fd00::5/64"}]
    """
  private static let lists = "\(interfaces), \(listedIPs), \(routes)"

  private static let newestLists = """
    "interfaces": [{"name": "br0", "mac": "02:00:00:00:00:01", "mtu": 1400},
                   {"name": "eth0", "sandbox": "/run/netns/x", "socketPath": "/s", "pciID": "0000:00:1f.6"}],
    \(listedIPs), \(routes)
    """
}
