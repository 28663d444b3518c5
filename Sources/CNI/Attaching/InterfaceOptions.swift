// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink
import Skel

/// The options that several plugins which make interfaces have.
extension NetworkConfig {
  /// `mtu`; nil if the kernel chooses.
  package func mtu() throws(FieldError) -> MTU? {
    let field = document["mtu"]
    if case .string("auto")? = field.value { return .auto }
    guard field.isPresent else { return nil }
    let expected = "\"auto\", 0, or bytes from \(MTU.range.lowerBound) to \(MTU.range.upperBound)"
    guard case .integer(let number)? = field.value else { throw field.expected(expected) }
    if number == 0 { return nil }
    guard let value = UInt32(exactly: number), MTU.range.contains(value) else { throw field.expected(expected) }
    return .bytes(value)
  }

  /// The configuration's DNS settings; empty if there are none.
  package func dns() throws(FieldError) -> NetworkResult.DNS { try NetworkResult.DNS(document["dns"]) }
}

/// The `mtu` of a configuration.
package enum MTU: Equatable, Sendable {
  case bytes(UInt32)
  /// That of the way out of this host: the default route's.
  case auto

  /// What Ethernet-like interfaces accept (`ETH_MIN_MTU`, `ETH_MAX_MTU` of linux/if_ether.h).
  package static let range: ClosedRange<UInt32> = 68...65_535

  /// The value in bytes; throws code 50 for `auto` if there is no default route.
  package func resolved(_ routes: borrowing RouteSocket) throws(CNIError) -> UInt32 {
    switch self {
    case .bytes(let value): return value
    case .auto:
      guard let way = try DefaultRoute.find(routes) else {
        throw CNIError(.notAvailable, "mtu: \"auto\" is the MTU of the default route, and this host has none")
      }
      return way.mtu
    }
  }
}

extension Request {
  /// The MAC address that the runtime asks for: of `runtimeConfig.mac`, else of `args.cni.mac`, else of `MAC` in CNI_ARGS, else the
  /// configuration's `mac` if the plugin has that. Throws code 7, or code 4 for CNI_ARGS, unless an interface can have it.
  package func requestedMAC(ofConfiguration hasOption: Bool = false) throws(CNIError) -> MACAddress? {
    let document = config.document
    for field in [config.runtimeConfig["mac"], document["args"]["cni"]["mac"]] {
      let mac = try reporting { () throws(FieldError) in try field.unicastMAC() }
      if let mac { return mac }
    }
    if let text = try CNIArguments(arguments).values["MAC"], !text.isEmpty {
      guard let mac = MACAddress(text), mac.isUnicast else {
        throw CNIError(.badEnvironment, "CNI_ARGS: MAC: expected a unicast MAC address, found \"\(text)\"")
      }
      return mac
    }
    return hasOption ? try reporting { () throws(FieldError) in try document["mac"].unicastMAC() } : nil
  }
}

extension Field {
  fileprivate func unicastMAC() throws(FieldError) -> MACAddress? {
    guard let text = try string() else { return nil }
    guard let mac = MACAddress(text), mac.isUnicast else { throw expected("a unicast MAC address") }
    return mac
  }
}

extension Field {
  /// The name of an interface; nil if missing.
  package func interfaceName() throws(FieldError) -> String? {
    guard let name = try string() else { return nil }
    guard isInterfaceName(name) else { throw expected("an interface name: \(interfaceNameRule)") }
    return name
  }
}
