// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON

/// The result of an ADD and of the previous plugins of the chain (CNI specification, "Success"), in the layout of the newest version.
/// It can be decoded from and encoded in every version.
///
/// Members that the result's version does not define are kept in `unknown` at their level, and are written unchanged.
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
    /// The hardware address as the plugin wrote it: six bytes of Ethernet, or twenty of InfiniBand.
    package var mac: String?
    /// In bytes; since 1.1.0.
    package var mtu: Int?
    /// The path of the network namespace, or another isolation domain such as a VM; nil on the host.
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

  /// An address that a plugin has assigned, or that an IPAM plugin requests.
  package struct IPConfig: Equatable, Sendable {
    /// The index in `interfaces`, which may be out of range; nil if not given.
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
    /// In bytes.
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

  /// The container's DNS settings, as the plugin wrote them.
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
