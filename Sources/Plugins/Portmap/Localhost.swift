// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import OS
import Rules
import Sysctl

/// What lets connections from 127.0.0.0/8 reach containers: `route_localnet` of the interfaces that lead to them. The
/// backend's rules drop what it would let in from outside.
struct Localhost {
  private let interfaces: [String]

  /// Finds the interfaces, if any rule is about connections from localhost.
  init(for rules: [Rule]) throws(CNIError) {
    var containers: [IPAddress] = []
    for case .masquerade(let masquerade) in rules
    where masquerade.destination.address.family == .ip && masquerade.source.contains(Prefix.loopback4.address) {
      // All rules of a container lead to one address.
      if !containers.contains(masquerade.destination.address) { containers.append(masquerade.destination.address) }
    }
    if containers.isEmpty {
      interfaces = []
      return
    }
    do throws(NetlinkError) {
      let socket = try NetlinkSocket.open(.route)
      var names: [String] = []
      for address in containers {
        guard let route = try Self.route(to: address, socket) else { continue }
        let name = try socket.linkName(route.interface)
        if !names.contains(name) { names.append(name) }
      }
      interfaces = names
    } catch {
      throw CNIError(.kernelRefused, "\(error)")
    }
  }

  /// Nil if the host has no way to the address: then localhost has none either.
  private static func route(to address: IPAddress, _ socket: borrowing NetlinkSocket) throws(NetlinkError) -> Route? {
    do {
      return try socket.route(to: address)
    } catch {
      if error.isNoRoute { return nil }
      throw error
    }
  }

  func enable() throws(CNIError) {
    for name in interfaces {
      do throws(SystemError) {
        let sysctl = Self.sysctl(name)
        if try sysctl.read() != "1" { try sysctl.write("1") }
      } catch {
        throw CNIError(.inputOutput, "let connections from localhost leave by \(name): \(error)")
      }
    }
  }

  func problems() -> [String] {
    interfaces.filter { (try? Self.sysctl($0).read()) != "1" }.map { "net.ipv4.conf.\($0).route_localnet is not 1" }
  }

  private static func sysctl(_ interface: String) -> Sysctl {
    Sysctl("net", "ipv4", "conf", interface, "route_localnet")
  }
}
