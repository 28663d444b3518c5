// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import ArgumentParser
import CNIRuntime

/// A port of the container that is published as one of the host: `[HOSTIP:]HOSTPORT:CONTAINERPORT[/PROTOCOL]`.
package struct PublishedPort: Equatable, Sendable {
  package let hostAddress: IPAddress?
  package let hostPort: UInt16
  package let containerPort: UInt16
  package let transport: String

  /// Parses the text; nil if it has another form.
  package init?(_ text: String) {
    let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    transport = halves.count == 2 ? halves[1].lowercased() : "tcp"
    guard ["tcp", "udp", "sctp"].contains(transport) else { return nil }
    var rest = halves[0][...]
    var address: IPAddress?
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      address = IPAddress(String(rest[rest.index(after: rest.startIndex)..<end]))
      guard address?.family == .ip6, rest[rest.index(after: end)...].first == ":" else { return nil }
      rest = rest[rest.index(end, offsetBy: 2)...]
    }
    var parts = rest.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.count == 3, address == nil {
      address = IPAddress(parts.removeFirst())
      guard address?.family == .ip else { return nil }
    }
    guard parts.count == 2, let host = Self.port(parts[0]), let container = Self.port(parts[1]) else { return nil }
    hostAddress = address
    hostPort = host
    containerPort = container
  }

  private static func port(_ text: String) -> UInt16? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(text) else { return nil }
    return number > 0 ? number : nil
  }

  /// An entry of the capability argument `portMappings`.
  var mapping: CapabilityArguments.PortMapping {
    CapabilityArguments.PortMapping(
      hostPort: hostPort, containerPort: containerPort, proto: transport, hostIP: hostAddress.map { "\($0)" })
  }
}

extension PublishedPort: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
