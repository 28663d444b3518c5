// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A plugin that makes an interface, the configuration that it is measured with, and the limit for it.
struct InterfaceKind {
  let title: String
  let plugin: String
  /// Members of the configuration, each after a comma.
  let members: String
  /// Lines for `ip` that make on the node what the plugin needs.
  var preparation = ""
  /// The most that an ADD of ours may take, as part of upstream's time.
  let limit: Double
  /// Whether it is measured on a node with many others too.
  var isCrowded = false
  /// Whether a bridge connects it: its ADD is beside what the kernel takes for that, its DEL beside the removal of a veth.
  var isBridged = false

  /// All that are measured, a line for each. Upstream's masquerading writes rules of iptables, and ours does not.
  static let all = [
    InterfaceKind(title: "loopback", plugin: "loopback", members: "", limit: 1.0 / 2),
    bridge, masquerading,
    InterfaceKind(title: "ptp", plugin: "ptp", members: addresses, limit: 1.0 / 4),
    InterfaceKind(
      title: "macvlan", plugin: "macvlan", members: #","master":"uplink""# + addresses,
      preparation: "link add uplink up type veth peer name other\nlink set other up", limit: 1.0 / 4),
  ]

  static let bridge = InterfaceKind(
    title: "bridge", plugin: "bridge", members: #","isGateway":true"# + addresses, limit: 1.0 / 5, isCrowded: true,
    isBridged: true)
  static let masquerading = InterfaceKind(
    title: "bridge, ipMasq", plugin: "bridge", members: #","isGateway":true,"ipMasq":true"# + addresses,
    limit: 1.0 / 10, isCrowded: true, isBridged: true)

  /// An address of host-local, and a default route.
  static let addresses = """
    ,"ipam":{"type":"host-local","dataDir":"\(PrivateMounts.folder)/addresses",\
    "ranges":[[{"subnet":"10.22.0.0/16"}]],"routes":[{"dst":"0.0.0.0/0"}]}
    """
}
