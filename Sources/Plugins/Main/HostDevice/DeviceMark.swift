// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Digest
import Netlink

/// The alternative name of a device that an attachment has, by which a device that the kernel has moved to the host is known again: it says
/// whose the device was, and its name on the host. The alias, which upstream sets too, may be anybody's.
struct DeviceMark: Equatable, Sendable {
  let text: String
  /// The device's name on the host.
  let name: String

  private static let prefix = "host-device-"
  private static let digits = 16

  init(_ attachment: Attachment, name: String) {
    text = Self.beginning(attachment) + name
    self.name = name
  }

  /// Reads an alternative name; nil if it is no mark.
  init?(_ text: String) {
    let name = String(text.dropFirst(Self.prefix.count + Self.digits + 1))
    guard text.hasPrefix(Self.prefix), isInterfaceName(name) else { return nil }
    self.text = text
    self.name = name
  }

  func isOf(_ attachment: Attachment) -> Bool { text.hasPrefix(Self.beginning(attachment)) }

  private static func beginning(_ attachment: Attachment) -> String {
    prefix + sha512(AttachmentTag(attachment).text).prefix(digits) + "-"
  }
}

extension Link {
  /// The marks that count: upstream's DEL clears the alias, and leaves the mark.
  var marks: [DeviceMark] {
    alternativeNames.compactMap { DeviceMark($0) }.filter { $0.name == attributes.alias }
  }

  func isMarked(for attachment: Attachment) -> Bool { marks.contains { $0.isOf(attachment) } }
}

extension HostSide {
  /// Marks the device, on the host, in place of marks that are left from before. Kernels before 5.5 have no alternative names.
  func mark(for attachment: Attachment, _ routes: borrowing RouteSocket) throws(NetlinkError) {
    let mark = DeviceMark(attachment, name: name)
    for old in link.alternativeNames where DeviceMark(old) != nil && old != mark.text {
      try routes.removeAlternativeName(old, from: link.index)
    }
    try routes.addAlternativeName(mark.text, to: link.index)
  }
}

extension RouteSocket {
  /// Removes an attachment's mark from a device.
  func unmark(_ link: Link, for attachment: Attachment) throws(NetlinkError) {
    for text in link.alternativeNames where DeviceMark(text)?.isOf(attachment) == true {
      try removeAlternativeName(text, from: link.index)
    }
  }
}
