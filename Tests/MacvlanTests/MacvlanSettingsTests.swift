// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import Testing

@testable import Macvlan

@Suite("macvlan's options") struct MacvlanSettingsTests {
  private func settings(_ members: String = "") throws -> MacvlanSettings {
    try MacvlanSettings(
      NetworkConfig(NetworkConfig.document(parsing: Array(#"{\#(members)"cniVersion":"1.0.0","name":"n"}"#.utf8))))
  }

  @Test("without options the mode is bridge, and the rest the kernel's choice")
  func defaults() throws {
    let settings = try settings(#""bcqueuelen":0,"mtu":0,"master":"","#)
    #expect(settings.master == nil && settings.mode == .bridge && settings.mtu == nil)
    #expect(!settings.hasMasterInContainer && settings.dns.isEmpty)
    #expect(settings.options.mode == .bridge && settings.options.broadcastQueueLength == nil)
  }

  @Test("every option is read")
  func all() throws {
    let settings = try settings(
      #""master":"eth0.5","mode":"vepa","mtu":1400,"bcqueuelen":4294967295,"linkInContainer":true,"dns":{"domain":"d"},"#
    )
    #expect(settings.master == "eth0.5" && settings.mode == .vepa && settings.mtu == .bytes(1400))
    #expect(settings.hasMasterInContainer && settings.dns.domain == "d")
    #expect(settings.options.mode == .vepa && settings.options.broadcastQueueLength == .max)
    for (text, mode) in [("private", MacvlanSettings.Mode.private), ("passthru", .passthru)] {
      #expect(try self.settings(#""mode":"\#(text)","#).mode == mode)
    }
  }

  @Test(
    "a wrong option is code 7 with its name and what was expected",
    arguments: [
      (#""master":7"#, "master: expected a string"), (#""master":"a/b""#, "master: expected an interface name"),
      (#""mode":"foo""#, "mode: expected one of bridge, private, vepa, passthru"),
      (#""mode":1"#, "mode: expected a string"),
      (#""mtu":"1500""#, "mtu: expected \"auto\", 0, or bytes from 68 to 65535"), (#""mtu":67"#, "mtu: expected"),
      (#""bcqueuelen":-1"#, "bcqueuelen: expected a number between 0 and 4294967295"),
      (#""bcqueuelen":4294967296"#, "bcqueuelen: expected a number"),
      (#""bcqueuelen":"9""#, "bcqueuelen: expected a number"),
      (#""linkInContainer":"true""#, "linkInContainer: expected true or false"),
      (#""dns":[]"#, "dns: expected an object"),
    ])
  func wrong(member: String, message: String) {
    let error = #expect(throws: CNIError.self) { try settings(member + ",") }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }
}
