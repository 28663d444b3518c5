// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The rules of an attachment in the table `nat` of one family, under upstream's names:
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
/// Entries are added at the start of CNI-HOSTPORT-DNAT: if several containers want a port, the last added has it.
struct PortRules {
  static let entries = "CNI-HOSTPORT-DNAT"
  static let marking = "CNI-HOSTPORT-SETMARK"
  static let masquerading = "CNI-HOSTPORT-MASQ"
  /// The chain of further entries of old versions of upstream.
  static let formerEntries = "CNI-HOSTPORT-SNAT"

  let family: AddressFamily
  let attachment: PortAttachment
  /// Whether the container is known to have no other attachment.
  let isOnlyAttachment: Bool
  /// The attachment's chain.
  var chain: String
  let markBit: Int
  /// The chain that marks packets to be masqueraded.
  private(set) var markChain: String
  /// Further conditions of every entry.
  let conditions: IPTablesRule?
  let forwards: [PortForward]

  /// The rules of the request's forwards of one family.
  init(
    _ request: PortForwardingRequest, _ family: AddressFamily, _ settings: IPTablesSettings
  ) throws(RuleSyntaxError) {
    self.family = family
    attachment = PortAttachment(request, ports: [])
    isOnlyAttachment = request.isOnlyAttachment
    chain = Self.chain(request.attachment)
    markBit = settings.markBit
    markChain = settings.markChain ?? Self.marking
    let words = settings.conditions[family]
    let none = RuleTarget.jump("")
    conditions = words.isEmpty ? nil : try IPTablesRule(words, family, target: none)
    if let conditions, conditions.target != none {
      throw RuleSyntaxError(description: "\"\(conditions.target.text)\" is not supported here")
    }
    forwards = request.forwards.filter { $0.hostPort.family == family }
    // A rule can have only one source.
    if conditions?.source != nil, forwards.contains(where: { $0.conditions?.hasSource == true }) {
      throw RuleSyntaxError(description: "\"-s\" cannot be given with sourceRanges")
    }
  }

  /// The same rules with another chain that marks.
  func marking(by chain: String) -> PortRules {
    var copy = self
    copy.markChain = chain
    return copy
  }

  var table: IPTable { IPTable(.nat, family) }
  var isEmpty: Bool { forwards.isEmpty }
  var masqueradesAny: Bool { forwards.contains { !$0.masqueradedSources.isEmpty } }

  var hostPorts: [HostPort] { forwards.map(\.hostPort) }

  // MARK: - Rules

  static let jumpToEntries = IPTablesRule(
    matches: [.addressType(AddrtypeMatch(destination: Negatable(.local)))], target: .jump(entries))
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

  var entries: [IPTablesRule] { entries { _ in true } }

  /// The entries for the accepted host ports: one for up to fifteen ports of a protocol and for each allowed source.
  func entries(of isWanted: (HostPort) -> Bool) -> [IPTablesRule] {
    var entries: [IPTablesRule] = []
    let comment = RuleMatch.comment(CommentMatch(comment))
    for transport in TransportProtocol.allCases {
      // Conditions about another transport never hold.
      if let asked = conditions?.transport, (asked.value == transport) == asked.isNegated { continue }
      let ports = hostPorts.filter { $0.transport == transport && isWanted($0) }.map(\.port)
      var seen: Set<UInt16> = []
      var rest = ports.filter { seen.insert($0).inserted }[...]
      while !rest.isEmpty {
        let chunk = rest.prefix(MultiportMatch.limit)
        rest = rest.dropFirst(chunk.count)
        for source in allowedSources { entries.append(entry(transport, chunk.map { $0...$0 }, source, comment)) }
      }
    }
    return entries
  }

  /// Whether the present entries are the wanted ones. Their order does not matter, nor how ports are divided among them.
  func areEntries(_ present: [PlacedRule]) -> Bool {
    let (wanted, rules) = (entries, present.compactMap(\.rule))
    if rules.count != present.count { return false }
    func same(_ one: [IPTablesRule], _ other: [IPTablesRule]) -> Bool {
      one.count == other.count && Set(one) == Set(other)
    }
    return same(rules, wanted) || same(rules.flatMap(\.dividedByPorts), wanted.flatMap(\.dividedByPorts))
  }

  private func entry(
    _ transport: TransportProtocol, _ ports: [ClosedRange<UInt16>], _ source: Negatable<Prefix>?, _ comment: RuleMatch
  ) -> IPTablesRule {
    var rule = conditions ?? IPTablesRule(target: .return)
    rule.target = .jump(chain)
    if let source { rule.source = source }
    rule.transport = Negatable(transport)
    rule.matches = [comment, .multiport(MultiportMatch(.destination, ports))] + rule.matches
    return rule
  }

  /// The sources in the backend-independent conditions; nil stands for any source.
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
      for source in forward.masqueradedSources {
        rule.source = Self.source(source)
        rules.append(rule)
      }
      rule.source = nil
      rule.target = .translate(DNATTarget(forward.destination.address, port: forward.destination.port))
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
  /// The source of a marking rule, as upstream writes it, so that upstream's rules pass CHECK.
  private static func source(_ prefix: Prefix) -> Negatable<Prefix>? {
    if prefix.length == 0 { return nil }
    return Negatable(prefix == .loopback4 ? Prefix("127.0.0.1/32") ?? prefix : prefix)
  }
}

extension IPTablesRule {
  /// The forward that a DNAT rule of an attachment's chain encodes; nil for a marking rule.
  var forward: PortForward? {
    guard
      case .translate(let target) = self.target, let transport = transport?.value,
      case .ports(let ports)? = matches.first, let port = ports.destination?.value.lowerBound
    else { return nil }
    let endpoint = Endpoint(address: target.address, transport: transport, port: target.port)
    return PortForward(port: port, on: destination?.value.address, to: endpoint, if: nil)
  }

  /// The entry divided into one for each of its ports.
  fileprivate var dividedByPorts: [IPTablesRule] {
    for (index, match) in matches.enumerated() {
      guard case .multiport(let ports) = match else { continue }
      return ports.ports.map { range in
        var rule = self
        rule.matches[index] = .multiport(MultiportMatch(ports.side, [range], isNegated: ports.isNegated))
        return rule
      }
    }
    return [self]
  }

  /// The comment, if there is one.
  var comment: String? {
    for match in matches {
      if case .comment(let comment) = match { return comment.comment }
    }
    return nil
  }
}
