// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import Rules

/// The rules of an attachment in the table `nat` of one family, under the peer's names:
///
///     -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
///     -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
///     -A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ      (first)
///     -A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark BIT/BIT
///     -A CNI-HOSTPORT-MASQ -m mark --mark BIT/BIT -j MASQUERADE
///     -A CNI-HOSTPORT-DNAT [conditions] -p tcp -m comment --comment "dnat name: …" -m multiport --dports … -j CNI-DN-HASH
///     -A CNI-DN-HASH -s SOURCE [-d HOSTIP] -p tcp -m tcp --dport PORT -j CNI-HOSTPORT-SETMARK
///     -A CNI-DN-HASH [-d HOSTIP] -p tcp -m tcp --dport PORT -j DNAT --to-destination ADDRESS:PORT
///
/// Entries stand at the beginning of their chain: of two containers that want a port, the last added has it.
struct PortRules {
  static let entries = "CNI-HOSTPORT-DNAT"
  static let marking = "CNI-HOSTPORT-SETMARK"
  static let masquerading = "CNI-HOSTPORT-MASQ"
  /// Where older versions of the peer had more.
  static let formerEntries = "CNI-HOSTPORT-SNAT"

  let family: AddressFamily
  let owner: Owner
  let markBit: Int
  /// The chain that marks what is to be masqueraded.
  private(set) var markChain: String
  /// What every entry looks at besides.
  let conditions: IPTablesRule?
  private let forwards: [PortForward]
  private let masquerades: [Masquerade]

  /// Takes the rules of a family; those of the other are left out.
  init(
    _ wanted: OwnedRules, _ family: AddressFamily, _ settings: IPTablesSettings
  ) throws(RuleSyntaxError) {
    self.family = family
    owner = wanted.owner
    markBit = settings.markBit
    markChain = settings.markChain ?? Self.marking
    let words = settings.conditions[family]
    let none = RuleTarget.jump("")
    conditions = words.isEmpty ? nil : try IPTablesRule(words, family, target: none)
    if let conditions, conditions.target != none {
      throw RuleSyntaxError(description: "\"\(conditions.target.text)\" is not supported here")
    }
    var forwards: [PortForward] = []
    var masquerades: [Masquerade] = []
    for rule in wanted.rules {
      switch rule {
      case .forwardPort(let forward) where forward.hostPort.family == family: forwards.append(forward)
      case .masquerade(let masquerade) where masquerade.destination.address.family == family:
        masquerades.append(masquerade)
      case .forwardPort, .masquerade, .acceptForwarded, .isolate, .restrict, .dropInvalid: break
      }
    }
    // A rule has one source.
    if conditions?.source != nil, forwards.contains(where: { $0.conditions?.hasSource == true }) {
      throw RuleSyntaxError(description: "\"-s\" cannot be given with sourceRanges")
    }
    self.forwards = forwards
    self.masquerades = masquerades
  }

  static let guardTable = IPTable(.filter, .ip)
  /// What drops packets that `route_localnet`, which connections from localhost need, would let in from elsewhere
  /// (CVE-2020-8558); answers of containers, whose addresses have been translated back by then, are not among them:
  ///
  ///     -A INPUT -s 127.0.0.0/8 ! -i lo … -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
  ///     -A INPUT -d 127.0.0.0/8 ! -i lo -m comment --comment "CNI portfwd localhost" -m conntrack … -j DROP
  static let guards: [IPTablesRule] = {
    var rule = IPTablesRule(
      inputInterface: Negatable(InterfacePattern("lo"), isNegated: true),
      matches: [
        .comment(CommentMatch("CNI portfwd localhost")),
        .connection(ConnectionMatch([.related, .established, .destinationTranslated], isNegated: true)),
      ], target: .drop)
    rule.destination = Negatable(.loopback4)
    var other = rule
    other.destination = nil
    other.source = Negatable(.loopback4)
    return [rule, other]
  }()

  /// Whether connections from localhost are to reach the container.
  var opensLocalhost: Bool { family == .ip && masquerades.contains { $0.source.contains(Prefix.loopback4.address) } }

  /// The same with another chain that marks.
  func marking(by chain: String) -> PortRules {
    var copy = self
    copy.markChain = chain
    return copy
  }

  var isEmpty: Bool { forwards.isEmpty }
  var masqueradesAny: Bool { !masquerades.isEmpty }

  /// The attachment's own chain. For `eth0` it is the peer's; of other interfaces a container may have several in a
  /// network.
  static func chain(_ owner: Owner, prefix: String = "CNI-DN-") -> String {
    let hashed = owner.interface == "eth0" ? owner.network + owner.containerID : owner.description
    return prefix + String(sha512(hashed).prefix(21))
  }

  /// What the entries of an attachment have as their comment: the peer's, and the interface where it is not `eth0`.
  static func comment(_ owner: Owner) -> String {
    let text = "dnat name: \"\(owner.network)\" id: \"\(owner.containerID)\""
    return cut(owner.interface == "eth0" ? text : "\(text) if: \"\(owner.interface)\"")
  }

  /// The beginning of the comments of a network's attachments; nil if others may have the same.
  static func commentPrefix(network: String) -> String? {
    let prefix = "dnat name: \"\(network)\""
    return prefix.utf8.count <= cutLength ? prefix : nil
  }

