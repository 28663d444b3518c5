// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@testable import HostDevice

@Suite struct DeviceMarkTests {
  private func attachment(_ network: String, _ id: String, _ interface: String = "eth0") -> CNI.Attachment {
    CNI.Attachment(network: network, containerID: id, interface: interface)
  }

  @Test("a mark says whose the device is and its name on the host, in what the kernel and ip take as a name")
  func roundTrip() throws {
    for name in ["nic0", "enp3s0f0", "a-b", "fifteen_bytes_x"] {
      let mark = DeviceMark(attachment(String(repeating: "n", count: 300), "c1"), name: name)
      let read = try #require(DeviceMark(mark.text))
      #expect(read == mark && read.name == name)
      #expect(mark.text.utf8.count < 128 && !mark.text.contains("/"))
      #expect(read.isOf(attachment(String(repeating: "n", count: 300), "c1")))
      for other in [attachment("n", "c1"), attachment(String(repeating: "n", count: 300), "c2")] {
        #expect(!read.isOf(other))
      }
    }
  }

  @Test(
    "other alternative names are no marks", arguments: ["", "enp3s0", "host-device-", "host-device-0123456789abcdef-"])
  func others(name: String) {
    #expect(DeviceMark(name) == nil)
  }
}
