// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules

/// The configuration of the plugin, with what the runtime adds to it.
struct PortmapOptions: Sendable {
  let mappings: [PortMapping]
  let onConflict: ConflictPolicy
  let backend: Backend
  /// Whether connections from the container's subnet and from localhost are masqueraded (`snat`).
  private let masquerades: Bool
  /// Whether all connections are masqueraded (`masqAll`).
  private let masqueradesAll: Bool
  /// The conditions for connections of each family; nil for a family of which `sourceRanges` allows no source.
  private let conditions: PerFamily<[Condition]?>

  init(_ config: NetworkConfig) throws(CNIError) {
    backend = try Self.backend(config)
    let document = config.document
    do throws(FieldError) {
      mappings = try PortMapping.list(config)
      onConflict = try document["hostPortConflict"].choice() ?? .replace
      masquerades = try document["snat"].bool() ?? true
      masqueradesAll = try document["masqAll"].bool() ?? false
      if case .iptables = backend {
        conditions = try Self.conditions(document, areIPTables: true)
      } else {
        conditions = try Self.conditions(document, areIPTables: false)
      }
    } catch {
      throw CNIError(error)
    }
  }

  /// The host ports of a configuration that may be broken elsewhere, in each of their possible families.
  static func readableHostPorts(_ config: NetworkConfig) -> [HostPort] {
    guard let fields = try? config.runtimeConfig["portMappings"].array() else { return [] }
    return fields.compactMap { try? PortMapping($0) }.flatMap { mapping in
      mapping.families.map { mapping.hostPort($0) }
    }
  }

  /// The forwards to a container with this result; each mapping that is left out is reported to `note`.
  func forwards(to attachment: Attachment, _ result: NetworkResult, note: (String) -> Void = { _ in }) -> [PortForward]
  {
    if mappings.isEmpty { return [] }
    var addresses = PerFamily<Prefix?> { _ in nil }
    for family in AddressFamily.allCases {
      addresses[family] = result.address(family, ofContainerInterface: attachment.interface)
    }
    if AddressFamily.allCases.allSatisfy({ addresses[$0] == nil }) {
      note("prevResult.ips: \(attachment.interface) has no address: none of its ports is published")
      return []
    }
    var forwards: [PortForward] = []
    for mapping in mappings {
      let families = mapping.families.filter { addresses[$0] != nil }
      if families.isEmpty, let family = mapping.families.first {
        note("\(mapping.path).hostIP: the container has no \(family.title) address: the mapping is left out")
      }
      for family in families {
        guard let prefix = addresses[family], let all = conditions[family] else { continue }
        let destination = Endpoint(address: prefix.address, transport: mapping.transport, port: mapping.containerPort)
        let demanded = all.isEmpty ? nil : Conditions(network: attachment.network, family: family, all: all)
        forwards.append(
          PortForward(
            port: mapping.hostPort, on: mapping.hostAddress, to: destination, if: demanded,
            masquerading: masqueradedSources(prefix)))
      }
    }
    return forwards
  }

  private func masqueradedSources(_ container: Prefix) -> [Prefix] {
    if !masquerades { return [] }
    if masqueradesAll { return [.all(container.family)] }
    // IPv6 is without localhost: packets from ::1 cannot leave the host, whatever is done to them.
    return [container.network] + (container.family == .ip ? [.loopback4] : [])
  }
}

// MARK: - The backend

extension PortmapOptions {
  /// The backend by which ports are published, as far as the configuration decides it.
  enum Backend: Sendable {
    /// The tables of iptables: the configuration names them, or has an option that only they support.
    case iptables(IPTablesSettings)
    /// Our own table, for the same reasons.
    case nftables(Reason)
    /// The backend that fits the host; the settings are for the tables of iptables.
    case fitting(IPTablesSettings)
  }

  /// An option of the configuration that needs a certain backend.
  struct Reason: CustomStringConvertible, Sendable {
    let key: String
    let value: String

    var description: String { "\(key): \"\(value)\"" }
  }

  /// The settings for the tables of iptables if the configuration decides for these; else nil.
  var iptables: IPTablesSettings? {
    if case .iptables(let settings) = backend { settings } else { nil }
  }

  /// The settings for the tables of iptables on a kernel without nf_tables.
  func iptablesInsteadOfNFTables() throws(CNIError) -> IPTablesSettings {
    switch backend {
    case .iptables(let settings), .fitting(let settings): return settings
    case .nftables(let reason):
      throw CNIError(.notAvailable, "\(reason) needs the backend nftables, and the kernel has no nf_tables")
    }
  }
}

// MARK: - Single options

extension PortmapOptions {
  private static func backend(_ config: NetworkConfig) throws(CNIError) -> Backend {
    let document = config.document
    let name: String?
    var settings = IPTablesSettings()
    var needsIPTables: Reason?
    var needsNFTables: Reason?
    do throws(FieldError) {
      name = try document["backend"].choice(of: ["nftables", "iptables"])
      settings.markChain = try document["externalSetMarkChain"].chainName()
      if let chain = settings.markChain { needsIPTables = Reason(key: "externalSetMarkChain", value: chain) }
      if let bit = try document["markMasqBit"].integer(in: 0...31) {
        if settings.markChain != nil {
          throw FieldError(path: "markMasqBit", reason: "cannot be given with externalSetMarkChain")
        }
        settings.markBit = bit
      }
      settings.variant = try document["iptablesVariant"].choice()
      for (family, key) in [(AddressFamily.ip, "conditionsV4"), (.ip6, "conditionsV6")] {
        for item in try document[key].array() ?? [] {
          guard let word = try item.string() else { throw item.expected("a word of a condition") }
          settings.conditions[family].append(word)
        }
        guard let first = settings.conditions[family].first?.utf8.first else { continue }
        let reason = Reason(key: key, value: settings.conditions[family].joined(separator: " "))
        // Upstream distinguishes the two syntaxes in the same way.
        if first == UInt8(ascii: "-") || first == UInt8(ascii: "!") {
          needsIPTables = reason
        } else {
          needsNFTables = reason
        }
      }
    } catch {
      throw CNIError(error)
    }
    switch (name, needsIPTables, needsNFTables) {
    case ("nftables", let reason?, _):
      throw CNIError(.unsupportedField, "\(reason) needs the backend iptables, and backend says \"nftables\"")
    case ("nftables", nil, _): return .nftables(Reason(key: "backend", value: "nftables"))
    case (nil, nil, let reason?): return .nftables(reason)
    case (nil, nil, nil): return .fitting(settings)
    default: return .iptables(settings)
    }
  }

  /// The conditions in nft's syntax; those in words of iptables are part of its settings.
  private static func conditions(
    _ document: Field, areIPTables: Bool
  ) throws(FieldError) -> PerFamily<[Condition]?> {
    let ranges = try sourceRanges(document["sourceRanges"])
    var conditions = PerFamily<[Condition]?> { _ in nil }
    for (family, name) in [(AddressFamily.ip, "conditionsV4"), (.ip6, "conditionsV6")] {
      let given = areIPTables ? [] : try ConditionParser.parse(document[name], family)
      guard let ranges else {
        conditions[family] = given
        continue
      }
      let own = ranges.filter { $0.family == family }
      if !own.isEmpty { conditions[family] = [Condition(.source(own))] + given }
    }
    return conditions
  }

  /// The prefixes that connections may come from; nil for all sources.
  private static func sourceRanges(_ field: Field) throws(FieldError) -> [Prefix]? {
    guard let prefixes = try field.prefixes(), !prefixes.isEmpty else { return nil }
    return prefixes
  }
}
