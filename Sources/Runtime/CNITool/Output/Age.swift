// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A time that has passed, in its largest unit: `45s`, `12m`, `3h`, `8d`.
package func age(seconds: Int) -> String {
  let seconds = max(0, seconds)
  switch seconds {
  case ..<60: return "\(seconds)s"
  case ..<3600: return "\(seconds / 60)m"
  case ..<86_400: return "\(seconds / 3600)h"
  default: return "\(seconds / 86_400)d"
  }
}
