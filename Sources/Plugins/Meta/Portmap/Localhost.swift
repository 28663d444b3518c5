// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import OS
import Rules
import Sysctl

/// `route_localnet` of the interfaces that lead to containers, by which connections from 127.0.0.0/8 reach them. Where this
/// plugin has set it, a backend guards the interface: it drops what `route_localnet` lets in from outside, and so records that
/// the plugin set it.
struct Localhost {
  private let interfaces: [String]

  /// Finds the interfaces of the forwards by which connections from localhost are masqueraded.
  init(for forwards: [PortForward]) throws(CNIError) {
    var containers: [IPAddress] = []
    for forward in forwards
    where forward.hostPort.family == .ip
      && forward.masqueradedSources.contains(where: { $0.contains(Prefix.loopback4.address) })
    {
      // All forwards to a container lead to one address.
      if !containers.contains(forward.destination.address) { containers.append(forward.destination.address) }
    }
    try self.init(leadingTo: containers)
  }

  private init(leadingTo containers: [IPAddress]) throws(CNIError) {
    if containers.isEmpty {
      interfaces = []
      return
    }
    do throws(NetlinkError) {
      let socket = try RouteSocket.open()
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

  /// Nil if the host has no route to the address: then localhost does not reach it either.
  private static func route(to address: IPAddress, _ socket: borrowing RouteSocket) throws(NetlinkError) -> RouteLookup?
  {
    do {
      return try socket.lookUpRoute(to: address)
    } catch {
      if error.isNoRoute { return nil }
      throw error
    }
  }

  /// Sets `route_localnet` where it is not set; the interface is guarded before.
  func enable(guardedBy backend: any LocalhostGuard) throws(CNIError) {
    for name in interfaces where !Self.isOpen(name) {
      try backend.guardLocalhost(on: name)
      do throws(SystemError) {
        try Self.sysctl(name).write("1")
      } catch {
        throw CNIError(.inputOutput, "set route_localnet of \(name): \(error)")
      }
    }
  }

  func problems() -> [String] {
    interfaces.filter { !Self.isOpen($0) }.map { "net.ipv4.conf.\($0).route_localnet is not 1" }
  }

  /// A value set for `all` counts for each interface.
  private static func isOpen(_ interface: String) -> Bool {
    [interface, "all"].contains { (try? sysctl($0).read()) == "1" }
  }

  private static func sysctl(_ interface: String) -> Sysctl {
    Sysctl("net", "ipv4", "conf", interface, "route_localnet")
  }
}

// MARK: - Clearing route_localnet

extension Localhost {
  /// Clears `route_localnet` of guarded interfaces whose last container from localhost is gone: one that these forwards led to.
  /// `users` are all backends that may have forwards to others.
  static func close(
    after forwards: [PortForward], guardedBy backend: any LocalhostGuard, users: [any PortForwarder],
    note: (String) -> Void
  ) throws(CNIError) {
    var containers: [IPAddress] = []
    for forward in forwards where forward.hostPort.family == .ip {
      let address = forward.destination.address
      if !containers.contains(address) { containers.append(address) }
    }
    if containers.isEmpty { return }
    for interface in try Localhost(leadingTo: containers).interfaces {
      try close(interface, guardedBy: backend, users: users, note: note)
    }
  }

  /// Does the same for all guarded interfaces, also those that are gone.
  static func closeAll(
    guardedBy backend: any LocalhostGuard, users: [any PortForwarder], note: (String) -> Void
  ) throws(CNIError) {
    for interface in try backend.guardedInterfaces() {
      try close(interface, guardedBy: backend, users: users, note: note)
    }
  }

  private static func close(
    _ interface: String, guardedBy backend: any LocalhostGuard, users: [any PortForwarder], note: (String) -> Void
  ) throws(CNIError) {
    let isBehind = try addressTest(interface)
    var need = try backend.isGuardNeeded(on: interface, where: isBehind)
    // An interface without a guard may have been opened by a former version.
    let isOpen = need == nil && (try? sysctl(interface).read()) == "1"
    if isOpen, try backend.replaceFormerGuard(by: openInterfaces) {
      need = try backend.isGuardNeeded(on: interface, where: isBehind)
    }
    guard var isNeeded = need else { return }
    for user in users where !isNeeded { isNeeded = try user.isReachedFromLocalhost(where: isBehind) }
    if isNeeded { return try reopen(interface, guardedBy: backend, note) }
    // Cleared before the guard is removed: an ADD that comes now sets it again, or its forward keeps the guard.
    write("0", interface, note)
    let isLeft = (try? sysctl(interface).read()) == "1"
    if isLeft { return }
    if try !backend.endGuard(of: interface, unlessReached: isBehind) { write("1", interface, note) }
    // An ADD may have set it again while the interface was still guarded, and so without adding a guard.
    if (try? sysctl(interface).read()) == "1" { try backend.guardLocalhost(on: interface) }
  }

  /// Sets `route_localnet` of a guarded interface that needs it: a plugin may have been killed after clearing it and before
  /// noticing a new container. The interface is guarded again after that, because a DEL may have ended the guard meanwhile.
  private static func reopen(
    _ interface: String, guardedBy backend: any LocalhostGuard, _ note: (String) -> Void
  ) throws(CNIError) {
    if (try? sysctl(interface).read()) == "1" { return }
    try backend.guardLocalhost(on: interface)
    write("1", interface, note)
    try backend.guardLocalhost(on: interface)
  }

  /// The interfaces for which `route_localnet` is set, except the one by which Windows reaches a WSL in mirrored mode.
  private static func openInterfaces() throws(CNIError) -> [String] {
    let names = try reporting { () throws(NetlinkError) in try RouteSocket.open().links().map(\.name) }
    return names.filter { !["lo", "loopback0"].contains($0) && (try? sysctl($0).read()) == "1" }
  }

  private static func write(_ value: String, _ interface: String, _ note: (String) -> Void) {
    do throws(SystemError) {
      // The parameters of an interface that is gone cannot be read.
      guard let present = try? sysctl(interface).read(), present != value else { return }
      try sysctl(interface).write(value)
    } catch {
      note("portmap: set route_localnet of \(interface) to \(value): \(error)")
    }
  }

  /// A test whether packets to an address leave by an interface; it returns true if the route cannot be read.
  private static func addressTest(_ interface: String) throws(CNIError) -> (IPAddress) -> Bool {
    guard let index = RouteSocket.linkIndex(named: interface) else { return { _ in false } }
    var known: (address: IPAddress, isBehind: Bool)?
    return { address in
      if let known, known.address == address { return known.isBehind }
      var isBehind = true
      do throws(NetlinkError) {
        isBehind = try route(to: address, RouteSocket.open())?.interface == index
      } catch {
        isBehind = true
      }
      known = (address, isBehind)
      return isBehind
    }
  }
}
