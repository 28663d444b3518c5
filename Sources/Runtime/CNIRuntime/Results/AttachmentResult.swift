// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON

/// What an ADD has made: the result of the network's last plugin.
public struct AttachmentResult: Equatable, Sendable {
  /// The version of the specification in which the plugin printed it.
  public let cniVersion: String
  let version: SpecVersion
  let contents: NetworkResult

  init(_ contents: NetworkResult, _ version: SpecVersion) {
    self.contents = contents
    self.version = version
    cniVersion = version.rawValue
  }

  /// An interface, in the container or on the host.
  public struct Interface: Hashable, Sendable {
    /// The interface's name.
    public let name: String
    /// The hardware address.
    public let mac: String?
    /// In bytes.
    public let mtu: Int?
    /// The path of the network namespace; nil on the host.
    public let sandbox: String?
  }

  /// An address in the container.
  public struct Address: Hashable, Sendable {
    /// The address with the length of its subnet, such as `10.1.2.3/24`.
    public let address: String
    /// The gateway's address.
    public let gateway: String?
    /// The place in ``AttachmentResult/interfaces``.
    public let interface: Int?
  }

  /// A route in the container.
  public struct Route: Hashable, Sendable {
    /// The network, such as `0.0.0.0/0`.
    public let destination: String
    /// The gateway's address; nil for that of the addresses.
    public let gateway: String?
  }

  /// The container's DNS settings.
  public struct DNS: Hashable, Sendable {
    /// The servers' addresses.
    public let nameservers: [String]
    /// The local domain.
    public let domain: String?
    /// The domains that names are looked up in.
    public let search: [String]
    /// The resolver's options.
    public let options: [String]
  }

  /// The interfaces, in the plugin's order.
  public var interfaces: [Interface] {
    contents.interfaces.map { Interface(name: $0.name, mac: $0.mac, mtu: $0.mtu, sandbox: $0.sandbox) }
  }

  /// The addresses, in the plugin's order.
  public var addresses: [Address] {
    contents.ips.map {
      Address(address: "\($0.address)", gateway: $0.gateway.map { "\($0)" }, interface: $0.interface)
    }
  }

  /// The routes, in the plugin's order.
  public var routes: [Route] {
    contents.routes.map { Route(destination: "\($0.destination)", gateway: $0.gateway.map { "\($0)" }) }
  }

  /// The DNS settings; all empty if there are none.
  public var dns: DNS {
    let dns = contents.dns
    return DNS(nameservers: dns.nameservers, domain: dns.domain, search: dns.search, options: dns.options)
  }

  /// The result as libcni and cnitool print it: indented by four spaces, without a line feed at the end.
  public var text: [UInt8] { json.goText(isSorted: version >= .v1_0_0, indentation: 4) }

  /// The result in one line of JSON, with sorted members.
  public var compactText: [UInt8] { json.goText() }

  /// In the version in which it was printed.
  var json: JSON { contents.encoded(version) }
}
