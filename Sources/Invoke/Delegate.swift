// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// Another plugin, as one that delegates to it calls it (CNI specification, "Plugin Delegation").
package struct Delegate: Sendable {
  package let type: String
  private let path: String
  /// How long a call may take, in seconds.
  private let timeout: Int

  /// Finds the plugin; code 104 if it is in none of the folders.
  package static func find(_ type: String, in folders: [String], timeout: Int) throws(CNIError) -> Delegate {
    guard let path = Subprocess.find(type, in: folders) else {
      let places = folders.isEmpty ? "CNI_PATH, which is empty" : "CNI_PATH (\(folders.joined(separator: ":")))"
      throw CNIError(.delegateFailed, "delegate: there is no plugin \(type) in \(places)")
    }
    return Delegate(type: type, path: path, timeout: timeout)
  }

  /// Has the plugin add the attachment of the environment, and answers its result.
  package func add(_ config: JSONObject) throws(CNIError) -> NetworkResult {
    let output = try call(config)
    do {
      let version = try NetworkConfig.version(of: Field(.object(config)))
      return try configuration { () throws(FieldError) in
        try NetworkResult(decoding: Field(path: "\(type)'s result", parsed(output)), implied: version)
      }
    } catch {
      throw CNIError(.delegateFailed, "\(type) succeeded, but \(error.message)")
    }
  }

  /// Calls the plugin with our environment, but for these variables, and answers what it printed. An error object that
  /// it prints is thrown as it is.
  @discardableResult
  package func call(_ config: JSONObject, _ variables: [String: String] = [:]) throws(CNIError) -> [UInt8] {
    let ending: Subprocess.Ending
    let output: [UInt8]
    do {
      (ending, output) = try Subprocess(path, variables: variables).run(
        input: JSON.object(config).text, seconds: timeout, outputLimit: Self.outputLimit)
    } catch {
      throw CNIError(.delegateFailed, "delegate to \(type): \(error)")
    }
    switch ending {
    case .exit(0): return output
    case .timeout: throw CNIError(.delegateFailed, "\(type) did not end within \(timeout) s, and was stopped")
    case .signal(let number): throw CNIError(.delegateFailed, "\(type) was ended by signal \(number)")
    case .exit(let status):
      if let error = CNIError(Field(parsed(output))) { throw error }
      let said = String(decoding: output.prefix(200), as: UTF8.self)
      throw CNIError(.delegateFailed, "\(type) failed with status \(status) and no error object", details: said)
    }
  }

  /// As large as what we read ourselves.
  private static let outputLimit = 8 << 20

  private func parsed(_ output: [UInt8]) -> JSON? { try? JSON(parsing: output) }
}
