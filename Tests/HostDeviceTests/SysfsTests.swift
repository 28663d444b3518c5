// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@testable import HostDevice

@Suite("devices in sysfs") struct SysfsTests {
  private let folder: TemporaryFolder
  private var sysfs: Sysfs { Sysfs(root: folder.path) }

  init() throws {
    folder = try TemporaryFolder()
    try folder.add("", named: "devices/pci0/0000:01:00.0/net/nic1/address")
    try folder.add("", named: "devices/pci0/0000:01:00.0/net/nic0/address")
    try folder.add("", named: "devices/pci0/0000:02:00.0/virtio3/net/nic2/address")
    try folder.add("", named: "devices/pci0/0000:03:00.0/vendor")
    try folder.add("", named: "devices/pci0/mlx5_core.sf.2/net/nic4/address")
    try folder.add("", named: "bus/pci/drivers/vfio-pci/bind")
    try folder.add("", named: "bus/pci/drivers/e1000/bind")
    try folder.add("", named: "bus/pci/devices/x")
    try folder.add("", named: "bus/auxiliary/devices/x")
    for device in ["0000:01:00.0", "0000:02:00.0", "0000:03:00.0"] {
      try link("../../../devices/pci0/\(device)", "bus/pci/devices/\(device)")
    }
    try link("../../../devices/pci0/mlx5_core.sf.2", "bus/auxiliary/devices/mlx5_core.sf.2")
    try link("../../../bus/pci/drivers/vfio-pci", "devices/pci0/0000:03:00.0/driver")
    try link("../../../bus/pci/drivers/e1000", "devices/pci0/0000:01:00.0/driver")
  }

  private func link(_ target: String, _ name: String) throws {
    _ = try Program("ln").run(["-s", target, "\(folder.path)/\(name)"])
  }

  @Test("the interface is in net, or for virtio one level below; the first by name counts")
  func interfaces() throws {
    #expect(try sysfs.interface(of: .pci("0000:01:00.0")) == "nic0")
    #expect(try sysfs.interface(of: .pci("0000:02:00.0")) == "nic2")
    #expect(try sysfs.interface(of: .pci("0000:03:00.0")) == nil)
    #expect(try sysfs.interface(of: .pci("0000:04:00.0")) == nil)
    #expect(try sysfs.interface(of: .auxiliary("mlx5_core.sf.2")) == "nic4")
    #expect(try sysfs.interface(of: .path("/sys/devices/pci0/0000:01:00.0")) == "nic0")
    #expect(try sysfs.interface(of: .path("/sys/devices/none")) == nil)
    #expect(try sysfs.interface(of: .name("nic0")) == nil)
  }

  @Test("a PCI device whose driver hands it to a program has no interface")
  func drivers() {
    #expect(sysfs.isDrivenByProgram(.pci("0000:03:00.0")))
    for other in [DeviceSelector.pci("0000:01:00.0"), .pci("0000:02:00.0"), .pci("none"), .name("nic0")] {
      #expect(!sysfs.isDrivenByProgram(other))
    }
  }

  @Test("devices are found on their bus")
  func buses() {
    #expect(sysfs.hasPCIDevice("0000:01:00.0") && !sysfs.hasPCIDevice("mlx5_core.sf.2"))
    #expect(sysfs.hasAuxiliaryDevice("mlx5_core.sf.2") && !sysfs.hasAuxiliaryDevice("0000:01:00.0"))
  }
}
