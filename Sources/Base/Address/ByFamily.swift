// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A value for each family; unlike a dictionary it costs a program's start nothing.
package struct ByFamily<Value> {
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

extension ByFamily: Sendable where Value: Sendable {}
