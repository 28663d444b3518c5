// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

/// A container and its node, where the installed plugin bandwidth is called as a runtime calls it.
final class BandwidthScene: Sendable {
  let node: Node
  let container: Container
  /// The host's end of the container's interface.
  var veth: String { container.hostInterface }

  init(networks: [Network] = [.first]) throws {
    node = try Node(networks: networks)
    container = try node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
  }

  static let program = installedProgram("bandwidth")
  static let peer = Program("/usr/lib/cni/bandwidth")

  /// Members of a configuration that limit both directions to 8 Mbit/s: 1,000,000 bytes a second.
  static let both = ingress + egress
  static let ingress = #""ingressRate":8000000,"ingressBurst":200000,"#
  static let egress = #""egressRate":8000000,"egressBurst":200000,"#
  /// The rate, burst and limit of both buckets with these members.
  static let bucket = Bucket(kind: "tbf", handle: "1:", rate: 1_000_000, burst: 25_000, limit: 50_000)

  /// Deviations from a call for the scene's container in network "test" at spec version 1.0.0.
  struct Way {
    var container: Container?
    var network = "test"
    var version = "1.0.0"
    /// `.some(nil)` leaves the member out.
    var prevResult: String??
    var environment: [String: String] = [:]
    var program = BandwidthScene.program
    /// A command that the program is run by, such as strace with its arguments.
    var wrapper: [String] = []
  }

  /// Starts the plugin; `members` are added to the configuration, each with a comma at its end.
  func start(_ verb: String, _ members: String = both, _ way: Way = Way()) throws -> RunningProgram {
    let container = way.container ?? self.container
    let previous = way.prevResult ?? Optional(container.prevResult)
    let config = pluginConfig("bandwidth", way.network, way.version, members, previous)
    let variables = container.environment(verb).merging(way.environment) { $1 }
    return try node.namespace.run {
      guard let wrapper = way.wrapper.first else {
        return try way.program.start(environment: variables, input: config)
      }
      return try Program(wrapper).start(
        way.wrapper.dropFirst() + [way.program.path, "bandwidth"], environment: variables, input: config)
    }
  }

  func call(_ verb: String, _ members: String = both, _ way: Way = Way()) throws -> Outcome {
    try start(verb, members, way).wait()
  }

  /// Calls the plugin and throws what it printed if it fails.
  @discardableResult
  func succeed(_ verb: String, _ members: String = both, _ way: Way = Way()) throws -> Outcome {
    let outcome = try call(verb, members, way)
    if outcome.status != 0 { throw CommandFailure(words: ["bandwidth", verb], outcome: outcome) }
    return outcome
  }

  /// Calls the plugin, which must fail, and returns its error object.
  func fail(
    _ verb: String, _ members: String = both, _ way: Way = Way()
  ) throws -> (code: Int, message: String) {
    let outcome = try call(verb, members, way)
    #expect(outcome.status == 1)
    return try #require(errorObject(outcome), "\(outcome.ending): \(outcome.outputText)")
  }

  // MARK: - Output of tc and ip

  func tc(_ line: String) throws { try node.namespace.command("tc", "-batch", "-", input: line + "\n") }

