// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

/// A failure as the protocol reports it (CNI specification, "Error").
package struct CNIError: Error, Equatable, CustomStringConvertible {
  /// A code of the specification, or from 100 on of the plugin.
  package struct Code: RawRepresentable, Equatable, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let incompatibleVersion = Code(rawValue: 1)
    package static let unsupportedField = Code(rawValue: 2)
    package static let unknownContainer = Code(rawValue: 3)
    package static let badEnvironment = Code(rawValue: 4)
    package static let inputOutput = Code(rawValue: 5)
    package static let cannotDecode = Code(rawValue: 6)
    package static let invalidConfiguration = Code(rawValue: 7)
    /// A transient condition: the runtime should try again.
    package static let tryAgainLater = Code(rawValue: 11)
    package static let notAvailable = Code(rawValue: 50)
    package static let limitedConnectivity = Code(rawValue: 51)
    /// Ours: another attachment has the host port, and `hostPortConflict` forbids a takeover.
    package static let hostPortConflict = Code(rawValue: 100)
    /// Ours: the kernel refused a change, or its reply was malformed.
    package static let kernelRefused = Code(rawValue: 101)
    /// Ours: CHECK found something missing or different.
    package static let checkFailed = Code(rawValue: 102)
    /// Ours: a foreign qdisc, interface or firewalld zone is in the place of ours, or the attachment has an address already.
    package static let resourceConflict = Code(rawValue: 103)
    /// Ours: the plugin delegated to could not be run, or failed without an error object.
    package static let delegateFailed = Code(rawValue: 104)
    /// Ours: firewalld refused a change, or its reply was malformed.
    package static let firewalldRefused = Code(rawValue: 105)
  }

  package let code: Code
  /// What was being done, to what, and why it failed.
  package let message: String
  /// More for the operator; may be empty.
  package let details: String

  package init(_ code: Code, _ message: String, details: String = "") {
    self.code = code
    self.message = message
    self.details = details
  }

  /// Reads another plugin's error object; returns nil if the field is not one.
  package init?(_ field: Field) {
    guard
      let code = (try? field["code"].integer(in: 0...Int(UInt32.max))) ?? nil,
      let message = (try? field["msg"].string()) ?? nil
    else { return nil }
    self.init(Code(rawValue: code), message, details: ((try? field["details"].string()) ?? nil) ?? "")
  }

  package var description: String { "\(message) (code \(code.rawValue))" }

  /// The error object for stdout, in the caller's version.
  package func json(_ version: SpecVersion) -> JSON {
    var object: JSONObject = JSONObject([
      "cniVersion": .string(version.rawValue), "code": .integer(Int64(code.rawValue)), "msg": .string(message),
    ])
    if !details.isEmpty { object.append("details", .string(details)) }
    return .object(object)
  }
}
