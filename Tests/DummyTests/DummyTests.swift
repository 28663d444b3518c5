// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import Dummy
import Invoke
import TestSupport
import Testing

@Suite("dummy's options", .enabled(if: Namespace.obstacle == nil, "needs privileges")) struct DummyTests {
  private let container: Namespace
  private let plugins: TemporaryFolder

  init() throws {
    (container, plugins) = (try Namespace(), try TemporaryFolder())
    try plugins.addScript("echo $CNI_COMMAND >> \(plugins.path)/calls; echo '{}'", named: "ipam")
  }

  private func call(_ verb: String, _ members: String, arguments: String = "") -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "c1", "CNI_NETNS": container.path, "CNI_IFNAME": "eth0",
      "CNI_PATH": plugins.path, "CNI_ARGS": arguments, "PATH": "/usr/bin:/bin",
    ]
    let config = #"{\#(members)"cniVersion":"1.1.0","name":"n","type":"dummy"}"#
    return Call(environment, config).answer { Dummy(executor: PluginExecutor(), note: $0) }
  }

  @Test(
    "ADD and STATUS without an IPAM plugin are code 7 with the field, and change nothing", arguments: ["ADD", "STATUS"])
  func withoutIPAM(verb: String) throws {
    for members in ["", #""ipam":{},"#] {
      let answer = call(verb, members)
      #expect(answer.code == 7)
      #expect(answer.message.hasPrefix("ipam.type: expected the name of an IPAM plugin, such as host-local"))
    }
    #expect(try !container.command("ip", "link").contains("eth0"))
  }

  @Test("DEL without ipam succeeds")
  func deletion() throws { #expect(call("DEL", "").status == 0) }

  @Test("a wrong option is refused with its name before the IPAM plugin is called")
  func wrongOptions() throws {
    let dns = call("ADD", #""dns":{"search":"x"},"ipam":{"type":"ipam"},"#)
    #expect(dns.code == 7 && dns.message.hasPrefix("dns.search: expected a list"))
    let arguments = call("ADD", #""ipam":{"type":"ipam"},"#, arguments: "COLOUR=red")
    #expect(arguments.code == 4 && arguments.message.hasPrefix("CNI_ARGS: "))
    #expect(try plugins.read("calls").isEmpty)
  }
}
