// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Digest

/// What stands beside an element: its owner and, after a space, what only we need to know of it.
struct Comment: Hashable, Sendable {
  let text: String

  /// nft refuses to read longer ones (libnftnl/udata.h, `NFTNL_UDATA_COMMENT_MAXLEN`), and a saved ruleset should load
  /// again.
  static let limit = 128

  init(text: String) { self.text = text }

  init(_ owner: OwnerTag, _ note: String = "") {
    text = note.isEmpty ? owner.text : "\(owner.text) \(note)"
  }

  var owner: OwnerTag { OwnerTag(text: String(text.prefix { $0 != " " })) }
  /// What follows the owner; empty if nothing does.
  var note: Substring { text.drop { $0 != " " }.dropFirst() }

  /// The comment as nft writes it: one attribute of type 0, a length, the text with a NUL (libnftnl/udata.h,
  /// `NFTNL_UDATA_SET_ELEM_COMMENT`).
  var userData: [UInt8] { [0, UInt8(clamping: text.utf8.count + 1)] + Array(text.utf8) + [0] }

  /// Nil if there is no comment among the user data.
  init?(userData: ArraySlice<UInt8>) {
    var rest = userData
    while let type = rest.first, let length = rest.dropFirst().first, rest.count >= 2 + Int(length) {
      let value = rest.dropFirst(2).prefix(Int(length))
      if type == 0 {
        text = String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)
        return
      }
      rest = rest.dropFirst(2 + Int(length))
    }
    return nil
  }
}

/// An owner as comments name it: `network/containerID/interface`, each part shortened where it would not fit.
struct OwnerTag: Hashable, Sendable {
  let text: String

  init(text: String) { self.text = text }

  init(_ owner: Owner) {
    let interface = owner.interface.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
    // What nft could not read in quotation marks is told by its hash.
    let name = interface ? owner.interface : "~" + sha512(owner.interface).prefix(14)
    text = "\(Self.network(owner.network))/\(shortened(owner.containerID, to: 64))/\(name)"
  }

  /// The beginning of every owner's tag in a network.
  static func prefix(ofNetwork name: String) -> String { network(name) + "/" }

  private static func network(_ name: String) -> String { shortened(name, to: 28) }
}
