// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import TestSupport
import Testing

@Suite(
  "firewall: a DEL that looks for nothing",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallHintTests {
  /// How often a DEL has the kernel list chains and the elements of sets, after an ADD with the same options.
  private func dumps(
    _ place: FirewallNode.Place, options: String, namesHostEnd: Bool, hasNamespace: Bool = true
  ) throws -> (chains: Int, elements: Int) {
    let trace = MessageTrace()
    var host = try FirewallNode().at(place)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.succeed("ADD", container, options: options)
    host.program = try trace.program("firewall")
    let previous = #""prevResult":{"cniVersion":"1.0.0","ips":[{"address":"\#(container.ip)/16"}]},"#
    let outcome = try host.call(
      "DEL", container, options: namesHostEnd ? options : options + previous, prevResult: namesHostEnd,
      environment: hasNamespace ? [:] : ["CNI_NETNS": ""])
    #expect(outcome.status == 0, "\(outcome.outputText)")
    usleep(10_000)  // as FirewallNode.delete
    #expect(try host.elements("containers4") == [])
    var types: [nf_tables_msg_types.RawValue] = []
    for datagram in try trace.datagrams() where datagram.bus == "NETLINK_NETFILTER" {
      // A dump is asked for alone: its length, type and flags (struct nlmsghdr).
      let words = datagram.bytes.prefix(8)
      guard words.count == 8, words[7] & UInt8(NLM_F_DUMP >> 8) == UInt8(NLM_F_DUMP >> 8) else { continue }
      if words[5] == UInt8(NFNL_SUBSYS_NFTABLES) { types.append(nf_tables_msg_types.RawValue(words[4])) }
    }
    return (
      types.count { $0 == NFT_MSG_GETCHAIN.rawValue }, types.count { $0 == NFT_MSG_GETSETELEM.rawValue }
    )
  }

  @Test(
    "of a container whose result does not name the host's end of its veth, as the namespace leads to it",
    arguments: [
      (FirewallNode.Place.iptablesNFT, ""), (.iptablesLegacy, ""), (.nftables, #""ingressPolicy":"same-bridge","#),
      (.nftables, #""ingressPolicy":"isolated","dropInvalid":true,"#),
    ])
  func hostEnd(place: FirewallNode.Place, options: String) throws {
    let usual = try dumps(place, options: options, namesHostEnd: true)
    let found = try dumps(place, options: options, namesHostEnd: false)
    #expect(found.elements == usual.elements)
    #expect(usual.chains == 0)
    #expect(found.chains <= 1)
    // Without a namespace it takes a look at all.
    let all = try dumps(place, options: options, namesHostEnd: false, hasNamespace: false)
    #expect(all.elements > usual.elements + 5)
  }
}
