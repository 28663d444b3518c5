// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// The environment variables of a call: either this process's with changes, or only the given ones.
package struct Environment: Sendable {
  /// Whether unchanged variables of this process are included. They are looked up on demand, because a call needs few of them.
  private let inheritsProcess: Bool
  /// A nil value removes a variable of this process.
  private var changes: [(name: String, value: String?)] = []

  /// The environment of this process.
  package static let process = Environment(inheritsProcess: true)

  private init(inheritsProcess: Bool) { self.inheritsProcess = inheritsProcess }

  /// These variables and no others.
  package init(_ variables: [String: String]) {
    self.init(inheritsProcess: false)
    changes = variables.map { ($0.key, $0.value) }
  }

  /// The value of a variable; nil if it is not set.
  package subscript(name: String) -> String? {
    get {
      if let change = changes.first(where: { $0.name == name }) { return change.value }
      return inheritsProcess ? unsafe getenv(name).map { unsafe String(cString: $0) } : nil
    }
    set {
      changes.removeAll { $0.name == name }
      changes.append((name, newValue))
    }
  }

  /// All variables as `NAME=value`, for execve(2). The caller frees the copies.
  func copies() -> [UnsafeMutablePointer<CChar>?] {
    var list: [UnsafeMutablePointer<CChar>?] = unsafe []
    for change in changes {
      if let value = change.value { unsafe list.append(strdup("\(change.name)=\(value)")) }
    }
    guard inheritsProcess, var next = unsafe cni_environment() else { return unsafe list }
    while let entry = unsafe next.pointee {
      let name = unsafe String(cString: entry).prefix { $0 != "=" }
      // Copied as bytes, because they may not be UTF-8.
      if !changes.contains(where: { $0.name == name }) { unsafe list.append(strdup(entry)) }
      unsafe next += 1
    }
    return unsafe list
  }
}
