// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import Testing

@testable import Tap

@Suite("tap's options") struct TapSettingsTests {
  private func settings(_ members: String = "") throws -> TapSettings {
    try TapSettings(
      NetworkConfig(NetworkConfig.document(parsing: Array(#"{\#(members)"cniVersion":"1.0.0","name":"n"}"#.utf8))))
  }

  @Test("without options it has one queue, the header for offloads, and no owner")
  func defaults() throws {
    let settings = try settings()
    #expect(settings.tun.isTAP && settings.tun.vnetHeader && !settings.tun.multiQueue)
    #expect(settings.tun.owner == nil && settings.tun.group == nil)
    #expect(settings.mtu == nil && settings.label == nil && settings.bridge == nil && settings.dns.isEmpty)
  }

  @Test("every option is read; the owner 0 is one")
  func all() throws {
    let settings = try settings(
      #""multiQueue":true,"mtu":1400,"owner":0,"group":4294967294,"selinuxContext":"a:b:c:s0","bridge":"br0","#)
    #expect(settings.tun.multiQueue && settings.tun.owner == 0 && settings.tun.group == .max - 1)
    #expect(settings.mtu == .bytes(1400) && settings.label == "a:b:c:s0" && settings.bridge == "br0")
  }

  @Test(
    "a wrong option is code 7 with its name and what was expected",
    arguments: [
      (#""multiQueue":1"#, "multiQueue: expected true or false"), (#""mtu":70000"#, "mtu: expected"),
      (#""owner":-1"#, "owner: expected a number between 0 and 4294967294"),
      (#""owner":4294967295"#, "owner: expected a number"), (#""group":"root""#, "group: expected a number"),
      (#""selinuxContext":7"#, "selinuxContext: expected a string"),
      (#""bridge":"a b""#, "bridge: expected an interface name"),
    ])
  func wrong(member: String, message: String) {
    let error = #expect(throws: CNIError.self) { try settings(member + ",") }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }
}
