// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A value per address family. Unlike a dictionary it needs no generic type that is made at run time.
package struct PerFamily<Value> {
  private var ip: Value
  private var ip6: Value

  package init(_ value: (AddressFamily) throws -> Value) rethrows {
    ip = try value(.ip)
    ip6 = try value(.ip6)
  }

  package subscript(family: AddressFamily) -> Value {
    get { family == .ip ? ip : ip6 }
    set {
      switch family {
      case .ip: ip = newValue
      case .ip6: ip6 = newValue
      }
    }
  }
}

extension PerFamily: Sendable where Value: Sendable {}
