// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules
import Skel
import Sysctl
import Veth

/// What lets a container reach its own published port where bridged frames pass netfilter (`bridge-nf-call-iptables`):
/// there the frame is sent back to the container within the bridge, which does that only for a port in hairpin mode.
struct Hairpin {
  /// The host's end of the container's interface, with its name, if it is a port of a bridge and any forward needs it.
  private let port: (name: String, port: BridgePort)?

  init(for forwards: [PortForward], _ request: Request) throws(CNIError) {
    let isNeeded = AddressFamily.allCases.contains { family in
      forwards.contains { $0.hostPort.family == family && Self.isReachedFromOwnNetwork($0) }
        && Self.isBridgeFiltered(family)
    }
    port = isNeeded ? try Self.port(request) : nil
  }

  /// By the kernel, and not by the names in the result, of which the host may have one for something else. Nil for an interface
  /// that is no veth with an end on this host: no bridge here sees its frames.
  private static func port(_ request: Request) throws(CNIError) -> (name: String, port: BridgePort)? {
    let routes = try kernel { () throws(NetlinkError) in try RouteSocket.open() }
    let end: Link
    do throws(CNIError) {
      end = try request.hostEnd(routes, of: "has a bridge port")
    } catch {
      if error.code == .invalidConfiguration { return nil }
      throw error
    }
    let port = try kernel { () throws(NetlinkError) in try routes.bridgePort(named: end.name) }
    return port.map { (end.name, $0) }
  }

  func enable() throws(CNIError) {
    guard let port, !port.port.isHairpin else { return }
    try Self.kernel { () throws(NetlinkError) in try RouteSocket.open().enableHairpin(port.port) }
  }

  func problems() -> [String] {
    guard let port, !port.port.isHairpin else { return [] }
    return ["bridge port \(port.name) is not in hairpin mode"]
  }

  private static func kernel<T: ~Copyable>(_ body: () throws(NetlinkError) -> T) throws(CNIError) -> T {
    do {
      return try body()
    } catch {
      throw CNIError(.kernelRefused, "\(error)")
    }
  }

  private static func isReachedFromOwnNetwork(_ forward: PortForward) -> Bool {
    forward.masqueradedSources.contains { $0.contains(forward.destination.address) }
  }

  private static func isBridgeFiltered(_ family: AddressFamily) -> Bool {
    // Missing where nothing filters bridged frames.
    let key = family == .ip ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables"
    return (try? Sysctl("net", "bridge", key).read()) == "1"
  }
}
