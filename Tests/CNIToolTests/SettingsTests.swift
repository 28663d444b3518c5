// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import OS
import Testing

@testable import CNITool

@Suite("the environment") struct SettingsTests {
  private func settings(_ variables: [String: String]) throws -> Settings {
    try Settings(Environment(variables), ownFolder: "/own")
  }

  @Test(
    "without variables the usual folders are searched, and that of cnitool last", arguments: [[:], ["CNI_PATH": ""]])
  func defaults(variables: [String: String]) throws {
    let settings = try settings(variables)
    #expect(settings.configurationFolder == "/etc/cni/net.d")
    #expect(settings.pluginFolders == ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni", "/own"])
    let attachment = settings.attachment(namespace: "/run/netns/c1", interface: nil)
    #expect(attachment.interface == "eth0" && attachment.arguments.isEmpty && attachment.capabilityArguments.isEmpty)
    #expect(attachment.containerID == "cnitool-20b4ff582526573bbe7d")
  }

  @Test("each variable is read, and the option goes before CNI_IFNAME")
  func variables() throws {
    let settings = try settings([
      "NETCONFPATH": "/conf", "CNI_PATH": "/a:/b", "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAME=p",
      "CAP_ARGS": #"{"mac": "02:00:00:00:00:01"}"#, "CNI_IFNAME": "net1",
    ])
    #expect(settings.configurationFolder == "/conf" && settings.pluginFolders == ["/a", "/b"])
    let attachment = settings.attachment(namespace: "/n", interface: nil)
    #expect(attachment.interface == "net1")
    #expect(attachment.arguments == [.init("IgnoreUnknown", "1"), .init("K8S_POD_NAME", "p")])
    #expect(attachment.capabilityArguments.json == #"{"mac":"02:00:00:00:00:01"}"#)
    #expect(settings.attachment(namespace: "/n", interface: "eth7").interface == "eth7")
  }

  @Test(
    "a pair of CNI_ARGS that upstream refuses is refused in its words",
    arguments: ["x", "=v", "k=", "a=b;", "a=b=c", ";"])
  func badArguments(text: String) throws {
    let failure = #expect(throws: ToolFailure.self) { try settings(["CNI_ARGS": text]) }
    #expect(failure?.description.hasPrefix("invalid CNI_ARGS pair \"") == true)
    #expect(failure?.code == 4 && failure?.exitStatus == 1)
  }

  @Test("CAP_ARGS that is no object is refused", arguments: ["[]", "x", "1"])
  func badCapabilities(text: String) throws {
    let failure = #expect(throws: ToolFailure.self) { try settings(["CAP_ARGS": text]) }
    #expect(failure?.description.hasPrefix("CAP_ARGS: ") == true)
  }
}
