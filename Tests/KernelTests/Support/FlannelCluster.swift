// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

/// Two nodes joined and masquerading as by flanneld with its VXLAN backend.
struct FlannelCluster {
  let first: FlannelNode
  let second: FlannelNode

  init(dualStack: Bool = false) throws {
    first = try FlannelNode(0, dualStack: dualStack)
    second = try FlannelNode(1, dualStack: dualStack)
    try first.namespace.ip("link add uplink type veth peer name uplink netns \(second.namespace.path)")
    // Both nodes' devices must exist before one node is configured with the other's.
    for node in [first, second] { try node.raise() }
    try first.join(second)
    try second.join(first)
  }
}

/// A node as flanneld sets it up; its pods reach another node's only after a ``FlannelCluster`` joins both.
final class FlannelNode {
  let number: Int
  let namespace: Namespace
  let isDualStack: Bool
  private let folder: TemporaryFolder

  init(_ number: Int = 0, dualStack: Bool = false) throws {
    self.number = number
    isDualStack = dualStack
    namespace = try Namespace()
    folder = try TemporaryFolder()
    try Self.prepare(namespace)
    // Otherwise bridged frames would pass netfilter where the module br_netfilter is loaded.
    for key in ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"]
    where (try? namespace.sysctl(key)) != nil { try namespace.set(key, to: "0") }
    try namespace.set("net/ipv4/ip_forward", to: "1")
    try namespace.set("net/ipv6/conf/all/forwarding", to: "1")
    try writeSubnetFile()
  }

  /// The node's own addresses, and those of its pods.
  var address: String { "192.0.2.\(number + 1)" }
  var address6: String { "2001:db8:1::\(number + 1)" }
  var subnet: String { "10.244.\(number).0" }
  var subnet6: String { number == 0 ? "fd00:10:244::" : "fd00:10:244:\(number)::" }

  var subnetFile: String { "\(folder.path)/subnet.env" }
  /// The folders in which flannel keeps the state for DEL, and host-local the addresses.
  var dataDir: String { "\(folder.path)/flannel" }
  var ipamDir: String { "\(folder.path)/addresses" }
  var cniPath: String { "\(folder.path)/plugins:/usr/lib/cni" }

  /// Writes the file as flanneld does; `masquerades` says that flanneld masquerades, so that the delegate need not.
  func writeSubnetFile(masquerades: Bool = true) throws {
    let second = """
      FLANNEL_IPV6_NETWORK=fd00:10:244::/48
      FLANNEL_IPV6_SUBNET=\(subnet6)1/64

      """
    try write(
      """
      FLANNEL_NETWORK=10.244.0.0/16
      FLANNEL_SUBNET=10.244.\(number).1/24
      \(isDualStack ? second : "")FLANNEL_MTU=1450
      FLANNEL_IPMASQ=\(masquerades)

      """, to: subnetFile)
  }

  /// Another process writes the file, so that no process of ours has it open when it is run.
  func write(_ text: String, to path: String, mode: String = "644") throws {
    let outcome = try Program("install").run(["-D", "-m", mode, "/dev/stdin", path], input: Array(text.utf8))
    guard outcome.status == 0 else { throw CommandFailure(words: ["install", path], outcome: outcome) }
  }

  func remove(_ path: String) throws {
    let outcome = try Program("rm").run([path])
    guard outcome.status == 0 else { throw CommandFailure(words: ["rm", path], outcome: outcome) }
  }

  /// The state of all pods: flannel's files, host-local's addresses and the node's ends of the pods' interfaces.
  func traces() throws -> [String] { try savedFiles() + addresses() + interfaces() }

  /// The paths of all files of flannel.
  func savedFiles() throws -> [String] { try files(dataDir) }

  /// The names of flannel's files for one attachment; those that upstream writes too are named by the container's ID.
  func savedAttachments() throws -> [String] {
    try savedFiles().map { String($0.dropFirst(dataDir.count + 1)) }.filter { $0.contains(":") }.sorted()
  }

  /// The paths of host-local's files for addresses.
  func addresses() throws -> [String] {
    try files(ipamDir).filter { $0.split(separator: "/").last.map { isAddress(String($0)) } ?? false }
  }

