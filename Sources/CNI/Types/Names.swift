// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest

/// The syntax of container IDs and network names, for messages.
package let identifierRule = "letters, digits, \"_\", \".\" and \"-\" only, the first a letter or digit"

/// Whether a text is a valid container ID or network name: `^[a-zA-Z0-9][a-zA-Z0-9_.-]*$` (CNI specification,
/// "Parameters").
package func isIdentifier(_ text: String) -> Bool {
  func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }
  guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
  return text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
}

/// The syntax of interface names, for messages.
package let interfaceNameRule = "1 to 15 bytes, not \".\" or \"..\", without \"/\", \":\", \"%\" and white space"

/// Whether an interface can have this name (dev_valid_name in net/core/dev.c). The kernel would make another name of one with `%`.
package func isInterfaceName(_ text: String) -> Bool {
  (1...15).contains(text.utf8.count) && text != "." && text != ".."
    && text.utf8.allSatisfy { !" \t\n\u{b}\u{c}\r/:%".utf8.contains($0) && $0 != 0 }
}

/// `text` itself if it has at most `limit` bytes, else its beginning with a hash.
package func shortened(_ text: String, to limit: Int) -> String {
  let digits = 16
  if text.utf8.count <= limit { return text }
  return String(text.prefix(limit - digits - 1)) + "~" + sha512(text).prefix(digits)
}
