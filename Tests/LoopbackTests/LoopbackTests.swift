// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import JSON
import Loopback
import TestSupport
import Testing

@Suite("loopback", .enabled(if: Namespace.obstacle == nil, "needs privileges")) struct LoopbackTests {
  private let container: Namespace

  init() throws {
    container = try Namespace()
    try container.ip("link set lo down")
  }

  private func call(_ verb: String, version: String = "1.0.0", _ members: String = "", namespace: String? = nil)
    -> Answer
  {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "c1", "CNI_NETNS": namespace ?? container.path, "CNI_IFNAME": "eth0",
      "CNI_PATH": "/opt/cni/bin",
    ]
    let config = #"{\#(members)"cniVersion":"\#(version)","name":"lo","type":"loopback"}"#
    return Call(environment, config).answer { _ in Loopback() }
  }

  private func isUp() throws -> Bool { try container.command("ip", "link", "show", "lo").contains(",UP") }

  @Test("ADD brings lo up, and returns its addresses in the layout of each version")
  func add() throws {
    let interface = #"{"name":"lo","mac":"00:00:00:00:00:00","sandbox":"\#(container.path)"}"#
    let (four, six) = (#""address":"127.0.0.1/8","interface":0"#, #""address":"::1/128","interface":0"#)
    let old = #""interfaces":[\#(interface)],"ips":[{\#(four),"version":"4"},{\#(six),"version":"6"}]"#
    let layouts = [
      "0.2.0": #""ip4":{"ip":"127.0.0.1/8"},"ip6":{"ip":"::1/128"}"#, "0.3.1": old, "0.4.0": old,
      "1.0.0": #""interfaces":[\#(interface)],"ips":[{\#(four)},{\#(six)}]"#,
    ]
    for (version, layout) in layouts {
      let answer = call("ADD", version: version)
      #expect(answer.status == 0 && answer.notes.isEmpty)
      let expected = try JSON(#"{"cniVersion":"\#(version)",\#(layout)}"#)
      #expect(answer.json?.canonicalResult == expected.canonicalResult)
    }
    #expect(try isUp())
  }

  @Test("ADD in a chain returns prevResult unchanged")
  func chained() throws {
    let previous = #"{"cniVersion":"1.0.0","ips":[{"address":"10.22.0.5/16"}]}"#
    let answer = call("ADD", #""prevResult":\#(previous),"#)
    #expect(answer.json?.canonicalResult == (try JSON(previous)).canonicalResult)
    #expect(try isUp())
  }

  @Test("ADD refuses lo with another address, and leaves it down")
  func foreignAddress() throws {
    try container.ip("addr add 10.9.9.9/32 dev lo")
    let answer = call("ADD")
    #expect(answer.code == 103)
    #expect(answer.message.contains("10.9.9.9/32"))
    #expect(try !isUp())
  }

  @Test("CHECK fails with code 102 where lo is down, and not after ADD")
  func check() {
    #expect(call("CHECK").code == 102)
    _ = call("ADD")
    #expect(call("CHECK").status == 0)
  }

  @Test("DEL brings lo down, succeeds twice, and without the namespace")
  func delete() throws {
    _ = call("ADD")
    #expect(call("DEL").status == 0)
    #expect(try !isUp())
    #expect(call("DEL").status == 0)
    for gone in ["", "/run/netns/none", "/etc/hostname"] { #expect(call("DEL", namespace: gone).status == 0) }
  }

  @Test("GC and STATUS succeed, and print nothing", arguments: ["GC", "STATUS"])
  func others(verb: String) {
    let answer = call(verb, version: "1.1.0", #""cni.dev/valid-attachments":[],"#)
    #expect(answer.status == 0 && answer.output.isEmpty)
  }
}
