// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import OS
import Rules
import Sysctl

/// What lets a container reach its own published port where bridged frames pass netfilter (`bridge-nf-call-iptables`):
/// there the frame is sent back to the container within the bridge, which does that only for a port in hairpin mode.
struct Hairpin {
  /// Names of interfaces, each with the port that it is.
  private let ports: [(name: String, port: BridgePort)]

  /// Finds the container's ports in the result, if any rule is about connections from its own network.
  init(for rules: [Rule], _ result: NetworkResult) throws(CNIError) {
    let isNeeded = AddressFamily.allCases.contains { family in
      rules.contains { Self.isFromOwnNetwork($0, family) } && Self.isBridgeFiltered(family)
    }
    if !isNeeded {
      ports = []
      return
    }
    do throws(NetlinkError) {
      let socket = try NetlinkSocket.open(.route)
      var found: [(name: String, port: BridgePort)] = []
      for interface in (try? result.interfaces()) ?? [] where interface.sandbox == nil {
        guard isInterfaceName(interface.name) else { continue }
        guard let port = try socket.bridgePort(named: interface.name) else { continue }
        found.append((interface.name, port))
      }
      ports = found
    } catch {
      throw CNIError(.kernelRefused, "\(error)")
    }
  }

  func enable() throws(CNIError) {
    do throws(NetlinkError) {
      for (_, port) in ports where !port.isHairpin { try NetlinkSocket.open(.route).enableHairpin(port) }
    } catch {
      throw CNIError(.kernelRefused, "\(error)")
    }
  }

  func problems() -> [String] {
    ports.filter { !$0.port.isHairpin }.map { "bridge port \($0.name) is not in hairpin mode" }
  }

  private static func isFromOwnNetwork(_ rule: Rule, _ family: AddressFamily) -> Bool {
    guard case .masquerade(let masquerade) = rule, masquerade.source.family == family else { return false }
    return masquerade.source.contains(masquerade.destination.address)
  }

  private static func isBridgeFiltered(_ family: AddressFamily) -> Bool {
    // Missing where nothing filters bridged frames.
    let key = family == .ip ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables"
    return (try? Sysctl("net", "bridge", key).read()) == "1"
  }
}
