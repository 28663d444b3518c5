// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON

/// What an ADD has made, and the plugins of the chain before it (CNI specification, "Success"). Its shape is that of the newest
/// version; it is read from and written for every other one.
///
/// Members that the version of a result does not define are kept at their level, in `unknown`, and are written as they were.
package struct NetworkResult: Equatable, Sendable {
  package var interfaces: [Interface]
  package var ips: [IPConfig]
  package var routes: [Route]
  package var dns: DNS
  package var unknown = JSONObject()

  package init(interfaces: [Interface] = [], ips: [IPConfig] = [], routes: [Route] = [], dns: DNS = DNS()) {
    self.interfaces = interfaces
    self.ips = ips
    self.routes = routes
    self.dns = dns
  }

  /// An interface that a plugin made.
  package struct Interface: Equatable, Sendable {
    package var name: String
    /// The hardware address as its writer has it: Ethernet's six bytes, or InfiniBand's twenty.
    package var mac: String?
    /// In bytes; since 1.1.0.
    package var mtu: Int?
    /// The path of the network namespace, or what a container has in place of one; nil on the host.
    package var sandbox: String?
    /// The path of a vhost-user socket; since 1.1.0.
    package var socketPath: String?
    /// The PCI address of the device; since 1.1.0.
    package var pciID: String?
    package var unknown = JSONObject()

    package init(name: String, mac: String? = nil, mtu: Int? = nil, sandbox: String? = nil) {
      self.name = name
      self.mac = mac
      self.mtu = mtu
      self.sandbox = sandbox
    }
  }

  /// An address that a plugin assigned, or that IPAM wants to be assigned.
  package struct IPConfig: Equatable, Sendable {
    /// The index in `interfaces`; nil if it was not said. It may be out of range.
    package var interface: Int?
    /// The address with the length of its subnet.
    package var address: Prefix
    package var gateway: IPAddress?
    package var unknown = JSONObject()

    package init(_ address: Prefix, gateway: IPAddress? = nil, interface: Int? = nil) {
      self.interface = interface
      self.address = address
      self.gateway = gateway
    }
  }

  /// A route in the container.
  package struct Route: Equatable, Sendable {
    package var destination: Prefix
    package var gateway: IPAddress?
    /// In bytes; since 1.1.0, as all that follow.
    package var mtu: Int?
    /// The maximal segment size to advertise (RTAX_ADVMSS), in bytes.
    package var advMSS: Int?
    /// The metric (RTA_PRIORITY).
    package var priority: Int?
    package var table: Int?
    /// RT_SCOPE_* of linux/rtnetlink.h.
    package var scope: Int?
    package var unknown = JSONObject()

    package init(to destination: Prefix, via gateway: IPAddress? = nil) {
      self.destination = destination
      self.gateway = gateway
    }
  }

  /// What the container resolves names with, as its writer has it.
  package struct DNS: Equatable, Sendable {
    package var nameservers: [String] = []
    package var domain: String?
    package var search: [String] = []
    package var options: [String] = []
    package var unknown = JSONObject()

    package init() {}

    package var isEmpty: Bool { self == DNS() }
  }
}
