// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import TestSupport

/// Debian's bridge or ptp on a node: an interface `eth0` of a container, with the addresses 10.88.0.2/16 and fd00:88::2/64.
struct UpstreamInterface {
  let plugin: String
  let scene: MasqueradeScene
  let programs: IPTablesPrograms
  let container: Namespace
  let folder: TemporaryFolder
  /// Members of the configuration, each with a comma at its end.
  var members = #""ipMasq":true,"#

  init(_ plugin: String, _ scene: MasqueradeScene, _ programs: IPTablesPrograms) throws {
    self.plugin = plugin
    self.scene = scene
    self.programs = programs
    container = try Namespace()
    folder = try TemporaryFolder()
  }

  func call(_ verb: String, id: String = "cid1") throws {
    let variables = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": id, "CNI_NETNS": container.path, "CNI_IFNAME": "eth0",
      "CNI_PATH": "/usr/lib/cni",
    ]
    let ipam = """
      "ipam":{"type":"host-local","dataDir":"\(folder.path)",\
      "ranges":[[{"subnet":"10.88.0.0/16"}],[{"subnet":"fd00:88::/64"}]]},
      """
    let bridge = plugin == "bridge" ? #""bridge":"up0","isGateway":true,"# : ""
    let outcome = try scene.node.namespace.run {
      try Program("/usr/lib/cni/\(plugin)").run(
        environment: programs.environment.merging(variables) { $1 },
        input: pluginConfig(plugin, scene.network, "1.0.0", members + bridge + ipam, nil))
    }
    if outcome.status != 0 { throw CommandFailure(words: [plugin, verb], outcome: outcome) }
  }
}
