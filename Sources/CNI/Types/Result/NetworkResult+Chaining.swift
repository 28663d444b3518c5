// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// What chained plugins read and change in the previous result.
extension NetworkResult {
  /// The interfaces on the host.
  package var hostInterfaces: [Interface] { interfaces.filter { $0.sandbox == nil } }

  /// The interface of an address; nil if it has none, or if the index is out of range.
  package func interface(of entry: IPConfig) -> Interface? {
    entry.interface.flatMap { interfaces.indices.contains($0) ? interfaces[$0] : nil }
  }

  /// The addresses that belong to the container's interface, or to no interface.
  package func ips(ofContainerInterface name: String) -> [IPConfig] {
    ips.filter { entry in
      guard let interface = interface(of: entry) else { return true }
      return interface.name == name && interface.sandbox != nil
    }
  }

  /// The first of these of a family.
  package func address(_ family: AddressFamily, ofContainerInterface name: String) -> Prefix? {
    ips(ofContainerInterface: name).first { $0.address.family == family }?.address
  }

  /// Sets the hardware address in every entry of the container's interface.
  package mutating func setMAC(_ address: MACAddress, ofContainerInterface name: String) {
    for index in interfaces.indices where interfaces[index].name == name && interfaces[index].sandbox != nil {
      interfaces[index].mac = "\(address)"
    }
  }

  /// Appends a host interface, or sets the hardware address of the one with this name.
  package mutating func addHostInterface(_ name: String, mac: MACAddress?) {
    let mac = mac.map { "\($0)" }
    if let index = interfaces.firstIndex(where: { $0.name == name && $0.sandbox == nil }) {
      interfaces[index].mac = mac
    } else {
      interfaces.append(Interface(name: name, mac: mac))
    }
  }
}
