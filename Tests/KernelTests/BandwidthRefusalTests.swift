// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("bandwidth: refusals", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthRefusalTests {
  /// Members of a configuration that are wrong, and the field that the message must name.
  static let wrong = [
    (#""ingressRate":7,"ingressBurst":8000,"#, "ingressRate"),
    (#""egressRate":1,"egressBurst":8000,"#, "egressRate"),
    (#""ingressRate":8000000,"#, "ingressBurst"),
    (#""egressRate":8000000,"egressBurst":0,"#, "egressBurst"),
    (#""ingressBurst":8000,"#, "ingressRate"),
    (#""egressRate":0,"egressBurst":8000,"#, "egressRate"),
    (#""ingressRate":8000000,"ingressBurst":34359738368,"#, "ingressBurst"),
    (#""egressRate":8000000,"egressBurst":18446744073709551615,"#, "egressBurst"),
    (#""ingressRate":18446744073709551616000,"ingressBurst":8000,"#, "ingressRate"),
    (#""ingressRate":-1,"ingressBurst":8000,"#, "ingressRate"),
    (#""egressRate":8000000,"egressBurst":-8,"#, "egressBurst"),
    (#""ingressRate":"8000000","ingressBurst":8000,"#, "ingressRate"),
    (#""ingressRate":8000000,"ingressBurst":"8k","#, "ingressBurst"),
    (#""egressRate":8000000.5,"egressBurst":8000,"#, "egressRate"),
    (#""egressRate":8000000,"egressBurst":[],"#, "egressBurst"),
    (#""ingressRate":true,"ingressBurst":8000,"#, "ingressRate"),
    (BandwidthScene.ingress + #""egressRate":3,"egressBurst":8000,"#, "egressRate"),
    (#""runtimeConfig":{"bandwidth":{"IngressRate":8000000}},"#, "runtimeConfig.bandwidth"),
    (#""runtimeConfig":{"bandwidth":{"egressRate":4,"egressBurst":8000}},"#, "runtimeConfig.bandwidth.egressRate"),
    (BandwidthScene.both + #""unshapedSubnets":["10.0.0.0/33"],"#, "unshapedSubnets[0]"),
    (BandwidthScene.both + #""unshapedSubnets":["10.0.0.0/8","everywhere"],"#, "unshapedSubnets[1]"),
    (BandwidthScene.both + #""unshapedSubnets":[""],"#, "unshapedSubnets[0]"),
    (BandwidthScene.both + #""unshapedSubnets":[7],"#, "unshapedSubnets[0]"),
    (BandwidthScene.both + #""unshapedSubnets":"10.0.0.0/8","#, "unshapedSubnets"),
    (BandwidthScene.both + #""maxBurst":7,"#, "maxBurst"),
    (BandwidthScene.both + #""maxBurst":34359738368,"#, "maxBurst"),
    (BandwidthScene.both + #""maxBurst":"auto","#, "maxBurst"),
    (BandwidthScene.both + #""latency":0,"#, "latency"),
    (BandwidthScene.both + #""latency":60001,"#, "latency"),
    (BandwidthScene.both + #""latency":"25ms","#, "latency"),
  ]

  @Test("a configuration that is wrong is code 7, which names the field, and changes nothing")
  func configuration() throws {
    let scene = try BandwidthScene()
    for isShaped in [false, true] {
      if isShaped { try scene.succeed("ADD") }
      let before = try scene.state()
      for (members, field) in Self.wrong {
        for verb in isShaped ? ["ADD", "CHECK"] : ["ADD"] {
          let error = try scene.fail(verb, members)
          #expect(error.code == 7, "\(members)")
          #expect(error.message.contains(field), "\(members)")
        }
      }
      try scene.requireUnchanged(since: before)
    }
    try scene.succeed("CHECK")
  }

  @Test("without prevResult it is code 7")
  func noResult() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    for members in [BandwidthScene.both, ""] {
      let error = try scene.fail("ADD", members, .init(prevResult: .some(nil)))
      #expect(error.code == 7 && error.message.contains("prevResult"))
    }
    try scene.requireUnchanged(since: before)
  }

  /// An interface that cannot be shaped: the lines of ip on the node that make it, in which NETNS is the container's namespace
  /// and CLIENT another one, and words of the message.
  struct Interface: Sendable, CustomTestStringConvertible {
    let name: String
    let lines: String
    let words: String
    var isInside = false
    var testDescription: String { name }
  }

  @Test(
    "an interface that is no veth with its other end here is code 7, which names it",
    arguments: [
      Interface(name: "one that is missing", lines: "", words: "No such device"),
      Interface(
        name: "a macvlan", lines: "link add net9 link uplink type macvlan mode bridge\nlink set net9 netns NETNS",
        words: "macvlan"),
      Interface(name: "a bridge", lines: "link add net9 netns NETNS type bridge", words: "bridge"),
      Interface(name: "an IFB", lines: "link add net9 netns NETNS type ifb", words: "ifb"),
      Interface(name: "a tun", lines: "tuntap add net9 mode tun\nlink set net9 netns NETNS", words: "tun"),
      Interface(
        name: "a veth to another host", lines: "link add net9 netns NETNS type veth peer name far netns CLIENT",
        words: "not on this host"),
      Interface(
        name: "a veth within the container", lines: "link add net9 type veth peer name near", words: "not on this host",
        isInside: true),
    ])
  func interface(_ interface: Interface) throws {
    let scene = try BandwidthScene()
    let container = Container(
      namespace: scene.container.namespace, id: scene.container.id, ifName: "net9", address: try ip("10.22.0.9"))
    let lines = interface.lines.replacing("NETNS", with: container.namespace.path)
      .replacing("CLIENT", with: scene.node.client.path)
    try (interface.isInside ? container.namespace : scene.node.namespace).ip(lines)
    try scene.succeed("ADD")
    let before = try scene.state()
    for verb in ["ADD", "CHECK"] {
      let error = try scene.fail(verb, BandwidthScene.both, .init(container: container))
      #expect(error.code == 7)
      for words in ["CNI_IFNAME", "net9", interface.words] { #expect(error.message.contains(words)) }
    }
    // Without rates the interface is not checked.
    try scene.succeed("ADD", "", .init(container: container))
    try scene.succeed("DEL", BandwidthScene.both, .init(container: container))
    try scene.requireUnchanged(since: before)
    try scene.succeed("CHECK")
  }

  @Test("lo, the namespace of the host and one that is gone are refused")
  func namespaces() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    let loopback = try scene.fail("ADD", BandwidthScene.both, .init(environment: ["CNI_IFNAME": "lo"]))
    #expect(loopback.code == 7 && loopback.message.contains("CNI_IFNAME"))
    for path in [scene.node.namespace.path, "/run/netns/gone", "/dev/null", ""] {
      let error = try scene.fail("ADD", BandwidthScene.both, .init(environment: ["CNI_NETNS": path]))
      #expect(!error.message.isEmpty && error.code < 100)
    }
    try scene.requireUnchanged(since: before)
  }
}
