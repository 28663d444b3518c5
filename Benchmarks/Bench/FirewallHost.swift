// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// A node of its own on which one firewall has let so many containers' packets through already.
final class FirewallHost: MeasuredHost {
  /// Whose firewall it is, and where it writes its rules.
  enum Contestant {
    case ours, oursIsolating
    case oursInIPTables(IPTablesVariant)
    case upstream(IPTablesVariant)

    /// Members of its configuration.
    var members: String {
      switch self {
      case .ours: #""backend":"nftables","#
      case .oursIsolating: #""backend":"nftables","ingressPolicy":"same-bridge","#
      case .oursInIPTables(let variant): variant.members
      case .upstream: #""backend":"iptables","#
      }
    }

    /// The members by which the containers that are there already are added, one after another; none for upstream's.
    fileprivate var recordedBy: [String] {
      switch self {
      case .ours, .oursIsolating: [members]
      case .oursInIPTables: [Contestant.ours.members]
      case .upstream: []
      }
    }

    fileprivate var variant: IPTablesVariant? {
      switch self {
      case .ours, .oursIsolating: nil
      case .oursInIPTables(let variant), .upstream(let variant): variant
      }
    }
  }

  let present: Int
  private(set) var adding = Samples()
  private(set) var deleting = Samples()
  private(set) var kernel = (adding: Samples(), deleting: Samples())
  /// Measures the kernel alone; nil for contestants beside which that says nothing.
  private let kernelProgram: Program?
  private let contestant: Contestant
  private let program: Program
  private let node: Node
  private let container: Container

  init(_ contestant: Contestant, program: Program, present: Int, kernelProgram: Program? = nil) throws {
    self.contestant = contestant
    self.kernelProgram = kernelProgram
    self.program = program
    self.present = present
    node = try Node()
    container = try node.addContainer(ip: "10.22.0.5")
    _ = try call("ADD", container)
    if let variant = contestant.variant { try variant.restore(rules(), in: node.namespace) }
    // Our own table has a record of ours, whichever tables their rules are in.
    for member in contestant.recordedBy {
      for index in 0..<UInt16(present) { _ = try call("ADD", other(index), member) }
    }
    _ = try call("DEL", container)
  }

  /// Measures one ADD and its DEL, of a container that was never there. Nor was its address for a while: the kernel's clock has
  /// ticks of up to ten milliseconds, and until the next one an address is still another's.
  func measureCycle() throws {
    let address = Endpoint("10.22.0.\(6 + adding.count % 200)", 0).address
    let container = Container(namespace: container.namespace, address: address)
    adding.add(try call("ADD", container).nanoseconds)
    deleting.add(try call("DEL", container).nanoseconds)
    if let kernelProgram { try measureKernel(kernelProgram) }
  }

  /// Measures what an ADD and a DEL take of the kernel: to look for an address among the accepts, and to change one rule.
  private func measureKernel(_ program: Program) throws {
    guard let variant = contestant.variant else { return }
    func call(_ verb: String) throws -> UInt64 {
      settle()
      let words = variant.name == "nft" ? ["nft", "filter", "CNI-FORWARD", verb] : ["legacy", "filter"]
      let running = try node.namespace.run { try program.start(words) }
      let outcome = try running.wait().succeeded(words.joined(separator: " "))
      guard let end = UInt64(outcome.outputText.filter(\.isNumber)) else { throw Failure("no time was told") }
      return end - running.started
    }
    kernel.adding.add(try call("ADD"))
    kernel.deleting.add(try call("DEL"))
  }

  /// Calls the plugin as a runtime does.
  private func call(_ verb: String, _ container: Container, _ members: String? = nil) throws -> Outcome {
    // The end of the interface on the host is that of the one container that there really is.
    let result = Container(
      namespace: self.container.namespace, address: container.address
    ).prevResult.replacing(container.hostInterface, with: self.container.hostInterface)
    let input = """
      {"cniVersion":"1.0.0","name":"bench","type":"firewall",\(members ?? contestant.members)"prevResult":\(result)}
      """
    let variables = container.environment(verb).merging(contestant.variant?.environment ?? [:]) { $1 }
    let outcome = try node.namespace.run { try program.run(environment: variables, input: Array(input.utf8)) }
    return try outcome.succeeded("\(program.path) \(verb)")
  }

  /// What the contestant would write for so many containers, for iptables-restore.
  private func rules() -> String {
    var rules = ""
    for index in 0..<UInt16(present) {
      let container = other(index)
      rules += """
        -A CNI-FORWARD -d \(container.ip)/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A CNI-FORWARD -s \(container.ip)/32 -j ACCEPT

        """
    }
    return "*filter\n\(rules)COMMIT\n"
  }

  /// A container with an address of its own that is only a name to the plugin.
  private func other(_ index: UInt16) -> Container {
    let address = Endpoint("10.22.\(1 + index / 250).\(1 + index % 250)", 0).address
    return Container(namespace: container.namespace, address: address)
  }
}
