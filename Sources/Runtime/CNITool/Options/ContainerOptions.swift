// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import ArgumentParser
import CNIRuntime
import Sysctl

/// What `cnitool run` asks of a container's network besides the networks' configurations.
package struct ContainerOptions: ParsableArguments {
  @Option(
    name: [.customShort("p"), .customLong("publish")],
    help: ArgumentHelp(
      "Publish a port of the container on the host: [HOSTIP:]HOSTPORT:PORT[/tcp|udp|sctp]. May be repeated.",
      valueName: "ports"))
  package var ports: [PublishedPort] = []

  @Option(
    help: ArgumentHelp(
      "Limit how many bits a second the container receives and sends: 10M, or 10M/2M for both directions.",
      valueName: "rate"))
  package var bandwidth: RateLimit?

  @Option(
    help: ArgumentHelp(
      "Set a parameter of the container's network (net.*), where IFNAME is its first interface. May be repeated.",
      valueName: "key=value"))
  package var sysctl: [Assignment] = []

  @Option(
    name: .customLong("ip"),
    help: ArgumentHelp(
      "Request an address, for the first network that can give one. May be repeated.", valueName: "address"))
  package var addresses: [String] = []

  @Option(help: ArgumentHelp("Request a hardware address, for the first network's interface.", valueName: "address"))
  package var mac: String?

  @Option(
    name: .customLong("dns"),
    help: ArgumentHelp(
      "Use this name server, in place of the host's /etc/resolv.conf. May be repeated.", valueName: "address"))
  package var nameServers: [String] = []

  @Option(
    name: .customLong("dns-search"),
    help: ArgumentHelp("Look names up in this domain; needs --dns. May be repeated.", valueName: "domain"))
  package var searchDomains: [String] = []

  package init() {}

  package func validate() throws {
    for address in addresses where Prefix(addressOrPrefix: address) == nil {
      throw ValidationError("--ip \(address): expected an address, such as 10.22.0.9")
    }
    if let mac, MACAddress(mac)?.isUnicast != true {
      throw ValidationError("--mac \(mac): expected a unicast address, such as 02:00:00:00:00:09")
    }
    for server in nameServers where !isNameServer(server) {
      throw ValidationError("--dns \(server): expected an address, such as 10.22.0.1")
    }
    for domain in searchDomains where !isPrintable(domain) {
      throw ValidationError("--dns-search \(domain): expected a domain, such as example.net")
    }
    if !searchDomains.isEmpty, nameServers.isEmpty { throw ValidationError("--dns-search needs --dns") }
    for assignment in sysctl where SysctlKey(assignment.key, interface: "eth0") == nil {
      throw ValidationError("--sysctl \(assignment.key): expected a parameter below net, such as net.core.somaxconn")
    }
  }

  /// Whether a text is an address, behind which IPv6 can have the name of an interface (RFC 4007, section 11).
  private func isNameServer(_ text: String) -> Bool {
    let parts = text.split(separator: "%", omittingEmptySubsequences: false)
    guard let address = IPAddress(String(parts[0])) else { return false }
    return parts.count == 1 || parts.count == 2 && address.family == .ip6 && isPrintable(String(parts[1]))
  }

  /// Whether a word can stand in the resolver's file.
  private func isPrintable(_ word: String) -> Bool {
    !word.isEmpty && word.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }

  /// The file that the command sees as /etc/resolv.conf; nil to leave that as it is.
  package var resolverFile: String? {
    if nameServers.isEmpty { return nil }
    let search = searchDomains.isEmpty ? [] : ["search \(searchDomains.joined(separator: " "))"]
    return (nameServers.map { "nameserver \($0)" } + search).map { $0 + "\n" }.joined()
  }
}
