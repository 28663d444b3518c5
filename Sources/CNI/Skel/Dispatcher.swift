// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// Dispatches one call of a plugin: reads the environment and stdin, calls the plugin, prints its result or the error
/// object.
package struct Dispatcher {
  /// The limit of stdin, in bytes. A GC list for 20,000 attachments takes half of it.
  static let inputLimit = 8 << 20

  let plugin: any Plugin
  let streams: Streams
  /// Whether `CNI_NETNS` needs no check.
  let namespaceIsChecked: Bool
  /// What the log needs at the end of the call.
  private var transcript = Transcript()

  /// `namespaceIsChecked` says that the caller is a plugin of this process, whose own call has checked the same `CNI_NETNS`.
  package init(_ plugin: any Plugin, _ streams: Streams, namespaceIsChecked: Bool = false) {
    self.plugin = plugin
    self.streams = streams
    self.namespaceIsChecked = namespaceIsChecked
  }

  /// Runs the call, and returns the exit status of the process.
  package func run() -> Int32 {
    guard let command = streams[.command] else { return introduce() }
    let begin = monotonicMicroseconds()
    var call = self
    let failure = call.run(command)
    if call.mayBeLogged { call.log(command, failure, since: begin) }
    return failure == nil ? 0 : 1
  }

  private mutating func run(_ command: String) -> CNIError? {
    var version = SpecVersion.current
    do throws(CNIError) {
      guard let verb = Verb(rawValue: command) else {
        let known = Verb.allCases.map(\.rawValue).joined(separator: ", ")
        throw CNIError(.badEnvironment, "CNI_COMMAND: \"\(command)\" is not one of \(known)")
      }
      try checkEnvironment(for: verb)
      try execute(verb, &version)
      return nil
    } catch {
      report(error, version)
      return error
    }
  }

  private mutating func execute(_ verb: Verb, _ version: inout SpecVersion) throws(CNIError) {
    if verb == .version { return try printVersions() }
    let text = try readInput()
    let document = try NetworkConfig.document(parsing: text)
    transcript.input = text
    transcript.document = document
    if mayBeLogged { traceChanges() }
    // Errors in the rest of the configuration are reported in the caller's version too.
    version = try NetworkConfig.version(of: document)
    let config = try NetworkConfig(document, text: text)
    if config.version < verb.requirements.since {
      let since = verb.requirements.since.rawValue
      let reason = "\(config.version.rawValue) has no \(verb.rawValue), which came with \(since)"
      throw CNIError(.incompatibleVersion, "cniVersion: \(reason)")
    }
    // Bad log settings must not keep DEL and GC from removing.
    if verb != .delete, verb != .collectGarbage, mayBeLogged {
      _ = try reporting { () throws(FieldError) in try CallLog(document, streams.environment) }
    }
    switch verb {
    case .add: try add(request(config, verb))
    case .delete: try plugin.delete(request(config, verb))
    case .check: try plugin.check(request(config, verb))
    case .collectGarbage:
      if let valid = try config.validAttachments() {
        try plugin.collectGarbage(NetworkRequest(config: config, environment: streams.environment), sparing: valid)
      } else {
        streams.note("\(plugin.name): GC without cni.dev/valid-attachments: nothing removed")
      }
    case .status: try plugin.status(NetworkRequest(config: config, environment: streams.environment))
    case .version: break
    }
  }

  private func readInput() throws(CNIError) -> [UInt8] {
    let input = try reporting("stdin", as: .inputOutput) { () throws(SystemError) in
      try streams.readInput(Self.inputLimit + 1)
    }
    guard input.count <= Self.inputLimit else {
      throw CNIError(.cannotDecode, "stdin: the configuration is larger than \(Self.inputLimit >> 20) MiB")
    }
    return input
  }

  private func request(_ config: NetworkConfig, _ verb: Verb) -> Request {
    Request(
      config: config,
      attachment: Attachment(
        network: config.name, containerID: streams[.containerID] ?? "", interface: streams[.interface] ?? ""),
      namespace: verb == .delete ? containerNamespace : streams[.namespace],
      arguments: streams[.arguments] ?? "",
      environment: streams.environment)
  }
}

// MARK: - The log

extension Dispatcher {
  struct Transcript {
    var document: Field?
    var input: [UInt8] = []
    var output: [UInt8] = []
    /// Whether this call records the changes that it makes.
    var isTracing = false
  }

  /// Whether a log may be enabled: a cheap check, because reading the settings costs more and few calls have a log.
  private var mayBeLogged: Bool {
    streams.environment[CallLog.variable] != nil || transcript.document?["log"].isPresent ?? false
  }

  /// Begins to record changes if the log's level is debug.
  private mutating func traceChanges() {
    guard let log = (try? CallLog(transcript.document, streams.environment)) ?? nil, log.level == .debug else { return }
    ChangeTrace.begin(container: streams[.namespace])
    transcript.isTracing = true
  }

  /// Writes the call to its log.
  private func log(_ command: String, _ failure: CNIError?, since begin: Int) {
    let changes = transcript.isTracing ? ChangeTrace.end() : []
    guard let log = (try? CallLog(transcript.document, streams.environment)) ?? nil else { return }
    let network = ((try? transcript.document?["name"].string()) ?? nil) ?? "?"
    var call = CallLog.Call(plugin: plugin.name, verb: command)
    call.subject = joined([network] + [streams[.containerID], streams[.interface]].compactMap { $0 }, by: "/")
    call.duration = monotonicMicroseconds() - begin
    call.failure = failure
    call.notes = streams.notes.all
    call.changes = changes
    call.input = transcript.input
    call.output = transcript.output
    log.write(log.lines(call, at: timestamp()), toError: streams.note)
  }

  /// Prints bytes, and keeps them for the log.
  mutating func print(_ bytes: [UInt8]) throws(SystemError) {
    transcript.output = bytes
    try streams.writeOutput(bytes)
  }
}
