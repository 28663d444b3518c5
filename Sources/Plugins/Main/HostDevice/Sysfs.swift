// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS

/// What sysfs tells about devices (Documentation/filesystems/sysfs.rst of Linux).
struct Sysfs: Sendable {
  /// Where it is mounted.
  let root: String

  private func folder(_ bus: String, _ device: String) -> String { "\(root)/bus/\(bus)/devices/\(device)" }

  func hasPCIDevice(_ address: String) -> Bool { pathExists(folder("pci", address)) }

  func hasAuxiliaryDevice(_ name: String) -> Bool { pathExists(folder("auxiliary", name)) }

  /// Whether a program drives the device without the kernel's network stack (DPDK): there is no interface then.
  func isDrivenByProgram(_ selector: DeviceSelector) -> Bool {
    guard case .pci(let address) = selector, let driver = resolvedPath("\(folder("pci", address))/driver") else {
      return false
    }
    let name = driver.split(separator: "/").last.map(String.init) ?? ""
    return ["vfio-pci", "uio_pci_generic", "igb_uio"].contains(name)
  }

  /// The name of the first interface that a device has, in this network namespace; nil if it has none.
  func interface(of selector: DeviceSelector) throws(CNIError) -> String? {
    switch selector {
    case .name, .mac: return nil
    case .path(let path): return try firstInterface(below: root + path.dropFirst("/sys".count))
    case .pci(let address): return try firstInterface(below: folder("pci", address))
    case .auxiliary(let name): return try firstInterface(below: folder("auxiliary", name))
    }
  }

  private func firstInterface(below path: String) throws(CNIError) -> String? {
    guard let device = resolvedPath(path) else { return nil }
    return try reporting { () throws(SystemError) in
      if let name = try names("\(device)/net").first { return name }
      // The interface of a virtio device is one level below.
      for child in try names(device) where child.hasPrefix("virtio") {
        if let name = try names("\(device)/\(child)/net").first { return name }
      }
      return nil
    }
  }

  /// The sorted names in a folder; empty if it does not exist.
  private func names(_ path: String) throws(SystemError) -> [String] {
    guard let folder = try Folder.open(path) else { return [] }
    return try folder.names().sorted()
  }
}
