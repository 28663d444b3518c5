// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Attaching
import CNI
import JSON
import Netlink

/// The options of the plugin tap, without the MAC address, which has several sources.
struct TapSettings {
  let tun: TunOptions
  let mtu: MTU?
  /// The SELinux label of the interface; nil for the plugin's own.
  let label: String?
  /// The name of a bridge in the container that gets the interface as a port.
  let bridge: String?
  let dns: NetworkResult.DNS

  /// Throws code 7 for a wrong option.
  init(_ config: NetworkConfig) throws(CNIError) {
    do throws(FieldError) {
      try self.init(reading: config)
    } catch {
      throw CNIError(error)
    }
  }

  private init(reading config: NetworkConfig) throws(FieldError) {
    let document = config.document
    // The highest number means "unchanged" to the kernel.
    func id(_ name: String) throws(FieldError) -> UInt32? {
      try document[name].unsigned(in: 0...UInt64(UInt32.max) - 1).map { UInt32(clamping: $0) }
    }
    var tun = TunOptions()
    tun.multiQueue = try document["multiQueue"].bool() ?? false
    // A program that opens the interface chooses anew whether it uses this header.
    tun.vnetHeader = true
    tun.owner = try id("owner")
    tun.group = try id("group")
    self.tun = tun
    mtu = try config.mtu()
    label = try document["selinuxContext"].string()
    bridge = try document["bridge"].interfaceName()
    dns = try config.dns()
  }
}
