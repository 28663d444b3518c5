// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Invoke
import JSON
import OS
import Skel

/// Has another plugin attach the container to the subnet that flanneld has for this node.
package struct Flannel: Plugin {
  package let name = "flannel"
  /// Tells the operator something on stderr.
  private let note: (String) -> Void
  private let executor: PluginExecutor

  package init(executor: PluginExecutor, note: @escaping (String) -> Void) {
    self.executor = executor
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let options = try Self.options(request.config)
    let subnet = try Self.subnet(options, or: .tryAgainLater)
    let config = try reporting { () throws(FieldError) in try DelegateConfig(options, subnet, request.config) }
    let delegate = try find(options.type, options, request.environment)
    let saved = saved(options)
    let former = try saved.read(request.attachment)
    // First, as a DEL needs it however this call ends.
    try saved.write(config.lasting, request.attachment)
    return try allOrNothing(undo: { () throws(CNIError) in
      // A further ADD of an attachment that is there must not take it away.
      if let former { return try saved.write(former, request.attachment) }
      // If this fails, it is left to a DEL, which needs the kept configuration.
      try delegate.call(config.object, ["CNI_COMMAND": "DEL"])
      try saved.remove(request.attachment)
    }) { () throws(CNIError) in
      try delegate.add(config.object)
    }
  }

  package func delete(_ request: Request) throws(CNIError) {
    let options = FlannelOptions(lenient: request.config)
    try delete(request.attachment, request.config, options, request.environment, [:])
  }

  package func check(_ request: Request) throws(CNIError) {
    let options = try Self.options(request.config)
    let config = try self.config(saved(options).read(request.attachment), request.config, options)
    try delegate(config, options, request.environment).call(config.object)
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let config = request.config
    let options = FlannelOptions(lenient: config)
    var failures = ErrorCollector()
    for owner in saved(options).attachments(ofNetwork: config.name, except: valid, &failures) {
      let variables = [
        "CNI_COMMAND": "DEL", "CNI_CONTAINERID": owner.containerID, "CNI_IFNAME": owner.interface, "CNI_NETNS": "",
      ]
      failures.run { () throws(CNIError) in try delete(owner, config, options, request.environment, variables) }
    }
    failures.run { () throws(CNIError) in
      let own = try rebuilt(config, options)
      try delegate(own, options, request.environment).call(own.collecting(config))
    }
    try failures.throwIfAny()
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let options = try Self.options(request.config)
    let own: DelegateConfig
    let delegate: Delegate
    do throws(CNIError) {
      try reporting("dataDir") { () throws(SystemError) in try Folder.check(options.dataDirectory) }
      let subnet = try Self.subnet(options, or: .notAvailable)
      own = try reporting { () throws(FieldError) in try DelegateConfig(options, subnet, request.config) }
      delegate = try find(options.type, options, request.environment)
    } catch {
      throw error.recoded(.notAvailable)
    }
    try delegate.call(own.object)
  }
}

// MARK: - Steps

extension Flannel {
  private static func options(_ config: NetworkConfig) throws(CNIError) -> FlannelOptions {
    try reporting { () throws(FieldError) in try FlannelOptions(config) }
  }

  private func saved(_ options: FlannelOptions) -> SavedConfigs {
    SavedConfigs(options.dataDirectory) { note("\(name): \($0)") }
  }

  /// Reads flanneld's file; throws `code` if it is missing or incomplete.
  private static func subnet(_ options: FlannelOptions, or code: CNIError.Code) throws(CNIError) -> SubnetFile {
    let text: [UInt8]
    do {
      text = try FileDescriptor.open(options.subnetFile, .nonblocking).readAll(limit: 1 << 16)
    } catch {
      let reason = "flanneld writes this file when it has a subnet for this node"
      throw CNIError(code, "\(options.subnetFile): \(SystemError.text(error.number)): \(reason)")
    }
    do {
      return try SubnetFile(text)
    } catch {
      throw CNIError(code, "\(options.subnetFile): \(error)")
    }
  }

  /// Has the delegate delete by the kept configuration, or by the one that ADD would give it now. The kept one is removed when the delegate
  /// has succeeded; one that cannot be read stays for the next attempt, and is reported.
  private func delete(
    _ owner: Attachment, _ config: NetworkConfig, _ options: FlannelOptions, _ environment: Environment,
    _ variables: [String: String]
  ) throws(CNIError) {
    let saved = saved(options)
    var failures = ErrorCollector()
    var kept: JSONObject?
    failures.run { () throws(CNIError) in kept = try saved.read(owner) }
    failures.run { () throws(CNIError) in
      let own = try self.config(kept, config, options)
      try delegate(own, options, environment).call(own.object, variables)
    }
    if failures.isEmpty {
      failures.run { () throws(CNIError) in try saved.remove(owner) }
    }
    try failures.throwIfAny()
  }

  private func config(
    _ kept: JSONObject?, _ config: NetworkConfig, _ options: FlannelOptions
  ) throws(CNIError) -> DelegateConfig {
    guard let kept else { return try rebuilt(config, options) }
    return DelegateConfig(saved: kept, for: config)
  }

  private func rebuilt(_ config: NetworkConfig, _ options: FlannelOptions) throws(CNIError) -> DelegateConfig {
    let subnet = try? Self.subnet(options, or: .tryAgainLater)
    return try reporting { () throws(FieldError) in try DelegateConfig(options, subnet, config) }
  }

  /// The plugin that a configuration is for: a kept one may name another than the options do.
  private func delegate(
    _ config: DelegateConfig, _ options: FlannelOptions, _ environment: Environment
  ) throws(CNIError) -> Delegate {
    let type = (try? Field(.object(config.object))["type"].string()) ?? options.type
    return try find(type, options, environment)
  }

  private func find(
    _ type: String, _ options: FlannelOptions, _ environment: Environment
  ) throws(CNIError) -> Delegate {
    try Delegate.find(type, for: environment, timeout: options.timeout, executor: executor)
  }
}
