// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import Glibc
import HostLocal
import JSON
import OS
import TestSupport

/// A folder for reservations, with a boot and a folder of libcni's results that a test makes.
final class Scene {
  let temporary: TemporaryFolder
  var dataDirectory: String { "\(temporary.path)/networks" }
  var folder: String { "\(dataDirectory)/net" }
  var results: String { "\(temporary.path)/results" }
  private var bootFile: String { "\(temporary.path)/boot_id" }

  init() throws {
    temporary = try TemporaryFolder()
    try reboot("7e6ee601-9214-4c71-8a50-000000000001")
    try makeFolder(results)
  }

  func reboot(_ id: String) throws { try writeFile("\(id)\n", to: bootFile) }

  func forgetBoot() throws { try removeFile(bootFile) }

  /// `ipam` without its braces; the rest of the configuration with a comma before.
  func config(_ ipam: String, _ rest: String = "", version: String = "1.1.0") -> String {
    """
    {"cniVersion": "\(version)", "name": "net", "type": "bridge"\(rest),
     "ipam": {"type": "host-local", "dataDir": "\(dataDirectory)", \(ipam)}}
    """
  }

  static let small = #""ranges": [[{"subnet": "10.1.0.0/29"}]]"#

  func call(
    _ verb: String, _ config: String, id: String = "c1", interface: String = "eth0", arguments: String = ""
  ) -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": id, "CNI_IFNAME": interface, "CNI_NETNS": "/proc/self/ns/net",
      "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/opt/cni/bin", "CNI_ARGS": arguments,
    ]
    return Call(environment, config).answer { [bootFile, results] _ in HostLocal(bootID: bootFile, results: results) }
  }

  /// ADD of the small set, or of another `ipam`.
  func add(_ id: String, _ ipam: String = Scene.small, _ rest: String = "", arguments: String = "") -> Answer {
    call("ADD", config(ipam, rest), id: id, arguments: arguments)
  }

  func write(_ text: String, to name: String) throws {
    try makeFolder(folder)
    try writeFile(text, to: "\(folder)/\(name)")
  }

  func text(_ name: String) throws -> String { try readFile("\(folder)/\(name)") }

  /// All names but the lock's, the cursors' and those of stamps.
  func reservations() throws -> [String] { try names().filter { $0.first?.isHexDigit ?? false || $0.hasPrefix(":") } }

  func stamps() throws -> [String] { try names().filter { $0.hasPrefix(".own.") } }

  /// All names; throws if there is no folder.
  func names() throws -> [String] {
    guard let found = try Folder.open(folder) else { throw SystemError("open \(folder)", number: ENOENT) }
    return try found.names().sorted()
  }
}

extension Answer {
  /// The addresses of a result, with prefix lengths.
  var addresses: [String] { list("address") }
  var gateways: [String] { list("gateway") }

  private func list(_ name: String) -> [String] {
    ((try? Field(json)["ips"].array()) ?? nil ?? []).compactMap { (try? $0[name].string()) ?? nil }
  }
}
