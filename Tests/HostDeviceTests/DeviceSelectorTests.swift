// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import TestSupport
import Testing

@testable import HostDevice

@Suite("how host-device's configuration names the device") struct DeviceSelectorTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.add("", named: "bus/pci/devices/0000:01:00.0/vendor")
    try folder.add("", named: "bus/auxiliary/devices/mlx5_core.sf.2/sfnum")
  }

  private func selector(_ members: String) throws -> DeviceSelector {
    let config = try NetworkConfig(
      NetworkConfig.document(parsing: Array(#"{\#(members),"cniVersion":"1.0.0","name":"n"}"#.utf8)))
    return try DeviceSelector(config, Sysfs(root: folder.path))
  }

  @Test("runtimeConfig.deviceID comes first, then device, hwaddr, kernelpath, pciBusID")
  func precedence() throws {
    let members = [
      #""pciBusID":"0000:01:00.0""#, #""kernelpath":"/sys/devices/pci0/x""#, #""hwaddr":"02:00:00:00:00:AB""#,
      #""device":"nic0""#, #""runtimeConfig":{"deviceID":"mlx5_core.sf.2"}"#,
    ]
    let selectors: [DeviceSelector] = [
      .pci("0000:01:00.0"), .path("/sys/devices/pci0/x"), .mac(try #require(.init("02:00:00:00:00:ab"))), .name("nic0"),
      .auxiliary("mlx5_core.sf.2"),
    ]
    for count in 1...members.count {
      #expect(try selector(members.prefix(count).joined(separator: ",")) == selectors[count - 1])
    }
    #expect(try selector(#""runtimeConfig":{"deviceID":"0000:01:00.0"}"#) == .pci("0000:01:00.0"))
  }

  @Test(
    "a wrong option is code 7 with its name and what was expected",
    arguments: [
      (
        #""x":1"#,
        "device: expected an interface's name, or one of hwaddr, kernelpath, pciBusID and runtimeConfig.deviceID"
      ),
      (#""device":7"#, "device: expected a string"), (#""device":"a/b""#, "device: expected an interface name"),
      (#""hwaddr":"zz""#, "hwaddr: expected a MAC address"),
      (#""kernelpath":"/etc""#, "kernelpath: expected a path below /sys/devices/"),
      (#""kernelpath":"/sys/devices/../../etc""#, "kernelpath: expected a path below /sys/devices/"),
      (#""pciBusID":"../x""#, "pciBusID: expected a device's name on its bus"),
      (#""pciBusID":1"#, "pciBusID: expected a string"),
      (
        #""runtimeConfig":{"deviceID":"nope"}"#,
        "runtimeConfig.deviceID: expected a device of the PCI bus or of the auxiliary bus"
      ),
      (#""runtimeConfig":{"deviceID":3}"#, "runtimeConfig.deviceID: expected a string"),
    ])
  func wrong(member: String, message: String) {
    let error = #expect(throws: CNIError.self) { try selector(member) }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }
}
