// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import Digest
import NFTables
import Rules

extension OnDemandChain {
  /// The parts of one of portmap's chains on demand that follow from its name; nil for other names.
  static func portmap(named chain: String) -> OnDemandChain? {
    if let (family, length) = masquerade(named: chain) { return .masquerade(family, length) }
    if let (family, id) = conditions(named: chain) { return .conditionsSkeleton(family, id) }
    return nil
  }
}

// MARK: - Masquerading for one length of subnets

extension OnDemandChain {
  private static let masqueradePrefix = "masquerade"

  static func masqueradeName(_ family: AddressFamily, _ length: Int) -> String {
    "\(masqueradePrefix)\(family.suffix)_\(length)"
  }

  static func masquerade(_ family: AddressFamily, _ length: Int) -> OnDemandChain {
    let name = masqueradeName(family, length)
    let key: [DataType] = [.address(family), .internetProtocol, .internetService, .internetService, .address(family)]
    // nft knows the type of a connection's original port only where it knows the protocol.
    let body = TransportProtocol.allCases.map { transport in
      let load = LookupKey.masquerade(family, transport, length: length).loads
      return NFTRule(name, load + [.lookup(name), .masquerade])
    }
    return OnDemandChain(
      name: name, sets: [NamedSet(name, key: key)], rules: body,
      jumps: [NFTRule(Feature.masquerading, [.jump(name)], at: .head)])
  }

  /// The family and prefix length in the name of a masquerading chain; nil for other names.
  static func masquerade(named name: String) -> (family: AddressFamily, length: Int)? {
    for family in AddressFamily.allCases {
      let prefix = "\(masqueradePrefix)\(family.suffix)_"
      // The length is checked, because others may have made a chain of any name.
      if name.hasPrefix(prefix), let length = Int(name.dropFirst(prefix.count)), (0...family.bits).contains(length) {
        return (family, length)
      }
    }
    return nil
  }
}

// MARK: - A network's conditions

extension OnDemandChain {
  private static let conditionsPrefix = "conditions"

  /// The ID of conditions in names and comments: a hash of the network, and one of the network with the conditions.
  static func conditionsID(_ conditions: Conditions) -> String {
    let digest = sha512("\(conditions.network) \(conditions.all.map(\.text).joined(separator: " "))")
    return "\(networkID(conditions.network))_\(digest.prefix(8))"
  }

  static func conditionsName(_ family: AddressFamily, _ id: some StringProtocol) -> String {
    "\(conditionsPrefix)\(family.suffix)_\(id)"
  }

  /// The name of the set of the ports that the conditions are for, on one address or on all.
  static func conditionsSet(_ family: AddressFamily, _ id: some StringProtocol, hasHostAddress: Bool) -> String {
    conditionsName(family, id) + (hasHostAddress ? "_hostip" : "")
  }

  /// The prefix of the names of all conditions of a network.
  static func conditionsPrefix(ofNetwork network: String, _ family: AddressFamily) -> String {
    conditionsName(family, networkID(network)) + "_"
  }

  static func conditions(_ conditions: Conditions) -> OnDemandChain {
    let family = conditions.family
    let name = conditionsName(family, conditionsID(conditions))
    let comment = "network \(shortened(conditions.network, to: 28))"
    let skeleton = conditionsSkeleton(family, conditionsID(conditions))
    var chain = OnDemandChain(name: name, sets: skeleton.sets, rules: [], jumps: skeleton.jumps)
    for (index, condition) in conditions.all.enumerated() {
      let failure = condition.failure(family, setName: "\(name)_\(index)")
      chain.sets += failure.sets
      chain.fixtures += failure.elements
      chain.rules += failure.matches.map { NFTRule(name, $0 + [.accept], comment: comment) }
    }
    chain.rules += [Feature.translateHostAddressPorts(family, in: name), Feature.translateHostPorts(family, in: name)]
    return chain
  }

  /// The parts of the chain that follow from its name: its sets of ports and the jumps to it.
  static func conditionsSkeleton(_ family: AddressFamily, _ id: some StringProtocol) -> OnDemandChain {
    let name = conditionsName(family, id)
    let ports = conditionsSet(family, id, hasHostAddress: false)
    let addressPorts = conditionsSet(family, id, hasHostAddress: true)
    return OnDemandChain(
      name: name,
      sets: [
        NamedSet(ports, key: [.internetProtocol, .internetService]),
        NamedSet(addressPorts, key: [.address(family), .internetProtocol, .internetService]),
      ],
      rules: [],
      jumps: [
        NFTRule(
          Feature.hostPorts(family).name, LookupKey.hostPort.loads + [.lookup(ports), .goto(name)], at: .head),
        NFTRule(
          Feature.hostAddressPorts(family).name,
          LookupKey.hostAddressPort(family).loads + [.lookup(addressPorts), .goto(name)], at: .head),
      ])
  }

  /// The family and ID in the name of a chain of conditions; nil for other names.
  static func conditions(named name: String) -> (family: AddressFamily, id: Substring)? {
    for family in AddressFamily.allCases {
      let prefix = conditionsName(family, "")
      if name.hasPrefix(prefix) { return (family, name.dropFirst(prefix.count)) }
    }
    return nil
  }
}
