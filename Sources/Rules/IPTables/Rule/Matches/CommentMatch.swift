// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// `-m comment --comment …`: matches everything (linux/netfilter/xt_comment.h).
package struct CommentMatch: XTablesExtension, Hashable {
  /// At most 255 bytes.
  package let comment: String

  package init(_ comment: String) { self.comment = comment }

  package let name = "comment"
  package let revision: UInt8 = 0

  /// struct xt_comment_info: 256 bytes with a NUL.
  package var payload: [UInt8] {
    let text = comment.utf8.prefix(255)
    return Array(text) + [UInt8](repeating: 0, count: 256 - text.count)
  }

  package var options: String { "--comment \(quoted(comment))" }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    guard name == "comment", revision == 0 else { return nil }
    comment = payload.text
  }
}

/// A word as iptables-save prints it: quoted unless it consists of letters, digits, `_`, `-` and `.`.
func quoted(_ text: String) -> String {
  // xtables_save_string in libxtables/xtables.c
  let isPlain = text.utf8.allSatisfy { byte in
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
      || "_-.".utf8.contains(byte)
  }
  if isPlain, !text.isEmpty { return text }
  var quoted = "\""
  for character in text.unicodeScalars {
    if "\"'\\".unicodeScalars.contains(character) { quoted += "\\" }
    quoted.unicodeScalars.append(character)
  }
  return quoted + "\""
}
