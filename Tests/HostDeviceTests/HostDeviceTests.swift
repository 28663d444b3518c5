// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import HostDevice
import Invoke
import JSON
import TestSupport
import Testing

@Suite("host-device by its place in sysfs", .enabled(if: Namespace.obstacle == nil, "needs privileges"))
struct HostDeviceTests {
  private let host: Namespace
  private let container: Namespace
  private let folder: TemporaryFolder

  init() throws {
    (host, container, folder) = (try Namespace(), try Namespace(), try TemporaryFolder())
    try host.ip("link add nic0 address 02:00:00:00:00:01 type veth peer name other")
    try folder.add("", named: "bus/pci/devices/0000:01:00.0/net/nic0/address")
    try folder.add("", named: "bus/auxiliary/devices/sf.2/net/nic0/address")
    try folder.add("", named: "devices/pci0/x/net/nic0/address")
    try folder.add("", named: "bus/pci/devices/0000:03:00.0/vendor")
    try folder.add("", named: "drivers/vfio-pci/bind")
    _ = try Program("ln").run([
      "-s", "../../../../drivers/vfio-pci", "\(folder.path)/bus/pci/devices/0000:03:00.0/driver",
    ])
    let result = #"{"cniVersion":"1.0.0","ips":[{"address":"10.30.0.5/24"}]}"#
    try folder.addScript("echo $CNI_COMMAND >> \(folder.path)/calls; echo '\(result)'", named: "ipam")
  }

  private func call(_ verb: String, _ members: String) -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "c1", "CNI_NETNS": container.path, "CNI_IFNAME": "eth0",
      "CNI_PATH": folder.path, "PATH": "/usr/bin:/bin",
    ]
    let config = #"{\#(members)"ipam":{"type":"ipam"},"cniVersion":"1.1.0","name":"n","type":"host-device"}"#
    return host.run {
      Call(environment, config).answer { HostDevice(executor: PluginExecutor(), sysfs: folder.path, note: $0) }
    }
  }

  @Test(
    "the device goes into the container and back",
    arguments: [
      #""pciBusID":"0000:01:00.0","#, #""kernelpath":"/sys/devices/pci0/x","#, #""runtimeConfig":{"deviceID":"sf.2"},"#,
      #""runtimeConfig":{"deviceID":"0000:01:00.0"},"#,
    ])
  func moves(members: String) throws {
    let answer = call("ADD", members)
    #expect(answer.status == 0, "\(answer.message)")
    #expect(try container.command("ip", "link", "show", "eth0").contains("alias nic0"))
    #expect(call("DEL", members).status == 0)
    #expect(try !host.command("ip", "link", "show", "nic0").contains("alias"))
    #expect(try folder.read("calls") == "ADD\nDEL\n")
  }

  @Test("a device that a program drives only gets addresses, and no interface is in the result")
  func dpdk() throws {
    let members = #""pciBusID":"0000:03:00.0","#
    let answer = call("ADD", members)
    #expect(answer.json?.canonicalResult == (try JSON(#"{"cniVersion":"1.1.0","ips":[{"address":"10.30.0.5/24"}]}"#)))
    try container.ip("link add eth0 alias nic7 type bridge")
    #expect(call("CHECK", members).status == 0 && call("DEL", members).status == 0)
    #expect(try container.command("ip", "link").contains("eth0"))
    #expect(try folder.read("calls") == "ADD\nCHECK\nDEL\n")
  }

  @Test("a device that is gone releases its addresses at DEL, and is code 7 at ADD")
  func gone() throws {
    for members in [#""pciBusID":"0000:09:00.0","#, #""runtimeConfig":{"deviceID":"nope"},"#] {
      #expect(call("DEL", members).status == 0)
      #expect(call("ADD", members).code == 7)
    }
    #expect(try folder.read("calls") == "DEL\nDEL\n")
  }
}