  /// The peer cuts what is longer than the kernel's field and adds three dots, of which the last has no room there.
  private static func cut(_ text: String) -> String {
    text.utf8.count <= 255 ? text : String(decoding: text.utf8.prefix(cutLength), as: UTF8.self) + ".."
  }

  private static let cutLength = 253

  // MARK: - Rules

  static let jumpToEntries = IPTablesRule(
    matches: [.addressType(AddressTypeMatch(destination: Negatable(.local)))], target: .jump(entries))
  static let jumpToMasquerading = IPTablesRule(
    matches: [.comment(CommentMatch("CNI portfwd requiring masquerade"))], target: .jump(masquerading))

  private var mark: UInt32 { 1 << UInt32(markBit) }

  var markingRule: IPTablesRule {
    IPTablesRule(
      matches: [.comment(CommentMatch("CNI portfwd masquerade mark"))], target: .mark(MarkTarget(mark, mask: mark)))
  }

  var masqueradingRule: IPTablesRule {
    IPTablesRule(
      matches: [.mark(MarkMatch(mark, mask: mark))], target: .masquerade(MasqueradeTarget(family)))
  }

  /// One entry for up to fifteen ports of a transport and, with several sources that are allowed, for each of these.
  var entries: [IPTablesRule] {
    var entries: [IPTablesRule] = []
    for transport in Transport.allCases {
      // Conditions about another transport never hold.
      if let asked = conditions?.transport, (asked.value == transport) == asked.isNegated { continue }
      let ports = forwards.filter { $0.hostPort.transport == transport }.map(\.hostPort.port)
      var seen: Set<UInt16> = []
      var rest = ports.filter { seen.insert($0).inserted }[...]
      while !rest.isEmpty {
        let chunk = rest.prefix(MultiportMatch.limit)
        rest = rest.dropFirst(chunk.count)
        for source in allowedSources { entries.append(entry(transport, chunk.map { $0...$0 }, source)) }
      }
    }
    return entries
  }

  private func entry(
    _ transport: Transport, _ ports: [ClosedRange<UInt16>], _ source: Negatable<Prefix>?
  ) -> IPTablesRule {
    var rule = conditions ?? IPTablesRule(target: .return)
    rule.target = .jump(Self.chain(owner))
    if let source { rule.source = source }
    rule.transport = Negatable(transport)
    rule.matches =
      [.comment(CommentMatch(Self.comment(owner))), .multiport(MultiportMatch(.destination, ports))] + rule.matches
    return rule
  }

  /// The sources of the conditions that are known to all backends; nil stands for any.
  private var allowedSources: [Negatable<Prefix>?] {
    let all = forwards.first?.conditions?.all ?? []
    for condition in all {
      if case .source(let prefixes) = condition.test {
        let own = prefixes.filter { $0.family == family }
        if !condition.isNegated, own.contains(where: { $0.length == 0 }) { return [nil] }
        return own.map { Negatable($0, isNegated: condition.isNegated) }
      }
    }
    return [nil]
  }

  /// The rules of the attachment's chain.
  var chainRules: [IPTablesRule] {
    var rules: [IPTablesRule] = []
    for forward in forwards {
      let port = forward.hostPort
      var rule = IPTablesRule(
        destination: port.address.map { Negatable(Prefix(host: $0)) }, transport: Negatable(port.transport),
        matches: [.ports(PortsMatch(port.transport, destination: Negatable(port.port...port.port)))],
        target: .jump(markChain))
      for masquerade in masquerades
      where masquerade.hostPort == port.port && masquerade.destination == forward.destination {
        rule.source = Self.source(masquerade.source)
        rules.append(rule)
      }
      rule.source = nil
      rule.target = .translate(TranslateTarget(forward.destination.address, port: forward.destination.port))
      rules.append(rule)
    }
    return rules
  }
}

extension Conditions {
  fileprivate var hasSource: Bool {
    all.contains { condition in
      if case .source = condition.test { true } else { false }
    }
  }
}

extension PortRules {
  /// The source that a marking rule looks at: as the peer has it, so that its rules pass CHECK.
  private static func source(_ prefix: Prefix) -> Negatable<Prefix>? {
    if prefix.length == 0 { return nil }
    return Negatable(prefix == .loopback4 ? Prefix("127.0.0.1/32") ?? prefix : prefix)
  }
}

extension IPTablesRule {
  /// The forward that a rule of an attachment's chain is; nil for one that only marks.
  var forward: PortForward? {
    guard
      case .translate(let target) = self.target, let transport = transport?.value,
      case .ports(let ports)? = matches.first, let port = ports.destination?.value.lowerBound
    else { return nil }
    let endpoint = Endpoint(address: target.address, transport: transport, port: target.port)
    return PortForward(port: port, on: destination?.value.address, to: endpoint, if: nil)
  }

  /// Whether an entry is about a port.
  func isEntry(of port: HostPort) -> Bool {
    transport?.value == port.transport
      && matches.contains { match in
        guard case .multiport(let ports) = match else { return false }
        return ports.ports.contains { $0.contains(port.port) }
      }
  }

  /// The comment, if there is one.
  var comment: String? {
    for match in matches {
      if case .comment(let comment) = match { return comment.comment }
    }
    return nil
  }
}
