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
  /// Whether DEL may take little more than the kernel needs to remove a veth.
  var removesVeth = false

  /// All that are measured, a line for each. Upstream's masquerading writes rules of iptables, and ours does not.
  static let all = [
    InterfaceKind(title: "loopback", plugin: "loopback", members: "", limit: 1.0 / 2),
    bridge, masquerading,
  ]

  static let bridge = InterfaceKind(
    title: "bridge", plugin: "bridge", members: #","isGateway":true"# + addresses, limit: 1.0 / 5, isCrowded: true,
    removesVeth: true)
  static let masquerading = InterfaceKind(
    title: "bridge, ipMasq", plugin: "bridge", members: #","isGateway":true,"ipMasq":true"# + addresses,
    limit: 1.0 / 10, isCrowded: true, removesVeth: true)

  /// An address of host-local, and a default route.
  static let addresses = """
    ,"ipam":{"type":"host-local","dataDir":"\(PrivateMounts.folder)/addresses",\
    "ranges":[[{"subnet":"10.22.0.0/16"}]],"routes":[{"dst":"0.0.0.0/0"}]}
    """
}