  /// The qdisc at the root of an interface of the node.
  func root(_ interface: String) throws -> Bucket {
    let text = try node.namespace.command("tc", "-j", "-r", "qdisc", "show", "dev", interface, "root")
    return try Bucket(try #require(try Field(JSON(parsing: Array(text.utf8))).array()?.first))
  }

  /// The filters for packets that an interface of the node receives.
  func filters(_ interface: String) throws -> String {
    try node.namespace.command("tc", "filter", "show", "dev", interface, "ingress")
  }

  /// The names of the containers' IFBs, ours and upstream's.
  func ifbs() throws -> [String] {
    let text = try node.namespace.command("ip", "-j", "link", "show", "type", "ifb")
    let links = try Field(JSON(parsing: Array(text.utf8))).array() ?? []
    return try links.compactMap { try $0["ifname"].string() }.filter { $0.hasPrefix("bwp") }
  }

  /// The one IFB that there is.
  func ifb() throws -> String {
    let names = try ifbs()
    try #require(names.count == 1)
    return try #require(names.first)
  }

  /// The state of everything that the plugin could have changed, from tc and ip.
  func state() throws -> String {
    let links = try node.namespace.command("ip", "-j", "link")
    var lines: [String] = []
    for link in try Field(JSON(parsing: Array(links.utf8))).array() ?? [] {
      let values = ["ifname", "mtu", "txqlen", "ifalias"].map { link[$0].value?.summary ?? "" }
      lines.append(values.joined(separator: " "))
    }
    for line in try node.namespace.command("ip", "-d", "link", "show", "type", "ifb").split(separator: "\n") {
      // The kernel sets the state and some flags later, so they do not count.
      let words = line.split(separator: " ").map { $0.hasPrefix("<") ? $0.contains(",UP") ? "<UP>" : "<>" : $0 }
      let place = words.firstIndex(of: "state") ?? words.count
      lines.append((words[..<place] + words[place...].dropFirst(2)).joined(separator: " "))
    }
    // Commands that fail, because there is no such qdisc or interface, are skipped.
    let shows = ["class", "filter", "filter|ingress", "filter|egress"].map { text in
      let words = text.split(separator: "|")
      return "\(words[0]) show dev \(veth) \(words.dropFirst().joined())\n"
    }
    let input = Array(("qdisc\n" + shows.joined()).utf8)
    let told = try node.namespace.run { try Program("tc").run(["-d", "-r", "-force", "-batch", "-"], input: input) }
    for line in told.outputText.split(separator: "\n") {
      var words = line.split(separator: " ")
      // These values change while packets are on their way.
      for count in ["refcnt", "direct_packets_stat"] {
        if let place = words.firstIndex(of: count[...]) { words.removeSubrange(place...place + 1) }
      }
      lines.append(words.joined(separator: " "))
    }
    return lines.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// Ends the test if the state has changed, and shows the difference.
  func requireUnchanged(
    since before: String, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (old, new) = (before.split(separator: "\n"), try state().split(separator: "\n"))
    let changes = new.difference(from: old).map { change in
      switch change {
      case .insert(_, let line, _): "+ \(line)"
      case .remove(_, let line, _): "- \(line)"
      }
    }
    let told = ([comment] + changes).joined(separator: "\n")
    let isUnchanged = changes.isEmpty
    try #require(isUnchanged, "\(told)", sourceLocation: sourceLocation)
  }

  // MARK: - Packets

  /// A flow from the node to the container.
  func toContainer() throws -> Flow { try Flow(from: node.namespace, to: container.namespace, container.ip) }

  /// A flow from the container to the node.
  func fromContainer() throws -> Flow {
    try Flow(from: container.namespace, to: node.namespace, "\(container.network.gateway.address)")
  }

  /// Whether an IPv4 packet of this many bytes reaches the container, and a reply comes back.
  func passes(bytes: Int = 100) throws -> Bool {
    let server = try container.namespace.run { try UDPSocket(container.ip, timeout: 300) }
    let client = try node.namespace.run { try UDPSocket("0.0.0.0", timeout: 300) }
    // The headers of IPv4 and UDP have 28 bytes.
    let text = String(repeating: "x", count: bytes - 28)
    do {
      try client.send(text, to: try server.local)
      let (question, source) = try server.receive()
      try server.send(question, to: source)
      return try client.receive().text == text
    } catch is SocketError {
      return false
    }
  }
}

/// Rates in bits per second: many times the limit of a scene, and that of a limited flow, measured over so short a time that the
/// burst counts.
let unlimited = 100e6...
let limited = ...20e6

/// A qdisc as tc prints it.
struct Bucket: Equatable {
  var kind: String
  var handle: String
  /// In bytes per second; nil for a qdisc without a rate.
  var rate: UInt64?
  /// In bytes; tc rounds it to whole microseconds.
  var burst: UInt64?
  /// In bytes.
  var limit: UInt64?

  init(kind: String, handle: String, rate: UInt64? = nil, burst: UInt64? = nil, limit: UInt64? = nil) {
    self.kind = kind
    self.handle = handle
    self.rate = rate
    self.burst = burst
    self.limit = limit
  }

  fileprivate init(_ qdisc: Field) throws {
    let options = qdisc["options"]
    self.init(
      kind: try qdisc["kind"].string() ?? "", handle: try qdisc["handle"].string() ?? "",
      rate: try options["rate"].unsigned(in: 0 ... .max), burst: try options["burst"].unsigned(in: 0 ... .max),
      limit: try options["limit"].unsigned(in: 0 ... .max))
  }
}
