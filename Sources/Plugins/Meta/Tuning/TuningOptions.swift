// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink
import Skel
import Sysctl

/// The configuration of the plugin, with `args`, `runtimeConfig` and `CNI_ARGS`.
struct TuningOptions: Sendable {
  /// A kernel parameter and its value.
  struct Parameter: Sendable {
    let key: SysctlKey
    let value: String
    /// Its path in the configuration.
    let path: String
  }

  let link: LinkAttributes
  let parameters: [Parameter]
  /// The features of ethtool that are to be on or off.
  let features: [RequestedFeature]
  let restoresParameters: Bool
  /// The folder for backups.
  let dataDirectory: String

  init(_ request: Request) throws(CNIError) {
    try self.init(request.config, arguments: request.arguments, interface: request.attachment.interface)
  }

  /// Takes the value of `CNI_ARGS` and the name of the container's interface.
  init(_ config: NetworkConfig, arguments variable: String, interface: String) throws(CNIError) {
    let document = config.document
    let arguments = document["args"]["cni"]
    let environment = try CNIArguments(variable)
    do throws(FieldError) {
      // Later sources override earlier ones.
      var attributes = LinkAttributes()
      for source in [document, arguments] { try attributes.read(source) }
      attributes.address = try Self.address(config, environment, arguments)
      link = attributes
      parameters = try Self.parameters([document["sysctl"], arguments["sysctl"]], interface)
      features = try RequestedFeature.list(document["ethtool"])
      restoresParameters = try document["restoreSysctl"].bool() ?? false
      dataDirectory = try Self.dataDirectory(config)
    } catch {
      throw CNIError(error)
    }
    if !parameters.isEmpty { try config.requireUniqueNames() }
  }

  var isEmpty: Bool { link.isEmpty && parameters.isEmpty && features.isEmpty }

  /// Upstream's folder, so that either plugin finds the other's files.
  static let usualDataDirectory = "/run/cni/tuning"

  static func dataDirectory(_ config: NetworkConfig) throws(FieldError) -> String {
    try config.document["dataDir"].absolutePath() ?? usualDataDirectory
  }

  /// The lowest first: `mac`, `MAC` of `CNI_ARGS`, `runtimeConfig.mac`, `args.cni.mac`.
  private static func address(
    _ config: NetworkConfig, _ environment: CNIArguments, _ arguments: Field
  ) throws(FieldError) -> MACAddress? {
    let variable = Field(path: "CNI_ARGS: MAC", environment.values["MAC"].map { .string($0) })
    for field in [arguments["mac"], config.runtimeConfig["mac"], variable, config.document["mac"]] {
      guard let text = try field.string() else { continue }
      guard let address = MACAddress(text), address.isUnicast else {
        throw field.expected("the hardware address of one interface, such as 02:00:00:00:00:01")
      }
      return address
    }
    return nil
  }

  /// The parameters of these fields. Later fields override earlier ones; within a field each key may stand once.
  private static func parameters(_ fields: [Field], _ interface: String) throws(FieldError) -> [Parameter] {
    var parameters: [Parameter] = []
    for field in fields {
      var own: [Parameter] = []
      for member in try field.object()?.members ?? [] {
        let item = Field(path: "\(field.path).\(member.name)", member.value)
        guard let key = SysctlKey(member.name, interface: interface) else {
          throw FieldError(path: item.path, reason: "expected a key below net, such as net.core.somaxconn")
        }
        if let other = own.first(where: { $0.key.components == key.components }) {
          throw FieldError(path: item.path, reason: "is the same key as \(other.path)")
        }
        own.append(Parameter(key: key, value: try value(item), path: item.path))
      }
      parameters.removeAll { old in own.contains { $0.key.components == old.key.components } }
      parameters += own
    }
    return parameters
  }

  private static func value(_ field: Field) throws(FieldError) -> String {
    switch field.value {
    case .string(let text) where !text.isEmpty: return text
    case .integer(let number): return "\(number)"
    default: throw field.expected("a string or a whole number")
    }
  }
}

extension LinkAttributes {
  /// Reads the attributes that stand in a field; others stay.
  fileprivate mutating func read(_ field: Field) throws(FieldError) {
    // As with upstream, what is 0 or false is not asked for.
    if let mtu = try field["mtu"].integer(in: 0...65_536) { self.mtu = mtu > 0 ? UInt32(mtu) : nil }
    if let value = try field["promisc"].bool() { isPromiscuous = value ? true : nil }
    if let value = try field["allmulti"].bool() { receivesAllMulticast = value }
    if let length = try field["txQLen"].integer(in: 0...Int(Int32.max)) { transmitQueueLength = UInt32(length) }
    if let group = try field["group"].integer(in: 0...Int(UInt32.max)) { self.group = UInt32(group) }
    if let text = try field["linkAlias"].string() {
      // IFALIASZ, linux/if.h
      guard text.utf8.count < 256, !text.utf8.contains(0) else {
        throw field["linkAlias"].expected("at most 255 bytes")
      }
      alias = text
    }
  }
}
