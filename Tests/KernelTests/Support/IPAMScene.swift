// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS
import TestSupport

/// A container without interfaces and a folder for reservations, in which our IPAM plugins and upstream's are called as programs.
final class IPAMScene {
  let container: Namespace
  let folder: TemporaryFolder
  var network: String { "\(folder.path)/net" }

  init() throws {
    container = try Namespace()
    folder = try TemporaryFolder()
  }

  enum Maker: String, CaseIterable, Sendable {
    case ours, upstream

    func program(_ plugin: String) -> Program {
      self == .ours ? installedProgram(plugin) : Program("/usr/lib/cni/\(plugin)")
    }

    var other: Maker { self == .ours ? .upstream : .ours }
  }

  /// `ipam` is without its braces, `rest` more of the configuration with a comma at its end.
  func config(_ plugin: String, _ ipam: String, _ rest: String = "", version: String) -> [UInt8] {
    let own = #"\#(rest)"ipam":{"type":"\#(plugin)","dataDir":"\#(folder.path)",\#(ipam)},"#
    return pluginConfig("bridge", "net", version, own, nil)
  }

  func environment(_ verb: String, id: String, interface: String = "eth0", arguments: String = "") -> [String: String] {
    [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": id, "CNI_IFNAME": interface, "CNI_NETNS": container.path,
      "CNI_PATH": "/usr/lib/cni", "CNI_ARGS": arguments,
    ]
  }

  func call(
    _ maker: Maker, _ verb: String, _ ipam: String, _ rest: String = "", id: String = "c1", interface: String = "eth0",
    arguments: String = "", version: String = "1.0.0", plugin: String = "host-local"
  ) throws -> Outcome {
    try maker.program(plugin).run(
      environment: environment(verb, id: id, interface: interface, arguments: arguments),
      input: config(plugin, ipam, rest, version: version))
  }

  /// The names in the network's folder, without those that only ours knows, with the bytes of each.
  func files() throws -> [String] {
    guard let folder = try Folder.open(network) else { return [] }
    return try folder.names().filter { !$0.hasPrefix(".") }.sorted().map { name in
      "\(name): \(String(decoding: try folder.read(name) ?? [], as: UTF8.self).debugDescription)"
    }
  }

  /// The names that only ours knows.
  func hidden() throws -> [String] { try Folder.open(network)?.names().filter { $0.hasPrefix(".") } ?? [] }

  /// The addresses with a reservation.
  func reservations() throws -> [String] {
    try Folder.open(network)?.names().filter { $0.first?.isHexDigit ?? false }.sorted() ?? []
  }
}

/// The addresses of a result in 1.0.0.
func givenAddresses(_ outcome: Outcome) throws -> [String] {
  guard outcome.status == 0 else { throw CommandFailure(words: ["ADD"], outcome: outcome) }
  return try (Field(JSON(parsing: outcome.output))["ips"].array() ?? []).compactMap { try $0["address"].string() }
}