  func interfaces() throws -> [String] {
    let list = try namespace.command("ip", "-brief", "link", "show", "type", "veth")
    return list.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("uplink@") }
  }

  private func files(_ folder: String) throws -> [String] {
    try Program("find").run([folder, "!", "-type", "d"]).outputText.split(separator: "\n").map(String.init)
  }

  /// Adds a script as a plugin to `CNI_PATH`, before the installed ones; it records its calls, runs `body` and then succeeds. It
  /// may leave its input unread.
  func addPlugin(
    named name: String = "script", version: String = "1.0.0", reads: Bool = true, _ body: String = ""
  ) throws {
    try write(
      """
      #!/bin/sh
      cd '\(folder.path)'
      echo "$CNI_COMMAND" >> calls
      env > "$CNI_COMMAND.environment"
      \(reads ? #"cat > "$CNI_COMMAND.input""# : "")
      \(body)
      if [ "$CNI_COMMAND" = ADD ]; then
        echo '{"cniVersion":"\(version)","ips":[{"address":"10.244.0.9/24"}],"dns":{}}'
      fi

      """, to: "\(folder.path)/plugins/\(name)", mode: "755")
  }

  /// The verbs of the calls of such plugins, in order.
  func calls() throws -> [String] { try lines("calls") }

  /// The input of the last call of such a plugin with a verb.
  func environment(_ verb: String) throws -> [String] { try lines("\(verb).environment") }
  func input(_ verb: String) throws -> Field { Field(try JSON(parsing: contents("\(verb).input"))) }

  /// The lines of a file that such a plugin wrote; none if it does not exist.
  func lines(_ file: String) throws -> [String] {
    String(decoding: try contents(file), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func contents(_ file: String) throws -> [UInt8] { try Program("cat").run(["\(folder.path)/\(file)"]).output }

  /// Gives the node its addresses, its VXLAN devices, and the rules of flanneld.
  fileprivate func raise() throws {
    try namespace.ip(
      """
      addr add \(address)/24 dev uplink
      addr add \(address6)/64 dev uplink nodad
      link set uplink up
      link add flannel.1 address \(hardwareAddress) type vxlan id 1 dev uplink local \(address) dstport 8472 nolearning
      addr add \(subnet)/32 dev flannel.1
      link set flannel.1 up
      """)
    try namespace.command(
      "nft", "-f", "-",
      input: """
        table ip flannel-ipv4 {
          chain postrtg {
            type nat hook postrouting priority srcnat
            ip saddr \(subnet)/24 ip daddr 10.244.0.0/16 return
            ip saddr 10.244.0.0/16 ip daddr \(subnet)/24 return
            ip saddr != \(subnet)/24 ip daddr \(subnet)/24 return
            ip saddr 10.244.0.0/16 ip daddr != 224.0.0.0/4 masquerade fully-random
            ip saddr != 10.244.0.0/16 ip daddr 10.244.0.0/16 masquerade fully-random
          }
        }

        """)
    guard isDualStack else { return }
    try namespace.ip(
      """
      link add flannel-v6.1 address \(hardwareAddress) type vxlan id 1 dev uplink local \(address6) dstport 8472 \
      nolearning
      addr add \(subnet6)/128 dev flannel-v6.1 nodad
      link set flannel-v6.1 up
      """)
  }

  /// Adds the routes to another node's pods.
  fileprivate func join(_ other: FlannelNode) throws {
    try join("flannel.1", other, "\(other.subnet)/24", via: other.subnet, other.address)
    if isDualStack { try join("flannel-v6.1", other, "\(other.subnet6)/64", via: other.subnet6, other.address6) }
  }

  private func join(_ device: String, _ other: FlannelNode, _ subnet: String, via: String, _ remote: String) throws {
    try namespace.command("bridge", "fdb", "append", other.hardwareAddress, "dev", device, "dst", remote)
    try namespace.ip(
      """
      neigh replace \(via) lladdr \(other.hardwareAddress) dev \(device) nud permanent
      route replace \(subnet) via \(via) dev \(device) onlink
      """)
  }

  private var hardwareAddress: String { "02:f1:00:00:00:0\(number + 1)" }

  /// Without this an IPv6 address would be usable only after a second.
  static func prepare(_ namespace: Namespace) throws {
    for scope in ["all", "default"] { try namespace.set("net/ipv6/conf/\(scope)/accept_dad", to: "0") }
  }
}
