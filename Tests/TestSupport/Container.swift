// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// One interface of a container of a ``Node``, as an interface plugin makes it.
package struct Container: Sendable {
  package let namespace: Namespace
  /// 64 hexadecimal digits, as runtimes use.
  package var id: String
  package let ifName: String
  package let address: IPAddress
  package let address6: IPAddress?
  package let network: Network

  /// Describes an interface; makes nothing.
  package init(
    namespace: Namespace, id: String = randomID(), ifName: String = "eth0", address: IPAddress,
    address6: IPAddress? = nil, network: Network = .first
  ) {
    self.namespace = namespace
    self.id = id
    self.ifName = ifName
    self.address = address
    self.address6 = address6
    self.network = network
  }

  package static func randomID() -> String { hexadecimal((0..<32).map { _ in .random(in: 0 ... .max) }) }

  package var ip: String { "\(address)" }
  package var ip6: String? { address6.map { "\($0)" } }

  /// The node's end of the interface; its name is derived from the address, so it is unique.
  package var hostInterface: String { "veth\(hexadecimal(address))" }

  /// Hardware addresses derived from the IPv4 addresses.
  package var hardwareAddress: String { "02:00:\(hexadecimal(address, separator: ":"))" }
  package var hostHardwareAddress: String { "02:01:\(hexadecimal(address, separator: ":"))" }

  /// The environment of a call.
  package func environment(_ verb: String) -> [String: String] {
    [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": id, "CNI_NETNS": namespace.path, "CNI_IFNAME": ifName,
      "CNI_PATH": "/opt/cni/bin", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
      // The machine's firewalld must not be used: no D-Bus daemon listens at this address.
      "DBUS_SYSTEM_BUS_ADDRESS": "unix:abstract=no-bus",
    ]
  }

  /// The result of the interface plugin, in the form of spec version 1.0.0, as JSON.
  package var prevResult: String {
    var addresses = [entry(address, network.gateway)]
    var routes = [#"{"dst":"0.0.0.0/0"}"#]
    if let address6 {
      addresses.append(entry(address6, network.gateway6))
      routes.append(#"{"dst":"::/0"}"#)
    }
    return """
      {"cniVersion":"1.0.0","interfaces":[{"name":"\(network.bridge)","mac":"\(network.hardwareAddress)"},\
      {"name":"\(hostInterface)","mac":"\(hostHardwareAddress)"},\
      {"name":"\(ifName)","mac":"\(hardwareAddress)","sandbox":"\(namespace.path)"}],\
      "ips":[\(addresses.joined(separator: ","))],"routes":[\(routes.joined(separator: ","))],"dns":{}}
      """
  }

  private func entry(_ address: IPAddress, _ gateway: Prefix) -> String {
    #"{"interface":2,"address":"\#(address)/\#(gateway.length)","gateway":"\#(gateway.address)"}"#
  }
}
