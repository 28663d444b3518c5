// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import JSON

/// How a configuration names the device that goes into the container.
enum DeviceSelector: Equatable, Sendable {
  case name(String)
  case mac(MACAddress)
  /// A folder of sysfs with a folder `net`.
  case path(String)
  /// The address on the bus, such as `0000:00:1f.6`.
  case pci(String)
  /// The device's name on the auxiliary bus, as subfunctions of network cards have one.
  case auxiliary(String)

  /// Reads the options in order of precedence, of which the first counts. Throws code 7 for a wrong one, and if there is none.
  init(_ config: NetworkConfig, _ sysfs: Sysfs) throws(CNIError) {
    do throws(FieldError) {
      guard let selector = try Self.read(config, sysfs) else {
        throw config.document["device"].expected(
          "an interface's name, or one of hwaddr, kernelpath, pciBusID and runtimeConfig.deviceID")
      }
      self = selector
    } catch {
      throw CNIError(error)
    }
  }

  private static func read(_ config: NetworkConfig, _ sysfs: Sysfs) throws(FieldError) -> DeviceSelector? {
    let document = config.document
    let deviceID = config.runtimeConfig["deviceID"]
    if let id = try deviceID.busName() {
      if sysfs.hasPCIDevice(id) { return .pci(id) }
      if sysfs.hasAuxiliaryDevice(id) { return .auxiliary(id) }
      throw deviceID.expected("a device of the PCI bus or of the auxiliary bus")
    }
    if let name = try document["device"].interfaceName() { return .name(name) }
    let hwaddr = document["hwaddr"]
    if let text = try hwaddr.string() {
      guard let mac = MACAddress(text) else { throw hwaddr.expected("a MAC address") }
      return .mac(mac)
    }
    let kernelPath = document["kernelpath"]
    if let path = try kernelPath.string() {
      guard path.hasPrefix("/sys/devices/"), !path.split(separator: "/").contains("..") else {
        throw kernelPath.expected("a path below /sys/devices/")
      }
      return .path(path)
    }
    return try document["pciBusID"].busName().map { .pci($0) }
  }
}

extension Field {
  /// A name of a device on a bus, which is a folder's; nil if missing.
  fileprivate func busName() throws(FieldError) -> String? {
    guard let name = try string() else { return nil }
    if name.contains("/") || name.hasPrefix(".") { throw expected("a device's name on its bus, such as 0000:00:1f.6") }
    return name
  }
}
