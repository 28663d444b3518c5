// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// A call of one plugin of a network.
struct PluginRequest: Sendable {
  let plugin: String
  let verb: Verb
  var network = ""
  var attachment: Attachment?
  var input: [UInt8]
  /// What is being done, for the error.
  var context = ""
  var isRollback = false
  /// The variables of the protocol that this verb has other values for than empty ones.
  var variables: [String: String] = [:]
  /// The lock that the plugin's program holds too, so that nobody takes the call for ended if this process is killed.
  var lock: FileLock?
}

extension NetworkRuntime {
  /// Calls a plugin, and returns what it printed.
  func call(_ request: PluginRequest) async throws(RuntimeError) -> [UInt8] {
    let path = try find(request)
    let begin = ContinuousClock.now
    var output = PluginOutput(.cancelled)
    var failure: RuntimeError?
    var call = PluginCall(
      plugin: request.plugin, path: path, verb: request.verb, environment: environment(request), input: request.input,
      timeout: options.timeout)
    call.lock = request.lock
    do {
      output = try await options.executor.call(call)
      failure = request.failure(output, limit: options.timeout)
    } catch {
      failure = request.failure(.failed("\(error)"))
    }
    options.onCall?(
      CallEvent(
        network: request.network, attachment: request.attachment?.id, plugin: request.plugin, verb: request.verb,
        isRollback: request.isRollback, duration: ContinuousClock.now - begin, diagnostics: output.diagnostics,
        failure: failure))
    if let failure { throw failure }
    return output.output
  }

  /// The path of the plugin's file.
  @discardableResult
  func find(_ request: PluginRequest) throws(RuntimeError) -> String {
    if request.plugin.isEmpty { throw request.failure(.notFound("no plugin name provided")) }
    if request.plugin.contains("/") { throw request.failure(.notFound("invalid plugin name: \(request.plugin)")) }
    if options.pluginFolders.isEmpty { throw request.failure(.notFound("no paths provided")) }
    guard let path = options.executor.find(request.plugin, in: options.pluginFolders) else {
      let folders = options.pluginFolders.joined(separator: " ")
      throw request.failure(.notFound("failed to find plugin \(request.plugin.inGoQuotes) in path [\(folders)]"))
    }
    return path
  }

  private func environment(_ request: PluginRequest) -> [String: String] {
    var variables = options.environment
    if let trace = options.traceContext { variables.merge(trace.environment) { _, new in new } }
    let own = [
      "CNI_COMMAND": request.verb.rawValue,
      "CNI_CONTAINERID": request.attachment?.containerID ?? "",
      "CNI_NETNS": request.attachment?.namespace ?? "",
      "CNI_ARGS": request.attachment?.argumentText ?? "",
      "CNI_IFNAME": request.attachment?.interface ?? "",
      "CNI_PATH": options.pluginFolders.joined(separator: ":"),
    ]
    variables.merge(own) { _, new in new }
    variables.merge(request.variables) { _, new in new }
    return variables
  }
}

extension PluginRequest {
  func failure(_ reason: RuntimeError.Reason) -> RuntimeError {
    RuntimeError(reason, plugin: plugin, verb: verb, context: context)
  }

  /// The error of a call that has ended; nil if it succeeded.
  func failure(_ output: PluginOutput, limit: Duration) -> RuntimeError? {
    switch output.ending {
    case .exit(0): nil
    case .timeout: failure(.timedOut(limit))
    case .cancelled: failure(.cancelled)
    case .exit(let status): failure(Self.reason(output, "exit status \(status)"))
    case .signal(let number): failure(Self.reason(output, "signal \(number)"))
    }
  }

  private static func reason(_ output: PluginOutput, _ ending: String) -> RuntimeError.Reason {
    let diagnostics = String(decoding: output.diagnostics, as: UTF8.self)
    if output.output.isEmpty {
      if diagnostics.isEmpty { return .failed("netplugin failed with no error message: \(ending)") }
      return .failed("netplugin failed: \(diagnostics.inGoQuotes): \(ending)")
    }
    let why: String
    do {
      let object = Field(try JSON(parsing: output.output))
      func text(_ member: String) -> String? { (try? object[member].string()) ?? nil }
      let code = (try? object["code"].integer(in: 0...Int(UInt32.max))) ?? nil
      // As in Go, one of both is enough.
      if code != nil || text("msg") != nil {
        return .refused(code: code ?? 0, message: text("msg") ?? "", details: text("details") ?? "")
      }
      why = "it is no error object"
    } catch {
      why = "\(error)"
    }
    let said = String(decoding: output.output, as: UTF8.self).inGoQuotes
    return .failed("netplugin failed but error parsing its diagnostic message \(said): \(why)")
  }
}
