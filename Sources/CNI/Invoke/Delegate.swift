// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS
import Skel

/// A plugin that another one delegates to (CNI specification, "Plugin Delegation").
package struct Delegate {
  package let type: String
  private let path: String
  private let executor: PluginExecutor
  private let environment: Environment
  /// The time limit of a call, in seconds.
  private let timeout: Int

  /// Finds the plugin in the folders of `CNI_PATH`; throws code 104 if it is in none. `environment` is that of its calls.
  package static func find(
    _ type: String, for environment: Environment, timeout: Int, executor: PluginExecutor
  ) throws(CNIError) -> Delegate {
    let list = environment["CNI_PATH"] ?? ""
    guard let path = executor.find(type, in: list.split(separator: ":").map(String.init)) else {
      let places = list.isEmpty ? "CNI_PATH, which is empty" : "CNI_PATH (\(list))"
      throw CNIError(.delegateFailed, "delegate: there is no plugin \(type) in \(places)")
    }
    return Delegate(type: type, path: path, executor: executor, environment: environment, timeout: timeout)
  }

  /// Calls ADD for the attachment of the environment, and returns the result.
  package func add(_ config: JSONObject) throws(CNIError) -> NetworkResult {
    try result(call(config)) { () throws(CNIError) in try NetworkConfig.version(of: Field(.object(config))) }
  }

  /// Calls ADD with the caller's own configuration, and returns the result.
  package func add(_ config: NetworkConfig) throws(Failure) -> NetworkResult {
    let output = try run(config, as: "ADD")
    do {
      return try result(output) { config.version }
    } catch {
      throw Failure(error, isAnswer: false)
    }
  }

  /// Why a call failed.
  package struct Failure: Error {
    package let error: CNIError
    /// Whether the plugin has answered with this error object: then it has undone what it did. Without, nobody knows what it has done.
    package let isAnswer: Bool

    init(_ error: CNIError, isAnswer: Bool) {
      self.error = error
      self.isAnswer = isAnswer
    }
  }

  private func result(
    _ output: [UInt8], of implied: () throws(CNIError) -> SpecVersion
  ) throws(CNIError) -> NetworkResult {
    do {
      let version = try implied()
      return try reporting { () throws(FieldError) in
        try NetworkResult(decoding: Field(path: "\(type)'s result", parsed(output)), implied: version)
      }
    } catch {
      throw CNIError(.delegateFailed, "\(type) succeeded, but \(error.message)")
    }
  }

  /// Calls the plugin with the environment, changed by `variables`, and returns its stdout. Throws an error object that it prints
  /// unchanged.
  @discardableResult
  package func call(_ config: JSONObject, _ variables: [String: String] = [:]) throws(CNIError) -> [UInt8] {
    var environment = environment
    for (name, value) in variables { environment[name] = value }
    do {
      return try run(JSON.object(config).text, environment)
    } catch {
      throw error.error
    }
  }

  /// Calls the plugin for a verb, the value of `CNI_COMMAND`, with the caller's own configuration, byte for byte.
  @discardableResult
  package func call(_ config: NetworkConfig, as verb: String) throws(CNIError) -> [UInt8] {
    do {
      return try run(config, as: verb)
    } catch {
      throw error.error
    }
  }

  private func run(_ config: NetworkConfig, as verb: String) throws(Failure) -> [UInt8] {
    // Without a dictionary, which every ADD with an IPAM plugin would make a type for.
    var environment = environment
    environment["CNI_COMMAND"] = verb
    return try run(config.text, environment)
  }

  private func run(_ input: [UInt8], _ environment: Environment) throws(Failure) -> [UInt8] {
    let ending: Subprocess.Ending
    let output: [UInt8]
    var plugin = PluginExecutor.Call(type, at: path, environment: environment, input: input, timeout: timeout)
    plugin.namespaceIsChecked = true
    do {
      (ending, output) = try executor.execute(plugin)
    } catch {
      throw failure("delegate to \(type): \(error)")
    }
    switch ending {
    case .exit(0): return output
    case .timeout: throw failure("\(type) did not end within \(timeout) s, and was stopped")
    case .cancelled: throw failure("\(type) was stopped, as the call was cancelled")
    case .signal(let number): throw failure("\(type) was ended by signal \(number)")
    case .exit(let status):
      if let error = CNIError(Field(parsed(output))) { throw Failure(error, isAnswer: true) }
      let said = String(decoding: output.prefix(200), as: UTF8.self)
      throw failure("\(type) failed with status \(status) and no error object", details: said)
    }
  }

  private func failure(_ message: String, details: String = "") -> Failure {
    Failure(CNIError(.delegateFailed, message, details: details), isAnswer: false)
  }

  private func parsed(_ output: [UInt8]) -> JSON? { try? JSON(parsing: output) }
}
