// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules
import Skel
import Sysctl
import Veth

/// Hairpin mode of a container's bridge port. Where bridged frames pass netfilter (`bridge-nf-call-iptables`), a container's
/// packets to its own published port are sent back to it within the bridge, which needs this mode.
struct Hairpin {
  /// The container's bridge port and its name; nil if no forward needs hairpin mode, or the host end is no bridge port.
  private let port: (name: String, port: BridgePort)?

  init(for forwards: [PortForward], _ request: Request) throws(CNIError) {
    let isNeeded = AddressFamily.allCases.contains { family in
      forwards.contains { $0.hostPort.family == family && Self.isReachedFromOwnNetwork($0) }
        && Self.isBridgeFiltered(family)
    }
    port = isNeeded ? try Self.port(request) : nil
  }

  /// Finds the port by the kernel, because the host may use a name of the result for another interface. Nil if the interface is
  /// no veth with an end on this host: then no bridge here sees its frames.
  private static func port(_ request: Request) throws(CNIError) -> (name: String, port: BridgePort)? {
    let routes = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    let end: Link
    do throws(CNIError) {
      end = try request.hostEnd(routes, of: "has a bridge port")
    } catch {
      if error.code == .invalidConfiguration { return nil }
      throw error
    }
    let port = try reporting { () throws(NetlinkError) in try routes.bridgePort(named: end.name) }
    return port.map { (end.name, $0) }
  }

  func enable() throws(CNIError) {
    guard let port, !port.port.isHairpin else { return }
    try reporting { () throws(NetlinkError) in try RouteSocket.open().enableHairpin(port.port) }
  }

  func problems() -> [String] {
    guard let port, !port.port.isHairpin else { return [] }
    return ["bridge port \(port.name) is not in hairpin mode"]
  }

  private static func isReachedFromOwnNetwork(_ forward: PortForward) -> Bool {
    forward.masqueradedSources.contains { $0.contains(forward.destination.address) }
  }

  private static func isBridgeFiltered(_ family: AddressFamily) -> Bool {
    // The key is missing where bridged frames do not pass netfilter.
    let key = family == .ip ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables"
    return (try? Sysctl("net", "bridge", key).read()) == "1"
  }
}
