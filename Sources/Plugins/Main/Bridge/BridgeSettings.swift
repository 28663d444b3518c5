// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import JSON
import Netlink
import Rules
import Skel

/// The options of the plugin bridge.
struct BridgeSettings {
  /// The bridge's name.
  let bridge: String
  let isGateway: Bool
  /// Whether the container's default routes lead over the bridge; implies `isGateway`.
  let isDefaultGateway: Bool
  /// Whether an address of the bridge that is in the way of the gateway's is replaced.
  let forceAddress: Bool
  let masquerades: Bool
  /// Nil for the host's default.
  let masqueradeBackend: MasqueradeBackend?
  let mtu: MTU?
  let isPromiscuous: Bool
  let port: BridgePortOptions
  let checksMAC: Bool
  let detectsDuplicates: Bool
  /// Whether the container's interface stays down.
  let leavesInterfaceDown: Bool
  let dns: NetworkResult.DNS

  /// The usual name of the bridge.
  static let usualBridge = "cni0"

  /// Throws code 7 for a wrong option, code 2 for VLANs.
  init(_ config: NetworkConfig) throws(CNIError) {
    do throws(FieldError) {
      try self.init(reading: config)
    } catch {
      throw CNIError(error)
    }
    for name in ["vlan", "vlanTrunk"] where config.document[name].isUsed {
      throw CNIError(.unsupportedField, "\(name): VLANs of a bridge are not supported yet")
    }
  }

  private init(reading config: NetworkConfig) throws(FieldError) {
    let document = config.document
    func flag(_ name: String) throws(FieldError) -> Bool { try document[name].bool() ?? false }
    bridge = try document["bridge"].interfaceName() ?? Self.usualBridge
    isDefaultGateway = try flag("isDefaultGateway")
    isGateway = try flag("isGateway") || isDefaultGateway
    forceAddress = try flag("forceAddress")
    masquerades = try flag("ipMasq")
    masqueradeBackend = try document["ipMasqBackend"].choice()
    mtu = try config.mtu()
    isPromiscuous = try flag("promiscMode")
    var port = BridgePortOptions()
    port[.hairpin] = try flag("hairpinMode")
    port[.isolated] = try flag("portIsolation")
    self.port = port
    if isPromiscuous && port[.hairpin] == true {
      throw document["hairpinMode"].expected("hairpin mode or promiscuous mode (promiscMode), not both")
    }
    checksMAC = try flag("macspoofchk")
    detectsDuplicates = try flag("enabledad")
    leavesInterfaceDown = try flag("disableContainerInterface")
    if leavesInterfaceDown, try document["ipam"]["type"].string() != nil {
      throw document["ipam"].expected("no IPAM plugin with disableContainerInterface")
    }
    dns = try config.dns()
  }
}

extension Field {
  /// Whether an option of VLANs asks for one.
  fileprivate var isUsed: Bool {
    switch value {
    case nil, .integer(0), .array([]): false
    default: true
    }
  }
}
