// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

/// A failure as the protocol reports it (CNI specification, "Error").
package struct CNIError: Error, Equatable, CustomStringConvertible {
  /// A number of the specification or, from 100 on, of the plugin.
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
    /// Ours: somebody else holds a host port that must not be taken over.
    package static let hostPortConflict = Code(rawValue: 100)
    /// Ours: the kernel refused a change, or did not answer as it should.
    package static let kernelRefused = Code(rawValue: 101)
    /// Ours: what CHECK looked for is missing or different.
    package static let checkFailed = Code(rawValue: 102)
    /// Ours: somebody else's qdisc, interface or zone of firewalld stands where ours would have to be.
    package static let resourceConflict = Code(rawValue: 103)
    /// Ours: a plugin that was delegated to could not be run, or failed without an error object of its own.
    package static let delegateFailed = Code(rawValue: 104)
    /// Ours: firewalld refused a change, or did not answer as it should.
    package static let firewalldRefused = Code(rawValue: 105)
  }

  package let code: Code
  /// What was being done to what, and why it failed.
  package let message: String
  /// More for the operator; may be empty.
  package let details: String

  package init(_ code: Code, _ message: String, details: String = "") {
    self.code = code
    self.message = message
    self.details = details
  }

  /// Reads an error object of another plugin; nil if it is none.
  package init?(_ field: Field) {
    guard
      let code = (try? field["code"].integer(in: 0...Int(UInt32.max))) ?? nil,
      let message = (try? field["msg"].string()) ?? nil
    else { return nil }
    self.init(Code(rawValue: code), message, details: ((try? field["details"].string()) ?? nil) ?? "")
  }

  package var description: String { "\(message) (code \(code.rawValue))" }

  /// The error object for stdout, in a version that the caller understands.
  package func json(_ version: SpecVersion) -> JSON {
    var object: JSONObject = JSONObject([
      "cniVersion": .string(version.rawValue), "code": .integer(Int64(code.rawValue)), "msg": .string(message),
    ])
    if !details.isEmpty { object.append("details", .string(details)) }
    return .object(object)
  }
}
