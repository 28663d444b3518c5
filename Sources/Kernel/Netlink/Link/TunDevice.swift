// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// Options of a TUN or TAP interface; the kernel reports them since 4.18 (`IFLA_TUN_…`).
package struct TunOptions: Equatable, Sendable {
  package var isTAP = true
  package var multiQueue = false
  /// Whether each packet is preceded by a virtio-net header for checksum and segmentation offload (`IFF_VNET_HDR`).
  package var vnetHeader = false
  /// The user and the group that may open it without privileges; nil for anybody.
  package var owner: UInt32?
  package var group: UInt32?

  package init() {}

  init(_ data: ArraySlice<UInt8>) {
    let values = Attributes(data)
    isTAP = values[Int(IFLA_TUN_TYPE)]?.first == UInt8(IFF_TAP)
    multiQueue = values[Int(IFLA_TUN_MULTI_QUEUE)]?.flag ?? false
    vnetHeader = values[Int(IFLA_TUN_VNET_HDR)]?.flag ?? false
    owner = values[Int(IFLA_TUN_OWNER)]?.integer(UInt32.self, at: 0)
    group = values[Int(IFLA_TUN_GROUP)]?.integer(UInt32.self, at: 0)
  }

  /// struct ifreq (net/if.h) for `TUNSETIFF`: the name in 16 bytes, then the flags.
  func request(_ name: String) -> [UInt8] {
    var flags = (isTAP ? IFF_TAP : IFF_TUN) | IFF_NO_PI
    if multiQueue { flags |= IFF_MULTI_QUEUE }
    if vnetHeader { flags |= IFF_VNET_HDR }
    var bytes = Array(name.utf8.prefix(15))
    bytes += [UInt8](repeating: 0, count: 16 - bytes.count)
    bytes.append(integer: UInt16(truncatingIfNeeded: flags))
    return bytes + [UInt8](repeating: 0, count: 22)
  }
}

/// Makes TUN and TAP interfaces through their device file; rtnetlink cannot (Documentation/networking/tuntap.rst).
package enum TunDevice {
  /// Makes a persistent interface in the calling thread's network namespace. Takes over an existing one of the same kind that no process
  /// has open; throws `EINVAL` or `EBUSY` if the name is taken otherwise.
  package static func add(_ name: String, _ options: TunOptions = TunOptions()) throws(SystemError) {
    do throws(SystemError) {
      try make(name, options)
      ChangeTrace.tell(options.command(adding: name))
    } catch {
      ChangeTrace.tell(options.command(adding: name), "\(error)")
      throw error
    }
  }

  /// Throws the reason why no interface can be made; loads the driver if it is a module.
  package static func probe() throws(SystemError) { _ = try openDevice() }

  private static func openDevice() throws(SystemError) -> FileDescriptor {
    let path = "/dev/net/tun"
    return FileDescriptor(owning: try systemCall("open \(path)") { unsafe open(path, O_RDWR | O_CLOEXEC) })
  }

  static func make(_ name: String, _ options: TunOptions) throws(SystemError) {
    guard (1...15).contains(name.utf8.count) else { throw SystemError("make the interface \(name)", number: ERANGE) }
    let device = try openDevice()
    let number = device.number
    var request = options.request(name)
    try systemCall("make the interface \(name)") {
      unsafe request.withUnsafeMutableBytes { bytes -> CInt in
        guard let base = bytes.baseAddress else { return -1 }
        return unsafe ioctl(number, cni_tunsetiff, base)
      }
    }
    if let owner = options.owner { try set(device, cni_tunsetowner, owner, "set the owner of \(name)") }
    if let group = options.group { try set(device, cni_tunsetgroup, group, "set the group of \(name)") }
    try set(device, cni_tunsetpersist, 1, "keep the interface \(name)")
  }

  private static func set(
    _ device: borrowing FileDescriptor, _ request: UInt, _ value: UInt32, _ action: String
  ) throws(SystemError) {
    let number = device.number
    try systemCall(action) { ioctl(number, request, CInt(bitPattern: value)) }
  }
}
