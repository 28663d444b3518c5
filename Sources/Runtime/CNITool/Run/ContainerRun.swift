// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Launch
import NetNS
import OS
import Sysctl

/// A network namespace with attachments that last as long as a command, or as this process.
struct ContainerRun {
  /// The networks, their interfaces and what they are asked for.
  let plan: RunPlan
  /// The name of the record, and of the namespace if that is made.
  let name: String
  /// The process whose namespace is joined; nil to make one.
  let joined: Int32?
  /// The command's words; empty to wait for a signal, or for the end of the process that was joined.
  let command: [[UInt8]]
  let options: ContainerOptions
  let runtime: NetworkRuntime
  var folder = RunFolder()
  var namespaces = NamedNamespaces()

  /// What there is to remove.
  private struct Made {
    var namespaceName: String?
    var attachments: [PlannedAttachment] = []
  }

  /// Attaches, runs the command and removes everything again; returns the command's exit status.
  func execute() throws(ToolFailure) -> Int32 {
    let terminal = Terminal()
    let signals = try reportingSystemErrors { () throws(SystemError) in try SignalQueue() }
    // Another one's leftovers are no reason to fail, nor to wait for other calls; `cnitool gc` does, and tells of them.
    var impatient = runtime.options
    impatient.lockTimeout = .zero
    _ = folder.removeLeftovers(NetworkRuntime(impatient), namespaces: namespaces)
    if joined == nil, pathExists(namespaces.path(name)) { throw taken }
    guard var record = try folder.create(name) else { throw taken }

    let outcome: Result<Int32, ToolFailure>
    var made = Made()
    do throws(ToolFailure) {
      try write(record)
      outcome = .success(try run(signals, &record, &made))
    } catch {
      outcome = .failure(error)
    }
    terminal.takeBack()
    if let failure = clear(record, made) {
      if case .success = outcome { note("cnitool: \(failure.description)") }
      if case .failure(let first) = outcome {
        throw ToolFailure(
          "\(first.description)\nroll-back: \(failure.description)", number: first.code, plugin: first.plugin,
          exitStatus: first.exitStatus)
      }
    }
    return try outcome.get()
  }

  private var taken: ToolFailure {
    ToolFailure("there is a network namespace \(name) already: choose another --name", code: .badEnvironment)
  }

  private func write(_ record: borrowing LockedFile) throws(ToolFailure) {
    let text = RunRecord(namespaceName: joined == nil ? name : nil, attachments: plan.attachments).text
    do throws(SystemError) {
      try record.write(text)
      // As long as a plugin runs that this process has called, nobody may take what it makes for a leftover.
      try record.pass(toPrograms: true)
    } catch {
      throw ToolFailure(error)
    }
  }

  private func run(
    _ signals: SignalQueue, _ record: inout LockedFile, _ made: inout Made
  ) throws(ToolFailure) -> Int32 {
    let namespace = try openNamespace()
    if joined == nil { made.namespaceName = name }
    for planned in plan.attachments {
      try requireNoSignal(signals)
      let runtime = runtime
      let waited = try perform(cancelledBy: signals) { () async throws(RuntimeError) in
        try await runtime.add(planned.network, planned.attachment)
      }
      made.attachments.append(planned)
      try planned.requireRequests(in: waited.value)
      if let signal = waited.signal { throw .interrupted(by: signal) }
    }
    try setParameters(namespace)
    if let text = options.resolverFile, !command.isEmpty { try folder.writeResolverFile(name, text) }
    try requireNoSignal(signals)
    try reportingSystemErrors { () throws(SystemError) in try record.takeFromPrograms() }
    return try runCommand(namespace, signals)
  }

  private func openNamespace() throws(ToolFailure) -> NetworkNamespace {
    do {
      if let joined { return try NetworkNamespace.open("/proc/\(joined)/ns/net") }
      guard let namespace = try namespaces.make(name) else { throw taken }
      return namespace
    } catch let error as ToolFailure {
      throw error
    } catch {
      throw ToolFailure("\(error)", code: .inputOutput)
    }
  }

  /// Throws if a signal has come that asks to end, and that no command has been sent instead.
  private func requireNoSignal(_ signals: SignalQueue) throws(ToolFailure) {
    while let signal = signals.next() {
      if signal.asksToEnd { throw .interrupted(by: signal) }
    }
  }

  private func setParameters(_ namespace: borrowing NetworkNamespace) throws(ToolFailure) {
    if options.sysctl.isEmpty { return }
    let interface = plan.attachments.first?.attachment.interface ?? "eth0"
    try namespace.run {
      ToolFailure("\($0)", code: .inputOutput)
    } _: { () throws(ToolFailure) in
      for assignment in options.sysctl {
        guard let key = SysctlKey(assignment.key, interface: interface) else { continue }
        do throws(SystemError) {
          try Sysctl(key).write(assignment.value)
        } catch {
          throw ToolFailure("--sysctl \(assignment.key)=\(assignment.value): \(error)", code: .inputOutput)
        }
      }
    }
  }

  private func runCommand(
    _ namespace: borrowing NetworkNamespace, _ signals: SignalQueue
  ) throws(ToolFailure) -> Int32 {
    do {
      if command.isEmpty {
        return try waitForEnd(of: joined ?? 0, or: signals)?.exitStatus ?? 0
      }
      let file = options.resolverFile.map { _ in folder.resolverFile(name) }
      let first = plan.attachments[0].attachment
      let variables = [("CNI_CONTAINERID", first.containerID), ("CNI_NETNS", first.namespace ?? "")]
      return try ContainerCommand(command, variables: variables.map { ($0.0, $0.1) }, resolverFile: file)
        .start(in: namespace).wait(forwarding: signals)
    } catch let error as CommandError {
      throw ToolFailure("\(error)", code: .inputOutput, exitStatus: error.exitStatus)
    } catch {
      throw ToolFailure("\(error)", code: .inputOutput)
    }
  }

  /// Removes everything; keeps the record if something could not be removed, so that `cnitool gc` tries it again.
  private func clear(_ record: borrowing LockedFile, _ made: Made) -> ToolFailure? {
    folder.removeResolverFile(name)
    do throws(ToolFailure) {
      try reportingSystemErrors { () throws(SystemError) in try record.pass(toPrograms: true) }
      try RunRecord(namespaceName: made.namespaceName, attachments: made.attachments).remove(runtime, namespaces)
      try reportingSystemErrors { () throws(SystemError) in try record.remove() }
      return nil
    } catch {
      return error
    }
  }
}

/// Makes system errors failures of the tool.
func reportingSystemErrors<T>(_ body: () throws(SystemError) -> T) throws(ToolFailure) -> T {
  do {
    return try body()
  } catch {
    throw ToolFailure(error)
  }
}
