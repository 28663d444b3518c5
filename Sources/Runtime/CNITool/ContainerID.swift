// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest

/// The container ID for a namespace that has none of its own, as upstream's cnitool makes it: by the absolute path, so that each command finds
/// what another has attached.
package func containerID(forNamespace path: String) -> String { "cnitool-" + sha512(path).prefix(20) }

/// The absolute form of a path, without `.`, `..` and double slashes; links are not looked at (filepath.Abs of Go).
package func absolutePath(_ path: String, in folder: String) -> String {
  var parts: [Substring] = []
  for part in (path.hasPrefix("/") ? path : "\(folder)/\(path)").split(separator: "/") where part != "." {
    if part == ".." {
      _ = parts.popLast()
    } else {
      parts.append(part)
    }
  }
  return "/" + parts.joined(separator: "/")
}
