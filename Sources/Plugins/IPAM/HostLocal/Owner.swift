// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Digest

/// Whose a reservation is, as its file says: `ID CR LF interface`, in old files the ID alone. The bytes are upstream's.
struct Owner: Equatable, Sendable {
  let containerID: String
  /// Nil in an old file.
  let interface: String?

  init(_ attachment: AttachmentID) { self.init(attachment.containerID, attachment.interface) }

  private init(_ containerID: String, _ interface: String?) {
    self.containerID = containerID
    self.interface = interface
  }

  /// Nil if the file names nobody: upstream writes a file after it has created it, and may die in between.
  init?(_ contents: [UInt8]) {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
    guard
      let start = contents.firstIndex(where: { !isSpace($0) }), let end = contents.lastIndex(where: { !isSpace($0) })
    else { return nil }
    let text = contents[start...end]
    guard let cut = text.indices.dropLast().first(where: { text[$0] == 0x0d && text[$0 + 1] == 0x0a }) else {
      self.init(String(decoding: text, as: UTF8.self), nil)
      return
    }
    self.init(String(decoding: text[..<cut], as: UTF8.self), String(decoding: text[(cut + 2)...], as: UTF8.self))
  }

  var text: String { interface.map { "\(containerID)\r\n\($0)" } ?? containerID }

  var contents: [UInt8] { Array(text.utf8) }

  /// The same container's, as old files have it.
  var withoutInterface: Owner { Owner(containerID, nil) }

  /// What a ``Stamp`` has of it.
  var key: [UInt8] { Array(sha512(text).utf8.prefix(Stamp.ownerLength)) }

  /// Whether the attachment is in a list; an old file is that of all interfaces of the container.
  func isIn(_ valid: Set<AttachmentID>) -> Bool {
    guard let interface else { return valid.contains { $0.containerID == containerID } }
    return valid.contains(AttachmentID(containerID: containerID, interface: interface))
  }
}
