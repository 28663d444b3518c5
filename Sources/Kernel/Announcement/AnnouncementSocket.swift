// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS

/// A socket that sends announcements from one interface (packet(7)). It stays in the namespace that it was opened in.
package struct AnnouncementSocket: ~Copyable {
  private let file: FileDescriptor
  /// The interface's index.
  private let interface: UInt32
  private let mac: MACAddress

  deinit {
    // The kernel waits until no processor uses the socket any more (packet_release in net/packet/af_packet.c).
    let last = closeInBackground(file.number)
    _ = consume file
    _ = consume last
  }

  /// Opens a socket in the calling thread's network namespace for an interface and its MAC address.
  package static func open(on interface: UInt32, _ mac: MACAddress) throws(SystemError) -> AnnouncementSocket {
    // With protocol 0 it receives nothing.
    let number = try systemCall("open a packet socket") {
      socket(AF_PACKET, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    }
    return AnnouncementSocket(file: FileDescriptor(owning: number), interface: interface, mac: mac)
  }

  /// Announces addresses of the interface.
  package func announce(_ addresses: [IPAddress]) throws(SystemError) {
    for address in addresses {
      for frame in AnnouncementFrame.all(for: address, at: mac) { try send(frame, address) }
    }
  }

  private func send(_ frame: AnnouncementFrame, _ address: IPAddress) throws(SystemError) {
    var target = sockaddr_ll()
    target.sll_family = UInt16(AF_PACKET)
    target.sll_ifindex = Int32(bitPattern: interface)
    let (number, length) = (file.number, socklen_t(MemoryLayout<sockaddr_ll>.size))
    try systemCall("announce \(address)") {
      unsafe frame.bytes.withUnsafeBytes { bytes in
        unsafe withUnsafePointer(to: &target) {
          unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe sendto(number, bytes.baseAddress, bytes.count, 0, $0, length)
          }
        }
      }
    }
  }
}
