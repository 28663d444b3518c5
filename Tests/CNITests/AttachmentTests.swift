// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@Suite struct AttachmentTests {
  @Test("an owner is named by network, container and interface, all of which tell it from others")
  func text() {
    let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")
    #expect("\(owner)" == "net/id/eth0")
    let others = [
      CNI.Attachment(network: "net2", containerID: "id", interface: "eth0"),
      CNI.Attachment(network: "net", containerID: "id2", interface: "eth0"),
      CNI.Attachment(network: "net", containerID: "id", interface: "eth1"),
    ]
    #expect(!others.contains(owner))
    #expect(Set(others.map(\.description)).count == 3)
  }
}
