// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The comment of an element or a rule.
package struct Comment: Hashable, Sendable {
  package let text: String

  /// nft refuses to read longer ones (libnftnl/udata.h, `NFTNL_UDATA_COMMENT_MAXLEN`), and a saved ruleset should load
  /// again.
  package static let limit = 128

  package init(text: String) { self.text = text }

  /// The comment as nft writes it: one attribute of type 0, a length, the text with a NUL (libnftnl/udata.h,
  /// `NFTNL_UDATA_SET_ELEM_COMMENT`).
  package var userData: [UInt8] { [0, UInt8(clamping: text.utf8.count + 1)] + Array(text.utf8) + [0] }

  /// Nil if there is no comment among the user data.
  package init?(userData: ArraySlice<UInt8>) {
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
