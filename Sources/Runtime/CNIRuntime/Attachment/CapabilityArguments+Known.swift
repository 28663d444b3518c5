// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

/// The capabilities that have names in CNI's conventions.
extension CapabilityArguments {
  /// A published port (`portMappings`).
  public struct PortMapping: Hashable, Sendable {
    /// The port on the host.
    public var hostPort: UInt16
    /// The port in the container.
    public var containerPort: UInt16
    /// `tcp`, `udp` or `sctp`.
    public var proto: String
    /// The host's address; nil for all.
    public var hostIP: String?

    /// Publishes a port.
    public init(hostPort: UInt16, containerPort: UInt16, proto: String = "tcp", hostIP: String? = nil) {
      self.hostPort = hostPort
      self.containerPort = containerPort
      self.proto = proto
      self.hostIP = hostIP
    }
  }

  /// Limits of the rate (`bandwidth`), as the container sees the directions; bits per second and bits. Nil for no limit.
  public struct Bandwidth: Hashable, Sendable {
    /// The rate of what the container receives.
    public var ingressRate: UInt64?
    /// The size of a burst of what the container receives; a rate needs one.
    public var ingressBurst: UInt64?
    /// The rate of what the container sends.
    public var egressRate: UInt64?
    /// The size of a burst of what the container sends.
    public var egressBurst: UInt64?

    /// Limits both directions, or one.
    public init(
      ingressRate: UInt64? = nil, ingressBurst: UInt64? = nil, egressRate: UInt64? = nil, egressBurst: UInt64? = nil
    ) {
      self.ingressRate = ingressRate
      self.ingressBurst = ingressBurst
      self.egressRate = egressRate
      self.egressBurst = egressBurst
    }
  }

  /// The container's name servers (`dns`).
  public struct DNS: Hashable, Sendable {
    /// The servers' addresses.
    public var servers: [String]
    /// The domains that names are looked up in.
    public var searches: [String]
    /// The resolver's options.
    public var options: [String]

    /// Names servers.
    public init(servers: [String] = [], searches: [String] = [], options: [String] = []) {
      self.servers = servers
      self.searches = searches
      self.options = options
    }
  }

  /// Publishes ports.
  public mutating func setPortMappings(_ mappings: [PortMapping]) {
    let items = mappings.map { mapping in
      var object = JSONObject([
        "hostPort": .integer(Int64(mapping.hostPort)), "containerPort": .integer(Int64(mapping.containerPort)),
        "protocol": .string(mapping.proto),
      ])
      if let address = mapping.hostIP { object.append("hostIP", .string(address)) }
      return JSON.object(object)
    }
    set("portMappings", .array(items))
  }

  /// Limits the rate.
  public mutating func setBandwidth(_ bandwidth: Bandwidth) {
    var object = JSONObject()
    let limits: KeyValuePairs = [
      "ingressRate": bandwidth.ingressRate, "ingressBurst": bandwidth.ingressBurst,
      "egressRate": bandwidth.egressRate, "egressBurst": bandwidth.egressBurst,
    ]
    for (name, value) in limits {
      if let value { object.append(name, Int64(exactly: value).map { .integer($0) } ?? .real(Double(value))) }
    }
    set("bandwidth", .object(object))
  }

  /// Requests addresses, each with or without the length of its subnet (`ips`).
  public mutating func setAddresses(_ addresses: [String]) { set("ips", .array(addresses.map { .string($0) })) }

  /// Requests a hardware address (`mac`).
  public mutating func setMAC(_ address: String) { set("mac", .string(address)) }

  /// Names the container's name servers.
  public mutating func setDNS(_ dns: DNS) {
    var object = JSONObject()
    let lists: KeyValuePairs = ["servers": dns.servers, "searches": dns.searches, "options": dns.options]
    for (name, list) in lists where !list.isEmpty { object.append(name, .array(list.map { .string($0) })) }
    set("dns", .object(object))
  }
}
